/* The table from service numbers to services. Numbers are read out of the export stubs of the
 * DLLs that are loaded: a stub begins with mov r10,rcx; mov eax,NUMBER. */
#include <stdlib.h>
#include <string.h>

#include "core.h"

#define TABLES 2u
#define NUMBERS 4096u

struct nt_number {
    const struct nt_service *service;
    const char *name;
};
static struct nt_number *numbers[TABLES];
static uint32_t *number_of; /* by place in nt_services: of ntdll's table; UINT32_MAX: it has none */
void (*nt_services_known)(void);

/* Names of services that are not served are kept for the log, in pieces of this size. */
#define NAMES_PIECE 4000u
static char *names_left;
static size_t names_room;

static char *keep_name(const char *name)
{
    size_t length = strlen(name) + 1;

    if (length > NAMES_PIECE)
        return NULL;
    if (length > names_room) {
        names_left = malloc(NAMES_PIECE);
        names_room = names_left ? NAMES_PIECE : 0;
    }
    if (length > names_room)
        return NULL;
    char *kept = memcpy(names_left, name, length);
    names_left += length;
    names_room -= length;
    return kept;
}

const struct nt_service *nt_service_named(const char *name)
{
    size_t low = 0, high = nt_service_count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(name, nt_services[middle].name);
        if (!order)
            return &nt_services[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* The service of that name, for names that come in their order: *at is where the last one was. */
static const struct nt_service *next_named(const char *name, size_t *at)
{
    for (; *at < nt_service_count; (*at)++) {
        int order = strcmp(name, nt_services[*at].name);
        if (!order)
            return &nt_services[*at];
        if (order < 0)
            break;
    }
    return NULL;
}

static void learn(unsigned table, const char *name, const uint8_t *stub, size_t *at)
{
    static const uint8_t prologue[4] = {0x4c, 0x8b, 0xd1, 0xb8};
    uint32_t number;

    if (memcmp(stub, prologue, sizeof prologue))
        return;
    memcpy(&number, stub + 4, 4);
    if (number >> 12 != table || (stub[8] != 0xf6 && stub[8] != 0x0f))
        return;
    struct nt_number *entry = &numbers[table][number & (NUMBERS - 1)];
    if (entry->name)
        return;
    entry->service = next_named(name, at);
    entry->name = entry->service ? entry->service->name : keep_name(name);
    if (entry->service && !table && number_of)
        number_of[entry->service - nt_services] = number;
}

struct export_directory {
    uint32_t characteristics, timestamp, version, name, base, functions, names, function_table,
        name_table, ordinal_table;
};

/* Constants of the mapped image: in one piece from its file, if they lie there. */
static bool read_constants(struct nt_process *p, const struct nt_image *image, uint64_t base,
                           uint32_t rva, uint8_t *to, uint32_t length)
{
    const struct nt_view *view = nt_view_find(p, base);

    for (size_t i = 0; view && view->file && i < image->piece_count; i++) {
        const struct nt_piece *piece = &image->pieces[i];
        uint64_t done;
        if (rva < piece->rva || rva - piece->rva > piece->file_length ||
            length > piece->file_length - (rva - piece->rva) || piece->pages & NT_PG_WRITECOPY)
            continue;
        return world_io_get(p->world, view->file->open, piece->file_offset + (rva - piece->rva), to,
                            length, false, 0, &done) == JN_OK && done == length;
    }
    return !NT_FAILED(nt_process_read(p, base + rva, to, length));
}

/* Reads the export table and calls for every name. Works on the mapped image. */
static bool export_table(struct nt_process *p, const struct nt_image *image, uint64_t base,
                         struct export_directory *d, uint8_t **block)
{
    if (!image->export_size || image->export_size > 16u << 20 ||
        image->export_rva > image->size - image->export_size)
        return false;
    *block = malloc(image->export_size);
    if (!*block)
        return false;
    if (image->export_size < sizeof *d ||
        !read_constants(p, image, base, image->export_rva, *block, image->export_size)) {
        free(*block);
        return false;
    }
    memcpy(d, *block, sizeof *d);
    return true;
}

/* A piece of the export block by RVA, or NULL. */
static const void *block_at(const struct nt_image *image, const uint8_t *block, uint32_t rva,
                            uint64_t length)
{
    if (rva < image->export_rva || rva - image->export_rva > image->export_size ||
        length > image->export_size - (rva - image->export_rva))
        return NULL;
    return block + (rva - image->export_rva);
}

static const char *export_name(const struct nt_image *image, const uint8_t *block,
                               const struct export_directory *d, uint32_t index, uint32_t *rva)
{
    const uint32_t *name_rva = block_at(image, block, d->name_table + index * 4, 4);
    const uint16_t *ordinal = block_at(image, block, d->ordinal_table + index * 2, 2);
    const uint32_t *function;
    const char *name;

    if (!name_rva || !ordinal)
        return NULL;
    function = block_at(image, block, d->function_table + *ordinal * 4u, 4);
    name = block_at(image, block, *name_rva, 1);
    if (!function || !name ||
        !memchr(name, 0, image->export_size - (size_t)(*name_rva - image->export_rva)))
        return NULL;
    *rva = *function;
    return name;
}

/* The place of the first name that is not less than `wanted`; they are sorted (PE/COFF 6.3). */
static uint32_t first_name(const struct nt_image *image, const uint8_t *block,
                           const struct export_directory *d, const char *wanted)
{
    uint32_t low = 0, high = d->names < 65536 ? d->names : 65536;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2, rva;
        const char *name = export_name(image, block, d, middle, &rva);
        if (!name || strcmp(name, wanted) >= 0)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Code of the image, read by the page: stubs lie side by side. */
struct code {
    struct nt_process *p;
    uint64_t base, page; /* of the image, and the address that is in `bytes`; 0: none */
    uint8_t bytes[NT_PAGE + 16];
};

static const uint8_t *code_at(struct code *code, uint32_t rva)
{
    uint64_t address = code->base + rva, page = address & ~NT_MASK_PAGE;

    if (code->page != page) {
        code->page = 0;
        if (NT_FAILED(nt_process_read(code->p, page, code->bytes, NT_PAGE)))
            return NULL;
        /* What of a last stub lies on the next page. */
        if (NT_FAILED(nt_process_read(code->p, page + NT_PAGE, code->bytes + NT_PAGE, 16)))
            memset(code->bytes + NT_PAGE, 0, 16);
        code->page = page;
    }
    return code->bytes + (address - page);
}

/* The first executable piece: [*begin, *end) as RVAs. */
static void text_of(const struct nt_image *image, uint32_t *begin, uint32_t *end)
{
    *begin = *end = 0;
    for (size_t i = 0; i < image->piece_count && !*end; i++)
        if (image->pieces[i].pages & NT_PG_EXEC) {
            *begin = image->pieces[i].rva;
            *end = *begin + image->pieces[i].length;
        }
}

void nt_service_load(struct nt_process *p, const struct nt_image *image, uint64_t base,
                     unsigned table, const struct nt_wanted_export *wanted, size_t count)
{
    struct code *code = calloc(1, sizeof *code);
    struct export_directory d;
    uint32_t text, text_end;
    uint8_t *block;
    bool learning = table < TABLES && !numbers[table];
    size_t at = 0;

    for (size_t i = 0; i < count; i++)
        *wanted[i].address = 0;
    if (!code || !export_table(p, image, base, &d, &block)) {
        free(code);
        return;
    }
    code->p = p;
    code->base = base;
    text_of(image, &text, &text_end);
    if (learning)
        numbers[table] = calloc(NUMBERS, sizeof *numbers[table]);
    if (learning && !table) {
        number_of = malloc(nt_service_count * sizeof *number_of);
        if (number_of)
            memset(number_of, 0xff, nt_service_count * sizeof *number_of);
    }
    for (size_t j = 0; j < count; j++) {
        uint32_t rva;
        const char *name = export_name(image, block, &d,
                                       first_name(image, block, &d, wanted[j].name), &rva);
        if (name && !strcmp(name, wanted[j].name))
            *wanted[j].address = base + rva;
    }
    for (uint32_t i = learning ? first_name(image, block, &d, "Nt") : d.names; i < d.names; i++) {
        uint32_t rva;
        const char *name = export_name(image, block, &d, i, &rva);
        const uint8_t *stub;
        if (!name || name[0] != 'N' || name[1] != 't') /* their twins Zw.. are the same stubs */
            break;
        if (!numbers[table] || rva < text || rva + 16 > text_end)
            continue;
        stub = code_at(code, rva);
        if (stub)
            learn(table, name, stub, &at);
    }
    free(code);
    free(block);
    if (learning && !table && numbers[table] && nt_services_known)
        nt_services_known();
}

const struct nt_service *nt_service_find(uint32_t number, const char **name)
{
    unsigned table = number >> 12;

    *name = NULL;
    if (table >= TABLES || !numbers[table])
        return NULL;
    *name = numbers[table][number & (NUMBERS - 1)].name;
    return numbers[table][number & (NUMBERS - 1)].service;
}

uint32_t nt_service_number(const char *name)
{
    const struct nt_service *service = nt_service_named(name);

    return service && number_of ? number_of[service - nt_services] : UINT32_MAX;
}

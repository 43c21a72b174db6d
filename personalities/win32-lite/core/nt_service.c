/* The table from service numbers to services. Numbers are read out of the export stubs of the
 * DLLs that are loaded: a stub begins with mov r10,rcx; mov eax,NUMBER. */
#include <stdlib.h>
#include <string.h>

#include "core.h"

#define TABLES 2u
#define NUMBERS 4096u

struct nt_number {
    const struct nt_service *service;
    char *name;
};
static struct nt_number *numbers[TABLES];
void (*nt_services_known)(void);

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

static void learn(unsigned table, const char *name, const uint8_t *stub)
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
    entry->service = nt_service_named(name);
    entry->name = entry->service ? (char *)(uintptr_t)entry->service->name : strdup(name);
}

struct export_directory {
    uint32_t characteristics, timestamp, version, name, base, functions, names, function_table,
        name_table, ordinal_table;
};

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
        NT_FAILED(nt_process_read(p, base + image->export_rva, *block, image->export_size))) {
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
            learn(table, name, stub);
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
    for (uint32_t i = 0; numbers[0] && i < NUMBERS; i++)
        if (numbers[0][i].name && !strcmp(numbers[0][i].name, name))
            return i;
    return UINT32_MAX;
}

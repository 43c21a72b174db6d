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
    if (entry->name && strncmp(name, "Nt", 2) != 0)
        return; /* Zw twins */
    free(entry->name);
    entry->name = strdup(name);
    entry->service = nt_service_named(name);
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

uint64_t nt_image_export(struct nt_process *p, const struct nt_image *image, uint64_t base,
                         const char *wanted)
{
    struct export_directory d;
    uint8_t *block;
    uint64_t result = 0;

    if (!export_table(p, image, base, &d, &block))
        return 0;
    for (uint32_t i = 0; i < d.names && i < 65536; i++) {
        uint32_t rva;
        const char *name = export_name(image, block, &d, i, &rva);
        if (name && !strcmp(name, wanted)) {
            result = base + rva;
            break;
        }
    }
    free(block);
    return result;
}

void nt_service_load(struct nt_process *p, const struct nt_image *image, uint64_t base,
                     unsigned table)
{
    struct export_directory d;
    uint8_t *block, *text = NULL;
    uint32_t text_rva = 0, text_length = 0;

    if (table >= TABLES || numbers[table])
        return;
    /* The stubs lie in the first executable piece; read it once. */
    for (size_t i = 0; i < image->piece_count; i++)
        if (image->pieces[i].pages & NT_PG_EXEC) {
            text_rva = image->pieces[i].rva;
            text_length = image->pieces[i].length;
            break;
        }
    if (!text_length || !export_table(p, image, base, &d, &block))
        return;
    numbers[table] = calloc(NUMBERS, sizeof *numbers[table]);
    text = malloc(text_length);
    if (numbers[table] && text &&
        !NT_FAILED(nt_process_read(p, base + text_rva, text, text_length))) {
        for (uint32_t i = 0; i < d.names && i < 65536; i++) {
            uint32_t rva;
            const char *name = export_name(image, block, &d, i, &rva);
            if (name && rva >= text_rva && rva - text_rva + 16 <= text_length)
                learn(table, name, text + (rva - text_rva));
        }
    }
    free(text);
    free(block);
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

/* Hostile native programs and boot images into lib/loader: what is taken lies inside its bounds. */
#include "fuzz.h"

#include "janus/loader.h"

#include <stdlib.h>
#include <string.h>

static unsigned long sum; /* so that contents are really read */

static void check(bool sound)
{
    if (!sound)
        abort();
}

static void as_program(const uint8_t *data, size_t length)
{
    struct loader_image image;
    uint64_t last = LOADER_NATIVE_LOW;

    if (loader_parse(data, length, LOADER_NATIVE_LOW, LOADER_NATIVE_HIGH, &image) != JN_OK)
        return;
    check(image.segment_count > 0 && image.segment_count <= LOADER_SEGMENTS);
    for (uint32_t i = 0; i < image.segment_count; i++) {
        const struct loader_segment *s = &image.segments[i];
        check(s->address % 4096 == 0 && s->file_offset % 4096 == 0 && s->pages > 0);
        check(s->address >= last || i == 0);
        last = s->address + s->pages * 4096;
        check(last > s->address && last <= LOADER_NATIVE_HIGH);
        check(s->file_offset <= length && s->file_bytes <= length - s->file_offset);
        check(s->file_bytes <= s->pages * 4096);
        check(!(s->access & JN_W) || !(s->access & JN_X));
    }
}

static void as_image(const uint8_t *data, size_t length)
{
    struct bootimage image;
    const void *contents;
    uint64_t size;

    if (bootimage_open(data, length, &image) != JN_OK)
        return;
    for (uint32_t i = 0; i < image.entry_count; i++) {
        const struct bootimage_entry *entry = &image.entries[i];
        const char *path = image.paths + entry->path_offset;
        if (bootimage_find(&image, path, entry->path_length, &contents, &size) != JN_OK)
            continue;
        check(size <= length);
        for (uint64_t at = 0; at < size; at += 512)
            sum += ((const uint8_t *)contents)[at];
    }
    (void)!bootimage_find(&image, "a/b", 3, &contents, &size);
}

int fuzz_one(const uint8_t *data, size_t length)
{
    /* An image is mapped, so it begins on a page; what is behind it there is not ours to check. */
    uint8_t *aligned = aligned_alloc(4096, (length + 4095) / 4096 * 4096 + 4096);

    memcpy(aligned, data, length);
    as_image(aligned, length);
    free(aligned);
    as_program(data, length);
    return 0;
}

static size_t elf_seed(uint8_t *data)
{
    static const uint8_t head[64] = {0x7f, 'E',       'L',       'F',       2,        1,
                                     1,    [16] = 2,  [18] = 62, [20] = 1,  [24] = 0, 0x10,
                                     0x40, [32] = 64, [52] = 64, [54] = 56, [56] = 2};
    struct segment {
        uint32_t type, flags;
        uint64_t offset, address, physical, file_size, memory_size, alignment;
    } segments[2] = {{1, 5, 0, 0x400000, 0, 0x2000, 0x2000, 4096},
                     {1, 6, 0x2000, 0x402000, 0, 0x100, 0x3000, 4096}};

    memset(data, 0, 0x2100);
    memcpy(data, head, sizeof head);
    memcpy(data + 64, segments, sizeof segments);
    return 0x2100;
}

static size_t image_seed(uint8_t *data)
{
    static const char paths[] = "aa/ba/c";
    struct bootimage_header *header = (struct bootimage_header *)data;
    struct bootimage_entry *entries = (struct bootimage_entry *)(data + 4096);

    memset(data, 0, 4 * 4096);
    *header = (struct bootimage_header){.version = 1,
                                        .entry_count = 4,
                                        .entries_offset = 4096,
                                        .entries_size = 4 * sizeof *entries,
                                        .paths_offset = 4096 + 4 * sizeof *entries,
                                        .paths_size = 7,
                                        .total_size = 4 * 4096};
    memcpy(header->magic, BOOTIMAGE_MAGIC, 8);
    entries[0] = (struct bootimage_entry){.mode = 040755};
    entries[1] = (struct bootimage_entry){.mode = 040755, .path_length = 1, .link_index = 1};
    entries[2] = (struct bootimage_entry){.mode = 0100644,
                                          .path_offset = 1,
                                          .path_length = 3,
                                          .data_offset = 8192,
                                          .size = 5000,
                                          .link_index = 2};
    entries[3] = (struct bootimage_entry){.mode = 0120777,
                                          .path_offset = 4,
                                          .path_length = 3,
                                          .data_offset = 4096 + 4 * sizeof *entries + 7,
                                          .size = 1,
                                          .link_index = 3};
    memcpy(data + header->paths_offset, paths, 7);
    return 4 * 4096;
}

size_t fuzz_seed(unsigned number, uint8_t *data, size_t capacity)
{
    (void)capacity;
    return number % 2 ? elf_seed(data) : image_seed(data);
}

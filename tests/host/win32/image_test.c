/* The PE parser on corrupt files: a small image, changed at random; nothing may be read outside. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_world.h"

struct memory_file {
    const uint8_t *bytes;
    size_t length;
};

static nt_status read_memory(void *context, uint64_t offset, void *buffer, size_t length,
                             size_t *done)
{
    struct memory_file *file = context;

    *done = 0;
    if (offset < file->length) {
        *done = file->length - offset < length ? file->length - offset : length;
        memcpy(buffer, file->bytes + offset, *done);
    }
    return NT_SUCCESS;
}

static uint32_t seed = 7;
static uint32_t next_random(void)
{
    seed = seed * 1664525 + 1013904223;
    return seed >> 8;
}

static void put(uint8_t *at, uint64_t value, size_t length)
{
    memcpy(at, &value, length);
}

/* Headers of a program with two sections. */
static void make(uint8_t *f)
{
    memset(f, 0, 4096);
    put(f, 0x5a4d, 2);
    put(f + 60, 128, 4);
    uint8_t *h = f + 128;
    put(h, 0x4550, 4);
    put(h + 4, 0x8664, 2);
    put(h + 6, 2, 2);
    put(h + 20, 240, 2);
    put(h + 22, 0x22, 2);
    uint8_t *o = h + 24;
    put(o, 0x20b, 2);
    put(o + 16, 0x1000, 4);      /* entry */
    put(o + 24, 0x140000000, 8); /* base */
    put(o + 32, 0x1000, 4);
    put(o + 36, 0x200, 4);
    put(o + 56, 0x4000, 4); /* image */
    put(o + 60, 0x400, 4);  /* headers */
    put(o + 68, 3, 2);
    put(o + 72, 0x100000, 8);
    put(o + 108, 16, 4);
    uint8_t *s = o + 240;
    put(s + 8, 0x800, 4);
    put(s + 12, 0x1000, 4);
    put(s + 16, 0x800, 4);
    put(s + 20, 0x400, 4);
    put(s + 36, 0x60000020, 4);
    s += 40;
    put(s + 8, 0x1800, 4);
    put(s + 12, 0x2000, 4);
    put(s + 16, 0x200, 4);
    put(s + 20, 0xc00, 4);
    put(s + 36, 0xc0000040, 4);
}

static void check_image(const struct nt_image *image, size_t length)
{
    uint64_t last = 0;

    for (size_t i = 0; i < image->piece_count; i++) {
        const struct nt_piece *piece = &image->pieces[i];
        CHECK(piece->rva >= last || i == 0);
        CHECK(piece->length && !(piece->rva & 4095) && !(piece->length & 4095 && i));
        CHECK((uint64_t)piece->rva + piece->length <= ((image->size + 4095) & ~4095ull) ||
              image->piece_count == 1);
        CHECK(piece->file_length <= ((piece->length + 4095) & ~4095u));
        CHECK(!piece->file_length ||
              (uint64_t)piece->file_offset + piece->file_length <= length ||
              piece->file_offset + piece->file_length <= ((length + 4095) & ~4095ull));
        last = (uint64_t)piece->rva + piece->length;
    }
    CHECK(image->export_size <= image->size && image->reloc_size <= image->size);
}

int main(void)
{
    uint8_t original[4096], changed[4096];
    struct memory_file file = {original, sizeof original};
    struct nt_image *image;

    make(original);
    CHECK(nt_image_parse(read_memory, &file, file.length, &image) == NT_SUCCESS);
    CHECK(image->piece_count == 3 && image->entry == 0x1000);
    CHECK(image->pieces[1].pages == (NT_PG_COMMITTED | NT_PG_READ | NT_PG_EXEC));
    CHECK(image->pieces[2].length == 0x2000 && image->pieces[2].file_length == 0x200);
    check_image(image, file.length);
    nt_image_put(image);

    for (size_t length = 0; length < 700; length++) { /* truncated everywhere */
        uint8_t *exact = malloc(length + 1);
        memcpy(exact, original, length);
        struct memory_file part = {exact, length};
        if (nt_image_parse(read_memory, &part, length, &image) == NT_SUCCESS) {
            check_image(image, length);
            nt_image_put(image);
        }
        free(exact);
    }
    unsigned good = 0;
    file.bytes = changed;
    for (unsigned round = 0; round < 300000; round++) {
        memcpy(changed, original, sizeof changed);
        for (unsigned i = 0, n = 1 + next_random() % 4; i < n; i++) {
            size_t at = next_random() % 480;
            if (next_random() % 2)
                changed[at] = (uint8_t)next_random();
            else
                put(changed + (at & ~3u), next_random() % 3 ? next_random() << 8 : 0xffffffff, 4);
        }
        if (nt_image_parse(read_memory, &file, file.length, &image) == NT_SUCCESS) {
            good++;
            check_image(image, file.length);
            nt_image_put(image);
        }
    }
    CHECK(good > 1000);
    /* Machines and formats that this personality does not run. */
    memcpy(changed, original, sizeof changed);
    put(changed + 132, 0x14c, 2);
    CHECK(nt_image_parse(read_memory, &file, file.length, &image) == NT_INVALID_IMAGE_FORMAT);
    put(changed, 0x457f, 2);
    CHECK(nt_image_parse(read_memory, &file, file.length, &image) == NT_INVALID_IMAGE_NOT_MZ);
    return 0;
}

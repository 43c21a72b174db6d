/* Good and bad program headers one by one, and the root pager's list of RAM against a bitmap. */
#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "janus/loader.h"
#include "ram.h"

static uint8_t file[8192];

static void put(unsigned at, uint64_t value, unsigned bytes)
{
    memcpy(file + at, &value, bytes);
}

static void good(void)
{
    static const uint8_t ident[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    memset(file, 0, sizeof file);
    memcpy(file, ident, sizeof ident);
    put(16, 2, 2);
    put(18, 62, 2);
    put(20, 1, 4);
    put(24, 0x400100, 8);
    put(32, 64, 8);
    put(54, 56, 2);
    put(56, 2, 2);
    for (unsigned i = 0; i < 2; i++) {
        unsigned p = 64 + 56 * i;
        put(p, 1, 4);
        put(p + 4, i ? 6 : 5, 4);
        put(p + 8, i ? 4096 + 16 : 0, 8);
        put(p + 16, i ? 0x402010 : 0x400000, 8);
        put(p + 32, i ? 200 : 512, 8);
        put(p + 40, i ? 9000 : 512, 8);
    }
}

static jn_status_t parse(struct loader_image *image)
{
    return loader_parse(file, sizeof file, LOADER_NATIVE_LOW, LOADER_NATIVE_HIGH, image);
}

static void bad(unsigned at, uint64_t value, unsigned bytes)
{
    struct loader_image image;
    good();
    put(at, value, bytes);
    assert(parse(&image) == JN_BAD_IMAGE);
}

static void elf(void)
{
    struct loader_image image;
    good();
    assert(parse(&image) == JN_OK && image.segment_count == 2 && image.entry == 0x400100);
    assert(image.segments[1].address == 0x402000 && image.segments[1].pages == 3);
    assert(image.segments[1].file_offset == 4096 && image.segments[1].file_bytes == 216);
    assert(image.segments[1].access == (JN_R | JN_W));
    assert(loader_parse(file, 63, 4096, LOADER_NATIVE_HIGH, &image) == JN_BAD_IMAGE);
    assert(loader_parse(file, 3, 4096, LOADER_NATIVE_HIGH, &image) == JN_NOT_EXECUTABLE);
    file[1] = 'X';
    assert(parse(&image) == JN_NOT_EXECUTABLE);
    bad(4, 1, 1);               /* 32 bits */
    bad(16, 3, 2);              /* position-independent */
    bad(18, 183, 2);            /* another machine */
    bad(24, 0x500000, 8);       /* entry outside */
    bad(24, 0x402100, 8);       /* entry in data */
    bad(32, ~0ull, 8);          /* program headers outside */
    bad(54, 57, 2);
    bad(56, 0xffff, 2);
    bad(64, 3, 4);              /* an interpreter */
    bad(64 + 4, 7, 4);          /* writable and executable */
    bad(64 + 4, 1, 4);          /* not readable */
    bad(64 + 8, ~0ull << 12, 8); /* contents outside */
    bad(64 + 8, 1, 8);          /* not congruent */
    bad(64 + 16, 0, 8);         /* below */
    bad(64 + 16, LOADER_NATIVE_HIGH, 8);
    bad(64 + 32, 1000, 8);      /* more contents than memory */
    bad(64 + 40, ~0ull, 8);
    bad(64 + 40, 0x3000, 8);    /* over the next */
    bad(120 + 16, 0x400010, 8); /* falling order */
}

static void ram(void)
{
    enum { PAGES = 1024 };
    static struct ram_range ranges[PAGES];
    static bool is_free[PAGES];
    struct ram list;
    uint32_t seed = 5;
    uint64_t count = 0;
    ram_init(&list, ranges, PAGES);
    for (unsigned step = 0; step < 20000; step++) {
        seed = seed * 1664525u + 1013904223u;
        unsigned order = seed >> 28 & 3, page = seed >> 8 & (PAGES - 1), size = 1u << order;
        if (seed >> 24 & 1) {
            uint64_t base;
            bool possible = false;
            for (unsigned i = 0; i + size <= PAGES; i += size) {
                bool all = true;
                for (unsigned j = i; j < i + size; j++)
                    all &= is_free[j];
                possible |= all;
            }
            jn_status_t status = ram_take(&list, order, &base);
            assert(status == (possible ? JN_OK : JN_NO_MEMORY));
            for (unsigned j = 0; possible && j < size; j++) {
                assert(is_free[base / RAM_PAGE + j] && base % (size * RAM_PAGE) == 0);
                is_free[base / RAM_PAGE + j] = false;
            }
            count -= possible ? size : 0;
        } else if (page + size <= PAGES) {
            bool busy = false;
            for (unsigned j = page; j < page + size; j++)
                busy |= is_free[j];
            jn_status_t status = ram_put(&list, page * RAM_PAGE, size);
            assert(status == (busy ? JN_BAD_ARG : JN_OK));
            for (unsigned j = page; !busy && j < page + size; j++)
                is_free[j] = true;
            count += busy ? 0 : size;
        }
        assert(list.free_pages == count);
        for (uint32_t i = 1; i < list.count; i++)
            assert(ranges[i - 1].base + ranges[i - 1].pages * RAM_PAGE < ranges[i].base);
    }
}

int main(void)
{
    elf();
    ram();
    puts("loader: good");
    return 0;
}

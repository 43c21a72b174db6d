/* Page allocator of the file server: bitmaps over 2 MiB chunks. */
#include "page_cache.h"

#include <stdlib.h>
#include <string.h>

#include "mode.h"
#include "platform.h"

#define CHUNK_PAGES 512
#define CHUNK_WORDS (CHUNK_PAGES / 64)
#define KEEP_PART 32 /* of the limit may be kept though nobody uses it */
/* Numbers of two chunks never follow one another: consecutive numbers are consecutive addresses. */
#define CHUNK_STRIDE 1024

struct chunk {
    uint8_t *base; /* NULL: given back, the number may be used again */
    uint32_t free_count;
    uint64_t used[CHUNK_WORDS];
    uint64_t touched[CHUNK_WORDS]; /* no longer the zeroes that the pager gave */
    uint64_t mapped[CHUNK_WORDS];
};

static struct {
    struct chunk *chunks;
    uint32_t count, capacity;
    uint32_t hint; /* no chunk before it has a free page */
    uint32_t empty_chunks;
    uint64_t limit, used;
} cache;

static bool bit_test(const uint64_t *words, uint32_t bit)
{
    return words[bit / 64] >> (bit % 64) & 1;
}

static void bit_set(uint64_t *words, uint32_t bit)
{
    words[bit / 64] |= 1ull << (bit % 64);
}

static void bit_clear(uint64_t *words, uint32_t bit)
{
    words[bit / 64] &= ~(1ull << (bit % 64));
}

void page_cache_init(uint64_t limit_pages)
{
    cache.limit = limit_pages;
}

uint64_t page_cache_limit(void)
{
    return cache.limit;
}

uint64_t page_cache_used(void)
{
    return cache.used;
}

static struct chunk *chunk_of(page_t page)
{
    return &cache.chunks[page / CHUNK_STRIDE];
}

static uint32_t index_of(page_t page)
{
    return page % CHUNK_STRIDE - 1;
}

void *page_address(page_t page)
{
    return chunk_of(page)->base + (uint64_t)index_of(page) * PAGE_BYTES;
}

void page_set_mapped(page_t page)
{
    bit_set(chunk_of(page)->mapped, index_of(page));
}

bool page_is_mapped(page_t page)
{
    return bit_test(chunk_of(page)->mapped, index_of(page));
}

/* Makes a chunk with free pages and returns its number, or UINT32_MAX. */
static uint32_t chunk_add(void)
{
    uint32_t number = 0;
    while (number < cache.count && cache.chunks[number].base)
        number++;
    if (number == cache.capacity) {
        uint32_t capacity = cache.capacity ? cache.capacity * 2 : 64;
        struct chunk *chunks = realloc(cache.chunks, capacity * sizeof(*chunks));
        if (!chunks)
            return UINT32_MAX;
        cache.chunks = chunks;
        cache.capacity = capacity;
    }
    void *base = platform_chunk_get();
    if (!base)
        return UINT32_MAX;
    struct chunk *chunk = &cache.chunks[number];
    memset(chunk, 0, sizeof(*chunk));
    chunk->base = base;
    chunk->free_count = CHUNK_PAGES;
    cache.empty_chunks++;
    if (number == cache.count)
        cache.count++;
    return number;
}

static page_t take(uint32_t number, uint32_t index)
{
    struct chunk *chunk = &cache.chunks[number];
    if (chunk->free_count == CHUNK_PAGES)
        cache.empty_chunks--;
    bit_set(chunk->used, index);
    chunk->free_count--;
    cache.used++;
    return number * CHUNK_STRIDE + index + 1;
}

page_t page_allocate(page_t near)
{
    if (cache.used >= cache.limit)
        return 0;
    if (near) {
        uint32_t index = index_of(near) + 1; /* a freed `near` is fine: its chunk may be gone */
        if (chunk_of(near)->base && index < CHUNK_PAGES &&
            !bit_test(chunk_of(near)->used, index))
            return take(near / CHUNK_STRIDE, index);
    }
    uint32_t number = cache.hint;
    while (number < cache.count &&
           (!cache.chunks[number].base || cache.chunks[number].free_count == 0))
        number++;
    if (number == cache.count) {
        cache.hint = number;
        number = chunk_add();
        if (number == UINT32_MAX)
            return 0;
    }
    cache.hint = number;
    struct chunk *chunk = &cache.chunks[number];
    for (uint32_t word = 0; word < CHUNK_WORDS; word++)
        if (~chunk->used[word])
            return take(number, word * 64 + (uint32_t)__builtin_ctzll(~chunk->used[word]));
    return 0;
}

page_t page_allocate_zeroed(page_t near)
{
    page_t page = page_allocate(near);
    if (page) {
        if (bit_test(chunk_of(page)->touched, index_of(page)))
            memset(page_address(page), 0, PAGE_BYTES);
    }
    return page;
}

static void free_one(page_t page)
{
    uint32_t number = page / CHUNK_STRIDE, index = index_of(page);
    struct chunk *chunk = &cache.chunks[number];
    bit_clear(chunk->used, index);
    bit_clear(chunk->mapped, index);
    bit_set(chunk->touched, index);
    chunk->free_count++;
    cache.used--;
    if (number < cache.hint)
        cache.hint = number;
    if (chunk->free_count == CHUNK_PAGES) {
        /* A few empty chunks are kept: what comes and goes costs neither calls to the pager, nor zeroes where
         * the next file is written. */
        if (cache.empty_chunks <= cache.limit / KEEP_PART / CHUNK_PAGES) {
            cache.empty_chunks++;
        } else {
            platform_chunk_release(chunk->base);
            chunk->base = NULL;
            chunk->free_count = 0;
        }
    }
}

void page_free_run(page_t first, uint64_t count)
{
    uint64_t done = 0;
    while (done < count) {
        page_t page = first + (page_t)done;
        if (!page_is_mapped(page)) {
            free_one(page);
            done++;
            continue;
        }
        uint64_t run = 1; /* one call unmaps neighbours together */
        while (done + run < count && page_is_mapped(page + (page_t)run))
            run++;
        platform_unmap(page_address(page), run);
        for (uint64_t i = 0; i < run; i++)
            free_one(page + (page_t)i);
        done += run;
    }
}

void page_free(page_t page)
{
    page_free_run(page, 1);
}

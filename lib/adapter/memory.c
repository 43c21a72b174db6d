/* An adapter's own pages: parts of the one dataspace ADAPTER_DS_MEMORY, resident. Blocks lie one after
 * the other in the order of their addresses; a freed one is a hole until something fits. */
#include "memory.h"

#include <stddef.h>

#include "janus/idl/dataspace.h"
#include "janus/runtime.h"

#define PAGE 4096ull

struct block {
    uint64_t begin, end;
    bool used;
    struct block *next;
};

extern char adapter_memory_end[]; /* adapter.lds */

static struct block *blocks; /* ascending, without overlap; between them nothing was ever used */
static struct block *spare;

static uint32_t spare_count;
static uint64_t mapped_end; /* from the heap's begin to here it is mapped, and what was not used is zero */

static void drop_block(struct block *block)
{
    block->next = spare;
    spare = block;
    spare_count++;
}

static struct block *new_block(uint64_t begin, uint64_t end, bool used, struct block *next)
{
    struct block *block = spare;
    spare = block->next;
    spare_count--;
    *block = (struct block){begin, end, used, next};
    return block;
}

static uint64_t heap_begin(void)
{
    return (uint64_t)(uintptr_t)adapter_memory_end;
}

static uint64_t align(uint64_t address, unsigned order)
{
    uint64_t size = 1ull << order;
    return (address + size - 1) & ~(size - 1);
}

void adapter_heap_begin(void)
{
    mapped_end = heap_begin() + ADAPTER_HEAP_FIRST;
}

static jn_status_t map_block(uint64_t begin, uint64_t bytes)
{
    if (begin + bytes <= mapped_end)
        return JN_OK;
    return adapter_map_range(JN_CAP_PAGER, (struct adapter_range){begin, begin + bytes});
}

/* A place for `bytes` in a hole or behind the last block: enters it. */
static uint64_t place(uint64_t bytes, unsigned order)
{
    struct block **link = &blocks;
    uint64_t at = heap_begin();
    for (;; link = &(*link)->next) {
        struct block *next = *link;
        if (next && next->used) {
            at = next->end;
            continue;
        }
        uint64_t begin = align(next ? next->begin : at, order);
        if (next) {
            if (begin + bytes > next->end || begin != next->begin)
                goto after;
            struct block *rest = next->end > begin + bytes
                                     ? new_block(begin + bytes, next->end, false, next->next)
                                     : next->next;
            next->end = begin + bytes;
            next->used = true;
            next->next = rest;
            return begin;
        }
        if (begin < ADAPTER_WINDOWS && begin + bytes > ADAPTER_WINDOWS)
            begin = align(ADAPTER_HEAP_FAR, order);
        if (begin + bytes > ADAPTER_UTCBS_FAR || begin + bytes < begin)
            return 0;
        *link = new_block(begin, begin + bytes, true, NULL);
        return begin;
    after:
        at = next->end;
    }
}

static void release(uint64_t address)
{
    struct block *before = NULL;
    for (struct block *block = blocks; block; before = block, block = block->next) {
        if (block->begin != address || !block->used)
            continue;
        jn_status_t status = dataspace_discard(JN_CAP_PAGER, ADAPTER_DS_MEMORY,
                                               address - ADAPTER_WRITABLE,
                                               block->end - block->begin);
        if (status != JN_OK)
            jn_log(JN_LOG_ERROR, "own pages could not be given back: %s", jn_status_text(status));
        if (block->begin < mapped_end) /* what is used anew there has to be mapped anew */
            mapped_end = block->begin;
        block->used = false;
        struct block *next = block->next;
        if (next && !next->used && next->begin == block->end) {
            block->end = next->end;
            block->next = next->next;
            drop_block(next);
        }
        if (before && !before->used && before->end == block->begin) {
            before->end = block->end;
            before->next = block->next;
            drop_block(block);
        }
        return;
    }
}

/* malloc stands on this file: records come from static memory, then from pages of their own. Placing one
 * block takes at most two. */
static bool keep_spare(void)
{
    static struct block first[32];
    static bool given;
    struct block *chunk = first;
    size_t count = sizeof first / sizeof *first;
    if (spare_count >= 4)
        return true;
    if (given) {
        uint64_t page = place(PAGE, 12);
        if (!page)
            return false;
        if (map_block(page, PAGE) != JN_OK) {
            release(page);
            return false;
        }
        chunk = (struct block *)page;
        count = PAGE / sizeof *chunk;
    }
    given = true;
    for (size_t i = 0; i < count; i++)
        drop_block(&chunk[i]);
    return true;
}

void *jn_map_pages_aligned(size_t pages, unsigned order)
{
    uint64_t bytes = (uint64_t)pages * PAGE;
    if (!pages || pages > ADAPTER_MEMORY_BYTES / PAGE || !keep_spare())
        return NULL;
    uint64_t begin = place(bytes, order < 12 ? 12 : order);
    if (!begin)
        return NULL;
    if (map_block(begin, bytes) != JN_OK) {
        release(begin);
        return NULL;
    }
    return (void *)begin;
}

void *jn_map_pages(size_t pages)
{
    return jn_map_pages_aligned(pages, 12);
}

void jn_unmap_pages(void *address)
{
    release((uint64_t)(uintptr_t)address);
}

/* Receive windows: never given back, but a child begins anew. */
static uint64_t next_window = ADAPTER_WINDOWS;

void adapter_windows_reset(void)
{
    next_window = ADAPTER_WINDOWS;
}

uint64_t jn_reserve(uint64_t bytes, unsigned order)
{
    uint64_t begin = align(next_window, order);
    if (begin < ADAPTER_HEAP_FAR && begin + bytes > ADAPTER_HEAP_FAR)
        begin = align(ADAPTER_WINDOWS_FAR, order);
    if (begin + bytes > ADAPTER_WINDOWS_FAR_END)
        return 0;
    next_window = begin + bytes;
    return begin;
}

/* All up to mapped_end, used or not: the copy has those pages, and a child goes on from there. */
jn_status_t adapter_map_memory(cap_t pager)
{
    struct adapter_range range = {ADAPTER_STACK_LOW, heap_begin()};
    jn_status_t status = JN_OK;
    if (range.end < mapped_end)
        range.end = mapped_end;
    for (struct block *block = blocks; block && status == JN_OK; block = block->next) {
        if (!block->used || block->end <= range.end)
            continue;
        if (block->begin > range.end) {
            status = adapter_map_range(pager, range);
            range.begin = block->begin;
        }
        range.end = block->end;
    }
    return status == JN_OK ? adapter_map_range(pager, range) : status;
}

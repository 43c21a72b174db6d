/* The buddy allocator. Free blocks of 2 MiB and more go back to the root pager when more than
 * KEEP_FRAMES are free. */
#include "frame.h"

#include <string.h>

#define KEEP_FRAMES 8192ull /* 32 MiB */

struct frame_totals frame_totals = {.program_limit = UINT64_MAX, .shared_limit = UINT64_MAX};
static uint32_t lists[FRAME_ORDERS];
static uint32_t filled; /* bit n: list n is not empty */

static void unlink_block(uint32_t number)
{
    struct frame *frame = platform_record(number);
    if (frame->previous)
        platform_record(frame->previous)->next = frame->next;
    else
        lists[frame->order] = frame->next;
    if (!lists[frame->order])
        filled &= ~(1u << frame->order);
    if (frame->next)
        platform_record(frame->next)->previous = frame->previous;
    frame->flags = 0;
    frame_totals.free -= 1ull << frame->order;
}

static void link_block(uint32_t number, unsigned order)
{
    struct frame *frame = platform_record(number);
    frame->flags = FRAME_FREE;
    frame->order = (uint8_t)order;
    frame->previous = 0;
    frame->next = lists[order];
    if (frame->next)
        platform_record(frame->next)->previous = number;
    lists[order] = number;
    filled |= 1u << order;
    frame_totals.free += 1ull << order;
}

/* The buddy's record exists only inside the same chunk, or if it was obtained too: records of frames
 * that are not the pager's are never marked FREE. Blocks do not grow beyond a chunk, because a
 * neighbouring chunk may have no records. */
static void add_block(uint32_t number, unsigned order)
{
    while (order < CHUNK_ORDER) {
        uint32_t buddy = number ^ (1u << order);
        struct frame *frame = platform_record(buddy);
        if (!(frame->flags & FRAME_FREE) || frame->order != order)
            break;
        unlink_block(buddy);
        number &= ~(1u << order);
        order++;
    }
    if (order >= CHUNK_ORDER && frame_totals.free >= KEEP_FRAMES) {
        frame_totals.owned -= 1ull << order;
        platform_return(number, order);
        return;
    }
    link_block(number, order);
}

/* More memory: a chunk, or, when the root pager has none, whatever smaller block is left. */
static jn_status_t obtain(unsigned wanted)
{
    unsigned order = wanted > CHUNK_ORDER ? wanted : CHUNK_ORDER;
    for (;;) {
        uint32_t first, used;
        jn_status_t status = platform_obtain(order, &first, &used);
        if (status == JN_OK) {
            uint32_t count = 1u << order;
            frame_totals.owned += count;
            /* What the records took is not free; the rest in the largest aligned blocks. */
            for (uint32_t at = used; at < count;) {
                unsigned part = at ? (unsigned)__builtin_ctz(at) : order;
                link_block(first + at, part);
                at += 1u << part;
            }
            return JN_OK;
        }
        if (order == wanted || order == 0)
            return status;
        order--;
    }
}

/* A block out of the free lists. */
static bool take_free(unsigned order, uint32_t *number)
{
    uint32_t enough = filled >> order << order;
    if (!enough)
        return false;
    unsigned found = (unsigned)__builtin_ctz(enough);
    *number = lists[found];
    unlink_block(*number);
    while (found > order) {
        found--;
        link_block(*number + (1u << found), found);
    }
    return true;
}

static jn_status_t take(unsigned order, uint32_t *number)
{
    /* Records of a chunk may have to stand in it, when nothing else is free; those of the next stand there too. */
    for (int attempt = 0; attempt < 3; attempt++) {
        if (take_free(order, number))
            return JN_OK;
        jn_status_t status = obtain(order);
        if (status != JN_OK)
            return status;
    }
    return JN_NO_MEMORY;
}

jn_status_t frame_alloc_block(unsigned order, bool program, uint32_t *number)
{
    uint64_t count = 1ull << order;
    if (program && (count > frame_totals.program_limit - frame_totals.program ||
                    frame_totals.owned - frame_totals.free > frame_totals.shared_limit))
        return JN_NO_MEMORY;
    jn_status_t status = take(order, number);
    if (status != JN_OK)
        return status;
    if (program)
        frame_totals.program += count;
    struct frame *records = platform_record(*number);
    for (uint64_t i = 0; i < count; i++)
        records[i] = (struct frame){.users = 1, .flags = program ? FRAME_PROGRAM : 0};
    return JN_OK;
}

jn_status_t frame_alloc_some(unsigned *order, bool program, uint32_t *number)
{
    while (*order && !(filled >> *order))
        --*order;
    jn_status_t status = frame_alloc_block(*order, program, number);
    if (status == JN_OK || !*order)
        return status;
    *order = 0; /* the programs' share ends in the middle */
    return frame_alloc_block(0, program, number);
}

jn_status_t frame_alloc_present(unsigned order, uint32_t *number)
{
    if (!take_free(order, number))
        return JN_NO_MEMORY;
    for (uint32_t i = 0; i < 1u << order; i++)
        *platform_record(*number + i) = (struct frame){.users = 1};
    return JN_OK;
}

jn_status_t frame_alloc(bool zero, bool program, uint32_t *number)
{
    jn_status_t status = frame_alloc_block(0, program, number);
    if (status == JN_OK && zero)
        memset(platform_contents(*number), 0, PAGE_BYTES);
    return status;
}

void frame_free(uint32_t number)
{
    frame_free_run(number, 1);
}

void frame_free_run(uint32_t first, uint32_t count)
{
    struct frame *records = platform_record(first);
    for (uint32_t i = 0; i < count; i++) {
        if (records[i].flags & FRAME_PROGRAM)
            frame_totals.program--;
        records[i].flags = 0;
        records[i].users = 0;
    }
    while (count) { /* in the largest aligned blocks */
        unsigned order = 31 - (unsigned)__builtin_clz(count);
        unsigned aligned = (unsigned)__builtin_ctz(first | 1u << CHUNK_ORDER);
        order = order < aligned ? order : aligned;
        add_block(first, order);
        first += 1u << order;
        count -= 1u << order;
    }
}

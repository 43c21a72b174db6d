/* A buddy allocator over the frame table. Blocks of 2^order frames begin at multiples of their
 * size; a free block is described by its first frame alone. */
#include "memory/frame.h"

#include "cpu.h"

struct frame *frame_table;
uint64_t frame_count;

static uint32_t free_head[FRAME_ORDERS]; /* 0: none; frame 0 is never ours */
static uint64_t free_frames;

void frame_init(struct frame *table, uint64_t count)
{
    frame_table = table;
    frame_count = count;
    free_frames = 0;
    for (unsigned order = 0; order < FRAME_ORDERS; order++)
        free_head[order] = 0;
}

static void push(uint64_t number, unsigned order)
{
    struct frame *frame = frame_at(number);

    frame->kind = FRAME_FREE;
    frame->order = (uint8_t)order;
    frame->previous = 0;
    frame->next = free_head[order];
    if (frame->next)
        frame_at(frame->next)->previous = (uint32_t)number;
    free_head[order] = (uint32_t)number;
}

static void take(uint64_t number)
{
    struct frame *frame = frame_at(number);

    if (frame->previous)
        frame_at(frame->previous)->next = frame->next;
    else
        free_head[frame->order] = frame->next;
    if (frame->next)
        frame_at(frame->next)->previous = frame->previous;
    frame->kind = FRAME_USED;
    frame->next = frame->previous = 0;
}

static bool is_free(uint64_t number, unsigned order)
{
    return number < frame_count && frame_at(number)->kind == FRAME_FREE &&
           frame_at(number)->order == order;
}

void frame_free(uint64_t number, unsigned order)
{
    free_frames += 1ull << order;
    frame_at(number)->kind = FRAME_USED; /* whatever it was: no stale FREE in the middle */
    for (; order < FRAME_ORDERS - 1; order++) {
        uint64_t buddy = number ^ (1ull << order);

        if (!is_free(buddy, order))
            break;
        take(buddy);
        number &= ~(1ull << order);
    }
    push(number, order);
}

void frame_add(uint64_t first, uint64_t count)
{
    while (count) {
        unsigned order = FRAME_ORDERS - 1;

        while ((first & ((1ull << order) - 1)) || (1ull << order) > count)
            order--;
        frame_free(first, order);
        first += 1ull << order;
        count -= 1ull << order;
    }
}

uint64_t frame_alloc(unsigned order)
{
    unsigned from = order;

    while (from < FRAME_ORDERS && !free_head[from])
        from++;
    if (from >= FRAME_ORDERS)
        return 0;
    uint64_t number = free_head[from];
    take(number);
    while (from > order) {
        from--;
        push(number + (1ull << from), from);
    }
    free_frames -= 1ull << order;
    return number;
}

uint64_t frame_free_count(void)
{
    return free_frames;
}

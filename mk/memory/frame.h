/* Frames that the kernel owns: a buddy allocator. No frame in here is in any address space, and
 * every free frame is zero (KERNEL 1). All functions need the kernel lock. */
#ifndef MK_MEMORY_FRAME_H
#define MK_MEMORY_FRAME_H

#include "lib/types.h"

#define FRAME_ORDERS 19 /* up to 1 GiB */

enum frame_kind {
    FRAME_OTHER, /* not the kernel's: user memory, devices, the image */
    FRAME_FREE,  /* head of a free block of `order` */
    FRAME_USED,  /* held by a Pool, whole */
    FRAME_SLAB,  /* objects of one size of one Pool */
    FRAME_TABLE, /* a page table */
};

/* One for each frame of RAM, indexed by frame number. */
struct frame {
    uint32_t next, previous; /* free list or slab list; table: next = frame of its node table */
    uint16_t used;           /* slab: objects in use; table: entries that are not zero */
    uint16_t first_free;     /* slab: index of a free object + 1, or 0 */
    uint16_t fresh;          /* slab: objects from this index on were never used */
    uint8_t kind;
    uint8_t order; /* free: size of the block; slab: size class */
};

extern struct frame *frame_table;
extern uint64_t frame_count; /* frames above this number are no RAM */

/* `table` has room for `count` entries and is zero. */
void frame_init(struct frame *table, uint64_t count);

/* Gives zeroed frames [first, first + count) to the allocator. */
void frame_add(uint64_t first, uint64_t count);

/* A block of 2^order zeroed frames: its first frame number, or 0 when there is none. */
uint64_t frame_alloc(unsigned order);

/* Takes the block back; its contents must be zero again. */
void frame_free(uint64_t number, unsigned order);

uint64_t frame_free_count(void);

static inline struct frame *frame_at(uint64_t number)
{
    return &frame_table[number];
}

#endif

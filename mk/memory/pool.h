/* Pools: a tree of accounts of kernel memory (KERNEL 1, 2).
 *
 * A Pool owns a number of frames; `used` of them are in slabs, in page tables, in single objects or
 * given to child Pools. Slabs belong to one Pool, so that destroying it returns whole frames to its
 * parent. All functions need the kernel lock. */
#ifndef MK_MEMORY_POOL_H
#define MK_MEMORY_POOL_H

#include "lib/types.h"
#include "memory/frame.h"
#include "memory/layout.h"
#include "object.h"

#define POOL_CLASSES 16

struct pool {
    struct object object;           /* first; object.pool is the parent, NULL for the root */
    struct list objects;            /* every object made from this Pool, child Pools too */
    uint64_t owned;                 /* frames */
    uint64_t used;                  /* of them not free */
    uint64_t bytes;                 /* in use inside slabs */
    uint32_t partial[POOL_CLASSES]; /* slab frames with free objects; 0 = none */
    struct cap end_signal;
    uint64_t end_bits;
};

extern struct pool root_pool;

/* The root Pool owns all frames that are in the buddy allocator now. */
void pool_init_root(void);

/* Zeroed and 64-byte aligned, at most 4096 bytes; NULL when the Pool is exhausted. */
void *pool_alloc(struct pool *pool, size_t bytes);
/* 64 bytes that are not zeroed, for who fills all of them: mapping nodes. To pool_free(). */
void *pool_alloc_line_slow(struct pool *pool);
static inline void *pool_alloc_line(struct pool *pool)
{
    uint32_t number = pool->partial[0];
    struct frame *frame = frame_at(number);

    char *slab = phys_to_virt((uint64_t)number << PAGE_SHIFT);

    /* A new slab, and taking a slab's last object, are the slow path's. */
    if (!number || frame->used == PAGE_SIZE / 64 - 1)
        return pool_alloc_line_slow(pool);
    frame->used++;
    pool->bytes += 64;
    if (!frame->first_free)
        return slab + frame->fresh++ * 64u;
    void *object = slab + (frame->first_free - 1u) * 64u;
    frame->first_free = *(uint16_t *)object;
    return object;
}

/* `bytes` as it was allocated. */
void pool_free(struct pool *pool, void *memory, size_t bytes);

/* pool_free() of 64 bytes. */
static inline void pool_free_line(struct pool *pool, void *line)
{
    uint64_t physical = virt_to_phys(line);
    struct frame *frame = frame_at(physical >> PAGE_SHIFT);

    /* What was the last free object of its slab, or becomes its only one in use, is the slow
     * path's. */
    if (frame->used <= 1 || frame->used == PAGE_SIZE / 64) {
        pool_free(pool, line, 64);
        return;
    }
    *(uint16_t *)line = frame->first_free;
    frame->first_free = (uint16_t)((physical & PAGE_MASK) / 64 + 1);
    frame->used--;
    pool->bytes -= 64;
}

/* 2^order contiguous zeroed frames as a direct-map pointer; NULL when exhausted. */
void *pool_alloc_frames(struct pool *pool, unsigned order);
void pool_free_frames(struct pool *pool, void *memory, unsigned order);
/* The same for frames whose contents are known to be zero. */
void pool_free_zero_frames(struct pool *pool, void *memory, unsigned order);

/* Gives the frames of the empty slabs that pool_free() keeps back to the account. */
void pool_trim(struct pool *pool);

/* A child with `frames` of the parent's. NO_MEMORY. */
MUST_CHECK status_t pool_create(struct pool *parent, uint64_t frames, struct pool **child);

/* Moves frames to the child, or back if negative. NO_MEMORY; BUSY if too few are unused. */
MUST_CHECK status_t pool_fund(struct pool *child, int64_t frames);

/* Destroys every object made from it, through object_destroy(). The work list calls it for a dying
 * Pool until it returns true: then nothing is left, its frames are the parent's again, and the
 * caller does object_free(). */
bool pool_destroy(struct pool *pool);

/* Frames owned, frames free, bytes in use. */
void pool_info(const struct pool *pool, uint64_t words[3]);

operation_t op_pool_create, op_pool_fund, op_pool_info, op_pool_add, op_pool_take;

#endif

/* Physical memory of the pager: a buddy allocator over what the root pager gave, with a count of users
 * for each frame. */
#ifndef PAGER_FRAME_H
#define PAGER_FRAME_H

#include "platform.h"

#define FRAME_NONE 0u
#define FRAME_ORDERS 19
#define CHUNK_ORDER 9 /* what is asked of the root pager at least: 2 MiB */

enum {
    FRAME_FREE = 1,      /* head of a free block of `order` */
    FRAME_MAPPED = 2,    /* may be mapped somewhere */
    FRAME_WRITABLE = 4,  /* may be mapped writable somewhere */
    FRAME_SPREAD = 8,    /* may be mapped by a client that is no user (any more): revoke before
                          * its contents change or it is given away */
    FRAME_PROGRAM = 16,  /* counts against the share of programs */
};

struct frame {
    uint32_t users; /* pages of dataspaces */
    uint8_t flags;
    uint8_t order; /* free: of the block */
    uint16_t reserved;
    uint32_t next, previous; /* free list */
};

struct frame_totals {
    uint64_t owned, free;
    uint64_t program, program_limit; /* in use by programs */
    uint64_t shared_limit; /* programs get nothing when more than this is in use by all together */
};
extern struct frame_totals frame_totals;

/* One frame with one user; contents undefined unless zero. program: it counts for the programs'
 * share. NO_MEMORY. */
JN_CHECKED jn_status_t frame_alloc(bool zero, bool program, uint32_t *frame);
/* 2^order contiguous aligned frames, undefined, users 1 each. NO_MEMORY. */
JN_CHECKED jn_status_t frame_alloc_block(unsigned order, bool program, uint32_t *frame);
/* As large a block as is free now without a further one being obtained, of at most 2^*order; *order says
 * which. NO_MEMORY. */
JN_CHECKED jn_status_t frame_alloc_some(unsigned *order, bool program, uint32_t *frame);
/* The same out of what is free now: never asks for more, so platform_obtain may call it. */
JN_CHECKED jn_status_t frame_alloc_present(unsigned order, uint32_t *frame);
/* Nobody uses it any more and nothing is mapped from it. */
void frame_free(uint32_t frame);
/* The same of `count` frames from `first` on. */
void frame_free_run(uint32_t first, uint32_t count);

static inline bool frame_shared(uint32_t frame)
{
    return platform_record(frame)->users > 1;
}

#endif

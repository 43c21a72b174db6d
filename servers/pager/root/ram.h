/* Which RAM the root pager holds: sorted, disjoint, never adjacent ranges of pages. */
#ifndef PAGER_ROOT_RAM_H
#define PAGER_ROOT_RAM_H

#include "janus/types.h"

#define RAM_PAGE 4096ull

struct ram_range {
    uint64_t base;
    uint64_t pages;
};

struct ram {
    struct ram_range *ranges;
    uint32_t count, capacity;
    uint64_t free_pages;
};

/* `ranges` has room for `capacity` ranges. */
void ram_init(struct ram *ram, struct ram_range *ranges, uint32_t capacity);
/* Adds free pages. BAD_ARG: some of them are free already; NO_MEMORY: too many ranges. */
JN_CHECKED jn_status_t ram_put(struct ram *ram, uint64_t base, uint64_t pages);
/* Takes 2^order pages aligned to their size out of the smallest range that has them: NO_MEMORY. */
JN_CHECKED jn_status_t ram_take(struct ram *ram, unsigned order, uint64_t *base);

#endif

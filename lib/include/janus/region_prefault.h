/* Beside region.h: pages that a loader knows to be used soon. */
#ifndef JANUS_REGION_PREFAULT_H
#define JANUS_REGION_PREFAULT_H

#include "janus/region.h"

/* Whole pages of private regions (anonymous ones, or of files), of which nothing was mapped or written yet,
 * become the process's own with these contents, as if it had written all of them. BAD_ARG, NO_MEMORY, QUOTA. */
JN_CHECKED jn_status_t region_map_fill(struct region_map *map, uint64_t address, const void *data,
                                       uint64_t length);

/* Maps whole pages before they are touched: pages of files, of private memory all if it may be written
 * (absent ones are allocated), else those that are there. Holes and regions without access are passed over;
 * nothing that was not mapped is missed, for faults bring it. *done: bytes up to the region where it ended.
 * Errors as region_map_resolve. */
JN_CHECKED jn_status_t region_map_prefault(struct region_map *map, uint64_t address, uint64_t length,
                                           uint64_t *done);

#endif

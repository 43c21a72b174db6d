/* The pager's world on the host: RAM as an array, Tasks as page tables that the test looks into. */
#ifndef PAGER_WORLD_H
#define PAGER_WORLD_H

#include "platform.h"

#define WORLD_FRAMES 8192u /* 32 MiB; frame 0 is never given */
#define WORLD_SPACES 64
#define WORLD_PAGES 256 /* of each space, from address 0 */

struct world_entry {
    uint32_t frame; /* 0: nothing mapped */
    uint32_t access;
    uint32_t serial; /* of the mapping */
};

extern struct world_entry world_table[WORLD_SPACES][WORLD_PAGES];
extern bool world_alive[WORLD_SPACES];
extern uint32_t world_left; /* chunks that the root pager still has */
extern unsigned world_map_limit; /* pages that TASK_MAP does before NO_MEMORY; UINT32_MAX: all */

void world_reset(void);

#endif

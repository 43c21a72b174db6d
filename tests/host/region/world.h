/* A small world for region maps: one file server, one pager, one address space of WORLD_PAGES pages,
 * all as arrays that the test can look into. */
#ifndef REGION_WORLD_H
#define REGION_WORLD_H

#include "janus/region.h"

#define WORLD_LOW 0x10000ull
#define WORLD_PAGES 192
#define WORLD_HIGH (WORLD_LOW + WORLD_PAGES * REGION_PAGE)
#define WORLD_FILES 3
#define FILE_PAGES 40
#define WORLD_SHARED 2

/* One page of something; only its first word is looked at by faulting threads. */
struct frame {
    uint64_t word[512];
};

struct world {
    struct frame *private_pages[WORLD_PAGES]; /* of the private dataspace; NULL: absent */
    struct frame *files;                      /* WORLD_FILES * FILE_PAGES, shared by all worlds */
    struct frame *shared;                     /* WORLD_SHARED * FILE_PAGES */
    struct {
        struct frame *frame; /* what is mapped at the page, NULL: nothing */
        uint32_t rights;
    } table[WORLD_PAGES];
    int closed_files[WORLD_FILES], closed_shared[WORLD_SHARED];
    int64_t charged;
    int64_t charge_limit;
    int fail_maps; /* the next so many maps answer NO_MEMORY */
};

extern const struct region_ops world_ops;
void world_init(struct world *world, struct frame *files, struct frame *shared);
/* client.clone of the pager: private pages are copied, nothing is mapped. */
void world_clone(struct world *copy, const struct world *world);
void world_free(struct world *world);

static inline unsigned world_page(uint64_t address)
{
    return (unsigned)((address - WORLD_LOW) / REGION_PAGE);
}

#endif

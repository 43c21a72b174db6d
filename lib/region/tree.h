/* The sorted tree of regions: a treap, so that its depth does not depend on the order in which a
 * program maps. Each node knows the largest hole inside its subtree, which finds free ranges. */
#ifndef LIB_REGION_TREE_H
#define LIB_REGION_TREE_H

#include "janus/region.h"

/* Inserts a region that overlaps none in the tree; its priority must be set. */
void tree_insert(struct region **root, struct region *region);
/* Takes the region out. Its start must be as it was at insertion. */
void tree_remove(struct region **root, struct region *region);
/* Recomputes what the path to `region` knows after its start or length changed in place; the change
 * must keep the order. */
void tree_update(struct region *root, const struct region *region);

struct region *tree_find(struct region *root, uint64_t address);  /* contains address */
struct region *tree_next(struct region *root, uint64_t address);  /* first that ends above it */
struct region *tree_before(struct region *root, uint64_t address); /* last that starts below it */

/* The highest (top = true) or lowest aligned address with `length` free bytes in [low, high). */
bool tree_find_gap(struct region *root, uint64_t length, uint64_t alignment, uint64_t low,
                   uint64_t high, bool top, uint64_t *address);

static inline uint64_t region_end(const struct region *region)
{
    return region->start + region->length;
}

#endif

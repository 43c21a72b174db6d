/* The mapping database: who gave which page to whom.
 *
 * A node stands for one mapped page, of 4 KiB, 2 MiB or 1 GiB, of one space. It hangs below the
 * node that it was mapped from, which has the same size; the children of a node form a ring. A
 * mapping that nobody gave, the root task's, has no parent.
 *
 * Splitting. A superpage of which a part is to be mapped on, or taken away, is split: its
 * page-table entry becomes a table of *pieces*, entries that are marked as such. Its node stays,
 * beside the entry that now leads to the table, with its parent and with the children that it had
 * as a whole. A piece has no node until something is mapped from it (or it is split in turn): what
 * holds for it follows from the superpage's node, which is its parent. So what is derived from a
 * piece is: the children of its own node, and its part of every child of the superpage; and a
 * superpage that was received keeps its one place in the giver's books. When the last piece goes
 * the node goes.
 *
 *     giver:    N (2 MiB, split) ---- piece 7: n7      N->child = C, n7->child = c7
 *                |                      |
 *     receiver:  C (2 MiB, maybe split) c7 (4 KiB)     taking piece 7 of N back takes c7, and C's
 *                                                      part of it, for which C is split
 *
 * Accessed and dirty bits of a mapping that goes are set in its parent's entry: the entries
 * themselves are the store (KERNEL 4).
 *
 * Work on a subtree (struct sweep) goes leaves first and needs no stack, however deep users make
 * it; only splitting recurses, at most twice. It may stop between any two nodes. A mark on the
 * root then keeps users from mapping out of the subtree, and the epoch of the nodes that are done,
 * which stand at the end of their ring, tells the next attempt where to go on (KERNEL 3).
 *
 * All of it needs the kernel lock. */
#ifndef MK_MEMORY_MAPPING_H
#define MK_MEMORY_MAPPING_H

#include "memory/table.h"

struct mapping {
    struct mapping *parent; /* a piece's: the superpage, of the same space */
    struct mapping *child;  /* first in the ring of children */
    struct mapping *next, *previous;
    uint64_t *entry; /* in the page table; a split superpage's leads to the table of pieces */
    struct space *space;
    uint64_t address;
    union {
        struct {
            uint64_t epoch : 48;
            uint64_t pieces : 10; /* not 0: split */
            uint64_t level : 2;
            uint64_t piece : 1;
            uint64_t marked : 1; /* a revocation from here was preempted */
        };
        uint64_t state;
    };
};

_Static_assert(sizeof(struct mapping) == 64, "one line");

/* Nodes, or pages of a range, between two looks for something more urgent. */
#ifndef SWEEP_BUDGET
#define SWEEP_BUDGET 64
#endif

struct sweep {
    unsigned
        rights;    /* to take away; JN_R: the mappings go; 0: only the bits are read and cleared */
    uint64_t bits; /* JN_PAGE_.. found so far */
    uint64_t epoch;
    unsigned budget; /* nodes until the next look for something more urgent */
};

/* The node of the leaf where the walk ended, made if it is a piece that has none. NULL: its space's
 * Pool is exhausted. */
struct mapping *mapping_get(struct space *space, const struct path *path, uint64_t address);

/* A new leaf of `space` in the empty entry where the walk ended, derived from `parent` (or NULL).
 * NO_MEMORY. */
MUST_CHECK status_t mapping_insert(struct space *space, const struct path *path, uint64_t address,
                                   uint64_t value, struct mapping *parent);

/* New leaves of 4 KiB at consecutive entries of one table, derived from as many of another: what
 * nearly every fault and every forked page is. An entry is the source's with the bits of `keep`,
 * and `force`. Stops, and says how many it made, where a source has no node or is no page, where
 * something stands, at the end of the Pool, and does nothing where a node table is missing. No
 * revocation is under way. */
uint64_t mapping_insert_pages(struct space *space, uint64_t address, uint64_t *to, uint64_t *from,
                              uint64_t limit, uint64_t keep, uint64_t force);

/* Splits the leaf where the walk ended; the walk then leads to the piece at `address`. NO_MEMORY.
 */
MUST_CHECK status_t mapping_split(struct space *space, struct path *path, uint64_t address);

/* Sweeps the leaf where the walk ended with all that is derived from it; `derived_only`: the leaf
 * stays. False: preempted, and the leaf's node is marked. The bits found also go to its parent. */
MUST_CHECK bool mapping_sweep(struct sweep *sweep, const struct path *path, uint64_t address,
                              bool derived_only);

/* May the leaf be granted: BUSY, NOT_SUPPORTED (see space_map()). */
MUST_CHECK status_t mapping_grant_allowed(const struct path *path);

/* The same for consecutive entries of one table of 4 KiB pages, as long as they are empty or what
 * is derived from them is little, and was not preempted. Pieces of a superpage only if they stay and
 * nothing is derived from the superpage itself. Returns how many it has passed; counts the pages in *seen. */
uint64_t mapping_sweep_pages(struct sweep *sweep, uint64_t *entry, uint64_t limit,
                             bool derived_only, uint64_t *seen);

/* Makes `receiver`, the one new child of the leaf where the walk ended, take its place.
 * STATUS_RESTART: call again. */
MUST_CHECK status_t mapping_grant(struct space *space, const struct path *path, uint64_t address,
                                  struct mapping *receiver);

/* Has anything been derived from the leaf where the walk ended, or from a superpage around it? */
bool mapping_has_derived(const struct path *path);

/* From the superpage, if it was one, that the leaf's table has the pieces of, or from one around that? */
bool mapping_super_has_derived(const struct path *path);

extern uint64_t mapping_marked_count; /* nodes that are marked: mostly 0 */

/* Is a preempted revocation of the leaf, or of what it was derived from, under way? */
bool mapping_revoked(const struct path *path);
/* The leaf's node, or, for a piece that has none, that of the superpage: what is marked. */
struct mapping *mapping_nearest(const struct path *path);
void mapping_unmark(struct mapping *node);

/* For a sweep that begins anew. */
uint64_t mapping_epoch(void);

#endif

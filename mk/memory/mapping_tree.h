/* What the files of the mapping database share: see mapping.h. */
#ifndef MK_MEMORY_MAPPING_TREE_H
#define MK_MEMORY_MAPPING_TREE_H

#include "memory/mapping.h"

/* ---- the ring of children ---- */

static inline void mapping_link(struct mapping *parent, struct mapping *node)
{
    node->parent = parent;
    if (!parent)
        return;
    if (parent->child) {
        node->next = parent->child;
        node->previous = parent->child->previous;
        node->previous->next = node->next->previous = node;
    } else {
        node->next = node->previous = node;
    }
    parent->child = node;
}

static inline void mapping_unlink(struct mapping *node)
{
    struct mapping *parent = node->parent;

    if (!parent || node->piece)
        return;
    if (parent->child == node)
        parent->child = node->next == node ? NULL : node->next;
    node->next->previous = node->previous;
    node->previous->next = node->next;
}

/* A node from pool_alloc_line() for a page of 4 KiB. */
static inline void mapping_fill(struct mapping *node, struct space *space, uint64_t *entry,
                                uint64_t address, struct mapping *parent)
{
    node->entry = entry;
    node->space = space;
    node->address = address;
    node->child = NULL;
    node->state = 0;
    mapping_link(parent, node);
}

/* ---- nodes ---- */

/* NO_MEMORY. */
MUST_CHECK status_t mapping_split_node(struct mapping *node);

/* Ends a leaf: entry, node, and what is empty above. It has no children. The accessed and dirty
 * bits were taken care of. */
void mapping_drop_node(struct mapping *node);
/* The same for a piece without a node. */
void mapping_drop_bare_piece(struct mapping *super, uint64_t *entry, uint64_t address);

/* While work goes over the pieces of a superpage its node is held by counting one piece more. */
static inline void mapping_pin(struct mapping *super)
{
    super->pieces++;
}
/* The node goes now if all pieces did. */
void mapping_unpin(struct mapping *super);

void mapping_mark(struct mapping *node);

/* Sets PTE_ACCESSED and PTE_DIRTY bits in the parent of the leaf where the walk ended. */
void mapping_bits_up(const struct path *path, uint64_t address, uint64_t bits);

#endif

/* The pages of a dataspace: a radix tree from page number to frame, 64 entries a node. Sparse, and as
 * deep as the largest number needs. */
#ifndef PAGER_PAGE_TREE_H
#define PAGER_PAGE_TREE_H

#include "janus/types.h"

struct page_node;

struct page_tree {
    struct page_node *root;
    unsigned height; /* levels; 0: empty */
    uint64_t count;  /* pages present */
    struct page_node *recent; /* the leaf looked at last, and its number */
    uint64_t recent_number;
};

/* The frame, or 0. */
uint32_t page_tree_get(struct page_tree *tree, uint64_t page);
/* Sets it (frame not 0). NO_MEMORY; never when the page is present. */
JN_CHECKED jn_status_t page_tree_set(struct page_tree *tree, uint64_t page, uint32_t frame);
/* Absent pages from `page` on, at most `most`, all under one node: 0 if the page is present. */
uint64_t page_tree_gap(struct page_tree *tree, uint64_t page, uint64_t most);
/* Present ones in the same way. */
uint64_t page_tree_row(struct page_tree *tree, uint64_t page, uint64_t most);
/* Of those, as many as have the frames *first, *first + 1 .. */
uint64_t page_tree_run(struct page_tree *tree, uint64_t page, uint64_t most, uint32_t *first);
/* Sets the frames first, first + 1 .. of a gap or a part of its begin. NO_MEMORY: none of them. */
JN_CHECKED jn_status_t page_tree_set_run(struct page_tree *tree, uint64_t page, uint32_t first,
                                         uint64_t count);
/* Takes the page out; the frame, or 0. */
uint32_t page_tree_remove(struct page_tree *tree, uint64_t page);
/* Takes out what page_tree_run() finds. */
uint64_t page_tree_cut(struct page_tree *tree, uint64_t page, uint64_t most, uint32_t *first);
/* The first page >= from: true, with its number and frame. */
bool page_tree_next(const struct page_tree *tree, uint64_t from, uint64_t *page, uint32_t *frame);
/* Frees the nodes; each frame that is left goes to `visit` first (or NULL). */
void page_tree_free(struct page_tree *tree, void (*visit)(void *context, uint32_t frame),
                    void *context);
/* Fills the empty tree `copy` with the same pages; each frame goes to `visit` once. False: no memory,
 * and the copy has only the pages that were visited. */
bool page_tree_copy(const struct page_tree *tree, struct page_tree *copy,
                    void (*visit)(void *context, uint32_t frame), void *context);

#endif

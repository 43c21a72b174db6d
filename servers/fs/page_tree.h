/* Which page stands at which index of a file: a radix tree of fan-out 64 that grows with the
 * largest index. Sparse files cost what they hold. */
#ifndef FS_PAGE_TREE_H
#define FS_PAGE_TREE_H

#include "page_cache.h"

struct page_tree {
    void *root;      /* height 0: none; 1: a leaf */
    uint32_t height;
    page_t single;   /* height 0: the page at index 0 */
    uint64_t count;  /* pages in the tree */
};

#define PAGE_TREE_FAN 64

struct page_leaf {
    page_t pages[PAGE_TREE_FAN];
    uint32_t used;
};

struct page_branch {
    void *children[PAGE_TREE_FAN];
    uint32_t used;
};

/* 0: nothing there. */
page_t page_tree_get(const struct page_tree *tree, uint64_t index);
/* Puts a page where none is; false without memory. */
JN_CHECKED bool page_tree_set(struct page_tree *tree, uint64_t index, page_t page);
/* Takes a page out and returns it; 0 if none was there. */
page_t page_tree_take(struct page_tree *tree, uint64_t index);
/* The first page at *index or after it, moving *index there; 0: none. */
page_t page_tree_next(const struct page_tree *tree, uint64_t *index);
/* How many pages, at most `most`, have consecutive numbers from index on, where `first` stands. */
uint64_t page_tree_run(const struct page_tree *tree, uint64_t index, page_t first, uint64_t most);

#endif

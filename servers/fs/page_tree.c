/* The radix tree from page index to page. */
#include "page_tree.h"

#include <stdlib.h>

#define SHIFT 6
#define MASK (PAGE_TREE_FAN - 1)

static bool fits(const struct page_tree *tree, uint64_t index)
{
    if (tree->height == 0)
        return index == 0;
    uint32_t bits = tree->height * SHIFT;
    return bits >= 64 || index >> bits == 0;
}

static struct page_leaf *find_leaf(const struct page_tree *tree, uint64_t index)
{
    void *node = tree->root;
    for (uint32_t level = tree->height - 1; level > 0 && node; level--)
        node = ((struct page_branch *)node)->children[index >> (level * SHIFT) & MASK];
    return node;
}

page_t page_tree_get(const struct page_tree *tree, uint64_t index)
{
    if (!fits(tree, index))
        return 0;
    if (tree->height == 0)
        return tree->single;
    const struct page_leaf *leaf = find_leaf(tree, index);
    return leaf ? leaf->pages[index & MASK] : 0;
}

uint64_t page_tree_run(const struct page_tree *tree, uint64_t index, page_t first, uint64_t most)
{
    uint64_t run = 1;
    if (tree->height == 0)
        return run;
    const struct page_leaf *leaf = NULL;
    for (; run < most; run++) {
        uint64_t at = index + run;
        if (!leaf || (at & MASK) == 0) {
            if (!fits(tree, at) || !(leaf = find_leaf(tree, at)))
                break;
        }
        if (leaf->pages[at & MASK] != first + run)
            break;
    }
    return run;
}

/* One more level on top. */
static bool grow(struct page_tree *tree)
{
    if (tree->height == 0) {
        struct page_leaf *leaf = calloc(1, sizeof(*leaf));
        if (!leaf)
            return false;
        if (tree->single) {
            leaf->pages[0] = tree->single;
            leaf->used = 1;
            tree->single = 0;
        }
        tree->root = leaf;
    } else {
        struct page_branch *branch = calloc(1, sizeof(*branch));
        if (!branch)
            return false;
        branch->children[0] = tree->root;
        branch->used = 1;
        tree->root = branch;
    }
    tree->height++;
    return true;
}

bool page_tree_set(struct page_tree *tree, uint64_t index, page_t page)
{
    while (!fits(tree, index))
        if (!grow(tree))
            return false;
    if (tree->height == 0) {
        tree->single = page;
        tree->count++;
        return true;
    }
    /* A branch made on a way that then fails stays empty; that is harmless: `used` counts it. */
    void *node = tree->root;
    for (uint32_t level = tree->height - 1; level > 0; level--) {
        struct page_branch *branch = node;
        void **child = &branch->children[index >> (level * SHIFT) & MASK];
        if (!*child) {
            *child = calloc(1, level == 1 ? sizeof(struct page_leaf) : sizeof(struct page_branch));
            if (!*child)
                return false;
            branch->used++;
        }
        node = *child;
    }
    struct page_leaf *leaf = node;
    leaf->pages[index & MASK] = page;
    leaf->used++;
    tree->count++;
    return true;
}

static void free_branches(void *node, uint32_t height)
{
    if (node && height > 1)
        for (unsigned i = 0; i < PAGE_TREE_FAN; i++)
            free_branches(((struct page_branch *)node)->children[i], height - 1);
    free(node);
}

page_t page_tree_take(struct page_tree *tree, uint64_t index)
{
    if (!fits(tree, index))
        return 0;
    if (tree->height == 0) {
        page_t page = tree->single;
        tree->single = 0;
        tree->count -= page != 0;
        return page;
    }
    void *way[12];
    void *node = tree->root;
    for (uint32_t level = tree->height - 1; level > 0; level--) {
        way[level] = node;
        node = ((struct page_branch *)node)->children[index >> (level * SHIFT) & MASK];
        if (!node)
            return 0;
    }
    struct page_leaf *leaf = node;
    page_t page = leaf->pages[index & MASK];
    if (!page)
        return 0;
    leaf->pages[index & MASK] = 0;
    leaf->used--;
    tree->count--;
    if (tree->count == 0) {
        free_branches(tree->root, tree->height);
        *tree = (struct page_tree){0};
        return page;
    }
    bool empty = leaf->used == 0;
    for (uint32_t level = 1; level < tree->height && empty; level++) {
        struct page_branch *branch = way[level];
        free(node);
        branch->children[index >> (level * SHIFT) & MASK] = NULL;
        branch->used--;
        empty = branch->used == 0;
        node = branch;
    }
    return page;
}

static page_t next_below(const void *node, uint32_t height, uint64_t *index)
{
    /* *index is relative to this subtree; on success it is where the page stands. */
    uint32_t shift = (height - 1) * SHIFT;
    uint64_t slot = *index >> shift;
    if (height == 1) {
        const struct page_leaf *leaf = node;
        for (; slot < PAGE_TREE_FAN; slot++)
            if (leaf->pages[slot]) {
                *index = slot;
                return leaf->pages[slot];
            }
        return 0;
    }
    const struct page_branch *branch = node;
    uint64_t rest = *index & ((1ull << shift) - 1);
    for (; slot < PAGE_TREE_FAN; slot++, rest = 0) {
        if (!branch->children[slot])
            continue;
        uint64_t below = rest;
        page_t page = next_below(branch->children[slot], height - 1, &below);
        if (page) {
            *index = slot << shift | below;
            return page;
        }
    }
    return 0;
}

page_t page_tree_next(const struct page_tree *tree, uint64_t *index)
{
    if (!fits(tree, *index))
        return 0;
    if (tree->height == 0)
        return tree->single;
    return next_below(tree->root, tree->height, index);
}

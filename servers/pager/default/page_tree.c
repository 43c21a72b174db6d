#include "page_tree.h"

#include <stdlib.h>
#include <string.h>

#define BITS 6
#define FAN 64

struct page_node {
    uint64_t present;
    union {
        uint32_t frames[FAN];
        struct page_node *children[FAN];
    };
};

/* Leaves hold 32-bit numbers: half the size. */
#define LEAF_BYTES (offsetof(struct page_node, frames) + FAN * sizeof(uint32_t))

static struct page_node *new_node(bool leaf)
{
    return calloc(1, leaf ? LEAF_BYTES : sizeof(struct page_node));
}

static unsigned slot(uint64_t page, unsigned level)
{
    return (unsigned)(page >> (level * BITS)) & (FAN - 1);
}

static bool in_reach(const struct page_tree *tree, uint64_t page)
{
    return tree->height * BITS >= 64 || !(page >> (tree->height * BITS));
}

static const struct page_node *find_leaf(struct page_tree *tree, uint64_t page)
{
    if (tree->recent && tree->recent_number == page >> BITS)
        return tree->recent;
    if (!tree->height || !in_reach(tree, page))
        return NULL;
    struct page_node *node = tree->root;
    for (unsigned level = tree->height - 1; level > 0; level--) {
        node = node->children[slot(page, level)];
        if (!node)
            return NULL;
    }
    tree->recent = node;
    tree->recent_number = page >> BITS;
    return node;
}

uint32_t page_tree_get(struct page_tree *tree, uint64_t page)
{
    const struct page_node *leaf = find_leaf(tree, page);
    return leaf ? leaf->frames[slot(page, 0)] : 0;
}

/* Zero bits of `bits` from the page's on. */
static uint64_t clear_from(uint64_t bits, uint64_t page, uint64_t most)
{
    unsigned i = slot(page, 0);
    uint64_t rest = bits >> i, count = rest ? (uint64_t)__builtin_ctzll(rest) : FAN - i;
    return count < most ? count : most;
}

uint64_t page_tree_gap(struct page_tree *tree, uint64_t page, uint64_t most)
{
    const struct page_node *leaf = find_leaf(tree, page);
    return clear_from(leaf ? leaf->present : 0, page, most);
}

uint64_t page_tree_row(struct page_tree *tree, uint64_t page, uint64_t most)
{
    const struct page_node *leaf = find_leaf(tree, page);
    uint64_t count = clear_from(leaf ? ~leaf->present : ~0ull, page, most);
    return leaf ? count : 0;
}

uint64_t page_tree_run(struct page_tree *tree, uint64_t page, uint64_t most, uint32_t *first)
{
    uint64_t row = page_tree_row(tree, page, most), count = 1;
    if (!row)
        return 0;
    const uint32_t *frames = &find_leaf(tree, page)->frames[slot(page, 0)];
    *first = frames[0];
    while (count < row && frames[count] == frames[0] + count)
        count++;
    return count;
}

static jn_status_t grow(struct page_tree *tree, uint64_t page)
{
    if (!tree->height) {
        tree->root = new_node(true);
        if (!tree->root)
            return JN_NO_MEMORY;
        tree->height = 1;
    }
    while (!in_reach(tree, page)) {
        struct page_node *top = new_node(false);
        if (!top)
            return JN_NO_MEMORY;
        top->children[0] = tree->root;
        top->present = 1;
        tree->root = top;
        tree->height++;
    }
    return JN_OK;
}

/* The leaf of the page, made if it is not there. */
static jn_status_t make_leaf(struct page_tree *tree, uint64_t page, struct page_node **leaf)
{
    if (tree->recent && tree->recent_number == page >> BITS) {
        *leaf = tree->recent;
        return JN_OK;
    }
    jn_status_t status = grow(tree, page);
    if (status != JN_OK)
        return status;
    struct page_node *node = tree->root;
    for (unsigned level = tree->height - 1; level > 0; level--) {
        unsigned i = slot(page, level);
        if (!node->children[i]) {
            node->children[i] = new_node(level == 1);
            if (!node->children[i])
                return JN_NO_MEMORY; /* empty nodes above are found again, or freed at the end */
            node->present |= 1ull << i;
        }
        node = node->children[i];
    }
    *leaf = node;
    return JN_OK;
}

jn_status_t page_tree_set(struct page_tree *tree, uint64_t page, uint32_t frame)
{
    struct page_node *leaf;
    jn_status_t status = make_leaf(tree, page, &leaf);
    if (status != JN_OK)
        return status;
    unsigned i = slot(page, 0);
    if (!leaf->frames[i])
        tree->count++;
    leaf->frames[i] = frame;
    leaf->present |= 1ull << i;
    return JN_OK;
}

jn_status_t page_tree_set_run(struct page_tree *tree, uint64_t page, uint32_t first,
                              uint64_t count)
{
    struct page_node *leaf;
    jn_status_t status = make_leaf(tree, page, &leaf);
    if (status != JN_OK)
        return status;
    unsigned i = slot(page, 0);
    for (uint64_t n = 0; n < count; n++)
        leaf->frames[i + n] = first + (uint32_t)n;
    leaf->present |= (count < FAN ? (1ull << count) - 1 : ~0ull) << i;
    tree->count += count;
    return JN_OK;
}

/* Takes pages of one leaf out, all of which are present. */
static void remove_row(struct page_tree *tree, uint64_t page, uint64_t count)
{
    struct page_node *path[64 / BITS + 1];
    struct page_node *node = tree->root;
    for (unsigned level = tree->height - 1; level > 0; level--) {
        path[level] = node;
        node = node->children[slot(page, level)];
    }
    unsigned i = slot(page, 0);
    memset(&node->frames[i], 0, count * sizeof node->frames[0]);
    node->present &= ~((count < FAN ? (1ull << count) - 1 : ~0ull) << i);
    tree->count -= count;
    /* Empty nodes go, from the leaf upward. */
    for (unsigned level = 0; !node->present; level++) {
        if (level == 0)
            tree->recent = NULL;
        free(node);
        if (level == tree->height - 1) {
            tree->root = NULL;
            tree->height = 0;
            break;
        }
        node = path[level + 1];
        i = slot(page, level + 1);
        node->children[i] = NULL;
        node->present &= ~(1ull << i);
    }
}

uint32_t page_tree_remove(struct page_tree *tree, uint64_t page)
{
    uint32_t frame = page_tree_get(tree, page);
    if (frame)
        remove_row(tree, page, 1);
    return frame;
}

uint64_t page_tree_cut(struct page_tree *tree, uint64_t page, uint64_t most, uint32_t *first)
{
    uint64_t count = page_tree_run(tree, page, most, first);
    if (count)
        remove_row(tree, page, count);
    return count;
}

static bool next_in(const struct page_node *node, unsigned level, uint64_t from, uint64_t base,
                    uint64_t *page, uint32_t *frame)
{
    uint64_t span = 1ull << (level * BITS);
    unsigned first = from > base ? (unsigned)((from - base) / span) : 0;
    if (first >= FAN)
        return false;
    for (uint64_t bits = node->present >> first << first; bits; bits &= bits - 1) {
        unsigned i = (unsigned)__builtin_ctzll(bits);
        if (level == 0) {
            *page = base + i;
            *frame = node->frames[i];
            return true;
        }
        if (next_in(node->children[i], level - 1, from, base + i * span, page, frame))
            return true;
    }
    return false;
}

bool page_tree_next(const struct page_tree *tree, uint64_t from, uint64_t *page, uint32_t *frame)
{
    if (!tree->height || !in_reach(tree, from))
        return false;
    return next_in(tree->root, tree->height - 1, from, 0, page, frame);
}

static void visit_leaf(const struct page_node *leaf, void (*visit)(void *, uint32_t), void *context)
{
    for (uint64_t bits = leaf->present; bits; bits &= bits - 1)
        visit(context, leaf->frames[__builtin_ctzll(bits)]);
}

static void free_node(struct page_node *node, unsigned level, void (*visit)(void *, uint32_t),
                      void *context)
{
    if (level == 0 && visit)
        visit_leaf(node, visit, context);
    for (uint64_t bits = level ? node->present : 0; bits; bits &= bits - 1)
        free_node(node->children[__builtin_ctzll(bits)], level - 1, visit, context);
    free(node);
}

void page_tree_free(struct page_tree *tree, void (*visit)(void *context, uint32_t frame),
                    void *context)
{
    if (tree->height)
        free_node(tree->root, tree->height - 1, visit, context);
    *tree = (struct page_tree){0};
}

struct copying {
    struct page_tree *copy;
    void (*visit)(void *, uint32_t);
    void *context;
};

/* What could be copied hangs below *to also on failure. */
static bool copy_node(const struct page_node *from, unsigned level, struct copying *copying,
                      struct page_node **to)
{
    struct page_node *node = new_node(level == 0);
    if (!node)
        return false;
    *to = node;
    if (level == 0) {
        node->present = from->present;
        for (uint64_t bits = from->present; bits; bits &= bits - 1) {
            unsigned i = (unsigned)__builtin_ctzll(bits);
            node->frames[i] = from->frames[i];
            copying->copy->count++;
        }
        visit_leaf(node, copying->visit, copying->context);
        return true;
    }
    for (uint64_t bits = from->present; bits; bits &= bits - 1) {
        unsigned i = (unsigned)__builtin_ctzll(bits);
        bool all = copy_node(from->children[i], level - 1, copying, &node->children[i]);
        if (node->children[i])
            node->present |= 1ull << i;
        if (!all)
            return false;
    }
    return true;
}

bool page_tree_copy(const struct page_tree *tree, struct page_tree *copy,
                    void (*visit)(void *context, uint32_t frame), void *context)
{
    struct copying copying = {copy, visit, context};
    if (!tree->height)
        return true;
    bool all = copy_node(tree->root, tree->height - 1, &copying, &copy->root);
    if (copy->root)
        copy->height = tree->height;
    return all;
}

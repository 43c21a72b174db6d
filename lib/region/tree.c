/* Treap of regions; see tree.h. Recursion is as deep as the tree: expected 2 ln n, and the random
 * priorities are not the program's to choose. */
#include "tree.h"

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void summarise(struct region *node)
{
    struct region *left = node->left, *right = node->right;
    node->lowest = left ? left->lowest : node->start;
    node->highest = right ? right->highest : region_end(node);
    node->gap = 0;
    if (left)
        node->gap = larger(left->gap, node->start - left->highest);
    if (right)
        node->gap = larger(node->gap, larger(right->gap, right->lowest - region_end(node)));
}

/* Splits by start: *below gets all that start before `start`. */
static void split(struct region *node, uint64_t start, struct region **below, struct region **above)
{
    if (!node) {
        *below = *above = NULL;
        return;
    }
    if (node->start < start) {
        split(node->right, start, &node->right, above);
        *below = node;
    } else {
        split(node->left, start, below, &node->left);
        *above = node;
    }
    summarise(node);
}

static struct region *join(struct region *below, struct region *above)
{
    if (!below || !above)
        return below ? below : above;
    struct region *top;
    if (below->priority > above->priority) {
        below->right = join(below->right, above);
        top = below;
    } else {
        above->left = join(below, above->left);
        top = above;
    }
    summarise(top);
    return top;
}

void tree_insert(struct region **root, struct region *region)
{
    struct region *node = *root;
    if (!node || node->priority < region->priority) {
        split(node, region->start, &region->left, &region->right);
        *root = region;
    } else {
        tree_insert(region->start < node->start ? &node->left : &node->right, region);
    }
    summarise(*root);
}

void tree_remove(struct region **root, struct region *region)
{
    struct region *node = *root;
    if (node == region) {
        *root = join(node->left, node->right);
        node->left = node->right = NULL;
        return;
    }
    tree_remove(region->start < node->start ? &node->left : &node->right, region);
    summarise(node);
}

void tree_update(struct region *root, const struct region *region)
{
    if (root != region)
        tree_update(region->start < root->start ? root->left : root->right, region);
    summarise(root);
}

struct region *tree_find(struct region *root, uint64_t address)
{
    while (root) {
        if (address < root->start)
            root = root->left;
        else if (address - root->start >= root->length)
            root = root->right;
        else
            return root;
    }
    return NULL;
}

struct region *tree_next(struct region *root, uint64_t address)
{
    struct region *best = NULL;
    while (root) {
        if (region_end(root) > address) {
            best = root;
            root = root->left;
        } else {
            root = root->right;
        }
    }
    return best;
}

struct region *tree_before(struct region *root, uint64_t address)
{
    struct region *best = NULL;
    while (root) {
        if (root->start < address) {
            best = root;
            root = root->right;
        } else {
            root = root->left;
        }
    }
    return best;
}

struct wish {
    uint64_t length, alignment, low, high;
    bool top;
};

/* Does the hole [from, to) have room? */
static bool fits(const struct wish *wish, uint64_t from, uint64_t to, uint64_t *address)
{
    from = larger(from, wish->low);
    if (to > wish->high)
        to = wish->high;
    if (from >= to || to - from < wish->length)
        return false;
    uint64_t mask = wish->alignment - 1;
    uint64_t at;
    if (wish->top) {
        at = (to - wish->length) & ~mask;
        if (at < from)
            return false;
    } else {
        if (from > UINT64_MAX - mask)
            return false;
        at = (from + mask) & ~mask;
        if (at >= to || to - at < wish->length)
            return false;
    }
    *address = at;
    return true;
}

/* Searches the subtree, whose neighbours leave [from, to) to it. */
static bool search(const struct region *node, const struct wish *wish, uint64_t from, uint64_t to,
                   uint64_t *address)
{
    if (!node)
        return fits(wish, from, to, address);
    if (to <= wish->low || from >= wish->high)
        return false;
    uint64_t best = larger(node->gap, larger(node->lowest - from, to - node->highest));
    if (best < wish->length)
        return false;
    if (wish->top)
        return search(node->right, wish, region_end(node), to, address) ||
               search(node->left, wish, from, node->start, address);
    return search(node->left, wish, from, node->start, address) ||
           search(node->right, wish, region_end(node), to, address);
}

bool tree_find_gap(struct region *root, uint64_t length, uint64_t alignment, uint64_t low,
                   uint64_t high, bool top, uint64_t *address)
{
    struct wish wish = {length, alignment, low, high, top};
    return search(root, &wish, 0, UINT64_MAX, address);
}

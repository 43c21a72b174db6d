/* Nodes. */
#include <stdlib.h>
#include <string.h>

#include "name.h"

#define COMPONENT_MAX 64

bool name_path_ok(const char *path, size_t length)
{
    size_t part = 0;
    if (length > NAME_PATH_MAX)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (path[i] == '/') {
            if (!part)
                return false;
            part = 0;
        } else if (!path[i] || ++part > COMPONENT_MAX) {
            return false;
        }
    }
    return !length || part;
}

static int compare(const struct node *node, const char *name, size_t length)
{
    size_t common = node->name_length < length ? node->name_length : length;
    int order = memcmp(node->name, name, common);
    return order ? order : (node->name_length > length) - (node->name_length < length);
}

/* The place of the name among the children; *found: it is there. */
static uint32_t place_of(const struct node *node, const char *name, size_t length, bool *found)
{
    uint32_t low = 0, high = node->child_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = compare(node->children[middle], name, length);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *found = false;
    return low;
}

struct node *node_new_root(void)
{
    return calloc(1, sizeof(struct node));
}

static struct node *add_child(struct node *parent, uint32_t place, const char *name, size_t length)
{
    if (parent->child_count == parent->child_capacity) {
        uint32_t capacity = parent->child_capacity ? parent->child_capacity * 2 : 4;
        struct node **children = realloc(parent->children, capacity * sizeof *children);
        if (!children)
            return NULL;
        parent->children = children;
        parent->child_capacity = capacity;
    }
    struct node *node = calloc(1, sizeof *node);
    if (!node)
        return NULL;
    node->name = malloc(length);
    if (!node->name) {
        free(node);
        return NULL;
    }
    memcpy(node->name, name, length);
    node->name_length = (uint32_t)length;
    node->parent = parent;
    memmove(&parent->children[place + 1], &parent->children[place],
            (parent->child_count - place) * sizeof *parent->children);
    parent->children[place] = node;
    parent->child_count++;
    return node;
}

struct node *node_walk(struct node *root, const char *path, size_t length, bool make)
{
    struct node *node = root;
    while (node && length) {
        const char *slash = memchr(path, '/', length);
        size_t part = slash ? (size_t)(slash - path) : length;
        bool found;
        uint32_t place = place_of(node, path, part, &found);
        struct node *child = found ? node->children[place] : NULL;
        if (!child && make) {
            child = add_child(node, place, path, part);
            if (!child)
                node_prune(node);
        }
        node = child;
        path += slash ? part + 1 : part;
        length -= slash ? part + 1 : part;
    }
    return node;
}

static bool is_needed(const struct node *node)
{
    return !node->parent || node->object != JN_CAP_NULL || node->child_count || node->waiters ||
           node->subscribers || node->views || node->expected || node->has_expected;
}

void node_prune(struct node *node)
{
    while (!is_needed(node)) {
        struct node *parent = node->parent;
        bool found;
        uint32_t place = place_of(parent, node->name, node->name_length, &found);
        parent->child_count--;
        memmove(&parent->children[place], &parent->children[place + 1],
                (parent->child_count - place) * sizeof *parent->children);
        free(node->children);
        free(node->name);
        free(node);
        node = parent;
    }
}

void node_free_tree(struct node *root)
{
    for (uint32_t i = 0; i < root->child_count; i++)
        node_free_tree(root->children[i]);
    if (root->object != JN_CAP_NULL)
        name_hooks->drop(root->object);
    free(root->children);
    free(root->name);
    free(root);
}

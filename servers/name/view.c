/* Views: which part of the tree a task sees. */
#include <stdlib.h>
#include <string.h>

#include "janus/idl/name.h"
#include "name.h"

static struct view *new_view(struct node *root, uint32_t flags)
{
    struct view *view = calloc(1, sizeof *view);
    if (!view)
        return NULL;
    view->root = root;
    view->flags = flags;
    root->views++;
    return view;
}

struct view *view_create_root(void)
{
    struct node *root = node_new_root();
    return root ? new_view(root, 0) : NULL;
}

struct view *view_create(struct view *parent, const char *path, size_t length, uint32_t flags)
{
    struct node *root = node_walk(parent->root, path, length, true);
    if (!root)
        return NULL;
    struct view *view = new_view(root, flags | (parent->flags & NAME_READ_ONLY));
    if (!view)
        node_prune(root);
    return view;
}

void view_destroy(struct view *view)
{
    waiter_drop_view(view);
    while (view->owned)
        name_vanish(view->owned);
    for (uint32_t i = 0; i < view->allowed_count; i++)
        free(view->allowed[i].path);
    free(view->allowed);
    if (view->overrides)
        node_free_tree(view->overrides);
    view->root->views--;
    node_prune(view->root);
    free(view);
}

jn_status_t view_allow(struct view *view, const char *path, size_t length, uint32_t flags)
{
    if (!(view->flags & NAME_RESTRICTED))
        return JN_BAD_ARG;
    struct allowed *allowed = realloc(view->allowed, (view->allowed_count + 1) * sizeof *allowed);
    if (!allowed)
        return JN_NO_MEMORY;
    view->allowed = allowed;
    char *copy = malloc(length + 1);
    if (!copy)
        return JN_NO_MEMORY;
    memcpy(copy, path, length);
    allowed[view->allowed_count++] = (struct allowed){copy, (uint32_t)length, flags};
    return JN_OK;
}

/* Is path at or below `top`? */
static bool below(const char *path, size_t length, const struct allowed *top)
{
    return length >= top->length && memcmp(path, top->path, top->length) == 0 &&
           (!top->length || length == top->length || path[top->length] == '/');
}

bool view_may(const struct view *view, const char *path, size_t length, bool publish)
{
    if (publish && view->flags & NAME_READ_ONLY)
        return false;
    if (!(view->flags & NAME_RESTRICTED))
        return true;
    for (uint32_t i = 0; i < view->allowed_count; i++)
        if (below(path, length, &view->allowed[i]) &&
            !(publish && view->allowed[i].flags & NAME_READ_ONLY))
            return true;
    return false;
}

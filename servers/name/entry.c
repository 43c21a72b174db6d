/* Publishing, finding, removing. */
#include <stdlib.h>
#include <string.h>

#include "janus/idl/name.h"
#include "name.h"

/* Tells those who watch the node or an ancestor of it. */
static void tell(struct node *node)
{
    for (; node; node = node->parent) {
        struct subscriber **link = &node->subscribers;
        while (*link) {
            struct subscriber *subscriber = *link;
            if (name_hooks->raise(subscriber->signal, subscriber->bits)) {
                link = &subscriber->next;
                continue;
            }
            *link = subscriber->next;
            name_hooks->drop(subscriber->signal);
            free(subscriber);
        }
    }
}

void name_vanish(struct node *node)
{
    name_hooks->drop(node->object);
    node->object = JN_CAP_NULL;
    node->owner = NULL;
    *node->owned_link = node->owned_next;
    if (node->owned_next)
        node->owned_next->owned_link = node->owned_link;
    tell(node);
    node_prune(node);
}

/* The living object of a node. An object that was destroyed takes its name with it. */
static cap_t object_of(struct node *node)
{
    if (!node || node->object == JN_CAP_NULL)
        return JN_CAP_NULL;
    if (name_hooks->alive(node->object))
        return node->object;
    name_vanish(node);
    return JN_CAP_NULL;
}

/* Will nothing appear at this path in this boot? */
static bool is_left_out(const struct view *view, const char *path, size_t length)
{
    const struct node *node = view->root;
    while (length) {
        const char *slash = memchr(path, '/', length);
        size_t part = slash ? (size_t)(slash - path) : length;
        const struct node *child = node_walk((struct node *)node, path, part, false);
        if (node->has_expected && (!child || (!child->expected && !child->has_expected &&
                                              !child->child_count)))
            return true;
        if (!child)
            return false;
        node = child;
        path += slash ? part + 1 : part;
        length -= slash ? part + 1 : part;
    }
    return false;
}

jn_status_t name_find(struct view *view, const char *path, size_t length, cap_t *object)
{
    if (view->overrides) {
        *object = object_of(node_walk(view->overrides, path, length, false));
        if (*object != JN_CAP_NULL)
            return JN_OK;
    }
    if (!view_may(view, path, length, false))
        return JN_NOT_PERMITTED;
    *object = object_of(node_walk(view->root, path, length, false));
    if (*object != JN_CAP_NULL)
        return JN_OK;
    return is_left_out(view, path, length) ? JN_NO_SERVICE : JN_NOT_FOUND;
}

static void set_object(struct node *node, struct view *view, cap_t object)
{
    node->object = object;
    node->owner = view;
    node->owned_next = view->owned;
    node->owned_link = &view->owned;
    if (node->owned_next)
        node->owned_next->owned_link = &node->owned_next;
    view->owned = node;
}

jn_status_t name_enter(struct view *view, const char *path, size_t length, cap_t object)
{
    jn_status_t status = JN_OK;
    struct node *node = NULL;
    if (!length)
        status = JN_BAD_ARG;
    else if (!view_may(view, path, length, true))
        status = JN_NOT_PERMITTED;
    else if (object_of(node_walk(view->root, path, length, false)) != JN_CAP_NULL)
        status = JN_EXISTS;
    else if (!(node = node_walk(view->root, path, length, true)))
        status = JN_NO_MEMORY;
    if (status != JN_OK) {
        name_hooks->drop(object);
        return status;
    }
    set_object(node, view, object);
    waiter_answer(node, NULL, JN_OK, object);
    tell(node);
    return JN_OK;
}

jn_status_t name_remove(struct view *view, const char *path, size_t length)
{
    struct node *node = node_walk(view->root, path, length, false);
    if (!view_may(view, path, length, true))
        return JN_NOT_PERMITTED;
    if (object_of(node) == JN_CAP_NULL)
        return JN_NOT_FOUND;
    /* Only whoever published it, or a view from which it looks like its own. */
    if (node->owner != view && view->root->parent)
        return JN_NOT_PERMITTED;
    name_vanish(node);
    return JN_OK;
}

/* Overrides own their capabilities through the tree, not through a view's list. */
jn_status_t name_shadow(struct view *view, const char *path, size_t length, cap_t object)
{
    if (!view->overrides)
        view->overrides = node_new_root();
    struct node *node = view->overrides && length
                            ? node_walk(view->overrides, path, length, true)
                            : NULL;
    if (!node) {
        name_hooks->drop(object);
        return length ? JN_NO_MEMORY : JN_BAD_ARG;
    }
    if (node->object != JN_CAP_NULL)
        name_vanish(node);
    node = node_walk(view->overrides, path, length, true);
    if (!node) {
        name_hooks->drop(object);
        return JN_NO_MEMORY;
    }
    set_object(node, view, object);
    struct node *waited = node_walk(view->root, path, length, false);
    if (waited)
        waiter_answer(waited, view, JN_OK, object);
    return JN_OK;
}

jn_status_t name_promise(struct view *view, const char *path, size_t length, bool expected)
{
    if (!length)
        return JN_BAD_ARG;
    if (!view_may(view, path, length, true))
        return JN_NOT_PERMITTED;
    struct node *node = node_walk(view->root, path, length, true);
    if (!node)
        return JN_NO_MEMORY;
    node->expected = expected;
    node->parent->has_expected = true;
    if (!expected && node->object == JN_CAP_NULL) {
        waiter_answer(node, NULL, JN_NO_SERVICE, JN_CAP_NULL);
        node_prune(node);
    }
    return JN_OK;
}

jn_status_t name_watch(struct view *view, const char *path, size_t length, cap_t signal,
                       uint64_t bits)
{
    jn_status_t status = JN_NO_MEMORY;
    struct subscriber *subscriber = calloc(1, sizeof *subscriber);
    struct node *node = NULL;
    if (!view_may(view, path, length, false))
        status = JN_NOT_PERMITTED;
    else if (subscriber)
        node = node_walk(view->root, path, length, true);
    if (!node) {
        free(subscriber);
        name_hooks->drop(signal);
        return status;
    }
    *subscriber = (struct subscriber){node->subscribers, signal, bits};
    node->subscribers = subscriber;
    return JN_OK;
}

static uint32_t kind_of(const struct node *node)
{
    return (node->object != JN_CAP_NULL ? NAME_IS_OBJECT : 0) |
           (node->child_count ? NAME_IS_DIRECTORY : 0);
}

/* Is the child, or something below it, in the view? */
static bool visible(const struct view *view, const char *path, size_t length,
                    const struct node *child)
{
    char whole[2 * NAME_PATH_MAX];
    if (!(view->flags & NAME_RESTRICTED))
        return true;
    size_t size = length;
    memcpy(whole, path, length);
    if (length)
        whole[size++] = '/';
    memcpy(whole + size, child->name, child->name_length);
    size += child->name_length;
    if (view_may(view, whole, size, false))
        return true;
    for (uint32_t i = 0; i < view->allowed_count; i++)
        if (view->allowed[i].length > size && view->allowed[i].path[size] == '/' &&
            memcmp(view->allowed[i].path, whole, size) == 0)
            return true;
    return false;
}

jn_status_t name_entry_after(struct view *view, const char *path, size_t length,
                             const char *after, size_t after_length, const char **name,
                             size_t *name_length, uint32_t *kind)
{
    struct node *node = node_walk(view->root, path, length, false);
    if (!node)
        return JN_NOT_FOUND;
    for (uint32_t i = 0; i < node->child_count; i++) {
        struct node *child = node->children[i];
        size_t common = child->name_length < after_length ? child->name_length : after_length;
        int order = memcmp(child->name, after, common);
        if (order < 0 || (order == 0 && child->name_length <= after_length))
            continue;
        if (!kind_of(child) || !visible(view, path, length, child))
            continue;
        *name = child->name;
        *name_length = child->name_length;
        *kind = kind_of(child);
        return JN_OK;
    }
    return JN_NOT_FOUND;
}

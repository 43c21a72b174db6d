/* Lookups that wait. */
#include <stdlib.h>

#include "name.h"

static struct waiter *by_time;

static void link_by_time(struct waiter *waiter)
{
    struct waiter **link = &by_time;
    while (*link && (*link)->deadline <= waiter->deadline)
        link = &(*link)->time_next;
    waiter->time_next = *link;
    waiter->time_link = link;
    if (*link)
        (*link)->time_link = &waiter->time_next;
    *link = waiter;
}

/* Without a deadline: behind all others. */
jn_status_t waiter_add(struct view *view, const char *path, size_t length, cap_t reply,
                       uint64_t deadline)
{
    struct waiter *waiter = calloc(1, sizeof *waiter);
    struct node *node = waiter ? node_walk(view->root, path, length, true) : NULL;
    if (!node) {
        free(waiter);
        return JN_NO_MEMORY;
    }
    waiter->node = node;
    waiter->view = view;
    waiter->reply = reply;
    waiter->deadline = deadline ? deadline : UINT64_MAX;
    waiter->next = node->waiters;
    waiter->link = &node->waiters;
    if (waiter->next)
        waiter->next->link = &waiter->next;
    node->waiters = waiter;
    link_by_time(waiter);
    return JN_OK;
}

static void unlink_waiter(struct waiter *waiter)
{
    *waiter->link = waiter->next;
    if (waiter->next)
        waiter->next->link = waiter->link;
    *waiter->time_link = waiter->time_next;
    if (waiter->time_next)
        waiter->time_next->time_link = waiter->time_link;
}

void waiter_remove(struct waiter *waiter)
{
    struct node *node = waiter->node;
    unlink_waiter(waiter);
    free(waiter);
    node_prune(node);
}

/* The caller prunes the node, or keeps it. */
void waiter_answer(struct node *node, const struct view *view, jn_status_t status, cap_t object)
{
    struct waiter *next;
    for (struct waiter *waiter = node->waiters; waiter; waiter = next) {
        next = waiter->next;
        if (view && waiter->view != view)
            continue;
        unlink_waiter(waiter);
        name_hooks->answer(waiter->reply, status, object);
        free(waiter);
    }
}

struct waiter *waiter_find(cap_t reply)
{
    struct waiter *waiter = by_time;
    while (waiter && waiter->reply != reply)
        waiter = waiter->time_next;
    return waiter;
}

uint64_t waiter_next_deadline(void)
{
    return by_time && by_time->deadline != UINT64_MAX ? by_time->deadline : 0;
}

void waiter_expire(uint64_t now)
{
    while (by_time && by_time->deadline <= now) {
        name_hooks->answer(by_time->reply, JN_TIMEOUT, JN_CAP_NULL);
        waiter_remove(by_time);
    }
}

void waiter_drop_view(const struct view *view)
{
    struct waiter *next;
    for (struct waiter *waiter = by_time; waiter; waiter = next) {
        next = waiter->time_next;
        if (waiter->view != view)
            continue;
        name_hooks->answer(waiter->reply, JN_DEAD, JN_CAP_NULL);
        waiter_remove(waiter);
    }
}

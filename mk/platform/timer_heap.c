#include "platform/timer_heap.h"

/* Both are roots; the later one becomes the first child of the other. */
static struct timer *meld(struct timer *a, struct timer *b)
{
    if (!a || !b)
        return a ? a : b;
    if (b->deadline < a->deadline) {
        struct timer *swap = a;
        a = b;
        b = swap;
    }
    b->previous = a;
    b->next = a->child;
    if (b->next)
        b->next->previous = b;
    a->child = b;
    return a;
}

/* Two passes over the siblings: pairs from the left, then all together from the right. */
static struct timer *meld_siblings(struct timer *first)
{
    struct timer *pairs = NULL, *root = NULL;

    while (first) {
        struct timer *a = first, *b = a->next;

        first = b ? b->next : NULL;
        a->next = a->previous = NULL;
        if (b)
            b->next = b->previous = NULL;
        a = meld(a, b);
        a->next = pairs;
        pairs = a;
    }
    while (pairs) {
        struct timer *next = pairs->next;

        pairs->next = NULL;
        root = meld(root, pairs);
        pairs = next;
    }
    return root;
}

struct timer *timer_heap_insert(struct timer *root, struct timer *timer)
{
    timer->child = timer->next = timer->previous = NULL;
    return meld(root, timer);
}

struct timer *timer_heap_remove(struct timer *root, struct timer *timer)
{
    struct timer *rest = meld_siblings(timer->child);

    timer->child = NULL;
    if (timer == root)
        return rest;
    if (timer->previous->child == timer)
        timer->previous->child = timer->next;
    else
        timer->previous->next = timer->next;
    if (timer->next)
        timer->next->previous = timer->previous;
    timer->next = timer->previous = NULL;
    return meld(root, rest);
}

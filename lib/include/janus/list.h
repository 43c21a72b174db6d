/* A doubly linked ring; an element that is in no list points at itself. */
#ifndef JANUS_LIST_H
#define JANUS_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next, *previous;
};

#define list_entry(link, type, member) ((type *)((char *)(link) - offsetof(type, member)))
#define list_for_each(at, head) for (struct list *at = (head)->next; at != (head); at = at->next)
/* `at` may be removed in the body. */
#define list_for_each_safe(at, head)                                                              \
    for (struct list *at = (head)->next, *at##_next = at->next; at != (head);                     \
         at = at##_next, at##_next = at->next)

static inline void list_init(struct list *list)
{
    list->next = list->previous = list;
}

static inline bool list_empty(const struct list *list)
{
    return list->next == list;
}

static inline void list_append(struct list *head, struct list *element)
{
    element->previous = head->previous;
    element->next = head;
    head->previous->next = element;
    head->previous = element;
}

static inline void list_remove(struct list *element)
{
    element->previous->next = element->next;
    element->next->previous = element->previous;
    list_init(element);
}

#endif

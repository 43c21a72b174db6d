/* Doubly linked circular lists with the links inside the elements. */
#ifndef POSIX_LIST_H
#define POSIX_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next, *previous;
};

static inline void list_init(struct list *list)
{
    list->next = list->previous = list;
}

static inline bool list_empty(const struct list *list)
{
    return list->next == list;
}

static inline void list_append(struct list *list, struct list *element)
{
    element->previous = list->previous;
    element->next = list;
    list->previous->next = element;
    list->previous = element;
}

/* The element points at itself afterwards, so that removing it again does nothing. */
static inline void list_remove(struct list *element)
{
    element->previous->next = element->next;
    element->next->previous = element->previous;
    list_init(element);
}

#define list_entry(element, type, member) \
    ((type *)(void *)((char *)(element)-offsetof(type, member)))
/* The body may remove `item`, but no other element. */
#define list_for_each(item, type, head, member)                                        \
    for (struct list *list_at = (head)->next, *list_after = list_at->next;            \
         list_at != (head) && ((item) = list_entry(list_at, type, member), 1);         \
         list_at = list_after, list_after = list_at->next)

#endif

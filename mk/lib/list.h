/* Circular doubly linked lists with a head, threaded through the members' own structs. */
#ifndef MK_LIB_LIST_H
#define MK_LIB_LIST_H

#include "lib/types.h"

struct list {
    struct list *next, *previous;
};

static inline void list_init(struct list *head)
{
    head->next = head->previous = head;
}

static inline bool list_empty(const struct list *head)
{
    return head->next == head;
}

static inline void list_insert(struct list *entry, struct list *before, struct list *after)
{
    entry->previous = before;
    entry->next = after;
    before->next = entry;
    after->previous = entry;
}

static inline void list_push(struct list *head, struct list *entry)
{
    list_insert(entry, head, head->next);
}

static inline void list_append(struct list *head, struct list *entry)
{
    list_insert(entry, head->previous, head);
}

/* The entry becomes an empty list, so that removing it again does nothing. */
static inline void list_remove(struct list *entry)
{
    entry->previous->next = entry->next;
    entry->next->previous = entry->previous;
    list_init(entry);
}

#define list_entry(link, type, member) container_of(link, type, member)

#endif

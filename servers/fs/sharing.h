/* What opens of one node have to do with each other: locks, Win32's share modes and deletion. Most
 * nodes have none of it. */
#ifndef FS_SHARING_H
#define FS_SHARING_H

#include "janus/types.h"
#include "janus/list.h"
#include "wait.h"

struct client;
struct description;
struct entry;
struct node;

struct node_sharing {
    struct list locks;            /* struct lock, see lock.c */
    struct wait_queue lock_waits;
    struct list leases;           /* of descriptions, lease.c */
    struct list opens;            /* descriptions with share modes */
    uint32_t mandatory;           /* locks with IO_LOCK_MANDATORY */
    uint32_t programs;            /* opens with FS_OPEN_PROGRAM: nobody may open it for writing */
    bool delete_pending;          /* removed when the last open with share modes closes */
    struct entry *delete_entry;   /* referenced; the name to remove */
};

/* NULL: no memory. */
struct node_sharing *sharing_of(struct node *node);
void sharing_destroy(struct node *node);

/* Checks an open against the others; enters it with sharing_enter when it is made.
 * SHARING, DELETE_PENDING. */
JN_CHECKED jn_status_t sharing_check(const struct node *node, uint32_t access, uint32_t share);
JN_CHECKED bool sharing_enter(struct description *description);
/* The description is of a program that runs (FS_OPEN_PROGRAM). */
JN_CHECKED bool sharing_enter_program(struct description *description);
bool sharing_is_program(const struct node *node);
/* The description goes: leaves the list; the name goes if deletion is pending and it was the last. */
void sharing_close(struct description *description);
JN_CHECKED jn_status_t sharing_set_delete(struct client *client, struct description *description,
                                          bool remove);

#endif

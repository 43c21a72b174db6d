/* The name space: a tree of nodes that may hold a capability each, and views of it.
 *
 * Nodes exist while something needs them: an object, children, waiters, subscribers, a view whose root
 * they are, or the promise that a name will come. The logic calls the world through name_hooks only, so
 * it also runs on the host. */
#ifndef NAME_NAME_H
#define NAME_NAME_H

#include "janus/types.h"

#define NAME_PATH_MAX 128

struct view;
struct node;

/* A lookup whose answer is held. */
struct waiter {
    struct waiter *next, **link;             /* at its node */
    struct waiter *time_next, **time_link;   /* all waiters with a deadline, earliest first */
    struct node *node;
    struct view *view;
    cap_t reply;
    uint64_t deadline; /* 0: none */
};

struct subscriber {
    struct subscriber *next;
    cap_t signal;
    uint64_t bits;
};

struct node {
    struct node *parent;
    struct node **children; /* sorted by name */
    uint32_t child_count, child_capacity;
    uint32_t name_length;
    char *name;
    cap_t object;                         /* JN_CAP_NULL: none */
    struct view *owner;                   /* who published it */
    struct node *owned_next, **owned_link; /* the others of that view */
    struct waiter *waiters;
    struct subscriber *subscribers;
    uint32_t views;    /* whose root it is */
    bool expected;     /* it will come */
    bool has_expected; /* a child was expected once: names are known here */
};

struct allowed {
    char *path;
    uint32_t length;
    uint32_t flags;
};

struct view {
    struct node *root;
    uint32_t flags; /* NAME_READ_ONLY, NAME_RESTRICTED */
    struct allowed *allowed;
    uint32_t allowed_count;
    struct node *overrides; /* a tree of its own, or NULL */
    struct node *owned;     /* what was published through it */
    uint64_t label;
};

struct name_hooks {
    bool (*alive)(cap_t object);
    void (*drop)(cap_t cap);
    /* Answers a held lookup; the object stays the name space's. */
    void (*answer)(cap_t reply, jn_status_t status, cap_t object);
    bool (*raise)(cap_t signal, uint64_t bits); /* false: the Signal is gone */
};
extern const struct name_hooks *name_hooks;

/* ---- tree.c ---- */

/* The node at a path below root. make: missing ones are made (NULL: no memory), else NULL if missing.
 * The path is normal (name_path_ok). */
struct node *node_walk(struct node *root, const char *path, size_t length, bool make);
struct node *node_new_root(void);
/* Frees the node and its ancestors as far as nothing needs them. */
void node_prune(struct node *node);
void node_free_tree(struct node *root);
/* Components of 1 to 64 bytes between single '/'; the empty path is the root. */
bool name_path_ok(const char *path, size_t length);

/* ---- view.c ---- */

/* A view of the subtree at `path` of parent's. NULL: no memory. */
struct view *view_create(struct view *parent, const char *path, size_t length, uint32_t flags);
struct view *view_create_root(void);
/* What it published goes too. */
void view_destroy(struct view *view);
JN_CHECKED jn_status_t view_allow(struct view *view, const char *path, size_t length,
                                  uint32_t flags);
bool view_may(const struct view *view, const char *path, size_t length, bool publish);

/* ---- entry.c: the operations ---- */

JN_CHECKED jn_status_t name_find(struct view *view, const char *path, size_t length, cap_t *object);
/* Takes over the capability, also on failure. */
JN_CHECKED jn_status_t name_enter(struct view *view, const char *path, size_t length, cap_t object);
JN_CHECKED jn_status_t name_remove(struct view *view, const char *path, size_t length);
JN_CHECKED jn_status_t name_shadow(struct view *view, const char *path, size_t length,
                                   cap_t object);
JN_CHECKED jn_status_t name_promise(struct view *view, const char *path, size_t length,
                                    bool expected);
JN_CHECKED jn_status_t name_watch(struct view *view, const char *path, size_t length, cap_t signal,
                                  uint64_t bits);
/* *name: the entry's name, valid until the next change. */
JN_CHECKED jn_status_t name_entry_after(struct view *view, const char *path, size_t length,
                                        const char *after, size_t after_length, const char **name,
                                        size_t *name_length, uint32_t *kind);
/* The object of a node goes: its name vanishes for all. */
void name_vanish(struct node *node);

/* ---- waiter.c ---- */

/* Holds a lookup that found nothing. NO_MEMORY. */
JN_CHECKED jn_status_t waiter_add(struct view *view, const char *path, size_t length, cap_t reply,
                                  uint64_t deadline);
/* Answers the waiters of a node; view NULL: of all views. */
void waiter_answer(struct node *node, const struct view *view, jn_status_t status, cap_t object);
/* The waiter with this Reply; NULL. */
struct waiter *waiter_find(cap_t reply);
/* Ends one without an answer. */
void waiter_remove(struct waiter *waiter);
uint64_t waiter_next_deadline(void);
void waiter_expire(uint64_t now);
void waiter_drop_view(const struct view *view);

#endif

/* Giving and taking names: what every creation, link, removal and rename has in common. */
#ifndef FS_NAME_H
#define FS_NAME_H

#include "janus/types.h"

struct client;
struct entry;
struct node;

/* Whether the client may add names to the directory. NOT_FOUND: the directory itself is removed. */
JN_CHECKED jn_status_t name_may_create(const struct client *client, const struct entry *directory);
/* Whether it may take this one away: permissions, sticky bit, mounts. */
JN_CHECKED jn_status_t name_may_remove(const struct client *client, const struct entry *entry);

/* Adds the name; counts and times of node and directory follow. *entry, referenced, may be NULL. */
JN_CHECKED jn_status_t name_add(struct entry *directory, const char *name, size_t length,
                                struct node *node, struct entry **entry);
/* Takes an attached entry away, with counts and times. Directories must be empty. */
void name_remove(struct entry *entry);

/* A new node with the client as its owner, for `directory` (whose set-group-id bit counts). NULL:
 * no space. */
struct node *name_make_node(const struct client *client, const struct entry *directory,
                            uint32_t mode);

#endif

/* Building the fixed parts of the tree at the start. */
#ifndef FS_TREE_H
#define FS_TREE_H

#include "node.h"

/* Makes a node at an absolute path whose parents exist; what stands there already stays, if it is of
 * the same type. target: of links. *entry, not referenced, may be NULL. */
JN_CHECKED jn_status_t tree_make(const char *path, uint32_t mode, uint64_t device_id,
                                 const char *target, struct entry **entry);

/* Makes the directory at `path` the root of another volume, whose entries `ops` makes up. */
JN_CHECKED jn_status_t tree_mount(const char *path, struct volume *volume,
                                  const struct node_ops *ops, struct entry **entry);

/* A node of a made-up tree, with one entry in front of it: referenced once. NULL: no memory. */
struct entry *tree_made(struct entry *parent, const char *name, size_t length,
                        struct volume *volume, uint32_t mode, const struct node_ops *ops,
                        uint64_t inode);

#endif

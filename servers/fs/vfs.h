/* Operations on names, between the protocol (operations/) and the tree. Paths are in the server's own
 * memory here. */
#ifndef FS_VFS_H
#define FS_VFS_H

#include "janus/types.h"

struct client;
struct description;
struct entry;
struct node;

/* A path and where it starts; `from` is a directory's description or NULL for the root. */
struct place {
    const struct description *from;
    const char *path;
    size_t length;
};

struct open_request {
    uint32_t lookup, flags, access, share, mode;
    uint64_t cookie;
};

struct open_result {
    struct description *description; /* one reference */
    uint32_t kind;   /* FS_SERVER_.. */
    uint64_t number; /* at that server, with REDIRECT */
    uint32_t created;
    uint32_t mode; /* of the node */
    uint64_t device_id;
};

/* The root of everything, made by vfs_init: an empty tmpfs with /proc, /sys and /dev in it once their
 * modules have run. */
extern struct entry *vfs_root;
JN_CHECKED jn_status_t vfs_init(uint64_t node_limit);

/* The entry a place leads to, referenced; an open without a name (FS_LOOKUP_EMPTY) gives *entry NULL
 * and its node. *node is referenced. descriptor: for REDIRECT; may be NULL. */
JN_CHECKED jn_status_t vfs_find(struct client *client, struct place place, uint32_t lookup,
                                struct entry **entry, struct node **node);

/* The same without FS_LOOKUP_EMPTY. *straight: no link and no ".." was on the way, so that the entry's parents
 * down from where the path begins are all that decides. */
JN_CHECKED jn_status_t vfs_find_straight(struct client *client, struct place place, uint32_t lookup,
                                         struct entry **entry, bool *straight);

JN_CHECKED jn_status_t vfs_open(struct client *client, struct place place,
                                const struct open_request *request, struct open_result *result);
JN_CHECKED jn_status_t vfs_make(struct client *client, struct place place, uint32_t lookup,
                                uint32_t mode, uint64_t device_id, const char *target,
                                size_t target_length);
/* The directory, with all below it, becomes a volume of its own that refuses changes (flags
 * FS_MOUNT_READ_ONLY). NOT_PERMITTED: a process asks. BUSY: it is one already. */
JN_CHECKED jn_status_t vfs_mount_again(struct client *client, struct place place, uint32_t flags);
JN_CHECKED jn_status_t vfs_link(struct client *client, struct place place, uint32_t lookup,
                                struct place new_place);
JN_CHECKED jn_status_t vfs_link_open(struct client *client, struct description *description,
                                     struct place new_place, uint32_t lookup);
JN_CHECKED jn_status_t vfs_remove(struct client *client, struct place place, uint32_t lookup,
                                  uint32_t kind);
JN_CHECKED jn_status_t vfs_rename(struct client *client, struct place place, struct place new_place,
                                  uint32_t lookup, uint32_t flags);
JN_CHECKED jn_status_t vfs_rename_open(struct client *client, struct description *description,
                                       struct place new_place, uint32_t lookup, uint32_t flags);

struct attribute_change {
    uint32_t mask, mode, uid, gid, attributes;
    int64_t access_ns, modify_ns, birth_ns;
};
JN_CHECKED jn_status_t vfs_set_attributes(struct client *client, struct node *node,
                                          const struct attribute_change *change);

/* The path from the client's root; NOT_FOUND: removed (with its path) or outside (length 0). buffer: PATH_LIMIT bytes; the path
 * stands at its end, *path points there. TOO long: NAME_TOO_LONG. */
JN_CHECKED jn_status_t vfs_path(const struct client *client, const struct entry *entry, char *buffer,
                                const char **path, size_t *length);

#endif

/* Trees that are made up from tables: /proc and /sys. A directory is a table of items; some also have
 * entries that are found otherwise (processes, descriptors). Nodes exist while they are looked at. */
#ifndef FS_MADE_H
#define FS_MADE_H

#include "node.h"
#include "text.h"

struct made_directory;

struct made_item {
    const char *name;
    uint32_t mode;
    /* By type of `mode`: */
    const struct made_directory *directory;
    jn_status_t (*text)(struct client *client, uint64_t tag, struct text *text);
    jn_status_t (*link)(struct client *client, uint64_t tag, char *target, size_t capacity,
                        size_t *length, uint64_t *descriptor);
    uint32_t number; /* for its inode */
};

struct made_directory {
    const struct made_item *items;
    size_t count;
    /* Entries beside the items. *item, *tag, and for `next` the name too (32 bytes). A found
     * number's item describes it. May be NULL. */
    jn_status_t (*find)(struct client *client, uint64_t tag, const char *name, size_t length,
                        const struct made_item **item, uint64_t *new_tag);
    bool (*next)(struct client *client, uint64_t tag, uint64_t *position, char *name,
                 const struct made_item **item, uint64_t *new_tag);
};

#define MADE_DIRECTORY(items) {(items), sizeof(items) / sizeof((items)[0]), NULL, NULL}

extern const struct node_ops made_operations;

/* Mounts a made tree. */
JN_CHECKED jn_status_t made_mount(const char *path, struct volume *volume,
                                  const struct made_item *root);
/* A decimal number without leading zeroes; false: it is none. */
bool made_number(const char *name, size_t length, uint64_t *number);
/* Copies a link's target. */
jn_status_t made_target(const char *text, size_t text_length, char *target, size_t capacity,
                        size_t *length);

/* Whose /proc/PID nodes these are: sets owner and times; does nothing for tag 0. */
void made_owner(struct node *node);

#endif

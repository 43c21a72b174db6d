/* Nodes: what a name leads to. A node lives while `references` (entries and descriptions) is not 0. */
#ifndef FS_NODE_H
#define FS_NODE_H

#include "directory.h"
#include "file.h"
#include "janus/types.h"
#include "mode.h"

struct client;
struct io_stat;
struct node;
struct node_sharing;
struct pipe;
struct text;

/* One mounted tree: its device number, statfs magic and counts. */
struct volume {
    uint64_t device;
    uint64_t magic;
    uint64_t next_inode;
    uint64_t nodes, node_limit; /* limit 0: none */
    const char *type;           /* the name in /proc/mounts */
    bool read_only;             /* its files, directories and links cannot be changed */
};

/* What a directory whose entries are made up on demand answers with. */
struct made_entry {
    const char *name; /* valid until the next call */
    size_t name_length;
    uint64_t inode;
    uint32_t mode;
    uint64_t next; /* the position after it */
};

/* Behaviour of nodes that are made up (/proc, /sys, /dev/pts). Any member may be NULL. */
struct node_ops {
    /* Finds a name in a directory: a new referenced entry. Static children are looked up before. */
    jn_status_t (*lookup)(struct client *client, struct entry *directory, const char *name,
                          size_t length, struct entry **found);
    /* The entry at `position` or the next after it (0 and up); false: no more. They come after the
     * names that stand in the directory's table. */
    bool (*enumerate)(struct client *client, struct node *directory, uint64_t position,
                      struct made_entry *entry);
    /* Target of a symbolic link. REDIRECT: *descriptor is the number of the own process's fd. */
    jn_status_t (*read_link)(struct client *client, struct node *link, char *target,
                             size_t capacity, size_t *length, uint64_t *descriptor);
    /* The whole text of a file. */
    jn_status_t (*generate)(struct client *client, struct node *file, struct text *text);
    /* Prepares stat: sizes and times that are made up. */
    void (*refresh)(struct client *client, struct node *node);
};

struct node {
    uint32_t references;
    uint32_t mode;
    uint32_t link_count;
    uint32_t uid, gid;
    uint32_t attributes;
    bool watched; /* somebody has kept what stat shows (watch.h) */
    uint64_t inode;
    uint64_t device_id;
    uint64_t size;
    int64_t access_ns, modify_ns, change_ns, birth_ns;
    struct volume *volume;
    const struct node_ops *ops;
    uint64_t tag;     /* the ops' own: which process, which number */
    const void *item; /* the ops' own: which file */
    struct node_sharing *sharing; /* locks, share modes; made when the first is needed */
    union {
        struct file file;
        struct directory directory;
        struct {
            const char *text; /* not terminated */
            bool owned;
        } link;
        struct pipe *pipe; /* NULL until the first open */
    };
};

static inline bool node_is(const struct node *node, uint32_t type)
{
    return (node->mode & MODE_TYPE) == type;
}

/* A new node of `mode` owned by nobody yet (references 0), link count 0, times now. NULL: no memory
 * or the volume's limit of nodes. */
struct node *node_create(struct volume *volume, uint32_t mode, uint32_t uid, uint32_t gid);
static inline struct node *node_get(struct node *node)
{
    node->references++;
    return node;
}
void node_free(struct node *node);
static inline void node_put(struct node *node)
{
    if (--node->references == 0)
        node_free(node);
}

/* Whether the node may not be changed by anybody: devices and FIFOs always can. */
static inline bool node_is_read_only(const struct node *node)
{
    return node->volume->read_only && (node_is(node, MODE_FILE) || node_is(node, MODE_DIRECTORY) ||
                                       node_is(node, MODE_LINK));
}
/* Whether the client may access the node: wanted is PERMIT_.. bits. ACCESS if not; READ_ONLY. */
JN_CHECKED jn_status_t node_permit(const struct client *client, const struct node *node,
                                   uint32_t wanted);
bool node_is_owner(const struct client *client, const struct node *node);
void node_stat(struct client *client, struct node *node, struct io_stat *stat);

/* The size of a file that may be leased. */
void node_set_size(struct node *node, uint64_t size);

/* Times: contents were read (relatime), contents changed, only the inode changed. */
void node_read_now(struct node *node);
void node_modify_now(struct node *node);
void node_change_now(struct node *node);

/* A write or change of owner by an unprivileged client takes the set-id bits away. */
void node_drop_set_id(const struct client *client, struct node *node);

#endif

/* Open file descriptions: what a number in a client's table means. Clones, duplicates and transfers
 * share one. */
#ifndef FS_DESCRIPTION_H
#define FS_DESCRIPTION_H

#include "janus/types.h"
#include "janus/list.h"
#include "janus/offers.h"

struct client;
struct device;
struct entry;
struct lease;
struct node;
struct text;

enum description_kind {
    OPEN_PATH, /* a place only: no input or output */
    OPEN_FILE,
    OPEN_DIRECTORY,
    OPEN_PIPE,
    OPEN_DEVICE,
    OPEN_TEXT, /* a file whose text is made when it is read */
};

struct description {
    uint32_t references; /* slots of clients' tables, and the operation under way */
    enum description_kind kind;
    uint32_t access; /* IO_ACCESS_.. */
    uint32_t flags;  /* IO_FLAG_.. */
    uint32_t share;
    bool program;         /* opened with FS_OPEN_PROGRAM */
    bool share_modes;     /* opened with FS_OPEN_SHARE_MODES: stands in the node's list of opens */
    bool delete_on_close;
    struct node *node;    /* referenced */
    struct entry *entry;  /* referenced; NULL: nameless */
    uint64_t position;   /* unless lease has it */
    struct lease *lease; /* of a file; NULL: none */
    struct list in_opens; /* of node->sharing */
    struct list locks;    /* whose owner it is */
    uint64_t token;       /* of client.offer; 0: never offered */
    union {
        const struct device *device;
        struct text *text;      /* NULL until the first read */
        uint64_t writers_seen;  /* pipes: the writers that had come when this end was opened */
    };
};

extern struct jn_offers description_offers;

/* One reference; takes references to node and entry. NULL: no memory. */
struct description *description_create(enum description_kind kind, struct node *node,
                                       struct entry *entry, uint32_t access, uint32_t flags);
static inline struct description *description_get(struct description *description)
{
    description->references++;
    return description;
}
/* The last reference closes: locks, share modes, delete-on-close, pipe ends. */
void description_put(struct description *description);

#endif

/* Clients: one per capability label, each with its table of opens. */
#ifndef FS_CLIENT_H
#define FS_CLIENT_H

#include "janus/types.h"
#include "janus/list.h"
#include "lease.h"
#include "wait.h"

struct description;
struct entry;
struct idle_page;

#define LABEL_ADMINISTRATOR 1
#define LABEL_FIRST 16

#define OPEN_LIMIT (1u << 20) /* of one client */
#define GROUP_LIMIT 32

struct client {
    uint64_t label;
    uint32_t index;
    uint32_t uid, gid;
    uint64_t pid;
    /* Slot 0 is never used. A free slot holds the number of the next free one, shifted, with bit 0
     * set; the last one 1. */
    uintptr_t *table;
    uint32_t capacity;
    uint32_t free_head; /* 0: none */
    uint32_t opens;
    uint32_t offers; /* descriptions that were put aside with OFFER_MOVE, not taken yet */
    struct entry *root;
    bool watches; /* keeps what paths led to (watch.h) */
    cap_t space;
    struct wait_ring *ring; /* NULL until open_ring */
    struct list waiters;
    struct list locks; /* with IO_LOCK_CLIENT */
    struct lease_cells cells;
    struct idle_page *idle; /* NULL: none */
    uint32_t group_count;
    uint32_t groups[GROUP_LIMIT];
};

/* The client a message is from; NULL: no such label. */
struct client *client_find(uint64_t label);
/* Whether it may search a directory: what node_permit says, in short for those who may everything. */
#define node_permit_search(client, node)                                                          \
    ((client)->uid == 0 ? JN_OK : node_permit((client), (node), PERMIT_EXECUTE))
/* Every client in turn: the one after `client` (NULL: the first). */
struct client *client_next(struct client *client);

/* An empty client at `root`. NULL: no memory. */
struct client *client_new(uint64_t pid, uint32_t uid, uint32_t gid, struct entry *root);
/* A copy of the whole table under the same numbers. */
struct client *client_copy(struct client *client, uint64_t pid);
/* Drops opens, locks, waiters. The client remains, empty. */
void client_empty(struct client *client);
/* Ends the leases of all its opens, and frees their cells; and its page of idle numbers. */
void client_drop_leases(struct client *client);
void client_destroy(struct client *client);
bool client_in_group(const struct client *client, uint32_t gid);

/* Takes over the reference to the description. TOO_MANY, NO_MEMORY: the reference stays. */
JN_CHECKED jn_status_t client_add(struct client *client, struct description *description,
                                  uint64_t *number);
/* NULL: no such number. */
static inline struct description *client_open(const struct client *client, uint64_t number)
{
    if (number == 0 || number >= client->capacity)
        return NULL;
    uintptr_t slot = client->table[number];
    return slot & 1 ? NULL : (struct description *)slot;
}
/* Empties the slot and returns the description with its reference; NULL: no such number. */
struct description *client_take(struct client *client, uint64_t number);

#endif

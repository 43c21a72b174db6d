/* Waiters: who wants an entry in its readiness ring when something happens to a node. One waiter is
 * one cookie on one queue; it is used up by the entry. */
#ifndef FS_WAIT_H
#define FS_WAIT_H

#include "janus/ring.h"
#include "janus/list.h"

struct client;

/* A readiness ring, shared by the clients of one personality. */
struct wait_ring {
    uint32_t references;
    uint32_t mask;
    struct jn_ring ring;
    struct list *buckets; /* waiters by cookie */
    struct list tickets;  /* of FIFOs being opened, see fifo.c */
};

struct wait_queue {
    struct list waiters;
};

struct waiter {
    struct list in_queue, in_client, in_bucket;
    struct client *client;
    struct wait_ring *ring;
    struct wait_queue *queue;
    uint64_t cookie;
    uint32_t events;
    /* Called when the waiter goes, used or taken back; may be NULL. */
    void (*gone)(struct waiter *waiter);
    void *subject; /* of the user: the blocking owner of a lock, a pipe */
};

static inline void wait_queue_init(struct wait_queue *queue)
{
    list_init(&queue->waiters);
}

/* Arms the cookie; one that is armed on this queue already gets the events added. *waiter may be
 * NULL. cookie 0: nothing is armed. NO_MEMORY, BUSY: as jn_ring_arm. */
JN_CHECKED jn_status_t wait_arm(struct wait_queue *queue, struct client *client, uint64_t cookie,
                                uint32_t events, struct waiter **waiter);
/* Entries for all that wait for one of the events. */
void wait_wake(struct wait_queue *queue, uint32_t events);
/* Takes back every arming of the client's ring with this cookie. */
void wait_disarm(struct client *client, uint64_t cookie);
/* Drops all waiters of a client that ends. */
void wait_drop_client(struct client *client);
/* The waiter with this cookie on this queue, or NULL. */
struct waiter *wait_find(struct wait_queue *queue, struct client *client, uint64_t cookie);
void wait_drop(struct waiter *waiter);

/* Takes over `signal`. */
JN_CHECKED jn_status_t wait_ring_create(uint32_t entries, cap_t signal, uint64_t bits,
                                        struct jn_pages *pages, struct wait_ring **ring);
/* client.grow_ring. */
JN_CHECKED jn_status_t wait_ring_grow(struct wait_ring *ring, uint64_t label, uint32_t entries,
                                      struct jn_pages *pages, uint32_t *count);
void wait_ring_put(struct wait_ring *ring);

#endif

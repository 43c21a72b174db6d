/* Objects, clients and waiters of this server. One event loop, no locks. */
#ifndef OBJECT_OBJECT_H
#define OBJECT_OBJECT_H

#include "janus/idl/object.h"
#include "janus/labels.h"
#include "janus/list.h"
#include "janus/offers.h"
#include "janus/ring.h"
#include "janus/server.h"

struct ring {
    struct jn_ring ring;
    uint32_t users;
};

/* One armed cookie on one object or futex. A cookie armed on several (wait for multiple) has one ring
 * reservation for each; the first entry makes its owner try again and disarm the rest. */
struct waiter {
    struct list link;   /* in the object's or futex's list */
    struct list client; /* in the client's `armed` */
    struct client *owner;
    uint64_t cookie;
    uint32_t bitset; /* futexes */
    uint32_t events; /* descriptors: what is polled for */
};

struct object {
    uint32_t kind;
    uint32_t references; /* numbers in clients' tables */
    bool manual;         /* events and timers: stay signalled */
    bool abandoned;      /* mutexes: their owner ended */
    uint64_t value;      /* event, timer: 1 signalled; semaphore: count; mutex: recursion;
                          * eventfd: counter; timerfd: expirations */
    uint64_t limit;      /* semaphore: maximum */
    struct client *owner; /* mutexes: the process and thread that hold it */
    uint64_t owner_tid;
    struct list owned;   /* in the owner's `mutexes` */
    struct list waiters;
    uint32_t io_flags;   /* descriptors: IO_FLAG_.. ; and bit 31: semaphore mode of an eventfd */
    uint64_t deadline, interval;
    size_t heap_place;   /* 1 + place in the timer heap; 0: not armed */
    struct list hash;    /* named objects */
    uint64_t hash_value;
    size_t name_length;
    char *name; /* NULL: nameless */
    uint64_t token; /* of client.offer; 0: never offered */
    size_t data_length;
    void *data; /* of object.publish */
    struct list entries; /* of a completion port (port.c); how many: value */
};

#define EVENTFD_SEMAPHORE 0x80000000u

struct client {
    uint64_t label, pid;
    struct object **table; /* by number - 1 */
    uint32_t size, used;
    uint32_t first_free; /* no free number below it */
    struct ring *ring;
    struct list armed;   /* struct waiter.client */
    struct list mutexes; /* struct object.owned */
    struct registry_keys *keys; /* registry.c */
};

extern struct jn_labels server_labels;
extern struct jn_offers server_offers;
extern const struct client_ops client_operations;
extern const struct object_ops object_operations;
extern const struct io_ops io_operations;

/* client.c */
struct client *client_find(uint64_t label);
void client_gone(uint64_t label);

/* table.c: numbers */
jn_status_t table_add(struct client *client, struct object *object, uint64_t *number);
struct object *table_get(struct client *client, uint64_t number); /* NULL: BAD_HANDLE */
jn_status_t table_close(struct client *client, uint64_t number);

/* objects.c */
struct object *object_new(uint32_t kind);
void object_release(struct object *object);
/* Whether a wait by (client, tid) would succeed, and doing so. take: JN_OK or JN_ABANDONED. */
bool object_ready(const struct object *object, const struct client *client, uint64_t tid);
jn_status_t object_take(struct object *object, struct client *client, uint64_t tid);
void mutex_abandon(struct object *object);

/* waiters.c */
#define WAITER_TAKEN 1u /* events of instances (OBJECT_PIPE) */
#define WAITER_FREE 2u
jn_status_t waiter_arm(struct client *client, struct list *list, uint64_t cookie, uint32_t bitset,
                       uint32_t events);
/* Posts the waiter's entry (or takes its reservation back) and frees it. */
void waiter_finish(struct waiter *waiter, bool post, uint32_t events);
void waiter_wake_all(struct object *object, uint32_t events);
void waiter_disarm(struct client *client, uint64_t cookie);
void waiter_disarm_all(struct client *client);

/* timers.c */
jn_status_t timer_set(struct object *object, uint64_t deadline, uint64_t interval);
void timer_stop(struct object *object);
uint64_t timer_next(void); /* 0: none */
void timer_expire(uint64_t now);

/* names.c */
struct object *name_find(const char *name, size_t length, bool caseless);
/* An object of the name that is not taken (value 0) and whose data begin with `word` (0: any); *count: how many
 * were looked at (0: none has it). */
struct object *name_find_free(const char *name, size_t length, uint64_t word, uint32_t *count);
/* How many have the name, taken or not. There is one at least. */
uint32_t name_instances(const char *name, size_t length);
/* One of the name can be taken: who waits at any of them is told. */
void name_freed(const char *name, size_t length);
/* Of the names that begin with `directory`, the least next part after `after`: how long it is, and
 * where it stands in *found's name. NULL: no more. Looks at every name. */
const char *name_next(const char *directory, size_t directory_length, const char *after,
                      size_t after_length, size_t *length, struct object **found);
jn_status_t name_add(struct object *object, const char *name, size_t length);
void name_remove(struct object *object);

/* publish.c */
jn_status_t publish_await(struct client *client, uint64_t cookie, const char *name, size_t length,
                          struct object **found);
jn_status_t publish(struct client *client, uint32_t kind, uint32_t flags, const void *data,
                    size_t length, const char *name, size_t name_length, uint64_t *number,
                    uint32_t *existed, struct object **found);
jn_status_t publish_again(struct object *object, const void *data, size_t length);

/* port.c */
jn_status_t port_post(struct object *object, const uint64_t words[4]);
/* Up to `most` entries; how many. */
uint32_t port_take(struct object *object, uint32_t most, uint64_t (*words)[4]);
void port_clear(struct object *object);

/* futex.c */
jn_status_t futex_wait(struct client *client, uint64_t identity, uint64_t offset, uint32_t bitset,
                       uint64_t cookie);
uint32_t futex_wake(uint64_t identity, uint64_t offset, uint32_t bitset, uint32_t count);
jn_status_t futex_requeue(uint64_t identity, uint64_t offset, uint64_t to_identity,
                          uint64_t to_offset, uint32_t wake, uint32_t requeue, uint32_t *woken,
                          uint32_t *requeued);

/* descriptor.c */
uint32_t descriptor_ready(const struct object *object);

#endif

/* What a process is to the outside: its five clients, one at each server (docs/design.md). */
#ifndef JANUS_BACKEND_CLIENTS_H
#define JANUS_BACKEND_CLIENTS_H

#include "janus/abi.h"
#include "janus/abi/utcb.h"
#include "janus/types.h"

struct backend_clients {
    cap_t task, pager, fs, console, object;
};

/* Which client a descriptor's number belongs to; the values of enum handover_server. */
enum backend_server {
    BACKEND_NONE = 0,
    BACKEND_FS = 1,
    BACKEND_CONSOLE = 2,
    BACKEND_OBJECT = 3,
    BACKEND_DESCRIPTOR = 4, /* only from backend_fs_open: `number` is one of our own descriptors */
};

/* One open of one of the process's clients. */
struct backend_open {
    uint32_t server; /* enum backend_server; BACKEND_NONE: no open */
    uint64_t number;
};

static inline cap_t backend_client(const struct backend_clients *clients, uint32_t server)
{
    return server == BACKEND_FS        ? clients->fs
           : server == BACKEND_CONSOLE ? clients->console
           : server == BACKEND_OBJECT  ? clients->object
                                       : JN_CAP_NULL;
}

/* For backend_ring_missing, beside enum backend_server. */
#define BACKEND_TASK 4

/* A server arms nobody whose client has no readiness ring (BUSY). An adapter opens its rings when they are
 * first needed: true, the client has one now, try again. NULL: rings are open from the beginning. */
extern bool (*backend_ring_missing)(uint32_t server, cap_t client);

/* The same of a ring that is full (NO_MEMORY): true, it is larger now. NULL: it stays as it is. */
extern bool (*backend_ring_full)(uint32_t server);

#define BACKEND_ARMED(server, client, cookie, call)                                       \
    ({                                                                                   \
        jn_status_t armed_ = (call);                                                     \
        if (armed_ == JN_BUSY && (cookie) && backend_ring_missing &&                     \
            backend_ring_missing(server, client))                                        \
            armed_ = (call);                                                             \
        if (armed_ == JN_NO_MEMORY && (cookie) && backend_ring_full && backend_ring_full(server)) \
            armed_ = (call);                                                             \
        armed_;                                                                          \
    })

/* Copies of all five for process `pid` under the same numbers (fork). pager = 0 in `from`: none is
 * made. On failure nothing is left. Takes over *child_task as the task client. */
JN_CHECKED jn_status_t backend_clients_clone(const struct backend_clients *from, uint64_t pid,
                                             cap_t child_task, struct backend_clients *child);
/* Gives all five up (zeroes allowed); the servers then forget the process's opens. */
void backend_clients_drop(struct backend_clients *clients);
/* Only those of fs, console and object, and at once: when it returns, opens and locks are gone. */
void backend_clients_drop_files(struct backend_clients *clients);
/* The servers' gates, by capabilities of this task for each (of any label; 0: there is no such server). Once,
 * at the beginning; the capabilities may go afterwards. */
void backend_servers_learn(const struct backend_clients *own);
/* Are these clients of those servers? Whoever hands a process over says so, and a call to anybody else might
 * never come back. pager and object may be missing. */
bool backend_servers_have(const struct backend_clients *clients);
/* A client of the pager with an empty table for process `pid`, beside the one it has: the memory of
 * its next image. made from `template`, an empty client that is kept for this. */
JN_CHECKED jn_status_t backend_pager_fresh(cap_t template, uint64_t pid, cap_t *pager);
/* Deletes one capability (0 is ignored). */
void backend_cap_drop(cap_t cap);

#endif

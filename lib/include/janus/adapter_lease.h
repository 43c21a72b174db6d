/* Leases of opens in an adapter (idl/lease.idl, docs/library.md): what a fast call needs to read, write and
 * seek on the program's own thread. The handler makes and ends them; whoever works on one, thread or
 * handler, has its lock. Nothing here blocks but for calls to servers/fs. */
#ifndef JANUS_ADAPTER_LEASE_H
#define JANUS_ADAPTER_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "janus/abi/status.h"
#include "janus/types.h"

/* kind: 0 none, or LEASE_FILE .. of idl/lease.idl. The offsets are those of fast calls in assembly
 * (lib/adapter/lease.inc). */
struct adapter_lease {
    uint32_t kind;
    uint32_t lock;  /* 0, ADAPTER_LEASE_HANDLER, or the lower half of the owner's UTCB address */
    void *cell;     /* struct jn_lease_cell, struct jn_pipe_ring */
    uint64_t data;  /* the file's first byte, the ring's bytes */
    uint64_t limit; /* bytes of the file's window */
    cap_t wait, wake;
    uint32_t flags;  /* the personality's */
    uint32_t waiter; /* as lock: who waits at `wait` */
    uint64_t number; /* the open's, at servers/fs */
} __attribute__((aligned(64)));
#define ADAPTER_LEASE_HANDLER 1

/* By the handler. evict: takes the thread whose lock it is out of its transfer, which has not happened
 * then; false: it cannot be, and is a few instructions before giving the lock back. True also if it is gone. */
void adapter_lease_lock(struct adapter_lease *lease,
                        bool (*evict)(void *context, struct adapter_lease *lease, uint32_t lock),
                        void *context);
void adapter_lease_unlock(struct adapter_lease *lease);

/* With the lock. Asks for a lease of the open; `lease` holds nothing. flags are set before.
 * errors: as lease.file and lease.pipe; NO_MEMORY; then nothing is held */
jn_status_t adapter_lease_take(struct adapter_lease *lease, uint64_t number);
/* With the lock. Gives up what the lease holds here; the open itself is left alone. */
void adapter_lease_drop(struct adapter_lease *lease);
/* The server has ended it; the file has become larger than its window. */
bool adapter_lease_has_ended(const struct adapter_lease *lease);
bool adapter_lease_has_outgrown(const struct adapter_lease *lease);

/* What a fault at an address in the adapter means for the lease. */
enum adapter_lease_fault {
    ADAPTER_LEASE_ELSEWHERE,
    ADAPTER_LEASE_MAPPED,    /* the page is there now */
    ADAPTER_LEASE_UNMAPPABLE,
    ADAPTER_LEASE_RING_GONE, /* the server has taken the ring away: the lease is to be dropped */
};
enum adapter_lease_fault adapter_lease_resolve(const struct adapter_lease *lease, uint64_t address);

/* In the child of a fork: nothing of the parent's windows is here. */
void adapter_leases_child(void);

#endif

/* Memory of leases (idl/lease.idl): shared by a server and the adapter of one process, or by the two
 * ends of a pipe and the server. Nobody believes what another may write: indices are checked each
 * time they are read, and a wrong one harms only who is told lies about its own open. */
#ifndef JANUS_LEASE_H
#define JANUS_LEASE_H

#include <stdint.h>

/* One leased file. The client reads size and state before it commits a position. */
struct jn_lease_cell {
    uint64_t state;    /* server: JN_LEASE_HELD; 0 once the lease has ended */
    uint64_t position; /* client: the next byte; the server reads and sets it in operations of io */
    uint64_t size;     /* server: of the file, in bytes, also when others change it */
    uint64_t reserved[5];
};
#define JN_LEASE_HELD 1

/* A pipe: one page of header, then JN_PIPE_RING_BYTES of data; byte i stands at i mod that. head and
 * tail count bytes without wrapping; 0 <= tail - head <= JN_PIPE_RING_BYTES.
 *
 * Waiting: an end that finds nothing to do sets its flag, looks again (with a full fence in between),
 * and then waits for its Signal. Who has moved head or tail looks (fence) at the other end's flag, and
 * if it is set exchanges it for 0: CLIENT wants `wake` raised, SERVER wants lease.kick. A writer waits
 * for JN_PIPE_RING_ROOM bytes, so a reader need not look while there is less. */
#define JN_PIPE_RING_BYTES 65536u
#define JN_PIPE_RING_ROOM 4096u
#define JN_WAITS_CLIENT 1u
#define JN_WAITS_SERVER 2u
#define JN_PIPE_NO_READER 1u
#define JN_PIPE_NO_WRITER 2u

struct jn_pipe_ring {
    _Alignas(64) uint64_t head; /* the reading end: bytes taken */
    uint32_t reader_waits;      /* set by the reading end */
    _Alignas(64) uint64_t tail; /* the writing end: bytes given */
    uint32_t writer_waits;      /* set by the writing end */
    _Alignas(64) uint32_t ends; /* server: JN_PIPE_NO_.. */
    uint32_t valid;             /* server: 1 */
};

_Static_assert(sizeof(struct jn_lease_cell) == 64, "ABI");
_Static_assert(sizeof(struct jn_pipe_ring) == 192, "ABI");

#endif

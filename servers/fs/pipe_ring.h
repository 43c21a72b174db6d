/* A pipe's data in memory that its ends may lease (idl/lease.idl, janus/lease.h). Once a pipe has had
 * a ring it keeps it, leased or not; its capacity is then counted in bytes, not in slots. */
#ifndef FS_PIPE_RING_H
#define FS_PIPE_RING_H

#include "janus/lease.h"
#include "janus/types.h"
#include "page_cache.h"

struct client;
struct description;
struct jn_call;
struct pipe;

#define PIPE_RING_PAGES (JN_PIPE_RING_BYTES / 4096 + 1)

struct pipe_ring {
    struct jn_pipe_ring *header;
    page_t pages[PIPE_RING_PAGES]; /* the first is the header's */
    struct description *reader, *writer; /* whose leases these are; NULL: the server acts */
    cap_t data, space;                   /* Signals; there while there is a lease */
};

/* The end goes to the client: see lease.pipe. */
JN_CHECKED jn_status_t pipe_ring_lease(struct client *client, struct description *description,
                                       uint64_t address, cap_t *wait, cap_t *wake);
/* The description's lease ends, if it has one, and with it the other end's: the pages are taken from both.
 * What is in the ring stays. */
void pipe_ring_end(struct description *description);
/* Both leases end: there is another reader or writer. */
void pipe_ring_revoke(struct pipe *pipe);
void pipe_ring_free(struct pipe *pipe);

/* What pipe.h says, for a pipe with a ring. */
uint32_t pipe_ring_length(const struct pipe_ring *ring);
JN_CHECKED jn_status_t pipe_ring_read(struct pipe *pipe, uint64_t length, bool peek,
                                      struct jn_call *call, uint64_t *done);
JN_CHECKED jn_status_t pipe_ring_write(struct pipe *pipe, uint64_t length, struct jn_call *call,
                                       uint64_t *done);
/* An end is gone: whoever waits at the other looks. */
void pipe_ring_closed(struct pipe *pipe);
/* A waiter was armed for the end(s) of `access`: the other end must tell the server. What came in between
 * wakes it at once. */
void pipe_ring_armed(struct pipe *pipe, uint32_t access);
/* lease.kick from a client with `access`. */
void pipe_ring_kick(struct pipe *pipe, uint32_t access);

#endif

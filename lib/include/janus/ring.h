/* Readiness rings (interface client, open_ring): memory of a server, shared with a personality.
 *
 * One page of header, then `entries` entries (a power of two). The server writes entries and
 * `produced`; the client writes `consumed`. Both count up without wrapping; entry i stands at index
 * i mod entries. Each side keeps its own counter and only reads the other's, checking it: what a hostile
 * client writes can only make it lose its own entries. The server arms at most `entries` cookies
 * in total (armed plus unread), so entries are never lost.
 */
#ifndef JANUS_RING_H
#define JANUS_RING_H

#include "janus/message.h"
#include "janus/types.h"

struct jn_ring_entry {
    uint64_t cookie;
    uint32_t events; /* the interface's bits, IO_READABLE .. */
    uint32_t reserved;
};

struct jn_ring_header {
    uint32_t entries;
    uint32_t reserved;
    _Alignas(64) uint64_t produced;
    _Alignas(64) uint64_t consumed;
};

#define JN_RING_HEADER_BYTES 4096
#define JN_RING_ENTRIES_MAX 65536

/* ---- server side ---- */
struct jn_ring {
    struct jn_ring_header *header; /* NULL: not opened */
    struct jn_ring_entry *entries;
    uint32_t count;
    uint32_t armed; /* cookies that may still need an entry */
    uint64_t produced;
    cap_t signal;
    uint64_t bits;
    size_t bytes;
    uint32_t users; /* clients that use it */
    uint64_t opener; /* the label of who reads it; 0: nobody may have it grow */
};

/* Makes a ring of at least `entries` (16 to 65536); takes over `signal`. pages: for the answer. */
JN_CHECKED jn_status_t jn_ring_create(struct jn_ring *ring, uint32_t entries, cap_t signal,
                                      uint64_t bits, struct jn_pages *pages);
void jn_ring_destroy(struct jn_ring *ring);
/* Reserves an entry for one cookie: NO_MEMORY when all are taken, BUSY without a ring. */
JN_CHECKED jn_status_t jn_ring_arm(struct jn_ring *ring);
/* client.grow_ring: for its opener, and only a full one; what is armed and unread stays. pages: for the answer.
 * errors: as there */
JN_CHECKED jn_status_t jn_ring_grow(struct jn_ring *ring, uint64_t label, uint32_t entries,
                                    struct jn_pages *pages, uint32_t *count);
/* Gives the reservation back without an entry. */
void jn_ring_disarm(struct jn_ring *ring);
/* Uses one reservation: writes the entry and raises the Signal. */
void jn_ring_post(struct jn_ring *ring, uint64_t cookie, uint32_t events);
/* For events that nobody armed (signals for a process): false if no entry is free; try later. */
bool jn_ring_post_unarmed(struct jn_ring *ring, uint64_t cookie, uint32_t events);

/* ---- client side ---- */
struct jn_ring_reader {
    struct jn_ring_header *header;
    struct jn_ring_entry *entries;
    uint32_t count;
    uint64_t consumed;
};

/* Opens a ring at a server (a capability of interface client) and maps it. entries 0: no ring any
 * more (interface client). */
JN_CHECKED jn_status_t jn_ring_open(cap_t server_client, uint32_t entries, cap_t signal,
                                    uint64_t bits, struct jn_ring_reader *reader);
/* Has the server make it larger, when it is full: 4 times as large. On failure it stays as it was. */
JN_CHECKED jn_status_t jn_ring_enlarge(cap_t server_client, struct jn_ring_reader *reader);
/* The next entry; false: none. */
bool jn_ring_next(struct jn_ring_reader *reader, struct jn_ring_entry *entry);
/* Is there one? */
static inline bool jn_ring_waits(const struct jn_ring_reader *reader)
{
    return __atomic_load_n(&reader->header->produced, __ATOMIC_ACQUIRE) != reader->consumed;
}

#endif

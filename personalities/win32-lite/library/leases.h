/* Leased opens (lib/include/janus/adapter_lease.h) by handle: which handles' reads and writes a program's thread
 * does itself (fast_io.c). Made and ended by the handler (leases.c). */
#ifndef WIN32_LEASES_H
#define WIN32_LEASES_H

#include "fast.h"
#include "janus/adapter_lease.h"

/* adapter_lease.flags: what the handle may do. */
#define FAST_READS 1u
#define FAST_WRITES 2u

/* One for each handle up to nt_lease.h's NT_LEASES, by handle / 4 - 1; NULL: none yet. */
extern struct adapter_lease *fast_leases;

/* By the handler. */
void leases_begin(void);
/* A fault at an address of the adapter. True: the thread goes on, or was sent to the handler. */
bool leases_fault(struct world_thread *t, uint64_t address);
/* The thread stands somewhere in a service and is to leave it, whatever it has locked; or it has ended. */
void leases_left(struct fast_block *block);

/* fast_move.asm */
#define MOVE_SLOW UINT64_MAX
#define MOVE_EMPTY (UINT64_MAX - 1)
#define MOVE_MOST 65536u
uint64_t win32_move_file(struct adapter_lease *lease, uint64_t buffer, uint64_t length, uint64_t iosb,
                         int64_t offset, struct fast_block *block);
uint64_t win32_move_in(struct adapter_lease *lease, uint64_t buffer, uint64_t length, uint64_t iosb,
                       int64_t offset, struct fast_block *block);
uint64_t win32_move_out(struct adapter_lease *lease, uint64_t buffer, uint64_t length, uint64_t iosb,
                        int64_t offset, struct fast_block *block);
extern const char win32_move_begin[], win32_move_end[], win32_told_end[], win32_told_over[];

/* park.c: waits until the ring has something for its reading end. 0: look again; FAST_SLOW. */
uint64_t park_at_ring(struct jn_utcb *utcb, struct adapter_lease *lease);
/* By the handler: takes a stopped thread that waits at a ring out of its call, which then has this result, or
 * begins again. False: it does not wait there. */
bool park_leave_ring(struct world_thread *t, bool over, uint64_t result);

#endif

/* What the world does differently in its two placements: server/placement.c and library/placement.c. */
#ifndef WIN32_PLACEMENT_H
#define WIN32_PLACEMENT_H

#include "guest.h"

/* enum handover_placement of this core; and this boot's choice for programs of a personality. */
uint32_t placement_own(void);
uint32_t placement_default(const char *personality);

/* Kernel Task, Pool and a client of the pager for the process's image; p->cookie is set. What was got
 * before an error goes by placement_abandon. */
JN_CHECKED jn_status_t placement_prepare(struct world_process *p);
void placement_abandon(struct world_process *p);
/* A process comes here, its image is not complete yet. */
JN_CHECKED jn_status_t placement_join(const struct backend_clients *clients);
/* The image was committed. On failure the process cannot live. */
JN_CHECKED jn_status_t placement_committed(struct world_process *p);
/* A thread with this TEB and id was made, and has not run. */
JN_CHECKED jn_status_t placement_thread(struct world_process *p, struct world_thread *t,
                                        uint64_t teb, uint64_t tid);
/* It is about to be destroyed. */
void placement_thread_gone(struct world_thread *t);
/* Suspends a thread that waits in a fast call, with the program's state; false: it is none. */
bool placement_freeze(struct world_thread *t);
/* See world_thread_abort_fast. */
bool placement_abort_fast(struct world_thread *t);
/* While a request for the open is under way at its server nobody works on it by its lease; it is closed. */
void placement_open_lock(uint64_t number);
void placement_open_unlock(uint64_t number);
void placement_open_closed(uint64_t number);
/* Resolves a fault of the thread at an address of its adapter; false: it is none that has a remedy. */
bool placement_fault(struct world_thread *t, uint64_t address);
/* The page at KUSER_SHARED_DATA's address, or at NT_DISPATCHER_ADDRESS behind it; and how programs get that. */
const void *placement_shared_page(uint64_t address);
uint32_t placement_dispatcher_access(void);

/* server/placement.c: the central server's own clients, that hold the rings (loop.h). */
extern cap_t central_ring_clients[];

#endif

/* What the core does differently in its two placements: server/placement.c and library/placement.c. */
#ifndef POSIX_PLACEMENT_H
#define POSIX_PLACEMENT_H

#include "core.h"

/* enum handover_placement of this core; and this boot's choice for programs of a personality. */
uint32_t placement_own(void);
uint32_t placement_default(const char *personality);

/* Kernel Task, Pool and a client of the pager for the process's next image. What was got before an
 * error, and what is not used in the end, goes by placement_abandon. */
JN_CHECKED jn_status_t placement_prepare(struct process *p, cap_t *kernel_task, cap_t *pool,
                                         cap_t *pager);
void placement_abandon(struct process *p);
/* May the thread's process keep its Task, and the thread its kernel thread, for the next image? Then nothing is
 * prepared, committed or joined; placement_image_gone follows the end of the old one. */
bool placement_keeps_task(const struct thread *t);
void placement_image_gone(void);

/* The process's image was committed: from now on its servers report to this core. ringless: bits
 * 1 << enum backend_server, where its client has no readiness ring of somebody else. On failure the process
 * cannot live. */
JN_CHECKED jn_status_t placement_join(struct process *p, uint32_t ringless);
/* The same bits for clients that this core gives away. */
uint32_t placement_ringless(void);
/* Something has happened to a process, and there is no ring that says what. */
void placement_task_event(void);

/* The thread has a new kernel thread, which does not run yet. */
void placement_thread(struct thread *t);

/* It has ended. */
void placement_thread_gone(struct thread *t);

/* fork: a child with memory of its own. As fork_here. */
struct clone_request;
long placement_fork(struct thread *t, const struct clone_request *request);

/* ---- what the program's threads do without the core (library/fast_files.h) ---- */

struct descriptor;
/* While the core moves data through a descriptor, no thread does. */
void placement_lock(struct process *p, const struct descriptor *d);
void placement_unlock(struct process *p, const struct descriptor *d);
/* The descriptor's open was read or written, `length` bytes were asked for. */
void placement_used(struct process *p, const struct descriptor *d, uint64_t length);
/* Opens of servers/fs are polled: descriptors, and items as poll_many has them. */
void placement_polled(struct process *p, const uint32_t *fds, const uint64_t *items,
                      uint32_t count);
/* The descriptor is closed, or its open gets another number: threads leave it alone from now on. */
void placement_release(struct process *p, const struct descriptor *d);
/* And the server takes it back, which it does by itself in the two cases above. */
void placement_take_back(struct process *p, const struct descriptor *d);
void placement_take_back_all(struct process *p);

/* futex(2): `more` threads wait in the core at a word of private memory, before the word is looked at; wakes
 * those who wait there without the core, and says how many; the thread is about to wait in the core. */
void placement_futex_count(uint64_t place, int32_t more);
uint32_t placement_futex_wake(uint64_t place, uint32_t count);
void placement_futex_waits(struct thread *t);

/* Was the thread found in the placement's own code, by a fault at `address` (access JN_R ..), by an
 * exception or by attention (rip is not looked at then)? False: it was in the program's. True: done. */
enum placement_event { PLACEMENT_FAULT, PLACEMENT_EXCEPTION, PLACEMENT_ATTENTION };
bool placement_inside(struct thread *t, uint64_t rip, enum placement_event event, uint64_t address,
                      uint32_t access);

/* A number that no Linux call has may be the placement's own, made by its code for the thread. */
bool placement_private_call(struct thread *t, long *result);
/* Where the program is, if rip is in what the placement put into its text; else rip. */
uint64_t placement_program_rip(uint64_t rip);
/* The way back: where to go on when the program says rip. */
uint64_t placement_resume_rip(uint64_t rip);
/* The memory there is going to be mapped or protected anew. */
void placement_memory_changes(struct process *p, uint64_t address, uint64_t length);
/* The page there is going to be mapped for reading or writing. */
void placement_memory_shown(struct process *p, uint64_t address);
/* The program takes the GS base for itself. */
void placement_gs_changes(struct process *p);
/* Flag of regions that are the placement's and not shown. */
#define PLACEMENT_REGION (REGION_USER << 8)

#endif

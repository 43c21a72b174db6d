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

/* The process's image was committed: from now on its servers report to this core. On failure the
 * process cannot live. */
JN_CHECKED jn_status_t placement_join(struct process *p);

/* fork: a child with memory of its own. As fork_here. */
struct clone_request;
long placement_fork(struct thread *t, const struct clone_request *request);

#endif

/* Jobs: sets of processes that end together and are counted together (NT job objects). A job may stand
 * inside another; a process belongs to one and so to all around it. */
#ifndef TASK_JOB_H
#define TASK_JOB_H

#include "process.h"

struct job;

/* A process is made. breakaway: it wants to leave its parent's job. QUOTA: that takes no more;
 * NOT_PERMITTED: it lets none go. */
jn_status_t job_admit(struct process *parent, bool breakaway, struct job **job);
void job_join(struct process *process, struct job *job);
/* The process has ended: it leaves its job, and holds none any more. What must end with those jobs ends
 * at job_run. */
void job_process_ended(struct process *process);
void job_run(void);

/* ---- the interface's operations; number: a job that the process holds ---- */
jn_status_t job_create(struct process *process, uint64_t *number);
jn_status_t job_open(struct process *process, uint64_t token, uint64_t *number);
jn_status_t job_close(struct process *process, uint64_t number);
jn_status_t job_offer(struct process *process, uint64_t number, uint64_t *token);
jn_status_t job_assign(struct process *process, uint64_t number, uint64_t pid);
jn_status_t job_limit(struct process *process, uint64_t number, uint32_t flags, uint32_t processes,
                      const void *data, size_t length);
jn_status_t job_terminate(struct process *process, uint64_t number, uint32_t code);
jn_status_t job_query(struct jn_call *call, struct process *process, uint64_t number,
                      uint64_t capacity, struct task_job *info, void *data, size_t *length);
jn_status_t job_contains(struct process *process, uint64_t number, uint64_t pid, uint32_t *is);
jn_status_t job_next(struct process *process, uint64_t number, uint64_t cookie, uint32_t *message,
                     uint64_t *pid);
jn_status_t job_wait(struct process *process, uint64_t number, uint64_t cookie);

#endif

/* Job objects, for the rest of the core. */
#ifndef WIN32_NT_JOB_H
#define WIN32_NT_JOB_H

#include "core.h"

#define NT_JOB_COOKIE (1ull << 58)

/* Errors of jobs and of making processes: QUOTA is a number of processes, not memory. */
nt_status nt_job_status(world_status status);
/* The word by which another process takes the job, and taking it (one reference for the caller). */
nt_status nt_job_word(struct nt_job *job, uint64_t *token);
nt_status nt_job_of_word(struct nt_process *p, uint64_t token, struct nt_object **object);
void nt_job_destroy(struct nt_job *job);
/* There are messages for the port of the job with this cookie. */
void nt_job_woken(uint64_t cookie);
/* Whether it was terminated and is empty: what a wait for it waits for. */
bool nt_job_emptied(struct nt_job *job, uint64_t cookie, bool *armed);
/* The process goes into each of these jobs of t's (PS_ATTRIBUTE_JOB_LIST). */
nt_status nt_job_assign_all(struct nt_thread *t, const uint64_t *handles, uint32_t count,
                            uint64_t pid);

#endif

/* Jobs: servers/task keeps them. */
#include <string.h>

#include "guest.h"
#include "janus/idl/task.h"
#include "loop.h"

_Static_assert(TASK_JOB_DATA >= sizeof((struct world_job_info *)0)->data, "limits fit");

world_status world_job_create(struct world_process *p, uint64_t *job)
{
    return task_job_create(p->clients.task, job);
}

world_status world_job_open(struct world_process *p, uint64_t token, uint64_t *job)
{
    return task_job_open(p->clients.task, token, job);
}

void world_job_close(struct world_process *p, uint64_t job)
{
    jn_status_t status = task_job_close(p->clients.task, job);
    (void)status;
}

world_status world_job_offer(struct world_process *p, uint64_t job, uint64_t *token)
{
    return task_job_offer(p->clients.task, job, token);
}

world_status world_job_assign(struct world_process *p, uint64_t job, uint64_t pid)
{
    return task_job_assign(p->clients.task, job, pid);
}

world_status world_job_limit(struct world_process *p, uint64_t job, uint32_t flags,
                             uint32_t processes, const void *data, size_t length)
{
    return task_job_limit(p->clients.task, job, flags, processes, data, length);
}

world_status world_job_terminate(struct world_process *p, uint64_t job, uint32_t code)
{
    return task_job_terminate(p->clients.task, job, code);
}

world_status world_job_query(struct world_process *p, uint64_t job, uint64_t *pids,
                             uint32_t capacity, struct world_job_info *info)
{
    struct task_job got;
    char data[TASK_JOB_DATA];
    size_t length;
    jn_status_t status =
        task_job_query(p->clients.task, job, capacity, backend_window(pids, capacity * sizeof *pids),
                       &got, data, sizeof data, &length);

    if (status != JN_OK)
        return status;
    *info = (struct world_job_info){.flags = got.limits,
                                    .active = got.active,
                                    .total = got.total,
                                    .killed = got.killed,
                                    .cpu_ns = got.cpu_ns,
                                    .listed = got.listed};
    memcpy(info->data, data, length < sizeof info->data ? length : sizeof info->data);
    return JN_OK;
}

world_status world_job_contains(struct world_process *p, uint64_t job, uint64_t pid, bool *is)
{
    uint32_t does = 0;
    jn_status_t status = task_job_contains(p->clients.task, job, pid, &does);

    *is = does != 0;
    return status;
}

world_status world_job_next(struct world_process *p, uint64_t job, uint64_t cookie,
                            uint32_t *message, uint64_t *pid)
{
    return task_job_next(p->clients.task, job, cookie, message, pid);
}

world_status world_job_wait(struct world_process *p, uint64_t job, uint64_t cookie)
{
    jn_status_t status = task_job_wait(p->clients.task, job, cookie);

    if (cookie && status == JN_WOULD_BLOCK)
        guest_armed(cookie, RING_TASK);
    return status;
}

void world_process_breakaway(struct world_process *p, bool on)
{
    p->breakaway = on;
}

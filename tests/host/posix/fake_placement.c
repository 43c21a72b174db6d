/* The host's placement: central, over the fake backends. */
#include "fork.h"
#include "janus/backend/process.h"
#include "janus/handover.h"
#include "placement.h"

uint32_t placement_own(void)
{
    return HANDOVER_PLACE_CENTRAL;
}

uint32_t placement_default(const char *personality)
{
    (void)personality;
    return HANDOVER_PLACE_CENTRAL;
}

jn_status_t placement_prepare(struct process *p, cap_t *kernel_task, cap_t *pool, cap_t *pager)
{
    jn_status_t status = backend_pager_fresh(core_pager_template, p->pid, pager);
    return status == JN_OK ? backend_process_prepare(p->clients.task, kernel_task, pool) : status;
}

void placement_abandon(struct process *p)
{
    backend_process_abandon(p->clients.task);
}

uint32_t placement_ringless(void)
{
    return 0;
}

void placement_task_event(void)
{
}

jn_status_t placement_join(struct process *p, uint32_t ringless)
{
    (void)ringless;
    return backend_process_set_cookie(p->clients.task, p->handle);
}

long placement_fork(struct thread *t, const struct clone_request *request)
{
    return fork_here(t, request);
}

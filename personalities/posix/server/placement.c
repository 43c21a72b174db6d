/* The central placement: images in Tasks of their own, children here, rings for all. */
#include <string.h>

#include "central.h"
#include "fork.h"
#include "janus/backend/process.h"
#include "janus/handover.h"
#include "janus/idl/client.h"
#include "janus/idl/supervisor.h"
#include "janus/object.h"
#include "janus/runtime.h"

cap_t central_ring_clients[RING_COUNT];

uint32_t placement_own(void)
{
    return HANDOVER_PLACE_CENTRAL;
}

uint32_t placement_default(const char *personality)
{
    char value[16] = {0};
    size_t length = 0;
    if (supervisor_setting(JN_CAP_SUPERVISOR, personality, strlen(personality), value,
                           sizeof value - 1, &length) == JN_OK &&
        !strcmp(value, "library"))
        return HANDOVER_PLACE_LIBRARY;
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

jn_status_t placement_join(struct process *p, uint32_t ringless)
{
    const cap_t theirs[RING_COUNT] = {p->clients.fs, p->clients.console, p->clients.object,
                                      p->clients.task};
    jn_status_t status = JN_OK;
    (void)ringless;
    for (unsigned i = 0; i < RING_COUNT && status == JN_OK; i++)
        if (theirs[i] && loop_has_ring(i))
            status = client_join_ring(theirs[i], central_ring_clients[i]);
    return status == JN_OK ? backend_process_set_cookie(p->clients.task, p->handle) : status;
}

uint32_t placement_ringless(void)
{
    return 0;
}

void placement_task_event(void)
{
}

long placement_fork(struct thread *t, const struct clone_request *request)
{
    return fork_here(t, request);
}

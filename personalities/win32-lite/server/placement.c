/* The central placement: images in Tasks of their own, rings for all. */
#include "placement.h"

#include <string.h>

#include "janus/handover.h"
#include "janus/idl/client.h"
#include "janus/idl/supervisor.h"
#include "loop.h"
#include "user_clock.h"

cap_t central_ring_clients[RING_COUNT];
cap_t guest_pager_template;

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

jn_status_t placement_prepare(struct world_process *p)
{
    jn_status_t status = backend_pager_fresh(guest_pager_template, p->pid, &p->clients.pager);

    if (status == JN_OK)
        status = backend_process_set_cookie(p->clients.task, p->cookie);
    if (status == JN_OK) {
        status = backend_process_prepare(p->clients.task, &p->kernel_task, &p->pool);
        p->prepared = status == JN_OK;
    }
    if (status == JN_OK)
        status = client_set_space(p->clients.pager, p->kernel_task);
    return status;
}

void placement_abandon(struct world_process *p)
{
    if (p->prepared)
        backend_process_abandon(p->clients.task);
}

jn_status_t placement_join(const struct backend_clients *clients)
{
    const cap_t theirs[RING_COUNT] = {clients->fs, clients->console, clients->object,
                                      clients->task};
    jn_status_t status = JN_OK;

    for (unsigned i = 0; i < RING_COUNT && status == JN_OK; i++)
        if (theirs[i] && loop_has_ring(i))
            status = client_join_ring(theirs[i], central_ring_clients[i]);
    return status;
}

jn_status_t placement_committed(struct world_process *p)
{
    (void)p;
    return JN_OK;
}

jn_status_t placement_thread(struct world_process *p, struct world_thread *t, uint64_t teb,
                             uint64_t tid)
{
    (void)p;
    (void)t;
    (void)teb;
    (void)tid;
    return JN_OK;
}

void placement_thread_gone(struct world_thread *t)
{
    (void)t;
}

bool placement_freeze(struct world_thread *t)
{
    (void)t;
    return false;
}

bool placement_abort_fast(struct world_thread *t)
{
    return user_clock_abort(t, NT_DISPATCHER_ADDRESS - (uint64_t)(uintptr_t)win32_user_page,
                            win32_user_page_slow);
}

void placement_open_lock(uint64_t number)
{
    (void)number;
}

void placement_open_unlock(uint64_t number)
{
    (void)number;
}

void placement_open_closed(uint64_t number)
{
    (void)number;
}

bool placement_fault(struct world_thread *t, uint64_t address)
{
    (void)t;
    (void)address;
    return false;
}

const void *placement_shared_page(uint64_t address)
{
    return address == NT_KUSER_ADDRESS ? guest_shared_page : win32_user_page;
}

uint32_t placement_dispatcher_access(void)
{
    return JN_R | JN_X;
}

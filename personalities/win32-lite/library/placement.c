/* The library placement: this Task is the process's own, and it is the only one here. */
#include "placement.h"

#include <string.h>

#include "janus/adapter_runtime.h"
#include "janus/handover.h"
#include "fast.h"
#include "leases.h"
#include "library.h"
#include "library.h"
#include "loop.h"
#include "user_clock.h"

#define RING_ENTRIES 256
#define TEB_UTCB 0x328u /* dispatcher.asm */

cap_t guest_pager_template = ADAPTER_CAP_EMPTY_PAGER;
void *library_dispatcher_page;

uint32_t placement_own(void)
{
    return HANDOVER_PLACE_LIBRARY;
}

uint32_t placement_default(const char *personality)
{
    bool win32 = !strcmp(personality, "win32"), other = !win32 && strcmp(personality, "posix");

    return !other && library_defaults[win32] ? library_defaults[win32] : HANDOVER_PLACE_CENTRAL;
}

/* The launcher has made them, and set the pager's space. */
jn_status_t placement_prepare(struct world_process *p)
{
    p->kernel_task = JN_CAP_TASK;
    p->pool = JN_CAP_POOL;
    p->clients.pager = JN_CAP_PAGER;
    return JN_OK;
}

void placement_abandon(struct world_process *p)
{
    (void)p; /* the answer to the take does that */
}

/* Until the image is committed the rings are the old image's. */
jn_status_t placement_join(const struct backend_clients *clients)
{
    (void)clients;
    return JN_OK;
}

jn_status_t placement_committed(struct world_process *p)
{
    const cap_t ours[RING_COUNT] = {p->clients.fs, p->clients.console, p->clients.object,
                                    p->clients.task};
    jn_status_t status = JN_OK;

    fast_process(p->cookie);
    for (unsigned i = 0; i < RING_COUNT && status == JN_OK; i++)
        if (ours[i])
            status = loop_open_ring(i, ours[i], RING_ENTRIES);
    return status == JN_OK ? backend_process_set_cookie(p->clients.task, p->cookie) : status;
}

jn_status_t placement_thread(struct world_process *p, struct world_thread *t, uint64_t teb,
                             uint64_t tid)
{
    struct jn_utcb *utcb = (struct jn_utcb *)t->thread.utcb;
    uint64_t address = t->thread.utcb, done;

    utcb->user[1] = teb;
    jn_status_t status =
        region_map_write(p->map, teb + TEB_UTCB, &address, sizeof address, false, &done);
    if (status == JN_OK)
        park_thread(t, tid);
    return status;
}

void placement_thread_gone(struct world_thread *t)
{
    park_thread_gone(t);
    leases_left(fast_block_of(t->thread.utcb));
    park_wake_all();
}

bool placement_freeze(struct world_thread *t)
{
    if (park_freeze(t))
        return true;
    park_wake_all();
    return false;
}

bool placement_abort_fast(struct world_thread *t)
{
    struct jn_utcb *utcb = (struct jn_utcb *)t->thread.utcb;
    struct jn_state state;

    if (user_clock_abort(t, 0, win32_dispatcher_slow))
        return true;
    if (!utcb->in_adapter || world_thread_state(t, &state) != JN_OK ||
        state.rip - ADAPTER_BASE >= ADAPTER_TEXT_BYTES)
        return false;
    leases_left(fast_block_of(t->thread.utcb));
    state.rip = (uint64_t)(uintptr_t)win32_fast_abort;
    state.r[JN_REG_RCX] = (uint64_t)(uintptr_t)utcb;
    state.valid = JN_STATE_REGS;
    world_thread_resume_with(t, &state);
    return true;
}

bool placement_fault(struct world_thread *t, uint64_t address)
{
    return leases_fault(t, address);
}

const void *placement_shared_page(uint64_t address)
{
    return address == NT_KUSER_ADDRESS ? guest_shared_page : library_dispatcher_page;
}

uint32_t placement_dispatcher_access(void)
{
    return JN_R;
}

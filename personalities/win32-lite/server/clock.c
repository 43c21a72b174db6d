#include "clock.h"

#include <stdatomic.h>

#include "guest.h"
#include "janus/object.h"

#define TICK_NS 15625000ull /* 64 Hz: what programs expect of the shared clock cells */
#define STACK_PAGES 2u

static cap_t signal;
static bool (*wanted)(void);
static _Atomic bool parked;

void *guest_shared_page;

/* Sleeps for ever when nobody needs it: then whoever lets a thread run wakes it. Both look at the
 * other's word after writing their own, so one of them sees the other. */
static _Noreturn void run(void)
{
    uint64_t bits;

    for (;;) {
        uint64_t until = jn_time_monotonic() + TICK_NS;
        jn_status_t status;
        nt_kuser_tick(guest_shared_page);
        if (!wanted()) {
            atomic_store(&parked, true);
            until = wanted() ? until : 0;
        }
        status = jn_signal_wait(signal, until, &bits);
        (void)status; /* the time is over, or somebody runs again */
        atomic_store(&parked, false);
    }
}

void guest_clock_fresh(void)
{
    if (!atomic_load(&parked))
        return;
    nt_kuser_tick(guest_shared_page); /* it stood still */
    jn_status_t status = jn_signal_raise(signal, 1);
    (void)status;
}

jn_status_t clock_begin(uint64_t utcb, uint32_t priority, bool (*is_wanted)(void))
{
    uint8_t *stack = jn_map_pages(STACK_PAGES);
    struct jn_state state = {.rip = (uint64_t)(uintptr_t)run, .rflags = 0x202};
    cap_t thread;
    jn_status_t status;

    if (!stack)
        return JN_NO_MEMORY;
    wanted = is_wanted;
    state.r[JN_REG_RSP] = (uint64_t)(uintptr_t)stack + STACK_PAGES * NT_PAGE - 8;
    status = jn_signal_create(JN_CAP_POOL, &signal);
    if (status == JN_OK)
        status = jn_thread_create(JN_CAP_POOL, JN_CAP_TASK, utcb, JN_CAP_NULL, 0, &thread);
    if (status == JN_OK)
        status = jn_thread_write(thread, JN_STATE_REGS, &state);
    if (status == JN_OK)
        status = jn_thread_set_priority(thread, priority);
    return status == JN_OK ? jn_thread_resume(thread) : status;
}

/* The deadline of a server loop, kept by a thread of its own, so that the loop waits without one: a wait
 * with a deadline costs several times one without, and somebody's sleep would make every message of
 * everybody dear. The loop says when it wants to be called; the thread raises JN_ALARM_BIT of the
 * loop's bound Signal then, or earlier than the last thing said: a deadline that is taken back or put
 * off is left to run out. */
#include "janus/object.h"
#include "janus/runtime.h"
#include "janus/server.h"

#define STACK_PAGES 2

static cap_t wake, target;   /* to the thread, and to the loop */
static uint64_t wanted;      /* by the loop; 0: nothing. The thread takes it away when it is over */
static uint64_t last;        /* what the loop believes that the thread waits for */

static _Noreturn void run(void)
{
    for (;;) {
        uint64_t until = __atomic_load_n(&wanted, __ATOMIC_ACQUIRE), bits;
        jn_status_t status = jn_signal_wait(wake, until, &bits);
        if (status != JN_TIMEOUT)
            continue;
        /* Another wish that came just now is not lost: it stands in `wanted`. */
        __atomic_compare_exchange_n(&wanted, &until, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
        jn_status_t ignored = jn_signal_raise(target, JN_ALARM_BIT);
        (void)ignored;
    }
}

static jn_status_t start(void)
{
    static struct jn_state state;
    cap_t thread;
    char *stack = jn_map_pages(STACK_PAGES);
    uint64_t utcb = jn_reserve(JN_UTCB_SIZE, 12);
    if (!stack || !utcb)
        return JN_NO_MEMORY;
    jn_status_t status =
        jn_thread_create(JN_CAP_POOL, JN_CAP_TASK, utcb, JN_CAP_NULL, 0, &thread);
    if (status != JN_OK)
        return status;
    state = (struct jn_state){.rip = (uint64_t)run, .rflags = 0x202};
    state.r[JN_REG_RSP] = (uint64_t)(stack + STACK_PAGES * 4096 - 8); /* as after a call */
    status = jn_thread_write(thread, JN_STATE_REGS, &state);
    return status == JN_OK ? jn_thread_resume(thread) : status;
}

static bool alarm_start(cap_t signal)
{
    target = signal;
    return jn_signal_create(JN_CAP_POOL, &wake) == JN_OK && start() == JN_OK;
}

static void alarm_set(uint64_t deadline)
{
    if (!deadline || (last && last <= deadline))
        return;
    last = deadline;
    __atomic_store_n(&wanted, deadline, __ATOMIC_RELEASE);
    jn_status_t ignored = jn_signal_raise(wake, 1);
    (void)ignored;
}

static void alarm_came(void)
{
    last = 0;
}

const struct jn_alarm jn_alarm = {alarm_start, alarm_set, alarm_came};

/* Deadlines of IPC phases. Infinite is the fast path, zero needs no timer, a finite one arms the
 * thread's timer and marks the state word, so that whoever ends the wait cancels it. */
#include "cpu.h"
#include "ipc/ipc.h"

status_t timeout_start(struct thread *thread, uint64_t deadline)
{
    if (deadline <= time_now())
        return JN_TIMEOUT;
    timer_arm(&thread->timer, deadline);
    thread->state |= STATE_TIMED;
    return JN_OK;
}

void timeout_expired(struct timer *timer)
{
    struct thread *thread = container_of(timer, struct thread, timer);

    thread_hold(thread); /* the flag is what keeps a fast path off it */
    thread->state &= ~STATE_TIMED;
    thread_fail(thread, JN_TIMEOUT);
}

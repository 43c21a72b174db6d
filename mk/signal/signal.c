/* Signals. A waiter is in the Signal's own list; a bound thread is woken out of its gate wait, or
 * finds the bits at its next, to which KIND_SIGNALLED sends it past the fast path. */
#include "signal/signal.h"

#include "cpu.h"
#include "ipc/ipc.h"
#include "memory/pool.h"
#include "smp.h"
#include "task/task.h"
#include "trace/trace.h"

status_t signal_create(struct pool *pool, struct signal **result)
{
    struct signal *signal = pool_alloc(pool, sizeof *signal);

    if (!signal)
        return JN_NO_MEMORY;
    object_init(&signal->object, JN_TYPE_SIGNAL, pool, sizeof *signal);
    list_init(&signal->waiters);
    *result = signal;
    return JN_OK;
}

/* The thread's wait ends with these bits. */
static void set_signalled(struct thread *thread, uint64_t bits)
{
    thread_return(thread, JN_SIGNALLED);
    thread->r[JN_REG_RDI] = bits;
}

static void wake_with(struct thread *thread, struct signal *signal)
{
    uint64_t bits = signal->bits;

    signal->bits = 0;
    thread_unwait(thread, 0);
    set_signalled(thread, bits);
    thread_wake(thread);
}

void signal_raise(struct signal *signal, uint64_t bits)
{
    signal->bits |= bits;
    if (!signal->bits)
        return;
    if (!list_empty(&signal->waiters)) {
        struct thread *waiter = container_of(signal->waiters.next, struct thread, queue);
        TRACE(trace_signal(signal, waiter));
        wake_with(waiter, signal);
        return;
    }
    TRACE(trace_signal(signal, NULL));
    if (signal->bound) {
        thread_hold(signal->bound); /* it may be about to wait */
        if (thread_state(signal->bound) == STATE_RECV)
            wake_with(signal->bound, signal);
        else
            signal->bound->kind |= KIND_SIGNALLED;
    }
}

bool signal_take(struct thread *thread)
{
    thread->kind &= ~KIND_SIGNALLED;
    if (cap_empty(&thread->signal))
        return false;
    struct signal *signal = SIGNAL_OF(thread->signal.object);
    uint64_t bits = signal->bits;
    if (!bits)
        return false;
    signal->bits = 0;
    set_signalled(thread, bits);
    return true;
}

status_t signal_wait(struct thread *thread, struct signal *signal, unsigned flags)
{
    if (signal->bits) {
        set_signalled(thread, signal->bits);
        signal->bits = 0;
        return JN_OK;
    }
    if ((flags & 3) == PHASE_NOW)
        return JN_TIMEOUT;
    if ((flags & 3) == PHASE_UNTIL) {
        status_t status = timeout_start(thread, thread->utcb ? thread->utcb->recv_deadline : 0);
        if (status)
            return status;
    }
    signal_block(thread, &signal->waiters);
    return JN_OK;
}

void signal_block(struct thread *thread, struct list *waiters)
{
    struct thread *caller = thread->caller;

    /* A context that a caller has lent is not kept waiting here (KERNEL 15). */
    if (caller != no_thread && !(caller->state & STATE_HOME)) {
        sched_assign(caller, sched_loaded());
        caller->state |= STATE_HOME;
    }
    sched_assign(thread, thread->base);
    sched_block(thread);
    thread->state = STATE_SIGNAL | (thread->state & ~STATE_MASK);
    list_insert(waiters, &thread->queue);
}

void signal_unlink_waiter(struct thread *thread)
{
    list_remove(&thread->queue);
}

status_t signal_bind(struct thread *thread, uint64_t handle)
{
    status_t status = JN_OK;
    struct cap *cap = own_slot(handle);
    struct object *object = handle ? cap_object(cap, JN_TYPE_SIGNAL, JN_RIGHT_RECV, &status) : NULL;

    if (status)
        return status;
    if (object && SIGNAL_OF(object)->bound && SIGNAL_OF(object)->bound != thread)
        return JN_BUSY;
    signal_unbind(thread);
    if (!object)
        return JN_OK;
    struct signal *signal = SIGNAL_OF(object);
    cap_copy(cap, &thread->signal, JN_RIGHT_RECV);
    signal->bound = thread;
    if (signal->bits)
        signal_raise(signal, 0);
    return JN_OK;
}

void signal_unbind(struct thread *thread)
{
    thread->kind &= ~KIND_SIGNALLED;
    if (cap_empty(&thread->signal))
        return;
    SIGNAL_OF(thread->signal.object)->bound = NULL;
    cap_delete(&thread->signal);
}

status_t signal_bind_end(struct cap *cap, uint64_t *bits, const uint64_t *words)
{
    status_t status = JN_OK;
    struct cap *from = own_slot(words[0]);

    if (words[0] && !cap_object(from, JN_TYPE_SIGNAL, JN_RIGHT_SEND, &status))
        return status;
    cap_delete(cap);
    if (words[0])
        cap_copy(from, cap, JN_RIGHT_SEND);
    *bits = words[1];
    return JN_OK;
}

void signal_end(struct cap *cap, uint64_t bits)
{
    if (cap_empty(cap))
        return;
    signal_raise(SIGNAL_OF(cap->object), bits);
    cap_delete(cap);
}

void signal_finish(struct signal *signal)
{
    if (signal->bound)
        signal->bound->kind &= ~KIND_SIGNALLED;
    while (!list_empty(&signal->waiters))
        thread_fail(container_of(signal->waiters.next, struct thread, queue), JN_DEAD);
    object_free(&signal->object);
}

status_t op_signal_poll(struct object *object, uint64_t *words)
{
    struct signal *signal = SIGNAL_OF(object);

    words[0] = signal->bits;
    signal->bits = 0;
    /* Elsewhere it stays: one look for nothing. */
    if (signal->bound && signal->bound->cpu == cpu_self()->id)
        signal->bound->kind &= ~KIND_SIGNALLED;
    return JN_OK;
}

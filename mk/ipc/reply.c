/* Replies: answering, parking, and what becomes of callers whose holder is gone.
 *
 * Whom a thread answers is its current caller or stands in a Reply slot. A caller that is the
 * current one of a thread that goes on with the caller's own scheduling context has lent it; the
 * answer gives it back. STATE_HOME says that the context is not lent any more (the Reply was
 * parked, or the holder waited for something else).
 */
#include "cpu.h"
#include "ipc/ipc.h"
#include "smp.h"
#include "task/task.h"
#include "trace/trace.h"

struct thread *reply_chain_end(struct thread *caller)
{
    struct thread *last = caller;

    /* Not for ever: callers make the chain as long as they like. At worst two share a context. */
    for (unsigned i = 0; i < CHAIN_MAX && !(last->state & STATE_HOME) &&
                         thread_state(last) >= STATE_REPLY && thread_state(last) <= STATE_EXCEPTION;
         i++)
        last = last->partner;
    return last;
}

struct sched *reply_sched(struct thread *caller)
{
    struct thread *last = reply_chain_end(caller);

    const struct cpu *cpu = &cpus[last->cpu];

    return cpu_is_held(cpu) && last == cpu->runner ? cpu->sched : last->sched;
}

/* The slot is in no list of its gate any more. */
void reply_unlink(struct cap *cap)
{
    list_remove(&cap->parked);
    if (!list_empty(&cap->notice)) {
        list_remove(&cap->notice);
        gate_count_notices(cap->gate, -1);
    }
}

/* ---- the answer itself ---- */

static status_t answer_state(struct thread *thread, struct thread *caller)
{
    const struct jn_state *state = &thread->utcb->state;

    thread_state_set(caller, state, state->valid);
    caller->frame = FRAME_FULL;
    return JN_OK;
}

static status_t answer_call(struct thread *thread, struct thread *caller, uint64_t tag)
{
    status_t status = tag_check(thread, tag, JN_TAG_ITEMS);

    if (status)
        return status;
    if (tag & JN_TAG_ITEMS && (status = items_transfer(thread, caller, tag, false)))
        return status;
    if ((status = message_copy(thread, caller, tag)))
        return status;
    caller->r[JN_REG_RAX] = JN_OK;
    caller->r[JN_REG_RDI] = 0;
    caller->r[JN_REG_RSI] = tag;
    caller->frame = FRAME_CALL;
    return JN_OK;
}

/* What the caller does when it is released. */
enum { GO_ON, RAISE_FAULT, RAISE_EXCEPTION, DIE };

static status_t answer_foreign(struct thread *thread, struct thread *caller, uint64_t tag)
{
    const unsigned kinds = JN_TAG_STATE | JN_TAG_RESUME | JN_TAG_RESTART | JN_TAG_FAULT_AT;
    status_t status = tag_check(thread, tag, kinds);

    if (status)
        return status;
    switch (tag & kinds) {
    case 0:
        caller->r[JN_REG_RAX] = thread->r[JN_REG_RDX];
        return JN_OK;
    case JN_TAG_STATE:
        return answer_state(thread, caller);
    case JN_TAG_RESUME:
        caller->frame = FRAME_FULL;
        return JN_OK;
    case JN_TAG_RESTART:
        caller->rip -= 2;
        return JN_OK;
    case JN_TAG_FAULT_AT:
        caller->rip -= 2;
        caller->fault[0] = thread->r[word_register[0]];
        caller->fault[1] = thread->r[word_register[1]] & 15;
        caller->go_on = RAISE_FAULT;
        return JN_OK;
    default:
        return JN_BAD_ARG;
    }
}

static status_t answer_fault(struct thread *thread, struct thread *caller, uint64_t tag)
{
    status_t status = tag_check(thread, tag, JN_TAG_ITEMS | JN_TAG_STATE | JN_TAG_RESUME);

    if (status)
        return status;
    if (tag & JN_TAG_STATE)
        return answer_state(thread, caller);
    if ((int32_t)(tag >> JN_TAG_METHOD_SHIFT) < 0) {
        caller->go_on = RAISE_EXCEPTION;
        return JN_OK;
    }
    return tag & JN_TAG_ITEMS ? items_transfer(thread, caller, tag, true) : JN_OK;
}

static status_t answer_exception(struct thread *thread, struct thread *caller, uint64_t tag)
{
    status_t status = tag_check(thread, tag, JN_TAG_STATE | JN_TAG_RESUME);

    if (status)
        return status;
    if (tag & JN_TAG_STATE)
        return answer_state(thread, caller);
    if ((int32_t)(tag >> JN_TAG_METHOD_SHIFT) < 0)
        caller->go_on = DIE;
    return JN_OK;
}

status_t reply_answer(struct thread *thread, struct thread *caller, bool *lent)
{
    uint64_t tag = thread->r[JN_REG_RSI];

    *lent = !(caller->state & STATE_HOME);
    caller->go_on = GO_ON;
    thread->ipcs++;
    cpu_self()->slow_ipcs++;
    switch (thread_state(caller)) {
    case STATE_REPLY:
        return answer_call(thread, caller, tag);
    case STATE_FOREIGN:
        return answer_foreign(thread, caller, tag);
    case STATE_FAULT:
        return answer_fault(thread, caller, tag);
    default:
        return answer_exception(thread, caller, tag);
    }
}

/* The caller is RUN and in nobody's books; it goes on as the answer says. */
static void go_on(struct thread *caller, bool lent)
{
    switch (caller->go_on) {
    case RAISE_FAULT:
        thread_raise_fault(caller, caller->fault[0], caller->fault[1], true);
        return;
    case RAISE_EXCEPTION:
        thread_raise_exception(caller, 14, caller->fault[1], caller->fault[0]);
        return;
    case DIE:
        thread_kill(caller, "its exception was not handled");
        return;
    default:
        if (lent)
            thread_wake_again(caller);
        else
            thread_wake(caller);
    }
}

void reply_release(struct thread *thread, struct thread *caller, bool lent)
{
    TRACE(trace_answer(thread, caller));
    if (lent) {
        sched_assign(caller, sched_loaded());
        caller->state |= STATE_HOME;
    }
    sched_use(thread->base);
    if (caller->state & STATE_TIMED)
        timer_cancel(&caller->timer);
    if (caller->state & STATE_PARKED) {
        struct cap *cap = caller->reply;
        reply_unlink(cap);
        cap->key = cap->killed = 0;
        caller->reply = NULL;
    } else {
        caller->partner->caller = no_thread;
        caller->partner = no_thread;
    }
    caller->state = STATE_RUN | (caller->state & (STATE_SUSPENDED | STATE_MARKED));
    go_on(caller, lent);
}

/* ---- Reply capabilities ---- */

struct thread *reply_caller(struct thread *thread, uint64_t handle)
{
    if (!handle)
        return thread->caller;
    struct cap *cap = own_slot(handle);
    if (!cap || cap->type != JN_TYPE_REPLY)
        return NULL;
    return cap->object ? THREAD_OF(cap->object) : no_thread;
}

status_t reply_to(struct thread *thread, uint64_t handle)
{
    struct thread *caller = reply_caller(thread, handle);
    bool lent;

    if (!caller)
        return JN_BAD_CAP;
    if (caller == no_thread) {
        if (handle)
            reply_drop(own_slot(handle));
        return JN_NO_REPLY;
    }
    status_t status = reply_answer(thread, caller, &lent);
    if (!status)
        reply_release(thread, caller, lent);
    return status;
}

status_t reply_park(struct thread *thread, uint64_t handle)
{
    struct thread *caller = thread->caller;
    struct cap *cap;
    status_t status = own_slot_empty(handle, &cap);

    if (status)
        return status;
    if (caller == no_thread)
        return JN_NO_REPLY;
    cap->object = &caller->object;
    cap->label = caller->label;
    cap->gate = thread->gate ? thread->gate->gate : NULL;
    list_init(&cap->notice);
    list_init(&cap->parked);
    if (cap->gate)
        list_insert(&cap->gate->parked, &cap->parked);
    cap->type = JN_TYPE_REPLY;
    cap->rights = JN_RIGHT_SEND;
    cap->flags = (uint32_t)handle;

    if (!(caller->state & STATE_HOME))
        sched_assign(caller, sched_loaded());
    sched_use(thread->base);
    thread->caller = no_thread;
    caller->partner = no_thread;
    caller->reply = cap;
    caller->state |= STATE_PARKED | STATE_HOME;
    if (caller->state & STATE_CANCEL && cap->gate) {
        caller->state &= ~STATE_CANCEL;
        cap->flags |= REPLY_CANCEL;
        gate_notify(cap->gate, &cap->notice);
    }
    return JN_OK;
}

static void list_replace(struct list *old, struct list *new)
{
    list_insert(old, new);
    list_remove(old);
}

void reply_moved(struct cap *from, struct cap *to)
{
    list_init(&to->notice);
    list_init(&to->parked);
    list_replace(&from->notice, &to->notice);
    list_replace(&from->parked, &to->parked);
    if (from->object)
        THREAD_OF(from->object)->reply = to;
}

/* The slot is emptied without an answer. */
void reply_drop(struct cap *cap)
{
    struct thread *caller = cap->object ? THREAD_OF(cap->object) : NULL;

    reply_unlink(cap);
    cap->key = cap->killed = 0;
    if (!caller)
        return;
    caller->reply = NULL;
    caller->state &= ~STATE_PARKED;
    reply_orphan(caller);
}

void reply_orphan(struct thread *caller)
{
    unsigned state = thread_state(caller);

    if (caller->state & STATE_TIMED)
        timer_cancel(&caller->timer);
    caller->state = STATE_RUN | (caller->state & (STATE_SUSPENDED | STATE_MARKED));
    if (state == STATE_REPLY) {
        thread_return(caller, JN_AGAIN);
        thread_wake(caller);
    } else {
        if (state == STATE_FOREIGN)
            caller->message = JN_KM_SYSCALL;
        thread_raise_again(caller);
    }
}

/* Native system calls, all that the fast path leaves. */
#include "ipc/ipc.h"

#include "cpu.h"
#include "operations.h"
#include "signal/signal.h"
#include "smp.h"
#include "task/task.h"

void thread_return(struct thread *thread, int64_t status)
{
#pragma GCC unroll 10
    for (unsigned i = 0; i < JN_WORDS_REG; i++)
        thread->r[word_register[i]] = 0;
    thread->r[JN_REG_RDI] = 0;
    thread->r[JN_REG_RSI] = 0;
    thread->r[JN_REG_RAX] = (uint64_t)status;
    thread->frame = FRAME_CALL;
}

void thread_restart(struct thread *thread)
{
    thread->rip -= 2; /* the syscall instruction */
    thread->restarted = true;
}

static status_t send(struct thread *thread, unsigned message, unsigned flags)
{
    status_t status;
    struct cap *cap = own_slot(thread->r[JN_REG_RDI]);
    struct object *gate = cap_object(cap, JN_TYPE_GATE, JN_RIGHT_SEND, &status);
    unsigned windows = message == MESSAGE_CALL ? JN_TAG_WINDOWS : 0;

    if (!gate)
        return status;
    uint64_t tag = thread->r[JN_REG_RSI];
    status = tag_check(thread, tag, JN_TAG_ITEMS | windows);
    if (status)
        return status;
    thread->message = (uint8_t)message;
    thread->windows = (uint8_t)((tag & windows) >> JN_TAG_WINDOWS_SHIFT);
    thread->again = 0;
    thread->label = cap->label;
    return gate_send(thread, gate_choose(GATE_OF(gate)), flags);
}

static status_t wait(struct thread *thread, unsigned flags)
{
    status_t status;
    struct cap *cap = own_slot(thread->r[JN_REG_RDI]);

    if (cap && cap->type == JN_TYPE_SIGNAL) {
        struct object *object = cap_object(cap, JN_TYPE_SIGNAL, JN_RIGHT_RECV, &status);
        return object ? signal_wait(thread, SIGNAL_OF(object), flags) : status;
    }
    struct object *gate = cap_object(cap, JN_TYPE_GATE, JN_RIGHT_RECV, &status);
    if (!gate)
        return status;
    if (thread->caller != no_thread)
        return JN_BUSY;
    return gate_receive(thread, gate_here(gate), flags);
}

/* The common end of an answer: the caller goes on at once with the context that it had lent, and
 * the thread joins the receivers of `part`, where nothing waits for it. */
static void swap_with_caller(struct thread *thread, struct thread *caller, struct gate_part *part)
{
    caller->partner = no_thread;
    caller->state = STATE_RUN;
    thread->caller = no_thread;
    thread->state = STATE_RECV;
    thread->next = part->receivers;
    part->receivers = thread;
    sched_block(thread);
    sched_hand_over(caller);
}

/* Can the answer of `thread`, waiting again as its registers say, be a mere swap with its caller?
 */
static bool can_swap(const struct thread *thread, const struct thread *caller, unsigned flags)
{
    uint64_t handle = thread->r[JN_REG_RDI];
    /* Only read, so through the window: at worst it shows an empty slot (captable.c). */
    const struct cap *cap =
        (const struct cap *)(thread->captable + (handle & (JN_CAP_HANDLES - 1) * JN_CAP_STEP));

    return cap->fast & CAP_FAST_WAIT && flags == PHASE_FOREVER && thread->state == STATE_RUN &&
           !(thread->kind & KIND_SIGNALLED) && !(caller->state & ~(STATE_MASK | STATE_WINDOWS)) &&
           gate_here(cap->object) == thread->gate && !thread->gate->pending;
}

/* Called by the fast path as well, which is why it does nothing that a kernel entry would be needed
 * for: it cannot be preempted, and no translation becomes invalid. */
bool reply_with_page(struct thread *thread, struct thread *caller)
{
    const volatile struct jn_utcb *utcb = thread->utcb;

    if (!utcb)
        return false;
    uint64_t what = utcb->items[0].what, where = utcb->items[0].where;
    unsigned rights = what >> JN_ITEM_RIGHTS_SHIFT & (JN_R | JN_W | JN_X);
    if (what != (JN_ITEM_MAP | (uint64_t)rights << JN_ITEM_RIGHTS_SHIFT |
                 PAGE_SHIFT << JN_ITEM_ORDER_SHIFT) ||
        !space_map_page(&thread->task->space, where, &caller->task->space, utcb->item_offset[0],
                        rights))
        return false;
    thread->utcb->sent_items = 1;
    return true;
}

static status_t reply_wait(struct thread *thread, unsigned flags)
{
    struct thread *caller = thread->caller;
    bool lent = false;

    if (caller == no_thread)
        return wait(thread, flags);
    bool swap = can_swap(thread, caller, flags);
    if (swap && thread_state(caller) == STATE_FAULT &&
        thread->r[JN_REG_RSI] == 1u << JN_TAG_ITEMS_SHIFT && reply_with_page(thread, caller)) {
        swap_with_caller(thread, caller, thread->gate);
        return JN_OK;
    }
    status_t status = reply_answer(thread, caller, &lent);
    if (status)
        return status;
    if (swap && !caller->go_on) {
        swap_with_caller(thread, caller, thread->gate);
        return JN_OK;
    }
    reply_release(thread, caller, lent);
    /* What follows may be repeated; the answer may not. */
    thread->r[JN_REG_RAX] = (thread->r[JN_REG_RAX] & ~0xffull) | JN_WAIT;
    return wait(thread, flags);
}

static status_t set_signal(struct thread *thread)
{
    status_t status;
    struct object *object =
        own_object(thread->r[JN_REG_RDI], JN_TYPE_SIGNAL, JN_RIGHT_SEND, &status);

    if (object)
        signal_raise(SIGNAL_OF(object), thread->r[JN_REG_RDX]);
    return status;
}

/* Operations that end by a status leave with it here. The others have arranged for what the thread
 * returns with, and are told apart by `done`. */
static status_t dispatch(struct thread *thread, unsigned operation, bool *done)
{
    uint64_t flags = thread->r[JN_REG_RAX];

    if (flags == JN_REPLY_WAIT) {
        *done = false;
        return reply_wait(thread, PHASE_FOREVER);
    }
    unsigned send_phase = flags >> 8 & 3, receive_phase = flags >> 10 & 3;

    if ((flags & 0xfffff000) || send_phase == 3 || receive_phase == 3)
        return JN_BAD_CALL;
    switch (operation) {
    case JN_CALL:
    case JN_SEND:
        *done = false;
        return send(thread, operation == JN_CALL ? MESSAGE_CALL : MESSAGE_SEND,
                    send_phase | receive_phase << 2);
    case JN_WAIT:
        *done = false;
        return wait(thread, receive_phase);
    case JN_REPLY_WAIT:
        *done = false;
        return reply_wait(thread, receive_phase);
    case JN_REPLY:
        return reply_to(thread, thread->r[JN_REG_RDI]);
    case JN_PARK:
        return reply_park(thread, thread->r[JN_REG_RDX]);
    case JN_COPY:
        *done = false;
        return ipc_copy(thread, thread->r[JN_REG_RDI], thread->r[JN_REG_RSI]);
    case JN_INVOKE:
        *done = false;
        return invoke(thread);
    case JN_SIGNAL:
        return set_signal(thread);
    case JN_YIELD:
        sched_yield();
        return JN_OK;
    case JN_NULL:
        return JN_OK;
    case JN_FOREIGN:
        *done = false;
        return door_foreign(thread);
    default:
        return JN_BAD_CALL;
    }
}

void kernel_syscall(struct thread *thread)
{
    bool done = true;

    thread->frame = FRAME_CALL;
    thread->r[JN_REG_RAX] &= ~KIND_MASK;
    if (!kernel_enter(thread, ENTER_SYSCALL))
        return;
    if (!thread->restarted)
        thread->item = thread->item_done = thread->copied = 0;
    thread->restarted = false;

    status_t status = dispatch(thread, thread->r[JN_REG_RAX] & 0xff, &done);
    if (status == STATUS_RESTART)
        thread_restart(thread);
    else if (status || done)
        thread_return(thread, status);
    if (thread->kind & KIND_LEAVE)
        door_check(thread);
}

/* Gates: receivers wait in a stack, callers in a queue by priority, notices of the kernel before
 * both. At any time at most one of receivers and (callers, notices) is not empty. */
#include "cpu.h"
#include "ipc/ipc.h"
#include "memory/pool.h"
#include "signal/signal.h"
#include "smp.h"
#include "task/task.h"

status_t gate_create(struct pool *pool, struct gate **result)
{
    size_t size = sizeof(struct gate) + cpu_count * sizeof(struct gate_part);
    struct gate *gate = pool_alloc(pool, size);

    if (!gate)
        return JN_NO_MEMORY;
    object_init(&gate->object, JN_TYPE_GATE, pool, (uint32_t)size);
    list_init(&gate->workers);
    list_init(&gate->parked);
    list_init(&gate->notices);
    list_init(&gate->labels);
    for (unsigned i = 0; i < cpu_count; i++) {
        gate->part[i].receivers = no_thread;
        gate->part[i].gate = gate;
        gate->part[i].worker = no_thread;
        list_init(&gate->part[i].callers);
    }
    *result = gate;
    return JN_OK;
}

static void rebalance(struct gate *gate);

void gate_attach(struct thread *thread, struct gate_part *part)
{
    if (thread->gate == part)
        return;
    list_remove(&thread->worker);
    if (thread->gate && thread->gate->worker == thread)
        thread->gate->worker = no_thread;
    struct gate_part *old = thread->gate;
    thread->gate = part;
    if (part)
        list_insert(&part->gate->workers, &thread->worker);
    if (cpu_count > 1 && old && !old->gate->object.dying)
        rebalance(old->gate);
    if (cpu_count > 1 && part)
        rebalance(part->gate);
}

void gate_unlink_receiver(struct thread *thread)
{
    struct thread **link = &thread->gate->receivers;

    while (*link != thread)
        link = &(*link)->next;
    *link = thread->next;
}

/* ---- the caller queue: groups of equal priority in rings, the rings' heads by priority ---- */

static struct thread *group_of(struct list *head)
{
    return container_of(head, struct thread, group);
}

static void queue_caller(struct gate_part *part, struct thread *thread)
{
    unsigned priority = thread->sched->priority;
    struct list *place;

    thread->queued_on = part;
    thread->queued_priority = (uint8_t)priority;
    list_init(&thread->queue);
    list_init(&thread->group);
    part->pending++;
    for (place = part->callers.next; place != &part->callers; place = place->next) {
        struct thread *head = group_of(place);
        if (head->queued_priority == priority) {
            list_insert(&head->queue, &thread->queue);
            return;
        }
        if (head->queued_priority < priority)
            break;
    }
    list_insert(place, &thread->group);
}

void gate_unlink_caller(struct thread *thread)
{
    thread->queued_on->pending--;
    thread->queued_on = NULL;
    if (!list_empty(&thread->group) && !list_empty(&thread->queue)) {
        struct thread *next = container_of(thread->queue.next, struct thread, queue);
        list_insert(&thread->group, &next->group);
    }
    list_remove(&thread->group);
    list_remove(&thread->queue);
}

/* ---- other CPUs ---- */

#define WORKERS_LOOKED_AT 64

static void end_wait(struct thread *receiver);
static bool receive_notice(struct thread *thread, struct gate_part *part);

struct gate_part *gate_choose(struct gate *gate)
{
    struct gate_part *here = gate_here(&gate->object), *found = NULL;
    unsigned count = 0;

    if (cpu_count == 1 || here->receivers != no_thread || here->worker != no_thread)
        return here;
    for (struct list *i = gate->workers.next; i != &gate->workers && count < WORKERS_LOOKED_AT;
         i = i->next, count++) {
        struct gate_part *part = container_of(i, struct thread, worker)->gate;

        if (part == here)
            return here;
        /* Only a hint: its CPU may be at it just now. */
        if (!found || (found->receivers == no_thread && part->receivers != no_thread))
            found = part;
    }
    return found ? found : here;
}

static bool has_worker(const struct gate_part *part)
{
    const struct list *workers = &part->gate->workers;

    for (const struct list *i = workers->next; i != workers; i = i->next)
        if (container_of(i, struct thread, worker)->gate == part)
            return true;
    return false;
}

/* Workers came or went: nobody waits where there are none, if there are any. */
static void rebalance(struct gate *gate)
{
    if (list_empty(&gate->workers))
        return;
    for (unsigned i = 0; i < cpu_count; i++) {
        struct gate_part *part = &gate->part[i], *to = NULL;

        if (list_empty(&part->callers) || has_worker(part))
            continue;
        to = container_of(gate->workers.next, struct thread, worker)->gate;
        while (!list_empty(&part->callers)) {
            struct thread *thread = group_of(part->callers.next);
            gate_unlink_caller(thread);
            queue_caller(to, thread);
        }
        cpu_post(to);
    }
}

void gate_count_notices(struct gate *gate, int change)
{
    for (unsigned i = 0; i < cpu_count; i++)
        gate->part[i].pending += (uint64_t)(int64_t)change;
}

void gate_serve(struct gate_part *part)
{
    while (part->receivers != no_thread) {
        struct thread *receiver = part->receivers;

        if (!list_empty(&part->gate->notices)) {
            end_wait(receiver);
            receive_notice(receiver, part);
            sched_assign(receiver, receiver->base);
            thread_wake(receiver);
            continue;
        }
        if (list_empty(&part->callers))
            return;
        struct thread *sender = group_of(part->callers.next);
        unsigned kept = sender->state & (STATE_CANCEL | STATE_MOVES);
        thread_unwait(sender, 0);
        sender->state |= kept;
        status_t status = gate_send(sender, part, sender->phases);
        if (status == STATUS_RESTART)
            thread_restart(sender);
        else if (status)
            thread_return(sender, status);
        if (status || sender->message == MESSAGE_SEND)
            thread_wake(sender);
    }
}

/* ---- sending ---- */

/* A caller had to queue. The worker that received last goes on with the caller's context until it
 * answers, if that is more urgent than what it serves with (KERNEL 15); so does whoever it waits
 * for in turn. Whose context was replaced gets it back by STATE_HOME. */
static void help_worker(struct gate_part *part, struct sched *sched)
{
    for (unsigned depth = 0; depth < CHAIN_MAX && !budget_is_spent(sched); depth++) {
        struct thread *worker = part->worker, *served = worker->caller;
        if (served == no_thread || part != gate_here(&part->gate->object) ||
            sched->cpu != cpu_self()->id)
            return;
        struct thread *last = reply_chain_end(worker);
        bool runs = last == cpu_self()->runner;
        struct sched *old = runs ? sched_loaded() : last->sched;
        if (old->priority >= sched->priority)
            return;
        if (!(served->state & STATE_HOME)) {
            sched_assign(served, old);
            served->state |= STATE_HOME;
        }
        if (runs) {
            sched_use(sched);
            return;
        }
        part = last->queued_on;
        if (last->ready) {
            sched_remove(last);
            sched_assign(last, sched);
            sched_ready(last);
            return;
        }
        if (thread_state(last) != STATE_SEND)
            return;
        gate_unlink_caller(last);
        sched_assign(last, sched);
        queue_caller(part, last);
    }
}

static const uint8_t waits_as[] = {
    [MESSAGE_CALL] = STATE_REPLY,        [JN_KM_SYSCALL] = STATE_FOREIGN,
    [JN_KM_PAGE_FAULT] = STATE_FAULT,    [JN_KM_EXCEPTION] = STATE_EXCEPTION,
    [JN_KM_ATTENTION] = STATE_EXCEPTION,
};

/* The message has arrived: the sender waits for the answer of the receiver. */
static void set_partner(struct thread *sender, struct thread *receiver)
{
    unsigned kept = sender->state & (STATE_SUSPENDED | STATE_MARKED | STATE_TIMED |
                                     STATE_CANCEL | STATE_MOVES);

    sender->state = waits_as[sender->message] | kept | (sender->windows ? STATE_WINDOWS : 0);
    /* Nothing is lent to another CPU. */
    if (sender->cpu != receiver->cpu)
        sender->state |= STATE_REMOTE | STATE_HOME;
    sender->partner = receiver;
    receiver->caller = sender;
    receiver->gate->worker = receiver;
}

/* A receiver that was waiting stops waiting. */
static void end_wait(struct thread *receiver)
{
    gate_unlink_receiver(receiver);
    if (receiver->state & STATE_TIMED)
        timer_cancel(&receiver->timer);
    receiver->state = STATE_RUN | (receiver->state & (STATE_SUSPENDED | STATE_MARKED));
}

/* The phase after the send: a call's own receive phase begins when the message has been taken. */
static void receive_phase(struct thread *sender, unsigned flags)
{
    if (sender->state & STATE_TIMED) {
        timer_cancel(&sender->timer);
        sender->state &= ~STATE_TIMED;
    }
    if (sender->message != MESSAGE_CALL || (flags >> 2 & 3) == PHASE_FOREVER)
        return;
    uint64_t deadline = sender->utcb ? sender->utcb->recv_deadline : 0;
    sender->state |= STATE_TIMED;
    timer_arm(&sender->timer, (flags >> 2 & 3) == PHASE_NOW ? 0 : deadline);
}

status_t gate_send(struct thread *thread, struct gate_part *part, unsigned flags)
{
    struct cpu *cpu = &cpus[gate_part_cpu(part)];
    bool running = cpu_self()->runner == thread, here = cpu == cpu_self();
    struct thread *receiver = cpu_is_held(cpu) ? part->receivers : no_thread;

    if (receiver != no_thread) {
        status_t status = message_deliver(thread, receiver);
        if (status)
            return status;
        end_wait(receiver);
        if (thread->message == MESSAGE_SEND) {
            sched_assign(receiver, receiver->base);
            thread_wake(receiver);
            thread_return(thread, JN_OK);
            return JN_OK;
        }
        set_partner(thread, receiver);
        receive_phase(thread, flags);
        if (running && here) {
            sched_block(thread);
            sched_hand_over(receiver);
            return JN_OK;
        }
        if (running) {
            sched_assign(thread, sched_loaded());
            sched_block(thread);
        }
        sched_assign(receiver, thread->state & STATE_REMOTE ? receiver->base : thread->sched);
        thread_wake(receiver);
        return JN_OK;
    }
    thread->phases = (uint8_t)flags;
    if ((flags & 3) == PHASE_NOW)
        return JN_TIMEOUT;
    if ((flags & 3) == PHASE_UNTIL) {
        status_t status = timeout_start(thread, thread->utcb ? thread->utcb->send_deadline : 0);
        if (status)
            return status;
    }
    if (running) {
        sched_assign(thread, sched_loaded());
        sched_block(thread);
    }
    thread->state = STATE_SEND | (thread->state & ~STATE_MASK);
    queue_caller(part, thread);
    /* It may have parked since the look at its receivers: cpu_post() looks again. */
    if (!here)
        cpu_post(part);
    else if (thread->message != MESSAGE_SEND)
        help_worker(part, thread->sched);
    return JN_OK;
}

/* ---- receiving ---- */

/* Labels and Reply slots share the list, and stand at different places of a cache line. */
static bool notice_is_label(const struct list *notice)
{
    _Static_assert(offsetof(struct cap, notice) % 64 != offsetof(struct label, notice) % 64, "");
    return (uint64_t)notice % 64 == offsetof(struct label, notice);
}

/* A notice of the kernel, if there is one. */
static bool receive_notice(struct thread *thread, struct gate_part *part)
{
    struct gate *gate = part->gate;

    if (list_empty(&gate->notices))
        return false;
    struct list *notice = gate->notices.next;
    thread_return(thread, JN_RECEIVED);
    gate_count_notices(gate, -1);
    list_remove(notice);
    if (notice_is_label(notice)) {
        struct label *label = container_of(notice, struct label, notice);
        thread->r[JN_REG_RDI] = label->value;
        thread->r[JN_REG_RSI] = JN_TAG_KERNEL | JN_KM_LABEL_GONE << JN_TAG_KIND_SHIFT;
        label_free(label);
        return true;
    }
    struct cap *cap = container_of(notice, struct cap, notice);
    unsigned kind = cap->flags & REPLY_GONE ? JN_KM_CALLER_GONE : JN_KM_CANCEL;
    thread->r[JN_REG_RDI] = cap->label;
    thread->r[JN_REG_RSI] = JN_TAG_KERNEL | (uint64_t)kind << JN_TAG_KIND_SHIFT | 1;
    thread->r[word_register[0]] = cap->flags & ~REPLY_FLAGS;
    if (kind == JN_KM_CALLER_GONE) {
        list_remove(&cap->parked);
        cap->key = cap->killed = 0;
    } else {
        cap->flags &= ~REPLY_CANCEL;
    }
    return true;
}

status_t gate_receive(struct thread *thread, struct gate_part *part, unsigned flags)
{
    gate_attach(thread, part);
    sched_use(thread->base);
    if (signal_take(thread) || receive_notice(thread, part))
        return JN_OK;
    while (!list_empty(&part->callers)) {
        struct thread *sender = group_of(part->callers.next);
        status_t status = message_deliver(sender, thread);

        if (status == STATUS_RESTART)
            return status;
        if (status || sender->message == MESSAGE_SEND) {
            thread_unwait(sender, 0);
            thread_return(sender, status);
            thread_wake(sender);
            if (status)
                continue;
            return JN_OK;
        }
        gate_unlink_caller(sender);
        set_partner(sender, thread);
        receive_phase(sender, sender->phases);
        if (!(sender->state & STATE_REMOTE))
            sched_use(sender->sched);
        return JN_OK;
    }
    if ((flags & 3) == PHASE_NOW)
        return JN_TIMEOUT;
    if ((flags & 3) == PHASE_UNTIL) {
        status_t status = timeout_start(thread, thread->utcb ? thread->utcb->recv_deadline : 0);
        if (status)
            return status;
    }
    thread->state = STATE_RECV | (thread->state & ~STATE_MASK);
    thread->next = part->receivers;
    part->receivers = thread;
    sched_block(thread);
    return JN_OK;
}

/* ---- notices ---- */

/* Tells whoever waits on the gate, now or later. `notice` is in no list. */
void gate_notify(struct gate *gate, struct list *notice)
{
    list_insert(&gate->notices, notice);
    gate_count_notices(gate, 1);
    cpu_post(gate_choose(gate));
}

void label_unused(struct label *label)
{
    if (label->gate->object.dying)
        label_free(label);
    else
        gate_notify(label->gate, &label->notice);
}

status_t op_gate_mint(struct object *object, uint64_t *words)
{
    struct gate *gate = GATE_OF(object);
    struct cap *slot, *from = own_slot(current_thread()->r[JN_REG_RDI]);
    uint64_t value = words[1];
    status_t status = own_slot_empty(words[0], &slot);

    if (status)
        return status;
    if (!value || value >> 62)
        return JN_BAD_ARG;
    struct label *label;
    if ((status = label_create(gate, value, &label)))
        return status;
    cap_copy_minted(from, slot, label, (unsigned)words[2] & (JN_RIGHT_SEND | JN_RIGHT_COPY));
    return JN_OK;
}

status_t op_gate_bind_end(struct object *object, uint64_t *words)
{
    return signal_bind_end(&GATE_OF(object)->end_signal, &GATE_OF(object)->end_bits, words);
}

/* ---- the end ---- */

/* Receivers, callers and workers leave, a few at a time; the gate is found by nobody any more. */
bool gate_finish(struct gate *gate)
{
    struct gate_part *part = gate->part;

    for (unsigned i = 0; i < 32 && part < gate->part + cpu_count; i++) {
        cpu_hold(&cpus[gate_part_cpu(part)]);
        if (part->receivers != no_thread)
            thread_fail(part->receivers, JN_DEAD);
        else if (!list_empty(&part->callers))
            thread_fail(group_of(part->callers.next), JN_DEAD);
        else
            part++;
    }
    if (part < gate->part + cpu_count)
        return false;
    for (part = gate->part; part < gate->part + cpu_count; part++)
        cpu_unpost(part);
    while (!list_empty(&gate->notices))
        list_remove(gate->notices.next);
    while (!list_empty(&gate->parked)) {
        struct cap *cap = container_of(gate->parked.next, struct cap, parked);
        list_remove(&cap->parked);
        cap->gate = NULL;
    }
    while (!list_empty(&gate->workers))
        gate_attach(container_of(gate->workers.next, struct thread, worker), NULL);
    while (!list_empty(&gate->labels))
        label_free(container_of(gate->labels.next, struct label, in_gate));
    signal_end(&gate->end_signal, gate->end_bits);
    object_free(&gate->object);
    return true;
}

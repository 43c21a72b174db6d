/* Where signals go: to a thread's own queue, or to servers/task and from there to whichever thread
 * has them unblocked. */
#include <stdlib.h>

#include "janus/backend/process.h"
#include "process.h"
#include "signals.h"
#include "status.h"
#include "wait.h"

/* Signals whose default action is to do nothing. */
#define DEFAULT_IGNORE                                                                    \
    (LX_SIGBIT(LX_SIGCHLD) | LX_SIGBIT(LX_SIGURG) | LX_SIGBIT(LX_SIGWINCH) |              \
     LX_SIGBIT(LX_SIGCONT))
#define QUEUE_LIMIT 1024 /* queued real-time signals of one thread */

bool signal_deliverable(const struct thread *t)
{
    return t->dying || (signal_pending(t) & ~t->mask & ~t->process->ignored);
}

void signal_note_ignored(struct process *p, uint32_t number)
{
    uint64_t handler = p->actions[number - 1].handler, bit = LX_SIGBIT(number);
    if (handler == LX_SIG_IGN || (handler == LX_SIG_DFL && (DEFAULT_IGNORE & bit)))
        p->ignored |= bit;
    else
        p->ignored &= ~bit;
}

void signal_recompute_ignored(struct process *p)
{
    for (uint32_t n = 1; n <= LX_NSIG; n++)
        signal_note_ignored(p, n);
}

void signal_drop_pending(struct pending *pending, uint64_t set)
{
    pending->set &= ~set;
    for (struct queued_signal **at = &pending->queue; *at;) {
        struct queued_signal *item = *at;
        if (LX_SIGBIT(item->info.number) & set) {
            *at = item->next;
            free(item);
        } else {
            at = &item->next;
        }
    }
}

/* A thread may have to look at its signals. Where threads change their masks by themselves (library/
 * fast_signal.c), they store the mask first and look then whether something is pending; here what is
 * pending was stored first, so that one of both sees the other's. */
static void notify(struct thread *t)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (!signal_deliverable(t) && !(signal_pending(t) & t->wait_accept))
        return;
    if (t->wait.parked && !t->in_vfork) {
        wait_wake(t);
    } else if (t->message == MESSAGE_NONE && !t->attention) {
        t->attention = backend_thread_attention(&t->backend) == JN_OK;
    }
    /* Otherwise it looks on its way out. */
}

void signal_set_mask(struct thread *t, uint64_t mask)
{
    uint64_t newly_blocked = mask & ~t->mask;
    t->mask = mask & ~SIGNALS_UNBLOCKABLE;
    /* What the process has pending and this thread no longer takes may be for another one. */
    if (newly_blocked & t->process->shared_pending & ~t->process->ignored) {
        struct thread *other;
        list_for_each(other, struct thread, &t->process->threads, link)
            if (other != t)
                notify(other);
    }
}

static bool queue(struct thread *t, const struct task_siginfo *info)
{
    uint64_t bit = LX_SIGBIT(info->number);
    if (info->number < LX_SIGRTMIN && (t->pending.set & bit))
        return true; /* standard signals do not queue */
    struct queued_signal *item = malloc(sizeof *item), **at = &t->pending.queue;
    uint32_t length = 0;
    if (!item)
        return false;
    *item = (struct queued_signal){NULL, *info};
    for (; *at; at = &(*at)->next)
        length++;
    if (length >= QUEUE_LIMIT && info->number >= LX_SIGRTMIN) {
        free(item);
        return false;
    }
    *at = item;
    t->pending.set |= bit;
    return true;
}

void signal_send_thread(struct thread *t, const struct task_siginfo *info)
{
    struct process *p = t->process;
    uint64_t bit = LX_SIGBIT(info->number);
    if (info->number == LX_SIGCONT) {
        signal_drop_pending(&t->pending, SIGNALS_STOP);
        process_continue(p);
    } else if (bit & SIGNALS_STOP) {
        signal_drop_pending(&t->pending, LX_SIGBIT(LX_SIGCONT));
    }
    /* A blocked signal stays pending though ignored: the action may change before it is unblocked. */
    if ((bit & p->ignored) && !(bit & (t->mask | t->wait_accept)))
        return;
    if (queue(t, info))
        notify(t);
}

void signal_force(struct thread *t, uint32_t number, int32_t code, uint64_t address)
{
    struct task_siginfo info = {.number = (int32_t)number, .code = code, .address = address};
    struct lx_sigaction *action = &t->process->actions[number - 1];
    uint64_t bit = LX_SIGBIT(number);
    if ((t->mask & bit) || action->handler == LX_SIG_IGN) {
        action->handler = LX_SIG_DFL;
        t->mask &= ~bit;
        signal_recompute_ignored(t->process);
    }
    signal_drop_pending(&t->pending, bit);
    if (!queue(t, &info))
        process_terminate(t->process, TASK_SIGNALLED, number);
}

long signal_send_process(struct thread *t, int64_t pid, const struct task_siginfo *info)
{
    jn_status_t status = backend_process_signal(t->process->clients.task, pid,
                                                (uint32_t)info->number, info);
    return errno_of(status);
}

uint32_t signal_take(struct thread *t, uint64_t accept, struct task_siginfo *info)
{
    struct process *p = t->process;
    uint64_t own = t->pending.set & accept;
    if (own) {
        /* Faults first, then the lowest number, as Linux does. */
        uint64_t faults = own & (LX_SIGBIT(LX_SIGSEGV) | LX_SIGBIT(LX_SIGBUS) |
                                 LX_SIGBIT(LX_SIGILL) | LX_SIGBIT(LX_SIGTRAP) |
                                 LX_SIGBIT(LX_SIGFPE) | LX_SIGBIT(LX_SIGSYS));
        uint32_t number = (uint32_t)__builtin_ctzll(faults ? faults : own) + 1;
        bool more = false;
        struct queued_signal *found = NULL;
        for (struct queued_signal **at = &t->pending.queue; *at;) {
            struct queued_signal *item = *at;
            if ((uint32_t)item->info.number == number && !found) {
                found = item;
                *at = item->next;
                continue;
            }
            more |= (uint32_t)item->info.number == number;
            at = &item->next;
        }
        if (!more)
            t->pending.set &= ~LX_SIGBIT(number);
        if (found) {
            *info = found->info;
            free(found);
            return number;
        }
    }
    if (p->shared_pending & accept) {
        uint32_t number = 0;
        uint64_t pending = 0;
        if (backend_process_take_signal(p->clients.task, accept, &number, info, &pending) != JN_OK)
            return 0;
        p->shared_pending = pending;
        if (number)
            info->number = (int32_t)number;
        return number;
    }
    return 0;
}

/* Drops process-directed signals that are ignored and that no thread has blocked or waits for. */
static void drop_ignored(struct process *p)
{
    uint64_t keep = 0;
    struct thread *t;
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* as in notify() */
    list_for_each(t, struct thread, &p->threads, link)
        keep |= t->mask | t->wait_accept;
    uint64_t drop = p->shared_pending & p->ignored & ~keep;
    while (drop & p->shared_pending) {
        uint32_t number = 0;
        struct task_siginfo info;
        if (backend_process_take_signal(p->clients.task, drop, &number, &info,
                                        &p->shared_pending) != JN_OK ||
            !number)
            break;
        if (number == LX_SIGCHLD)
            process_child_ignored(p);
    }
}

void signal_process_event(struct process *p)
{
    uint32_t number = 0;
    struct task_siginfo info;
    uint64_t pending = 0;
    if (backend_process_take_signal(p->clients.task, 0, &number, &info, &pending) != JN_OK)
        return;
    p->shared_pending = pending;
    if (pending & LX_SIGBIT(LX_SIGCONT)) /* whether it is blocked, ignored or handled */
        process_continue(p);
    if (pending & p->ignored)
        drop_ignored(p);
    /* One thread is enough for each signal; the first that would take it, the main thread by
     * preference. Threads that already look need no second nudge. */
    uint64_t left = p->shared_pending;
    struct thread *t;
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* as in notify() */
    list_for_each(t, struct thread, &p->threads, link) {
        uint64_t takes = left & ((~t->mask & ~p->ignored) | t->wait_accept);
        if (takes) {
            notify(t);
            left &= ~takes;
        }
    }
}

void signal_thread_event(struct process *p)
{
    for (;;) {
        uint32_t number = 0;
        uint64_t tid = 0;
        struct task_siginfo info;
        struct thread *t;
        if (backend_process_take_thread_signal(p->clients.task, &tid, &number, &info) != JN_OK ||
            !number || number > LX_NSIG)
            return;
        list_for_each(t, struct thread, &p->threads, link)
            if (t->tid == tid) { /* otherwise it has ended meanwhile */
                signal_send_thread(t, &info);
                break;
            }
    }
}

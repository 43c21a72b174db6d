/* The way back to the program: signals are delivered here and nowhere else, and interrupted system
 * calls get their result or start again (signal(7), "Interruption of system calls"). */
#include <string.h>

#include "futex.h"
#include "janus/backend/process.h"
#include "janus/runtime.h"
#include "placement.h"
#include "process.h"
#include "signals.h"
#include "wait.h"

#define SYSCALL_LENGTH 2 /* bytes of the syscall instruction */
#define SYS_RESTART_SYSCALL 219

#define DEFAULT_CORE                                                                      \
    (LX_SIGBIT(LX_SIGQUIT) | LX_SIGBIT(LX_SIGILL) | LX_SIGBIT(LX_SIGTRAP) |               \
     LX_SIGBIT(LX_SIGABRT) | LX_SIGBIT(LX_SIGBUS) | LX_SIGBIT(LX_SIGFPE) |                \
     LX_SIGBIT(LX_SIGSEGV) | LX_SIGBIT(LX_SIGXCPU) | LX_SIGBIT(LX_SIGXFSZ) |              \
     LX_SIGBIT(LX_SIGSYS))

static bool is_restart(long result)
{
    return result == -LX_ERESTARTSYS || result == -LX_ERESTARTNOINTR ||
           result == -LX_ERESTARTNOHAND || result == -LX_ERESTART_RESTARTBLOCK;
}

/* Loads the thread's state into core_state, with the call's result in rax. */
static bool load(struct thread *t, long result)
{
    if (backend_thread_read(&t->backend, JN_STATE_REGS | JN_STATE_BASES | JN_STATE_XSAVE,
                            &core_state) != JN_OK)
        return false;
    if (t->message == MESSAGE_FAULT) { /* for the context of a handler: error code as the CPU's */
        core_state.trap_vector = 14;
        core_state.trap_cr2 = t->args[0];
        core_state.trap_error = 4 | (t->args[1] & JN_FAULT_PRESENT ? 1 : 0) |
                                (t->args[1] & JN_ACCESS_WRITE ? 2 : 0) |
                                (t->args[1] & JN_ACCESS_EXEC ? 16 : 0);
    }
    if (t->message == MESSAGE_SYSCALL && result != CORE_STATE) {
        core_state.rip = t->rip;
        core_state.r[JN_REG_RAX] = (uint64_t)result;
        core_state.r[JN_REG_RCX] = t->rip;
        core_state.r[JN_REG_R11] = core_state.rflags;
    }
    core_state.rip = placement_program_rip(core_state.rip);
    return true;
}

/* A handler runs: what becomes of the interrupted call. */
static void settle_restart(struct thread *t, long result, const struct lx_sigaction *action)
{
    bool again = result == -LX_ERESTARTNOINTR ||
                 (result == -LX_ERESTARTSYS && (action->flags & LX_SA_RESTART));
    if (again) {
        core_state.r[JN_REG_RAX] = t->number;
        core_state.rip = placement_program_rip(t->rip - SYSCALL_LENGTH);
    } else {
        core_state.r[JN_REG_RAX] = (uint64_t)-LX_EINTR;
    }
}

/* Is the group without anybody who could continue it? Then TSTP, TTIN and TTOU do not stop. */
static bool group_orphaned(struct process *p)
{
    struct backend_ids ids;
    return backend_process_ids(p->clients.task, 0, &ids) == JN_OK &&
           (ids.flags & TASK_IDS_ORPHANED);
}

enum outcome { GO_ON, HANDLED, STOPPED, ENDED };

/* What one signal does. HANDLED: core_state now enters the handler. */
static enum outcome deliver(struct thread *t, uint32_t number, const struct task_siginfo *info,
                            bool *loaded, long *result)
{
    struct process *p = t->process;
    struct lx_sigaction *action = &p->actions[number - 1];
    uint64_t bit = LX_SIGBIT(number);
    if (number == LX_SIGCHLD) {
        if (action->handler == LX_SIG_IGN || (action->flags & LX_SA_NOCLDWAIT))
            process_child_ignored(p);
        if ((action->flags & LX_SA_NOCLDSTOP) &&
            (info->code == LX_CLD_STOPPED || info->code == LX_CLD_CONTINUED))
            return GO_ON;
    }
    if (p->ignored & bit)
        return GO_ON;
    if (action->handler == LX_SIG_DFL) {
        if (bit & SIGNALS_STOP) {
            if (number == LX_SIGSTOP || !group_orphaned(p)) {
                process_stop(p, number);
                return STOPPED;
            }
            return GO_ON;
        }
        /* Its own doing, not a key or kill(1). */
        bool own = info->code > 0 || number == LX_SIGABRT;
        if (own && bit & DEFAULT_CORE && (*loaded || load(t, *result)))
            crash_report(t, info, &core_state);
        process_terminate(p, TASK_SIGNALLED, number);
        return ENDED;
    }
    if (!*loaded) {
        if (!load(t, *result)) {
            process_terminate(p, TASK_SIGNALLED, LX_SIGKILL);
            return ENDED;
        }
        *loaded = true;
    }
    if (t->message == MESSAGE_SYSCALL && is_restart(*result))
        settle_restart(t, *result, action);
    *result = CORE_STATE; /* from here on the registers in core_state count */
    uint64_t frame_mask = t->restore_mask ? t->saved_mask : t->mask;
    struct lx_sigaction used = *action;
    if (used.flags & LX_SA_RESETHAND) {
        action->handler = LX_SIG_DFL;
        signal_recompute_ignored(p);
    }
    if (signal_frame_push(t, &core_state, &used, info, frame_mask)) {
        /* No stack for the frame: SIGSEGV, which ends the process if it was SIGSEGV itself. */
        if (number == LX_SIGSEGV) {
            process_terminate(p, TASK_SIGNALLED, LX_SIGSEGV);
            return ENDED;
        }
        signal_force(t, LX_SIGSEGV, LX_SI_KERNEL, 0);
        return GO_ON;
    }
    t->restore_mask = false;
    uint64_t mask = t->mask | used.mask;
    if (!(used.flags & LX_SA_NODEFER))
        mask |= bit;
    signal_set_mask(t, mask);
    return HANDLED;
}

/* No handler ran: the call starts again as if nothing had been. */
static void restart(struct thread *t, long result)
{
    t->message = MESSAGE_NONE;
    if (result != -LX_ERESTART_RESTARTBLOCK) {
        backend_thread_answer_restart(&t->backend);
        return;
    }
    if (backend_thread_read(&t->backend, JN_STATE_REGS, &core_state) != JN_OK) {
        backend_thread_answer_value(&t->backend, (uint64_t)-LX_EINTR);
        return;
    }
    core_state.rip = t->rip - SYSCALL_LENGTH;
    core_state.r[JN_REG_RAX] = SYS_RESTART_SYSCALL;
    backend_thread_answer_state(&t->backend, JN_STATE_REGS, &core_state);
}

/* The process is stopped: the thread stays here, its message held, until it is continued. */
static void stay(struct thread *t, bool loaded, long result)
{
    if (loaded) {
        if (backend_thread_write(&t->backend, JN_STATE_REGS | JN_STATE_BASES | JN_STATE_XSAVE,
                                 &core_state) != JN_OK)
            jn_log(JN_LOG_ERROR, "state of a stopped thread was lost");
        result = CORE_STATE;
    }
    if (backend_thread_hold(&t->backend) != JN_OK)
        jn_log(JN_LOG_ERROR, "a stopped thread could not be held");
    t->suspended_leave = true;
    t->leave_result = result;
}

void thread_leave(struct thread *t, long result)
{
    struct process *p = t->process;
    if (t->wait.armed || t->timer.place || t->futex_queued || t->wait_accept)
        wait_end(t);
    if (t->restore_mask && result != -LX_ERESTARTNOHAND && result != -LX_EINTR) {
        t->restore_mask = false; /* the call was not interrupted: its mask ends with it */
        signal_set_mask(t, t->saved_mask);
    }
    bool quiet = !p->stopped && !t->restore_mask && !t->dying &&
                 !(signal_pending(t) & ~t->mask);
    if (quiet && t->message == MESSAGE_SYSCALL && result != CORE_STATE && !is_restart(result)) {
        t->message = MESSAGE_NONE;
        backend_thread_answer_value(&t->backend, (uint64_t)result);
        return;
    }
    bool loaded = false;
    for (;;) {
        if (p->stopped) {
            stay(t, loaded, result);
            return;
        }
        struct task_siginfo info;
        uint32_t number = signal_take(t, ~t->mask, &info);
        if (number) {
            if (deliver(t, number, &info, &loaded, &result) == ENDED)
                return;
            continue;
        }
        if (!t->restore_mask)
            break;
        t->restore_mask = false;
        signal_set_mask(t, t->saved_mask);
    }
    t->attention = false;
    if (loaded) {
        t->message = MESSAGE_NONE;
        /* A handler finds the bases and the floating point registers as they were. */
        backend_thread_answer_state(&t->backend, JN_STATE_REGS, &core_state);
    } else if (t->message == MESSAGE_SYSCALL && is_restart(result)) {
        restart(t, result);
    } else if (t->message == MESSAGE_SYSCALL && result != CORE_STATE) {
        t->message = MESSAGE_NONE;
        backend_thread_answer_value(&t->backend, (uint64_t)result);
    } else {
        enum message_kind kind = t->message;
        t->message = MESSAGE_NONE;
        backend_thread_answer_resume(&t->backend, kind == MESSAGE_SYSCALL);
    }
}

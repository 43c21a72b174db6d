/* The signal family: actions, masks, sending, waiting. */
#include <string.h>

#include "janus/backend/process.h"
#include "janus/runtime.h"
#include "process.h"
#include "signal_frame.h"
#include "signals.h"
#include "status.h"
#include "syscalls.h"
#include "timespec.h"
#include "user.h"
#include "wait.h"

void signal_set_action(struct process *p, uint32_t number, const struct lx_sigaction *action)
{
    struct lx_sigaction *to = &p->actions[number - 1];
    *to = *action;
    to->mask &= ~SIGNALS_UNBLOCKABLE;
    to->flags &= LX_SA_NOCLDSTOP | LX_SA_NOCLDWAIT | LX_SA_SIGINFO | LX_SA_RESTORER |
                 LX_SA_ONSTACK | LX_SA_RESTART | LX_SA_NODEFER | LX_SA_RESETHAND | 0x800;
    signal_note_ignored(p, number);
}

long sys_rt_sigaction(struct thread *t, const uint64_t *a)
{
    struct process *p = t->process;
    struct lx_sigaction action, old;
    if (a[3] != 8 || a[0] < 1 || a[0] > LX_NSIG)
        return -LX_EINVAL;
    if (a[1] && (a[0] == LX_SIGKILL || a[0] == LX_SIGSTOP))
        return -LX_EINVAL;
    if (a[1] && user_read(t, &action, a[1], sizeof action))
        return -LX_EFAULT;
    old = p->actions[a[0] - 1];
    if (a[1]) {
        signal_set_action(p, (uint32_t)a[0], &action);
        if (p->ignored & LX_SIGBIT(a[0])) { /* setting it to ignore drops what is pending */
            struct thread *other;
            list_for_each(other, struct thread, &p->threads, link)
                signal_drop_pending(&other->pending, LX_SIGBIT(a[0]));
            struct task_siginfo info;
            while (p->shared_pending & LX_SIGBIT(a[0]))
                if (!signal_take(t, LX_SIGBIT(a[0]), &info))
                    break;
        }
    }
    return a[2] ? user_write(t, a[2], &old, sizeof old) : 0;
}

long sys_rt_sigprocmask(struct thread *t, const uint64_t *a)
{
    uint64_t set, old = t->mask;
    if (a[3] != 8)
        return -LX_EINVAL;
    if (a[1]) {
        if (user_read(t, &set, a[1], 8))
            return -LX_EFAULT;
        set &= ~SIGNALS_UNBLOCKABLE;
        switch ((int32_t)a[0]) {
        case LX_SIG_BLOCK:
            set |= old;
            break;
        case LX_SIG_UNBLOCK:
            set = old & ~set;
            break;
        case LX_SIG_SETMASK:
            break;
        default:
            return -LX_EINVAL;
        }
        signal_set_mask(t, set);
    }
    return a[2] ? user_write64(t, a[2], old) : 0;
}

long sys_rt_sigreturn(struct thread *t, const uint64_t *a)
{
    (void)a;
    if (backend_thread_read(&t->backend, JN_STATE_REGS, &core_state) != JN_OK ||
        signal_frame_pop(t, &core_state) ||
        backend_thread_write(&t->backend, JN_STATE_REGS | JN_STATE_XSAVE, &core_state) != JN_OK)
        signal_force(t, LX_SIGSEGV, LX_SI_KERNEL, 0);
    return CORE_STATE;
}

long sys_rt_sigpending(struct thread *t, const uint64_t *a)
{
    if (a[1] > 8)
        return -LX_EINVAL;
    uint64_t set = signal_pending(t) & t->mask;
    return user_write(t, a[0], &set, a[1]);
}

long sys_rt_sigsuspend(struct thread *t, const uint64_t *a)
{
    uint64_t mask;
    if (!t->wait.started) {
        if (a[1] != 8)
            return -LX_EINVAL;
        if (user_read(t, &mask, a[0], 8))
            return -LX_EFAULT;
        if (!t->restore_mask) {
            t->saved_mask = t->mask;
            t->restore_mask = true;
        }
        signal_set_mask(t, mask);
        t->wait.started = true;
    }
    return wait_for(t, WAIT_FOREVER, -LX_ERESTARTNOHAND);
}

long sys_pause(struct thread *t, const uint64_t *a)
{
    (void)a;
    return wait_for(t, WAIT_FOREVER, -LX_ERESTARTNOHAND);
}

long sys_rt_sigtimedwait(struct thread *t, const uint64_t *a)
{
    struct task_siginfo info;
    uint64_t set;
    if (a[3] != 8)
        return -LX_EINVAL;
    if (user_read(t, &set, a[0], 8))
        return -LX_EFAULT;
    set &= ~SIGNALS_UNBLOCKABLE;
    if (!t->wait.started) {
        struct lx_timespec time;
        if (a[2]) {
            if (user_read(t, &time, a[2], sizeof time))
                return -LX_EFAULT;
            if (!timespec_valid(&time))
                return -LX_EINVAL;
            t->wait.memory[0] = !time.tv_sec && !time.tv_nsec;
            t->wait.deadline = timespec_deadline(&time);
        }
        t->wait.started = true;
    }
    t->wait_accept = set;
    uint32_t number = signal_take(t, set, &info);
    if (number) {
        struct lx_siginfo out;
        siginfo_to_linux(&info, &out);
        t->wait_accept = 0;
        if (a[1] && user_write(t, a[1], &out, sizeof out))
            return -LX_EFAULT;
        return (long)number;
    }
    if (t->wait.memory[0] || t->wait.expired)
        return -LX_EAGAIN;
    return wait_for(t, t->wait.deadline, -LX_EINTR);
}

long sys_sigaltstack(struct thread *t, const uint64_t *a)
{
    struct lx_stack old, new;
    signal_stack_now(t, t->rsp, &old);
    if (a[0]) {
        if (user_read(t, &new, a[0], sizeof new))
            return -LX_EFAULT;
        long error = signal_stack_set(t, t->rsp, &new, true);
        if (error)
            return error;
    }
    return a[1] ? user_write(t, a[1], &old, sizeof old) : 0;
}

/* ---- sending ---- */

static struct task_siginfo from_self(struct thread *t, uint64_t number, int32_t code)
{
    struct process *p = t->process;
    return siginfo_make((uint32_t)number, code, p->pid, process_credentials(p)->uid);
}

long sys_kill(struct thread *t, const uint64_t *a)
{
    struct process *p = t->process;
    int64_t pid = (int32_t)a[0];
    if ((uint32_t)a[1] > LX_NSIG)
        return -LX_EINVAL;
    struct task_siginfo info = from_self(t, (uint32_t)a[1], LX_SI_USER);
    uint64_t bit = a[1] ? LX_SIGBIT((uint32_t)a[1]) : 0;
    if (pid > 0 && (uint64_t)pid == p->pid && t->tid == p->pid && bit &&
        !(bit & (t->mask | SIGNALS_STOP | LX_SIGBIT(LX_SIGKILL) | LX_SIGBIT(LX_SIGCONT)))) {
        /* It would come straight back to this thread: the main one is asked first. */
        signal_send_thread(t, &info);
        return 0;
    }
    uint64_t handle = t->handle;
    long result = signal_send_process(t, pid, &info);
    /* POSIX: a signal to oneself is delivered before kill returns. Others of ours learn of theirs
     * through the ring, after this. */
    if (result == 0 && a[1]) {
        if (a[1] == LX_SIGKILL && pid > 0 && (uint64_t)pid == p->pid)
            return CORE_GONE;
        signal_process_event(p);
        if (!core_handle_find(handle, CORE_THREAD))
            return CORE_GONE;
    }
    return result;
}

/* A thread of the caller's own process. */
static struct thread *find_thread(struct thread *t, uint64_t tid)
{
    struct thread *found;
    if (t->tid == tid)
        return t;
    list_for_each(found, struct thread, &t->process->threads, link)
        if (found->tid == tid)
            return found;
    return NULL;
}

/* tgid 0: of whichever process. servers/task knows whose a thread is, and tells that one's core. */
static long send_thread(struct thread *t, uint64_t tgid, uint64_t tid,
                        const struct task_siginfo *info)
{
    struct process *p = t->process;
    struct thread *target = !tgid || tgid == p->pid ? find_thread(t, tid) : NULL;
    if (!target && tgid == p->pid)
        return -LX_ESRCH;
    if (!target) {
        return errno_of(backend_process_signal_thread(p->clients.task, tgid, tid,
                                                      (uint32_t)info->number, info));
    }
    if (!info->number)
        return 0;
    if (info->number == LX_SIGKILL) {
        long result = signal_send_process(t, (int64_t)p->pid, info);
        return result ? result : CORE_GONE;
    }
    signal_send_thread(target, info);
    return 0;
}

long sys_tgkill(struct thread *t, const uint64_t *a)
{
    if ((int32_t)a[0] <= 0 || (int32_t)a[1] <= 0 || (uint32_t)a[2] > LX_NSIG)
        return -LX_EINVAL;
    struct task_siginfo info = from_self(t, (uint32_t)a[2], LX_SI_TKILL);
    return send_thread(t, (uint32_t)a[0], (uint32_t)a[1], &info);
}

long sys_tkill(struct thread *t, const uint64_t *a)
{
    if ((int32_t)a[0] <= 0 || (uint32_t)a[1] > LX_NSIG)
        return -LX_EINVAL;
    struct task_siginfo info = from_self(t, (uint32_t)a[1], LX_SI_TKILL);
    return send_thread(t, 0, (uint32_t)a[0], &info);
}

static long get_info(struct thread *t, uint64_t address, uint64_t number, bool other,
                     struct task_siginfo *info)
{
    struct lx_siginfo from;
    if (number > LX_NSIG)
        return -LX_EINVAL;
    if (user_read(t, &from, address, sizeof from))
        return -LX_EFAULT;
    from.si_signo = (int32_t)number;
    if (other && (from.si_code >= 0 || from.si_code == LX_SI_TKILL))
        return -LX_EPERM; /* nobody may pretend to be the kernel */
    siginfo_from_linux(&from, info);
    return 0;
}

long sys_rt_sigqueueinfo(struct thread *t, const uint64_t *a)
{
    struct task_siginfo info;
    long error = get_info(t, a[2], (uint32_t)a[1], (uint32_t)a[0] != t->process->pid, &info);
    if (error)
        return error;
    error = signal_send_process(t, (int32_t)a[0], &info);
    if (!error && (uint32_t)a[0] == t->process->pid)
        signal_process_event(t->process);
    return error;
}

long sys_rt_tgsigqueueinfo(struct thread *t, const uint64_t *a)
{
    struct task_siginfo info;
    if ((int32_t)a[0] <= 0 || (int32_t)a[1] <= 0)
        return -LX_EINVAL;
    long error = get_info(t, a[3], (uint32_t)a[2], (uint32_t)a[0] != t->process->pid, &info);
    return error ? error : send_thread(t, (uint32_t)a[0], (uint32_t)a[1], &info);
}

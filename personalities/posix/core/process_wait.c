/* wait4(2), waitid(2), getrusage(2). */
#include <string.h>

#include "janus/backend/process.h"
#include "posix_time.h"
#include "process.h"
#include "status.h"
#include "syscalls.h"
#include "user.h"
#include "wait.h"

static struct lx_timeval timeval_of(uint64_t ns)
{
    return (struct lx_timeval){(int64_t)(ns / 1000000000), (int64_t)(ns % 1000000000 / 1000)};
}

static void usage_to_linux(const struct task_usage *from, struct lx_rusage *to)
{
    memset(to, 0, sizeof *to);
    to->utime = timeval_of(from->user_ns);
    to->stime = timeval_of(from->system_ns);
    to->maxrss = (int64_t)from->max_resident_pages * 4;
    to->minflt = (int64_t)from->faults;
}

/* One round; WOULD_BLOCK waits unless the caller does not want to. */
static long wait_round(struct thread *t, int64_t which, uint32_t options, bool no_hang,
                       struct backend_wait_result *result)
{
    jn_status_t status;
    do { /* what ends while SIGCHLD is ignored is nobody's to wait for */
        memset(result, 0, sizeof *result);
        status = backend_process_wait(t->process->clients.task, which,
                                      options | (no_hang ? TASK_WAIT_NOHANG : 0),
                                      no_hang ? 0 : t->handle, result);
    } while (status == JN_OK && result->pid && result->kind != TASK_STOPPED &&
             result->kind != TASK_CONTINUED && process_child_ignored(t->process));
    if (status == JN_WOULD_BLOCK) {
        if (no_hang)
            return 0;
        wait_armed(t, WAIT_TASK);
        return wait_for(t, WAIT_FOREVER, -LX_ERESTARTSYS);
    }
    if (status == JN_OK && result->kind != TASK_STOPPED && result->kind != TASK_CONTINUED)
        t->process->children_cpu_ns += result->usage.user_ns + result->usage.child_user_ns;
    return errno_of(status);
}

static int32_t status_word(const struct backend_wait_result *r)
{
    switch (r->kind) {
    case TASK_EXITED:
        return (int32_t)(r->code & 0xff) << 8;
    case TASK_SIGNALLED:
        return (int32_t)(r->code & 0xff);
    case TASK_STOPPED:
        return (int32_t)(r->code & 0xff) << 8 | 0x7f;
    default:
        return 0xffff;
    }
}

long sys_wait4(struct thread *t, const uint64_t *a)
{
    uint32_t flags = (uint32_t)a[2];
    struct backend_wait_result result;
    if (flags & ~(uint32_t)(LX_WNOHANG | LX_WUNTRACED | LX_WCONTINUED | LX_WALL | LX_WCLONE |
                            LX_WNOTHREAD))
        return -LX_EINVAL;
    if ((int32_t)a[0] == INT32_MIN)
        return -LX_ESRCH;
    uint32_t options = TASK_WAIT_EXITED | (flags & LX_WUNTRACED ? TASK_WAIT_STOPPED : 0) |
                       (flags & LX_WCONTINUED ? TASK_WAIT_CONTINUED : 0);
    long error = wait_round(t, (int32_t)a[0], options, flags & LX_WNOHANG, &result);
    if (error || !result.pid)
        return error;
    if (a[1] && user_write32(t, a[1], (uint32_t)status_word(&result)))
        return -LX_EFAULT;
    if (a[3]) {
        struct lx_rusage usage;
        usage_to_linux(&result.usage, &usage);
        if (user_write(t, a[3], &usage, sizeof usage))
            return -LX_EFAULT;
    }
    return (long)result.pid;
}

long sys_waitid(struct thread *t, const uint64_t *a)
{
    uint32_t flags = (uint32_t)a[3];
    int64_t which;
    struct backend_wait_result result;
    if (flags & ~(uint32_t)(LX_WNOHANG | LX_WSTOPPED | LX_WEXITED | LX_WCONTINUED | LX_WNOWAIT |
                            LX_WALL | LX_WCLONE | LX_WNOTHREAD) ||
        !(flags & (LX_WSTOPPED | LX_WEXITED | LX_WCONTINUED)))
        return -LX_EINVAL;
    switch (a[0]) {
    case LX_P_ALL:
        which = -1;
        break;
    case LX_P_PID:
        if ((int32_t)a[1] <= 0)
            return -LX_EINVAL;
        which = (int32_t)a[1];
        break;
    case LX_P_PGID:
        if ((int32_t)a[1] < 0)
            return -LX_EINVAL;
        which = a[1] ? -(int64_t)(int32_t)a[1] : 0;
        break;
    case LX_P_PIDFD:
        return -LX_EBADF; /* there are none */
    default:
        return -LX_EINVAL;
    }
    uint32_t options = (flags & LX_WEXITED ? TASK_WAIT_EXITED : 0) |
                       (flags & LX_WSTOPPED ? TASK_WAIT_STOPPED : 0) |
                       (flags & LX_WCONTINUED ? TASK_WAIT_CONTINUED : 0) |
                       (flags & LX_WNOWAIT ? TASK_WAIT_NOREAP : 0);
    long error = wait_round(t, which, options, flags & LX_WNOHANG, &result);
    if (error)
        return error;
    if (a[2]) {
        struct lx_siginfo info;
        memset(&info, 0, sizeof info);
        if (result.pid) {
            info.si_signo = LX_SIGCHLD;
            info.user.pid = (int32_t)result.pid;
            info.user.uid = result.uid;
            info.user.child.status =
                (int32_t)(result.kind == TASK_SIGNALLED ? result.code & 0x7f : result.code);
            if (result.kind == TASK_EXITED)
                info.user.child.status &= 0xff;
            info.si_code = result.kind == TASK_EXITED    ? LX_CLD_EXITED
                           : result.kind == TASK_STOPPED ? LX_CLD_STOPPED
                           : result.kind == TASK_CONTINUED
                               ? LX_CLD_CONTINUED
                               : (result.code & 0x80 ? LX_CLD_DUMPED : LX_CLD_KILLED);
            if (result.kind == TASK_CONTINUED)
                info.user.child.status = LX_SIGCONT;
        }
        if (user_write(t, a[2], &info, sizeof info))
            return -LX_EFAULT;
    }
    if (a[4] && result.pid) {
        struct lx_rusage usage;
        usage_to_linux(&result.usage, &usage);
        if (user_write(t, a[4], &usage, sizeof usage))
            return -LX_EFAULT;
    }
    return 0;
}

long sys_getrusage(struct thread *t, const uint64_t *a)
{
    struct lx_rusage usage;
    struct process *p = t->process;
    uint64_t ns = 0, limit, used, peak;
    memset(&usage, 0, sizeof usage);
    switch ((int32_t)a[0]) {
    case 0:
        usage.utime = timeval_of(time_process_cpu(p));
        break;
    case -1:
        usage.utime = timeval_of(p->children_cpu_ns);
        break;
    case 1:
        if (backend_thread_cpu_time(&t->backend, &ns) == JN_OK)
            usage.utime = timeval_of(ns);
        break;
    default:
        return -LX_EINVAL;
    }
    if ((int32_t)a[0] != -1 &&
        backend_memory_quota(p->mm->pager, &limit, &used, &peak) == JN_OK)
        usage.maxrss = (int64_t)peak * 4;
    return user_write(t, a[1], &usage, sizeof usage);
}

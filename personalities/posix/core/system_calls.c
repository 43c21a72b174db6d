/* What the system is, limits, scheduling, and per-thread odds and ends. */
#include <stdio.h>
#include <string.h>

#include "janus/backend/process.h"
#include "janus/backend/time.h"
#include "janus/runtime.h"
#include "linux/memory.h"
#include "placement.h"
#include "process.h"
#include "signals.h"
#include "status.h"
#include "syscalls.h"
#include "user.h"

static char host_name[65] = "janus", domain_name[65] = "(none)";

long sys_uname(struct thread *t, const uint64_t *a)
{
    struct lx_utsname name;
    memset(&name, 0, sizeof name);
    strcpy(name.sysname, "Linux");
    strcpy(name.nodename, host_name);
    strcpy(name.release, "6.1.0-janus");
    strcpy(name.version, "#1 Janus");
    strcpy(name.machine, "x86_64");
    strcpy(name.domainname, domain_name);
    return user_write(t, a[0], &name, sizeof name);
}

static long set_name(struct thread *t, const uint64_t *a, char *name)
{
    char new[65] = {0};
    if (process_credentials(t->process)->euid)
        return -LX_EPERM;
    if (a[1] > 64)
        return -LX_EINVAL;
    if (user_read(t, new, a[0], a[1]))
        return -LX_EFAULT;
    memcpy(name, new, sizeof new);
    return 0;
}

long sys_sethostname(struct thread *t, const uint64_t *a)
{
    return set_name(t, a, host_name);
}

long sys_setdomainname(struct thread *t, const uint64_t *a)
{
    return set_name(t, a, domain_name);
}

long sys_sysinfo(struct thread *t, const uint64_t *a)
{
    struct lx_sysinfo info;
    struct backend_machine machine;
    uint64_t free_pages;
    struct task_status status;
    memset(&info, 0, sizeof info);
    backend_machine(&machine);
    info.uptime = (int64_t)(backend_time_monotonic() / 1000000000);
    info.totalram = machine.ram_bytes;
    if (backend_memory_machine(t->process->mm->pager, &free_pages) == JN_OK)
        info.freeram = free_pages * 4096;
    if (info.freeram > info.totalram)
        info.freeram = info.totalram;
    for (uint64_t pid = 1;
         backend_process_next(t->process->clients.task, pid, &status) == JN_OK && info.procs < 60000;
         pid = status.pid + 1)
        info.procs++;
    info.mem_unit = 1;
    return user_write(t, a[0], &info, sizeof info);
}

long sys_getrandom(struct thread *t, const uint64_t *a)
{
    uint64_t length = a[1], done = 0;
    if (a[2] & ~7ull || (a[2] & 6) == 6)
        return -LX_EINVAL;
    if (length > 33554431)
        length = 33554431;
    while (done < length) {
        char buffer[256];
        size_t n = length - done < sizeof buffer ? length - done : sizeof buffer;
        backend_random(buffer, n);
        if (user_write(t, a[0] + done, buffer, n))
            return done ? (long)done : -LX_EFAULT;
        done += n;
    }
    return (long)done;
}

long sys_syslog(struct thread *t, const uint64_t *a)
{
    if (process_credentials(t->process)->euid)
        return -LX_EPERM;
    switch ((int32_t)a[0]) {
    case 0: /* close, open, console switches */
    case 1:
    case 5:
    case 6:
    case 7:
    case 8:
        return 0;
    case 3: /* read all: the log goes to the serial line only */
    case 4:
    case 9:
    case 10:
        return 0;
    default:
        return -LX_EINVAL;
    }
}

long sys_personality(struct thread *t, const uint64_t *a)
{
    (void)t;
    return (uint32_t)a[0] == 0xffffffff || !(a[0] & 0xff) ? 0 : -LX_EINVAL;
}

/* ---- limits ---- */

long sys_prlimit64(struct thread *t, const uint64_t *a)
{
    struct process *p = t->process;
    struct lx_rlimit new, old;
    if (a[0] && (uint32_t)a[0] != p->pid) {
        p = process_find((uint32_t)a[0]);
        if (!p)
            return -LX_ESRCH;
        const struct task_credentials *own = process_credentials(t->process);
        if (own->euid && own->uid != process_credentials(p)->uid)
            return -LX_EPERM;
    }
    if (a[1] >= LX_RLIMIT_COUNT)
        return -LX_EINVAL;
    old = p->limits[a[1]];
    if (a[2]) {
        if (user_read(t, &new, a[2], sizeof new))
            return -LX_EFAULT;
        if (new.cur > new.max)
            return -LX_EINVAL;
        if (new.max > old.max && process_credentials(t->process)->euid)
            return -LX_EPERM;
        if (a[1] == LX_RLIMIT_NOFILE && new.max > 1048576)
            return -LX_EPERM;
        p->limits[a[1]] = new;
    }
    return a[3] ? user_write(t, a[3], &old, sizeof old) : 0;
}

long sys_getrlimit(struct thread *t, const uint64_t *a)
{
    uint64_t arguments[6] = {0, a[0], 0, a[1]};
    return a[1] ? sys_prlimit64(t, arguments) : -LX_EFAULT;
}

long sys_setrlimit(struct thread *t, const uint64_t *a)
{
    uint64_t arguments[6] = {0, a[0], a[1], 0};
    return a[1] ? sys_prlimit64(t, arguments) : -LX_EFAULT;
}

/* ---- scheduling: one class, one priority ---- */

static long check_pid(struct thread *t, uint64_t pid)
{
    if ((int32_t)pid < 0)
        return -LX_EINVAL;
    if (!pid || pid == t->process->pid || pid == t->tid)
        return 0;
    struct thread *other;
    list_for_each(other, struct thread, &t->process->threads, link)
        if (other->tid == pid)
            return 0;
    struct task_status status;
    return backend_process_status(t->process->clients.task, (uint32_t)pid, &status) == JN_OK
               ? 0
               : -LX_ESRCH;
}

long sys_sched_yield(struct thread *t, const uint64_t *a)
{
    (void)t, (void)a;
    return 0; /* the way here and back was a chance for every other thread */
}

long sys_sched_getscheduler(struct thread *t, const uint64_t *a)
{
    return check_pid(t, a[0]); /* SCHED_OTHER */
}

long sys_sched_setscheduler(struct thread *t, const uint64_t *a)
{
    int32_t priority;
    long error = check_pid(t, a[0]);
    if (error)
        return error;
    if (user_read(t, &priority, a[2], 4))
        return -LX_EFAULT;
    switch (a[1] & ~0x40000000ull) {
    case 0:
    case 3:
    case 5:
        return priority ? -LX_EINVAL : 0;
    case 1:
    case 2:
        return priority < 1 || priority > 99 ? -LX_EINVAL : -LX_EPERM;
    default:
        return -LX_EINVAL;
    }
}

long sys_sched_getparam(struct thread *t, const uint64_t *a)
{
    long error = check_pid(t, a[0]);
    return error ? error : user_write32(t, a[1], 0);
}

long sys_sched_setparam(struct thread *t, const uint64_t *a)
{
    int32_t priority;
    long error = check_pid(t, a[0]);
    if (error)
        return error;
    if (user_read(t, &priority, a[1], 4))
        return -LX_EFAULT;
    return priority ? -LX_EINVAL : 0;
}

long sys_sched_get_priority_max(struct thread *t, const uint64_t *a)
{
    (void)t;
    return a[0] == 1 || a[0] == 2                            ? 99
           : a[0] == 0 || a[0] == 3 || a[0] == 5 || a[0] == 6 ? 0
                                                              : -LX_EINVAL;
}

long sys_sched_get_priority_min(struct thread *t, const uint64_t *a)
{
    (void)t;
    return a[0] == 1 || a[0] == 2                            ? 1
           : a[0] == 0 || a[0] == 3 || a[0] == 5 || a[0] == 6 ? 0
                                                              : -LX_EINVAL;
}

long sys_sched_rr_get_interval(struct thread *t, const uint64_t *a)
{
    struct lx_timespec slice = {0, 10000000};
    long error = check_pid(t, a[0]);
    return error ? error : user_write(t, a[1], &slice, sizeof slice);
}

/* servers/task keeps nice values, so that everybody may ask for anybody's. They change nothing: programs have
 * one priority. */
long sys_getpriority(struct thread *t, const uint64_t *a)
{
    int32_t nice;
    jn_status_t status =
        backend_process_nice(t->process->clients.task, (uint32_t)a[0], (uint32_t)a[1], &nice);
    return status == JN_OK ? 20 - nice : errno_of(status);
}

long sys_setpriority(struct thread *t, const uint64_t *a)
{
    return errno_of(backend_process_set_nice(t->process->clients.task, (uint32_t)a[0],
                                             (uint32_t)a[1], (int32_t)a[2]));
}

/* Not supported: nobody may trace anybody. The request stands in the log once a process, as of an unknown
 * call. */
long sys_ptrace(struct thread *t, const uint64_t *a)
{
    uint64_t *word = &t->process->logged[101 / 64], bit = 1ull << 101 % 64;
    if (!(*word & bit)) {
        *word |= bit;
        jn_log(JN_LOG_WARNING, "unsupported ptrace(%#lx, %lu) of %s (%lu)", (unsigned long)a[0],
               (unsigned long)a[1], t->name, (unsigned long)t->process->pid);
    }
    return -LX_EPERM;
}

long sys_ioprio_get(struct thread *t, const uint64_t *a)
{
    if (a[0] < 1 || a[0] > 3)
        return -LX_EINVAL;
    return a[0] == 1 && check_pid(t, a[1]) ? -LX_ESRCH : 0; /* IOPRIO_CLASS_NONE */
}

long sys_ioprio_set(struct thread *t, const uint64_t *a)
{
    uint64_t class = a[2] >> 13 & 7;
    if (a[0] < 1 || a[0] > 3 || class > 3)
        return -LX_EINVAL;
    return a[0] == 1 && check_pid(t, a[1]) ? -LX_ESRCH : 0;
}

/* ---- threads ---- */

long sys_arch_prctl(struct thread *t, const uint64_t *a)
{
    bool fs = a[0] == LX_ARCH_SET_FS || a[0] == LX_ARCH_GET_FS;
    if (a[0] < LX_ARCH_SET_GS || a[0] > LX_ARCH_GET_GS)
        return -LX_EINVAL;
    if (backend_thread_read(&t->backend, JN_STATE_REGS | JN_STATE_BASES, &core_state) != JN_OK)
        return -LX_EINVAL;
    uint64_t *base = fs ? &core_state.fs_base : &core_state.gs_base;
    if (!fs && *base == t->backend.utcb) /* the adapter's; the program has none of its own */
        *base = 0;
    if (a[0] == LX_ARCH_GET_FS || a[0] == LX_ARCH_GET_GS)
        return user_write64(t, a[1], *base);
    if (a[1] >= LX_TASK_SIZE)
        return -LX_EPERM;
    if (!fs)
        placement_gs_changes(t->process);
    *base = a[1];
    core_state.r[JN_REG_RAX] = 0;
    core_state.r[JN_REG_RCX] = core_state.rip = t->rip;
    core_state.r[JN_REG_R11] = core_state.rflags;
    return backend_thread_write(&t->backend, JN_STATE_REGS | JN_STATE_BASES, &core_state) == JN_OK
               ? CORE_STATE
               : -LX_EINVAL;
}

long sys_prctl(struct thread *t, const uint64_t *a)
{
    struct process *p = t->process;
    char name[16];
    switch ((int32_t)a[0]) {
    case LX_PR_SET_NAME: {
        long length = user_string(t, name, a[1], sizeof name);
        if (length == -LX_ENAMETOOLONG)
            name[15] = 0;
        else if (length < 0)
            return length;
        strncpy(t->name, name, sizeof t->name - 1);
        if (t->tid == p->pid)
            process_push_name(p, t->name);
        return 0;
    }
    case LX_PR_GET_NAME:
        memset(name, 0, sizeof name);
        strncpy(name, t->name, 15);
        return user_write(t, a[1], name, sizeof name);
    case LX_PR_SET_PDEATHSIG:
        if (a[1] > LX_NSIG)
            return -LX_EINVAL;
        return errno_of(backend_process_set_death_signal(p->clients.task, (uint32_t)a[1]));
    case LX_PR_GET_PDEATHSIG: {
        uint32_t number;
        jn_status_t status = backend_process_death_signal(p->clients.task, &number);
        return status == JN_OK ? user_write32(t, a[1], number) : errno_of(status);
    }
    case LX_PR_GET_DUMPABLE:
        return p->dumpable;
    case LX_PR_SET_DUMPABLE:
        if (a[1] > 1)
            return -LX_EINVAL;
        p->dumpable = (uint32_t)a[1];
        return 0;
    case LX_PR_GET_KEEPCAPS:
        return p->keep_caps;
    case LX_PR_SET_KEEPCAPS:
        if (a[1] > 1)
            return -LX_EINVAL;
        p->keep_caps = (uint32_t)a[1];
        return 0;
    case LX_PR_CAPBSET_READ:
        return a[1] > 40 ? -LX_EINVAL : 1;
    case LX_PR_SET_TIMERSLACK:
        return 0;
    case LX_PR_GET_TIMERSLACK:
        return 50000;
    case LX_PR_GET_SECCOMP:
        return 0;
    case LX_PR_SET_CHILD_SUBREAPER:
        return errno_of(backend_process_set_subreaper(p->clients.task, a[1]));
    case LX_PR_GET_CHILD_SUBREAPER: {
        uint32_t on;
        jn_status_t status = backend_process_subreaper(p->clients.task, &on);
        return status == JN_OK ? user_write32(t, a[1], on) : errno_of(status);
    }
    case LX_PR_SET_NO_NEW_PRIVS:
        if (a[1] != 1 || a[2] || a[3] || a[4])
            return -LX_EINVAL;
        p->no_new_privs = 1;
        return 0;
    case LX_PR_GET_NO_NEW_PRIVS:
        return a[1] || a[2] || a[3] || a[4] ? -LX_EINVAL : (long)p->no_new_privs;
    case LX_PR_SET_VMA:
    case LX_PR_CAP_AMBIENT:
        return -LX_EINVAL; /* as kernels that are built without it */
    default:
        jn_log(JN_LOG_WARNING, "unsupported prctl(%d, %#lx) of %s", (int32_t)a[0],
               (unsigned long)a[1], t->name);
        return -LX_EINVAL;
    }
}

/* Restartable sequences: every glibc program asks at its start, and does without (rseq(2)). */
long sys_rseq(struct thread *t, const uint64_t *a)
{
    (void)t, (void)a;
    return -LX_ENOSYS;
}

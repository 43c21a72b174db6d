/* Clocks and sleeping. */
#include <string.h>

#include "epoll.h"
#include "futex.h"
#include "janus/backend/process.h"
#include "process.h"
#include "syscalls.h"
#include "timespec.h"
#include "user.h"
#include "wait.h"

static uint64_t process_cpu_time(struct process *p)
{
    struct thread *t;
    uint64_t total = 0, ns;
    list_for_each(t, struct thread, &p->threads, link)
        if (backend_thread_cpu_time(&t->backend, &ns) == JN_OK)
            total += ns;
    return total + p->ended_cpu_ns;
}

uint64_t time_process_cpu(struct process *p)
{
    return process_cpu_time(p);
}

static long read_clock(struct thread *t, uint64_t clock, int64_t *ns)
{
    uint64_t cpu = 0;
    switch ((int32_t)clock) {
    case LX_CLOCK_REALTIME:
    case LX_CLOCK_REALTIME_COARSE:
    case LX_CLOCK_REALTIME_ALARM:
    case LX_CLOCK_TAI:
        *ns = backend_time_real();
        return 0;
    case LX_CLOCK_MONOTONIC:
    case LX_CLOCK_MONOTONIC_RAW:
    case LX_CLOCK_MONOTONIC_COARSE:
    case LX_CLOCK_BOOTTIME:
    case LX_CLOCK_BOOTTIME_ALARM:
        *ns = (int64_t)backend_time_monotonic();
        return 0;
    case LX_CLOCK_PROCESS_CPUTIME_ID:
        *ns = (int64_t)process_cpu_time(t->process);
        return 0;
    case LX_CLOCK_THREAD_CPUTIME_ID:
        if (backend_thread_cpu_time(&t->backend, &cpu) != JN_OK)
            return -LX_EINVAL;
        *ns = (int64_t)cpu;
        return 0;
    default:
        break;
    }
    /* clock_getcpuclockid(3), pthread_getcpuclockid(3): ~id << 3 | 2, | 4 for a thread. */
    int32_t id = (int32_t)clock;
    if (id < 0 && (id & 3) == 2) {
        uint64_t target = (uint32_t)~(id >> 3);
        struct thread *other;
        if (!(id & 4) && (!target || target == t->process->pid)) {
            *ns = (int64_t)process_cpu_time(t->process);
            return 0;
        }
        if (id & 4)
            list_for_each(other, struct thread, &t->process->threads, link)
                if ((other->tid == target || (!target && other == t)) &&
                    backend_thread_cpu_time(&other->backend, &cpu) == JN_OK) {
                    *ns = (int64_t)cpu;
                    return 0;
                }
    }
    return -LX_EINVAL;
}

static struct lx_timespec to_timespec(int64_t ns)
{
    return (struct lx_timespec){ns / 1000000000, ns % 1000000000};
}

long sys_clock_gettime(struct thread *t, const uint64_t *a)
{
    int64_t ns;
    long error = read_clock(t, a[0], &ns);
    if (error)
        return error;
    struct lx_timespec time = to_timespec(ns);
    return user_write(t, a[1], &time, sizeof time);
}

long sys_clock_getres(struct thread *t, const uint64_t *a)
{
    int64_t ns;
    long error = read_clock(t, a[0], &ns);
    if (error || !a[1])
        return error;
    struct lx_timespec time = {0, 1};
    return user_write(t, a[1], &time, sizeof time);
}

long sys_clock_settime(struct thread *t, const uint64_t *a)
{
    struct lx_timespec time;
    if (a[0] != LX_CLOCK_REALTIME)
        return -LX_EINVAL;
    if (user_read(t, &time, a[1], sizeof time))
        return -LX_EFAULT;
    return timespec_valid(&time) ? -LX_EPERM : -LX_EINVAL; /* the clock is the kernel's */
}

long sys_settimeofday(struct thread *t, const uint64_t *a)
{
    (void)t, (void)a;
    return -LX_EPERM;
}

long sys_gettimeofday(struct thread *t, const uint64_t *a)
{
    if (a[0]) {
        int64_t ns = backend_time_real();
        struct lx_timeval time = {ns / 1000000000, ns % 1000000000 / 1000};
        if (user_write(t, a[0], &time, sizeof time))
            return -LX_EFAULT;
    }
    uint64_t zone = 0; /* UTC */
    return a[1] ? user_write(t, a[1], &zone, sizeof zone) : 0;
}

long sys_time(struct thread *t, const uint64_t *a)
{
    int64_t seconds = backend_time_real() / 1000000000;
    if (a[0] && user_write64(t, a[0], (uint64_t)seconds))
        return -LX_EFAULT;
    return seconds;
}

long sys_times(struct thread *t, const uint64_t *a)
{
    struct task_status status;
    struct process *p = t->process;
    struct lx_tms out = {(int64_t)(process_cpu_time(p) / 10000000), 0, 0, 0};
    if (backend_process_status(p->clients.task, 0, &status) == JN_OK)
        out.cutime = (int64_t)(p->children_cpu_ns / 10000000);
    if (a[0] && user_write(t, a[0], &out, sizeof out))
        return -LX_EFAULT;
    return (long)(backend_time_monotonic() / 10000000);
}

/* ---- sleeping ---- */

/* Sleeps until t->wait.deadline; relative sleeps tell what is left and restart with the same end. */
static long sleep_round(struct thread *t, uint64_t remaining, bool absolute)
{
    if (t->wait.expired || backend_time_monotonic() >= t->wait.deadline)
        return 0;
    long result = wait_for(t, t->wait.deadline,
                           absolute ? -LX_ERESTARTNOHAND : -LX_ERESTART_RESTARTBLOCK);
    if (result == -LX_ERESTART_RESTARTBLOCK) {
        uint64_t now = backend_time_monotonic();
        uint64_t left = t->wait.deadline > now ? t->wait.deadline - now : 0;
        if (!left)
            return 0;
        t->restart_number = 35;
        t->restart_deadline = t->wait.deadline;
        t->restart_remaining = remaining;
        struct lx_timespec time = to_timespec((int64_t)left);
        if (remaining && user_write(t, remaining, &time, sizeof time))
            return -LX_EFAULT;
    }
    return result;
}

static long begin(struct thread *t, uint64_t address, bool absolute, bool real)
{
    struct lx_timespec time;
    if (t->wait.started)
        return 0;
    if (user_read(t, &time, address, sizeof time))
        return -LX_EFAULT;
    if (!timespec_valid(&time))
        return -LX_EINVAL;
    t->wait.started = true;
    if (!absolute) {
        t->wait.deadline = timespec_deadline(&time);
    } else {
        int64_t offset = real ? backend_time_real() - (int64_t)backend_time_monotonic() : 0;
        int64_t ns = (int64_t)timespec_ns(&time);
        t->wait.deadline = ns > offset ? (uint64_t)(ns - offset) : 1;
    }
    return 0;
}

long sys_nanosleep(struct thread *t, const uint64_t *a)
{
    long error = begin(t, a[0], false, false);
    return error ? error : sleep_round(t, a[1], false);
}

long sys_clock_nanosleep(struct thread *t, const uint64_t *a)
{
    bool absolute = a[1] & LX_TIMER_ABSTIME;
    switch ((int32_t)a[0]) {
    case LX_CLOCK_REALTIME:
    case LX_CLOCK_MONOTONIC:
    case LX_CLOCK_BOOTTIME:
    case LX_CLOCK_TAI:
        break;
    case LX_CLOCK_PROCESS_CPUTIME_ID:
        return -LX_EOPNOTSUPP;
    default:
        return -LX_EINVAL;
    }
    long error =
        begin(t, a[2], absolute, a[0] == LX_CLOCK_REALTIME || a[0] == LX_CLOCK_TAI);
    return error ? error : sleep_round(t, absolute ? 0 : a[3], absolute);
}

long sys_restart_syscall(struct thread *t, const uint64_t *a)
{
    (void)a;
    switch (t->restart_number) {
    case 35:
        if (!t->wait.started) {
            t->wait.started = true;
            t->wait.deadline = t->restart_deadline;
        }
        return sleep_round(t, t->restart_remaining, false);
    case 7:
        return poll_restart(t);
    case 202:
        return futex_restart(t);
    default:
        return -LX_EINTR;
    }
}

#include "posix_timer.h"

#include <stdlib.h>

#include "descriptors.h"
#include "janus/backend/object.h"
#include "janus/runtime.h"
#include "signals.h"
#include "status.h"
#include "syscalls.h"
#include "timespec.h"
#include "user.h"

/* ---- ITIMER_REAL ---- */

static void send_own(struct process *p, const struct task_siginfo *info, struct thread *target)
{
    struct thread *t = target;
    if (t) {
        signal_send_thread(t, info);
        return;
    }
    if (list_empty(&p->threads))
        return;
    t = list_entry(p->threads.next, struct thread, link);
    if (signal_send_process(t, (int64_t)p->pid, info) == 0)
        signal_process_event(p);
}

static void real_fire(struct timer *timer)
{
    struct process *p = list_entry(timer, struct process, real_timer);
    struct task_siginfo info = siginfo_make(LX_SIGALRM, LX_SI_KERNEL, 0, 0);
    if (p->real_interval) {
        uint64_t now = backend_time_monotonic();
        uint64_t next = timer->deadline + p->real_interval;
        if (next <= now) /* late: skip what was missed, keep the phase */
            next += (now - next) / p->real_interval * p->real_interval + p->real_interval;
        timer_set(timer, next);
    }
    send_own(p, &info, NULL);
}

static uint64_t real_remaining(const struct process *p)
{
    if (!p->real_timer.place)
        return 0;
    uint64_t now = backend_time_monotonic();
    return p->real_timer.deadline > now ? p->real_timer.deadline - now : 1;
}

static long real_set(struct process *p, uint64_t value, uint64_t interval)
{
    timer_clear(&p->real_timer);
    p->real_interval = interval;
    p->real_timer.fire = real_fire;
    return value ? timer_set(&p->real_timer, backend_time_monotonic() + value) : 0;
}

void posix_alarm_set(struct process *p, uint64_t deadline, uint64_t interval)
{
    uint64_t now = backend_time_monotonic();
    if (real_set(p, deadline > now ? deadline - now : 1, interval))
        jn_log(JN_LOG_WARNING, "the alarm of process %lu is lost", (unsigned long)p->pid);
}

uint64_t posix_alarm_deadline(const struct process *p)
{
    return p->real_timer.place ? p->real_timer.deadline : 0;
}

long sys_alarm(struct thread *t, const uint64_t *a)
{
    uint64_t left = real_remaining(t->process);
    long error = real_set(t->process, (uint32_t)a[0] * 1000000000ull, 0);
    /* Whole seconds, never 0 for a running timer. */
    uint64_t seconds = (left + 500000000) / 1000000000;
    return error ? error : (long)(left && !seconds ? 1 : seconds);
}

static struct lx_timeval timeval_of(uint64_t ns)
{
    return (struct lx_timeval){(int64_t)(ns / 1000000000), (int64_t)(ns % 1000000000 / 1000)};
}

static void itimer_now(struct process *p, struct lx_itimerval *value)
{
    value->interval = timeval_of(p->real_interval);
    value->value = timeval_of(real_remaining(p));
}

/* CPU-time interval timers would need the kernel's scheduler. */
static long unsupported(struct thread *t, uint64_t which)
{
    if (which > 2)
        return -LX_EINVAL;
    jn_log(JN_LOG_WARNING, "unsupported interval timer %u of %s", (unsigned)which, t->name);
    return -LX_EINVAL;
}

long sys_getitimer(struct thread *t, const uint64_t *a)
{
    struct lx_itimerval value = {{0, 0}, {0, 0}};
    if (a[0] > 2)
        return -LX_EINVAL;
    if (!a[0])
        itimer_now(t->process, &value);
    return user_write(t, a[1], &value, sizeof value);
}

long sys_setitimer(struct thread *t, const uint64_t *a)
{
    struct lx_itimerval new = {{0, 0}, {0, 0}}, old;
    if (a[1] && user_read(t, &new, a[1], sizeof new))
        return -LX_EFAULT;
    if (new.value.tv_usec < 0 || new.value.tv_usec > 999999 || new.interval.tv_usec < 0 ||
        new.interval.tv_usec > 999999 || new.value.tv_sec < 0 || new.interval.tv_sec < 0)
        return -LX_EINVAL;
    if (a[0]) {
        if (a[0] <= 2 && !new.value.tv_sec && !new.value.tv_usec)
            return 0; /* stopping what never runs */
        return unsupported(t, a[0]);
    }
    itimer_now(t->process, &old);
    long error = real_set(t->process,
                          (uint64_t)new.value.tv_sec * 1000000000 +
                              (uint64_t)new.value.tv_usec * 1000,
                          (uint64_t)new.interval.tv_sec * 1000000000 +
                              (uint64_t)new.interval.tv_usec * 1000);
    if (error)
        return error;
    return a[2] ? user_write(t, a[2], &old, sizeof old) : 0;
}

/* ---- timer_create ---- */

struct posix_timer {
    struct posix_timer *next;
    struct process *process;
    uint32_t id;
    bool real;
    struct timer timer;
    uint64_t interval;
    int32_t overrun;
    struct lx_sigevent event;
    uint64_t thread; /* handle, SIGEV_THREAD_ID */
};

static void fire(struct timer *timer)
{
    struct posix_timer *pt = list_entry(timer, struct posix_timer, timer);
    struct process *p = pt->process;
    pt->overrun = 0;
    if (pt->interval) {
        uint64_t now = backend_time_monotonic();
        uint64_t next = timer->deadline + pt->interval;
        if (next <= now) {
            uint64_t missed = (now - next) / pt->interval + 1;
            pt->overrun = (int32_t)(missed > INT32_MAX ? INT32_MAX : missed);
            next += missed * pt->interval;
        }
        timer_set(timer, next);
    }
    if (pt->event.notify == LX_SIGEV_NONE)
        return;
    struct task_siginfo info = {.number = pt->event.signo, .code = LX_SI_TIMER, .pid = pt->id,
                                .status = pt->overrun, .value = pt->event.value};
    if (pt->event.notify == LX_SIGEV_THREAD_ID) {
        struct thread *t = core_handle_find(pt->thread, CORE_THREAD);
        if (t)
            signal_send_thread(t, &info);
        return;
    }
    send_own(p, &info, NULL);
}

void posix_timers_delete(struct process *p)
{
    while (p->timers) {
        struct posix_timer *pt = p->timers;
        p->timers = pt->next;
        timer_clear(&pt->timer);
        free(pt);
    }
}

static struct posix_timer *find(struct process *p, uint64_t id)
{
    for (struct posix_timer *pt = p->timers; pt; pt = pt->next)
        if (pt->id == (uint32_t)id)
            return pt;
    return NULL;
}

long sys_timer_create(struct thread *t, const uint64_t *a)
{
    struct process *p = t->process;
    struct lx_sigevent event = {.signo = LX_SIGALRM, .notify = LX_SIGEV_SIGNAL};
    int32_t clock = (int32_t)a[0];
    if (clock != LX_CLOCK_REALTIME && clock != LX_CLOCK_MONOTONIC && clock != LX_CLOCK_BOOTTIME &&
        clock != LX_CLOCK_TAI)
        return clock == LX_CLOCK_PROCESS_CPUTIME_ID || clock == LX_CLOCK_THREAD_CPUTIME_ID
                   ? -LX_EOPNOTSUPP
                   : -LX_EINVAL;
    if (a[1] && user_read(t, &event, a[1], sizeof event))
        return -LX_EFAULT;
    if (event.notify != LX_SIGEV_NONE && (event.signo < 1 || event.signo > LX_NSIG))
        return -LX_EINVAL;
    struct posix_timer *pt = calloc(1, sizeof *pt);
    if (!pt)
        return -LX_EAGAIN;
    if (event.notify == LX_SIGEV_THREAD_ID) {
        struct thread *other;
        list_for_each(other, struct thread, &p->threads, link)
            if (other->tid == (uint32_t)event.tid)
                pt->thread = other->handle;
        if (!pt->thread) {
            free(pt);
            return -LX_EINVAL;
        }
    } else if (event.notify != LX_SIGEV_NONE && event.notify != LX_SIGEV_SIGNAL) {
        free(pt);
        return -LX_EINVAL;
    }
    pt->id = p->next_timer++;
    pt->process = p;
    pt->event = event;
    if (!a[1])
        pt->event.value = pt->id;
    pt->real = clock == LX_CLOCK_REALTIME || clock == LX_CLOCK_TAI;
    pt->timer.fire = fire;
    if (user_write32(t, a[2], pt->id)) {
        free(pt);
        return -LX_EFAULT;
    }
    pt->next = p->timers;
    p->timers = pt;
    return 0;
}

static struct lx_timespec spec_of(uint64_t ns)
{
    return (struct lx_timespec){(int64_t)(ns / 1000000000), (int64_t)(ns % 1000000000)};
}

static void timer_now(const struct posix_timer *pt, struct lx_itimerspec *value)
{
    uint64_t now = backend_time_monotonic(), left = 0;
    if (pt->timer.place)
        left = pt->timer.deadline > now ? pt->timer.deadline - now : 1;
    value->interval = spec_of(pt->interval);
    value->value = spec_of(left);
}

long sys_timer_settime(struct thread *t, const uint64_t *a)
{
    struct posix_timer *pt = find(t->process, a[0]);
    struct lx_itimerspec new, old;
    if (!pt || !a[2])
        return -LX_EINVAL;
    if (user_read(t, &new, a[2], sizeof new))
        return -LX_EFAULT;
    if (!timespec_valid(&new.value) || !timespec_valid(&new.interval))
        return -LX_EINVAL;
    timer_now(pt, &old);
    timer_clear(&pt->timer);
    uint64_t value = timespec_ns(&new.value);
    pt->interval = timespec_ns(&new.interval);
    if (value) {
        uint64_t deadline = backend_time_monotonic() + value;
        if (a[1] & LX_TIMER_ABSTIME) {
            int64_t offset =
                pt->real ? backend_time_real() - (int64_t)backend_time_monotonic() : 0;
            deadline = (int64_t)value > offset ? value - (uint64_t)offset : 1;
        }
        if (timer_set(&pt->timer, deadline))
            return -LX_ENOMEM;
    }
    return a[3] ? user_write(t, a[3], &old, sizeof old) : 0;
}

long sys_timer_gettime(struct thread *t, const uint64_t *a)
{
    struct posix_timer *pt = find(t->process, a[0]);
    struct lx_itimerspec value;
    if (!pt)
        return -LX_EINVAL;
    timer_now(pt, &value);
    return user_write(t, a[1], &value, sizeof value);
}

long sys_timer_getoverrun(struct thread *t, const uint64_t *a)
{
    struct posix_timer *pt = find(t->process, a[0]);
    return pt ? pt->overrun : -LX_EINVAL;
}

long sys_timer_delete(struct thread *t, const uint64_t *a)
{
    struct process *p = t->process;
    for (struct posix_timer **at = &p->timers; *at; at = &(*at)->next)
        if ((*at)->id == (uint32_t)a[0]) {
            struct posix_timer *pt = *at;
            *at = pt->next;
            timer_clear(&pt->timer);
            free(pt);
            return 0;
        }
    return -LX_EINVAL;
}

/* ---- event and timer descriptors: objects of servers/object ---- */

static long make_descriptor(struct thread *t, uint32_t kind, uint64_t initial, uint32_t flags,
                            uint32_t object_flags)
{
    struct process *p = t->process;
    struct descriptor d = {.kind = DESCRIPTOR_OPEN, .close_on_exec = !!(flags & LX_O_CLOEXEC),
                           .object = kind == OBJECT_EVENTFD ? 1 : 2,
                           .access = IO_ACCESS_READ | IO_ACCESS_WRITE};
    if (!p->clients.object)
        return -LX_ENOSYS;
    jn_status_t status =
        backend_make_descriptor(p->clients.object, kind, initial, object_flags, &d.open);
    if (status == JN_OK && flags & LX_O_NONBLOCK)
        status = backend_io_set_flags(&p->clients, d.open, IO_FLAG_NONBLOCK);
    if (status != JN_OK)
        return errno_of(status);
    long fd = descriptor_add(p, &d, 0);
    if (fd < 0)
        backend_io_close(&p->clients, d.open);
    return fd;
}

long sys_eventfd2(struct thread *t, const uint64_t *a)
{
    uint32_t flags = (uint32_t)a[1];
    if (flags & ~(uint32_t)(LX_O_CLOEXEC | LX_O_NONBLOCK | 1))
        return -LX_EINVAL;
    return make_descriptor(t, OBJECT_EVENTFD, (uint32_t)a[0], flags, flags & 1);
}

long sys_eventfd(struct thread *t, const uint64_t *a)
{
    return make_descriptor(t, OBJECT_EVENTFD, (uint32_t)a[0], 0, 0);
}

long sys_timerfd_create(struct thread *t, const uint64_t *a)
{
    uint32_t flags = (uint32_t)a[1];
    if (flags & ~(uint32_t)(LX_O_CLOEXEC | LX_O_NONBLOCK) ||
        (a[0] != LX_CLOCK_REALTIME && a[0] != LX_CLOCK_MONOTONIC && a[0] != LX_CLOCK_BOOTTIME))
        return -LX_EINVAL;
    return make_descriptor(t, OBJECT_TIMERFD, a[0], flags, 0);
}

static struct descriptor *timer_descriptor(struct thread *t, uint64_t fd, long *error)
{
    struct descriptor *d = descriptor_io(t->process, fd);
    *error = !d ? -LX_EBADF : d->object != 2 ? -LX_EINVAL : 0;
    return *error ? NULL : d;
}

long sys_timerfd_settime(struct thread *t, const uint64_t *a)
{
    long error;
    struct descriptor *d = timer_descriptor(t, a[0], &error);
    struct lx_itimerspec new;
    if (!d)
        return error;
    if (a[1] & ~3ull)
        return -LX_EINVAL;
    if (user_read(t, &new, a[2], sizeof new))
        return -LX_EFAULT;
    if (!timespec_valid(&new.value) || !timespec_valid(&new.interval))
        return -LX_EINVAL;
    uint64_t now = backend_time_monotonic(), value = timespec_ns(&new.value), deadline = 0;
    if (value && a[1] & LX_TIMER_ABSTIME) {
        /* Real and monotonic clocks are told apart by size: no absolute monotonic time is as late as
         * the offset of the real one. */
        int64_t offset = backend_time_real() - (int64_t)now;
        deadline = (int64_t)value > offset && offset > 0 ? value - (uint64_t)offset : value;
    } else if (value) {
        deadline = now + value;
    }
    uint64_t old_deadline = 0, old_interval = 0;
    jn_status_t status =
        backend_set_timer(t->process->clients.object, d->open.number, deadline,
                          timespec_ns(&new.interval), &old_deadline, &old_interval);
    if (status != JN_OK)
        return errno_of(status);
    if (!a[3])
        return 0;
    struct lx_itimerspec old = {spec_of(old_interval),
                                spec_of(old_deadline > now ? old_deadline - now : 0)};
    return user_write(t, a[3], &old, sizeof old);
}

long sys_timerfd_gettime(struct thread *t, const uint64_t *a)
{
    long error;
    struct descriptor *d = timer_descriptor(t, a[0], &error);
    uint64_t deadline = 0, interval = 0, now = backend_time_monotonic();
    if (!d)
        return error;
    /* The server has no question for it: set, and set back. */
    uint64_t zero_deadline, zero_interval;
    jn_status_t status = backend_set_timer(t->process->clients.object, d->open.number, 0, 0,
                                           &deadline, &interval);
    if (status == JN_OK && deadline)
        status = backend_set_timer(t->process->clients.object, d->open.number, deadline, interval,
                                   &zero_deadline, &zero_interval);
    if (status != JN_OK)
        return errno_of(status);
    struct lx_itimerspec out = {spec_of(interval), spec_of(deadline > now ? deadline - now : 0)};
    return user_write(t, a[1], &out, sizeof out);
}

/* Priority-inheriting futexes: the word holds the owner's thread id. Their protocol is kept; priority
 * is not handed on, since program threads all run at one priority. */
#include "futex.h"
#include "signals.h"
#include "syscalls.h"
#include "timespec.h"
#include "user.h"
#include "wait.h"

static struct thread *find_waiter(struct thread *by, uint64_t address, bool *more)
{
    struct thread *t, *first = NULL;
    *more = false;
    struct process *p = by->process;
    list_for_each(t, struct thread, &p->threads, link) {
        if (t->wait.memory[2] != address || !t->wait.parked || t->number != 202)
            continue;
        *more |= first != NULL;
        if (!first)
            first = t;
    }
    return first;
}

static long lock(struct thread *t, const uint64_t *a, uint32_t op)
{
    uint32_t value;
    if (t->wait.woken)
        return 0; /* the unlocker made us the owner */
    if (t->wait.expired)
        return -LX_ETIMEDOUT;
    if (!t->wait.started && a[3] && op != LX_FUTEX_TRYLOCK_PI) {
        struct lx_timespec time;
        if (user_read(t, &time, a[3], sizeof time))
            return -LX_EFAULT;
        if (!timespec_valid(&time))
            return -LX_EINVAL;
        uint64_t ns = timespec_ns(&time);
        bool real = op == LX_FUTEX_LOCK_PI || a[1] & LX_FUTEX_CLOCK_REALTIME;
        int64_t offset = real ? backend_time_real() - (int64_t)backend_time_monotonic() : 0;
        t->wait.deadline = (int64_t)ns > offset ? ns - (uint64_t)offset : 1;
    }
    t->wait.started = true;
    if (user_read(t, &value, a[0], 4))
        return -LX_EFAULT;
    if ((value & LX_FUTEX_TID_MASK) == (uint32_t)t->tid)
        return -LX_EDEADLK;
    if (!(value & LX_FUTEX_TID_MASK)) {
        value = (uint32_t)t->tid | (value & (LX_FUTEX_WAITERS | LX_FUTEX_OWNER_DIED));
        return user_write32(t, a[0], value);
    }
    if (op == LX_FUTEX_TRYLOCK_PI)
        return -LX_EAGAIN;
    if (!(value & LX_FUTEX_WAITERS) && user_write32(t, a[0], value | LX_FUTEX_WAITERS))
        return -LX_EFAULT;
    t->wait.memory[2] = a[0];
    return wait_for(t, t->wait.deadline, -LX_ERESTARTNOINTR);
}

long futex_pi(struct thread *t, const uint64_t *a, uint32_t op)
{
    uint32_t value;
    bool more;
    if (a[0] & 3)
        return -LX_EINVAL;
    if (op != LX_FUTEX_UNLOCK_PI)
        return lock(t, a, op);
    if (user_read(t, &value, a[0], 4))
        return -LX_EFAULT;
    if ((value & LX_FUTEX_TID_MASK) != (uint32_t)t->tid)
        return -LX_EPERM;
    struct thread *next = find_waiter(t, a[0], &more);
    value = next ? (uint32_t)next->tid | (more ? LX_FUTEX_WAITERS : 0) : 0;
    if (user_write32(t, a[0], value))
        return -LX_EFAULT;
    if (next) {
        next->wait.woken = true;
        wait_wake(next);
    }
    return 0;
}

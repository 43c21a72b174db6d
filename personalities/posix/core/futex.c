/* futex(2). Words in private memory are keyed by (address space, address) and queue here; words in
 * shared memory are keyed by {identity of the memory, offset} and queue at servers/object, so that
 * processes of any placement and personality meet there. */
#include "futex.h"

#include <string.h>

#include "janus/backend/object.h"
#include "janus/runtime.h"
#include "mm.h"
#include "placement.h"
#include "status.h"
#include "syscalls.h"
#include "timespec.h"
#include "user.h"
#include "wait.h"

static struct list buckets[1u << CORE_FUTEX_BITS];

struct key {
    uint64_t space;    /* the struct mm, or the identity */
    uint64_t place;    /* address or offset */
    bool shared;
};

static struct list *bucket_of(const struct key *key)
{
    uint64_t hash = (key->space >> 4 ^ key->place >> 2) * 0x9e3779b97f4a7c15ull;
    struct list *bucket = &buckets[hash >> (64 - CORE_FUTEX_BITS)];
    if (!bucket->next)
        list_init(bucket);
    return bucket;
}

static long make_key(struct thread *t, uint64_t address, bool private, struct key *key)
{
    if (address & 3)
        return -LX_EINVAL;
    *key = (struct key){(uint64_t)(uintptr_t)t->process->mm, address, false};
    if (private)
        return 0;
    uint64_t identity, offset;
    bool shared = false;
    if (region_map_key(t->process->mm->map, address, &identity, &offset, &shared) != JN_OK)
        return -LX_EFAULT;
    if (shared)
        *key = (struct key){identity, offset, true};
    return 0;
}

void futex_dequeue(struct thread *t)
{
    if (!t->futex_queued)
        return;
    t->futex_queued = false;
    list_remove(&t->futex_link);
    placement_futex_count(t->futex_key[1], -1);
}

static void enqueue(struct thread *t, const struct key *key, uint32_t bitset)
{
    t->futex_key[0] = key->space;
    t->futex_key[1] = key->place;
    t->futex_bitset = bitset;
    t->futex_queued = true;
    placement_futex_count(key->place, 1);
    list_append(bucket_of(key), &t->futex_link);
}

static bool waits_at(const struct thread *t, const struct key *key)
{
    return t->futex_key[0] == key->space && t->futex_key[1] == key->place;
}

static long wake(struct thread *by, const struct key *key, uint32_t count, uint32_t bitset)
{
    uint32_t woken = 0;
    if (key->shared) {
        if (!by->process->clients.object)
            return 0;
        jn_status_t status = backend_futex_wake(by->process->clients.object, key->space,
                                                key->place, bitset, count, &woken);
        return status == JN_OK ? (long)woken : errno_of(status);
    }
    woken = placement_futex_wake(key->place, count);
    struct list *bucket = bucket_of(key);
    struct thread *t;
    list_for_each(t, struct thread, bucket, futex_link) {
        if (woken == count)
            break;
        if (!waits_at(t, key) || !(t->futex_bitset & bitset))
            continue;
        futex_dequeue(t);
        t->wait.woken = true;
        wait_wake(t);
        woken++;
    }
    return woken;
}

static long requeue(struct thread *by, const struct key *from, const struct key *to,
                    uint32_t wake_count, uint32_t requeue_count)
{
    if (from->shared || to->shared) {
        uint32_t woken = 0, moved = 0;
        if (!from->shared || !to->shared)
            return -LX_EINVAL;
        jn_status_t status =
            backend_futex_requeue(by->process->clients.object, from->space, from->place, to->space,
                                  to->place, wake_count, requeue_count, &woken, &moved);
        return status == JN_OK ? (long)(woken + moved) : errno_of(status);
    }
    long woken = wake(by, from, wake_count, UINT32_MAX);
    /* Who waits without the core is woken: it looks at its word, and waits at the other then. */
    uint32_t moved = placement_futex_wake(from->place, requeue_count);
    struct thread *t;
    list_for_each(t, struct thread, bucket_of(from), futex_link) {
        if (moved == requeue_count)
            break;
        if (!waits_at(t, from))
            continue;
        list_remove(&t->futex_link);
        placement_futex_count(from->place, -1);
        placement_futex_count(to->place, 1);
        t->futex_key[0] = to->space;
        t->futex_key[1] = to->place;
        list_append(bucket_of(to), &t->futex_link);
        moved++;
    }
    return woken + moved;
}

static long wait_round(struct thread *t, uint64_t address, uint32_t value, uint32_t bitset,
                       bool private, uint64_t deadline)
{
    struct key key;
    uint32_t now;
    if (!bitset)
        return -LX_EINVAL;
    if (t->wait.woken)
        return 0;
    if (t->wait.memory[3] && t->wait.events)
        return 0; /* shared: the ring entry is the wake-up */
    if (t->futex_owed) {
        t->futex_owed = false;
        return 0;
    }
    if (t->wait.expired)
        return -LX_ETIMEDOUT;
    if (!t->futex_queued && !t->wait.memory[3]) {
        long error = make_key(t, address, private, &key);
        if (error)
            return error;
        if (key.shared) {
            /* Armed first, compared then: a wake in between is in the ring. */
            if (!t->process->clients.object)
                return -LX_ENOSYS;
            jn_status_t status = backend_futex_wait(t->process->clients.object, key.space,
                                                    key.place, bitset, t->handle);
            if (status != JN_OK && status != JN_WOULD_BLOCK)
                return errno_of(status);
            wait_armed(t, BACKEND_OBJECT);
            t->wait.memory[3] = 1;
        } else { /* queued first as well: others wake without the core */
            enqueue(t, &key, bitset);
            if (private && !deadline)
                placement_futex_waits(t);
        }
        if (user_read(t, &now, address, 4))
            return -LX_EFAULT;
        if (now != value)
            return -LX_EAGAIN;
    }
    return wait_for(t, deadline,
                    deadline ? -LX_ERESTART_RESTARTBLOCK : -LX_ERESTARTSYS);
}

static long futex_wait(struct thread *t, const uint64_t *a, uint32_t bitset, bool relative)
{
    uint32_t op = (uint32_t)a[1];
    if (!t->wait.started) {
        t->wait.started = true;
        if (a[3]) {
            struct lx_timespec time;
            if (user_read(t, &time, a[3], sizeof time))
                return -LX_EFAULT;
            if (!timespec_valid(&time))
                return -LX_EINVAL;
            uint64_t ns = timespec_ns(&time);
            if (relative) {
                t->wait.deadline = backend_time_monotonic() + ns;
            } else if (op & LX_FUTEX_CLOCK_REALTIME) {
                int64_t offset = backend_time_real() - (int64_t)backend_time_monotonic();
                t->wait.deadline = (int64_t)ns > offset ? ns - (uint64_t)offset : 1;
            } else {
                t->wait.deadline = ns ? ns : 1;
            }
        }
    }
    long result = wait_round(t, a[0], (uint32_t)a[2], bitset, op & LX_FUTEX_PRIVATE,
                             t->wait.deadline);
    if (result == -LX_ERESTART_RESTARTBLOCK) {
        t->restart_number = 202;
        t->restart_deadline = t->wait.deadline;
        t->restart_remaining = a[0];
        t->restart_count = (uint64_t)bitset << 32 | (uint32_t)a[2];
        t->restart_private = op & LX_FUTEX_PRIVATE;
    }
    return result;
}

long futex_restart(struct thread *t)
{
    if (!t->wait.started) {
        t->wait.started = true;
        t->wait.deadline = t->restart_deadline;
    }
    return wait_round(t, t->restart_remaining, (uint32_t)t->restart_count,
                      (uint32_t)(t->restart_count >> 32), t->restart_private, t->wait.deadline);
}

/* FUTEX_WAKE_OP: an atomic operation on the second word. All threads of the process that could touch
 * it run meanwhile, so compare and exchange through memory is not atomic here; the operation is
 * refused rather than done wrong. glibc has not used it since 2.25. */
static long wake_op(struct thread *t)
{
    jn_log(JN_LOG_WARNING, "unsupported FUTEX_WAKE_OP of %s", t->name);
    return -LX_ENOSYS;
}

long sys_futex(struct thread *t, const uint64_t *a)
{
    uint32_t op = (uint32_t)a[1] & ~(uint32_t)(LX_FUTEX_PRIVATE | LX_FUTEX_CLOCK_REALTIME);
    bool private = a[1] & LX_FUTEX_PRIVATE;
    struct key key, key2;
    long error;
    switch (op) {
    case LX_FUTEX_WAIT:
        return futex_wait(t, a, UINT32_MAX, true);
    case LX_FUTEX_WAIT_BITSET:
        return futex_wait(t, a, (uint32_t)a[5], false);
    case LX_FUTEX_WAKE:
    case LX_FUTEX_WAKE_BITSET:
        if (op == LX_FUTEX_WAKE_BITSET && !(uint32_t)a[5])
            return -LX_EINVAL;
        error = make_key(t, a[0], private, &key);
        if (error)
            return error;
        return wake(t, &key, (int32_t)a[2] <= 0 ? 1 : (uint32_t)a[2],
                    op == LX_FUTEX_WAKE ? UINT32_MAX : (uint32_t)a[5]);
    case LX_FUTEX_REQUEUE:
    case LX_FUTEX_CMP_REQUEUE: {
        uint32_t now;
        if ((int32_t)a[2] < 0 || (int32_t)a[3] < 0)
            return -LX_EINVAL;
        error = make_key(t, a[0], private, &key);
        if (!error)
            error = make_key(t, a[4], private, &key2);
        if (error)
            return error;
        if (op == LX_FUTEX_CMP_REQUEUE) {
            if (user_read(t, &now, a[0], 4))
                return -LX_EFAULT;
            if (now != (uint32_t)a[5])
                return -LX_EAGAIN;
        }
        return requeue(t, &key, &key2, (uint32_t)a[2], (uint32_t)a[3]);
    }
    case LX_FUTEX_WAKE_OP:
        return wake_op(t);
    case LX_FUTEX_LOCK_PI:
    case LX_FUTEX_LOCK_PI2:
    case LX_FUTEX_UNLOCK_PI:
    case LX_FUTEX_TRYLOCK_PI:
        return futex_pi(t, a, op);
    default:
        jn_log(JN_LOG_WARNING, "unsupported futex operation %#x of %s", (unsigned)a[1],
               t->name);
        return -LX_ENOSYS;
    }
}

void futex_wake_address(struct thread *t, uint64_t address, uint32_t count)
{
    struct key key;
    if (make_key(t, address, true, &key) == 0)
        wake(t, &key, count, UINT32_MAX);
    if (make_key(t, address, false, &key) == 0 && key.shared)
        wake(t, &key, count, UINT32_MAX);
}

/* ---- what a thread leaves behind ---- */

static void robust_entry(struct thread *t, uint64_t address)
{
    uint32_t value;
    if (address & 3 || user_read(t, &value, address, 4) ||
        (value & LX_FUTEX_TID_MASK) != (uint32_t)t->tid)
        return;
    value = (value & LX_FUTEX_WAITERS) | LX_FUTEX_OWNER_DIED;
    if (user_write32(t, address, value) == 0 && value & LX_FUTEX_WAITERS)
        futex_wake_address(t, address, 1);
}

static void robust_list(struct thread *t)
{
    struct {
        uint64_t next;
        int64_t offset;
        uint64_t pending;
    } head;
    if (!t->robust_list || user_read(t, &head, t->robust_list, sizeof head))
        return;
    uint64_t entry = head.next & ~1ull;
    for (int limit = 2048; limit && entry != t->robust_list; limit--) {
        uint64_t next;
        if (user_read(t, &next, entry, 8))
            return;
        if (entry != (head.pending & ~1ull))
            robust_entry(t, entry + (uint64_t)head.offset);
        entry = next & ~1ull;
    }
    if (head.pending)
        robust_entry(t, (head.pending & ~1ull) + (uint64_t)head.offset);
}

void futex_thread_end(struct thread *t)
{
    /* Only threads whose message is here can have their memory touched; others are ended with their
     * whole process, whose private memory nobody sees any more. */
    if (t->message == MESSAGE_NONE)
        return;
    struct process *p = t->process;
    bool others = p->thread_count > 1 || p->mm->users > 1;
    robust_list(t);
    t->robust_list = 0;
    if (t->clear_tid && others && user_write32(t, t->clear_tid, 0) == 0)
        futex_wake_address(t, t->clear_tid, 1);
    t->clear_tid = 0;
}

long sys_set_robust_list(struct thread *t, const uint64_t *a)
{
    if (a[1] != 24)
        return -LX_EINVAL;
    t->robust_list = a[0];
    return 0;
}

long sys_get_robust_list(struct thread *t, const uint64_t *a)
{
    struct thread *of = t;
    if (a[0] && a[0] != t->tid) {
        of = NULL;
        struct thread *other;
        list_for_each(other, struct thread, &t->process->threads, link)
            if (other->tid == a[0])
                of = other;
        if (!of)
            return -LX_ESRCH;
    }
    if (user_write64(t, a[1], of->robust_list) || user_write64(t, a[2], 24))
        return -LX_EFAULT;
    return 0;
}

/* futex(2) between the threads of one process, on their own: a thread that waits without a limit stands in a
 * slot and waits at a Signal of its own; who wakes it takes it out of the slot and raises that. What does not
 * fit here (limits in time, shared words, full buckets) waits at the handler as ever, and is counted.
 *
 * A waiter enters its slot, or is counted, first (a fence) and reads the word then; a waker has written the
 * word first (a fence) and looks at slots and count then: one of both sees the other's. Whoever exchanges a slot
 * from a thread to nothing has taken that thread out, waker or waiter; nobody else has to do with it then. A
 * Signal may be raised for a wait that is over: whoever wakes up and still stands in its slot waits on. */
#include "fast_futex.h"

#include <string.h>

#include "fast_thread.h"
#include "janus/ipc.h"
#include "janus/object.h"
#include "janus/runtime.h"
#include "placement.h"

#define BUCKET_BITS 6
#define SLOTS 7
#define WAITS 3 /* at the handler, before a thread gets a Signal */

static struct bucket {
    struct thread *slots[SLOTS];
    uint32_t counted; /* who wait at the handler */
} __attribute__((aligned(64))) buckets[1u << BUCKET_BITS];

static uint64_t ticket; /* who came first */

static inline struct bucket *bucket_of(uint64_t place)
{
    return &buckets[(place >> 2) * 0x9e3779b97f4a7c15ull >> (64 - BUCKET_BITS)];
}

/* Out of its slot, by the thread itself or for it. False: a waker was first. */
static inline bool take_out(struct thread **slot, struct thread *t)
{
    return __atomic_compare_exchange_n(slot, &t, NULL, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* Takes out whoever has waited longest at the place. NULL: nobody. */
static inline struct thread *take_first(struct bucket *bucket, uint64_t place)
{
    for (;;) {
        struct thread **first = NULL, *found = NULL;
        for (int i = 0; i < SLOTS; i++) {
            struct thread *t = __atomic_load_n(&bucket->slots[i], __ATOMIC_SEQ_CST);
            if (t && t->fast_place == place && (!found || t->fast_ticket < found->fast_ticket)) {
                first = &bucket->slots[i];
                found = t;
            }
        }
        if (!found || take_out(first, found))
            return found;
    }
}

static inline void raise_for(struct thread *t)
{
    struct jn_registers registers = {.tag = 1, .words = {1}};
    (void)jn_syscall(JN_SIGNAL, t->fast_signal, &registers);
}

/* ---- the handler's part ---- */

void placement_futex_count(uint64_t place, int32_t more)
{
    __atomic_fetch_add(&bucket_of(place)->counted, (uint32_t)more, __ATOMIC_SEQ_CST);
}

uint32_t placement_futex_wake(uint64_t place, uint32_t count)
{
    struct bucket *bucket = bucket_of(place);
    struct thread *t;
    uint32_t woken = 0;
    while (woken < count && (t = take_first(bucket, place))) {
        raise_for(t);
        woken++;
    }
    return woken;
}

void placement_futex_waits(struct thread *t)
{
    if (t->fast_signal || ++t->fast_waits < WAITS || t->process->trace)
        return;
    if (jn_signal_create(JN_CAP_POOL, &t->fast_signal) != JN_OK)
        t->fast_signal = JN_CAP_NULL;
}

bool fast_futex_leave(struct thread *t)
{
    struct thread **slot = t->fast_slot;
    t->fast_slot = NULL;
    return !slot || take_out(slot, t);
}

void placement_thread_gone(struct thread *t)
{
    (void)fast_futex_leave(t);
    if (t->fast_signal)
        jn_cap_delete(t->fast_signal);
    t->fast_signal = JN_CAP_NULL;
}

void fast_futex_child(struct thread *t)
{
    memset(buckets, 0, sizeof buckets);
    t->fast_signal = JN_CAP_NULL;
    t->fast_slot = NULL;
}

/* ---- the threads' ---- */

FAST_CODE static long wait(struct thread *t, uint64_t place, uint32_t value)
{
    struct bucket *bucket = bucket_of(place);
    if (FAST_USER(uint32_t, place) != value)
        return -LX_EAGAIN;
    if (!t->fast_signal)
        return FAST_SLOW;
    t->fast_place = place;
    t->fast_ticket = __atomic_fetch_add(&ticket, 1, __ATOMIC_RELAXED);
    struct thread **slot = bucket->slots, **end = slot + SLOTS;
    for (;; slot++) {
        if (slot == end) {
            t->fast_slot = NULL;
            return FAST_SLOW;
        }
        struct thread *nobody = NULL;
        t->fast_slot = slot; /* for the handler, should the thread end or fault in here */
        if (!*slot && __atomic_compare_exchange_n(slot, &nobody, t, false, __ATOMIC_SEQ_CST,
                                                  __ATOMIC_SEQ_CST))
            break;
    }
    long result = 0;
    if (FAST_USER(uint32_t, place) != value)
        result = take_out(slot, t) ? -LX_EAGAIN : 0;
    while (__atomic_load_n(slot, __ATOMIC_SEQ_CST) == t) {
        struct jn_registers registers = {0};
        if (jn_syscall(JN_WAIT, t->fast_signal, &registers) != JN_SIGNALLED && take_out(slot, t))
            result = FAST_SLOW; /* somebody wants the thread: it waits at the handler, or does not */
    }
    t->fast_slot = NULL;
    return result;
}

FAST_CODE static long wake(uint64_t place, uint32_t count)
{
    struct bucket *bucket = bucket_of(place);
    struct thread *t;
    long woken = 0;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (__atomic_load_n(&bucket->counted, __ATOMIC_SEQ_CST))
        return FAST_SLOW;
    while (woken < (long)count && (t = take_first(bucket, place))) {
        raise_for(t);
        woken++;
    }
    return woken;
}

FAST_CODE long fast_futex(struct jn_utcb *utcb)
{
    struct thread *t = fast_ids_of(utcb)->thread;
    uint64_t place = FAST_ARGUMENT(utcb, RDI);
    uint32_t op = (uint32_t)FAST_ARGUMENT(utcb, RSI), value = (uint32_t)FAST_ARGUMENT(utcb, RDX);
    if (place & 3 || !fast_range_valid(place, 4) || t->process->trace)
        return FAST_SLOW;
    switch (op & ~(uint32_t)LX_FUTEX_CLOCK_REALTIME) {
    case LX_FUTEX_WAKE | LX_FUTEX_PRIVATE:
        return wake(place, (int32_t)value <= 0 ? 1 : value);
    case LX_FUTEX_WAIT_BITSET | LX_FUTEX_PRIVATE:
        if ((uint32_t)FAST_ARGUMENT(utcb, R9) != UINT32_MAX)
            return FAST_SLOW;
        break;
    case LX_FUTEX_WAIT | LX_FUTEX_PRIVATE:
        break;
    default:
        return FAST_SLOW;
    }
    return FAST_ARGUMENT(utcb, R10) ? FAST_SLOW : wait(t, place, value);
}

/* Waits without the handler: for a leased object that nobody else waits for, for alerts, and for bytes in the ring
 * of a leased pipe (leases.h), whose Signal the other end raises.
 *
 * A thread says in its block that it waits, enters its number into the word it waits for, and waits at a
 * Signal of its own. Who ends the wait changes the word and raises the Signal; the thread takes the
 * result out of the word itself. So nobody depends on another to go on: who is stopped or ended between
 * word and Signal is made up for by park_wake_all(), and the handler can take a waiting thread out at any
 * instruction, since block and word say how far it is (unpark).
 *
 * Waits here have no time limit and are not alertable, so a call that begins again has lost nothing. */
#include <string.h>

#include "clock.h"
#include "fast.h"
#include "guest.h"
#include "janus/adapter.h"
#include "janus/idl/lease.h"
#include "janus/ipc.h"
#include "janus/lease.h"
#include "janus/object.h"
#include "leases.h"
#include "nt_lease.h"

#define THREADS 1024u
static uint64_t utcbs[THREADS]; /* by number; 0: free */
static uint32_t highest;        /* number ever given */
/* Threads by id: id << 16 | number. Two of one place: one of them is alerted by the handler. */
static _Atomic uint64_t by_tid[THREADS];
/* Who stands in the kernel, a bit each: those need no clock. */
static _Atomic uint64_t parked[THREADS / 64];

static _Atomic uint64_t *place_of(uint64_t tid)
{
    return &by_tid[(uint32_t)tid / 4 % THREADS];
}

void park_wake(uint32_t number)
{
    uint64_t utcb = utcbs[number];
    cap_t signal = utcb ? fast_block_of(utcb)->signal : JN_CAP_NULL;

    if (signal) {
        jn_status_t status = jn_signal_raise(signal, 1);
        (void)status; /* it may have ended */
    }
}

uint32_t park_count(void)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i <= highest / 64; i++)
        for (uint64_t bits = atomic_load(&parked[i]); bits; bits &= bits - 1)
            count++;
    return count;
}

/* ---- on the program's thread ---- */

/* From here on the handler can take the thread out. False: it is wanted already. */
static bool begin(struct jn_utcb *utcb, struct fast_block *block, _Atomic uint64_t *lease)
{
    block->lease = lease;
    atomic_store(&block->wait, FAST_WAITS);
    if (!(*(volatile uint64_t *)&utcb->in_adapter & JN_ADAPTER_LEAVE))
        return true;
    atomic_store(&block->wait, FAST_RUNS);
    return false;
}

static jn_status_t sleep_at(struct fast_block *block, cap_t signal)
{
    uint64_t bits, bit = 1ull << block->number % 64;

    atomic_fetch_or(&parked[block->number / 64], bit);
    jn_status_t status = jn_signal_wait(signal, 0, &bits);
    atomic_fetch_and(&parked[block->number / 64], ~bit);
    return status;
}

static void sleep(struct fast_block *block)
{
    jn_status_t status = sleep_at(block, block->signal);
    (void)status;
}

static uint64_t end(struct fast_block *block, uint64_t result)
{
    atomic_store(&block->wait, FAST_RUNS);
    guest_clock_fresh();
    return result;
}

uint64_t park_at_lease(struct jn_utcb *utcb, _Atomic uint64_t *lease, uint64_t word)
{
    struct fast_block *block = fast_block_of((uint64_t)utcb);

    block->ring = NULL;
    if (!block->signal || !begin(utcb, block, lease))
        return FAST_SLOW;
    if (!atomic_compare_exchange_strong(lease, &word, NT_LEASE_ENTERED(word, block->number))) {
        atomic_store(&block->wait, FAST_RUNS);
        return FAST_SLOW;
    }
    for (;;) {
        sleep(block);
        word = atomic_load(lease);
        while (NT_LEASE_WAITER(word) == block->number && word & NT_LEASE_GRANTED) {
            atomic_store(&block->wait, FAST_TAKES);
            if (atomic_compare_exchange_strong(lease, &word, NT_LEASE_LEFT(word)))
                return end(block, NT_SUCCESS);
        }
        /* Nothing yet; or the lease was taken back, and the handler is about to say what that means. */
    }
}

uint64_t park_for_alert(struct jn_utcb *utcb)
{
    struct fast_block *block = fast_block_of((uint64_t)utcb);
    uint32_t alert = NT_ALERT_SET;

    if (atomic_compare_exchange_strong(&block->alert, &alert, NT_ALERT_NONE))
        return NT_ALERTED;
    block->ring = NULL;
    if (!block->signal || !begin(utcb, block, NULL))
        return FAST_SLOW;
    for (;;) {
        /* NONE, or HELD of a wait that did not end by itself. */
        while (alert != NT_ALERT_SET && alert != NT_ALERT_WAITED)
            if (atomic_compare_exchange_strong(&block->alert, &alert, NT_ALERT_WAITED))
                alert = NT_ALERT_WAITED;
        if (alert == NT_ALERT_SET) {
            atomic_store(&block->wait, FAST_TAKES);
            atomic_store(&block->alert, NT_ALERT_NONE);
            return end(block, NT_ALERTED);
        }
        sleep(block);
        alert = atomic_load(&block->alert);
    }
}

/* With the lease's lock: the Signal to wait at, JN_CAP_NULL with *again: there is something already. */
static cap_t enter_ring(struct adapter_lease *lease, uint32_t own, bool *again)
{
    struct jn_pipe_ring *ring = lease->cell;

    if (lease->kind != LEASE_PIPE_READ || lease->waiter)
        return JN_CAP_NULL;
    __atomic_fetch_or(&ring->reader_waits, JN_WAITS_CLIENT, __ATOMIC_SEQ_CST);
    if (ring->head != __atomic_load_n(&ring->tail, __ATOMIC_SEQ_CST)) {
        *again = true;
        return JN_CAP_NULL;
    }
    if (__atomic_load_n(&ring->ends, __ATOMIC_ACQUIRE) & JN_PIPE_NO_WRITER)
        return JN_CAP_NULL;
    lease->waiter = own;
    return lease->wait;
}

uint64_t park_at_ring(struct jn_utcb *utcb, struct adapter_lease *lease)
{
    struct fast_block *block = fast_block_of((uint64_t)utcb);
    uint32_t own = (uint32_t)(uintptr_t)utcb, lock = 0, waiter = own;
    cap_t signal = JN_CAP_NULL;
    bool again = false;

    if (!block->number)
        return FAST_SLOW;
    block->ring = lease;
    if (!begin(utcb, block, NULL))
        return FAST_SLOW;
    block->moving = lease; /* whose lock is given back if this ends here */
    if (__atomic_compare_exchange_n(&lease->lock, &lock, own, false, __ATOMIC_ACQUIRE,
                                    __ATOMIC_RELAXED)) {
        signal = enter_ring(lease, own, &again);
        adapter_lease_unlock(lease);
    }
    if (signal) {
        again = sleep_at(block, signal) == JN_OK;
        __atomic_compare_exchange_n(&lease->waiter, &waiter, 0, false, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED);
    }
    atomic_store(&block->wait, FAST_RUNS);
    block->moving = NULL;
    if (signal)
        guest_clock_fresh();
    return again ? 0 : FAST_SLOW;
}

uint64_t park_alert(uint64_t tid)
{
    uint64_t entry = atomic_load(place_of(tid));
    uint64_t utcb = entry >> 16 == (uint32_t)tid ? utcbs[entry & 0xffff] : 0;
    struct fast_block *block;
    uint32_t alert;

    if (!utcb)
        return FAST_SLOW;
    block = fast_block_of(utcb);
    alert = atomic_load(&block->alert);
    do {
        if (alert == NT_ALERT_HELD)
            return FAST_SLOW;
    } while (!atomic_compare_exchange_weak(&block->alert, &alert, NT_ALERT_SET));
    if (alert == NT_ALERT_WAITED)
        park_wake((uint32_t)(entry & 0xffff));
    return NT_SUCCESS;
}

/* ---- the handler ---- */

void park_thread(struct world_thread *t, uint64_t tid)
{
    struct fast_block *block = fast_block_of(t->thread.utcb);
    struct nt_thread *thread = nt_thread_by_cookie(t->cookie);

    memset(block, 0, sizeof *block);
    block->tid = tid;
    for (uint32_t i = 1; i < THREADS && !block->number; i++)
        if (!utcbs[i])
            block->number = i;
    if (!block->number)
        return;
    if (block->number > highest)
        highest = block->number;
    utcbs[block->number] = t->thread.utcb;
    if (!thread)
        return;
    thread->alert_word = &block->alert;
    if (!atomic_load(place_of(tid)))
        atomic_store(place_of(tid), (uint64_t)(uint32_t)tid << 16 | block->number);
}

/* Takes the waiting thread's number out of where it waits. True: its wait is over, with *result. */
static bool leave(struct fast_block *block, uint64_t *result)
{
    bool takes = atomic_load(&block->wait) == FAST_TAKES, granted = false;

    if (block->ring) { /* nothing was taken; the call looks again when it begins again */
        uint32_t own = (uint32_t)((uint64_t)block - FAST_BLOCK);
        if (block->ring->lock == own)
            adapter_lease_unlock(block->ring);
        if (block->ring->waiter == own)
            block->ring->waiter = 0;
        block->moving = NULL;
        return false;
    }
    if (!block->lease) {
        uint32_t waited = NT_ALERT_WAITED;
        *result = NT_ALERTED;
        atomic_compare_exchange_strong(&block->alert, &waited, NT_ALERT_NONE);
        return takes; /* an alert that came meanwhile is found when the call begins again */
    }
    *result = NT_SUCCESS;
    uint64_t word = atomic_load(block->lease);
    while (NT_LEASE_WAITER(word) == block->number) {
        granted = word & NT_LEASE_GRANTED;
        if (atomic_compare_exchange_weak(block->lease, &word, NT_LEASE_LEFT(word)))
            break;
    }
    return takes || granted;
}

/* The address of the call's instruction: in a stub of ntdll.dll a call of the dispatcher, else `syscall`. */
static uint64_t call_instruction(struct world_process *p, uint64_t after)
{
    static const uint8_t dispatch[7] = {0xff, 0x14, 0x25, 0x00, 0x10, 0xfe, 0x7f};
    uint8_t code[7];
    uint64_t done = 0;

    if (region_map_read(p->map, after - 7, code, sizeof code, &done) == JN_OK &&
        done == sizeof code && !memcmp(code, dispatch, sizeof code))
        return after - 7;
    return after - 2;
}

/* A waiting thread, stopped, gets the program's state: behind its call if that is over, else at its call. */
static void bring_out(struct world_thread *t, bool over, uint64_t result)
{
    struct jn_utcb *utcb = (struct jn_utcb *)t->thread.utcb;
    struct fast_block *block = fast_block_of(t->thread.utcb);
    static const uint8_t order[13] = {JN_REG_RAX, JN_REG_R10, JN_REG_RDX, JN_REG_R8,  JN_REG_R9,
                                      JN_REG_RDI, JN_REG_RSI, JN_REG_RBX, JN_REG_RBP, JN_REG_R12,
                                      JN_REG_R13, JN_REG_R14, JN_REG_R15};
    struct jn_state state = {.valid = JN_STATE_REGS};

    for (size_t i = 0; i < sizeof order; i++)
        state.r[order[i]] = block->saved[i];
    if (over)
        state.r[JN_REG_RAX] = result;
    state.rip = over ? utcb->door_rip : call_instruction(t->process, utcb->door_rip);
    state.r[JN_REG_RCX] = state.rip;
    state.r[JN_REG_R11] = state.rflags = utcb->door_rflags;
    state.r[JN_REG_RSP] = utcb->door_rsp;
    jn_status_t status = jn_thread_cancel(t->thread.thread);
    if (status == JN_OK)
        status = backend_thread_write(&t->thread, JN_STATE_REGS, &state);
    if (status != JN_OK)
        jn_log(JN_LOG_ERROR, "a waiting thread cannot be moved: %s", jn_status_text(status));
    atomic_fetch_and(&parked[block->number / 64], ~(1ull << block->number % 64));
    utcb->in_adapter = 0;
    atomic_store(&block->wait, FAST_RUNS);
    guest_clock_fresh();
}

bool park_freeze(struct world_thread *t)
{
    struct fast_block *block = fast_block_of(t->thread.utcb);
    enum jn_was was;
    uint64_t result;

    if (!block->number || jn_thread_suspend(t->thread.thread, &was) != JN_OK)
        return false;
    if (atomic_load(&block->wait) != FAST_RUNS) {
        bool over = leave(block, &result);
        bring_out(t, over, result);
        return true;
    }
    jn_status_t status = jn_thread_resume(t->thread.thread);
    if (status != JN_OK)
        jn_log(JN_LOG_ERROR, "a thread stays suspended: %s", jn_status_text(status));
    return false;
}

bool park_leave_ring(struct world_thread *t, bool over, uint64_t result)
{
    struct fast_block *block = fast_block_of(t->thread.utcb);
    uint64_t none;

    if (!block->number || atomic_load(&block->wait) == FAST_RUNS || !block->ring)
        return false;
    (void)leave(block, &none);
    bring_out(t, over, result);
    return true;
}

static struct world_thread *thread_of(uint32_t number)
{
    struct world_process *p = guest_process_any();

    for (struct world_thread *t = p ? p->threads : NULL; t; t = t->next)
        if (t->thread.utcb && t->thread.utcb == utcbs[number])
            return t;
    return NULL;
}

/* nt_lease.h: the word holds nothing any more. */
static void unpark(uint32_t number, bool granted)
{
    struct world_thread *t = thread_of(number);
    struct fast_block *block = t ? fast_block_of(t->thread.utcb) : NULL;
    enum jn_was was;

    if (!t || jn_thread_suspend(t->thread.thread, &was) != JN_OK)
        return;
    if (atomic_load(&block->wait) != FAST_RUNS)
        bring_out(t, granted || atomic_load(&block->wait) == FAST_TAKES, NT_SUCCESS);
    jn_status_t status = jn_thread_resume(t->thread.thread);
    if (status != JN_OK)
        jn_log(JN_LOG_ERROR, "a thread stays suspended: %s", jn_status_text(status));
}

void park_wake_all(void)
{
    for (uint32_t i = 1; i <= highest; i++)
        if (utcbs[i] && atomic_load(&fast_block_of(utcbs[i])->wait) != FAST_RUNS)
            park_wake(i);
}

void park_thread_gone(struct world_thread *t)
{
    struct fast_block *block = fast_block_of(t->thread.utcb);
    uint64_t result, entry;
    enum jn_was was;

    if (!block->number)
        return;
    jn_status_t status = jn_thread_suspend(t->thread.thread, &was);
    (void)status; /* from here on nothing of it changes */
    if (atomic_load(&block->wait) != FAST_RUNS)
        (void)leave(block, &result);
    atomic_fetch_and(&parked[block->number / 64], ~(1ull << block->number % 64));
    entry = (uint64_t)(uint32_t)block->tid << 16 | block->number;
    atomic_compare_exchange_strong(place_of(block->tid), &entry, 0);
    utcbs[block->number] = 0;
    jn_cap_delete(block->signal);
    block->signal = JN_CAP_NULL;
    block->number = 0;
}

/* nt_wait_held: from now on it may wait without us. */
static void wait_held(struct nt_thread *t)
{
    struct fast_block *block = t->world ? fast_block_of(t->world->thread.utcb) : NULL;
    cap_t signal;

    if (block && block->number && !block->signal &&
        jn_signal_create(JN_CAP_POOL, &signal) == JN_OK)
        block->signal = signal;
}

static void wait_alert(struct nt_thread *t)
{
    park_wake(fast_block_of(t->world->thread.utcb)->number);
}

void park_begin(void)
{
    nt_lease_unpark = unpark;
    nt_wait_held = wait_held;
    nt_wait_alert = wait_alert;
}

/* Services that are answered on the program's own thread, without the kernel and without the handler.
 *
 * They run on a small stack of the thread's (fast.asm) while the program is in the adapter. They touch
 * the program's memory as the program would: a page that is not there comes through the handler, and
 * what cannot be mended goes on at win32_fast_abort, which leaves the whole call to the handler. So a
 * service does nothing that may not be done twice before its one store that counts. Numbers are known
 * when ntdll.dll is loaded; until then everything goes to the handler.
 */
#include "fast_io.h"

#include <stddef.h>
#include <string.h>

#include "answers.h"
#include "janus/ipc.h"
#include "janus/runtime.h"
#include "nt_lease.h"
#include "nt_status.h"
#include "user_clock.h"

#define NUMBERS 1024u
#define SLOW FAST_SLOW

typedef uint64_t fast_function(struct jn_utcb *utcb, uint64_t a, uint64_t b, uint64_t c,
                               uint64_t d);

extern const char adapter_slow[]; /* entry.asm */

/* The door's table (lib/adapter/entry.asm), and what win32_fast_enter calls. */
__attribute__((visibility("hidden"))) uint32_t adapter_fast_count;
__attribute__((visibility("hidden"))) uint64_t adapter_fast[NUMBERS];
__attribute__((visibility("hidden"))) uint32_t adapter_sample; /* none: sites are the stubs' own */
__attribute__((visibility("hidden"))) fast_function *win32_fast_functions[NUMBERS];

static struct fast_block *block_of(struct jn_utcb *utcb)
{
    return fast_block_of((uint64_t)utcb);
}

static uint64_t query_performance_counter(struct jn_utcb *utcb, uint64_t counter,
                                          uint64_t frequency, uint64_t c, uint64_t d)
{
    (void)utcb, (void)c, (void)d;
    if (frequency)
        *(volatile uint64_t *)frequency = 10000000;
    *(volatile uint64_t *)counter = jn_time_monotonic() / 100;
    return NT_SUCCESS;
}

static uint64_t yield(struct jn_utcb *utcb, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    (void)utcb, (void)a, (void)b, (void)c, (void)d;
    struct jn_registers registers = {0};
    jn_syscall(JN_YIELD, 0, &registers);
    return NT_SUCCESS;
}

/* ---- leased objects ---- */
static _Atomic uint64_t *lease_of(uint64_t handle)
{
    uint64_t place = (uint32_t)handle / 4 - 1;

    return place < NT_LEASES ? &nt_leases[place] : NULL;
}

/* Changes the word to `next`, and wakes whom that lets go on. */
static uint64_t change(_Atomic uint64_t *lease, uint64_t word, uint64_t next)
{
    if (!atomic_compare_exchange_strong(lease, &word, next))
        return SLOW;
    if (next & ~word & NT_LEASE_GRANTED)
        park_wake(NT_LEASE_WAITER(next));
    return NT_SUCCESS;
}

/* Somebody waits in the word and does not know yet that this is over. */
static bool has_waiter(uint64_t word)
{
    return NT_LEASE_WAITER(word) && !(word & NT_LEASE_GRANTED);
}

static uint64_t change_event(uint64_t handle, uint64_t previous, uint32_t state)
{
    _Atomic uint64_t *lease = lease_of(handle);
    uint64_t word = lease ? atomic_load(lease) : 0, next = NT_LEASE_WITH(word, state);

    if (previous || !(word & NT_LEASE_MODIFY) ||
        (NT_LEASE_KIND(word) != NT_LEASE_EVENT && NT_LEASE_KIND(word) != NT_LEASE_MANUAL))
        return SLOW;
    if (state && has_waiter(word))
        next = (NT_LEASE_KIND(word) == NT_LEASE_EVENT ? word : next) | NT_LEASE_GRANTED;
    return change(lease, word, next);
}

static uint64_t set_event(struct jn_utcb *utcb, uint64_t handle, uint64_t previous, uint64_t c,
                          uint64_t d)
{
    (void)utcb, (void)c, (void)d;
    return change_event(handle, previous, 1);
}

static uint64_t reset_event(struct jn_utcb *utcb, uint64_t handle, uint64_t previous, uint64_t c,
                            uint64_t d)
{
    (void)utcb, (void)c, (void)d;
    return change_event(handle, previous, 0);
}

static uint64_t clear_event(struct jn_utcb *utcb, uint64_t handle, uint64_t b, uint64_t c,
                            uint64_t d)
{
    (void)utcb, (void)b, (void)c, (void)d;
    return change_event(handle, 0, 0);
}

static uint64_t release_semaphore(struct jn_utcb *utcb, uint64_t handle, uint64_t count,
                                  uint64_t previous, uint64_t d)
{
    _Atomic uint64_t *lease = lease_of(handle);
    uint64_t word = lease ? atomic_load(lease) : 0;
    uint32_t state = NT_LEASE_STATE(word), more = (uint32_t)count;

    (void)utcb, (void)d;
    if (previous || !more || !(word & NT_LEASE_MODIFY) ||
        NT_LEASE_KIND(word) != NT_LEASE_SEMAPHORE ||
        more > nt_lease_limits[lease - nt_leases] - state)
        return SLOW;
    return change(lease, word,
                  has_waiter(word) ? NT_LEASE_WITH(word, state + more - 1) | NT_LEASE_GRANTED
                                   : NT_LEASE_WITH(word, state + more));
}

static uint64_t release_mutant(struct jn_utcb *utcb, uint64_t handle, uint64_t previous,
                               uint64_t c, uint64_t d)
{
    _Atomic uint64_t *lease = lease_of(handle);
    uint64_t word = lease ? atomic_load(lease) : 0;
    uint32_t state = NT_LEASE_STATE(word);

    (void)c, (void)d;
    if (previous || NT_LEASE_KIND(word) != NT_LEASE_MUTANT || !(state & NT_LEASE_COUNT) ||
        state >> 12 << 2 != block_of(utcb)->tid)
        return SLOW;
    state = (state & NT_LEASE_COUNT) == 1 ? 0 : state - 1;
    return atomic_compare_exchange_strong(lease, &word, NT_LEASE_WITH(word, state)) ? NT_SUCCESS
                                                                                    : SLOW;
}

/* What a wait takes: false if it would have to wait. */
static bool taken(uint64_t word, uint64_t tid, uint64_t *next)
{
    uint32_t state = NT_LEASE_STATE(word);

    switch (NT_LEASE_KIND(word)) {
    case NT_LEASE_EVENT: *next = NT_LEASE_WITH(word, 0); return state;
    case NT_LEASE_MANUAL: *next = word; return state;
    case NT_LEASE_SEMAPHORE: *next = NT_LEASE_WITH(word, state - 1); return state;
    default:
        if (!(state & NT_LEASE_COUNT)) {
            *next = NT_LEASE_WITH(word, (uint32_t)tid >> 2 << 12 | 1);
            return true;
        }
        *next = NT_LEASE_WITH(word, state + 1);
        return state >> 12 << 2 == tid && (state & NT_LEASE_COUNT) < NT_LEASE_COUNT / 2;
    }
}

static uint64_t wait_for(struct jn_utcb *utcb, uint64_t handle, uint64_t alertable,
                         uint64_t timeout)
{
    _Atomic uint64_t *lease = lease_of(handle);
    uint64_t word = lease ? atomic_load(lease) : 0, next;

    if ((uint8_t)alertable || !(word & NT_LEASE_WAIT))
        return SLOW;
    if (!taken(word, block_of(utcb)->tid, &next)) {
        if (timeout)
            return *(volatile uint64_t *)timeout ? SLOW : NT_TIMEOUT;
        return NT_LEASE_KIND(word) == NT_LEASE_MUTANT || NT_LEASE_WAITER(word)
                   ? SLOW
                   : park_at_lease(utcb, lease, word);
    }
    return next == word || atomic_compare_exchange_strong(lease, &word, next) ? NT_SUCCESS : SLOW;
}

static uint64_t wait_for_single_object(struct jn_utcb *utcb, uint64_t handle, uint64_t alertable,
                                       uint64_t timeout, uint64_t d)
{
    (void)d;
    return wait_for(utcb, handle, alertable, timeout);
}

/* Of one object; the timeout is the fifth argument. */
static uint64_t wait_for_multiple_objects(struct jn_utcb *utcb, uint64_t count, uint64_t handles,
                                          uint64_t any, uint64_t alertable)
{
    const volatile uint64_t *stack = (const volatile uint64_t *)utcb->door_rsp;

    (void)any;
    return (uint32_t)count == 1
               ? wait_for(utcb, *(const volatile uint64_t *)handles, alertable, stack[5])
               : SLOW;
}

/* ---- attributes by name ---- */
static uint64_t names_of; /* cookie of the process */

void fast_process(uint64_t cookie)
{
    names_of = cookie;
}

/* What is kept about the name in OBJECT_ATTRIBUTES at `address`. */
static bool known(uint64_t address, struct nt_file_network_open *answer)
{
    const struct nt_object_attributes *a = (const struct nt_object_attributes *)address;
    struct nt_object_attributes asked = *(const volatile struct nt_object_attributes *)a;
    struct backend_question q;

    if (asked.length != sizeof asked || asked.root || !asked.name)
        return false;
    struct nt_unicode_string name = *(const volatile struct nt_unicode_string *)asked.name;
    return !(name.length & 1) &&
           answers_ask(&q, names_of, (const void *)name.buffer, name.length) &&
           answers_find(&q, answer);
}

static uint64_t query_attributes(struct jn_utcb *utcb, uint64_t attributes, uint64_t result,
                                 uint64_t c, uint64_t d)
{
    struct nt_file_network_open answer;

    (void)utcb, (void)c, (void)d;
    if (!known(attributes, &answer))
        return SLOW;
    *(volatile struct nt_file_basic *)result =
        (struct nt_file_basic){answer.creation, answer.access, answer.write, answer.change,
                               answer.attributes, 0};
    return NT_SUCCESS;
}

static uint64_t query_full_attributes(struct jn_utcb *utcb, uint64_t attributes, uint64_t result,
                                      uint64_t c, uint64_t d)
{
    struct nt_file_network_open answer;

    (void)utcb, (void)c, (void)d;
    if (!known(attributes, &answer))
        return SLOW;
    *(volatile struct nt_file_network_open *)result = answer;
    return NT_SUCCESS;
}

static uint64_t alert_thread_by_thread_id(struct jn_utcb *utcb, uint64_t tid, uint64_t b,
                                          uint64_t c, uint64_t d)
{
    (void)utcb, (void)b, (void)c, (void)d;
    return park_alert(tid);
}

static uint64_t wait_for_alert_by_thread_id(struct jn_utcb *utcb, uint64_t address,
                                            uint64_t timeout, uint64_t c, uint64_t d)
{
    (void)address, (void)c, (void)d;
    return timeout ? SLOW : park_for_alert(utcb);
}

static const struct {
    const char *name;
    fast_function *run;
} services[] = {
    {"NtAlertThreadByThreadId", alert_thread_by_thread_id},
    {"NtClearEvent", clear_event},
    {"NtQueryAttributesFile", query_attributes},
    {"NtQueryFullAttributesFile", query_full_attributes},
    {"NtQueryPerformanceCounter", query_performance_counter},
    {"NtReadFile", fast_read_file},
    {"NtReleaseMutant", release_mutant},
    {"NtReleaseSemaphore", release_semaphore},
    {"NtResetEvent", reset_event},
    {"NtSetEvent", set_event},
    {"NtWaitForAlertByThreadId", wait_for_alert_by_thread_id},
    {"NtWaitForMultipleObjects", wait_for_multiple_objects},
    {"NtWaitForSingleObject", wait_for_single_object},
    {"NtWriteFile", fast_write_file},
    {"NtYieldExecution", yield},
};

void fast_begin(uint32_t (*number_of)(const char *name))
{
    for (uint32_t i = 0; i < NUMBERS; i++)
        adapter_fast[i] = (uint64_t)(uintptr_t)adapter_slow;
    user_clock_numbers();
    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        uint32_t number = number_of(services[i].name);
        if (number >= NUMBERS)
            continue;
        win32_fast_functions[number] = services[i].run;
        adapter_fast[number] = (uint64_t)(uintptr_t)win32_fast_enter;
        if (adapter_fast_count <= number)
            adapter_fast_count = number + 1;
    }
}

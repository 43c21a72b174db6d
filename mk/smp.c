#include "smp.h"

#include "ipc/ipc.h"
#include "memory/space.h"
#include "platform/irq.h"
#include "platform/lapic.h"
#include "thread/thread.h"
#include "trace/trace.h"

static uint32_t lock_word;
static uint32_t kicks; /* CPUs to be interrupted when the lock is released */
static uint64_t epoch = 1;
volatile uint32_t kernel_lock_waiters;

static void relax(void)
{
    __asm__ volatile("pause" : : : "memory");
}

static void interrupt(struct cpu *cpu)
{
    cpu_self()->ipis++;
    lapic_send(cpu->apic_id, VECTOR_MAILBOX);
}

/* ---- what others ask of this CPU ---- */

static void save_state(struct cpu *cpu)
{
    struct thread *thread = cpu->current;

    if (thread != cpu->idle && !cpu->reload) {
        thread_save_bases(thread);
        if (thread->state & STATE_MARKED)
            debug_switch(thread, cpu->idle);
        cpu->reload = 1;
    }
    if (cpu->fpu_owner != no_thread)
        fpu_flush(cpu->fpu_owner);
}

static void serve_asked(struct cpu *cpu)
{
    unsigned asked = __atomic_load_n(&cpu->asked, __ATOMIC_ACQUIRE);

    if (likely(!asked))
        return;
    if (asked & ASK_STATE)
        save_state(cpu);
    if (asked & ASK_LEAVE)
        cpu->cr3 = kernel_cr3;
    if (asked & (ASK_LEAVE | ASK_FLUSH))
        __asm__ volatile("mov %0, %%cr3" : : "r"(cpu->cr3) : "memory");
    if (asked & ASK_TRACE)
        cpu_set_entries(trace_on);
    if (asked & ASK_KEYS)
        cpu_keys_here();
    /* What was asked for meanwhile stays: its asker waits for it. */
    __atomic_and_fetch(&cpu->asked, (uint8_t)~asked, __ATOMIC_RELEASE);
}

/* ---- the lock ---- */

static bool try_lock(void)
{
    return !__atomic_load_n(&lock_word, __ATOMIC_RELAXED) &&
           !__atomic_exchange_n(&lock_word, 1, __ATOMIC_ACQUIRE);
}

/* Bounded unfairness: whoever comes first, which virtual CPUs that the host has stopped do not delay
 * (KERNEL 21). */
void kernel_lock(struct cpu *cpu)
{
    if (!try_lock()) {
        __atomic_add_fetch(&kernel_lock_waiters, 1, __ATOMIC_RELAXED);
        __atomic_store_n(&cpu->parked, PARKED_WAITING, __ATOMIC_SEQ_CST);
        do {
            relax();
            serve_asked(cpu);
        } while (!try_lock());
        __atomic_sub_fetch(&kernel_lock_waiters, 1, __ATOMIC_RELAXED);
    }
    serve_asked(cpu);
    cpu->seen = epoch;
    __atomic_store_n(&cpu->parked, PARKED_NOT, __ATOMIC_RELAXED);
}

void kernel_unlock(struct cpu *cpu, bool idle)
{
    uint32_t kicked = kicks;

    kicks = 0;
    for (uint32_t i = kicked; i; i &= i - 1) {
        unsigned number = (unsigned)__builtin_ctz(i);
        /* Who waits for the lock looks anyway. */
        if (cpus[number].parked == PARKED_WAITING)
            kicked &= ~(1u << number);
    }
    __atomic_store_n(&cpu->parked, idle ? PARKED_IDLE : PARKED_NOT, __ATOMIC_RELEASE);
    __atomic_store_n(&lock_word, 0, __ATOMIC_RELEASE);
    for (; kicked; kicked &= kicked - 1)
        interrupt(&cpus[__builtin_ctz(kicked)]);
}

void kernel_lock_yield(struct cpu *cpu)
{
    if (!kernel_lock_waiters)
        return;
    kernel_unlock(cpu, false);
    /* Parked at once: nothing of this CPU's is in use here. */
    __atomic_store_n(&cpu->parked, PARKED_WAITING, __ATOMIC_SEQ_CST);
    for (unsigned i = 0; i < 64; i++) {
        relax();
        serve_asked(cpu);
    }
    kernel_lock(cpu);
}

/* ---- other CPUs ---- */

void cpu_hold(struct cpu *cpu)
{
    if (cpu_is_held(cpu))
        return;
    cpu_self()->holds++;
    interrupt(cpu);
    while (!cpu_is_held(cpu))
        relax();
}

void cpu_ask(struct cpu *cpu, unsigned what, bool wait)
{
    cpu_hold(cpu);
    __atomic_or_fetch(&cpu->asked, (uint8_t)what, __ATOMIC_SEQ_CST);
    if (!wait)
        return;
    if (cpu->parked == PARKED_IDLE)
        interrupt(cpu);
    while (__atomic_load_n(&cpu->asked, __ATOMIC_ACQUIRE) & what)
        relax();
}

void cpu_kick(struct cpu *cpu)
{
    if (cpu != cpu_self())
        kicks |= 1u << cpu->id;
}

void cpu_post(struct gate_part *part)
{
    struct cpu *cpu = &cpus[gate_part_cpu(part)];

    if (cpu_is_held(cpu)) {
        gate_serve(part);
        return;
    }
    if (!part->posted) {
        part->posted = cpu->mailbox ? cpu->mailbox : part;
        cpu->mailbox = part;
    }
    cpu_kick(cpu);
}

/* The last of the list names itself. */
static struct gate_part *after(struct gate_part *part)
{
    return part->posted == part ? NULL : part->posted;
}

void cpu_serve_mailbox(struct cpu *cpu)
{
    while (cpu->mailbox) {
        struct gate_part *part = cpu->mailbox;

        cpu->mailbox = after(part);
        part->posted = NULL;
        gate_serve(part);
    }
}

void cpu_unpost(struct gate_part *part)
{
    struct cpu *cpu = &cpus[gate_part_cpu(part)];
    struct gate_part *rest = NULL, *at = cpu->mailbox;

    if (!part->posted)
        return;
    while (at) {
        struct gate_part *next = after(at);

        at->posted = NULL;
        if (at != part) {
            at->posted = rest ? rest : at;
            rest = at;
        }
        at = next;
    }
    cpu->mailbox = rest;
}

/* ---- quiescence ---- */

uint64_t quiesce_epoch(void)
{
    return ++epoch;
}

uint64_t quiesce_now(void)
{
    return epoch;
}

void quiesce(uint64_t since)
{
    for (unsigned i = 0; i < cpu_count; i++)
        if (cpus[i].seen < since)
            cpu_hold(&cpus[i]);
}

/* ---- translation caches ---- */

/* A CPU that loads the space after this look walks tables that were changed before it: its store to
 * `cr3` goes before the load, ours of the entry before the look. */
bool cpu_others_loaded(uint64_t cr3)
{
    if (cpu_count == 1)
        return false;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    for (unsigned i = 0; i < cpu_count; i++)
        if (&cpus[i] != cpu_self() && __atomic_load_n(&cpus[i].cr3, __ATOMIC_RELAXED) == cr3)
            return true;
    return false;
}

/* All are asked before one is waited for. */
void cpu_shoot_down(uint64_t cr3, unsigned what, bool wait)
{
    uint32_t asked = 0;

    for (unsigned i = 0; i < cpu_count; i++) {
        struct cpu *cpu = &cpus[i];

        if (cpu == cpu_self() || __atomic_load_n(&cpu->cr3, __ATOMIC_RELAXED) != cr3)
            continue;
        asked |= 1u << i;
        if (!cpu_is_held(cpu))
            interrupt(cpu);
    }
    for (uint32_t i = asked; i; i &= i - 1) {
        struct cpu *cpu = &cpus[__builtin_ctz(i)];

        while (!cpu_is_held(cpu))
            relax();
        cpu_self()->shoot_downs++;
        __atomic_or_fetch(&cpu->asked, (uint8_t)what, __ATOMIC_SEQ_CST);
        if (wait && cpu->parked == PARKED_IDLE)
            interrupt(cpu);
    }
    for (uint32_t i = asked; i && wait; i &= i - 1)
        while (__atomic_load_n(&cpus[__builtin_ctz(i)].asked, __ATOMIC_ACQUIRE))
            relax();
}

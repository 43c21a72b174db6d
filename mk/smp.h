/* Several CPUs: the kernel lock, and how one CPU gets at what another's fast path uses.
 *
 * All C code runs under one lock; the fast paths of entry.asm take none. What they touch belongs to
 * one CPU: its `struct cpu`, its part of every Gate, and the state of its threads that run, wait in a
 * receiver list, or are one of a pair of caller and partner on this CPU. Everything else is guarded by
 * the lock: run queues, timers, caller queues, and a waiting thread whose state word has a flag that
 * the fast path does not know (STATE_REMOTE is there for nothing else).
 *
 * A CPU that waits for the lock, or is idle, is *parked*: it runs no fast path before it has had the
 * lock, so whoever holds the lock may write what is that CPU's (KERNEL 19 asks for a mailbox entry
 * for each change; a parked CPU excludes the same races, and a change is done when it returns).
 * cpu_hold() makes a CPU park, by one interrupt if it is in user mode, and it stays so until the lock
 * is released. What only the CPU itself can do, on its registers, it is asked for (cpu_ask()): it
 * serves that while it waits (KERNEL 21). Where nobody has to wait for the outcome, a message for a
 * busy server, the work goes to the mailbox.
 *
 * Quiescence (KERNEL 20): every acquisition of the lock notes the epoch. What was unhooked in an epoch
 * is freed, or its slot used again, when every CPU has noted a later one or is parked; only those that
 * have not are interrupted, once for everything that was unhooked until then. */
#ifndef MK_SMP_H
#define MK_SMP_H

#include "cpu.h"

struct gate_part;
struct space;

/* cpu->parked */
enum { PARKED_NOT, PARKED_WAITING, PARKED_IDLE };

/* Why a CPU entered the kernel, while it waits for the lock. Who finds the thread there may take it
 * back to before its entry: ENTER_CANCELLED. */
enum { ENTER_NOTHING, ENTER_SYSCALL, ENTER_FAULT, ENTER_OTHER, ENTER_CANCELLED };

/* cpu->asked */
enum {
    ASK_FLUSH = 1, /* forget all translations of user memory */
    ASK_LEAVE = 2, /* load the kernel's own address space */
    ASK_STATE = 4, /* segment bases and FPU registers into the thread */
    ASK_TRACE = 8, /* enter where trace_on says */
    ASK_KEYS = 16, /* turn protection keys on */
};

void kernel_lock(struct cpu *cpu);
/* `idle`: the CPU is going to halt. Sends the interrupts that cpu_kick() asked for. */
void kernel_unlock(struct cpu *cpu, bool idle);
/* Lets others have the lock if they wait for it. Nothing may be half done. */
void kernel_lock_yield(struct cpu *cpu);
extern volatile uint32_t kernel_lock_waiters;

/* One CPU alone takes no lock: kernel_enter(), kernel_leave(). */

/* ---- with the lock ---- */

/* The CPU is this one, or parked, until the lock is released. */
void cpu_hold(struct cpu *cpu);
static inline bool cpu_is_held(const struct cpu *cpu)
{
    return cpu == cpu_self() || __atomic_load_n(&cpu->parked, __ATOMIC_ACQUIRE) != PARKED_NOT;
}
/* Another CPU does what only it can do; `wait`: it is done when this returns. */
void cpu_ask(struct cpu *cpu, unsigned what, bool wait);
/* The CPU has something to do: it looks, at the latest, soon after the lock is released. */
void cpu_kick(struct cpu *cpu);
/* Callers or notices wait at a CPU's part of a Gate: it looks, or is helped if it is parked. */
void cpu_post(struct gate_part *part);
void cpu_serve_mailbox(struct cpu *cpu);
/* The part is going. */
void cpu_unpost(struct gate_part *part);

/* For what is unhooked now; and that no CPU can be using what was unhooked up to an epoch. */
uint64_t quiesce_epoch(void);
void quiesce(uint64_t epoch);
uint64_t quiesce_now(void);

/* Shoot-downs for a space: how many CPUs but this have it loaded, and what they have to do. */
bool cpu_others_loaded(uint64_t cr3);
void cpu_shoot_down(uint64_t cr3, unsigned what, bool wait);

#endif

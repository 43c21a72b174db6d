/* The per-CPU block, reached through GS in the kernel, and what every path of the kernel may ask of
 * its CPU.
 *
 * The kernel runs with interrupts off, on the CPU's only kernel stack, which is empty whenever a
 * thread runs. Other CPUs write here only with the lock and as smp.h says. Interrupts are taken in user mode and in idle only; a long
 * operation asks preempt_point() and stops.
 */
#ifndef MK_CPU_H
#define MK_CPU_H

#include "lib/print.h"
#include "lib/types.h"
#include "list.h"

#define CPU_MAX 8 /* boot.c has room for the stacks of so many */

struct gate_part;
struct sched;
struct thread;

/* Ready scheduling contexts: a list per priority, and a bit per list that is not empty. */
struct run_queue {
    uint64_t map[4];
    struct list ready[256];
};

struct cpu {
    struct cpu *self;
    struct thread *current;   /* the thread whose registers are loaded; `idle` when none is */
    uint64_t scratch;         /* the user's rsp for three instructions of the system call entry */
    uint64_t cr3;             /* what CR3 holds */
    struct thread *fpu_owner; /* whose FPU registers are loaded; no_thread if nobody's */
    uint64_t gate_offset;     /* of this CPU's part in every Gate */
    uint64_t kernel_stack;    /* top */
    uint8_t fpu_on;           /* FPU_ON, FPU_OFF (thread.h); or CPU_KEYS: see fpu_is */
    uint8_t resched;          /* another thread than `current` should run: look before leaving */
    uint8_t priority;         /* of `sched`; the highest there is if that has a budget */
    uint8_t reload;           /* `current` has to be loaded again before it runs */
    uint32_t id;
    uint64_t ipcs;            /* messages that the fast path delivered */
    uint64_t switches;        /* CR3 loads */
    uint64_t go_on;           /* where switch_keys (entry.asm) goes */
    uint8_t fpu_is;           /* while `fpu_on` is CPU_KEYS: what it would be */
    uint64_t cr0_off;         /* FPU_OFF: TS is set, */
    uint64_t cr4_off;         /* and OSXSAVE is clear */
    uint64_t cr4;             /* FPU_ON */
    struct thread *preempted; /* by a Signal's fast path: ready, but in no queue yet; no_thread */
    /* -- up to here, and `sched`, is what the fast path touches -- */
    uint64_t entries; /* kernel entries that were not fast IPC */
    uint64_t slow_ipcs;
    uint64_t copied;  /* bytes moved by JN_COPY */
    uint64_t faults;
    uint64_t interrupts;
    struct thread *runner; /* who holds the CPU when the kernel is left; NULL: to be picked */
    struct sched *sched;   /* what it runs on */
    uint64_t sched_since;  /* time_now() when it began to */
    struct thread *idle;
    uint32_t apic_id;
    uint32_t online;
    /* -- smp.h -- */
    uint8_t parked, entering, asked;
    uint64_t seen;             /* the epoch when it last had the lock */
    struct gate_part *mailbox; /* parts of Gates to look at, linked by `posted`; NULL: none */
    uint64_t ipis, holds, shoot_downs; /* sent; of them to hold a CPU; CPUs asked to flush */
    uint64_t migrations;               /* threads that this CPU took, gave or sent elsewhere */
    struct list movable;               /* ready here, and another CPU may take them */
    uint32_t movable_count;
    struct run_queue run;
    /* -- trace/ -- */
    struct jn_trace_ring *trace; /* NULL: none */
    struct jn_trace_record *trace_records;
    bool trace_wake;     /* the tracer is to be woken */
    bool trace_entry;    /* the kernel was entered, and nothing written down of it yet */
    uint64_t trace_cost; /* TSC ticks that its records took, not yet told */
} __attribute__((aligned(64)));

/* In `fpu_on`: protection keys are on, and the running program may have written PKRU. Then the one
 * comparison fails that every fast path makes anyway, and by its overflow says why (entry.asm). */
#define CPU_KEYS 0x80
#define PKRU_VALUE 0x55555554u /* nothing but key 0, as under Linux */

extern struct cpu cpus[CPU_MAX];
extern uint32_t cpu_count;

static inline struct cpu *cpu_self(void)
{
    struct cpu *cpu;
    __asm__ volatile("movq %%gs:0, %0" : "=r"(cpu));
    return cpu;
}

static inline struct thread *current_thread(void)
{
    struct thread *thread;
    __asm__ volatile("movq %%gs:8, %0" : "=r"(thread));
    return thread;
}

/* Loads GDT, IDT, TSS, GS base and the system call MSRs of CPU `id`, whose kernel stack ends at
 * `stack_top`; boot code calls it on each CPU, first of all. IST stacks are memory/layout.h's. */
void cpu_init(uint32_t id, uint64_t stack_top);
/* This CPU's system calls, exceptions and interrupts enter at the plain or the traced code. */
void cpu_set_entries(bool traced);

static inline bool cpu_fpu_is_on(const struct cpu *cpu)
{
    return cpu->fpu_on == CPU_KEYS ? cpu->fpu_is : cpu->fpu_on;
}

/* Protection keys, on every CPU from the first page on that may only be executed (JN_X): until then user
 * mode has no PKRU that it could write. False: the processor has none. With the lock. */
MUST_CHECK bool cpu_keys_enable(void);
void cpu_keys_here(void);
/* PKRU is nobody's state: what a program made of it ends with its turn. */
void cpu_keys_restore(void);

/* True if an interrupt or a more urgent thread waits: a long operation then brings its structures
 * into a state that can be taken up again and returns STATUS_RESTART. */
bool preempt_point(void);

#ifdef KERNEL_ASSERT
#define assert(condition)                                                                          \
    ((condition) ? (void)0 : panic("%s:%d: %s", __FILE__, __LINE__, #condition))
#else
#define assert(condition) ((void)sizeof(condition))
#endif

#endif

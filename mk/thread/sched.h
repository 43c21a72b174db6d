/* Scheduling contexts and the run queues.
 *
 * Priority, budget and consumed time belong to the scheduling context (KERNEL 15). A CPU runs one
 * thread (`runner`) on one context (`cpu->sched`); a call leaves the context where it is and only
 * changes the runner, so that the fast path knows nothing of scheduling. The run queue holds
 * contexts, each with the threads that are ready on it, usually one; whoever runs is not in it.
 *
 * thread->sched means something only while the thread does not run: what it goes on with when it
 * does. A caller on the fast path leaves it stale, because its context serves the partner and comes
 * back with the answer; where that does not hold any more, the caller is STATE_HOME and its `sched`
 * is right. Every thread is on a list of the context it names, so that a context can end.
 *
 * A context belongs to one CPU, as do the threads on it; a call to another CPU lends nothing (its
 * caller is STATE_HOME from the start) and is served on the receiver's own context. Run queues and
 * contexts are guarded by the kernel lock: anybody who has it may make a thread of another CPU ready.
 */
#ifndef MK_THREAD_SCHED_H
#define MK_THREAD_SCHED_H

#include "object.h"
#include "platform/time.h"

struct thread;
struct cpu;

struct sched {
    uint8_t priority;
    uint8_t queued;        /* in the run queue */
    uint8_t fast_priority; /* the Signal's fast path reads: 0 if it has a budget */
    uint8_t cpu;           /* whose run queue it is in when it is ready */
    bool movable;          /* the own one of a thread that may be moved: counts as load */
    uint64_t consumed;     /* TSC ticks */
    int64_t slice;         /* TSC ticks left of its turn among equals */
    struct budget *budget; /* NULL: best effort */
    struct list link;      /* member of run_queue.ready[priority] */
    struct list ready;     /* threads that could run on it now */
    struct list users;     /* other threads whose `sched` it is */
    struct list bound;     /* threads whose `base` it is */
};

/* budget.c: so much time in a period, and no more. */
struct budget {
    uint64_t budget, period; /* ns */
    uint64_t release;        /* ns: when the next period begins */
    uint64_t limit;          /* of sched->consumed in this period */
    uint64_t share;          /* of its CPU's time, in SHARE_ALL */
    struct sched *sched;
    struct timer timer; /* spent: to the next period */
    bool spent;         /* its threads are not in the run queue */
    uint32_t cpu;       /* whose time it was admitted to */
};

struct sched_object {
    struct object object;
    struct sched sched;
    struct budget budget;
};

#define PRIORITY_MAX 255
#define SLICE_US     10000

void sched_init(struct sched *sched, unsigned priority, unsigned cpu);
void sched_init_cpu(struct cpu *cpu);
/* No thread and no CPU uses it afterwards: they go on with their own. */
void sched_end(struct sched *sched);

void thread_set_base(struct thread *thread, struct sched *base);

/* ---- migrate.c ---- */
/* The thread is to run on another CPU from when it is next picked; at once if it is suspended. The
 * kernel may move it later among `allowed`, if that is not 0. CPU_ANY: it chooses at once. */
#define CPU_ANY (~0u)
MUST_CHECK status_t thread_set_cpu(struct thread *thread, unsigned cpu, unsigned allowed);
/* To thread->cpu_wanted; ready there, if it is not suspended. */
bool thread_move(struct thread *thread);
/* sched_ready(): does it wake on another CPU, where it is ready then? */
bool migrate_woken(struct thread *thread);
/* The CPU, this one, has nothing to do: is there something now? */
bool migrate_here(struct cpu *cpu);
/* The runner's turn is over and others wait: is it on another CPU now? */
bool migrate_away(struct cpu *cpu, struct thread *runner);
/* Nothing is to run on what the CPU, which is held, has loaded. */
void sched_load_idle(struct cpu *cpu);

/* The thread, which is STATE_RUN and not suspended, queues on thread->sched. */
void sched_ready(struct thread *thread);
/* The same for one whose context was used up to now on its behalf: it goes on with its turn. */
void sched_ready_again(struct thread *thread);
/* The opposite, for a thread that may be ready, running, or neither. */
void sched_remove(struct thread *thread);
/* What a thread that neither runs nor is ready will go on with. */
void sched_assign(struct thread *thread, struct sched *sched);

/* The running thread stops here. The context stays loaded; whoever picks it up: a partner by
 * sched_hand_over(), or `thread` itself, later, if it was assigned to it. */
void sched_block(struct thread *thread);
/* `thread` runs next, on the context that is loaded, if nothing more urgent is ready. */
void sched_hand_over(struct thread *thread);
/* The running thread goes on with another context. */
void sched_use(struct sched *sched);
/* The context that is loaded. */
struct sched *sched_loaded(void);

/* The running thread goes to the end of its priority's list. */
void sched_yield(void);
void sched_set_priority(struct sched *sched, unsigned priority);

/* ---- budget.c ---- */
#define SHARE_ALL     1000000
#define BUDGET_MIN_NS 10000
#define BUDGET_MAX_NS 1000000000000ull /* of a period */
/* BAD_ARG; BUSY: more than the CPU has. Zeroes: best effort. */
MUST_CHECK status_t budget_set(struct sched_object *object, uint64_t budget, uint64_t period);
void budget_end(struct sched *sched);
/* `sched` is loaded, or loaded still after it was accounted. */
void budget_load(struct cpu *cpu, struct sched *sched);
/* What was consumed is the budget of this period: the context waits for the next one. */
bool budget_exhaust(struct sched *sched);
/* What the thread, which is to run, goes on with in the place of `sched`: its base, if that was
 * lent to it and is spent (KERNEL 15). */
struct sched *budget_usable(struct thread *thread, struct sched *sched);
static inline bool budget_is_spent(const struct sched *sched)
{
    return sched->budget && sched->budget->spent;
}

/* Into the run queue with those who are ready on it, and out of it. */
void sched_enqueue(struct sched *sched);
void sched_dequeue(struct sched *sched);

/* Nanoseconds that were consumed on the context. */
uint64_t sched_time(struct sched *sched);

/* The first step of every kernel entry but the fast path's: `thread` holds the CPU, and this waits for
 * the lock. `why`: ENTER_.. of smp.h. False: somebody took the thread out of this entry meanwhile. */
bool kernel_enter(struct thread *thread, unsigned why);
/* The last step of every kernel entry but the fast path's: who runs now. Releases the lock. */
struct thread *kernel_leave(void);

operation_t op_sched_set;

#endif

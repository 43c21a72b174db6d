/* Budgets: a scheduling context that has one runs for at most so much time in each of its periods
 * (KERNEL 15). Time is counted where it always is, in sched->consumed, which the fast path counts,
 * too; here is the value of it at which the context is spent. A timer runs while such a context is
 * loaded, to the end of its budget, and another while it is spent, to its next period; the rest of
 * the system has none. A period begins when the context is first used after the last one is over.
 */
#include "cpu.h"
#include "ipc/ipc.h"
#include "smp.h"
#include "thread/thread.h"

static uint64_t admitted[CPU_MAX]; /* sum of shares */
static struct timer end[CPU_MAX];  /* of the loaded context's budget */

static uint64_t ticks(uint64_t ns)
{
    return ns * (info_page->tsc_hz / 1000000) / 1000; /* BUDGET_MAX_NS: no overflow */
}

static uint64_t nanoseconds(uint64_t tsc_ticks)
{
    return (uint64_t)((unsigned __int128)tsc_ticks * info_page->tsc_mult >> info_page->tsc_shift);
}

static void end_reached(struct timer *timer)
{
    struct cpu *cpu = &cpus[timer - end];

    cpu->resched = 1; /* pick() finds it spent */
    cpu_kick(cpu);
}

static void begin_period(struct budget *budget, uint64_t now)
{
    budget->limit = budget->sched->consumed + ticks(budget->budget);
    budget->release = now + budget->period;
}

static void period_begins(struct timer *timer)
{
    struct budget *budget = container_of(timer, struct budget, timer);

    budget->spent = false;
    begin_period(budget, time_now());
    sched_enqueue(budget->sched);
}

void budget_load(struct cpu *cpu, struct sched *sched)
{
    struct budget *budget = sched->budget;

    if (!budget) {
        timer_cancel(&end[cpu->id]);
        return;
    }
    if (budget->spent) {
        cpu->resched = 1;
        return;
    }
    uint64_t now = time_now();
    if (now >= budget->release)
        begin_period(budget, now);
    uint64_t left = budget->limit > sched->consumed ? budget->limit - sched->consumed : 0;
    end[cpu->id].expire = end_reached;
    timer_arm(&end[cpu->id], now + nanoseconds(left));
}

struct sched *budget_usable(struct thread *thread, struct sched *sched)
{
    struct thread *caller = thread->caller;

    if (!budget_is_spent(sched) || sched == thread->base)
        return sched;
    if (caller != no_thread && !(caller->state & STATE_HOME)) {
        sched_assign(caller, sched);
        caller->state |= STATE_HOME;
    }
    return thread->base;
}

bool budget_exhaust(struct sched *sched)
{
    struct budget *budget = sched->budget;
    struct list *i, *next;

    if (!budget || sched->consumed < budget->limit)
        return false;
    budget->spent = true;
    sched_dequeue(sched);
    timer_arm(&budget->timer, budget->release);
    /* Servers among the others that are ready on it do not wait with it. */
    for (i = sched->ready.next; i != &sched->ready; i = next) {
        struct thread *thread = container_of(i, struct thread, on_sched);
        next = i->next;
        if (thread->base != sched) {
            sched_remove(thread);
            sched_ready(thread);
        }
    }
    return true;
}

/* Nothing is known of a budget any more. */
static void forget(struct sched *sched)
{
    struct budget *budget = sched->budget;

    if (!budget)
        return;
    timer_cancel(&budget->timer);
    admitted[budget->cpu] -= budget->share;
    sched->budget = NULL;
    sched->fast_priority = sched->priority;
}

void budget_end(struct sched *sched)
{
    forget(sched);
}

/* A period that has begun goes on with what was used in it, or every change would be a new budget.
 */
static void change(struct budget *budget, const struct budget *old, bool in_period)
{
    uint64_t now = time_now();

    begin_period(budget, now);
    if (!in_period || now >= old->release)
        return;
    budget->limit = old->limit - ticks(old->budget) + ticks(budget->budget);
    budget->release = old->release;
    if (old->spent && budget->sched->consumed >= budget->limit) {
        budget->spent = true;
        timer_arm(&budget->timer, budget->release);
    }
}

status_t budget_set(struct sched_object *object, uint64_t ns, uint64_t period)
{
    struct sched *sched = &object->sched;
    uint32_t cpu = sched->cpu;

    if ((ns || period) && (ns < BUDGET_MIN_NS || ns > period || period > BUDGET_MAX_NS))
        return JN_BAD_ARG;
    /* Rounded up: what is admitted never adds up to more than there is. */
    uint64_t share = period ? (ns * SHARE_ALL + period - 1) / period : 0;
    bool had = sched->budget;
    uint64_t freed = had && object->budget.cpu == cpu ? object->budget.share : 0;
    if (admitted[cpu] - freed + share > SHARE_ALL)
        return JN_BUSY;
    forget(sched);
    if (ns) {
        struct budget old = object->budget;
        object->budget = (struct budget){
            .budget = ns, .period = period, .share = share, .sched = sched, .cpu = cpu};
        object->budget.timer.expire = period_begins;
        admitted[cpu] += share;
        sched->budget = &object->budget;
        sched->fast_priority = 0;
        change(sched->budget, &old, had);
    }
    if (!budget_is_spent(sched))
        sched_enqueue(sched);
    if (cpus[cpu].sched == sched)
        budget_load(&cpus[cpu], sched);
    return JN_OK;
}

/* The scheduler: 256 priorities, a bitmap, and lists of scheduling contexts; every step takes
 * constant time. Each CPU has its own run queue. */
#include "thread/sched.h"

#include "cpu.h"
#include "ipc/ipc.h"
#include "platform/lapic.h"
#include "smp.h"
#include "thread/thread.h"

static struct sched idle_sched[CPU_MAX];
static struct thread idle_thread[CPU_MAX];
static struct timer slice[CPU_MAX];
static bool yielded[CPU_MAX];

static uint64_t tsc(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static struct cpu *cpu_of(const struct sched *sched)
{
    return &cpus[sched->cpu];
}

void sched_init(struct sched *sched, unsigned priority, unsigned cpu)
{
    sched->cpu = (uint8_t)cpu;
    sched->priority = sched->fast_priority = (uint8_t)priority;
    list_init(&sched->link);
    list_init(&sched->ready);
    list_init(&sched->users);
    list_init(&sched->bound);
}

static void slice_expired(struct timer *timer)
{
    (void)timer;
    cpu_self()->resched = 1; /* pick() finds the slice used up */
}

void sched_init_cpu(struct cpu *cpu)
{
    struct thread *idle = &idle_thread[cpu->id];

    for (unsigned i = 0; i <= PRIORITY_MAX; i++)
        list_init(&cpu->run.ready[i]);
    list_init(&cpu->movable);
    sched_init(&idle_sched[cpu->id], 0, cpu->id);
    slice[cpu->id].expire = slice_expired;
    idle->state = STATE_RUN;
    idle->frame = FRAME_IDLE;
    idle->caller = no_thread;
    idle->kind = KIND_MARKED;
    idle->cpu = idle->cpu_wanted = cpu->id;
    list_init(&idle->on_sched);
    list_init(&idle->movable);
    idle->sched = idle->base = &idle_sched[cpu->id];
    cpu->idle = cpu->current = idle;
    cpu->preempted = no_thread;
    cpu->runner = NULL;
    cpu->sched = &idle_sched[cpu->id];
    cpu->sched_since = tsc();
}

static void run_insert(struct cpu *cpu, struct sched *sched, bool first)
{
    struct list *list = &cpu->run.ready[sched->priority];

    list_insert(first ? list->next : list, &sched->link);
    cpu->run.map[sched->priority / 64] |= 1ull << sched->priority % 64;
    sched->queued = 1;
}

static void run_remove(struct cpu *cpu, struct sched *sched)
{
    list_remove(&sched->link);
    sched->queued = 0;
    if (list_empty(&cpu->run.ready[sched->priority]))
        cpu->run.map[sched->priority / 64] &= ~(1ull << sched->priority % 64);
}

/* The highest priority that is ready, or -1. */
static int run_highest(const struct cpu *cpu)
{
    for (int i = 3; i >= 0; i--)
        if (cpu->run.map[i])
            return 64 * i + 63 - __builtin_clzll(cpu->run.map[i]);
    return -1;
}

static int64_t full_slice(void)
{
    return (int64_t)(info_page->tsc_hz / 1000000 * SLICE_US);
}

/* The slice of the context that is loaded ends by a timer only while another wants its turn. */
static void arm_slice(struct cpu *cpu)
{
    /* One that was armed for a turn before comes earlier than the end of a whole one. */
    if (slice[cpu->id].armed && cpu->sched->slice >= full_slice())
        return;
    int64_t left = cpu->sched->slice - (int64_t)(tsc() - cpu->sched_since);
    uint64_t ns = left > 0 ? (uint64_t)left * 1000 / (info_page->tsc_hz / 1000000) : 0;

    timer_arm(&slice[cpu->id], time_now() + ns);
}

/* Should another context have the CPU, or share it? Called when either side has changed. */
static void check_preemption(struct cpu *cpu, unsigned priority)
{
    if (cpu != cpu_self()) {
        /* Its priority changes under our eyes, but only upwards. */
        if (priority >= cpu->sched->priority) {
            cpu->resched = 1;
            cpu_kick(cpu);
        }
        return;
    }
    if (!cpu->runner || priority > cpu->sched->priority)
        cpu->resched = 1;
    else if (priority == cpu->sched->priority && !slice[cpu->id].armed)
        arm_slice(cpu);
}

static void make_ready(struct cpu *cpu, struct thread *thread, bool first)
{
    struct sched *sched = thread->sched;

    list_remove(&thread->on_sched);
    list_insert(first ? sched->ready.next : &sched->ready, &thread->on_sched);
    thread->ready = true;
    if (thread->cpus && sched == &thread->own && sched == thread->base) {
        list_insert(&cpu->movable, &thread->movable);
        cpu->movable_count++;
    }
    if (!sched->queued && !budget_is_spent(sched))
        run_insert(cpu, sched, first);
}

static void ready(struct thread *thread, bool first)
{
    struct cpu *cpu = cpu_of(thread->sched);

    assert(thread_state(thread) == STATE_RUN && !(thread->state & STATE_SUSPENDED));
    assert(!thread->ready && thread->sched->cpu == thread->cpu);
    assert(!cpu_is_held(cpu) || thread != cpu->runner);
    if (thread->cpus && cpu_count > 1 && migrate_woken(thread))
        return;
    sched_assign(thread, budget_usable(thread, thread->sched));
    make_ready(cpu, thread, first && thread->sched->slice > 0);
    if (thread->sched->queued)
        check_preemption(cpu, thread->sched->priority);
}

void sched_ready(struct thread *thread)
{
    ready(thread, false);
}

void sched_ready_again(struct thread *thread)
{
    ready(thread, true);
}

void sched_enqueue(struct sched *sched)
{
    struct cpu *cpu = cpu_of(sched);

    if (sched->queued || list_empty(&sched->ready))
        return;
    run_insert(cpu, sched, false);
    check_preemption(cpu, sched->priority);
}

void sched_dequeue(struct sched *sched)
{
    if (sched->queued)
        run_remove(cpu_of(sched), sched);
}

/* Off the ready list, still on the context's books. */
static void unready(struct cpu *cpu, struct thread *thread)
{
    struct sched *sched = thread->sched;

    thread->ready = false;
    if (!list_empty(&thread->movable)) {
        list_remove(&thread->movable);
        cpu->movable_count--;
    }
    list_remove(&thread->on_sched);
    list_insert(&sched->users, &thread->on_sched);
    if (list_empty(&sched->ready) && sched->queued)
        run_remove(cpu, sched);
}

void sched_assign(struct thread *thread, struct sched *sched)
{
    assert(!thread->ready);
    if (thread->sched == sched)
        return;
    list_remove(&thread->on_sched);
    list_insert(&sched->users, &thread->on_sched);
    thread->sched = sched;
}

void sched_remove(struct thread *thread)
{
    struct cpu *cpu = &cpus[thread->cpu];

    if (thread->ready) {
        unready(cpu, thread);
    } else if (cpu_is_held(cpu) && cpu->runner == thread) {
        sched_assign(thread, cpu->sched);
        cpu->runner = NULL;
        cpu_kick(cpu);
    }
}

void sched_block(struct thread *thread)
{
    struct cpu *cpu = cpu_self();

    (void)thread;
    assert(cpu->runner == thread);
    cpu->runner = NULL;
}

void sched_hand_over(struct thread *thread)
{
    struct cpu *cpu = cpu_self();

    assert(!cpu->runner && !thread->ready);
    if (thread->state & STATE_SUSPENDED)
        sched_assign(thread, cpu->sched);
    else
        cpu->runner = thread;
}

static void load_sched(struct cpu *cpu, struct sched *sched)
{
    cpu->sched = sched;
    /* A budget's end is timed, and seen, in C: no Signal is fast enough to pass it. */
    cpu->priority = sched->budget ? PRIORITY_MAX : sched->priority;
    budget_load(cpu, sched);
}

static void account(struct cpu *cpu, struct sched *next)
{
    uint64_t now = tsc(), used = now - cpu->sched_since;

    cpu->sched->consumed += used;
    cpu->sched->slice -= (int64_t)used;
    cpu->sched_since = now;
    load_sched(cpu, next);
}

static void use(struct cpu *cpu, struct sched *sched)
{
    if (cpu->runner)
        sched = budget_usable(cpu->runner, sched);
    if (cpu->sched == sched)
        return;
    account(cpu, sched);
    int highest = run_highest(cpu);
    if (highest >= 0)
        check_preemption(cpu, (unsigned)highest);
}

void sched_load_idle(struct cpu *cpu)
{
    use(cpu, cpu->idle->sched);
}

void sched_use(struct sched *sched)
{
    assert(cpu_of(sched) == cpu_self());
    use(cpu_self(), sched);
}

struct sched *sched_loaded(void)
{
    return cpu_self()->sched;
}

void sched_yield(void)
{
    struct cpu *cpu = cpu_self();

    yielded[cpu->id] = true;
    cpu->resched = 1;
}

void sched_set_priority(struct sched *sched, unsigned priority)
{
    struct cpu *cpu = cpu_of(sched);
    bool queued = sched->queued;

    if (queued)
        run_remove(cpu, sched);
    sched->priority = (uint8_t)priority;
    sched->fast_priority = sched->budget ? 0 : sched->priority;
    if (queued)
        run_insert(cpu, sched, false);
    if (cpu->sched == sched)
        load_sched(cpu, sched);
    cpu->resched = 1;
    if (queued || cpu->sched == sched)
        cpu_kick(cpu);
}

uint64_t sched_time(struct sched *sched)
{
    struct cpu *cpu = cpu_of(sched);
    uint64_t consumed = sched->consumed;

    if (cpu->sched == sched)
        consumed += tsc() - cpu->sched_since;
    return (uint64_t)(((unsigned __int128)consumed * info_page->tsc_mult) >>
                      info_page->tsc_shift);
}

void thread_set_base(struct thread *thread, struct sched *base)
{
    struct cpu *cpu = &cpus[thread->cpu];
    struct sched *old = thread->base;

    list_remove(&thread->on_base);
    list_insert(&base->bound, &thread->on_base);
    thread->base = base;
    /* A context that was lent to the thread stays until it answers. */
    if (thread->sched == old) {
        bool ready = thread->ready;
        if (ready)
            unready(cpu, thread);
        sched_assign(thread, base);
        if (ready)
            sched_ready(thread);
    }
    if (cpu->runner == thread && cpu->sched == old)
        use(cpu, base);
}

/* The context that a thread falls back to when `gone` ends. */
static struct sched *fallback(struct thread *thread, struct sched *gone)
{
    return thread->base != gone ? thread->base : &thread->own;
}

void sched_end(struct sched *sched)
{
    struct cpu *cpu = cpu_of(sched);

    if (cpu->sched == sched)
        cpu_hold(cpu); /* for its runner */
    budget_end(sched);
    while (!list_empty(&sched->bound)) {
        struct thread *thread = container_of(sched->bound.next, struct thread, on_base);
        list_remove(&thread->on_base);
        if (sched == &thread->own)
            break;
        thread->base = &thread->own;
        list_insert(&thread->own.bound, &thread->on_base);
    }
    while (!list_empty(&sched->ready)) {
        struct thread *thread = container_of(sched->ready.next, struct thread, on_sched);
        unready(cpu, thread);
        sched_assign(thread, fallback(thread, sched));
        sched_ready(thread);
    }
    while (!list_empty(&sched->users)) {
        struct thread *thread = container_of(sched->users.next, struct thread, on_sched);
        if (sched == &thread->own) {
            list_remove(&thread->on_sched);
            thread->sched = NULL;
        } else {
            sched_assign(thread, fallback(thread, sched));
        }
    }
    if (cpu->sched == sched)
        use(cpu, cpu->runner ? fallback(cpu->runner, sched) : cpu->idle->sched);
}

/* The context that is loaded is spent: its runner goes on with another, or waits. */
static struct thread *end_budget(struct cpu *cpu, struct thread *runner)
{
    account(cpu, budget_usable(runner, cpu->sched));
    if (!budget_is_spent(cpu->sched))
        return runner;
    sched_assign(runner, cpu->sched);
    make_ready(cpu, runner, false);
    cpu->runner = NULL;
    return NULL;
}

/* Puts the runner back and takes the first of the highest priority. A context keeps its turn, and
 * what is left of its slice, over preemptions by higher priorities. */
static void pick(struct cpu *cpu)
{
    struct thread *runner = cpu->runner != cpu->idle ? cpu->runner : NULL;

    account(cpu, cpu->sched);
    if (budget_exhaust(cpu->sched) && runner)
        runner = end_budget(cpu, runner);
    struct sched *old = cpu->sched;
    int highest = run_highest(cpu);
    bool over = yielded[cpu->id] || old->slice <= 0;
    if (over)
        old->slice = full_slice();
    if (over && runner && highest >= old->priority && cpu->movable_count &&
        migrate_away(cpu, runner)) {
        runner = NULL;
        old = cpu->sched;
    }
    yielded[cpu->id] = false;
    cpu->resched = 0;
    if (runner && highest < old->priority + !over) {
        if (highest == old->priority)
            arm_slice(cpu);
        return;
    }
    if (highest < 0) {
        load_sched(cpu, cpu->idle->sched);
        if (cpu_count == 1 || !migrate_here(cpu)) {
            cpu->runner = cpu->idle;
            return;
        }
        cpu->resched = 0;
        highest = run_highest(cpu);
    }
    if (runner) {
        sched_assign(runner, old);
        make_ready(cpu, runner, !over);
        highest = run_highest(cpu);
    }
    struct sched *sched = container_of(cpu->run.ready[highest].next, struct sched, link);
    struct thread *thread = container_of(sched->ready.next, struct thread, on_sched);
    unready(cpu, thread);
    cpu->runner = thread;
    load_sched(cpu, sched);
    if (!list_empty(&cpu->run.ready[highest]))
        arm_slice(cpu);
    else
        timer_cancel(&slice[cpu->id]);
}

bool preempt_point(void)
{
    return cpu_self()->resched || kernel_lock_waiters || lapic_pending();
}

/* Those whom the Signal fast path has interrupted were inside JN_SIGNAL, which is done. */
static void queue_preempted(struct cpu *cpu)
{
    do {
        struct thread *thread = cpu->preempted;
        cpu->preempted = thread->next;
        thread_return(thread, JN_OK);
        sched_assign(thread, thread->preempted_on);
        make_ready(cpu, thread, true);
    } while (cpu->preempted != no_thread);
}

bool kernel_enter(struct thread *thread, unsigned why)
{
    struct cpu *cpu = cpu_self();

    cpu->runner = thread == cpu->idle ? NULL : thread;
    cpu->entries++;
    thread->entries++;
    if (cpu->preempted != no_thread)
        queue_preempted(cpu);
    if (cpu_count == 1)
        return true;
    cpu->entering = (uint8_t)why;
    kernel_lock(cpu);
    bool cancelled = cpu->entering == ENTER_CANCELLED;
    cpu->entering = ENTER_NOTHING;
    return !cancelled;
}

/* What other CPUs have posted, and the runner's wish for another. True: it is to be picked again. */
static bool look_around(struct cpu *cpu)
{
    struct thread *runner = cpu->runner;

    if (cpu->mailbox) {
        cpu_serve_mailbox(cpu);
        return true;
    }
    if (likely(runner->cpu_wanted == cpu->id))
        return false;
    if (thread_move(runner))
        return true;
    runner->cpu_wanted = cpu->id;
    return false;
}

struct thread *kernel_leave(void)
{
    struct cpu *cpu = cpu_self();

    for (;;) {
        if (cpu->resched || !cpu->runner)
            pick(cpu);
        if (cpu_count > 1 && look_around(cpu))
            continue;
        if (!object_work_waits(cpu->runner == cpu->idle ? 0 : cpu->sched->priority))
            break;
        object_work();
        if (lapic_pending())
            break; /* the work goes on after the interrupt */
        kernel_lock_yield(cpu);
    }
    if (cpu->resched || !cpu->runner)
        pick(cpu);
    struct thread *runner = cpu->runner;
    if (runner != cpu->current || cpu->reload)
        thread_switch(runner);
    assert(runner == cpu->idle || runner->fpu == cpu_fpu_is_on(cpu));
    if (runner->step && runner->frame == FRAME_CALL)
        thread_step_call(runner);
    if (cpu_count > 1)
        kernel_unlock(cpu, runner == cpu->idle);
    return runner;
}

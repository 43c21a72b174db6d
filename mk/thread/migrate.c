/* Which CPU a thread runs on.
 *
 * A thread stays where it was put, unless the kernel may move it (thread->cpus). Such threads are kept
 * apart when they want to run at the same time, and one alone near those whom it calls:
 *
 *   - one that wakes runs on the CPU that wakes it if no other such thread runs or waits there, else
 *     where it was, else on a CPU that has none (sched_ready());
 *   - a CPU that has nothing to do takes one that waits elsewhere (pick());
 *   - one whose turn is over while others wait goes where fewer are.
 *
 * All of it under the kernel lock. A thread that moves is not running, or runs on this CPU; what
 * another CPU still holds of it, FPU registers and segment bases, that CPU puts into the struct. */
#include "cpu.h"
#include "ipc/ipc.h"
#include "smp.h"
#include "thread/thread.h"

#define LOOKED_AT 16 /* threads of one CPU that an idle one considers */

/* How many of the threads that could be moved run here or wait for their turn. */
static unsigned load(const struct cpu *cpu)
{
    return cpu->movable_count + cpu->sched->movable;
}

static bool allows(const struct thread *thread, const struct cpu *cpu)
{
    return thread->cpus >> cpu->id & 1;
}

/* Does the thread name a context that it will not use? Whoever runs, has lent its context, or waits for
 * a message, is assigned one before its next use (sched.h). */
static bool names_idly(const struct thread *thread)
{
    unsigned state = thread_state(thread);

    if (thread->ready || thread->state & STATE_SUSPENDED)
        return false;
    return state == STATE_RUN || state == STATE_RECV ||
           (state >= STATE_REPLY && state <= STATE_EXCEPTION && !(thread->state & STATE_HOME));
}

/* Suspended, or neither running on another CPU nor ready. False: its context is in use by others. */
bool thread_move(struct thread *thread)
{
    struct cpu *from = &cpus[thread->cpu], *to = &cpus[thread->cpu_wanted];
    struct thread *caller = thread->caller;
    bool ready = !(thread->state & STATE_SUSPENDED);

    if (thread->base != &thread->own || !list_empty(&thread->own.ready))
        return false;
    if (from->sched == &thread->own) {
        cpu_hold(from);
        if (from->runner && from->runner != thread)
            return false;
    }
    for (struct list *i = thread->own.users.next, *next; i != &thread->own.users; i = next) {
        struct thread *user = container_of(i, struct thread, on_sched);

        next = i->next;
        if (user == thread)
            continue;
        if (!names_idly(user))
            return false;
        sched_assign(user, user->base);
    }
    if (from != cpu_self() && from->current == thread && from->entering == ENTER_OTHER)
        return false; /* an exception of its is being told */
    if (caller != no_thread) {
        if (!(caller->state & STATE_HOME))
            sched_assign(caller, from->runner == thread ? from->sched : thread->sched);
        caller->state |= STATE_HOME | STATE_REMOTE;
    }
    sched_remove(thread);
    sched_assign(thread, thread->base);
    if (from->sched == thread->base)
        sched_load_idle(from);
    thread_save(thread);
    if (cpu_is_held(from) && from->current == thread) {
        if (thread->state & STATE_MARKED && from == cpu_self())
            debug_switch(thread, from->idle);
        from->current = from->idle;
    }
    gate_attach(thread, NULL);
    thread->cpu = to->id;
    thread->own.cpu = (uint8_t)to->id;
    if (ready)
        sched_ready(thread);
    return true;
}

static bool move_to(struct thread *thread, struct cpu *cpu)
{
    uint32_t before = thread->cpu_wanted;

    thread->cpu_wanted = cpu->id;
    if (thread_move(thread)) {
        cpu_self()->migrations++;
        return true;
    }
    thread->cpu_wanted = before;
    return false;
}

/* The one with the smallest load that the thread may run on; of equals an idle one. */
static struct cpu *emptiest(const struct thread *thread)
{
    struct cpu *best = NULL;

    for (unsigned i = 0; i < cpu_count; i++) {
        struct cpu *cpu = &cpus[i];

        if (allows(thread, cpu) &&
            (!best || load(cpu) < load(best) ||
             (load(cpu) == load(best) && cpu->runner == cpu->idle && best->runner != best->idle)))
            best = cpu;
    }
    return best;
}

bool migrate_woken(struct thread *thread)
{
    struct cpu *self = cpu_self(), *home = &cpus[thread->cpu], *to = home;

    if (thread->cpu_wanted != thread->cpu || thread->sched != &thread->own || !allows(thread, home))
        return false; /* it is on its way, or serves somebody */
    if (allows(thread, self) && !load(self))
        to = self;
    else if (load(home))
        to = emptiest(thread);
    return to != home && !(to != self && load(to)) && move_to(thread, to);
}

bool migrate_here(struct cpu *cpu)
{
    struct cpu *from = NULL;
    unsigned looked = 0;

    for (unsigned i = 0; i < cpu_count; i++)
        if (cpus[i].movable_count && (!from || cpus[i].movable_count > from->movable_count))
            from = &cpus[i];
    if (!from)
        return false;
    for (struct list *i = from->movable.next; i != &from->movable && looked < LOOKED_AT;
         i = i->next, looked++) {
        struct thread *thread = container_of(i, struct thread, movable);

        if (!allows(thread, cpu) || thread->cpu_wanted != thread->cpu)
            continue;
        sched_remove(thread);
        if (move_to(thread, cpu))
            return true;
        sched_ready(thread);
        return false;
    }
    return false;
}

bool migrate_away(struct cpu *cpu, struct thread *runner)
{
    if (!runner->cpus || runner->cpu_wanted != runner->cpu || cpu->sched != &runner->own)
        return false;
    struct cpu *to = emptiest(runner);

    return to && load(to) < load(cpu) && move_to(runner, to);
}

status_t thread_set_cpu(struct thread *thread, unsigned cpu, unsigned allowed)
{
    struct cpu *now = &cpus[thread->cpu];

    if (thread->base != &thread->own && cpu != thread->cpu)
        return JN_BUSY;
    thread->cpus = allowed;
    thread->own.movable = allowed;
    if (cpu == CPU_ANY)
        cpu = allows(thread, now) ? thread->cpu : emptiest(thread)->id;
    thread->cpu_wanted = cpu;
    if (cpu == thread->cpu)
        return JN_OK;
    if (thread_state(thread) == STATE_RUN && thread->state & STATE_SUSPENDED)
        return thread_move(thread) ? JN_OK : JN_BUSY;
    if (thread_state(thread) == STATE_RUN) {
        now->resched = 1;
        cpu_kick(now);
    } else {
        thread->state |= STATE_MOVES; /* whatever ends its wait is no fast path */
    }
    return JN_OK;
}

/* Threads: creation, the ways out of every wait, the switch, and the end. */
#include "thread/thread.h"

#include "cpu.h"
#include "entry/crash.h"
#include "ipc/ipc.h"
#include "memory/layout.h"
#include "memory/pool.h"
#include "signal/signal.h"
#include "smp.h"
#include "task/task.h"
#include "trace/trace.h"

/* Ends receiver lists and stands for "no caller": its state equals none that the fast path wants.
 */
struct thread nobody = {.state = STATE_DEAD, .caller = &nobody, .partner = &nobody};

static void init_lists(struct thread *thread)
{
    list_init(&thread->in_task);
    list_init(&thread->on_sched);
    list_init(&thread->on_base);
    list_init(&thread->movable);
    list_init(&thread->queue);
    list_init(&thread->group);
    list_init(&thread->worker);
    list_init(&thread->range_operation.link);
}

/* The UTCB: a page that the kernel owns, mapped where the creator said. */
static status_t make_utcb(struct pool *pool, struct thread *thread, struct task *task,
                          uint64_t address)
{
    if (address & PAGE_MASK || address >= USER_END)
        return JN_BAD_ARG;
    thread->utcb = pool_alloc_frames(pool, 0);
    if (!thread->utcb)
        return JN_NO_MEMORY;
    status_t status = space_map_kernel_page(&task->space, address, thread->utcb, JN_R | JN_W);
    if (status) {
        pool_free_frames(pool, thread->utcb, 0);
        return status;
    }
    thread->utcb->self = address;
    thread->utcb_address = address;
    thread->gs_base = address;
    return JN_OK;
}

static void free_utcb(struct thread *thread)
{
    space_unmap_kernel_page(&thread->task->space, thread->utcb_address);
    pool_free_frames(thread->object.pool, thread->utcb, 0);
}

status_t thread_create(struct pool *pool, struct task *task, uint64_t utcb, struct sched *sched,
                       unsigned flags, struct thread **result)
{
    struct thread *thread = pool_alloc(pool, sizeof *thread);

    if (!thread)
        return JN_NO_MEMORY;
    init_lists(thread);
    thread->task = task;
    thread->object.pool = pool;
    thread->kind = flags & JN_THREAD_FOREIGN ? KIND_FOREIGN : 0;
    status_t status = utcb ? make_utcb(pool, thread, task, utcb) : JN_OK;
    if (!status && (status = door_attach(thread)) && utcb)
        free_utcb(thread);
    if (status) {
        pool_free(pool, thread, sizeof *thread);
        return status;
    }
    thread->state = STATE_RUN | STATE_SUSPENDED;
    thread->frame = FRAME_FULL;
    thread->rflags = 0x202;
    thread->captable = task->captable;
    thread->cr3 = task->space.cr3;
    thread->next = thread->caller = thread->partner = no_thread;
    thread->timer.expire = timeout_expired;
    thread->dr[4] = 0xffff0ff0;
    thread->dr[5] = 0x400;
    fpu_init(thread);

    thread->cpu = thread->cpu_wanted = sched ? sched->cpu : cpu_self()->id;
    sched_init(&thread->own, sched_loaded()->priority, thread->cpu);
    thread->base = sched ? sched : &thread->own;
    list_insert(&thread->base->bound, &thread->on_base);
    thread->sched = thread->base;
    list_insert(&thread->base->users, &thread->on_sched);

    object_init(&thread->object, JN_TYPE_THREAD, pool, sizeof *thread);
    list_insert(&task->threads, &thread->in_task);
    task->thread_count++;
    TRACE(trace_thread(thread));
    *result = thread;
    return JN_OK;
}

enum jn_was thread_was(const struct thread *thread)
{
    switch (thread_state(thread)) {
    case STATE_RUN:
        return thread->state & STATE_SUSPENDED ? JN_WAS_SUSPENDED : JN_WAS_RUNNING;
    case STATE_FOREIGN:
        return JN_WAS_FOREIGN_CALL;
    case STATE_FAULT:
    case STATE_EXCEPTION:
        return JN_WAS_FAULT;
    case STATE_SEND:
        if (thread->message == JN_KM_SYSCALL)
            return JN_WAS_FOREIGN_CALL;
        return thread->message == MESSAGE_CALL || thread->message == MESSAGE_SEND
                   ? JN_WAS_NATIVE_CALL
                   : JN_WAS_FAULT;
    case STATE_DEAD:
        return JN_WAS_DEAD;
    default:
        return JN_WAS_NATIVE_CALL;
    }
}

static void wake(struct thread *thread, void (*ready)(struct thread *))
{
    thread->state = STATE_RUN | (thread->state & (STATE_SUSPENDED | STATE_MARKED));
    if (thread->state & STATE_SUSPENDED || thread->object.dying)
        return;
    if (thread->attention && !(thread->kind & KIND_LEAVE))
        thread_raise_attention(thread);
    else
        ready(thread);
}

void thread_wake(struct thread *thread)
{
    wake(thread, sched_ready);
}

void thread_wake_again(struct thread *thread)
{
    wake(thread, sched_ready_again);
}

/* The caller does not wait any more: the holder of its Reply is told, or loses its caller. */
static void void_reply(struct thread *thread, unsigned told)
{
    if (!(thread->state & STATE_HOME))
        sched_assign(thread, reply_sched(thread));
    if (!(thread->state & STATE_PARKED)) {
        cpu_hold(&cpus[thread->partner->cpu]); /* it may be answering just now */
        thread->partner->caller = no_thread;
        thread->partner = no_thread;
        return;
    }
    struct cap *cap = thread->reply;
    thread->reply = NULL;
    cap->object = NULL;
    if (!told || !cap->gate) {
        reply_unlink(cap);
        cap->flags |= REPLY_GONE;
        cap->gate = NULL;
        return;
    }
    bool queued = !list_empty(&cap->notice);
    cap->flags |= REPLY_GONE;
    if (!queued)
        gate_notify(cap->gate, &cap->notice);
}

void thread_unwait(struct thread *thread, unsigned told)
{
    switch (thread_state(thread)) {
    case STATE_RECV:
        cpu_hold(&cpus[thread->cpu]); /* others come and go on that list */
        gate_unlink_receiver(thread);
        sched_assign(thread, thread->base);
        break;
    case STATE_REPLY:
    case STATE_FOREIGN:
    case STATE_FAULT:
    case STATE_EXCEPTION:
        void_reply(thread, told);
        break;
    case STATE_SEND:
        gate_unlink_caller(thread);
        break;
    case STATE_SIGNAL:
        signal_unlink_waiter(thread);
        break;
    default:
        return;
    }
    if (thread->state & STATE_TIMED)
        timer_cancel(&thread->timer);
    thread->state = STATE_RUN | (thread->state & (STATE_SUSPENDED | STATE_MARKED));
}

void thread_fail(struct thread *thread, status_t status)
{
    thread_hold(thread);
    bool native = thread_was(thread) == JN_WAS_NATIVE_CALL;

    thread_unwait(thread, 0);
    if (native) {
        thread_return(thread, status);
        thread_wake(thread);
    } else {
        thread_kill(thread, "its gate is gone");
    }
}

void thread_kill(struct thread *thread, const char *why)
{
    crash_thread(thread, why);
    sched_remove(thread);
    object_doom(&thread->object);
}

/* ---- the switch ---- */

static uint64_t read_fs(void)
{
    uint64_t base;
    __asm__ volatile("rdfsbase %0" : "=r"(base));
    return base;
}

static uint64_t read_user_gs(void)
{
    uint64_t base;
    __asm__ volatile("swapgs\n\trdgsbase %0\n\tswapgs" : "=r"(base));
    return base;
}

static void write_bases(uint64_t fs, uint64_t gs)
{
    __asm__ volatile("wrfsbase %0\n\tswapgs\n\twrgsbase %1\n\tswapgs" : : "r"(fs), "r"(gs));
}

void thread_save_bases(struct thread *thread)
{
    if (thread != cpu_self()->current || cpu_self()->reload)
        return;
    thread->fs_base = read_fs();
    thread->gs_base = read_user_gs();
}

void thread_load_bases(struct thread *thread)
{
    if (thread == cpu_self()->current)
        write_bases(thread->fs_base, thread->gs_base);
}

void thread_save(struct thread *thread)
{
    struct cpu *cpu = &cpus[thread->cpu];

    if (cpu != cpu_self()) {
        if (cpu->fpu_owner == thread || (cpu_is_held(cpu) && cpu->current == thread))
            cpu_ask(cpu, ASK_STATE, true);
        return;
    }
    thread_save_bases(thread);
    fpu_flush(thread);
}

/* Suspended, or with a partner that the fast path does not answer to, a thread is the lock's. */
#define STATE_OF_LOCK (STATE_SUSPENDED | STATE_HOME | STATE_PARKED | STATE_REMOTE)

void thread_hold(struct thread *thread)
{
    uint32_t state = __atomic_load_n(&thread->state, __ATOMIC_RELAXED);

    if (!(state & STATE_OF_LOCK) && (state & STATE_MASK) <= STATE_EXCEPTION)
        cpu_hold(&cpus[thread->cpu]);
}

void thread_settle(struct thread *thread)
{
    struct cpu *cpu = &cpus[thread->cpu];

    thread_hold(thread);
    if (cpu == cpu_self() || !cpu_is_held(cpu) || cpu->current != thread)
        return;
    if (cpu->entering == ENTER_SYSCALL)
        thread->rip -= 2; /* the instruction; a native thread's registers are as they were */
    else if (cpu->entering != ENTER_FAULT)
        return;
    cpu->entering = ENTER_CANCELLED;
}

void thread_switch(struct thread *thread)
{
    struct cpu *cpu = cpu_self();
    struct thread *old = cpu->current;

    if (!cpu->reload) {
        old->fs_base = read_fs();
        old->gs_base = read_user_gs();
    } else {
        cpu->reload = 0;
    }
    if ((old->state | thread->state) & STATE_MARKED)
        debug_switch(old, thread);
    cpu->current = thread;
    if (thread->frame == FRAME_IDLE)
        return; /* keeps the address space and whatever else is loaded */

    if (thread->fpu != cpu->fpu_on) {
        if (cpu->fpu_on == CPU_KEYS)
            cpu_keys_restore();
        if (thread->fpu != cpu_fpu_is_on(cpu))
            fpu_switch(thread);
    }
    if (cpu->cr3 != thread->cr3) {
        cpu->cr3 = thread->cr3;
        cpu->switches++;
        thread->switches++;
        __asm__ volatile("movq %0, %%cr3" : : "r"(thread->cr3) : "memory");
    }
    write_bases(thread->fs_base, thread->gs_base);
}

/* ---- the end ---- */

/* Detaches it: called by object_destroy(), in whatever state it is. */
void thread_detach(struct thread *thread)
{
    struct cpu *cpu = &cpus[thread->cpu];

    thread_settle(thread);
    cpu_hold(cpu); /* also where it need not be for its state: for what is loaded there */
    struct thread *caller = thread->caller;
    if (caller != no_thread) {
        bool lent = !(caller->state & STATE_HOME);
        if (lent)
            sched_assign(caller, reply_sched(caller));
        caller->state |= STATE_HOME;
        caller->partner = no_thread;
        thread->caller = no_thread;
        reply_orphan(caller);
    }
    TRACE(trace_thread_end(thread));
    thread_unwait(thread, JN_KM_CALLER_GONE);
    door_end(thread);
    sched_remove(thread);
    range_operation_end(&thread->range_operation);
    gate_attach(thread, NULL);
    signal_unbind(thread);
    fpu_forget(thread);
    thread->state = STATE_DEAD;
    if (cpu->current == thread) {
        /* Its registers are not saved any more; its address space may go. */
        cpu->current = cpu->idle;
    }
}

bool thread_finish(struct thread *thread)
{
    struct pool *pool = thread->object.pool;
    struct task *task = thread->task;

    sched_end(&thread->own);
    list_remove(&thread->on_base);
    list_remove(&thread->on_sched);
    cap_delete(&thread->exception_gate);
    cap_delete(&thread->fault_gate);
    if (thread->utcb)
        free_utcb(thread);
    if (thread->door)
        pool_free(pool, thread->door, sizeof *thread->door);
    list_remove(&thread->in_task);
    task->thread_count--;
    task->time += thread->own.consumed;
    signal_end(&thread->end_signal, thread->end_bits);
    object_free(&thread->object);
    return true;
}

/* The door (KERNEL 18): a task names a range of its code as its adapter, and system calls of its
 * foreign threads that have a UTCB are sent there (entry.asm). Here is who has one, and how a stop
 * waits until a thread has left the adapter: the kernel sets LEAVE in a word of the UTCB, the
 * adapter finds it at its exit and makes a kernel call. What it does with that word is its own
 * affair: at the time that the stop's caller gave, the stop takes hold wherever the thread is.
 */
#include "cpu.h"
#include "ipc/ipc.h"
#include "memory/layout.h"
#include "memory/pool.h"
#include "signal/signal.h"
#include "task/task.h"
#include "thread/thread.h"

#define SYSCALL_BYTES 2

/* Before the task's first thread, so that a thread's door is settled when it is made. */
status_t op_task_door(struct object *object, uint64_t *words)
{
    struct task *task = TASK_OF(object);
    uint64_t begin = words[0], end = words[1], entry = words[2];

    if (task->thread_count)
        return JN_BUSY;
    if ((begin | end | entry) && (end > USER_END || begin >= end || end - begin < SYSCALL_BYTES ||
                                  entry < begin || entry >= end))
        return JN_BAD_ARG;
    task->door_begin = begin;
    task->door_end = end;
    task->door_entry = entry;
    return JN_OK;
}

static void time_is_over(struct timer *timer);

status_t door_attach(struct thread *thread)
{
    const struct task *task = thread->task;
    struct door *door = thread->door;

    if (!(thread->kind & KIND_FOREIGN) || !thread->utcb || !task->door_end) {
        thread->kind &= ~KIND_DOOR;
        return JN_OK;
    }
    if (!door) {
        door = pool_alloc(thread->object.pool, sizeof *door);
        if (!door)
            return JN_NO_MEMORY;
        /* The saved rip is the one after the instruction, which is in the range as a whole. */
        door->begin = task->door_begin + SYSCALL_BYTES;
        door->size = task->door_end - task->door_begin - SYSCALL_BYTES + 1;
        door->entry = task->door_entry;
        door->thread = thread;
        door->timer.expire = time_is_over;
        list_init(&door->stoppers);
        thread->door = door;
    }
    thread->kind |= KIND_DOOR;
    return JN_OK;
}

static bool is_inside(const struct thread *thread)
{
    const volatile struct jn_utcb *utcb = thread->utcb;

    return thread->kind & KIND_DOOR && utcb->in_adapter & JN_ADAPTER_INSIDE;
}

/* All who wait for the suspension return with word 0 = `was`, or with an error. */
static void release_stoppers(struct thread *thread, status_t status, enum jn_was was)
{
    while (!list_empty(&thread->door->stoppers)) {
        struct thread *stopper = container_of(thread->door->stoppers.next, struct thread, queue);

        thread_unwait(stopper, 0);
        thread_return(stopper, status);
        if (!status)
            stopper->r[word_register[0]] = (uint64_t)was;
        thread_wake(stopper);
    }
}

/* Nothing waits any more. */
static void forget(struct thread *thread)
{
    timer_cancel(&thread->door->timer);
    if (thread->kind & KIND_LEAVE)
        __atomic_fetch_and(&thread->utcb->in_adapter, ~(uint64_t)JN_ADAPTER_LEAVE,
                           __ATOMIC_RELAXED);
    thread->kind &= ~KIND_LEAVE;
    thread->door->suspend = false;
}

static void take_hold(struct thread *thread)
{
    bool suspend = thread->door->suspend;

    forget(thread);
    if (thread->attention && thread_state(thread) == STATE_RUN &&
        !(thread->state & STATE_SUSPENDED)) {
        sched_remove(thread);
        thread_wake(thread);
    }
    if (!suspend)
        return;
    enum jn_was was = thread_was(thread);
    sched_remove(thread);
    thread->state |= STATE_SUSPENDED;
    release_stoppers(thread, JN_OK, was);
}

static void time_is_over(struct timer *timer)
{
    struct thread *thread = container_of(timer, struct door, timer)->thread;

    thread_settle(thread);
    take_hold(thread);
}

bool door_defer(struct thread *thread, uint64_t until)
{
    if (!is_inside(thread) || until <= time_now())
        return false;
    __atomic_fetch_or(&thread->utcb->in_adapter, JN_ADAPTER_LEAVE, __ATOMIC_RELAXED);
    thread->kind |= KIND_LEAVE;
    /* Of two stops the first to lose patience decides for both. */
    if (!thread->door->timer.armed || until < thread->door->timer.deadline)
        timer_arm(&thread->door->timer, until);
    return true;
}

/* The program's call goes on as one of a task without door. A stop that waited for the exit finds the
 * thread in its foreign call: it takes hold as it does there. */
status_t door_foreign(struct thread *thread)
{
    struct jn_utcb *utcb = thread->utcb;

    if (!(thread->kind & KIND_DOOR))
        return JN_BAD_CALL;
    utcb->in_adapter &= ~(uint64_t)JN_ADAPTER_INSIDE;
    thread->r[JN_REG_RAX] = utcb->door_rax;
    thread_return_to(thread, utcb->door_rip, utcb->door_rflags, utcb->door_rsp);
    thread->frame = FRAME_SYSCALL;
    thread->again = 0;
    thread_raise_syscall(thread);
    if (thread->kind & KIND_LEAVE && thread_state(thread) != STATE_DEAD) {
        take_hold(thread);
        if (thread->attention)
            cancel_wait(thread);
    }
    return JN_OK;
}

void door_check(struct thread *thread)
{
    if (thread_state(thread) == STATE_RUN && !is_inside(thread))
        take_hold(thread);
}

void door_resume(struct thread *thread)
{
    if (!thread->door || !thread->door->suspend)
        return;
    thread->door->suspend = false;
    release_stoppers(thread, JN_CANCELLED, JN_WAS_RUNNING);
    if (!thread->attention)
        forget(thread);
}

void door_end(struct thread *thread)
{
    if (!thread->door)
        return;
    forget(thread);
    release_stoppers(thread, JN_DEAD, JN_WAS_DEAD);
}

#include "wait.h"

#include "futex.h"
#include "janus/backend/io.h"
#include "janus/backend/object.h"
#include "janus/backend/process.h"
#include "signals.h"
#include "syscalls.h"

static struct list woken = {&woken, &woken};

void wait_disarm(struct thread *t)
{
    uint32_t armed = t->wait.armed;
    t->wait.armed = 0;
    const struct backend_clients *clients = &t->process->clients;
    for (uint32_t server = BACKEND_FS; server <= BACKEND_OBJECT; server++)
        if (armed & (1u << server))
            backend_io_disarm(clients, server, t->handle);
    if (armed & (1u << WAIT_TASK))
        backend_process_disarm(clients->task, t->handle);
}

void wait_end(struct thread *t)
{
    if (t->wait.armed)
        wait_disarm(t);
    timer_clear(&t->timer);
    futex_dequeue(t);
    list_remove(&t->woken_link);
    t->wait.parked = false;
    t->wait_accept = 0;
}

static void expire(struct timer *timer)
{
    struct thread *t = list_entry(timer, struct thread, timer);
    t->wait.expired = true;
    wait_wake(t);
}

static long park(struct thread *t, uint64_t deadline)
{
    if (backend_thread_hold(&t->backend) != JN_OK)
        return -LX_ENOMEM;
    if (deadline && !t->timer.place) {
        t->timer.fire = expire;
        if (timer_set(&t->timer, deadline))
            return -LX_ENOMEM;
    }
    t->wait.parked = true;
    return CORE_WAITING;
}

long wait_for(struct thread *t, uint64_t deadline, long interrupted)
{
    if (signal_deliverable(t))
        return interrupted;
    return park(t, deadline);
}

long wait_uninterruptible(struct thread *t)
{
    return park(t, WAIT_FOREVER);
}

void wait_wake(struct thread *t)
{
    if (!t->wait.parked)
        return;
    t->wait.parked = false;
    list_append(&woken, &t->woken_link);
}

void wait_continue(struct thread *t)
{
    list_remove(&t->woken_link);
    list_append(&woken, &t->woken_link);
}

void wait_run_woken(void)
{
    while (!list_empty(&woken)) {
        struct thread *t = list_entry(woken.next, struct thread, woken_link);
        list_remove(&t->woken_link);
        if (t->suspended_leave) {
            t->suspended_leave = false;
            thread_leave(t, t->leave_result);
        } else {
            syscall_run(t);
        }
    }
}

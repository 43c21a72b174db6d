/* Processes and threads: making, ending, stopping. */
#include "placement.h"
#include "process.h"

#include <stdlib.h>
#include <string.h>

#include "descriptors.h"
#include "futex.h"
#include "janus/backend/process.h"
#include "janus/backend/time.h"
#include "janus/runtime.h"
#include "mm.h"
#include "placement.h"
#include "posix_timer.h"
#include "signals.h"
#include "stat_cache.h"
#include "wait.h"

struct list core_processes = {&core_processes, &core_processes};

struct process *process_create(uint64_t pid)
{
    struct process *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->handle = core_handle_create(CORE_PROCESS, p);
    if (!p->handle) {
        free(p);
        return NULL;
    }
    p->pid = pid;
    p->umask = 022;
    p->dumpable = 1;
    p->start_ns = backend_time_monotonic();
    list_init(&p->threads);
    list_append(&core_processes, &p->link);
    signal_recompute_ignored(p);
    stat_cache_new_names(p);
    return p;
}

void process_free(struct process *p)
{
    timer_clear(&p->real_timer);
    posix_timers_delete(p);
    core_handle_destroy(p->handle);
    list_remove(&p->link);
    free(p->path);
    free(p->command);
    free(p);
}

struct process *process_find(uint64_t pid)
{
    struct process *p;
    list_for_each(p, struct process, &core_processes, link)
        if (p->pid == pid)
            return p;
    return NULL;
}

long thread_create(struct process *p, uint64_t tid, struct thread **result)
{
    struct thread *t = calloc(1, sizeof *t);
    if (!t)
        return -LX_ENOMEM;
    uint64_t own_tid = tid;
    t->handle = core_handle_create(CORE_THREAD, t);
    if (!t->handle) {
        free(t);
        return -LX_ENOMEM;
    }
    if (!tid && p->thread_count) {
        if (backend_process_new_thread_id(p->clients.task, 0, &own_tid) != JN_OK) {
            core_handle_destroy(t->handle);
            free(t);
            return -LX_EAGAIN;
        }
    } else if (!tid) {
        own_tid = p->pid;
    }
    jn_status_t status =
        backend_thread_create(p->mm->pool, p->mm->kernel_task, t->handle, &t->backend);
    uint64_t got = 0;
    if (status == JN_NO_MEMORY &&
        backend_process_fund(p->mm->owner->clients.task, 16, &got) == JN_OK && got)
        status = backend_thread_create(p->mm->pool, p->mm->kernel_task, t->handle, &t->backend);
    if (status != JN_OK) {
        if (own_tid != p->pid)
            backend_process_free_thread_id(p->clients.task, own_tid);
        core_handle_destroy(t->handle);
        free(t);
        return -LX_EAGAIN;
    }
    t->tid = own_tid;
    if (own_tid != p->pid)
        backend_thread_set_number(&t->backend, own_tid);
    t->process = p;
    placement_thread(t);
    t->alternate.ss_flags = LX_SS_DISABLE;
    list_init(&t->woken_link);
    list_init(&t->futex_link);
    list_append(&p->threads, &t->link);
    p->thread_count++;
    *result = t;
    return 0;
}

void thread_destroy(struct thread *t, bool kill)
{
    struct process *p = t->process;
    wait_end(t);
    placement_thread_gone(t);
    if (t->in_vfork) {
        struct process *other;
        list_for_each(other, struct process, &core_processes, link)
            if (other->vfork_waiter == t)
                other->vfork_waiter = NULL;
    }
    if (kill)
        backend_thread_destroy(&t->backend);
    else
        backend_thread_forget(&t->backend);
    if (t->tid != p->pid)
        backend_process_free_thread_id(p->clients.task, t->tid);
    signal_drop_pending(&t->pending, ~0ull);
    core_handle_destroy(t->handle);
    list_remove(&t->link);
    p->thread_count--;
    free(t);
}

void process_end_threads(struct process *p, struct thread *except)
{
    struct thread *t;
    list_for_each(t, struct thread, &p->threads, link)
        if (t != except)
            thread_destroy(t, true);
}

void process_release_vfork(struct process *p)
{
    struct thread *waiter = p->vfork_waiter;
    p->vfork_waiter = NULL;
    if (waiter) {
        waiter->wait.woken = true;
        wait_wake(waiter);
    }
}

/* Gives up everything of the process; its threads end with it. notify: the parent has to be told
 * through servers/task, else the process has ended already. */
static void release(struct process *p, bool notify, uint32_t kind, uint32_t code)
{
    if (p->exiting)
        return;
    p->exiting = true;
    struct thread *t;
    list_for_each(t, struct thread, &p->threads, link)
        futex_thread_end(t);
    process_end_threads(p, NULL);
    /* A vfork child runs in our Task and sees files through our client: it ends with us. (Linux
     * would let it go on alone; it has at most an exec before it.) */
    struct process *child;
    if (p->mm && p->mm->owner == p)
        list_for_each(child, struct process, &core_processes, link)
            if (child != p && child->mm == p->mm)
                process_terminate(child, TASK_SIGNALLED, LX_SIGKILL);
    process_release_vfork(p);
    descriptors_close_core(p);
    mm_release(p->mm, false);
    p->mm = NULL;
    /* Descriptors and locks go before the parent hears of the end: what it finds then is settled. */
    backend_clients_drop_files(&p->clients);
    if (notify && backend_process_exit(p->clients.task, kind, code) != JN_OK)
        jn_log(JN_LOG_ERROR, "process %lu could not be ended", (unsigned long)p->pid);
    backend_clients_drop(&p->clients);
    process_free(p);
}

void process_terminate(struct process *p, uint32_t kind, uint32_t code)
{
    release(p, true, kind, code);
}

void process_killed(struct process *p)
{
    release(p, false, 0, 0);
}

void thread_exit(struct thread *t, uint32_t code)
{
    struct process *p = t->process;
    if (p->thread_count == 1) {
        process_terminate(p, TASK_EXITED, code & 0xff);
        return;
    }
    futex_thread_end(t);
    t->message = MESSAGE_NONE;
    thread_destroy(t, true);
}

void process_stop(struct process *p, uint32_t number)
{
    if (p->stopped)
        return;
    p->stopped = true;
    p->stop_signal = number;
    struct thread *t;
    list_for_each(t, struct thread, &p->threads, link)
        if (t->message == MESSAGE_NONE && !t->attention)
            t->attention = backend_thread_attention(&t->backend) == JN_OK;
    if (backend_process_stopped(p->clients.task, number) != JN_OK)
        jn_log(JN_LOG_WARNING, "stop of process %lu was not noted", (unsigned long)p->pid);
}

void process_continue(struct process *p)
{
    if (!p->stopped)
        return;
    p->stopped = false;
    if (backend_process_continued(p->clients.task) != JN_OK)
        jn_log(JN_LOG_WARNING, "continuation of process %lu was not noted",
               (unsigned long)p->pid);
    struct thread *t;
    list_for_each(t, struct thread, &p->threads, link)
        if (t->suspended_leave)
            wait_continue(t);
}

bool process_child_ignored(struct process *p)
{
    const struct lx_sigaction *action = &p->actions[LX_SIGCHLD - 1];
    if (action->handler != LX_SIG_IGN && !(action->flags & LX_SA_NOCLDWAIT))
        return false;
    struct backend_wait_result result;
    while (backend_process_wait(p->clients.task, -1, TASK_WAIT_NOHANG | TASK_WAIT_EXITED, 0,
                                &result) == JN_OK &&
           result.pid)
        ;
    return true;
}

bool process_ignores_stop(struct thread *t, uint32_t number)
{
    return (t->mask & LX_SIGBIT(number)) ||
           t->process->actions[number - 1].handler == LX_SIG_IGN;
}

long process_background(struct thread *t, uint32_t number)
{
    struct process *p = t->process;
    struct backend_ids ids;
    if (process_ignores_stop(t, number))
        return -LX_EIO;
    if (backend_process_ids(p->clients.task, 0, &ids) != JN_OK || (ids.flags & TASK_IDS_ORPHANED))
        return -LX_EIO;
    struct task_siginfo info = siginfo_make(number, LX_SI_KERNEL, 0, 0);
    signal_send_process(t, 0, &info);
    signal_process_event(p);
    return -LX_ERESTARTSYS;
}

const struct task_credentials *process_credentials(struct process *p)
{
    if (!p->credentials_known)
        p->credentials_known =
            backend_process_credentials(p->clients.task, &p->credentials) == JN_OK;
    return &p->credentials;
}

void process_push_info(struct process *p, uint32_t field, const void *data, size_t length)
{
    if (backend_process_set_info(p->clients.task, field, data, length) != JN_OK)
        jn_log(JN_LOG_WARNING, "/proc information %u of process %lu was refused", field,
               (unsigned long)p->pid);
}

void process_push_name(struct process *p, const char *name)
{
    process_push_info(p, TASK_INFO_NAME, name, strnlen(name, 15));
}

/* fork(2), vfork(2), clone(2): new processes and threads.
 *
 * A new process is five clients cloned under equal numbers, a copy of the region map over a
 * copy-on-write clone of its memory, and the caller's registers with rax = 0. With CLONE_VM and not
 * CLONE_THREAD (vfork, posix_spawn) it has no memory of its own: its thread runs in the parent's Task
 * until exec, so the parent sees its stores (PERSONALITIES 6). */
#include <stdlib.h>
#include <string.h>

#include "descriptors.h"
#include "fork.h"
#include "futex.h"
#include "janus/backend/process.h"
#include "janus/backend/time.h"
#include "janus/runtime.h"
#include "mm.h"
#include "placement.h"
#include "posix_timer.h"
#include "process.h"
#include "signals.h"
#include "status.h"
#include "syscalls.h"
#include "user.h"
#include "wait.h"

#define THREAD_FLAGS (LX_CLONE_VM | LX_CLONE_SIGHAND | LX_CLONE_THREAD)
#define NAMESPACES                                                                       \
    (LX_CLONE_NEWNS | LX_CLONE_NEWCGROUP | LX_CLONE_NEWUTS | LX_CLONE_NEWIPC |           \
     LX_CLONE_NEWUSER | LX_CLONE_NEWPID | LX_CLONE_NEWNET)

static long check(struct thread *t, const struct clone_request *r)
{
    uint64_t f = r->flags;
    if ((f & LX_CLONE_THREAD && !(f & LX_CLONE_SIGHAND)) ||
        (f & LX_CLONE_SIGHAND && !(f & LX_CLONE_VM)))
        return -LX_EINVAL;
    if (f & NAMESPACES || f & LX_CLONE_PIDFD || f & LX_CLONE_PTRACE ||
        (!(f & LX_CLONE_THREAD) && f & (LX_CLONE_FILES | LX_CLONE_SIGHAND | LX_CLONE_FS)) ||
        (f & LX_CLONE_THREAD &&
         (f & (LX_CLONE_FS | LX_CLONE_FILES)) != (LX_CLONE_FS | LX_CLONE_FILES))) {
        jn_log(JN_LOG_WARNING, "unsupported clone flags %#lx of %s", (unsigned long)f,
               t->name);
        return f & NAMESPACES ? -LX_EPERM : -LX_EINVAL;
    }
    return 0;
}

/* The caller's registers for the child: rax 0, its stack and TLS. */
long fork_child_state(struct thread *t, const struct clone_request *r)
{
    if (backend_thread_read(&t->backend, JN_STATE_REGS | JN_STATE_BASES | JN_STATE_XSAVE,
                            &core_state) != JN_OK)
        return -LX_EAGAIN;
    core_state.rip = t->rip;
    core_state.r[JN_REG_RAX] = 0;
    core_state.r[JN_REG_RCX] = t->rip;
    core_state.r[JN_REG_R11] = core_state.rflags;
    if (r->stack)
        core_state.r[JN_REG_RSP] = r->stack;
    if (core_state.gs_base == t->backend.utcb) /* the adapter's: the new thread gets its own */
        core_state.gs_base = 0;
    if (r->flags & LX_CLONE_SETTLS)
        core_state.fs_base = r->tls;
    return 0;
}

void fork_inherit(struct thread *child, const struct thread *t, const struct clone_request *r)
{
    child->mask = t->restore_mask ? t->saved_mask : t->mask;
    memmove(child->name, t->name, sizeof child->name);
    if (child != t)
        affinity_inherit(child, t->cpus);
    if (r->flags & LX_CLONE_CHILD_CLEARTID)
        child->clear_tid = r->child_tid;
    /* A thread that shares memory starts without alternate stack, except under vfork. */
    if (!(r->flags & LX_CLONE_VM) || r->flags & LX_CLONE_VFORK)
        child->alternate = t->alternate;
}

long fork_start(struct thread *child)
{
    jn_status_t status = backend_thread_start(
        &child->backend, JN_STATE_REGS | JN_STATE_BASES | JN_STATE_XSAVE, &core_state);
    return status == JN_OK ? 0 : -LX_EAGAIN;
}

static long clone_thread(struct thread *t, const struct clone_request *r)
{
    struct thread *child;
    long error = thread_create(t->process, 0, &child);
    if (error)
        return error;
    fork_inherit(child, t, r);
    error = fork_child_state(t, r);
    uint64_t tid = child->tid;
    if (!error && r->flags & LX_CLONE_PARENT_SETTID)
        error = user_write32(t, r->parent_tid, (uint32_t)tid);
    if (!error && r->flags & LX_CLONE_CHILD_SETTID)
        error = user_write32(t, r->child_tid, (uint32_t)tid);
    if (!error)
        error = fork_start(child);
    if (error) {
        thread_destroy(child, true);
        return error;
    }
    return (long)tid;
}

/* Everything of the process but its memory and threads. */
static long copy_process(struct process *p, struct process *child)
{
    child->directory = p->directory;
    child->root = p->root;
    child->umask = p->umask;
    memcpy(child->actions, p->actions, sizeof child->actions);
    child->ignored = p->ignored;
    child->placement = p->placement;
    memcpy(child->limits, p->limits, sizeof child->limits);
    child->credentials = p->credentials;
    child->credentials_known = p->credentials_known;
    child->dumpable = p->dumpable;
    child->trace = p->trace;
    child->no_new_privs = p->no_new_privs;
    child->path = p->path ? strdup(p->path) : NULL;
    if (p->path && !child->path)
        return -LX_ENOMEM;
    return descriptors_clone(p, child);
}

/* Memory for the child: a clone of ours, or ours. */
static long child_memory(struct process *p, struct process *child, bool shared)
{
    if (shared) {
        jn_status_t status =
            backend_process_share_task(child->clients.task, p->clients.task);
        if (status != JN_OK)
            return errno_of(status);
        p->mm->users++;
        child->mm = p->mm;
        return 0;
    }
    cap_t kernel_task = JN_CAP_NULL, pool = JN_CAP_NULL;
    jn_status_t status = backend_process_prepare(child->clients.task, &kernel_task, &pool);
    if (status != JN_OK)
        return -LX_EAGAIN;
    status = mm_clone(p->mm, child, kernel_task, pool, child->clients.pager, &child->mm);
    if (status != JN_OK) {
        backend_cap_drop(kernel_task);
        backend_cap_drop(pool);
        backend_process_abandon(child->clients.task);
        return -LX_ENOMEM;
    }
    child->clients.pager = JN_CAP_NULL; /* the address space's now */
    status = backend_process_commit(child->clients.task, TASK_PERSONALITY_POSIX);
    return status == JN_OK ? 0 : -LX_EAGAIN;
}

static void undo(struct process *parent, struct process *child)
{
    process_end_threads(child, NULL);
    descriptors_close_core(child);
    mm_release(child->mm, false);
    /* Nobody has seen it yet: it ends as if it had exited at once, and is reaped here. */
    struct backend_wait_result result;
    if (child->clients.task &&
        (backend_process_exit(child->clients.task, TASK_EXITED, 127) != JN_OK ||
         backend_process_wait(parent->clients.task, (int64_t)child->pid,
                              TASK_WAIT_NOHANG | TASK_WAIT_EXITED, 0, &result) != JN_OK))
        jn_log(JN_LOG_WARNING, "an unfinished process stays");
    backend_clients_drop(&child->clients);
    process_free(child);
}

long fork_here(struct thread *t, const struct clone_request *r)
{
    struct process *p = t->process;
    bool shared = r->flags & LX_CLONE_VM;
    struct process *child = process_create(0);
    if (!child)
        return -LX_ENOMEM;
    cap_t task = JN_CAP_NULL;
    jn_status_t status =
        backend_process_create(p->clients.task, TASK_FORK, child->handle, &child->pid, &task);
    if (status != JN_OK) {
        process_free(child);
        return status == JN_NO_MEMORY ? -LX_ENOMEM : -LX_EAGAIN;
    }
    struct backend_clients from = p->clients;
    from.pager = shared ? JN_CAP_NULL : p->mm->pager;
    status = backend_clients_clone(&from, child->pid, task, &child->clients);
    if (status != JN_OK) {
        child->clients = (struct backend_clients){.task = task};
        undo(p, child);
        return -LX_ENOMEM;
    }
    uint64_t pid = child->pid;
    struct thread *thread = NULL;
    long error = copy_process(p, child);
    if (!error)
        error = child_memory(p, child, shared);
    if (!error)
        error = thread_create(child, pid, &thread);
    if (!error) {
        fork_inherit(thread, t, r);
        error = fork_child_state(t, r);
    }
    if (!error && r->flags & LX_CLONE_PARENT_SETTID)
        error = user_write32(t, r->parent_tid, (uint32_t)pid);
    if (!error && r->flags & LX_CLONE_CHILD_SETTID) {
        uint64_t done = 0;
        uint32_t tid = (uint32_t)pid;
        if (shared)
            error = user_write32(t, r->child_tid, tid);
        else if (region_map_write(child->mm->map, r->child_tid, &tid, 4, false, &done) != JN_OK)
            thread->clear_tid = 0; /* Linux ignores the fault in the child as well */
    }
    if (error) {
        undo(p, child);
        return error;
    }
    if (r->flags & LX_CLONE_VFORK) {
        child->vfork_waiter = t;
        t->in_vfork = true;
        t->wait.started = true;
        t->wait.memory[0] = pid;
        error = wait_uninterruptible(t);
        if (error != CORE_WAITING) {
            undo(p, child);
            return error;
        }
    }
    error = fork_start(thread);
    if (error) {
        t->wait.parked = false;
        undo(p, child);
        return error;
    }
    return r->flags & LX_CLONE_VFORK ? CORE_WAITING : (long)pid;
}

/* ---- in a library: the child's memory is a copy of ours ---- */

static void forget_thread(struct thread *t)
{
    timer_clear(&t->timer);
    futex_dequeue(t);
    list_remove(&t->woken_link);
    signal_drop_pending(&t->pending, ~0ull);
    core_handle_destroy(t->handle);
    list_remove(&t->link);
    t->process->thread_count--;
    free(t);
}

static void forget_process(struct process *p)
{
    struct thread *t;
    list_for_each(t, struct thread, &p->threads, link)
        forget_thread(t);
    descriptors_close_core(p);
    p->mm = NULL; /* the caller's */
    process_free(p);
}

void fork_become_child(struct thread *t, uint64_t pid, const struct clone_request *r)
{
    struct process *p = t->process, *other;
    struct thread *sibling;
    list_for_each(sibling, struct thread, &p->threads, link)
        if (sibling != t)
            forget_thread(sibling);
    list_for_each(other, struct process, &core_processes, link)
        if (other != p)
            forget_process(other); /* vfork children of the parent, or the parent of one */
    timer_clear(&p->real_timer);
    p->real_interval = p->real_deadline = 0;
    posix_timers_delete(p);
    signal_drop_pending(&t->pending, ~0ull);
    p->pid = t->tid = pid;
    p->shared_pending = 0;
    p->stopped = p->exiting = false;
    p->vfork_parent = NULL;
    p->vfork_waiter = NULL;
    p->ended_cpu_ns = p->children_cpu_ns = 0;
    p->start_ns = backend_time_monotonic();
    p->mm->users = 1;
    p->mm->owner = p;
    t->clear_tid = 0;
    fork_inherit(t, t, r);
    t->backend = (struct backend_thread){0};
    t->message = MESSAGE_NONE;
    t->wait = (struct wait){0};
    t->attention = t->suspended_leave = t->in_vfork = t->restore_mask = false;
    t->clear_tid = t->robust_list = t->robust_length = 0;
}

static long do_clone(struct thread *t, const struct clone_request *r)
{
    if (t->wait.started) { /* the vfork child has gone its own way */
        t->in_vfork = false;
        return (long)t->wait.memory[0];
    }
    long error = check(t, r);
    if (error)
        return error;
    if (r->flags & LX_CLONE_THREAD)
        return clone_thread(t, r);
    placement_take_back_all(t->process); /* two will hold what one held */
    return r->flags & LX_CLONE_VM ? fork_here(t, r) : placement_fork(t, r);
}

long sys_clone(struct thread *t, const uint64_t *a)
{
    struct clone_request r = {.flags = (a[0] & 0xffffffff) & ~(uint64_t)LX_CSIGNAL,
                              .exit_signal = a[0] & LX_CSIGNAL, .stack = a[1],
                              .parent_tid = a[2], .child_tid = a[3], .tls = a[4]};
    return do_clone(t, &r);
}

long sys_clone3(struct thread *t, const uint64_t *a)
{
    struct lx_clone_args args;
    memset(&args, 0, sizeof args);
    if (a[1] < 64)
        return -LX_EINVAL;
    if (a[1] > 4096)
        return -LX_E2BIG;
    size_t length = a[1] < sizeof args ? a[1] : sizeof args;
    if (user_read(t, &args, a[0], length))
        return -LX_EFAULT;
    if (a[1] > sizeof args) { /* what a newer caller adds must be zero */
        char *rest = core_scratch;
        if (user_read(t, rest, a[0] + sizeof args, a[1] - sizeof args))
            return -LX_EFAULT;
        for (size_t i = 0; i < a[1] - sizeof args; i++)
            if (rest[i])
                return -LX_E2BIG;
    }
    if (args.flags & LX_CSIGNAL || args.exit_signal > LX_NSIG ||
        (args.flags & LX_CLONE_THREAD && args.exit_signal) || args.set_tid_size ||
        !args.stack != !args.stack_size)
        return -LX_EINVAL;
    struct clone_request r = {.flags = args.flags & ~LX_CLONE_CLEAR_SIGHAND,
                              .exit_signal = (uint32_t)args.exit_signal,
                              .stack = args.stack ? args.stack + args.stack_size : 0,
                              .parent_tid = args.parent_tid, .child_tid = args.child_tid,
                              .tls = args.tls};
    if (args.flags & LX_CLONE_CLEAR_SIGHAND)
        return -LX_EINVAL; /* as kernels before 5.5: libraries then do without */
    return do_clone(t, &r);
}

long sys_fork(struct thread *t, const uint64_t *a)
{
    struct clone_request r = {.exit_signal = LX_SIGCHLD};
    (void)a;
    return do_clone(t, &r);
}

long sys_vfork(struct thread *t, const uint64_t *a)
{
    struct clone_request r = {.flags = LX_CLONE_VM | LX_CLONE_VFORK, .exit_signal = LX_SIGCHLD};
    (void)a;
    return do_clone(t, &r);
}

/* ---- the end ---- */

long sys_exit(struct thread *t, const uint64_t *a)
{
    thread_exit(t, (uint32_t)a[0]);
    return CORE_GONE;
}

long sys_exit_group(struct thread *t, const uint64_t *a)
{
    process_terminate(t->process, TASK_EXITED, (uint32_t)a[0] & 0xff);
    return CORE_GONE;
}

long sys_set_tid_address(struct thread *t, const uint64_t *a)
{
    t->clear_tid = a[0];
    return (long)t->tid;
}

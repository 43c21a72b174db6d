/* The life of a process: creation, images, end, reaping. */
#include "process.h"
#include "job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "janus/object.h"
#include "janus/runtime.h"

#define POOL_FRAMES 48 /* kernel memory of a small process: page tables, nodes, a thread or two */

struct process init_process;
uint32_t process_count;
uint32_t process_limit = 4096;

/* Children that asked for a signal at the end of their parent (struct process.death_link). It may be SIGKILL and
 * they may have such children too: they are told one after the other, not one within the other. */
static struct list death_due;

static void process_lists(struct process *process)
{
    list_init(&process->children);
    list_init(&process->sibling);
    list_init(&process->zombies);
    list_init(&process->zombie);
    list_init(&process->changed);
    list_init(&process->change);
    list_init(&process->group_link);
    list_init(&process->queue);
    list_init(&process->thread_queue);
    list_init(&process->ring_due);
    list_init(&process->waiters);
    list_init(&process->watchers);
    list_init(&process->armed);
    list_init(&process->requests);
    list_init(&process->asked);
    list_init(&process->death_link);
    list_init(&process->job_link);
    list_init(&process->jobs);
}

void process_init(void)
{
    process_lists(&init_process);
    list_init(&death_due);
    init_process.pid = PID_INIT;
    init_process.threads = 1;
    init_process.personality = TASK_PERSONALITY_NATIVE;
    struct session *session = session_create(PID_INIT);
    struct group *group = session ? group_create(PID_INIT, session) : NULL;
    if (!group)
        jn_panic("no memory for the first session");
    group_join(&init_process, group);
}

jn_status_t process_create(struct process *parent, uint32_t flags, struct process **out)
{
    if (process_count >= process_limit)
        return JN_QUOTA;
    struct job *job;
    jn_status_t status = job_admit(parent, flags & TASK_BREAKAWAY, &job);
    if (status != JN_OK)
        return status;
    struct process *process = calloc(1, sizeof *process);
    if (!process)
        return JN_NO_MEMORY;
    process_lists(process);
    status = id_allocate(process, &process->pid);
    if (status != JN_OK) {
        free(process);
        return status;
    }
    process->parent = parent;
    process->personality = parent->personality;
    process->credentials = parent->credentials;
    process->nice = parent->nice;
    process->start_ns = jn_time_monotonic();
    process->threads = 1;
    if (flags & TASK_FORK)
        info_copy(process, parent);
    list_append(&parent->children, &process->sibling);
    group_join(process, parent->group);
    if (parent->ring) {
        process->ring = parent->ring;
        process->ring->users++;
    }
    job_join(process, job);
    process_count++;
    *out = process;
    return JN_OK;
}

void process_name(const struct process *process)
{
    char text[48];
    int length = snprintf(text, sizeof text, "%lu %.*s", (unsigned long)process->pid,
                          (int)process->info[TASK_INFO_NAME].length,
                          process->info[TASK_INFO_NAME].length ? process->info[TASK_INFO_NAME].data
                                                               : "");
    if (process->task != JN_CAP_NULL)
        jn_task_name(process->task, text, (size_t)length);
    if (process->new_task != JN_CAP_NULL)
        jn_task_name(process->new_task, text, (size_t)length);
}

jn_status_t process_prepare(struct process *process)
{
    process_abandon(process);
    jn_status_t status = jn_pool_create(JN_CAP_POOL, POOL_FRAMES, &process->new_pool);
    if (status == JN_NO_MEMORY && kernel_memory_more(POOL_FRAMES))
        status = jn_pool_create(JN_CAP_POOL, POOL_FRAMES, &process->new_pool);
    if (status != JN_OK)
        return status;
    status = jn_task_create(process->new_pool, TASK_INFORMATION_PAGE, &process->new_task);
    if (status != JN_OK)
        process_abandon(process);
    else
        process_name(process);
    return status;
}

static void destroy_pool(cap_t *pool, cap_t *task)
{
    jn_cap_delete(*task);
    if (*pool != JN_CAP_NULL && jn_cap_destroy(*pool) != JN_OK)
        jn_cap_delete(*pool);
    *task = *pool = JN_CAP_NULL;
}

void process_abandon(struct process *process)
{
    destroy_pool(&process->new_pool, &process->new_task);
}

uint64_t process_cpu_ns(const struct process *process)
{
    uint64_t threads, pages, cpu_ns;
    if (process->task == JN_CAP_NULL || jn_task_info(process->task, &threads, &pages, &cpu_ns))
        return process->last_cpu_ns;
    return process->last_cpu_ns + cpu_ns;
}

jn_status_t process_commit(struct process *process)
{
    if (process->new_task == JN_CAP_NULL)
        return JN_BUSY;
    process->last_cpu_ns = process_cpu_ns(process);
    destroy_pool(&process->pool, &process->task);
    process->pool = process->new_pool;
    process->task = process->new_task;
    process->new_pool = process->new_task = JN_CAP_NULL;
    process->funded = POOL_FRAMES;
    return JN_OK;
}

/* Made by its parent, whose adapter may end at any instruction, and never begun: its Task holds all that is
 * left of it, so nobody would hear that it is gone. */
static bool process_unborn(const struct process *process)
{
    return process->task == JN_CAP_NULL && process->new_task != JN_CAP_NULL && !process->shares_task;
}

static void tell_of_deaths(void)
{
    static bool telling;
    if (telling)
        return;
    telling = true;
    while (death_due.next != &death_due) {
        struct process *child = list_entry(death_due.next, struct process, death_link);
        struct task_siginfo info = {.number = (int32_t)child->death_signal, .pid = child->death_of};
        list_remove(&child->death_link);
        jn_status_t ignored = signal_post(child, &info); /* it may have ended, or too many wait with it */
        (void)ignored;
    }
    telling = false;
}

/* The parent is to wait for what has ended. */
static void tell_parent(struct process *process)
{
    struct task_siginfo info = {
        .number = 17, /* SIGCHLD */
        .code = process->exit_kind == TASK_EXITED ? 1
                : process->exit_code & 0x80       ? 3
                                                  : 2, /* CLD_EXITED, DUMPED, KILLED */
        .pid = process->pid,
        .uid = process->credentials.uid,
        .status = (int32_t)(process->exit_code & (process->exit_kind == TASK_EXITED ? 0xff : 0x7f)),
        .user_time = process->last_cpu_ns,
    };
    list_append(&process->parent->zombies, &process->zombie);
    wait_wake_parent(process);
    jn_status_t ignored = signal_post(process->parent, &info); /* an ended parent needs none */
    (void)ignored;
}

/* Children of an ended process go to the nearest ancestor that asked for such, or to pid 1, which reaps at once
 * what has ended already. */
static void give_children_away(struct process *process)
{
    struct process *reaper = process->parent;
    while (reaper != &init_process && !reaper->subreaper)
        reaper = reaper->parent;
    list_for_each_safe(at, &process->children) {
        struct process *child = list_entry(at, struct process, sibling);
        bool orphaned = group_orphaned(child->group);
        wait_forget_change(child);
        list_remove(&child->sibling);
        child->parent = process_unborn(child) ? &init_process : reaper;
        list_append(&child->parent->children, &child->sibling);
        if (child->death_signal) {
            child->death_of = process->pid;
            list_append(&death_due, &child->death_link);
        }
        if (child->state == PROCESS_ZOMBIE && child->parent != &init_process) {
            list_remove(&child->zombie);
            tell_parent(child);
        } else if (child->state == PROCESS_ZOMBIE) {
            process_reap(child);
        } else if (process_unborn(child)) {
            process_end(child, TASK_SIGNALLED, 9);
        } else {
            group_changed(child->group, orphaned);
        }
    }
}

void process_end(struct process *process, uint32_t kind, uint32_t code)
{
    if (process->state >= PROCESS_ZOMBIE || process == &init_process)
        return;
    process->last_cpu_ns = process_cpu_ns(process);
    process_abandon(process);
    destroy_pool(&process->pool, &process->task);
    process->state = PROCESS_ZOMBIE;
    process->exit_kind = kind;
    process->exit_code = code;
    signal_flush(process);
    wait_disarm_all(process);
    job_process_ended(process);
    request_drop_all(process);
    wait_forget_change(process);
    info_free(process);
    process_count--;

    struct group *group = process->group;
    struct session *session = group->session;
    bool orphaned = group_orphaned(group);
    give_children_away(process);
    if (session->id == process->pid) {
        session->leader_ended = true;
        hangup_add(session->id, process->pid);
    }
    wait_wake_watchers(process);
    if (process->parent == &init_process) {
        process_reap(process);
    } else {
        tell_parent(process);
        group_changed(group, orphaned);
    }
    job_run();
    tell_of_deaths();
}

void process_reap(struct process *process)
{
    struct process *parent = process->parent;
    bool orphaned = group_orphaned(process->group);
    struct group *group = process->group;
    parent->child_user_ns += process->last_cpu_ns + process->child_user_ns;
    parent->child_system_ns += process->system_ns + process->child_system_ns;
    list_remove(&process->zombie);
    list_remove(&process->sibling);
    process->state = PROCESS_REAPED;
    /* The group must outlive the question whether it became orphaned. */
    if (group->members.next != &process->group_link || group->members.previous != &process->group_link) {
        group_leave(process);
        group_changed(group, orphaned);
    } else {
        group_leave(process);
    }
    process_collect(process);
}

void process_collect(struct process *process)
{
    if (process->state != PROCESS_REAPED || process->label)
        return;
    ring_release(process);
    list_remove(&process->death_link);
    thread_ids_drop(process);
    id_free(process->pid);
    free(process);
}

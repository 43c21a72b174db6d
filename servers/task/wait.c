/* Waiting for children (wait4, waitid) and for the end of any process (NT handles). */
#include <stdlib.h>

#include "janus/runtime.h"
#include "process.h"

static bool matches(const struct process *parent, const struct process *child, int64_t which)
{
    if (which > 0)
        return child->pid == (uint64_t)which;
    if (which == -1)
        return true;
    return child->group && child->group->id == (which ? (uint64_t)-which : parent->group->id);
}

static struct process *find_in(struct process *parent, struct list *head, size_t offset,
                               int64_t which)
{
    list_for_each(at, head) {
        struct process *child = (struct process *)((char *)at - offset);
        if (matches(parent, child, which))
            return child;
    }
    return NULL;
}

static jn_status_t arm(struct process *owner, struct list *list, uint64_t cookie, bool watch)
{
    if (!cookie)
        return JN_WOULD_BLOCK;
    if (!owner->ring)
        return JN_BUSY;
    list_for_each(at, list) /* a repeated wait of the same thread stays one */
        if (list_entry(at, struct waiter, link)->cookie == cookie &&
            list_entry(at, struct waiter, link)->owner == owner)
            return JN_WOULD_BLOCK;
    struct waiter *waiter = malloc(sizeof *waiter);
    if (!waiter)
        return JN_NO_MEMORY;
    jn_status_t status = jn_ring_arm(&owner->ring->ring);
    if (status != JN_OK) {
        free(waiter);
        return status;
    }
    *waiter = (struct waiter){.owner = owner, .cookie = cookie, .watch = watch};
    list_append(list, &waiter->link);
    list_append(&owner->armed, &waiter->client);
    return JN_WOULD_BLOCK;
}

static void finish(struct waiter *waiter, bool post)
{
    if (waiter->owner->ring) {
        if (post)
            jn_ring_post(&waiter->owner->ring->ring, waiter->cookie, TASK_EVENT_WAIT);
        else
            jn_ring_disarm(&waiter->owner->ring->ring);
    }
    list_remove(&waiter->link);
    list_remove(&waiter->client);
    free(waiter);
}

jn_status_t wait_arm(struct process *owner, struct list *list, uint64_t cookie)
{
    return arm(owner, list, cookie, false);
}

void wait_wake_list(struct list *list)
{
    list_for_each_safe(at, list)
        finish(list_entry(at, struct waiter, link), true);
}

void wait_disarm_all(struct process *process)
{
    list_for_each_safe(at, &process->armed)
        finish(list_entry(at, struct waiter, client), false);
}

void wait_disarm(struct process *process, uint64_t cookie)
{
    list_for_each_safe(at, &process->armed) {
        struct waiter *waiter = list_entry(at, struct waiter, client);
        if (waiter->cookie == cookie)
            finish(waiter, false);
    }
}

void wait_wake_parent(struct process *child)
{
    if (child->parent)
        wait_wake_list(&child->parent->waiters);
}

void wait_wake_watchers(struct process *process)
{
    wait_wake_list(&process->watchers);
}

/* A stop or continuation that the parent may ask for; SIGCHLD goes with it. */
void wait_report_change(struct process *process, uint32_t kind, uint32_t code)
{
    process->change_kind = kind;
    process->change_code = code;
    struct process *parent = process->parent;
    if (!parent || parent == &init_process)
        return;
    list_remove(&process->change);
    list_append(&parent->changed, &process->change);
    struct task_siginfo info = {
        .number = 17,
        .code = kind == TASK_STOPPED ? 5 : 6, /* CLD_STOPPED, CLD_CONTINUED */
        .pid = process->pid,
        .uid = process->credentials.uid,
        .status = (int32_t)code,
        .user_time = process_cpu_ns(process),
    };
    wait_wake_parent(process);
    jn_status_t ignored = signal_post(parent, &info);
    (void)ignored;
}

void wait_forget_change(struct process *process)
{
    list_remove(&process->change);
    process->change_kind = 0;
}

jn_status_t wait_child(struct process *process, int64_t which, uint32_t options, uint64_t cookie,
                       uint64_t *pid, uint32_t *kind, uint32_t *code, uint32_t *uid,
                       struct task_usage *usage)
{
    struct process *child = NULL;
    if (options & TASK_WAIT_EXITED) {
        child = find_in(process, &process->zombies, offsetof(struct process, zombie), which);
        if (child) {
            *kind = child->exit_kind;
            *code = child->exit_code;
        }
    }
    if (!child && options & (TASK_WAIT_STOPPED | TASK_WAIT_CONTINUED)) {
        list_for_each(at, &process->changed) {
            struct process *candidate = list_entry(at, struct process, change);
            uint32_t option = candidate->change_kind == TASK_STOPPED ? TASK_WAIT_STOPPED
                                                                     : TASK_WAIT_CONTINUED;
            if (options & option && matches(process, candidate, which)) {
                child = candidate;
                *kind = child->change_kind;
                *code = child->change_code;
                break;
            }
        }
    }
    if (!child) {
        if (!find_in(process, &process->children, offsetof(struct process, sibling), which))
            return JN_NO_CHILD;
        if (options & TASK_WAIT_NOHANG)
            return JN_OK; /* pid 0 */
        return arm(process, &process->waiters, cookie, false);
    }
    *pid = child->pid;
    *uid = child->credentials.uid;
    *usage = (struct task_usage){
        .user_ns = process_cpu_ns(child),
        .system_ns = child->system_ns,
        .max_resident_pages = child->resident_pages,
        .child_user_ns = child->child_user_ns,
        .child_system_ns = child->child_system_ns,
    };
    if (options & TASK_WAIT_NOREAP)
        return JN_OK;
    if (child->state == PROCESS_ZOMBIE)
        process_reap(child);
    else
        wait_forget_change(child);
    return JN_OK;
}

jn_status_t wait_watch(struct process *process, uint64_t pid, uint64_t cookie, uint32_t *kind,
                       uint32_t *code)
{
    /* Children of pid 1 are reaped at once; who watches them holds their capability and asks later. */
    struct process *target = process_find_ended(pid);
    if (!target)
        return JN_NO_PROCESS;
    if (target->state < PROCESS_ZOMBIE)
        return arm(process, &target->watchers, cookie, true);
    *kind = target->exit_kind;
    *code = target->exit_code;
    return JN_OK;
}

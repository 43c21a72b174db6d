/* Process groups and sessions, and the rule of orphaned groups (POSIX.1-2017 3.264).
 *
 * Groups are found by id through a hash table. A session is counted by its groups' members.
 */
#include <stdlib.h>

#include "janus/runtime.h"
#include "process.h"

#define BUCKETS 1024

struct group_node {
    struct group group;
    struct list hash;
};

static struct list buckets[BUCKETS];
static bool ready;

static struct list *bucket(uint64_t id)
{
    if (!ready) {
        for (size_t i = 0; i < BUCKETS; i++)
            list_init(&buckets[i]);
        ready = true;
    }
    return &buckets[id / PID_STEP % BUCKETS];
}

struct session *session_create(uint64_t id)
{
    struct session *session = calloc(1, sizeof *session);
    if (session)
        session->id = id;
    return session;
}

struct group *group_create(uint64_t id, struct session *session)
{
    struct group_node *node = calloc(1, sizeof *node);
    if (!node)
        return NULL;
    node->group.id = id;
    node->group.session = session;
    list_init(&node->group.members);
    list_append(bucket(id), &node->hash);
    return &node->group;
}

struct group *group_find(uint64_t id)
{
    list_for_each(at, bucket(id)) {
        struct group_node *node = list_entry(at, struct group_node, hash);
        if (node->group.id == id)
            return &node->group;
    }
    return NULL;
}

void group_join(struct process *process, struct group *group)
{
    process->group = group;
    list_append(&group->members, &process->group_link);
    group->session->processes++;
}

void group_leave(struct process *process)
{
    struct group *group = process->group;
    struct session *session = group->session;
    list_remove(&process->group_link);
    process->group = NULL;
    if (list_empty(&group->members)) {
        struct group_node *node = list_entry(group, struct group_node, group);
        list_remove(&node->hash);
        free(node);
    }
    if (--session->processes == 0)
        free(session);
}

bool group_orphaned(const struct group *group)
{
    list_for_each(at, &group->members) {
        struct process *member = list_entry(at, struct process, group_link);
        struct process *parent = member->parent;
        if (member->state >= PROCESS_ZOMBIE || !parent || parent == &init_process)
            continue;
        if (parent->group && parent->group != group && parent->group->session == group->session)
            return false;
    }
    return true;
}

void group_changed(struct group *group, bool was_orphaned)
{
    if (was_orphaned || !group_orphaned(group))
        return;
    list_for_each(at, &group->members) {
        struct process *member = list_entry(at, struct process, group_link);
        if (member->state == PROCESS_STOPPED) {
            signal_group(group, 1);  /* SIGHUP */
            signal_group(group, 18); /* SIGCONT */
            return;
        }
    }
}

jn_status_t group_set(struct process *caller, uint64_t pid, uint64_t id)
{
    struct process *process = pid ? process_find(pid) : caller;
    if (!process || process->state >= PROCESS_ZOMBIE)
        return JN_NO_PROCESS;
    if (process != caller && process->parent != caller)
        return JN_NO_PROCESS;
    struct session *session = process->group->session;
    if (session != caller->group->session || session->id == process->pid)
        return JN_NOT_PERMITTED;
    if (!id)
        id = process->pid;
    if (process->group->id == id)
        return JN_OK;
    struct group *group = group_find(id);
    if (group ? group->session != session : id != process->pid)
        return JN_NOT_PERMITTED;
    if (!group && !(group = group_create(id, session)))
        return JN_NO_MEMORY;
    struct group *old = process->group;
    bool orphaned = group_orphaned(old);
    session->processes++; /* neither the session nor the old group may go before the end of this */
    list_remove(&process->group_link);
    session->processes--;
    group_join(process, group);
    session->processes--;
    if (list_empty(&old->members)) {
        struct group_node *node = list_entry(old, struct group_node, group);
        list_remove(&node->hash);
        free(node);
    } else {
        group_changed(old, orphaned);
    }
    return JN_OK;
}

jn_status_t session_set(struct process *process, uint64_t *id)
{
    if (group_find(process->pid))
        return JN_NOT_PERMITTED; /* it leads a group already */
    struct session *session = session_create(process->pid);
    struct group *group = session ? group_create(process->pid, session) : NULL;
    if (!group) {
        free(session);
        return JN_NO_MEMORY;
    }
    group_leave(process);
    group_join(process, group);
    *id = process->pid;
    return JN_OK;
}

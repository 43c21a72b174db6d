/* Sessions, groups and signals: what a terminal needs of servers/task. The terminal remembers its
 * session and its foreground group; who belongs to them is asked each time. */
#include "console.h"
#include "janus/idl/task.h"
#include "janus/object.h"
#include "janus/runtime.h"

static cap_t task_server; /* administrative: signals to any group */

jn_status_t job_start(cap_t signal, uint64_t bits)
{
    jn_status_t status = jn_name_wait("svc/task", &task_server);

    if (status != JN_OK)
        return status;
    return task_subscribe(task_server, signal, bits);
}

jn_status_t job_ids(const struct client *client, struct job_ids *ids)
{
    uint64_t pid, parent;
    uint32_t uid, gid, flags;
    jn_status_t status;

    *ids = (struct job_ids){0};
    if (client->pid == 0)
        return JN_OK; /* a native program: no session */
    status = task_ids(task_server, client->pid, &pid, &parent, &ids->group, &ids->session, &uid,
                      &gid, &flags);
    ids->leader = ids->session == client->pid;
    return status;
}

void job_signal_group(uint64_t group, uint32_t number)
{
    enum { FROM_KERNEL = 0x80 }; /* SI_KERNEL, sigaction(2) */
    struct task_siginfo info = {.number = (int32_t)number, .code = FROM_KERNEL};
    jn_status_t status;

    if (group == 0)
        return;
    status = task_signal(task_server, -(int64_t)group, number, TASK_SIGNAL_FROM_KERNEL, &info);
    if (status != JN_OK && status != JN_NO_PROCESS)
        jn_log(JN_LOG_WARNING, "signal %u to group %llu: %s", number, (unsigned long long)group,
               jn_status_text(status));
}

void job_signal(const struct terminal *t, uint32_t number)
{
    job_signal_group(t->foreground, number);
}

struct terminal *job_terminal(const struct client *client)
{
    struct job_ids ids;

    if (job_ids(client, &ids) != JN_OK || ids.session == 0 || ids.session == client->detached)
        return NULL;
    return terminal_of_session(ids.session);
}

static bool controls(const struct client *client, const struct terminal *t,
                     const struct job_ids *ids)
{
    return ids->session != 0 && t->session == ids->session && client->detached != ids->session;
}

jn_status_t job_check(const struct client *client, const struct terminal *t)
{
    struct job_ids ids;
    jn_status_t status;

    if (t->session == 0 || t->foreground == 0)
        return JN_OK;
    status = job_ids(client, &ids);
    if (status != JN_OK)
        return status;
    return controls(client, t, &ids) && ids.group != t->foreground ? JN_BACKGROUND : JN_OK;
}

jn_status_t job_set_controlling(struct client *client, struct terminal *t, bool steal)
{
    struct job_ids ids;
    jn_status_t status = job_ids(client, &ids);

    if (status != JN_OK)
        return status;
    if (ids.leader && t->session == ids.session)
        return JN_OK;
    if (!ids.leader || terminal_of_session(ids.session))
        return JN_NOT_PERMITTED;
    if (t->session && !(steal && client->uid == 0))
        return JN_NOT_PERMITTED;
    t->session = ids.session;
    t->foreground = ids.group;
    client->detached = 0;
    return JN_OK;
}

void job_opened(struct client *client, struct terminal *t)
{
    struct job_ids ids;

    if (t->session || job_ids(client, &ids) != JN_OK || !ids.leader ||
        terminal_of_session(ids.session))
        return;
    t->session = ids.session;
    t->foreground = ids.group;
    client->detached = 0;
}

jn_status_t job_drop_controlling(struct client *client, struct terminal *t)
{
    enum { HANG_UP = 1, CONTINUE = 18 };
    struct job_ids ids;
    jn_status_t status = job_ids(client, &ids);

    if (status != JN_OK)
        return status;
    if (!controls(client, t, &ids))
        return JN_NOT_TERMINAL;
    if (ids.leader) {
        uint64_t foreground = t->foreground;

        t->session = t->foreground = 0;
        job_signal_group(foreground, HANG_UP);
        job_signal_group(foreground, CONTINUE);
    } else {
        client->detached = ids.session;
    }
    return JN_OK;
}

/* The group exists if a signal could be sent to it. Its session is that of the process whose number
 * it has; when that one has ended the caller is believed. */
static jn_status_t check_group(uint64_t group, uint64_t session)
{
    struct task_siginfo info = {0};
    uint64_t pid, parent, leader_group, leader_session;
    uint32_t uid, gid, flags;
    jn_status_t status =
        task_signal(task_server, -(int64_t)group, 0, TASK_SIGNAL_FROM_KERNEL, &info);

    if (status != JN_OK)
        return status;
    if (task_ids(task_server, group, &pid, &parent, &leader_group, &leader_session, &uid, &gid,
                 &flags) != JN_OK || leader_group != group)
        return JN_OK;
    return leader_session == session ? JN_OK : JN_NOT_PERMITTED;
}

jn_status_t job_set_foreground(const struct client *client, struct terminal *t, uint64_t group)
{
    struct job_ids ids;
    jn_status_t status = job_ids(client, &ids);

    if (status != JN_OK)
        return status;
    if (!controls(client, t, &ids))
        return JN_NOT_TERMINAL;
    if (group == 0 || group > INT32_MAX)
        return JN_BAD_ARG;
    status = check_group(group, ids.session);
    if (status == JN_OK)
        t->foreground = group;
    return status;
}

uint32_t job_processes(const struct terminal *t, uint32_t *pids, uint32_t capacity)
{
    struct task_status process;
    uint32_t count = 0;

    for (uint64_t from = 1; t->session && task_next(task_server, from, &process) == JN_OK;
         from = process.pid + 1) {
        if (process.session != t->session || process.exit_kind != 0)
            continue;
        if (count < capacity)
            pids[count] = (uint32_t)process.pid;
        count++;
    }
    return count;
}

/* As Linux does for a pseudo-terminal: the foreground group gets SIGHUP, the terminal is free for
 * another session, and opens of it stay good. */
void job_hangups(void)
{
    enum { HANG_UP = 1 };
    uint64_t session, leader, foreground;

    while (task_next_hangup(task_server, &session, &leader, &foreground) == JN_OK) {
        struct terminal *t = terminal_of_session(session);

        if (!t)
            continue;
        foreground = t->foreground;
        t->session = t->foreground = 0;
        job_signal_group(foreground, HANG_UP);
    }
}

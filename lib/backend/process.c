#include "janus/backend/process.h"

#include <string.h>

#include "janus/handover.h"
#include "janus/idl/client.h"
#include "janus/idl/personality.h"
#include "janus/idl/supervisor.h"
#include "janus/object.h"
#include "janus/runtime.h"

#define HAND_OVER_PATIENCE_NS 5000000ull

jn_status_t backend_process_create(cap_t parent, uint32_t flags, uint64_t cookie, uint64_t *pid,
                                   cap_t *task)
{
    return task_create(parent, flags, cookie, pid, task);
}

jn_status_t backend_process_prepare(cap_t task, cap_t *kernel_task, cap_t *pool)
{
    return task_prepare(task, kernel_task, pool);
}

jn_status_t backend_process_commit(cap_t task, uint32_t personality)
{
    return task_commit(task, personality);
}

void backend_process_abandon(cap_t task)
{
    jn_status_t status = task_abandon(task);
    if (status != JN_OK)
        jn_log(JN_LOG_WARNING, "backend: an unused Task stays: %s", jn_status_text(status));
}

jn_status_t backend_process_fund(cap_t task, uint64_t frames, uint64_t *got)
{
    return task_fund(task, frames, got);
}

jn_status_t backend_process_share_task(cap_t task, cap_t parent)
{
    return task_share_task(task, parent);
}

jn_status_t backend_process_set_cookie(cap_t task, uint64_t cookie)
{
    return task_set_cookie(task, cookie);
}

jn_status_t backend_process_exit(cap_t task, uint32_t kind, uint32_t code)
{
    return task_exit(task, kind, code);
}

jn_status_t backend_process_take_signal(cap_t task, uint64_t accept, uint32_t *number,
                                        struct task_siginfo *info, uint64_t *pending)
{
    return task_take_signal(task, accept, number, info, pending);
}

jn_status_t backend_process_signal(cap_t task, int64_t pid, uint32_t number,
                                   const struct task_siginfo *info)
{
    /* The sender may be who gets it, and looks at its ring before the call is over. */
    if (backend_ring_missing)
        (void)backend_ring_missing(BACKEND_TASK, task);
    return task_signal(task, pid, number, 0, info);
}

jn_status_t backend_process_signal_thread(cap_t task, uint64_t pid, uint64_t tid, uint32_t number,
                                          const struct task_siginfo *info)
{
    return task_signal_thread(task, pid, tid, number, info);
}

jn_status_t backend_process_take_thread_signal(cap_t task, uint64_t *tid, uint32_t *number,
                                               struct task_siginfo *info)
{
    return task_take_thread_signal(task, tid, number, info);
}

jn_status_t backend_process_stopped(cap_t task, uint32_t number)
{
    return task_stopped(task, number);
}

jn_status_t backend_process_continued(cap_t task)
{
    return task_continued(task);
}

jn_status_t backend_process_wait(cap_t task, int64_t which, uint32_t options, uint64_t cookie,
                                 struct backend_wait_result *result)
{
    return BACKEND_ARMED(BACKEND_TASK, task, cookie,
                         task_wait(task, which, options, cookie, &result->pid, &result->kind,
                                   &result->code, &result->uid, &result->usage));
}

void backend_process_disarm(cap_t task, uint64_t cookie)
{
    jn_status_t status = task_disarm(task, cookie);
    if (status != JN_OK)
        jn_log(JN_LOG_WARNING, "backend: disarm of a wait: %s", jn_status_text(status));
}

jn_status_t backend_process_ids(cap_t task, uint64_t pid, struct backend_ids *ids)
{
    return task_ids(task, pid, &ids->pid, &ids->parent, &ids->group, &ids->session, &ids->uid,
                    &ids->gid, &ids->flags);
}

jn_status_t backend_process_set_group(cap_t task, uint64_t pid, uint64_t group)
{
    return task_set_group(task, pid, group);
}

jn_status_t backend_process_nice(cap_t task, uint32_t which, uint64_t who, int32_t *nice)
{
    return task_nice(task, which, who, nice);
}

jn_status_t backend_process_set_nice(cap_t task, uint32_t which, uint64_t who, int32_t nice)
{
    return task_set_nice(task, which, who, nice);
}

jn_status_t backend_process_set_death_signal(cap_t task, uint32_t number)
{
    return task_set_death_signal(task, number);
}

jn_status_t backend_process_death_signal(cap_t task, uint32_t *number)
{
    return task_death_signal(task, number);
}

jn_status_t backend_process_set_subreaper(cap_t task, bool on)
{
    return task_set_subreaper(task, on);
}

jn_status_t backend_process_subreaper(cap_t task, uint32_t *on)
{
    return task_subreaper(task, on);
}

jn_status_t backend_process_set_session(cap_t task, uint64_t *session)
{
    return task_set_session(task, session);
}

jn_status_t backend_process_credentials(cap_t task, struct task_credentials *out)
{
    return task_credentials(task, out);
}

jn_status_t backend_process_set_credentials(const struct backend_clients *clients,
                                            const struct task_credentials *in)
{
    jn_status_t status = task_set_credentials(clients->task, in);
    return status == JN_OK ? client_use_credentials(clients->fs, clients->task) : status;
}

jn_status_t backend_process_set_info(cap_t task, uint32_t field, const void *data, size_t length)
{
    return task_set_info(task, field, length, jn_window(data, length));
}

jn_status_t backend_process_get_info(cap_t task, uint64_t pid, uint32_t field, void *data,
                                     size_t capacity, size_t *length)
{
    return task_get_info(task, pid, field, capacity, jn_window(data, capacity), length);
}

jn_status_t backend_process_status(cap_t task, uint64_t pid, struct task_status *status)
{
    return task_status(task, pid, status);
}

jn_status_t backend_process_next(cap_t task, uint64_t from, struct task_status *status)
{
    return task_next(task, from, status);
}

jn_status_t backend_process_new_thread_id(cap_t task, uint32_t align, uint64_t *tid)
{
    return task_new_thread_id(task, align, tid);
}

void backend_process_free_thread_id(cap_t task, uint64_t tid)
{
    jn_status_t status = task ? task_free_thread_id(task, tid) : JN_OK;
    if (status != JN_OK && status != JN_NO_PROCESS)
        jn_log(JN_LOG_WARNING, "backend: thread id %lu stays: %s", (unsigned long)tid,
               jn_status_text(status));
}

jn_status_t backend_process_report_usage(cap_t task, uint64_t user_ns, uint64_t system_ns,
                                         uint64_t pages)
{
    return task_set_alarm_usage(task, user_ns, system_ns, pages);
}

const char *backend_programs;

bool backend_process_personality_of(const void *head, size_t length, char *server,
                                    size_t capacity)
{
    char setting[256];
    size_t setting_length;

    if (capacity < 5)
        return false;
    memcpy(server, "svc/", 4);
    if (backend_programs)
        return handover_program_of(backend_programs, strlen(backend_programs), head, length,
                                   server + 4, capacity - 4);
    if (supervisor_setting(JN_CAP_SUPERVISOR, "programs", 8, setting, sizeof setting,
                           &setting_length) != JN_OK)
        return false;
    return handover_program_of(setting, setting_length, head, length, server + 4, capacity - 4);
}

jn_status_t backend_process_post(cap_t task, uint64_t pid, uint64_t cookie, const void *data,
                                 size_t length, uint64_t *id)
{
    return BACKEND_ARMED(BACKEND_TASK, task, cookie,
                         task_post(task, pid, cookie, length, jn_window(data, length), id));
}

jn_status_t backend_process_collect(cap_t task, uint64_t id)
{
    uint64_t length;
    return task_collect(task, id, 0, jn_window(NULL, 0), &length);
}

void backend_process_withdraw(cap_t task, uint64_t id)
{
    jn_status_t status = task_withdraw(task, id);
    if (status != JN_OK && status != JN_NOT_FOUND)
        jn_log(JN_LOG_WARNING, "backend: a request stays: %s", jn_status_text(status));
}

jn_status_t backend_process_next_request(cap_t task, void *data, size_t capacity, uint64_t *id,
                                         uint64_t *length)
{
    uint64_t from;
    return task_next_request(task, capacity, jn_window(data, capacity), id, &from, length);
}

jn_status_t backend_process_answer(cap_t task, uint64_t id)
{
    return task_answer(task, id, 0, jn_window(NULL, 0));
}

jn_status_t backend_process_hand_over(const char *personality, const void *record, size_t length,
                                      const struct backend_clients *clients)
{
    cap_t server;
    jn_status_t status = jn_name_lookup(personality, &server);
    if (status != JN_OK)
        return JN_NO_SERVICE;
    /* Two personalities that hand over to each other at once must not wait for each other: who calls
     * svc/win32 turns back, who calls svc/posix waits. */
    if (!strcmp(personality, "svc/win32"))
        jn_message_set_send_deadline(jn_time_monotonic() + HAND_OVER_PATIENCE_NS);
    status = personality_take(server, length, clients->task, clients->pager, clients->fs,
                              clients->console, clients->object, jn_window(record, length));
    jn_message_set_send_deadline(0);
    backend_cap_drop(server);
    if (status == JN_OK) {
        struct backend_clients mine = *clients;
        backend_clients_drop(&mine); /* the taker has its own copies */
    }
    return status;
}

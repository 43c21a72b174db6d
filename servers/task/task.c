/* Interface task: the operations, each a few checks before the file that does the work. */
#include <stdlib.h>
#include <string.h>

#include "janus/object.h"
#include "janus/runtime.h"
#include "janus/server.h"
#include "job.h"

/* Kernel frames of one process, for page tables and threads: a quarter of what bootstrap lets all have
 * together, so that none takes from the others what they need to fork. */
static uint64_t fund_limit(void)
{
    return jn_info()->ram_bytes / 4096 / 16;
}

/* The calling process; an ended one has nothing to ask for. */
static struct process *caller(struct jn_call *call)
{
    struct process *process = client_process(call->label);
    return process && process->pid && process->state < PROCESS_ZOMBIE ? process : NULL;
}

/* Those who may look at any process: processes, supervisors, the administrative capability. */
static struct process *asker(struct jn_call *call)
{
    if (call->label == JN_LABEL_ADMIN)
        return &init_process;
    return client_process(call->label);
}

static jn_status_t op_create(struct jn_call *call, uint32_t flags, uint64_t cookie, uint64_t *pid,
                             cap_t *client)
{
    struct process *parent = call->label == JN_LABEL_ADMIN ? &init_process : caller(call), *child;
    if (!parent)
        return JN_NO_PROCESS;
    if (flags & ~(uint32_t)(TASK_FORK | TASK_BREAKAWAY))
        return JN_BAD_ARG;
    jn_status_t status = process_create(parent, flags, &child);
    if (status != JN_OK)
        return status;
    child->cookie = cookie;
    status = client_mint(child, client);
    if (status != JN_OK) {
        child->state = PROCESS_ZOMBIE;
        job_process_ended(child);
        process_count--;
        process_reap(child);
        return status;
    }
    *pid = child->pid;
    return JN_OK;
}

static jn_status_t op_prepare(struct jn_call *call, cap_t *task, cap_t *pool)
{
    struct process *process = caller(call);
    if (!process)
        return JN_NO_PROCESS;
    jn_status_t status = process_prepare(process);
    if (status == JN_OK) {
        *task = process->new_task;
        *pool = process->new_pool;
    }
    return status;
}

static jn_status_t op_commit(struct jn_call *call, uint32_t personality)
{
    struct process *process = caller(call);
    if (!process)
        return JN_NO_PROCESS;
    jn_status_t status = process_commit(process);
    if (status == JN_OK)
        process->personality = personality;
    return status;
}

static jn_status_t op_start(struct jn_call *call, uint32_t personality, cap_t thread)
{
    jn_status_t status = op_commit(call, personality);
    if (status == JN_OK)
        status = jn_thread_resume(thread);
    jn_cap_delete(thread);
    return status;
}

static jn_status_t op_abandon(struct jn_call *call)
{
    struct process *process = caller(call);
    if (!process)
        return JN_NO_PROCESS;
    process_abandon(process);
    return JN_OK;
}

static jn_status_t op_fund(struct jn_call *call, uint64_t frames, uint64_t *funded)
{
    struct process *process = caller(call);
    if (!process)
        return JN_NO_PROCESS;
    cap_t pool = process->new_pool != JN_CAP_NULL ? process->new_pool : process->pool;
    if (pool == JN_CAP_NULL)
        return JN_BUSY;
    uint64_t most = fund_limit();
    if (!frames || frames > most || process->funded + frames > most)
        return JN_QUOTA;
    jn_status_t status = jn_pool_fund(JN_CAP_POOL, pool, (int64_t)frames);
    if (status == JN_NO_MEMORY && kernel_memory_more(frames))
        status = jn_pool_fund(JN_CAP_POOL, pool, (int64_t)frames);
    if (status != JN_OK)
        return status;
    process->funded += frames;
    *funded = frames;
    return JN_OK;
}

static jn_status_t op_exit(struct jn_call *call, uint32_t kind, uint32_t code)
{
    struct process *process = caller(call);
    if (!process)
        return JN_NO_PROCESS;
    if (kind != TASK_EXITED && kind != TASK_SIGNALLED)
        return JN_BAD_ARG;
    process_end(process, kind, code);
    return JN_OK;
}

static jn_status_t op_share_task(struct jn_call *call, cap_t parent)
{
    struct process *process = caller(call), *other;
    jn_status_t status = client_identify(parent, &other);
    if (status != JN_OK)
        return status;
    if (!process)
        return JN_NO_PROCESS;
    /* Nothing is held here: until its exec the process has no kernel task of its own, and what ends
     * its threads is its personality. */
    if (process->parent != other)
        return JN_NOT_PERMITTED;
    process->shares_task = true;
    return JN_OK;
}

static jn_status_t op_set_cookie(struct jn_call *call, uint64_t cookie)
{
    struct process *process = client_process(call->label);
    if (!process)
        return JN_NO_PROCESS;
    uint32_t due = process->events;
    if (process->pending_mask)
        due |= TASK_EVENT_SIGNAL;
    if (!list_empty(&process->thread_queue))
        due |= TASK_EVENT_THREAD_SIGNAL;
    process->cookie = cookie;
    process->events = 0;
    if (due)
        process_post(process, due);
    return JN_OK;
}

static jn_status_t op_take_signal(struct jn_call *call, uint64_t accept, uint32_t *number,
                                  struct task_siginfo *info, uint64_t *pending)
{
    struct process *process = caller(call);
    if (!process)
        return JN_NO_PROCESS;
    signal_take(process, accept, info);
    *number = (uint32_t)info->number;
    *pending = process->pending_mask;
    return JN_OK;
}

static jn_status_t op_signal(struct jn_call *call, int64_t pid, uint32_t number, uint32_t flags,
                             const struct task_siginfo *info)
{
    bool kernel = flags & TASK_SIGNAL_FROM_KERNEL;
    struct process *process = kernel ? &init_process : asker(call);
    if (kernel && call->label != JN_LABEL_ADMIN)
        return JN_NO_RIGHT;
    if (!process)
        return JN_NO_PROCESS;
    return signal_send(process, pid, number, kernel || call->label == JN_LABEL_ADMIN, info);
}

static jn_status_t op_signal_thread(struct jn_call *call, uint64_t pid, uint64_t tid,
                                    uint32_t number, const struct task_siginfo *info)
{
    struct process *process = asker(call);
    if (!process)
        return JN_NO_PROCESS;
    return signal_send_thread(process, pid, tid, number, call->label == JN_LABEL_ADMIN, info);
}

static jn_status_t op_take_thread_signal(struct jn_call *call, uint64_t *tid, uint32_t *number,
                                         struct task_siginfo *info)
{
    struct process *process = caller(call);
    if (!process)
        return JN_NO_PROCESS;
    signal_take_thread(process, tid, info);
    *number = (uint32_t)info->number;
    return JN_OK;
}

static jn_status_t op_stopped(struct jn_call *call, uint32_t number)
{
    struct process *process = caller(call);
    if (!process)
        return JN_NO_PROCESS;
    process->state = PROCESS_STOPPED;
    wait_report_change(process, TASK_STOPPED, number);
    return JN_OK;
}

static jn_status_t op_continued(struct jn_call *call)
{
    struct process *process = caller(call);
    if (!process)
        return JN_NO_PROCESS;
    if (process->state != PROCESS_STOPPED)
        return JN_OK;
    process->state = PROCESS_ALIVE;
    wait_report_change(process, TASK_CONTINUED, 18);
    return JN_OK;
}

static jn_status_t op_wait(struct jn_call *call, int64_t which, uint32_t options, uint64_t cookie,
                           uint64_t *pid, uint32_t *kind, uint32_t *code, uint32_t *uid,
                           struct task_usage *usage)
{
    struct process *process = caller(call);
    if (!process)
        return JN_NO_PROCESS;
    return wait_child(process, which, options, cookie, pid, kind, code, uid, usage);
}

static jn_status_t op_watch(struct jn_call *call, uint64_t pid, uint64_t cookie, uint32_t *kind,
                            uint32_t *code)
{
    struct process *process = client_process(call->label);
    if (!process)
        return JN_NO_PROCESS;
    return wait_watch(process, pid, cookie, kind, code);
}

static jn_status_t op_disarm(struct jn_call *call, uint64_t cookie)
{
    struct process *process = client_process(call->label);
    if (!process)
        return JN_NO_PROCESS;
    wait_disarm(process, cookie);
    return JN_OK;
}

static jn_status_t op_ids(struct jn_call *call, uint64_t pid, uint64_t *own, uint64_t *parent,
                          uint64_t *group, uint64_t *session, uint32_t *uid, uint32_t *gid,
                          uint32_t *flags)
{
    struct process *process = asker(call);
    if (process && pid)
        process = process_find(pid);
    if (!process)
        return JN_NO_PROCESS;
    *own = process->pid;
    *parent = process->parent ? process->parent->pid : 0;
    *group = process->group->id;
    *session = process->group->session->id;
    *uid = process->credentials.euid;
    *gid = process->credentials.egid;
    *flags = group_orphaned(process->group) ? TASK_IDS_ORPHANED : 0;
    return JN_OK;
}

static jn_status_t op_set_group(struct jn_call *call, uint64_t pid, uint64_t group)
{
    struct process *process = caller(call);
    return process ? group_set(process, pid, group) : JN_NO_PROCESS;
}

static jn_status_t op_nice(struct jn_call *call, uint32_t which, uint64_t who, int32_t *nice)
{
    struct process *process = asker(call);
    return process ? nice_get(process, which, who, nice) : JN_NO_PROCESS;
}

static jn_status_t op_set_nice(struct jn_call *call, uint32_t which, uint64_t who, int32_t nice)
{
    struct process *process = caller(call);
    return process ? nice_set(process, which, who, nice) : JN_NO_PROCESS;
}

static jn_status_t op_set_death_signal(struct jn_call *call, uint32_t number)
{
    struct process *process = caller(call);
    if (!process)
        return JN_NO_PROCESS;
    if (number > SIGNALS)
        return JN_BAD_ARG;
    process->death_signal = number;
    return JN_OK;
}

static jn_status_t op_death_signal(struct jn_call *call, uint32_t *number)
{
    struct process *process = caller(call);
    if (!process)
        return JN_NO_PROCESS;
    *number = process->death_signal;
    return JN_OK;
}

static jn_status_t op_set_subreaper(struct jn_call *call, uint32_t on)
{
    struct process *process = caller(call);
    if (!process)
        return JN_NO_PROCESS;
    process->subreaper = on;
    return JN_OK;
}

static jn_status_t op_subreaper(struct jn_call *call, uint32_t *on)
{
    struct process *process = caller(call);
    if (!process)
        return JN_NO_PROCESS;
    *on = process->subreaper;
    return JN_OK;
}

static jn_status_t op_set_session(struct jn_call *call, uint64_t *session)
{
    struct process *process = caller(call);
    return process ? session_set(process, session) : JN_NO_PROCESS;
}

static jn_status_t op_credentials(struct jn_call *call, struct task_credentials *credentials)
{
    struct process *process = caller(call);
    if (!process)
        return JN_NO_PROCESS;
    *credentials = process->credentials;
    return JN_OK;
}

/* setresuid(2): an unprivileged process chooses among the three ids that it has. */
static bool id_allowed(uint32_t id, uint32_t real, uint32_t effective, uint32_t saved)
{
    return id == real || id == effective || id == saved;
}

static jn_status_t op_set_credentials(struct jn_call *call, const struct task_credentials *wanted)
{
    struct process *process = caller(call);
    if (!process)
        return JN_NO_PROCESS;
    const struct task_credentials *have = &process->credentials;
    if (wanted->group_count > sizeof wanted->groups / sizeof *wanted->groups)
        return JN_BAD_ARG;
    if (have->euid) {
        const uint32_t users[] = {wanted->uid, wanted->euid, wanted->suid};
        const uint32_t groups[] = {wanted->gid, wanted->egid, wanted->sgid};
        for (size_t i = 0; i < 3; i++)
            if (!id_allowed(users[i], have->uid, have->euid, have->suid) ||
                !id_allowed(groups[i], have->gid, have->egid, have->sgid))
                return JN_NOT_PERMITTED;
        if ((wanted->fsuid != have->fsuid &&
             !id_allowed(wanted->fsuid, have->uid, have->euid, have->suid)) ||
            (wanted->fsgid != have->fsgid &&
             !id_allowed(wanted->fsgid, have->gid, have->egid, have->sgid)))
            return JN_NOT_PERMITTED;
        if (wanted->group_count != have->group_count ||
            memcmp(wanted->groups, have->groups, have->group_count * sizeof *have->groups))
            return JN_NOT_PERMITTED;
    }
    process->credentials = *wanted;
    return JN_OK;
}

static jn_status_t op_set_info(struct jn_call *call, uint32_t field, uint64_t length)
{
    struct process *process = caller(call);
    return process ? info_set(call, process, field, length) : JN_NO_PROCESS;
}

static jn_status_t op_get_info(struct jn_call *call, uint64_t pid, uint32_t field,
                               uint64_t capacity, uint64_t *length)
{
    struct process *process = asker(call) ? process_find(pid) : NULL;
    return process ? info_get(call, process, field, capacity, length) : JN_NO_PROCESS;
}

static jn_status_t op_next(struct jn_call *call, uint64_t from, struct task_status *status)
{
    if (!asker(call))
        return JN_NO_PROCESS;
    struct process *process = process_next(from);
    if (!process)
        return JN_NOT_FOUND;
    info_status(process, status);
    return JN_OK;
}

static jn_status_t op_status(struct jn_call *call, uint64_t pid, struct task_status *status)
{
    struct process *process = asker(call);
    if (process && pid)
        process = process_find(pid);
    if (!process || !process->pid)
        return JN_NO_PROCESS;
    info_status(process, status);
    return JN_OK;
}

static jn_status_t op_new_thread_id(struct jn_call *call, uint32_t align, uint64_t *tid)
{
    (void)align; /* every id is a multiple of four */
    struct process *process = caller(call);
    return process ? thread_id_allocate(process, tid) : JN_NO_PROCESS;
}

static jn_status_t op_free_thread_id(struct jn_call *call, uint64_t tid)
{
    struct process *process = client_process(call->label);
    return process ? thread_id_free(process, tid) : JN_NO_PROCESS;
}

static jn_status_t op_set_alarm_usage(struct jn_call *call, uint64_t user_ns, uint64_t system_ns,
                                      uint64_t resident_pages)
{
    struct process *process = caller(call);
    if (!process)
        return JN_NO_PROCESS;
    process->user_ns = user_ns;
    process->system_ns = system_ns;
    process->resident_pages = resident_pages;
    return JN_OK;
}

static jn_status_t op_identify(struct jn_call *call, cap_t client, uint64_t *pid)
{
    struct process *process;
    (void)call;
    jn_status_t status = client_identify(client, &process);
    if (status == JN_OK)
        *pid = process->pid;
    return status;
}

static jn_status_t op_open_process(struct jn_call *call, uint64_t pid, uint32_t rights, cap_t *task)
{
    struct process *process = asker(call), *target = process_find(pid);
    if (!process || !target || target->task == JN_CAP_NULL)
        return JN_NO_PROCESS;
    const struct task_credentials *from = &process->credentials;
    if (from->euid && from->euid != target->credentials.uid)
        return JN_NOT_PERMITTED;
    /* The answer shares the capability: a copy with fewer rights goes with it. */
    static cap_t given;
    jn_cap_delete(given);
    given = JN_CAP_NULL;
    jn_status_t status = jn_cap_copy(target->task, rights & JN_RIGHT_ALL, &given);
    *task = given;
    return status;
}

static jn_status_t op_subscribe(struct jn_call *call, cap_t signal, uint64_t bits)
{
    if (call->label != JN_LABEL_ADMIN) {
        jn_cap_delete(signal);
        return JN_NO_RIGHT;
    }
    hangup_subscribe(signal, bits);
    return JN_OK;
}

static jn_status_t op_next_hangup(struct jn_call *call, uint64_t *session, uint64_t *leader,
                                  uint64_t *foreground)
{
    (void)foreground; /* servers/console knows it */
    return call->label == JN_LABEL_ADMIN ? hangup_next(session, leader) : JN_NO_RIGHT;
}

static jn_status_t op_post(struct jn_call *call, uint64_t pid, uint64_t cookie, uint64_t length,
                           uint64_t *id)
{
    struct process *process = caller(call);
    return process ? request_post(call, process, pid, cookie, length, id) : JN_NO_PROCESS;
}

static jn_status_t op_next_request(struct jn_call *call, uint64_t capacity, uint64_t *id,
                                   uint64_t *from, uint64_t *length)
{
    struct process *process = caller(call);
    return process ? request_next(call, process, capacity, id, from, length) : JN_NO_PROCESS;
}

static jn_status_t op_answer(struct jn_call *call, uint64_t id, uint64_t length)
{
    struct process *process = caller(call);
    return process ? request_answer(call, process, id, length) : JN_NO_PROCESS;
}

static jn_status_t op_collect(struct jn_call *call, uint64_t id, uint64_t capacity,
                              uint64_t *length)
{
    struct process *process = caller(call);
    return process ? request_collect(call, process, id, capacity, length) : JN_NO_PROCESS;
}

static jn_status_t op_withdraw(struct jn_call *call, uint64_t id)
{
    struct process *process = caller(call);
    return process ? request_withdraw(process, id) : JN_NO_PROCESS;
}

static jn_status_t op_terminate(struct jn_call *call, uint64_t pid, uint32_t code)
{
    struct process *process = caller(call), *target = process_find(pid);
    if (!process || !target || target == &init_process || target->state >= PROCESS_ZOMBIE)
        return JN_NO_PROCESS;
    if (!signal_allowed(process, target))
        return JN_NOT_PERMITTED;
    process_end(target, TASK_EXITED, code);
    process_post(target, TASK_EVENT_KILLED);
    return JN_OK;
}

static jn_status_t op_thread_owner(struct jn_call *call, uint64_t tid, uint64_t *pid)
{
    struct process *process = asker(call) ? thread_owner(tid) : NULL;
    if (!process || process->state >= PROCESS_ZOMBIE)
        return JN_NO_PROCESS;
    *pid = process->pid;
    return JN_OK;
}

static jn_status_t op_job_create(struct jn_call *call, uint64_t *job)
{
    struct process *process = caller(call);
    return process ? job_create(process, job) : JN_NO_PROCESS;
}

static jn_status_t op_job_open(struct jn_call *call, uint64_t token, uint64_t *job)
{
    struct process *process = caller(call);
    return process ? job_open(process, token, job) : JN_NO_PROCESS;
}

static jn_status_t op_job_close(struct jn_call *call, uint64_t job)
{
    struct process *process = caller(call);
    return process ? job_close(process, job) : JN_NO_PROCESS;
}

static jn_status_t op_job_offer(struct jn_call *call, uint64_t job, uint64_t *token)
{
    struct process *process = caller(call);
    return process ? job_offer(process, job, token) : JN_NO_PROCESS;
}

static jn_status_t op_job_assign(struct jn_call *call, uint64_t job, uint64_t pid)
{
    struct process *process = caller(call);
    return process ? job_assign(process, job, pid) : JN_NO_PROCESS;
}

static jn_status_t op_job_limit(struct jn_call *call, uint64_t job, uint32_t limits,
                                uint32_t processes, const char *data, size_t length)
{
    struct process *process = caller(call);
    return process ? job_limit(process, job, limits, processes, data, length) : JN_NO_PROCESS;
}

static jn_status_t op_job_terminate(struct jn_call *call, uint64_t job, uint32_t code)
{
    struct process *process = caller(call);
    return process ? job_terminate(process, job, code) : JN_NO_PROCESS;
}

static jn_status_t op_job_query(struct jn_call *call, uint64_t job, uint64_t capacity,
                                struct task_job *info, char *data, size_t *length)
{
    struct process *process = caller(call);
    return process ? job_query(call, process, job, capacity, info, data, length) : JN_NO_PROCESS;
}

static jn_status_t op_job_contains(struct jn_call *call, uint64_t job, uint64_t pid, uint32_t *is)
{
    struct process *process = caller(call);
    return process ? job_contains(process, job, pid, is) : JN_NO_PROCESS;
}

static jn_status_t op_job_next(struct jn_call *call, uint64_t job, uint64_t cookie,
                               uint32_t *message, uint64_t *pid)
{
    struct process *process = caller(call);
    return process ? job_next(process, job, cookie, message, pid) : JN_NO_PROCESS;
}

static jn_status_t op_job_wait(struct jn_call *call, uint64_t job, uint64_t cookie)
{
    struct process *process = caller(call);
    return process ? job_wait(process, job, cookie) : JN_NO_PROCESS;
}

const struct task_ops task_operations = {
    .create = op_create,
    .prepare = op_prepare,
    .commit = op_commit,
    .start = op_start,
    .abandon = op_abandon,
    .fund = op_fund,
    .exit = op_exit,
    .share_task = op_share_task,
    .set_cookie = op_set_cookie,
    .take_signal = op_take_signal,
    .signal = op_signal,
    .signal_thread = op_signal_thread,
    .take_thread_signal = op_take_thread_signal,
    .stopped = op_stopped,
    .continued = op_continued,
    .wait = op_wait,
    .watch = op_watch,
    .ids = op_ids,
    .set_group = op_set_group,
    .set_session = op_set_session,
    .credentials = op_credentials,
    .set_credentials = op_set_credentials,
    .set_info = op_set_info,
    .get_info = op_get_info,
    .next = op_next,
    .status = op_status,
    .new_thread_id = op_new_thread_id,
    .free_thread_id = op_free_thread_id,
    .set_alarm_usage = op_set_alarm_usage,
    .identify = op_identify,
    .open_process = op_open_process,
    .subscribe = op_subscribe,
    .next_hangup = op_next_hangup,
    .disarm = op_disarm,
    .post = op_post,
    .next_request = op_next_request,
    .answer = op_answer,
    .collect = op_collect,
    .withdraw = op_withdraw,
    .terminate = op_terminate,
    .thread_owner = op_thread_owner,
    .job_create = op_job_create,
    .job_open = op_job_open,
    .job_close = op_job_close,
    .job_offer = op_job_offer,
    .job_assign = op_job_assign,
    .job_limit = op_job_limit,
    .job_terminate = op_job_terminate,
    .job_query = op_job_query,
    .job_contains = op_job_contains,
    .job_next = op_job_next,
    .job_wait = op_job_wait,
    .nice = op_nice,
    .set_nice = op_set_nice,
    .set_death_signal = op_set_death_signal,
    .death_signal = op_death_signal,
    .set_subreaper = op_set_subreaper,
    .subreaper = op_subreaper,
};

/* Jobs.
 *
 * A job lives as long as somebody holds a number of it, a process is in it, or another job is inside it.
 * Ending its processes is put off until job_run: a process that ends may hold jobs whose processes hold
 * jobs. */
#include "job.h"

#include <stdlib.h>
#include <string.h>

#include "janus/offers.h"
#include "janus/server.h"

#define MESSAGES_MOST 4096 /* who does not ask for them loses the newest */
#define HELD_MOST 4096     /* numbers of one process */

struct message {
    struct list link;
    uint32_t kind;
    uint64_t pid;
};

struct job {
    uint32_t references; /* numbers, members, jobs inside, and job_run's list */
    uint32_t numbers;
    struct job *parent;             /* around it */
    struct list inside, sibling;    /* jobs */
    struct list members;            /* struct process.job_link: not those of jobs inside */
    uint32_t active, total, killed; /* with those of jobs inside */
    uint64_t ended_ns;              /* processor time of those that have ended */
    uint32_t limits, process_limit;
    uint8_t data[TASK_JOB_DATA];
    size_t data_length;
    uint64_t token;
    bool listening; /* somebody asked for messages */
    bool emptied;   /* was terminated, and its last process has gone */
    bool terminating;
    struct list messages, waiters;
    uint32_t message_count;
    struct list dying; /* in `dying_jobs` */
    uint32_t code;     /* that they end with */
};

struct job_number {
    struct list link; /* process->jobs */
    struct job *job;
    uint64_t number;
};

static struct jn_offers offers;
static struct list dying_jobs = {&dying_jobs, &dying_jobs};
static uint64_t next_number = 1;

static void job_put(struct job *job)
{
    while (job && !--job->references) {
        struct job *parent = job->parent;
        list_for_each_safe(at, &job->messages) {
            list_remove(at);
            free(list_entry(at, struct message, link));
        }
        wait_wake_list(&job->waiters);
        if (job->token)
            jn_offers_remove(&offers, job->token);
        list_remove(&job->sibling);
        free(job);
        job = parent;
    }
}

static struct job_number *find(struct process *process, uint64_t number)
{
    list_for_each(at, &process->jobs)
        if (list_entry(at, struct job_number, link)->number == number)
            return list_entry(at, struct job_number, link);
    return NULL;
}

static struct job *held(struct process *process, uint64_t number)
{
    struct job_number *held = find(process, number);
    return held ? held->job : NULL;
}

static void tell(struct job *job, uint32_t kind, uint64_t pid)
{
    struct message *message;
    if (!job->listening || job->message_count >= MESSAGES_MOST ||
        !(message = malloc(sizeof *message)))
        return;
    message->kind = kind;
    message->pid = pid;
    list_append(&job->messages, &message->link);
    job->message_count++;
    wait_wake_list(&job->waiters);
}

static void kill_all(struct job *job, uint32_t code)
{
    job->terminating = true;
    job->code = code;
    if (!list_empty(&job->dying))
        return;
    job->references++;
    list_append(&dying_jobs, &job->dying);
}

/* A member of the job or of one inside it; NULL: none. */
static struct process *any_member(struct job *job)
{
    if (!list_empty(&job->members))
        return list_entry(job->members.next, struct process, job_link);
    list_for_each(at, &job->inside) {
        struct process *process = any_member(list_entry(at, struct job, sibling));
        if (process)
            return process;
    }
    return NULL;
}

void job_run(void)
{
    static bool running;
    if (running)
        return;
    running = true;
    while (!list_empty(&dying_jobs)) {
        struct job *job = list_entry(dying_jobs.next, struct job, dying);
        struct process *process;
        while ((process = any_member(job))) {
            for (struct job *at = process->job; at; at = at == job ? NULL : at->parent)
                at->killed++;
            process_post(process, TASK_EVENT_KILLED);
            process_end(process, TASK_EXITED, job->code);
        }
        job->terminating = false;
        list_remove(&job->dying);
        job_put(job);
    }
    running = false;
}

/* ---- members ---- */

jn_status_t job_admit(struct process *parent, bool breakaway, struct job **job)
{
    struct job *at = parent->job;
    *job = NULL;
    if (at && breakaway && !(at->limits & (TASK_JOB_BREAKAWAY | TASK_JOB_SILENT_BREAKAWAY)))
        return JN_NOT_PERMITTED;
    while (at && ((at->limits & TASK_JOB_SILENT_BREAKAWAY) ||
                  (breakaway && (at->limits & TASK_JOB_BREAKAWAY))))
        at = at->parent;
    *job = at;
    for (; at; at = at->parent)
        if ((at->limits & TASK_JOB_ACTIVE_PROCESS) && at->active >= at->process_limit) {
            tell(at, TASK_JOB_MESSAGE_LIMIT, 0);
            return JN_QUOTA;
        }
    return JN_OK;
}

/* `common`: the job around it that it belongs to already. */
static void join(struct process *process, struct job *job, struct job *common)
{
    process->job = job;
    job->references++;
    list_append(&job->members, &process->job_link);
    for (struct job *at = job; at != common; at = at->parent) {
        at->active++;
        at->total++;
        tell(at, TASK_JOB_MESSAGE_NEW, process->pid);
    }
}

void job_join(struct process *process, struct job *job)
{
    if (job)
        join(process, job, NULL);
}

static void leave(struct process *process)
{
    struct job *job = process->job;
    bool abnormal = process->exit_kind == TASK_SIGNALLED || process->exit_code >= 0xc0000000u;
    for (struct job *at = job; at; at = at->parent) {
        at->active--;
        at->ended_ns += process->last_cpu_ns;
        tell(at, abnormal ? TASK_JOB_MESSAGE_ABNORMAL : TASK_JOB_MESSAGE_EXIT, process->pid);
        if (at->active)
            continue;
        tell(at, TASK_JOB_MESSAGE_ZERO, 0);
        if (at->terminating && !at->emptied) {
            at->emptied = true;
            wait_wake_list(&at->waiters);
        }
    }
    list_remove(&process->job_link);
    process->job = NULL;
    job_put(job);
}

/* ---- numbers ---- */

static jn_status_t give(struct process *process, struct job *job, uint64_t *number)
{
    struct job_number *held;
    if (process->jobs_held >= HELD_MOST)
        return JN_TOO_MANY;
    held = malloc(sizeof *held);
    if (!held)
        return JN_NO_MEMORY;
    held->job = job;
    held->number = *number = next_number++;
    list_append(&process->jobs, &held->link);
    process->jobs_held++;
    job->references++;
    job->numbers++;
    return JN_OK;
}

static void drop(struct process *process, struct job_number *held)
{
    struct job *job = held->job;
    list_remove(&held->link);
    process->jobs_held--;
    free(held);
    if (!--job->numbers && (job->limits & TASK_JOB_KILL_ON_CLOSE))
        kill_all(job, 0);
    job_put(job);
}

void job_process_ended(struct process *process)
{
    if (process->job)
        leave(process);
    list_for_each_safe(at, &process->jobs)
        drop(process, list_entry(at, struct job_number, link));
}

jn_status_t job_create(struct process *process, uint64_t *number)
{
    struct job *job = calloc(1, sizeof *job);
    if (!job)
        return JN_NO_MEMORY;
    struct list *lists[] = {&job->inside, &job->sibling, &job->members, &job->messages,
                            &job->waiters, &job->dying};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        list_init(lists[i]);
    job->references = 1;
    jn_status_t status = give(process, job, number);
    job_put(job);
    return status;
}

jn_status_t job_open(struct process *process, uint64_t token, uint64_t *number)
{
    struct jn_offer *offer = jn_offers_find(&offers, token);
    return offer ? give(process, offer->thing, number) : JN_NOT_FOUND;
}

jn_status_t job_close(struct process *process, uint64_t number)
{
    struct job_number *held = find(process, number);
    if (!held)
        return JN_BAD_HANDLE;
    drop(process, held);
    job_run();
    return JN_OK;
}

jn_status_t job_offer(struct process *process, uint64_t number, uint64_t *token)
{
    struct job *job = held(process, number);
    if (!job)
        return JN_BAD_HANDLE;
    if (!job->token) {
        jn_status_t status = jn_offers_add(&offers, job, NULL, &job->token);
        if (status != JN_OK)
            return status;
    }
    *token = job->token;
    return JN_OK;
}

/* ---- what is done to jobs ---- */

static bool is_around(const struct job *outer, const struct job *job)
{
    while (job && job != outer)
        job = job->parent;
    return job != NULL;
}

jn_status_t job_assign(struct process *process, uint64_t number, uint64_t pid)
{
    struct job *job = held(process, number), *common;
    struct process *target = process_find(pid);
    if (!job)
        return JN_BAD_HANDLE;
    if (!target || target->state >= PROCESS_ZOMBIE || target == &init_process)
        return JN_NO_PROCESS;
    if (!signal_allowed(process, target))
        return JN_NOT_PERMITTED;
    if (target->job == job)
        return JN_OK;
    common = target->job;
    if (common && job->parent && !is_around(common, job->parent))
        return JN_NOT_PERMITTED;
    if (common && !job->parent && (job->total || is_around(job, common)))
        return JN_NOT_PERMITTED;
    for (struct job *at = job; at && at != common; at = at->parent)
        if ((at->limits & TASK_JOB_ACTIVE_PROCESS) && at->active >= at->process_limit) {
            tell(at, TASK_JOB_MESSAGE_LIMIT, 0);
            return JN_QUOTA;
        }
    if (common && !job->parent) { /* from now on it stands inside that one */
        job->parent = common;
        common->references++;
        list_append(&common->inside, &job->sibling);
    }
    if (common) {
        list_remove(&target->job_link);
        target->job = NULL;
    }
    join(target, job, common);
    if (common)
        job_put(common);
    return JN_OK;
}

jn_status_t job_limit(struct process *process, uint64_t number, uint32_t flags, uint32_t processes,
                      const void *data, size_t length)
{
    struct job *job = held(process, number);
    if (!job)
        return JN_BAD_HANDLE;
    if (length > sizeof job->data)
        return JN_TOO_BIG;
    job->limits = flags;
    job->process_limit = processes;
    memcpy(job->data, data, length);
    job->data_length = length;
    return JN_OK;
}

jn_status_t job_terminate(struct process *process, uint64_t number, uint32_t code)
{
    struct job *job = held(process, number);
    if (!job)
        return JN_BAD_HANDLE;
    kill_all(job, code);
    job_run();
    return JN_OK;
}

static jn_status_t list_pids(struct jn_call *call, struct job *job, uint64_t capacity,
                             uint64_t *count, uint64_t *cpu_ns)
{
    list_for_each(at, &job->members) {
        struct process *process = list_entry(at, struct process, job_link);
        size_t done;
        *cpu_ns += process_cpu_ns(process);
        if (*count < capacity) {
            jn_status_t status =
                jn_copy_out(call, 0, *count * 8, &process->pid, sizeof process->pid, &done);
            if (status != JN_OK)
                return status;
            ++*count;
        }
    }
    list_for_each(at, &job->inside) {
        jn_status_t status =
            list_pids(call, list_entry(at, struct job, sibling), capacity, count, cpu_ns);
        if (status != JN_OK)
            return status;
    }
    return JN_OK;
}

jn_status_t job_query(struct jn_call *call, struct process *process, uint64_t number,
                      uint64_t capacity, struct task_job *info, void *data, size_t *length)
{
    struct job *job = number ? held(process, number) : process->job;
    if (!job)
        return number ? JN_BAD_HANDLE : JN_NOT_FOUND;
    *info = (struct task_job){.limits = job->limits,
                              .process_limit = job->process_limit,
                              .active = job->active,
                              .total = job->total,
                              .killed = job->killed,
                              .cpu_ns = job->ended_ns};
    memcpy(data, job->data, job->data_length);
    *length = job->data_length;
    return list_pids(call, job, capacity, &info->listed, &info->cpu_ns);
}

jn_status_t job_contains(struct process *process, uint64_t number, uint64_t pid, uint32_t *is)
{
    struct job *job = number ? held(process, number) : NULL;
    struct process *target = process_find(pid);
    if (number && !job)
        return JN_BAD_HANDLE;
    if (!target)
        return JN_NO_PROCESS;
    *is = number ? is_around(job, target->job) : target->job != NULL;
    return JN_OK;
}

/* Who begins to listen hears of those that are there already. */
static void announce(struct job *to, struct job *job)
{
    list_for_each(at, &job->members)
        tell(to, TASK_JOB_MESSAGE_NEW, list_entry(at, struct process, job_link)->pid);
    list_for_each(at, &job->inside)
        announce(to, list_entry(at, struct job, sibling));
}

jn_status_t job_next(struct process *process, uint64_t number, uint64_t cookie, uint32_t *message,
                     uint64_t *pid)
{
    struct job *job = held(process, number);
    if (!job)
        return JN_BAD_HANDLE;
    if (!job->listening) {
        job->listening = true;
        announce(job, job);
    }
    if (list_empty(&job->messages))
        return wait_arm(process, &job->waiters, cookie);
    struct message *first = list_entry(job->messages.next, struct message, link);
    *message = first->kind;
    *pid = first->pid;
    list_remove(&first->link);
    job->message_count--;
    free(first);
    return JN_OK;
}

jn_status_t job_wait(struct process *process, uint64_t number, uint64_t cookie)
{
    struct job *job = held(process, number);
    if (!job)
        return JN_BAD_HANDLE;
    return job->emptied ? JN_OK : wait_arm(process, &job->waiters, cookie);
}

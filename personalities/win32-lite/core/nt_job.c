/* Job objects. servers/task keeps them and their processes; here is what one process's handles of them
 * need. */
#include "nt_job.h"

#include <stdlib.h>
#include <string.h>

#define LIMITS_BASIC 64u
#define LIMITS_EXTENDED 144u /* struct world_job_info.data: JOBOBJECT_EXTENDED_LIMIT_INFORMATION */
#define LIMIT_FLAGS_AT 16u
#define LIMIT_PROCESSES_AT 40u
#define ENFORCED 0x3c08u /* breakaways, kill on close, number of processes; and no dialogue on crashes */
#define PIDS_MOST 4096u

static struct nt_list listening; /* struct nt_job.link */
static uint64_t next_cookie = NT_JOB_COOKIE;

nt_status nt_job_status(world_status status)
{
    switch (status) {
    case JN_QUOTA: return NT_QUOTA_EXCEEDED;
    case JN_NOT_PERMITTED: return NT_ACCESS_DENIED;
    case JN_NO_PROCESS: return NT_PROCESS_IS_TERMINATING;
    default: return nt_status_from(status);
    }
}

/* ---- making and finding them ---- */

/* The job of this word as an object of p. */
static nt_status open_word(struct nt_process *p, uint64_t token, struct nt_job **result)
{
    struct nt_job *job = nt_object_create(p, NT_TYPE_JOB, sizeof *job);

    if (!job)
        return NT_NO_MEMORY;
    nt_list_init(&job->link);
    if (world_job_open(p->world, token, &job->job) != JN_OK) {
        nt_object_release(&job->object);
        return NT_INVALID_HANDLE;
    }
    *result = job;
    return NT_SUCCESS;
}

nt_status nt_job_word(struct nt_job *job, uint64_t *token)
{
    return nt_status_from(world_job_offer(job->object.process->world, job->job, token));
}

nt_status nt_job_of_word(struct nt_process *p, uint64_t token, struct nt_object **object)
{
    struct nt_job *job;
    nt_status status = open_word(p, token, &job);

    if (!NT_FAILED(status))
        *object = &job->object;
    return status;
}

/* Gives `job` its name, or (NULL) opens the one that has it; *existing: that one. */
static nt_status publish(struct nt_thread *t, struct nt_job *job, const struct nt_attributes *a,
                         struct nt_job **existing)
{
    struct nt_process *p = t->process;
    uint32_t flags = job ? a->flags & NT_OBJ_OPENIF ? WORLD_OPEN_OR_MAKE : 0 : WORLD_MUST_EXIST;
    uint64_t token = 0, number = 0;
    uint8_t found[WORLD_DATA_MAX];
    size_t length, found_length = 0;
    bool existed = false;
    world_status made;
    char *path;
    nt_status status = nt_object_path(t, a, &path, &length);

    if (NT_FAILED(status) || !path)
        return NT_FAILED(status) ? status : job ? NT_SUCCESS : NT_OBJECT_PATH_SYNTAX_BAD;
    if (a->flags & NT_OBJ_CASE_INSENSITIVE)
        flags |= WORLD_CASELESS;
    if (job)
        status = nt_job_word(job, &token);
    if (NT_FAILED(status)) {
        free(path);
        return status;
    }
    made = world_publish(p->world, WORLD_JOB, flags, &token, job ? sizeof token : 0, path, length,
                         &number, &existed, found, &found_length);
    free(path);
    if (made != JN_OK)
        return made == JN_BAD_ARG ? NT_OBJECT_TYPE_MISMATCH : nt_status_from(made);
    if (!existed) {
        job->object.published = number;
        return NT_SUCCESS;
    }
    if (found_length != sizeof token)
        status = NT_OBJECT_TYPE_MISMATCH;
    if (!NT_FAILED(status)) {
        memcpy(&token, found, sizeof token);
        status = open_word(p, token, existing);
    }
    if (NT_FAILED(status)) {
        world_object_close(p->world, number);
        return status;
    }
    (*existing)->object.published = number;
    return job ? NT_OBJECT_NAME_EXISTS : NT_SUCCESS;
}

nt_status NtCreateJobObject(struct nt_thread *t, const uint64_t *a)
{
    struct nt_attributes attributes;
    struct nt_job *job, *existing = NULL;
    nt_status status = nt_read_attributes(t, a[2], &attributes);

    if (NT_FAILED(status))
        return status;
    job = nt_object_create(t->process, NT_TYPE_JOB, sizeof *job);
    if (!job) {
        nt_attributes_free(&attributes);
        return NT_NO_MEMORY;
    }
    nt_list_init(&job->link);
    status = nt_status_from(world_job_create(t->process->world, &job->job));
    if (!NT_FAILED(status) && attributes.name.length)
        status = publish(t, job, &attributes, &existing);
    nt_attributes_free(&attributes);
    if (existing || NT_FAILED(status)) {
        nt_object_release(&job->object);
        job = existing;
    }
    if (NT_FAILED(status))
        return status;
    return nt_handle_give(t, a[0], job, (uint32_t)a[1], attributes.flags, status);
}

nt_status NtOpenJobObject(struct nt_thread *t, const uint64_t *a)
{
    struct nt_attributes attributes;
    struct nt_job *job = NULL;
    nt_status status = nt_read_attributes(t, a[2], &attributes);

    if (NT_FAILED(status))
        return status;
    status = publish(t, NULL, &attributes, &job);
    nt_attributes_free(&attributes);
    if (NT_FAILED(status))
        return status;
    return nt_handle_give(t, a[0], job, (uint32_t)a[1], attributes.flags, NT_SUCCESS);
}

void nt_job_destroy(struct nt_job *job)
{
    struct nt_process *p = job->object.process;

    nt_list_remove(&job->link);
    if (job->port)
        nt_object_release(&job->port->object);
    if (p->ended)
        return;
    if (job->cookie)
        world_disarm(p->world, job->cookie);
    if (job->job)
        world_job_close(p->world, job->job);
}

/* ---- messages to a completion port ---- */

static void pump(struct nt_job *job)
{
    uint32_t message;
    uint64_t pid;

    while (world_job_next(job->object.process->world, job->job, job->cookie, &message, &pid) ==
           JN_OK)
        nt_completion_add(job->port, job->key, pid, NT_SUCCESS, message);
}

void nt_job_woken(uint64_t cookie)
{
    for (struct nt_list *at = listening.next; at && at != &listening; at = at->next) {
        struct nt_job *job = nt_container(at, struct nt_job, link);
        if (job->cookie != cookie)
            continue;
        pump(job);
        return;
    }
}

static nt_status associate(struct nt_thread *t, struct nt_job *job, uint64_t key, uint64_t handle)
{
    struct nt_completion *port;
    nt_status status = nt_handle_object(t, handle, NT_TYPE_COMPLETION, 2, &port);

    if (NT_FAILED(status))
        return status;
    if (job->port)
        return NT_INVALID_PARAMETER;
    nt_object_ref(&port->object);
    job->port = port;
    job->key = key;
    job->cookie = next_cookie++;
    if (!listening.next)
        nt_list_init(&listening);
    nt_list_append(&listening, &job->link);
    pump(job);
    return NT_SUCCESS;
}

bool nt_job_emptied(struct nt_job *job, uint64_t cookie, bool *armed)
{
    world_status status =
        world_job_wait(job->object.process->world, job->job, cookie);

    *armed = status == JN_WOULD_BLOCK && cookie;
    return status == JN_OK;
}

/* ---- services ---- */

nt_status nt_job_assign_all(struct nt_thread *t, const uint64_t *handles, uint32_t count,
                            uint64_t pid)
{
    nt_status status = NT_SUCCESS;

    for (uint32_t i = 0; i < count && !NT_FAILED(status); i++) {
        struct nt_job *job;
        status = nt_handle_object(t, handles[i], NT_TYPE_JOB, 1, &job);
        if (!NT_FAILED(status))
            status = nt_job_status(world_job_assign(t->process->world, job->job, pid));
    }
    return status;
}

nt_status NtAssignProcessToJobObject(struct nt_thread *t, const uint64_t *a)
{
    struct nt_process_object *object;
    struct nt_job *job;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_JOB, 1, &job);

    if (!NT_FAILED(status))
        status = nt_handle_object(t, a[1], NT_TYPE_PROCESS, 0x101, &object);
    if (NT_FAILED(status))
        return status;
    return nt_job_status(world_job_assign(t->process->world, job->job, object->pid));
}

static nt_status set_limits(struct nt_thread *t, struct nt_job *job, uint64_t address,
                            uint32_t length, uint32_t valid)
{
    struct world_job_info info = {0};
    uint32_t flags, processes;
    nt_status status = nt_job_status(world_job_query(t->process->world, job->job, NULL, 0, &info));

    if (NT_FAILED(status))
        return status;
    if (NT_FAILED(nt_read(t, address, info.data, length)))
        return NT_ACCESS_VIOLATION;
    memcpy(&flags, info.data + LIMIT_FLAGS_AT, 4);
    memcpy(&processes, info.data + LIMIT_PROCESSES_AT, 4);
    if (flags & ~valid)
        return NT_INVALID_PARAMETER;
    if (flags & ~ENFORCED)
        world_log("win32: pid %u: job limits 0x%x are kept and not enforced",
                  (unsigned)t->process->pid, flags & ~ENFORCED);
    return nt_job_status(world_job_limit(t->process->world, job->job, flags, processes, info.data,
                                         LIMITS_EXTENDED));
}

nt_status NtSetInformationJobObject(struct nt_thread *t, const uint64_t *a)
{
    struct nt_job *job;
    uint32_t length = (uint32_t)a[3];
    uint64_t pair[2];
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_JOB, 2, &job);

    if (NT_FAILED(status))
        return status;
    switch ((uint32_t)a[1]) {
    case 2:
        return length == LIMITS_BASIC ? set_limits(t, job, a[2], length, 0xff)
                                      : NT_INVALID_PARAMETER;
    case 9:
        return length == LIMITS_EXTENDED ? set_limits(t, job, a[2], length, 0x7fff)
                                         : NT_INVALID_PARAMETER;
    case 7: /* completion port: {key, handle} */
        if (length != sizeof pair)
            return NT_INVALID_PARAMETER;
        if (NT_FAILED(nt_read(t, a[2], pair, sizeof pair)))
            return NT_ACCESS_VIOLATION;
        return associate(t, job, pair[0], pair[1]);
    }
    world_log("win32: pid %u: NtSetInformationJobObject class %u", (unsigned)t->process->pid,
              (unsigned)a[1]);
    return (uint32_t)a[1] < 20 && a[1] ? NT_NOT_SUPPORTED : NT_INVALID_PARAMETER;
}

/* JOBOBJECT_BASIC_PROCESS_ID_LIST */
static nt_status write_pids(struct nt_thread *t, const uint64_t *a, struct nt_job *job)
{
    uint32_t length = (uint32_t)a[3], room, head[2];
    struct world_job_info info = {0};
    uint64_t *pids;
    nt_status status;

    if (length < 16)
        return NT_INFO_LENGTH_MISMATCH;
    room = (length - 8) / 8;
    if (room > PIDS_MOST)
        room = PIDS_MOST;
    pids = malloc(room * sizeof *pids);
    if (!pids)
        return NT_NO_MEMORY;
    status = nt_job_status(
        world_job_query(t->process->world, job ? job->job : 0, pids, room, &info));
    if (!NT_FAILED(status)) {
        head[0] = info.active;
        head[1] = (uint32_t)info.listed;
        if (NT_FAILED(nt_write(t, a[2], head, 8)) ||
            NT_FAILED(nt_write(t, a[2] + 8, pids, info.listed * 8)) ||
            (a[4] && NT_FAILED(nt_write_u32(t, a[4], 8 + (uint32_t)info.listed * 8))))
            status = NT_ACCESS_VIOLATION;
        else if (info.listed < info.active)
            status = NT_BUFFER_OVERFLOW;
    }
    free(pids);
    return status;
}

nt_status NtQueryInformationJobObject(struct nt_thread *t, const uint64_t *a)
{
    struct world_job_info info = {0};
    uint8_t accounting[96] = {0};
    struct nt_job *job = NULL;
    uint32_t class = (uint32_t)a[1];
    uint64_t time;
    nt_status status = a[0] ? nt_handle_object(t, a[0], NT_TYPE_JOB, 4, &job) : NT_SUCCESS;

    if (NT_FAILED(status))
        return status;
    status = nt_job_status(world_job_query(t->process->world, job ? job->job : 0, NULL, 0, &info));
    if (NT_FAILED(status))
        return a[0] ? status : NT_ACCESS_DENIED; /* the caller is in none */
    switch (class) {
    case 1:
    case 8:
        time = info.cpu_ns / 100;
        memcpy(accounting, &time, 8);
        memcpy(accounting + 16, &time, 8);
        memcpy(accounting + 36, &info.total, 4);
        memcpy(accounting + 40, &info.active, 4);
        memcpy(accounting + 44, &info.killed, 4);
        return nt_write_exact(t, a[2], (uint32_t)a[3], a[4], accounting, class == 1 ? 48 : 96);
    case 2: return nt_write_exact(t, a[2], (uint32_t)a[3], a[4], info.data, LIMITS_BASIC);
    case 3: return write_pids(t, a, job);
    case 9: return nt_write_exact(t, a[2], (uint32_t)a[3], a[4], info.data, LIMITS_EXTENDED);
    }
    world_log("win32: pid %u: NtQueryInformationJobObject class %u", (unsigned)t->process->pid,
              class);
    return class < 20 && class ? NT_NOT_SUPPORTED : NT_INVALID_PARAMETER;
}

nt_status NtIsProcessInJob(struct nt_thread *t, const uint64_t *a)
{
    struct nt_process_object *object;
    struct nt_job *job = NULL;
    bool is = false;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_PROCESS, 0, &object);

    if (!NT_FAILED(status) && a[1])
        status = nt_handle_object(t, a[1], NT_TYPE_JOB, 4, &job);
    if (NT_FAILED(status))
        return status;
    (void)world_job_contains(t->process->world, job ? job->job : 0, object->pid, &is);
    return is ? NT_PROCESS_IN_JOB : NT_PROCESS_NOT_IN_JOB;
}

nt_status NtTerminateJobObject(struct nt_thread *t, const uint64_t *a)
{
    struct nt_job *job;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_JOB, 8, &job);

    if (NT_FAILED(status))
        return status;
    return nt_job_status(world_job_terminate(t->process->world, job->job, (uint32_t)a[1]));
}

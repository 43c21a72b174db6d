/* What /proc shows of a process: texts that its personality keeps up to date, and its status. */
#include <stdlib.h>
#include <string.h>

#include "janus/object.h"
#include "janus/runtime.h"
#include "janus/server.h"
#include "process.h"

#define INFO_LIMIT (2u << 20) /* bytes of one text: arguments and environment have the same limit */

jn_status_t info_set(struct jn_call *call, struct process *process, uint32_t field, uint64_t length)
{
    if (field >= INFO_FIELDS)
        return JN_BAD_ARG;
    if (length > INFO_LIMIT)
        return JN_TOO_BIG;
    char *data = NULL;
    if (length) {
        data = malloc(length);
        if (!data)
            return JN_NO_MEMORY;
        size_t done;
        jn_status_t status = jn_copy_in(call, 0, 0, data, length, &done);
        if (status != JN_OK) {
            free(data);
            return status;
        }
    }
    free(process->info[field].data);
    process->info[field].data = data;
    process->info[field].length = length;
    if (field == TASK_INFO_NAME)
        process_name(process);
    return JN_OK;
}

jn_status_t info_get(struct jn_call *call, struct process *process, uint32_t field,
                     uint64_t capacity, uint64_t *length)
{
    if (field >= INFO_FIELDS)
        return JN_BAD_ARG;
    size_t have = process->info[field].length, done;
    *length = have;
    if (have > capacity)
        have = capacity;
    return have ? jn_copy_out(call, 0, 0, process->info[field].data, have, &done) : JN_OK;
}

void info_copy(struct process *to, const struct process *from)
{
    for (size_t i = 0; i < INFO_FIELDS; i++) {
        if (!from->info[i].length)
            continue;
        to->info[i].data = malloc(from->info[i].length);
        if (!to->info[i].data)
            continue; /* /proc then shows less of the child until its core renews it */
        memcpy(to->info[i].data, from->info[i].data, from->info[i].length);
        to->info[i].length = from->info[i].length;
    }
}

/* The name stays for `ps` of a zombie. */
void info_free(struct process *process)
{
    for (size_t i = 0; i < INFO_FIELDS; i++) {
        if (i == TASK_INFO_NAME)
            continue;
        free(process->info[i].data);
        process->info[i].data = NULL;
        process->info[i].length = 0;
    }
}

void info_status(const struct process *process, struct task_status *status)
{
    *status = (struct task_status){
        .pid = process->pid,
        .parent = process->parent ? process->parent->pid : 0,
        .group = process->group->id,
        .session = process->group->session->id,
        .state = process->state == PROCESS_ZOMBIE    ? 'Z'
                 : process->state == PROCESS_STOPPED ? 'T'
                                                     : 'S',
        .personality = process->personality,
        .uid = process->credentials.uid,
        .gid = process->credentials.gid,
        .start_ns = process->start_ns,
        .user_ns = process_cpu_ns(process),
        .system_ns = process->system_ns,
        .resident_pages = process->resident_pages,
        .threads = process->threads,
        .exit_kind = process->exit_kind,
        .exit_code = process->exit_code,
        .nice = process->nice,
    };
    uint64_t threads, pages, cpu_ns;
    if (process->task != JN_CAP_NULL &&
        jn_task_info(process->task, &threads, &pages, &cpu_ns) == JN_OK)
        status->resident_pages = status->virtual_pages = pages;
    const char *name = process == &init_process ? "init" : process->info[TASK_INFO_NAME].data;
    size_t length = process == &init_process ? 4 : process->info[TASK_INFO_NAME].length;
    if (length > sizeof status->name - 1)
        length = sizeof status->name - 1;
    if (name)
        memcpy(status->name, name, length);
}

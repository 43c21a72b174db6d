/* Nice values: kept for each process, told to and changed by whom setpriority(2) lets (kernel/sys.c of
 * Linux 6.1 is the authority for who). */
#include "janus/runtime.h"
#include "process.h"

#define NICE_LEAST (-20)
#define NICE_MOST 19

static bool user_has(const struct process *process, uint64_t uid)
{
    return process->state < PROCESS_ZOMBIE && process->credentials.uid == uid;
}

static jn_status_t set_one(const struct process *caller, struct process *process, int32_t nice)
{
    const struct task_credentials *own = &caller->credentials, *other = &process->credentials;
    if (own->euid && own->euid != other->uid && own->euid != other->euid)
        return JN_NOT_PERMITTED;
    if (own->euid && nice < process->nice)
        return JN_ACCESS;
    process->nice = nice;
    return JN_OK;
}

/* The next one that which and who name, after *at (NULL: the first): *at again. False: no more. */
static bool next(const struct process *caller, uint32_t which, uint64_t who, struct process **at)
{
    if (which == TASK_NICE_PROCESS) {
        struct process *only = who == PID_INIT ? &init_process : thread_owner(who ? who : caller->pid);
        bool first = !*at;
        *at = only;
        return first && only && only->state < PROCESS_ZOMBIE;
    }
    uint64_t group = who ? who : caller->group->id, uid = who ? who : caller->credentials.uid;
    while ((*at = process_next(*at ? (*at)->pid + 1 : PID_INIT + 1)))
        if (which == TASK_NICE_USER ? user_has(*at, uid)
                                    : (*at)->group->id == group && (*at)->state < PROCESS_ZOMBIE)
            return true;
    return false;
}

jn_status_t nice_get(const struct process *caller, uint32_t which, uint64_t who, int32_t *nice)
{
    struct process *process = NULL;
    jn_status_t status = JN_NO_PROCESS;
    if (which > TASK_NICE_USER)
        return JN_BAD_ARG;
    *nice = NICE_MOST;
    while (next(caller, which, who, &process)) {
        status = JN_OK;
        *nice = process->nice < *nice ? process->nice : *nice;
    }
    return status;
}

jn_status_t nice_set(const struct process *caller, uint32_t which, uint64_t who, int32_t nice)
{
    struct process *process = NULL;
    jn_status_t status = JN_NO_PROCESS;
    if (which > TASK_NICE_USER)
        return JN_BAD_ARG;
    nice = nice < NICE_LEAST ? NICE_LEAST : nice > NICE_MOST ? NICE_MOST : nice;
    while (next(caller, which, who, &process)) {
        jn_status_t one = set_one(caller, process, nice);
        if (one != JN_OK || status == JN_NO_PROCESS)
            status = one; /* one that was refused stands for all */
    }
    return status;
}

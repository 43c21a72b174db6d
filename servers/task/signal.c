/* Process-directed signals: the pending set and who may send what. SIGKILL is carried out here; all
 * else is told to the process's personality, whose core knows masks and handlers. */
#include <stdlib.h>

#include "janus/runtime.h"
#include "process.h"

#define SIGKILL_NUMBER 9
#define SIGCONT_NUMBER 18
#define SIGSTOP_NUMBER 19
#define FIRST_REALTIME 32
#define QUEUE_LIMIT 1024 /* queued signals of one process (RLIMIT_SIGPENDING's part) */
#define BIT(number) (1ull << ((number)-1))
#define STOP_SIGNALS (BIT(19) | BIT(20) | BIT(21) | BIT(22))

static void forget(struct process *process, uint64_t mask)
{
    if (!(process->pending_mask & mask))
        return;
    list_for_each_safe(at, &process->queue) {
        struct pending *pending = list_entry(at, struct pending, link);
        if (mask & BIT(pending->info.number)) {
            list_remove(&pending->link);
            process->queued--;
            free(pending);
        }
    }
    process->pending_mask &= ~mask;
}

/* To continue takes stops back and the other way round, for all threads, whoever gets the signal. */
static void forget_opposite(struct process *process, uint32_t number)
{
    if (number == SIGCONT_NUMBER)
        forget(process, STOP_SIGNALS);
    else if (BIT(number) & STOP_SIGNALS)
        forget(process, BIT(SIGCONT_NUMBER));
}

/* `tid`: of a signal for one thread, else 0. */
static jn_status_t append(struct process *process, struct list *queue, uint64_t tid,
                          const struct task_siginfo *info)
{
    if (process->queued >= QUEUE_LIMIT)
        return JN_WOULD_BLOCK;
    struct pending *pending = malloc(sizeof *pending);
    if (!pending)
        return JN_NO_MEMORY;
    pending->info = *info;
    pending->tid = tid;
    list_append(queue, &pending->link);
    process->queued++;
    return JN_OK;
}

jn_status_t signal_post(struct process *process, const struct task_siginfo *info)
{
    uint32_t number = (uint32_t)info->number;
    if (process == &init_process || process->state >= PROCESS_ZOMBIE)
        return JN_OK; /* pid 1 has no handlers; the dead hear nothing */
    if (number == SIGKILL_NUMBER) {
        process_end(process, TASK_SIGNALLED, SIGKILL_NUMBER);
        process_post(process, TASK_EVENT_KILLED);
        return JN_OK;
    }
    forget_opposite(process, number);
    if (number < FIRST_REALTIME && process->pending_mask & BIT(number))
        return JN_OK; /* standard signals do not queue */
    jn_status_t status = append(process, &process->queue, 0, info);
    if (status != JN_OK)
        return status;
    process->pending_mask |= BIT(number);
    process_post(process, TASK_EVENT_SIGNAL);
    return JN_OK;
}

void signal_group(struct group *group, uint32_t number)
{
    struct task_siginfo info = {.number = (int32_t)number, .code = 0x80 /* SI_KERNEL */};
    list_for_each_safe(at, &group->members) {
        jn_status_t ignored = signal_post(list_entry(at, struct process, group_link), &info);
        (void)ignored;
    }
}

bool signal_allowed(const struct process *sender, const struct process *target)
{
    const struct task_credentials *from = &sender->credentials, *to = &target->credentials;
    return !from->euid || from->euid == to->uid || from->euid == to->suid ||
           from->uid == to->uid || from->uid == to->suid;
}

static bool may_signal(const struct process *sender, const struct process *target, uint32_t number)
{
    if (signal_allowed(sender, target))
        return true;
    return number == SIGCONT_NUMBER && sender->group && target->group &&
           sender->group->session == target->group->session;
}

/* Adds one target's result to that of a broadcast: success of one is success. */
static void send_one(struct process *sender, struct process *target, uint32_t number, bool force,
                     const struct task_siginfo *info, uint32_t *found, jn_status_t *result)
{
    if (!force && !may_signal(sender, target, number)) {
        if (!*found)
            *result = JN_NOT_PERMITTED;
        return;
    }
    jn_status_t status = number ? signal_post(target, info) : JN_OK;
    if (status == JN_OK || !(*found)++)
        *result = status;
}

jn_status_t signal_send(struct process *sender, int64_t pid, uint32_t number, bool from_kernel,
                        const struct task_siginfo *info)
{
    if (number > SIGNALS)
        return JN_BAD_ARG;
    jn_status_t result = JN_NO_PROCESS;
    uint32_t found = 0;
    struct task_siginfo own = *info;
    own.number = (int32_t)number;
    if (pid > 0) {
        struct process *target = process_find((uint64_t)pid);
        if (target)
            send_one(sender, target, number, from_kernel, &own, &found, &result);
        return result;
    }
    if (pid == -1) {
        for (struct process *at = process_next(PID_INIT + 1); at;) {
            uint64_t next = at->pid + 1;
            if (at != sender && at->state < PROCESS_ZOMBIE)
                send_one(sender, at, number, from_kernel, &own, &found, &result);
            at = process_next(next);
        }
        return result;
    }
    struct group *group = pid ? group_find((uint64_t)-pid) : sender->group;
    if (!group || group->id == PID_INIT)
        return JN_NO_PROCESS;
    /* SIGKILL may end the last member and the group with it: walk by pid. */
    uint64_t members = 0;
    list_for_each(at, &group->members)
        members++;
    uint64_t *pids = malloc(members * sizeof *pids);
    if (!pids)
        return JN_NO_MEMORY;
    members = 0;
    list_for_each(at, &group->members)
        pids[members++] = list_entry(at, struct process, group_link)->pid;
    for (uint64_t i = 0; i < members; i++) {
        struct process *target = process_find(pids[i]);
        if (target)
            send_one(sender, target, number, from_kernel, &own, &found, &result);
    }
    free(pids);
    return result;
}

/* Whether it stays with the process until its personality takes it: for a real-time signal another one
 * waits behind those that are there, a standard one waits once for each thread. */
static bool waits_already(const struct process *process, uint64_t tid, int32_t number)
{
    if (number >= FIRST_REALTIME)
        return false;
    list_for_each(at, &process->thread_queue) {
        const struct pending *pending = list_entry(at, struct pending, link);
        if (pending->tid == tid && pending->info.number == number)
            return true;
    }
    return false;
}

static jn_status_t post_thread(struct process *process, uint64_t tid,
                               const struct task_siginfo *info)
{
    uint32_t number = (uint32_t)info->number;
    if (process == &init_process || process->state >= PROCESS_ZOMBIE)
        return JN_OK;
    if (number == SIGKILL_NUMBER || process->personality != TASK_PERSONALITY_POSIX)
        return signal_post(process, info);
    forget_opposite(process, number);
    if (waits_already(process, tid, info->number))
        return JN_OK;
    jn_status_t status = append(process, &process->thread_queue, tid, info);
    if (status == JN_OK)
        process_post(process, TASK_EVENT_THREAD_SIGNAL);
    return status;
}

jn_status_t signal_send_thread(struct process *sender, uint64_t pid, uint64_t tid, uint32_t number,
                               bool force, const struct task_siginfo *info)
{
    if (number > SIGNALS)
        return JN_BAD_ARG;
    struct process *target = tid == PID_INIT ? &init_process : thread_owner(tid);
    if (!target || target->state == PROCESS_REAPED || (pid && target->pid != pid))
        return JN_NO_PROCESS;
    if (!force && !may_signal(sender, target, number))
        return JN_NOT_PERMITTED;
    struct task_siginfo own = *info;
    own.number = (int32_t)number;
    return number ? post_thread(target, tid, &own) : JN_OK;
}

void signal_take_thread(struct process *process, uint64_t *tid, struct task_siginfo *info)
{
    *info = (struct task_siginfo){0};
    *tid = 0;
    process->events &= ~(uint32_t)TASK_EVENT_THREAD_SIGNAL; /* a new signal makes a new event */
    if (list_empty(&process->thread_queue))
        return;
    struct pending *pending = list_entry(process->thread_queue.next, struct pending, link);
    *info = pending->info;
    *tid = pending->tid;
    list_remove(&pending->link);
    process->queued--;
    free(pending);
}

void signal_take(struct process *process, uint64_t accept, struct task_siginfo *info)
{
    *info = (struct task_siginfo){0};
    uint64_t ready = process->pending_mask & accept;
    /* From here on a new signal makes a new event. */
    process->events &= ~(uint32_t)TASK_EVENT_SIGNAL;
    if (!ready)
        return;
    int32_t number = __builtin_ctzll(ready) + 1; /* the lowest first, as Linux */
    bool taken = false, more = false;
    list_for_each_safe(at, &process->queue) {
        struct pending *pending = list_entry(at, struct pending, link);
        if (pending->info.number != number)
            continue;
        if (taken) {
            more = true;
            break;
        }
        *info = pending->info;
        list_remove(&pending->link);
        process->queued--;
        free(pending);
        taken = true;
    }
    if (!more)
        process->pending_mask &= ~BIT(number);
}

void signal_flush(struct process *process)
{
    uint64_t tid;
    struct task_siginfo info;
    forget(process, ~0ull);
    while (!list_empty(&process->thread_queue))
        signal_take_thread(process, &tid, &info);
}

/* Waiting: for objects, with deadlines, alertable; NtDelayExecution; alerts by thread id.
 *
 * A wait is tried; if it cannot end it enters the lists of its objects and is tried again when one
 * of them changes. Objects held by servers/object, and processes, arm the thread's cookie there. */
#include <stdlib.h>
#include <string.h>

#include "nt_job.h"
#include "nt_remote.h"

void (*nt_wait_held)(struct nt_thread *t);
void (*nt_wait_alert)(struct nt_thread *t);

void nt_thread_hold_on(struct nt_thread *t, struct nt_object *object)
{
    struct nt_wait_entry *entry = &t->waits[t->wait_count++];

    entry->thread = t;
    nt_list_append(&object->waiters, &entry->link);
}

void nt_object_wake(struct nt_object *object)
{
    for (struct nt_list *at = object->waiters.next; at != &object->waiters; at = at->next)
        nt_thread_wake(nt_container(at, struct nt_wait_entry, link)->thread);
}

nt_status nt_call_deadline(struct nt_thread *t, uint64_t address)
{
    int64_t timeout;

    if (t->call.deadline)
        return NT_SUCCESS;
    if (!address) {
        t->call.deadline = UINT64_MAX;
        return NT_SUCCESS;
    }
    if (NT_FAILED(nt_read(t, address, &timeout, 8)))
        return NT_ACCESS_VIOLATION;
    if (timeout == INT64_MAX) {
        t->call.deadline = UINT64_MAX;
        return NT_SUCCESS;
    }
    uint64_t now = world_time_monotonic();
    int64_t left = timeout < 0 ? (timeout == INT64_MIN ? INT64_MAX : -timeout)
                               : timeout - (int64_t)nt_time_now();
    if (left <= 0)
        t->call.deadline = 1; /* long ago */
    else if ((uint64_t)left > (UINT64_MAX / 2 - now) / 100)
        t->call.deadline = UINT64_MAX;
    else
        t->call.deadline = now + (uint64_t)left * 100;
    return NT_SUCCESS;
}

bool nt_call_expired(struct nt_thread *t)
{
    return t->call.deadline == 1 ||
           (t->call.deadline != UINT64_MAX && t->call.deadline <= world_time_monotonic());
}

nt_status nt_wait_alertable(struct nt_thread *t)
{
    struct jn_state state;

    if (t->alert) {
        t->alert = false;
        return NT_ALERTED;
    }
    if (nt_list_empty(&t->apcs) || world_thread_state(t->world, &state) != JN_OK)
        return NT_SUCCESS;
    state.r[JN_REG_RAX] = NT_USER_APC;
    return nt_apc_deliver(t, &state) ? NT_STATE : NT_SUCCESS;
}

/* Whether a local object would end a wait of t now. */
static bool signaled(struct nt_thread *t, struct nt_object *object)
{
    switch (object->type) {
    case NT_TYPE_EVENT: return ((struct nt_event *)object)->set;
    case NT_TYPE_SEMAPHORE: return ((struct nt_semaphore *)object)->count > 0;
    case NT_TYPE_MUTANT: {
        struct nt_mutant *mutant = (struct nt_mutant *)object;
        return !mutant->owner || mutant->owner == t;
    }
    case NT_TYPE_TIMER: return ((struct nt_timer *)object)->set;
    case NT_TYPE_PROCESS: return ((struct nt_process_object *)object)->ended;
    case NT_TYPE_THREAD: return ((struct nt_thread_object *)object)->ended;
    case NT_TYPE_JOB: return ((struct nt_job *)object)->emptied;
    case NT_TYPE_FILE: return ((struct nt_file *)object)->signaled;
    case NT_TYPE_COMPLETION: return ((struct nt_completion *)object)->count > 0;
    default: return true;
    }
}

/* Takes what a wait takes; true if the object was abandoned. */
static bool take(struct nt_thread *t, struct nt_object *object)
{
    switch (object->type) {
    case NT_TYPE_EVENT: {
        struct nt_event *event = (struct nt_event *)object;
        if (!event->manual)
            event->set = false;
        return false;
    }
    case NT_TYPE_SEMAPHORE: ((struct nt_semaphore *)object)->count--; return false;
    case NT_TYPE_TIMER: {
        struct nt_timer *timer = (struct nt_timer *)object;
        if (!timer->manual)
            timer->set = false;
        return false;
    }
    case NT_TYPE_MUTANT: {
        struct nt_mutant *mutant = (struct nt_mutant *)object;
        bool abandoned = mutant->abandoned;
        if (!mutant->owner) {
            mutant->owner = t;
            nt_list_append(&t->mutants, &mutant->owned);
        }
        mutant->count++;
        mutant->abandoned = false;
        return abandoned;
    }
    default: return false;
    }
}

nt_status nt_wait_at_once(struct nt_thread *t, struct nt_object *object)
{
    if (object->shared || object->type > NT_TYPE_TIMER || object->leased || !signaled(t, object))
        return NT_PENDING;
    return take(t, object) ? NT_ABANDONED_WAIT_0 : NT_SUCCESS;
}

/* Processes end somewhere else: asks, and arms the cookie. */
static void look_at_process(struct nt_thread *t, struct nt_object *object)
{
    struct nt_process_object *process = (struct nt_process_object *)object;
    uint32_t kind, code;
    world_status status;

    if (object->type != NT_TYPE_PROCESS || process->ended || process == t->process->self)
        return;
    status = world_process_watch(t->process->world, process->pid, t->cookie, &kind, &code);
    if (status == JN_OK) {
        process->ended = true;
        process->exit_code = nt_exit_wait_status(kind, code);
    } else if (status == JN_WOULD_BLOCK) {
        t->armed = true;
    } else {
        process->ended = true; /* gone without a trace */
    }
}

/* Jobs are kept elsewhere, too. */
static void look_at_job(struct nt_thread *t, struct nt_object *object)
{
    struct nt_job *job = (struct nt_job *)object;
    bool armed;

    if (object->type != NT_TYPE_JOB || job->emptied)
        return;
    job->emptied = nt_job_emptied(job, t->cookie, &armed);
    t->armed |= armed;
}

/* The same of a thread of another core. */
static void look_at_thread(struct nt_thread *t, struct nt_object *object)
{
    struct nt_thread_object *thread = (struct nt_thread_object *)object;
    uint32_t kind, code;

    if (object->type != NT_TYPE_THREAD || thread->ended ||
        (thread->thread && nt_process_reach(t, thread->pid)))
        return;
    if (!thread->foreign) {
        nt_watch_start(t->process, thread);
        return;
    }
    /* The only thread of another personality's process that is known ends with its process. */
    world_status status = world_process_watch(t->process->world, thread->pid, t->cookie, &kind,
                                              &code);
    if (status == JN_WOULD_BLOCK) {
        t->armed = true;
        return;
    }
    thread->ended = true;
    thread->exit_code = status == JN_OK ? nt_exit_wait_status(kind, code) : 0;
}

static nt_status try_any(struct nt_thread *t, struct nt_object **objects, uint32_t count,
                         uint32_t shared_count)
{
    uint64_t shared[NT_WAIT_MAX];
    uint32_t places[NT_WAIT_MAX], n = 0, index;

    for (uint32_t i = 0; i < count; i++) {
        if (objects[i]->shared) {
            shared[n] = objects[i]->shared;
            places[n++] = i;
            continue;
        }
        look_at_process(t, objects[i]);
        look_at_thread(t, objects[i]);
        look_at_job(t, objects[i]);
        if (signaled(t, objects[i]))
            return take(t, objects[i]) ? NT_ABANDONED_WAIT_0 + i : i;
    }
    if (!shared_count)
        return NT_PENDING;
    switch (world_object_wait(t->process->world, false, t->tid,
                              nt_call_expired(t) ? 0 : t->cookie, shared, n, &index)) {
    case JN_OK: return places[index < n ? index : 0];
    case JN_ABANDONED: return NT_ABANDONED_WAIT_0 + places[index < n ? index : 0];
    case JN_WOULD_BLOCK: t->armed = true; return NT_PENDING;
    case JN_BAD_HANDLE: return NT_INVALID_HANDLE;
    default: return NT_INSUFFICIENT_RESOURCES;
    }
}

static nt_status try_all(struct nt_thread *t, struct nt_object **objects, uint32_t count,
                         uint32_t shared_count)
{
    uint64_t shared[NT_WAIT_MAX];
    uint32_t n = 0, index;
    bool ready = true, abandoned = false;

    for (uint32_t i = 0; i < count; i++) {
        if (objects[i]->shared) {
            shared[n++] = objects[i]->shared;
            continue;
        }
        look_at_process(t, objects[i]);
        look_at_thread(t, objects[i]);
        look_at_job(t, objects[i]);
        ready = ready && signaled(t, objects[i]);
    }
    if (!ready)
        return NT_PENDING;
    if (shared_count) {
        switch (world_object_wait(t->process->world, true, t->tid,
                                  nt_call_expired(t) ? 0 : t->cookie, shared, n, &index)) {
        case JN_OK: break;
        case JN_ABANDONED: abandoned = true; break;
        case JN_WOULD_BLOCK: t->armed = true; return NT_PENDING;
        case JN_BAD_HANDLE: return NT_INVALID_HANDLE;
        default: return NT_INSUFFICIENT_RESOURCES;
        }
    }
    for (uint32_t i = 0; i < count; i++)
        if (!objects[i]->shared)
            abandoned |= take(t, objects[i]);
    return abandoned ? NT_ABANDONED_WAIT_0 : NT_SUCCESS;
}

nt_status nt_wait_objects(struct nt_thread *t, struct nt_object **objects, uint32_t count,
                          bool any, bool alertable)
{
    uint32_t shared = 0;
    nt_status status;

    for (uint32_t i = 0; i < count; i++)
        shared += objects[i]->shared != 0;
    status = any ? try_any(t, objects, count, shared) : try_all(t, objects, count, shared);
    if (status != NT_PENDING)
        goto done;
    if (alertable) {
        status = nt_wait_alertable(t);
        if (status == NT_STATE)
            return status;
        if (status != NT_SUCCESS)
            goto done;
    }
    if (nt_call_expired(t)) {
        status = NT_TIMEOUT;
        goto done;
    }
    for (uint32_t i = 0; i < count; i++)
        if (!objects[i]->shared)
            nt_thread_hold_on(t, objects[i]);
    nt_thread_set_deadline(t, t->call.deadline);
    if (nt_wait_held)
        nt_wait_held(t);
    return NT_HELD;
done:
    if (t->armed) {
        world_disarm(t->process->world, t->cookie);
        t->armed = false;
    }
    return status;
}

nt_status NtWaitForSingleObject(struct nt_thread *t, const uint64_t *a)
{
    struct nt_object *object;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_NONE, 0, &object);

    if (NT_FAILED(status))
        return status;
    status = nt_call_deadline(t, a[2]);
    if (NT_FAILED(status))
        return status;
    return nt_wait_objects(t, &object, 1, true, (uint8_t)a[1]);
}

nt_status NtWaitForMultipleObjects(struct nt_thread *t, const uint64_t *a)
{
    uint32_t count = (uint32_t)a[0];
    struct nt_object *objects[NT_WAIT_MAX];
    uint64_t handles[NT_WAIT_MAX];
    nt_status status;

    if (!count || count > NT_WAIT_MAX)
        return NT_INVALID_PARAMETER_1;
    if (NT_FAILED(nt_read(t, a[1], handles, count * 8)))
        return NT_ACCESS_VIOLATION;
    for (uint32_t i = 0; i < count; i++) {
        status = nt_handle_object(t, handles[i], NT_TYPE_NONE, 0, &objects[i]);
        if (NT_FAILED(status))
            return status;
        if (!(uint32_t)a[2]) /* WaitAll */
            for (uint32_t j = 0; j < i; j++)
                if (objects[i] == objects[j])
                    return NT_INVALID_PARAMETER_MIX;
    }
    status = nt_call_deadline(t, a[4]);
    if (NT_FAILED(status))
        return status;
    return nt_wait_objects(t, objects, count, (uint32_t)a[2] != 0, (uint8_t)a[3]);
}

nt_status NtSignalAndWaitForSingleObject(struct nt_thread *t, const uint64_t *a)
{
    extern nt_status nt_object_signal(struct nt_thread *, struct nt_object *);
    struct nt_object *signal, *object;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_NONE, 0, &signal);

    if (!NT_FAILED(status))
        status = nt_handle_object(t, a[1], NT_TYPE_NONE, 0, &object);
    if (!NT_FAILED(status))
        status = nt_call_deadline(t, a[3]);
    if (!NT_FAILED(status) && !t->call.again)
        status = nt_object_signal(t, signal);
    if (NT_FAILED(status))
        return status;
    return nt_wait_objects(t, &object, 1, true, (uint8_t)a[2]);
}

nt_status NtDelayExecution(struct nt_thread *t, const uint64_t *a)
{
    nt_status status = nt_call_deadline(t, a[1]);

    if (NT_FAILED(status))
        return status;
    if ((uint8_t)a[0]) {
        status = nt_wait_alertable(t);
        if (status != NT_SUCCESS)
            return status;
    }
    if (nt_call_expired(t))
        return NT_SUCCESS;
    nt_thread_set_deadline(t, t->call.deadline);
    return NT_HELD;
}

nt_status NtYieldExecution(struct nt_thread *t, const uint64_t *a)
{
    (void)t;
    (void)a;
    return NT_SUCCESS; /* the answer puts the thread behind those that are ready */
}

/* ---- alerts ---- */
static struct nt_thread *thread_by_tid(struct nt_process *p, uint64_t tid)
{
    for (struct nt_list *at = p->threads.next; at != &p->threads; at = at->next) {
        struct nt_thread *t = nt_container(at, struct nt_thread, link);
        if (t->tid == (uint32_t)tid)
            return t;
    }
    return NULL;
}

nt_status NtAlertThreadByThreadId(struct nt_thread *t, const uint64_t *a)
{
    struct nt_thread *target = thread_by_tid(t->process, a[0]);

    if (!target)
        return NT_INVALID_CID;
    if (atomic_exchange(target->alert_word, NT_ALERT_SET) == NT_ALERT_WAITED)
        nt_wait_alert(target);
    if (target->held)
        nt_thread_wake(target);
    return NT_SUCCESS;
}

nt_status NtWaitForAlertByThreadId(struct nt_thread *t, const uint64_t *a)
{
    nt_status status = nt_call_deadline(t, a[1]);

    if (NT_FAILED(status))
        return status;
    if (atomic_exchange(t->alert_word, NT_ALERT_NONE) == NT_ALERT_SET)
        return NT_ALERTED;
    if (nt_call_expired(t))
        return NT_TIMEOUT;
    uint32_t none = NT_ALERT_NONE;
    if (!atomic_compare_exchange_strong(t->alert_word, &none, NT_ALERT_HELD)) {
        atomic_store(t->alert_word, NT_ALERT_NONE); /* it came just now */
        return NT_ALERTED;
    }
    nt_thread_set_deadline(t, t->call.deadline);
    if (nt_wait_held)
        nt_wait_held(t);
    return NT_HELD;
}

nt_status NtAlertThread(struct nt_thread *t, const uint64_t *a)
{
    struct nt_thread_object *object;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_THREAD, 4, &object);

    if (NT_FAILED(status))
        return status;
    if (!object->thread)
        return NT_THREAD_IS_TERMINATING;
    object->thread->alert = true;
    nt_thread_wake(object->thread);
    return NT_SUCCESS;
}

nt_status NtTestAlert(struct nt_thread *t, const uint64_t *a)
{
    struct jn_state state;

    (void)a;
    if (t->alert) {
        t->alert = false;
        return NT_ALERTED;
    }
    if (nt_list_empty(&t->apcs) || world_thread_state(t->world, &state) != JN_OK)
        return NT_SUCCESS;
    state.r[JN_REG_RAX] = NT_SUCCESS;
    return nt_apc_deliver(t, &state) ? NT_STATE : NT_SUCCESS;
}

/* Events, semaphores, mutants, and keyed events. Nameless ones live here until somebody else may
 * hold them; named ones are objects of servers/object from the start. */
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "nt_lease.h"
#include "nt_object_codes.h"

nt_status nt_named_create(struct nt_thread *t, enum nt_type type, size_t size, uint32_t kind,
                        uint32_t flags, uint64_t initial, uint64_t limit, uint64_t owner,
                        const struct nt_attributes *a, void *result)
{
    struct nt_object *object = nt_object_create(t->process, type, size);
    char *path = NULL;
    size_t length = 0;
    bool existed = false;
    nt_status status;

    if (!object)
        return NT_NO_MEMORY;
    status = nt_object_path(t, a, &path, &length);
    if (!NT_FAILED(status) && path) {
        if (a->flags & NT_OBJ_OPENIF)
            flags |= OBJECT_OPEN_EXISTING;
        world_status got = world_object_create(t->process->world, kind, flags, initial, limit,
                                               owner, path, length, &object->shared, &existed);
        status = got == JN_BAD_ARG ? NT_OBJECT_TYPE_MISMATCH : nt_status_from(got);
        if (!NT_FAILED(status)) {
            object->name = nt_text_from_utf8(path, length, &length);
            object->name_length = (uint32_t)length * 2;
            status = existed ? NT_OBJECT_NAME_EXISTS : NT_SUCCESS;
        }
    }
    free(path);
    if (NT_FAILED(status)) {
        nt_object_release(object);
        return status;
    }
    if (type == NT_TYPE_MUTANT && object->shared)
        t->process->shared_mutants = true;
    *(struct nt_object **)result = object;
    return status;
}

nt_status nt_named_open(struct nt_thread *t, const uint64_t *a, enum nt_type type, size_t size,
                            uint32_t kind)
{
    struct nt_attributes attributes;
    struct nt_object *object;
    nt_status status = nt_read_attributes(t, a[2], &attributes);

    if (NT_FAILED(status))
        return status;
    if (!attributes.name.length)
        status = NT_OBJECT_PATH_SYNTAX_BAD;
    else
        status = nt_named_create(t, type, size, kind, OBJECT_MUST_EXIST | OBJECT_OPEN_EXISTING, 0, 0, 0,
                        &attributes, &object);
    nt_attributes_free(&attributes);
    if (NT_FAILED(status))
        return status;
    return nt_handle_give(t, a[0], object, (uint32_t)a[1], attributes.flags, NT_SUCCESS);
}

nt_status NtCreateEvent(struct nt_thread *t, const uint64_t *a)
{
    struct nt_attributes attributes;
    struct nt_event *event;
    bool manual = (uint32_t)a[3] == 0; /* NotificationEvent */
    nt_status status = nt_read_attributes(t, a[2], &attributes);

    if (NT_FAILED(status))
        return status;
    if ((uint32_t)a[3] > 1) {
        nt_attributes_free(&attributes);
        return NT_INVALID_PARAMETER;
    }
    status = nt_named_create(t, NT_TYPE_EVENT, sizeof *event, OBJECT_EVENT, manual ? OBJECT_MANUAL : 0,
                    (uint8_t)a[4], manual, 0, &attributes, &event);
    nt_attributes_free(&attributes);
    if (NT_FAILED(status))
        return status;
    event->manual = manual;
    event->set = (uint8_t)a[4];
    return nt_handle_give(t, a[0], event, (uint32_t)a[1], attributes.flags, status);
}

nt_status NtOpenEvent(struct nt_thread *t, const uint64_t *a)
{
    return nt_named_open(t, a, NT_TYPE_EVENT, sizeof(struct nt_event), OBJECT_EVENT);
}

static nt_status operate(struct nt_object *object, uint32_t operation, uint64_t value,
                         uint64_t tid, uint64_t *previous)
{
    return nt_status_from(world_object_operate(object->process->world, object->shared, operation,
                                               value, tid, previous));
}

static nt_status event_change(struct nt_thread *t, const uint64_t *a, uint32_t operation)
{
    struct nt_event *event;
    struct nt_handle *entry = nt_handle_entry(t->process, a[0]);
    uint64_t previous;
    nt_status status;

    /* Who waits without the core would come too late to be among the waiters. */
    if (operation == OBJECT_PULSE && entry && entry->object->type == NT_TYPE_EVENT &&
        entry->access & 2)
        nt_lease_grant(entry->object);
    status = nt_handle_object(t, a[0], NT_TYPE_EVENT, 2, &event);

    if (NT_FAILED(status))
        return status;
    if (event->object.shared) {
        status = operate(&event->object, operation, 0, 0, &previous);
        if (NT_FAILED(status))
            return status;
    } else {
        previous = event->set;
        event->set = operation != OBJECT_RESET;
        if (event->set)
            nt_object_wake(&event->object);
        if (operation == OBJECT_PULSE) {
            nt_core_run(); /* those that wait now take it; nobody later */
            nt_lease_recall(&event->object);
            event->set = false;
        }
    }
    if (a[1])
        return nt_write_u32(t, a[1], (uint32_t)previous);
    return NT_SUCCESS;
}

nt_status NtSetEvent(struct nt_thread *t, const uint64_t *a)
{
    return event_change(t, a, OBJECT_SET);
}

nt_status NtResetEvent(struct nt_thread *t, const uint64_t *a)
{
    return event_change(t, a, OBJECT_RESET);
}

nt_status NtClearEvent(struct nt_thread *t, const uint64_t *a)
{
    uint64_t arguments[2] = {a[0], 0};

    return event_change(t, arguments, OBJECT_RESET);
}

nt_status NtPulseEvent(struct nt_thread *t, const uint64_t *a)
{
    return event_change(t, a, OBJECT_PULSE);
}

static nt_status query_shared(struct nt_object *object, uint64_t *value, uint64_t *limit,
                              uint64_t *owner, uint64_t *count)
{
    uint32_t kind;

    return nt_status_from(world_object_query(object->process->world, object->shared, &kind, value,
                                             limit, owner, count));
}

nt_status NtQueryEvent(struct nt_thread *t, const uint64_t *a)
{
    struct nt_event *event;
    uint32_t information[2];
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_EVENT, 1, &event);

    if (NT_FAILED(status))
        return status;
    if ((uint32_t)a[1] != 0)
        return NT_INVALID_INFO_CLASS;
    information[0] = !event->manual;
    information[1] = event->set;
    if (event->object.shared) {
        uint64_t value, limit, owner, count;
        status = query_shared(&event->object, &value, &limit, &owner, &count);
        if (NT_FAILED(status))
            return status;
        information[0] = !limit;
        information[1] = (uint32_t)value;
    }
    return nt_write_exact(t, a[2], (uint32_t)a[3], a[4], information, sizeof information);
}

nt_status NtCreateSemaphore(struct nt_thread *t, const uint64_t *a)
{
    struct nt_attributes attributes;
    struct nt_semaphore *semaphore;
    uint32_t initial = (uint32_t)a[3], limit = (uint32_t)a[4];
    nt_status status;

    if ((int32_t)limit <= 0 || initial > limit)
        return NT_INVALID_PARAMETER;
    status = nt_read_attributes(t, a[2], &attributes);
    if (NT_FAILED(status))
        return status;
    status = nt_named_create(t, NT_TYPE_SEMAPHORE, sizeof *semaphore, OBJECT_SEMAPHORE, 0, initial, limit, 0,
                    &attributes, &semaphore);
    nt_attributes_free(&attributes);
    if (NT_FAILED(status))
        return status;
    semaphore->count = initial;
    semaphore->limit = limit;
    return nt_handle_give(t, a[0], semaphore, (uint32_t)a[1], attributes.flags, status);
}

nt_status NtOpenSemaphore(struct nt_thread *t, const uint64_t *a)
{
    return nt_named_open(t, a, NT_TYPE_SEMAPHORE, sizeof(struct nt_semaphore), OBJECT_SEMAPHORE);
}

static nt_status semaphore_release(struct nt_semaphore *semaphore, uint32_t count,
                                   uint64_t *previous)
{
    if (semaphore->object.shared)
        return operate(&semaphore->object, OBJECT_RELEASE, count, 0, previous);
    if (count > semaphore->limit - semaphore->count)
        return NT_SEMAPHORE_LIMIT_EXCEEDED;
    *previous = semaphore->count;
    semaphore->count += count;
    nt_object_wake(&semaphore->object);
    return NT_SUCCESS;
}

nt_status NtReleaseSemaphore(struct nt_thread *t, const uint64_t *a)
{
    struct nt_semaphore *semaphore;
    uint64_t previous;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_SEMAPHORE, 2, &semaphore);

    if (NT_FAILED(status))
        return status;
    if ((int32_t)a[1] <= 0)
        return NT_INVALID_PARAMETER;
    status = semaphore_release(semaphore, (uint32_t)a[1], &previous);
    if (!NT_FAILED(status) && a[2])
        status = nt_write_u32(t, a[2], (uint32_t)previous);
    return status;
}

nt_status NtQuerySemaphore(struct nt_thread *t, const uint64_t *a)
{
    struct nt_semaphore *semaphore;
    uint32_t information[2];
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_SEMAPHORE, 1, &semaphore);

    if (NT_FAILED(status))
        return status;
    if ((uint32_t)a[1] != 0)
        return NT_INVALID_INFO_CLASS;
    information[0] = semaphore->count;
    information[1] = semaphore->limit;
    if (semaphore->object.shared) {
        uint64_t value, limit, owner, count;
        status = query_shared(&semaphore->object, &value, &limit, &owner, &count);
        if (NT_FAILED(status))
            return status;
        information[0] = (uint32_t)value;
        information[1] = (uint32_t)limit;
    }
    return nt_write_exact(t, a[2], (uint32_t)a[3], a[4], information, sizeof information);
}

nt_status NtCreateMutant(struct nt_thread *t, const uint64_t *a)
{
    struct nt_attributes attributes;
    struct nt_mutant *mutant;
    bool owned = (uint8_t)a[3];
    nt_status status = nt_read_attributes(t, a[2], &attributes);

    if (NT_FAILED(status))
        return status;
    status = nt_named_create(t, NT_TYPE_MUTANT, sizeof *mutant, OBJECT_MUTEX, 0, owned, 0,
                    owned ? t->tid : 0, &attributes, &mutant);
    nt_attributes_free(&attributes);
    if (NT_FAILED(status))
        return status;
    nt_list_init(&mutant->owned);
    if (owned && !mutant->object.shared) {
        mutant->owner = t;
        mutant->count = 1;
        nt_list_append(&t->mutants, &mutant->owned);
    }
    return nt_handle_give(t, a[0], mutant, (uint32_t)a[1], attributes.flags, status);
}

nt_status NtOpenMutant(struct nt_thread *t, const uint64_t *a)
{
    return nt_named_open(t, a, NT_TYPE_MUTANT, sizeof(struct nt_mutant), OBJECT_MUTEX);
}

static nt_status mutant_release(struct nt_thread *t, struct nt_mutant *mutant, int32_t *previous)
{
    if (mutant->object.shared) {
        uint64_t before;
        nt_status status = operate(&mutant->object, OBJECT_RELEASE, 1, t->tid, &before);
        *previous = 1 - (int32_t)before;
        return status;
    }
    if (mutant->owner != t)
        return NT_MUTANT_NOT_OWNED;
    *previous = 1 - (int32_t)mutant->count;
    if (!--mutant->count) {
        mutant->owner = NULL;
        nt_list_remove(&mutant->owned);
        nt_object_wake(&mutant->object);
    }
    return NT_SUCCESS;
}

nt_status NtReleaseMutant(struct nt_thread *t, const uint64_t *a)
{
    struct nt_mutant *mutant;
    int32_t previous = 0;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_MUTANT, 0, &mutant);

    if (!NT_FAILED(status))
        status = mutant_release(t, mutant, &previous);
    if (!NT_FAILED(status) && a[1])
        status = nt_write_u32(t, a[1], (uint32_t)previous);
    return status;
}

nt_status NtQueryMutant(struct nt_thread *t, const uint64_t *a)
{
    struct nt_mutant *mutant;
    struct {
        int32_t count;
        uint8_t owned, abandoned, pad[2];
    } information = {0};
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_MUTANT, 1, &mutant);

    if (NT_FAILED(status))
        return status;
    if ((uint32_t)a[1] != 0)
        return NT_INVALID_INFO_CLASS;
    information.count = 1 - (int32_t)mutant->count;
    information.owned = mutant->owner == t;
    information.abandoned = mutant->abandoned;
    if (mutant->object.shared) {
        uint64_t value, limit, owner, count;
        status = query_shared(&mutant->object, &value, &limit, &owner, &count);
        if (NT_FAILED(status))
            return status;
        information.count = 1 - (int32_t)value;
        information.owned = owner == t->tid;
        information.abandoned = limit != 0;
    }
    return nt_write_exact(t, a[2], (uint32_t)a[3], a[4], &information, sizeof information);
}

void nt_mutant_abandon_all(struct nt_thread *t)
{
    uint64_t previous;

    nt_lease_recall_owned(t);
    while (!nt_list_empty(&t->mutants)) {
        struct nt_mutant *mutant = nt_container(t->mutants.next, struct nt_mutant, owned);
        nt_list_remove(&mutant->owned);
        mutant->owner = NULL;
        mutant->count = 0;
        mutant->abandoned = true;
        nt_object_wake(&mutant->object);
    }
    if (!t->process->ended && t->process->shared_mutants)
        (void)world_object_operate(t->process->world, 0, OBJECT_ABANDON, 0, t->tid, &previous);
}

nt_status nt_object_signal(struct nt_thread *t, struct nt_object *object)
{
    uint64_t previous;
    int32_t count;

    nt_lease_recall(object);
    switch (object->type) {
    case NT_TYPE_EVENT:
        if (object->shared)
            return operate(object, OBJECT_SET, 0, 0, &previous);
        ((struct nt_event *)object)->set = true;
        nt_object_wake(object);
        return NT_SUCCESS;
    case NT_TYPE_SEMAPHORE:
        return semaphore_release((struct nt_semaphore *)object, 1, &previous);
    case NT_TYPE_MUTANT: return mutant_release(t, (struct nt_mutant *)object, &count);
    default: return NT_OBJECT_TYPE_MISMATCH;
    }
}

/* Gives the state to servers/object, for good: somebody else is about to hold the object too. */
nt_status nt_object_promote(struct nt_object *object)
{
    uint32_t kind, flags = 0;
    uint64_t initial = 0, limit = 0, owner = 0;
    bool existed;
    nt_status status;

    if (object->shared)
        return NT_SUCCESS;
    nt_lease_recall(object);
    switch (object->type) {
    case NT_TYPE_EVENT:
        kind = OBJECT_EVENT;
        initial = ((struct nt_event *)object)->set;
        limit = ((struct nt_event *)object)->manual;
        flags = limit ? OBJECT_MANUAL : 0;
        break;
    case NT_TYPE_SEMAPHORE:
        kind = OBJECT_SEMAPHORE;
        initial = ((struct nt_semaphore *)object)->count;
        limit = ((struct nt_semaphore *)object)->limit;
        break;
    case NT_TYPE_MUTANT: {
        struct nt_mutant *mutant = (struct nt_mutant *)object;
        kind = OBJECT_MUTEX;
        initial = mutant->count;
        owner = mutant->owner ? mutant->owner->tid : 0;
        break;
    }
    case NT_TYPE_TIMER: {
        struct nt_timer *timer = (struct nt_timer *)object;
        kind = OBJECT_TIMER;
        flags = timer->manual ? OBJECT_MANUAL : 0;
        initial = timer->set;
        break;
    }
    case NT_TYPE_COMPLETION: kind = OBJECT_COMPLETION; break;
    default: return NT_SUCCESS; /* others are not state of this core alone */
    }
    status = nt_status_from(world_object_create(object->process->world, kind, flags, initial, limit,
                                                owner, "", 0, &object->shared, &existed));
    if (NT_FAILED(status))
        return status;
    if (object->type == NT_TYPE_MUTANT)
        object->process->shared_mutants = true;
    if (object->type == NT_TYPE_MUTANT && ((struct nt_mutant *)object)->owner) {
        nt_list_remove(&((struct nt_mutant *)object)->owned);
        ((struct nt_mutant *)object)->owner = NULL;
    }
    if (object->type == NT_TYPE_TIMER) {
        struct nt_timer *timer = (struct nt_timer *)object;
        if (timer->armed && !timer->apc) {
            (void)world_object_set_timer(object->process->world, object->shared, timer->deadline,
                                         timer->period);
            nt_timer_forget(timer);
        }
    }
    if (object->type == NT_TYPE_COMPLETION)
        nt_completion_hand_over((struct nt_completion *)object);
    nt_object_wake(object); /* its waiters wait there from now on */
    return NT_SUCCESS;
}

/* ---- keyed events: a wait and a release with one key meet ---- */
nt_status NtCreateKeyedEvent(struct nt_thread *t, const uint64_t *a)
{
    struct nt_attributes attributes;
    struct nt_keyed_event *event;
    nt_status status = nt_read_attributes(t, a[2], &attributes);

    if (NT_FAILED(status))
        return status;
    nt_attributes_free(&attributes);
    event = nt_object_create(t->process, NT_TYPE_KEYED_EVENT, sizeof *event);
    if (!event)
        return NT_NO_MEMORY;
    nt_list_init(&event->sleepers);
    return nt_handle_give(t, a[0], event, (uint32_t)a[1], attributes.flags, NT_SUCCESS);
}

nt_status NtOpenKeyedEvent(struct nt_thread *t, const uint64_t *a)
{
    (void)t;
    (void)a;
    return NT_OBJECT_NAME_NOT_FOUND; /* keyed events have no names here */
}

static struct nt_keyed_event *default_keyed_event(struct nt_process *p)
{
    static struct nt_keyed_event event; /* handle 0: one for everybody; keys are addresses */

    (void)p;
    if (!event.sleepers.next)
        nt_list_init(&event.sleepers);
    return &event;
}

static nt_status keyed(struct nt_thread *t, const uint64_t *a, bool release)
{
    struct nt_keyed_event *event;
    uint64_t key = a[1];
    nt_status status;

    if (t->keyed_done) { /* the partner came while this call was held */
        t->keyed_done = false;
        return NT_SUCCESS;
    }
    if (key & 1)
        return NT_INVALID_PARAMETER_1;
    if (a[0]) {
        status = nt_handle_object(t, a[0], NT_TYPE_KEYED_EVENT, release ? 2 : 1, &event);
        if (NT_FAILED(status))
            return status;
    } else {
        event = default_keyed_event(t->process);
    }
    status = nt_call_deadline(t, a[3]);
    if (NT_FAILED(status))
        return status;
    for (struct nt_list *at = event->sleepers.next; at != &event->sleepers; at = at->next) {
        struct nt_thread *other = nt_container(at, struct nt_thread, keyed_link);
        if (other->keyed_key != key || other->keyed_release == release ||
            other->process != t->process)
            continue;
        nt_list_remove(&other->keyed_link);
        other->keyed_queued = false;
        other->keyed_done = true;
        nt_thread_wake(other);
        return NT_SUCCESS;
    }
    if ((uint8_t)a[2]) {
        status = nt_wait_alertable(t);
        if (status != NT_SUCCESS)
            return status;
    }
    if (nt_call_expired(t))
        return NT_TIMEOUT;
    t->keyed_key = key;
    t->keyed_release = release;
    t->keyed_event = event;
    t->keyed_queued = true;
    nt_list_append(&event->sleepers, &t->keyed_link);
    nt_thread_set_deadline(t, t->call.deadline);
    return NT_HELD;
}

nt_status NtWaitForKeyedEvent(struct nt_thread *t, const uint64_t *a)
{
    return keyed(t, a, false);
}

nt_status NtReleaseKeyedEvent(struct nt_thread *t, const uint64_t *a)
{
    return keyed(t, a, true);
}

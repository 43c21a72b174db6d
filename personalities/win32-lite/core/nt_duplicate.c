/* NtDuplicateObject: between any two processes, of this core or of others. */
#include <stdlib.h>
#include <string.h>

#include "nt_remote.h"

#define CLOSE_SOURCE 1u
#define SAME_ACCESS 2u
#define SAME_ATTRIBUTES 4u

/* Where a call stands that had to ask another core (nt_call.progress). */
enum { TAKE, GIVE, CLOSE };

struct source {
    struct nt_object *object; /* with a reference, or NULL: `parcel` */
    void *parcel;
    size_t parcel_length;
    uint32_t access, flags;
};

/* A handle of this core's process. */
static nt_status take_near(struct nt_thread *t, struct nt_process *from, uint64_t handle,
                           struct source *source)
{
    struct nt_handle *entry = (int32_t)handle < 0 ? NULL : nt_handle_entry(from, handle);
    nt_status status;

    if (from == t->process) {
        status = nt_handle_object(t, handle, NT_TYPE_NONE, 0, &source->object);
        if (NT_FAILED(status))
            return status;
    } else if (entry) {
        source->object = entry->object;
    } else {
        return NT_INVALID_HANDLE;
    }
    nt_object_ref(source->object);
    source->access = entry ? entry->access : 0x1fffff;
    source->flags = entry ? entry->flags : 0;
    return NT_SUCCESS;
}

/* The parcel of a handle of another core's process; kept with the thread, for the call may have to
 * wait once more. */
static nt_status take_far(struct nt_thread *t, uint64_t pid, uint64_t handle,
                          struct source *source)
{
    struct nt_remote_message *answer;
    nt_status status;

    if (t->call.progress == TAKE) {
        status = nt_remote_ask(t, pid, NT_REMOTE_EXPORT, &handle, 1, NULL, 0, &answer);
        if (status != NT_SUCCESS)
            return status;
        free(t->remote_parcel);
        t->remote_parcel_length = answer->payload_length;
        t->remote_parcel = malloc(answer->payload_length + 1u);
        if (t->remote_parcel)
            memcpy(t->remote_parcel, nt_remote_payload(answer), answer->payload_length);
        t->call.scratch[0] = answer->results[0];
        t->call.scratch[1] = answer->results[1];
        free(answer);
        if (!t->remote_parcel)
            return NT_NO_MEMORY;
        t->call.progress = GIVE;
    }
    source->parcel = t->remote_parcel;
    source->parcel_length = t->remote_parcel_length;
    source->access = (uint32_t)t->call.scratch[0];
    source->flags = (uint32_t)t->call.scratch[1];
    return NT_SUCCESS;
}

static uint32_t type_of(const struct source *source)
{
    return source->object ? source->object->type : ((struct nt_parcel *)source->parcel)->type;
}

static nt_status give_near(struct nt_process *to, const struct source *source, uint32_t access,
                           uint32_t flags, uint64_t *handle)
{
    struct nt_object *copy = source->object;
    nt_status status = NT_SUCCESS;

    if (copy && copy->process == to)
        nt_object_ref(copy);
    else if (copy)
        status = nt_object_clone(source->object, to, &copy);
    else
        status = nt_parcel_unpack(to, source->parcel, source->parcel_length, &copy);
    if (NT_FAILED(status))
        return status;
    status = nt_handle_insert(to, copy, access, flags, handle);
    nt_object_release(copy);
    return status;
}

static nt_status give_far(struct nt_thread *t, uint64_t pid, const struct source *source,
                          uint32_t access, uint32_t flags, uint64_t *handle)
{
    struct nt_remote_message *answer;
    struct nt_parcel *parcel = source->parcel;
    size_t length = source->parcel_length;
    uint64_t arguments[2] = {access, flags};
    nt_status status = NT_SUCCESS;

    if (source->object && !t->remote_id)
        status = nt_parcel_pack(source->object, &parcel, &length);
    if (NT_FAILED(status))
        return status;
    status = nt_remote_ask(t, pid, NT_REMOTE_IMPORT, arguments, 2, parcel,
                           t->remote_id ? 0 : (uint32_t)length, &answer);
    if (source->object)
        free(parcel);
    if (status == NT_SUCCESS) {
        *handle = answer->results[0];
        free(answer);
    }
    return status;
}

static nt_status close_source(struct nt_thread *t, struct nt_process *from, uint64_t pid,
                              uint64_t handle)
{
    struct nt_remote_message *answer;
    nt_status status;

    if (from)
        return nt_handle_close(from, handle);
    t->call.progress = CLOSE;
    status = nt_remote_ask(t, pid, NT_REMOTE_CLOSE, &handle, 1, NULL, 0, &answer);
    if (status == NT_SUCCESS)
        free(answer);
    return status;
}

/* The process that a handle names: near, or NULL and its id. */
static nt_status process_of(struct nt_thread *t, uint64_t handle, struct nt_process **near,
                            uint64_t *pid)
{
    struct nt_process_object *object;
    nt_status status = nt_handle_object(t, handle, NT_TYPE_PROCESS, 0x40, &object);

    if (NT_FAILED(status))
        return status;
    *pid = object->pid;
    *near = nt_process_reach(t, object->pid);
    if (!*near && object->foreign)
        return NT_ACCESS_DENIED;
    return !*near && object->ended ? NT_PROCESS_IS_TERMINATING : NT_SUCCESS;
}

nt_status NtDuplicateObject(struct nt_thread *t, const uint64_t *a)
{
    /* source process, handle, target process, result, access, attributes, options */
    uint32_t options = (uint32_t)a[6], access, flags;
    struct nt_process *from, *to = NULL;
    struct source source = {0};
    uint64_t from_pid, to_pid = 0, handle = 0;
    nt_status status = process_of(t, a[0], &from, &from_pid), closed;
    bool give = a[2] || a[3];

    if (NT_FAILED(status))
        return status;
    if (t->call.progress == CLOSE) { /* the handle is given; its result is kept */
        closed = close_source(t, from, from_pid, a[1]);
        return closed == NT_HELD ? NT_HELD : (nt_status)t->call.scratch[0];
    }
    if (give) {
        status = process_of(t, a[2], &to, &to_pid);
        if (NT_FAILED(status) && !(options & CLOSE_SOURCE))
            return status;
    }
    if (give && !NT_FAILED(status)) {
        status = from ? take_near(t, from, a[1], &source)
                      : take_far(t, from_pid, a[1], &source);
        if (status != NT_SUCCESS)
            return status;
        access = options & SAME_ACCESS ? source.access
                                       : nt_access_map(type_of(&source), (uint32_t)a[4]);
        flags = options & SAME_ATTRIBUTES          ? source.flags
                : (uint32_t)a[5] & NT_OBJ_INHERIT ? NT_HANDLE_INHERIT
                                                   : 0;
        status = to ? give_near(to, &source, access, flags, &handle)
                    : give_far(t, to_pid, &source, access, flags, &handle);
        nt_object_release(source.object);
        if (status == NT_HELD)
            return status;
        if (!NT_FAILED(status) && a[3])
            status = nt_write_u64(t, a[3], handle);
    }
    if (options & CLOSE_SOURCE) {
        t->call.scratch[0] = (uint32_t)status;
        closed = close_source(t, from, from_pid, a[1]);
        if (closed == NT_HELD)
            return NT_HELD;
    }
    return status;
}

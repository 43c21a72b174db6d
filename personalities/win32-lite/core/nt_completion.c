/* I/O completion ports. */
#include <stdlib.h>
#include <string.h>

#include "core.h"

void nt_completion_add(struct nt_completion *c, uint64_t key, uint64_t value, nt_status status,
                       uint64_t information)
{
    struct nt_completion_entry *entry = malloc(sizeof *entry);

    if (!entry)
        return;
    *entry = (struct nt_completion_entry){
        .key = key, .value = value, .status = status, .information = information};
    nt_list_append(&c->entries, &entry->link);
    c->count++;
    nt_object_wake(&c->object);
}

nt_status NtCreateIoCompletion(struct nt_thread *t, const uint64_t *a)
{
    struct nt_attributes attributes;
    struct nt_completion *c;
    nt_status status = nt_read_attributes(t, a[2], &attributes);

    if (NT_FAILED(status))
        return status;
    nt_attributes_free(&attributes);
    c = nt_object_create(t->process, NT_TYPE_COMPLETION, sizeof *c);
    if (!c)
        return NT_NO_MEMORY;
    nt_list_init(&c->entries);
    return nt_handle_give(t, a[0], c, (uint32_t)a[1], attributes.flags, NT_SUCCESS);
}

nt_status NtOpenIoCompletion(struct nt_thread *t, const uint64_t *a)
{
    (void)t;
    (void)a;
    return NT_OBJECT_NAME_NOT_FOUND; /* ports have no names here */
}

nt_status NtSetIoCompletion(struct nt_thread *t, const uint64_t *a)
{
    struct nt_completion *c;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_COMPLETION, 2, &c);

    if (NT_FAILED(status))
        return status;
    nt_completion_add(c, a[1], a[2], (nt_status)a[3], a[4]);
    return NT_SUCCESS;
}

nt_status NtQueryIoCompletion(struct nt_thread *t, const uint64_t *a)
{
    struct nt_completion *c;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_COMPLETION, 1, &c);

    if (NT_FAILED(status))
        return status;
    if ((uint32_t)a[1])
        return NT_INVALID_PARAMETER;
    return nt_write_exact(t, a[2], (uint32_t)a[3], a[4], &c->count, 4);
}

static struct nt_completion_entry *take(struct nt_completion *c)
{
    struct nt_completion_entry *entry =
        nt_container(c->entries.next, struct nt_completion_entry, link);

    nt_list_remove(&entry->link);
    c->count--;
    return entry;
}

static nt_status wait(struct nt_thread *t, struct nt_completion *c, uint64_t timeout,
                      bool alertable)
{
    nt_status status = nt_call_deadline(t, timeout);

    if (NT_FAILED(status))
        return status;
    if (alertable) {
        status = nt_wait_alertable(t);
        if (status != NT_SUCCESS)
            return status;
    }
    if (nt_call_expired(t))
        return NT_TIMEOUT;
    nt_thread_hold_on(t, &c->object);
    nt_thread_set_deadline(t, t->call.deadline);
    return NT_HELD;
}

nt_status NtRemoveIoCompletion(struct nt_thread *t, const uint64_t *a)
{
    struct nt_completion_entry *entry;
    struct nt_completion *c;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_COMPLETION, 2, &c);

    if (NT_FAILED(status))
        return status;
    if (!c->count)
        return wait(t, c, a[4], false);
    entry = take(c);
    status = nt_write_u64(t, a[1], entry->key);
    if (!NT_FAILED(status))
        status = nt_write_u64(t, a[2], entry->value);
    if (!NT_FAILED(status))
        status = nt_write_iosb(t, a[3], entry->status, entry->information);
    free(entry);
    return status;
}

nt_status NtRemoveIoCompletionEx(struct nt_thread *t, const uint64_t *a)
{
    struct nt_completion *c;
    uint32_t count = (uint32_t)a[2], done = 0;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_COMPLETION, 2, &c);

    if (NT_FAILED(status))
        return status;
    if (!count)
        return NT_INVALID_PARAMETER;
    if (!c->count) {
        status = wait(t, c, a[4], (uint8_t)a[5]);
        if (status == NT_TIMEOUT && NT_FAILED(nt_write_u32(t, a[3], 1)))
            return NT_ACCESS_VIOLATION;
        return status;
    }
    while (done < count && c->count) {
        struct nt_completion_entry *entry = take(c);
        uint64_t record[4] = {entry->key, entry->value, entry->status, entry->information};
        free(entry);
        if (NT_FAILED(nt_write(t, a[1] + done * 32, record, sizeof record)))
            return NT_ACCESS_VIOLATION;
        done++;
    }
    return nt_write_u32(t, a[3], done);
}

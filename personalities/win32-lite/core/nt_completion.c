/* I/O completion ports. */
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "nt_object_codes.h"

void nt_completion_add(struct nt_completion *c, uint64_t key, uint64_t value, nt_status status,
                       uint64_t information)
{
    struct nt_completion_entry *entry;

    if (c->object.shared) {
        struct world_completion record = {key, value, status, information};
        world_status posted = world_completion_post(c->object.process->world, c->object.shared,
                                                    &record);
        if (posted != JN_OK)
            world_log("win32: pid %u: a completion is lost: %d", (unsigned)c->object.process->pid,
                      (int)posted);
        return;
    }
    entry = malloc(sizeof *entry);
    if (!entry)
        return;
    *entry = (struct nt_completion_entry){
        .key = key, .value = value, .status = status, .information = information};
    nt_list_append(&c->entries, &entry->link);
    c->count++;
    nt_object_wake(&c->object);
}

static struct nt_completion_entry *take(struct nt_completion *c)
{
    struct nt_completion_entry *entry =
        nt_container(c->entries.next, struct nt_completion_entry, link);

    nt_list_remove(&entry->link);
    c->count--;
    return entry;
}

void nt_completion_hand_over(struct nt_completion *c)
{
    while (c->count) {
        struct nt_completion_entry *entry = take(c);
        nt_completion_add(c, entry->key, entry->value, entry->status, entry->information);
        free(entry);
    }
}

nt_status NtCreateIoCompletion(struct nt_thread *t, const uint64_t *a)
{
    struct nt_attributes attributes;
    struct nt_completion *c;
    nt_status status = nt_read_attributes(t, a[2], &attributes);

    if (NT_FAILED(status))
        return status;
    status = nt_named_create(t, NT_TYPE_COMPLETION, sizeof *c, OBJECT_COMPLETION, 0, 0, 0, 0,
                             &attributes, &c);
    nt_attributes_free(&attributes);
    if (NT_FAILED(status))
        return status;
    return nt_handle_give(t, a[0], c, (uint32_t)a[1], attributes.flags, status);
}

nt_status NtOpenIoCompletion(struct nt_thread *t, const uint64_t *a)
{
    return nt_named_open(t, a, NT_TYPE_COMPLETION, sizeof(struct nt_completion),
                         OBJECT_COMPLETION);
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
    if (c->object.shared) {
        uint64_t value = 0, limit, owner, count;
        uint32_t kind;
        (void)world_object_query(t->process->world, c->object.shared, &kind, &value, &limit, &owner,
                                 &count);
        return nt_write_exact(t, a[2], (uint32_t)a[3], a[4], &value, 4);
    }
    return nt_write_exact(t, a[2], (uint32_t)a[3], a[4], &c->count, 4);
}

/* Up to `most` of the entries, oldest first; 0: there are none, and if the port is servers/object's and the call
 * may wait, the thread's cookie is armed there. */
static uint32_t take_some(struct nt_thread *t, struct nt_completion *c,
                          struct world_completion *records, uint32_t most)
{
    uint32_t done = 0;

    if (c->object.shared) {
        world_status got =
            world_completion_take(t->process->world, c->object.shared,
                                  nt_call_expired(t) ? 0 : t->cookie, records, most, &done);
        if (got == JN_WOULD_BLOCK)
            t->armed = true;
        return got == JN_OK ? done : 0;
    }
    for (; done < most && c->count; done++) {
        struct nt_completion_entry *entry = take(c);
        records[done] = (struct world_completion){entry->key, entry->value, entry->status,
                                                  entry->information};
        free(entry);
    }
    return done;
}

static nt_status wait(struct nt_thread *t, struct nt_completion *c, bool alertable)
{
    nt_status status = alertable ? nt_wait_alertable(t) : NT_SUCCESS;

    if (status == NT_SUCCESS && nt_call_expired(t))
        status = NT_TIMEOUT;
    if (status != NT_SUCCESS) {
        if (t->armed && status != NT_STATE) {
            world_disarm(t->process->world, t->cookie);
            t->armed = false;
        }
        return status;
    }
    if (!c->object.shared)
        nt_thread_hold_on(t, &c->object);
    nt_thread_set_deadline(t, t->call.deadline);
    return NT_HELD;
}

nt_status NtRemoveIoCompletion(struct nt_thread *t, const uint64_t *a)
{
    struct world_completion record;
    struct nt_completion *c;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_COMPLETION, 2, &c);

    if (!NT_FAILED(status))
        status = nt_call_deadline(t, a[4]);
    if (NT_FAILED(status))
        return status;
    if (!take_some(t, c, &record, 1))
        return wait(t, c, false);
    status = nt_write_u64(t, a[1], record.key);
    if (!NT_FAILED(status))
        status = nt_write_u64(t, a[2], record.value);
    if (!NT_FAILED(status))
        status = nt_write_iosb(t, a[3], (nt_status)record.status, record.information);
    return status;
}

nt_status NtRemoveIoCompletionEx(struct nt_thread *t, const uint64_t *a)
{
    struct world_completion records[WORLD_COMPLETIONS_MOST];
    struct nt_completion *c;
    uint32_t count = (uint32_t)a[2], done = 0, part;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_COMPLETION, 2, &c);

    if (!NT_FAILED(status))
        status = nt_call_deadline(t, a[4]);
    if (NT_FAILED(status))
        return status;
    if (!count)
        return NT_INVALID_PARAMETER;
    do { /* a second time only for what is there: nothing is armed then */
        uint32_t most = count - done < WORLD_COMPLETIONS_MOST ? count - done
                                                              : WORLD_COMPLETIONS_MOST;
        part = done && c->object.shared ? 0 : take_some(t, c, records, most);
        for (uint32_t i = 0; i < part; i++)
            if (NT_FAILED(nt_write(t, a[1] + (done + i) * 32ull, &records[i], 32)))
                return NT_ACCESS_VIOLATION;
        done += part;
    } while (part && done < count);
    if (!done) {
        status = wait(t, c, (uint8_t)a[5]);
        if (status == NT_TIMEOUT && NT_FAILED(nt_write_u32(t, a[3], 1)))
            return NT_ACCESS_VIOLATION;
        return status;
    }
    return nt_write_u32(t, a[3], done);
}

/* NtCreateThreadEx, NtOpenThread, NtGetNextThread: handles of threads, of any process. */
#include <stdlib.h>
#include <string.h>

#include "nt_remote.h"

/* A handle of a thread for the caller; takes the reference over. */
static nt_status give(struct nt_thread *t, uint64_t address, struct nt_thread_object *object,
                      uint32_t access, uint32_t flags)
{
    return object ? nt_handle_give(t, address, object, access, flags, NT_SUCCESS) : NT_NO_MEMORY;
}

/* Where a thread of another core was made: {tid, teb}. */
static nt_status create_far(struct nt_thread *t, uint64_t pid, const uint64_t *a, uint64_t *made)
{
    uint64_t arguments[5] = {a[4], a[5], a[9], a[8], (uint32_t)a[6] & 1};
    struct nt_remote_message *answer;
    nt_status status =
        nt_remote_ask(t, pid, NT_REMOTE_CREATE_THREAD, arguments, 5, NULL, 0, &answer);

    if (status != NT_SUCCESS)
        return status;
    memcpy(made, answer->results, 16);
    free(answer);
    return NT_SUCCESS;
}

/* PS_ATTRIBUTE_LIST: {attribute, size, value pointer, result length pointer} each. */
static nt_status write_attributes(struct nt_thread *t, const uint64_t *list, uint32_t count,
                                  uint64_t pid, const uint64_t *made)
{
    nt_status status = NT_SUCCESS;

    for (uint32_t i = 0; i < count; i++) {
        const uint64_t *entry = list + i * 4;
        uint64_t ids[2] = {pid, made[0]}, length = 0;
        if (entry[0] == 0x10003) {
            length = entry[1] < 16 ? entry[1] : 16;
            status = nt_write(t, entry[2], ids, length);
        } else if (entry[0] == 0x10004) {
            length = entry[1] < 8 ? entry[1] : 8;
            status = nt_write(t, entry[2], &made[1], length);
        }
        if (!NT_FAILED(status) && length && entry[3])
            status = nt_write_u64(t, entry[3], length);
    }
    return status;
}

nt_status NtCreateThreadEx(struct nt_thread *t, const uint64_t *a)
{
    struct nt_attributes attributes;
    struct nt_process_object *target;
    struct nt_process *p;
    struct nt_thread *thread;
    uint64_t list[512 / 8], made[2];
    uint32_t count = 0;
    nt_status status = nt_handle_object(t, a[3], NT_TYPE_PROCESS, 2, &target);

    if (NT_FAILED(status))
        return status;
    p = nt_process_reach(t, target->pid);
    if (target->foreign)
        return NT_ACCESS_DENIED;
    if (target->ended || (p && p->exiting))
        return NT_PROCESS_IS_TERMINATING;
    if (a[10]) {
        uint64_t total;
        if (NT_FAILED(nt_read_u64(t, a[10], &total)))
            return NT_ACCESS_VIOLATION;
        if (total < 8 || total > sizeof list || (total - 8) % 32)
            return NT_INVALID_PARAMETER;
        if (NT_FAILED(nt_read(t, a[10] + 8, list, total - 8)))
            return NT_ACCESS_VIOLATION;
        count = (uint32_t)(total - 8) / 32;
    }
    status = nt_read_attributes(t, a[2], &attributes);
    if (NT_FAILED(status))
        return status;
    nt_attributes_free(&attributes);
    if (p) {
        status = nt_thread_create(p, a[4], a[5], a[9], a[8], ((uint32_t)a[6] & 1) != 0, &thread);
        if (NT_FAILED(status))
            return status;
        made[0] = thread->tid;
        made[1] = thread->teb;
    } else {
        status = create_far(t, target->pid, a, made);
        if (status != NT_SUCCESS)
            return status;
    }
    status = write_attributes(t, list, count, target->pid, made);
    if (NT_FAILED(status))
        return status;
    return give(t, a[0], nt_thread_object_of(t->process, target->pid, made[0]), (uint32_t)a[1],
                attributes.flags);
}

nt_status NtOpenThread(struct nt_thread *t, const uint64_t *a)
{
    struct nt_remote_message *answer;
    struct nt_client_id client;
    struct nt_attributes attributes;
    uint64_t pid;
    nt_status status;

    if (NT_FAILED(nt_read(t, a[3], &client, sizeof client)))
        return NT_ACCESS_VIOLATION;
    status = nt_read_attributes(t, a[2], &attributes);
    if (NT_FAILED(status))
        return status;
    nt_attributes_free(&attributes);
    if (world_thread_owner(t->process->world, client.thread, &pid) != JN_OK ||
        (client.process && client.process != pid))
        return NT_INVALID_CID;
    if (!nt_process_reach(t, pid)) {
        status = nt_remote_ask(t, pid, NT_REMOTE_HAS_THREAD, &client.thread, 1, NULL, 0, &answer);
        if (status != NT_SUCCESS)
            return status == NT_PROCESS_IS_TERMINATING ? NT_INVALID_CID : status;
        free(answer);
    }
    struct nt_thread_object *object = nt_thread_object_of(t->process, pid, client.thread);
    if (object && object->ended) {
        nt_object_release(&object->object);
        return NT_INVALID_CID;
    }
    return give(t, a[0], object, (uint32_t)a[1], attributes.flags);
}

nt_status NtGetNextThread(struct nt_thread *t, const uint64_t *a)
{
    struct nt_remote_message *answer;
    struct nt_process_object *process;
    struct nt_thread_object *last = NULL;
    struct nt_process *p;
    uint64_t tid;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_PROCESS, 0x400, &process);

    if (!NT_FAILED(status) && a[1])
        status = nt_handle_object(t, a[1], NT_TYPE_THREAD, 0, &last);
    if (NT_FAILED(status))
        return status;
    if (process->foreign || process->ended || (last && last->ended))
        return NT_NO_MORE_ENTRIES;
    p = nt_process_reach(t, process->pid);
    if (p) {
        struct nt_list *at = last && last->thread ? last->thread->link.next : p->threads.next;
        if ((last && !last->thread) || at == &p->threads)
            return NT_NO_MORE_ENTRIES;
        tid = nt_container(at, struct nt_thread, link)->tid;
    } else {
        uint64_t after = last ? last->tid : 0;
        status = nt_remote_ask(t, process->pid, NT_REMOTE_NEXT_THREAD, &after, 1, NULL, 0,
                               &answer);
        if (status != NT_SUCCESS)
            return status;
        tid = answer->results[0];
        free(answer);
    }
    return give(t, a[5], nt_thread_object_of(t->process, process->pid, tid), (uint32_t)a[2],
                (uint32_t)a[3] & NT_OBJ_INHERIT);
}

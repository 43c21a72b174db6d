/* NtQueryInformationThread, NtSetInformationThread. */
#include <stdlib.h>
#include <string.h>

#include "core.h"

nt_status NtQueryInformationThread(struct nt_thread *t, const uint64_t *a)
{
    struct nt_thread_object *object;
    uint32_t capacity = (uint32_t)a[3];
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_THREAD, 0, &object);
    struct nt_thread *target;

    if (NT_FAILED(status))
        return status;
    target = object->thread;
    switch ((uint32_t)a[1]) {
    case 0: {
        struct nt_thread_basic basic = {
            .exit_status = object->ended ? object->exit_code : NT_PENDING,
            .teb = target ? target->teb : 0,
            .client = {object->pid, object->tid},
            .affinity = target ? target->affinity : 1,
            .priority = target ? target->priority : 0,
            .base_priority = target ? target->priority : 0,
        };
        if (a[2] && NT_FAILED(nt_write(t, a[2], &basic,
                                       capacity < sizeof basic ? capacity : sizeof basic)))
            return NT_ACCESS_VIOLATION;
        return a[4] ? nt_write_u32(t, a[4], capacity < sizeof basic ? capacity : sizeof basic)
                    : NT_SUCCESS;
    }
    case 1: {
        uint64_t ns = 0, times[4] = {t->process->start_time, 0, 0, 0};
        if (target)
            (void)world_thread_times(target->world, &ns);
        times[3] = ns / 100;
        return nt_write_exact(t, a[2], capacity, a[4], times, sizeof times);
    }
    case 4: { /* ThreadAffinityMask */
        uint64_t mask = target ? target->affinity : 1;
        return nt_write_exact(t, a[2], capacity, a[4], &mask, 8);
    }
    case 9: {
        uint64_t start = target ? target->entry : 0;
        return nt_write_exact(t, a[2], capacity, a[4], &start, 8);
    }
    case 12: {
        uint32_t last = t->process->thread_count == 1;
        return nt_write_exact(t, a[2], capacity, a[4], &last, 4);
    }
    case 14: { /* ThreadPriorityBoost */
        uint32_t off = 0;
        return nt_write_exact(t, a[2], capacity, a[4], &off, 4);
    }
    case 17: { /* ThreadHideFromDebugger */
        uint8_t hidden = 0;
        return nt_write_exact(t, a[2], capacity, a[4], &hidden, 1);
    }
    case 20: { /* ThreadIsTerminated */
        uint32_t ended = object->ended;
        return nt_write_exact(t, a[2], capacity, a[4], &ended, 4);
    }
    case 30: { /* ThreadGroupInformation */
        uint64_t group[2] = {target ? target->affinity : 1, 0};
        return nt_write_exact(t, a[2], capacity, a[4], group, sizeof group);
    }
    case 35: { /* ThreadSuspendCount */
        uint32_t count = target ? target->suspend_count : 0;
        return nt_write_exact(t, a[2], capacity, a[4], &count, 4);
    }
    case 38: { /* ThreadNameInformation */
        struct nt_unicode_string name = {0};
        uint32_t bytes = target ? target->name_length : 0;
        name.length = name.maximum = (uint16_t)bytes;
        name.buffer = a[2] + sizeof name;
        if (a[4] && NT_FAILED(nt_write_u32(t, a[4], sizeof name + bytes)))
            return NT_ACCESS_VIOLATION;
        if (capacity < sizeof name + bytes)
            return NT_BUFFER_TOO_SMALL;
        if (NT_FAILED(nt_write(t, a[2], &name, sizeof name)) ||
            (bytes && NT_FAILED(nt_write(t, name.buffer, target->name, bytes))))
            return NT_ACCESS_VIOLATION;
        return NT_SUCCESS;
    }
    }
    world_log("win32: pid %u: NtQueryInformationThread class %u", (unsigned)t->process->pid,
              (unsigned)a[1]);
    return NT_INVALID_INFO_CLASS;
}

/* A TLS index is freed: the slot is cleared in every thread. */
static nt_status zero_tls_cell(struct nt_thread *t, uint32_t index)
{
    uint64_t zero = 0, expansion;

    for (struct nt_list *at = t->process->threads.next; at != &t->process->threads;
         at = at->next) {
        struct nt_thread *each = nt_container(at, struct nt_thread, link);
        if (index < 64) {
            (void)nt_write(t, each->teb + NT_TEB_TLS_SLOTS + index * 8, &zero, 8);
        } else if (index < 64 + 1024) {
            if (!NT_FAILED(nt_read_u64(t, each->teb + NT_TEB_TLS_EXPANSION, &expansion)) &&
                expansion)
                (void)nt_write(t, expansion + (index - 64) * 8, &zero, 8);
        } else {
            return NT_INVALID_PARAMETER;
        }
    }
    return NT_SUCCESS;
}

nt_status NtSetInformationThread(struct nt_thread *t, const uint64_t *a)
{
    struct nt_thread_object *object;
    uint32_t length = (uint32_t)a[3], word;
    uint64_t wide;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_THREAD, 0, &object);

    if (NT_FAILED(status))
        return status;
    switch ((uint32_t)a[1]) {
    case 2: /* ThreadPriority */
    case 3: /* ThreadBasePriority */
        if (length != 4)
            return NT_INFO_LENGTH_MISMATCH;
        if (NT_FAILED(nt_read(t, a[2], &word, 4)))
            return NT_ACCESS_VIOLATION;
        if (object->thread)
            object->thread->priority = (int32_t)word;
        return NT_SUCCESS;
    case 4:
        if (length != 8)
            return NT_INFO_LENGTH_MISMATCH;
        if (NT_FAILED(nt_read_u64(t, a[2], &wide)))
            return NT_ACCESS_VIOLATION;
        if (!wide || (wide & ~t->process->affinity))
            return NT_INVALID_PARAMETER;
        return object->thread ? nt_thread_bind(object->thread, wide) : NT_SUCCESS;
    case 5: return NT_SUCCESS; /* ThreadImpersonationToken: there is one identity */
    case 10:
        if (length != 4)
            return NT_INVALID_PARAMETER;
        if (NT_FAILED(nt_read(t, a[2], &word, 4)))
            return NT_ACCESS_VIOLATION;
        return zero_tls_cell(t, word);
    case 13: /* ThreadIdealProcessor */
    case 14: /* ThreadPriorityBoost */
    case 17: /* ThreadHideFromDebugger */
    case 18: /* ThreadBreakOnTermination */
        return NT_SUCCESS;
    case 30: {
        uint64_t group[2];
        if (length != 16)
            return NT_INFO_LENGTH_MISMATCH;
        if (NT_FAILED(nt_read(t, a[2], group, 16)))
            return NT_ACCESS_VIOLATION;
        if (!(group[0] & t->process->affinity) || (uint16_t)group[1])
            return NT_INVALID_PARAMETER;
        return object->thread ? nt_thread_bind(object->thread, group[0] & t->process->affinity)
                              : NT_SUCCESS;
    }
    case 38: {
        struct nt_text text;
        if (length != sizeof(struct nt_unicode_string))
            return NT_INFO_LENGTH_MISMATCH;
        status = nt_read_unicode(t, a[2], &text);
        if (NT_FAILED(status))
            return status;
        if (object->thread) {
            free(object->thread->name);
            object->thread->name = text.units;
            object->thread->name_length = (uint32_t)text.length * 2;
        } else {
            free(text.units);
        }
        return NT_SUCCESS;
    }
    case 43: /* ThreadDescriptorTableEntry and power throttling: nothing to keep */
    case 49: return NT_SUCCESS;
    }
    world_log("win32: pid %u: NtSetInformationThread class %u", (unsigned)t->process->pid,
              (unsigned)a[1]);
    return NT_INVALID_INFO_CLASS;
}

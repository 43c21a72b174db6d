/* NtQueryInformationProcess, NtSetInformationProcess. */
#include <stdlib.h>
#include <string.h>

#include "core.h"

static nt_status give(struct nt_thread *t, const uint64_t *a, const void *data, uint32_t length)
{
    return nt_write_exact(t, a[2], (uint32_t)a[3], a[4], data, length);
}

static nt_status exit_status(struct nt_thread *t, struct nt_process_object *object, uint32_t *code)
{
    if (!object->ended && object != t->process->self) {
        uint32_t kind, value;
        world_status got =
            world_process_watch(t->process->world, object->pid, 0, &kind, &value);
        if (got == JN_OK) {
            object->ended = true;
            object->exit_code = nt_exit_wait_status(kind, value);
        }
    }
    *code = object->ended ? object->exit_code : NT_PENDING;
    return NT_SUCCESS;
}

static nt_status image_name(struct nt_thread *t, const uint64_t *a, struct nt_process *p,
                            bool native)
{
    static const char *const prefixes[] = {"\\Device\\HarddiskVolume1", ""};
    const char *prefix = prefixes[native ? 0 : 1];
    uint32_t capacity = (uint32_t)a[3], skip = native ? 2 : 0, n = (uint32_t)strlen(prefix), bytes;
    struct nt_unicode_string string;
    uint16_t *text;
    nt_status status;

    if (!p || !p->image_path)
        return NT_INVALID_HANDLE;
    bytes = (n + p->image_path_length - skip) * 2;
    if (a[4] && NT_FAILED(nt_write_u32(t, a[4], sizeof string + bytes + 2)))
        return NT_ACCESS_VIOLATION;
    if (capacity < sizeof string + bytes + 2)
        return NT_INFO_LENGTH_MISMATCH;
    text = malloc(bytes + 2);
    if (!text)
        return NT_NO_MEMORY;
    for (uint32_t i = 0; i < n; i++)
        text[i] = (uint8_t)prefix[i];
    memcpy(text + n, p->image_path + skip, bytes - n * 2);
    text[bytes / 2] = 0;
    string = (struct nt_unicode_string){(uint16_t)bytes, (uint16_t)(bytes + 2), 0,
                                        a[2] + sizeof string};
    status = nt_write(t, a[2], &string, sizeof string);
    if (!NT_FAILED(status))
        status = nt_write(t, string.buffer, text, bytes + 2);
    free(text);
    return status;
}

static nt_status vm_counters(struct nt_thread *t, const uint64_t *a, uint64_t pid)
{
    struct world_process_info info;
    uint64_t counters[12] = {0};
    uint32_t capacity = (uint32_t)a[3];

    if (capacity < 88)
        return NT_INFO_LENGTH_MISMATCH;
    if (world_process_info(t->process->world, pid, &info) != JN_OK)
        memset(&info, 0, sizeof info);
    counters[0] = counters[1] = info.virtual_pages * NT_PAGE; /* peak and present size */
    counters[3] = counters[4] = info.resident_pages * NT_PAGE;
    struct nt_process *own = nt_process_by_pid(pid);
    counters[9] = counters[10] = own ? own->space.committed_pages * NT_PAGE : 0;
    counters[11] = counters[10];
    if (capacity > 96)
        capacity = 96;
    if (a[4] && NT_FAILED(nt_write_u32(t, a[4], capacity)))
        return NT_ACCESS_VIOLATION;
    return nt_write(t, a[2], counters, capacity);
}

nt_status NtQueryInformationProcess(struct nt_thread *t, const uint64_t *a)
{
    struct nt_process_object *object;
    struct nt_process *p;
    uint32_t word;
    uint64_t wide;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_PROCESS, 0, &object);

    if (NT_FAILED(status))
        return status;
    p = object->ended ? NULL : nt_process_by_pid(object->pid);
    switch ((uint32_t)a[1]) {
    case 0: {
        struct nt_process_basic basic = {.peb = p ? p->peb : 0,
                                         .affinity = t->process->affinity,
                                         .base_priority = 8,
                                         .pid = object->pid,
                                         .parent = p ? p->parent_pid : 0};
        exit_status(t, object, &basic.exit_status);
        return give(t, a, &basic, sizeof basic);
    }
    case 2: { /* ProcessIoCounters */
        uint64_t counters[6] = {0};
        return give(t, a, counters, sizeof counters);
    }
    case 1: { /* ProcessQuotaLimits */
        uint64_t limits[6] = {0, 0, 0, 0, 0, UINT64_MAX};
        return give(t, a, limits, sizeof limits);
    }
    case 3: return vm_counters(t, a, object->pid);
    case 4: {
        struct world_process_info info;
        uint64_t times[4] = {p ? p->start_time : nt_time_now(), 0, 0, 0};
        if (world_process_info(t->process->world, object->pid, &info) == JN_OK) {
            times[2] = info.system_ns / 100;
            times[3] = info.user_ns / 100;
        }
        if (object->ended)
            times[1] = nt_time_now();
        return give(t, a, times, sizeof times);
    }
    case 7: /* ProcessDebugPort */
        wide = 0;
        return give(t, a, &wide, 8);
    case 12:
        word = p ? p->hard_error_mode : 0;
        return give(t, a, &word, 4);
    case 18: { /* ProcessPriorityClass */
        uint8_t priority[2] = {0, 2};
        return give(t, a, priority, 2);
    }
    case 20: /* ProcessHandleCount */
        word = p ? p->handles.used : 0;
        return give(t, a, &word, 4);
    case 21: return give(t, a, &t->process->affinity, 8);
    case 22: /* ProcessPriorityBoost */
        word = 0;
        return give(t, a, &word, 4);
    case 24: /* ProcessSessionInformation */
        word = 1;
        return give(t, a, &word, 4);
    case 26: /* ProcessWow64Information */
        wide = 0;
        return give(t, a, &wide, 8);
    case 27: return image_name(t, a, p, true);
    case 43: return image_name(t, a, p, false);
    case 30: return NT_PORT_NOT_SET; /* ProcessDebugObjectHandle */
    case 31:
        word = 1; /* ProcessDebugFlags: not inherited */
        return give(t, a, &word, 4);
    case 34:
        word = 0xd; /* ProcessExecuteFlags: NX is on for good */
        return give(t, a, &word, 4);
    case 36: {
        static uint32_t cookie;
        while (!cookie)
            world_random(&cookie, 4);
        return give(t, a, &cookie, 4);
    }
    case 37: {
        struct nt_section_image_information information;
        if (!p || !p->image)
            return NT_INVALID_HANDLE;
        nt_image_information(p->image, p->image_base, &information);
        return give(t, a, &information, sizeof information);
    }
    case 49: /* ProcessGroupInformation */ {
        uint16_t group = 0;
        return give(t, a, &group, 2);
    }
    case 52: { /* ProcessMitigationPolicy: {policy, flags} */
        uint32_t policy[2];
        if ((uint32_t)a[3] < 8 || NT_FAILED(nt_read(t, a[2], policy, 8)))
            return NT_INVALID_PARAMETER;
        policy[1] = policy[0] == 0 ? 3 : 0; /* DEP, permanently */
        return nt_write(t, a[2], policy, 8);
    }
    case 60: { /* ProcessCommandLineInformation: read back from its own parameters */
        uint64_t parameters;
        struct nt_unicode_string line;
        if (!p || NT_FAILED(nt_process_read(p, p->peb + 0x20, &parameters, 8)) ||
            NT_FAILED(nt_process_read(p, parameters + 0x70, &line, sizeof line)))
            return NT_ACCESS_DENIED;
        if (a[4] && NT_FAILED(nt_write_u32(t, a[4], sizeof line + line.length + 2u)))
            return NT_ACCESS_VIOLATION;
        if ((uint32_t)a[3] < sizeof line + line.length + 2u)
            return NT_INFO_LENGTH_MISMATCH;
        uint8_t *text = calloc(1, line.length + 2u);
        status = text ? nt_process_read(p, line.buffer, text, line.length) : NT_NO_MEMORY;
        line.buffer = a[2] + sizeof line;
        line.maximum = line.length + 2;
        if (!NT_FAILED(status))
            status = nt_write(t, a[2], &line, sizeof line);
        if (!NT_FAILED(status))
            status = nt_write(t, line.buffer, text, line.length + 2u);
        free(text);
        return status;
    }
    case 1100: /* ProcessWineLdtCopy and its like */
        return NT_INVALID_INFO_CLASS;
    }
    world_log("win32: pid %u: NtQueryInformationProcess class %u", (unsigned)t->process->pid,
              (unsigned)a[1]);
    return NT_INVALID_INFO_CLASS;
}

nt_status NtSetInformationProcess(struct nt_thread *t, const uint64_t *a)
{
    struct nt_process_object *object;
    struct nt_process *p;
    uint32_t length = (uint32_t)a[3], word;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_PROCESS, 0, &object);

    if (NT_FAILED(status))
        return status;
    p = nt_process_by_pid(object->pid);
    switch ((uint32_t)a[1]) {
    case 12:
        if (length < 4)
            return NT_INVALID_PARAMETER;
        if (NT_FAILED(nt_read(t, a[2], &word, 4)))
            return NT_ACCESS_VIOLATION;
        if (p)
            p->hard_error_mode = word;
        return NT_SUCCESS;
    case 21: {
        uint64_t mask;
        if (length != 8)
            return NT_INVALID_PARAMETER;
        if (NT_FAILED(nt_read_u64(t, a[2], &mask)))
            return NT_ACCESS_VIOLATION;
        if (!mask || (world_cpu_count() < 64 && mask >> world_cpu_count()))
            return NT_INVALID_PARAMETER;
        if (p) {
            p->affinity = mask;
            for (struct nt_list *at = p->threads.next; at != &p->threads; at = at->next)
                if (NT_FAILED(status = nt_thread_bind(
                                  nt_container(at, struct nt_thread, link), mask)))
                    return status;
        }
        return NT_SUCCESS;
    }
    case 1:  /* ProcessQuotaLimits: working sets are as large as they are */
    case 18: /* ProcessPriorityClass */
    case 22: /* ProcessPriorityBoost */
    case 33: /* ProcessIoPriority */
    case 34: /* ProcessExecuteFlags */
    case 39: /* ProcessPagePriority */
    case 52: /* ProcessMitigationPolicy */
    case 77: /* ProcessPowerThrottlingState */
        return NT_SUCCESS;
    case 40: { /* ProcessInstrumentationCallback */
        return NT_NOT_SUPPORTED;
    }
    case 41: { /* ProcessThreadStackAllocation */
        return NT_NOT_SUPPORTED;
    }
    }
    world_log("win32: pid %u: NtSetInformationProcess class %u", (unsigned)t->process->pid,
              (unsigned)a[1]);
    return NT_INVALID_INFO_CLASS;
}

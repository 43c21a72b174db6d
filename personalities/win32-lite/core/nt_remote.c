/* Acting on processes of other cores: the asker's side. */
#include "nt_remote.h"

#include <stdlib.h>
#include <string.h>

#define LIMIT_NS 10000000000ull /* how long a target may take */
#define COPY_PART 0x8000u       /* of a memory copy, a request each */

bool nt_remote_always;

/* Where a service's process or thread and its pointers stand among its arguments. A length above
 * LENGTH_OF is that of argument (length - LENGTH_OF). */
#define LENGTH_OF 0x10000u
#define IN 1u
#define OUT 2u
struct shape {
    nt_status (*run)(struct nt_thread *, const uint64_t *);
    enum nt_type type; /* of argument 0 */
    struct {
        uint8_t argument, direction;
        uint32_t length;
    } pointers[NT_REMOTE_RANGES];
};

#define DECLARE(name) nt_status name(struct nt_thread *, const uint64_t *);
#define SHAPES(P)                                                                                 \
    P(NtAllocateVirtualMemory, NT_TYPE_PROCESS, {1, IN | OUT, 8}, {3, IN | OUT, 8})                \
    P(NtAllocateVirtualMemoryEx, NT_TYPE_PROCESS, {1, IN | OUT, 8}, {2, IN | OUT, 8})              \
    P(NtFreeVirtualMemory, NT_TYPE_PROCESS, {1, IN | OUT, 8}, {2, IN | OUT, 8})                    \
    P(NtProtectVirtualMemory, NT_TYPE_PROCESS, {1, IN | OUT, 8}, {2, IN | OUT, 8}, {4, OUT, 4})    \
    P(NtQueryVirtualMemory, NT_TYPE_PROCESS, {3, IN | OUT, LENGTH_OF + 4}, {5, OUT, 8})            \
    P(NtReadVirtualMemory, NT_TYPE_PROCESS, {2, OUT, LENGTH_OF + 3}, {4, OUT, 8})                  \
    P(NtWriteVirtualMemory, NT_TYPE_PROCESS, {2, IN, LENGTH_OF + 3}, {4, OUT, 8})                  \
    P(NtUnmapViewOfSection, NT_TYPE_PROCESS, {0, 0, 0})                                            \
    P(NtUnmapViewOfSectionEx, NT_TYPE_PROCESS, {0, 0, 0})                                          \
    P(NtFlushInstructionCache, NT_TYPE_PROCESS, {0, 0, 0})                                         \
    P(NtQueryInformationProcess, NT_TYPE_PROCESS, {2, IN | OUT, LENGTH_OF + 3}, {4, OUT, 4})       \
    P(NtSetInformationProcess, NT_TYPE_PROCESS, {2, IN, LENGTH_OF + 3})                            \
    P(NtSuspendProcess, NT_TYPE_PROCESS, {0, 0, 0})                                                \
    P(NtResumeProcess, NT_TYPE_PROCESS, {0, 0, 0})                                                 \
    P(NtSuspendThread, NT_TYPE_THREAD, {1, OUT, 4})                                                \
    P(NtResumeThread, NT_TYPE_THREAD, {1, OUT, 4})                                                 \
    P(NtAlertResumeThread, NT_TYPE_THREAD, {1, OUT, 4})                                            \
    P(NtAlertThread, NT_TYPE_THREAD, {0, 0, 0})                                                    \
    P(NtTerminateThread, NT_TYPE_THREAD, {0, 0, 0})                                                \
    P(NtQueueApcThread, NT_TYPE_THREAD, {0, 0, 0})                                                 \
    P(NtGetContextThread, NT_TYPE_THREAD, {1, IN | OUT, sizeof(struct nt_context)})                \
    P(NtSetContextThread, NT_TYPE_THREAD, {1, IN, sizeof(struct nt_context)})                      \
    P(NtQueryInformationThread, NT_TYPE_THREAD, {2, IN | OUT, LENGTH_OF + 3}, {4, OUT, 4})         \
    P(NtSetInformationThread, NT_TYPE_THREAD, {2, IN, LENGTH_OF + 3})
#define P(name, type, ...) DECLARE(name)
SHAPES(P)
#undef P
#define P(name, type, ...) {name, type, {__VA_ARGS__}},
static const struct shape shapes[] = {SHAPES(P)};
#undef P

static const struct shape *shape_of(const struct nt_service *service)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (shapes[i].run == service->run)
            return &shapes[i];
    return NULL;
}

bool nt_remote_has_shape(const struct nt_service *service)
{
    return shape_of(service) != NULL;
}

struct nt_process *nt_process_reach(struct nt_thread *t, uint64_t pid)
{
    if (pid == t->process->pid)
        return t->process;
    return nt_remote_always ? NULL : nt_process_by_pid(pid);
}

bool nt_remote_wanted(struct nt_thread *t, uint64_t *pid, uint64_t *tid)
{
    int32_t pseudo = (int32_t)t->call.arguments[0];
    struct nt_handle *entry;

    /* Nearly every call is about the own process: no look at the table of shapes for those. */
    if (t->remote || pseudo == -1 || pseudo == -2)
        return false;
    entry = nt_handle_entry(t->process, t->call.arguments[0]);
    if (!entry)
        return false;
    if (entry->object->type == NT_TYPE_PROCESS) {
        struct nt_process_object *process = (struct nt_process_object *)entry->object;
        *pid = process->pid;
        *tid = 0;
        if (process->foreign || process->ended)
            return false;
    } else if (entry->object->type == NT_TYPE_THREAD) {
        struct nt_thread_object *thread = (struct nt_thread_object *)entry->object;
        *pid = thread->pid;
        *tid = thread->tid;
        if (thread->foreign || thread->ended)
            return false;
    } else {
        return false;
    }
    if (nt_process_reach(t, *pid))
        return false;
    const struct shape *shape = shape_of(t->call.service);
    return shape && shape->type == entry->object->type;
}

const void *nt_remote_payload(const struct nt_remote_message *message)
{
    uint64_t offset = sizeof *message;

    for (uint32_t i = 0; i < message->range_count; i++)
        offset += (message->ranges[i].length + 7) & ~7ull;
    return (const uint8_t *)message + offset;
}

bool nt_remote_valid(const struct nt_remote_message *message, size_t length)
{
    uint64_t offset = sizeof *message;

    if (length < sizeof *message || message->range_count > NT_REMOTE_RANGES ||
        message->payload_length > WORLD_REQUEST_MAX)
        return false;
    for (uint32_t i = 0; i < message->range_count; i++) {
        const struct nt_remote_range *range = &message->ranges[i];
        if (range->length > WORLD_REQUEST_MAX || range->dirty_from > range->dirty_to ||
            range->dirty_to > range->length)
            return false;
        offset += (range->length + 7) & ~7ull;
    }
    return offset + message->payload_length <= length;
}

void nt_remote_drop(struct nt_thread *t)
{
    if (t->remote_id && !t->process->ended)
        world_request_withdraw(t->process->world, t->remote_id);
    t->remote_id = 0;
}

static nt_status wait_for_answer(struct nt_thread *t)
{
    nt_thread_set_deadline(t, t->remote_deadline);
    return NT_HELD;
}

static nt_status post(struct nt_thread *t, uint64_t pid, const void *message, size_t length)
{
    world_status status = world_request_post(t->process->world, pid, t->cookie, message, length,
                                             &t->remote_id);

    if (status == JN_NO_PROCESS)
        return NT_REMOTE_GONE;
    if (status == JN_NOT_SUPPORTED)
        return NT_ACCESS_DENIED;
    if (status != JN_OK)
        return nt_status_from(status);
    t->remote_deadline = world_time_monotonic() + LIMIT_NS;
    return wait_for_answer(t);
}

/* HELD, REMOTE_GONE, an error, or SUCCESS with the answer allocated. */
static nt_status collect(struct nt_thread *t, struct nt_remote_message **answer)
{
    size_t length = 0;
    world_status status;

    *answer = malloc(WORLD_REQUEST_MAX);
    if (!*answer)
        return NT_NO_MEMORY;
    status = world_request_collect(t->process->world, t->remote_id, *answer, WORLD_REQUEST_MAX,
                                   &length);
    if (status == JN_OK) {
        t->remote_id = 0;
        if (nt_remote_valid(*answer, length))
            return NT_SUCCESS;
    }
    free(*answer);
    *answer = NULL;
    if (status == JN_WOULD_BLOCK) {
        if (world_time_monotonic() < t->remote_deadline)
            return wait_for_answer(t);
        nt_remote_drop(t);
        world_log("win32: pid %u: another process does not answer", (unsigned)t->process->pid);
        return NT_IO_TIMEOUT;
    }
    t->remote_id = 0;
    return status == JN_NO_PROCESS ? NT_REMOTE_GONE : NT_UNSUCCESSFUL;
}

nt_status nt_remote_ask(struct nt_thread *t, uint64_t pid, enum nt_remote_operation operation,
                        const uint64_t *arguments, uint32_t count, const void *payload,
                        uint32_t payload_length, struct nt_remote_message **answer)
{
    struct nt_remote_message *message;
    nt_status status;

    *answer = NULL;
    if (t->remote_id) {
        status = collect(t, answer);
        if (status == NT_SUCCESS && NT_FAILED((*answer)->status)) {
            status = (*answer)->status;
            free(*answer);
            *answer = NULL;
        }
        return status == NT_REMOTE_GONE ? NT_PROCESS_IS_TERMINATING : status;
    }
    message = calloc(1, sizeof *message + payload_length);
    if (!message)
        return NT_NO_MEMORY;
    message->operation = operation;
    memcpy(message->arguments, arguments, count * sizeof *arguments);
    message->payload_length = payload_length;
    if (payload_length)
        memcpy(message + 1, payload, payload_length);
    status = post(t, pid, message, sizeof *message + payload_length);
    free(message);
    return status == NT_REMOTE_GONE ? NT_PROCESS_IS_TERMINATING : status;
}

/* ---- services ---- */
static uint64_t length_of(const struct nt_thread *t, uint32_t length)
{
    return length < LENGTH_OF ? length : t->call.arguments[length - LENGTH_OF];
}

static nt_status send_service(struct nt_thread *t, const struct shape *shape, uint64_t pid,
                              uint64_t tid, uint64_t skip, uint64_t part)
{
    struct nt_remote_message *message = calloc(1, WORLD_REQUEST_MAX);
    uint8_t *bytes = (uint8_t *)(message + 1), *end = (uint8_t *)message + WORLD_REQUEST_MAX;
    nt_status status = NT_SUCCESS;

    if (!message)
        return NT_NO_MEMORY;
    message->operation = NT_REMOTE_SERVICE;
    strncpy(message->service, t->call.service->name, sizeof message->service - 1);
    message->tid = tid;
    memcpy(message->arguments, t->call.arguments, sizeof message->arguments);
    if (part) { /* a piece of a copy: address, buffer and length */
        message->arguments[1] += skip;
        message->arguments[2] += skip;
        message->arguments[3] = part;
    }
    for (unsigned i = 0; i < NT_REMOTE_RANGES && shape->pointers[i].direction; i++) {
        uint8_t argument = shape->pointers[i].argument;
        uint64_t length = length_of(t, shape->pointers[i].length);
        struct nt_remote_range *range = &message->ranges[message->range_count];
        if (part && shape->pointers[i].length == LENGTH_OF + 3)
            length = part;
        if (!message->arguments[argument] || !length)
            continue;
        if (length > (uint64_t)(end - bytes)) {
            status = NT_INVALID_PARAMETER;
            break;
        }
        range->address = message->arguments[argument];
        range->length = length;
        if ((shape->pointers[i].direction & IN) &&
            NT_FAILED(nt_read(t, range->address, bytes, length))) {
            if (!(shape->pointers[i].direction & OUT)) {
                status = NT_ACCESS_VIOLATION;
                break;
            }
            memset(bytes, 0, length);
        }
        bytes += (length + 7) & ~7ull;
        message->range_count++;
    }
    if (!NT_FAILED(status))
        status = post(t, pid, message, (size_t)(bytes - (uint8_t *)message));
    free(message);
    return status;
}

/* What the service wrote goes to the program. */
static nt_status apply(struct nt_thread *t, const struct nt_remote_message *answer)
{
    const uint8_t *bytes = (const uint8_t *)(answer + 1);

    for (uint32_t i = 0; i < answer->range_count; i++) {
        const struct nt_remote_range *range = &answer->ranges[i];
        if (range->dirty_to > range->dirty_from &&
            NT_FAILED(nt_write(t, range->address + range->dirty_from, bytes + range->dirty_from,
                               range->dirty_to - range->dirty_from)))
            return NT_ACCESS_VIOLATION;
        bytes += (range->length + 7) & ~7ull;
    }
    return answer->status;
}

nt_status nt_remote_forward(struct nt_thread *t, uint64_t pid, uint64_t tid)
{
    const struct shape *shape = shape_of(t->call.service);
    bool copy = shape->pointers[0].length == LENGTH_OF + 3 && shape->pointers[0].argument == 2 &&
                shape->pointers[1].argument == 4 && shape->pointers[1].length == 8;
    uint64_t length = t->call.arguments[3], part = 0;
    struct nt_remote_message *answer;
    nt_status status;

    if (t->remote_id) {
        status = collect(t, &answer);
        if (status != NT_SUCCESS)
            return status;
        status = apply(t, answer);
        free(answer);
        if (!copy)
            return status;
        part = length - t->call.progress < COPY_PART ? length - t->call.progress : COPY_PART;
        if (NT_FAILED(status)) {
            /* The count that the last part wrote is its own. */
            if (t->call.progress && t->call.arguments[4])
                (void)nt_write_u64(t, t->call.arguments[4], t->call.progress);
            return status;
        }
        t->call.progress += part;
        if (t->call.progress >= length) {
            if (t->call.arguments[4] && NT_FAILED(nt_write_u64(t, t->call.arguments[4], length)))
                return NT_ACCESS_VIOLATION;
            return status;
        }
    }
    if (copy)
        part = length - t->call.progress < COPY_PART ? length - t->call.progress : COPY_PART;
    if (copy && !part)
        return NT_SUCCESS;
    return send_service(t, shape, pid, tid, copy ? t->call.progress : 0, part);
}

/* ---- the caller's memory, where the service runs ---- */
static uint8_t *place(struct nt_thread *t, uint64_t address, size_t length,
                      struct nt_remote_range **range)
{
    struct nt_remote_message *message = t->remote->message;
    uint8_t *bytes = t->remote->bytes;

    for (uint32_t i = 0; i < message->range_count; i++) {
        *range = &message->ranges[i];
        if (address >= (*range)->address && length <= (*range)->length &&
            address - (*range)->address <= (*range)->length - length)
            return bytes + (address - (*range)->address);
        bytes += ((*range)->length + 7) & ~7ull;
    }
    return NULL;
}

nt_status nt_remote_read(struct nt_thread *t, uint64_t address, void *buffer, size_t length)
{
    struct nt_remote_range *range;
    const uint8_t *bytes = place(t, address, length, &range);

    if (!length)
        return NT_SUCCESS;
    if (!bytes)
        return NT_ACCESS_VIOLATION;
    memcpy(buffer, bytes, length);
    return NT_SUCCESS;
}

nt_status nt_remote_write(struct nt_thread *t, uint64_t address, const void *buffer,
                          size_t length)
{
    struct nt_remote_range *range;
    uint8_t *bytes = place(t, address, length, &range);
    uint32_t from;

    if (!length)
        return NT_SUCCESS;
    if (!bytes)
        return NT_ACCESS_VIOLATION;
    memcpy(bytes, buffer, length);
    from = (uint32_t)(address - range->address);
    if (range->dirty_from == range->dirty_to)
        range->dirty_from = range->dirty_to = from;
    if (from < range->dirty_from)
        range->dirty_from = from;
    if (from + length > range->dirty_to)
        range->dirty_to = from + (uint32_t)length;
    return NT_SUCCESS;
}

/* What goes through named pipes: whole messages, a look at what is there, a message and its answer. */
#include <stdlib.h>
#include <string.h>

#include "nt_pipe.h"

#define MESSAGE_PART 65536u /* of a message that is copied at a time */

nt_status nt_pipe_usable(struct nt_file *file)
{
    if (!(file->pipe_mode & NT_PIPE_SERVER))
        return NT_SUCCESS;
    if (!file->open.server)
        return NT_PIPE_DISCONNECTED;
    return file->pipe_name && nt_pipe_connected(file, 0) == NT_PENDING ? NT_PIPE_LISTENING
                                                                       : NT_SUCCESS;
}

nt_status nt_pipe_send(struct nt_file *file, uint64_t address, uint32_t length, uint64_t cookie,
                       uint64_t *done)
{
    struct nt_process *p = file->object.process;
    uint8_t *buffer = malloc(length + 1ull);
    world_status got;

    *done = 0;
    if (!buffer)
        return NT_NO_MEMORY;
    if (NT_FAILED(nt_process_read(p, address, buffer, length))) {
        free(buffer);
        return NT_ACCESS_VIOLATION;
    }
    got = world_io_put(p->world, nt_pipe_write_open(file), -1, buffer, length, cookie, done);
    free(buffer);
    switch (got) {
    case JN_WOULD_BLOCK: return NT_PENDING;
    case JN_BROKEN_PIPE:
    case JN_HANGUP: return NT_PIPE_CLOSING;
    default: return nt_status_from(got);
    }
}

nt_status nt_pipe_receive(struct nt_file *file, uint64_t address, uint32_t length,
                          uint64_t cookie, uint64_t *done)
{
    struct nt_process *p = file->object.process;
    uint32_t capacity = length < MESSAGE_PART ? length : MESSAGE_PART;
    uint8_t *buffer = malloc(capacity + 1ull);
    nt_status status = NT_SUCCESS;
    bool more = true;

    *done = 0;
    if (!buffer)
        return NT_NO_MEMORY;
    while (more && (*done < length || !length) && status == NT_SUCCESS) {
        uint64_t part = 0, room = length - *done < capacity ? length - *done : capacity;
        world_status got = world_io_get_message(p->world, file->open, buffer, room, false,
                                                *done ? 0 : cookie, &part, &more);
        if (got == JN_WOULD_BLOCK)
            status = NT_PENDING;
        else if (got == JN_HANGUP)
            status = NT_PIPE_BROKEN;
        else
            status = nt_status_from(got);
        if (status == NT_SUCCESS && NT_FAILED(nt_process_write(p, address + *done, buffer, part)))
            status = NT_ACCESS_VIOLATION;
        *done += part;
        if (!length)
            break;
    }
    free(buffer);
    return status == NT_SUCCESS && more ? (nt_status)NT_BUFFER_OVERFLOW : status;
}

nt_status nt_pipe_peek(struct nt_thread *t, struct nt_file *file, const uint64_t *a)
{
    struct world_process *w = t->process->world;
    uint32_t capacity = (uint32_t)a[9], ready = 0, room;
    bool messages = file->pipe_mode & NT_PIPE_TYPE_MESSAGE, more = false;
    uint64_t available = 0, first = 0, done = 0;
    uint8_t *buffer;
    nt_status status;

    if (capacity < 16)
        return NT_INFO_LENGTH_MISMATCH;
    status = nt_pipe_usable(file);
    if (NT_FAILED(status))
        return NT_INVALID_PIPE_STATE;
    if (!(file->open.access & WORLD_READ))
        return NT_ACCESS_DENIED;
    status = nt_status_from(world_io_readable_bytes(w, file->open, &available));
    if (NT_FAILED(status))
        return status;
    (void)world_io_poll(w, file->open, WORLD_READABLE | WORLD_HANGUP, 0, &ready);
    if (!available && (ready & WORLD_HANGUP) && !(ready & WORLD_READABLE))
        return NT_PIPE_BROKEN;
    if (messages && world_io_message_bytes(w, file->open, &first) != JN_OK)
        first = 0;
    room = capacity - 16;
    if (room > available)
        room = (uint32_t)available;
    if (messages && room > first)
        room = (uint32_t)first;
    if (room > MESSAGE_PART)
        room = MESSAGE_PART;
    buffer = malloc(room + 1ull);
    if (!buffer)
        return NT_NO_MEMORY;
    if (room && (messages ? world_io_get_message(w, file->open, buffer, room, true, 0, &done, &more)
                          : world_io_get(w, file->open, -1, buffer, room, true, 0, &done)) != JN_OK)
        done = 0;
    uint32_t head[4] = {3, (uint32_t)available, 0, (uint32_t)first};
    status = first > done ? (nt_status)NT_BUFFER_OVERFLOW : NT_SUCCESS;
    if (NT_FAILED(nt_write(t, a[8], head, 16)) ||
        NT_FAILED(nt_write(t, a[8] + 16, buffer, done)) ||
        NT_FAILED(nt_write_iosb(t, a[4], status, 16 + done)))
        status = NT_ACCESS_VIOLATION;
    free(buffer);
    return status;
}

nt_status nt_pipe_transceive(struct nt_thread *t, struct nt_file *file, const uint64_t *a)
{
    uint64_t done = 0, waiting = 0;
    nt_status status = nt_pipe_usable(file);

    if (NT_FAILED(status))
        return NT_INVALID_PIPE_STATE;
    if (!(file->pipe_mode & NT_PIPE_READ_MESSAGES))
        return 0xc00000b4; /* STATUS_INVALID_READ_MODE */
    if (!file->write_open.server)
        return NT_ACCESS_DENIED;
    if (!t->call.again &&
        world_io_readable_bytes(t->process->world, file->open, &waiting) == JN_OK && waiting)
        return NT_PIPE_BUSY;
    if (!(file->options & NT_FILE_SYNC))
        return nt_async_transceive(t, file, a);
    if (!t->call.progress) {
        status = nt_pipe_send(file, a[6], (uint32_t)a[7], t->cookie, &done);
        if (status == NT_SUCCESS)
            t->call.progress = 1;
    }
    if (t->call.progress)
        status = nt_pipe_receive(file, a[8], (uint32_t)a[9], t->cookie, &done);
    if (status != NT_PENDING)
        return nt_file_finish(t, file, a, status, done);
    t->armed = true;
    return NT_HELD;
}

void nt_pipe_local(struct nt_file *file, uint32_t local[10])
{
    struct nt_process *p = file->object.process;
    uint32_t mode = file->pipe_mode, ready = 0;
    uint64_t available = 0;
    nt_status usable = nt_pipe_usable(file);

    if (file->open.server && (file->open.access & WORLD_READ)) {
        (void)world_io_readable_bytes(p->world, file->open, &available);
        (void)world_io_poll(p->world, file->open, WORLD_HANGUP, 0, &ready);
    }
    local[0] = !!(mode & NT_PIPE_TYPE_MESSAGE);
    local[1] = !(mode & NT_PIPE_OUTBOUND) ? 0 : mode & NT_PIPE_INBOUND ? 2 : 1;
    local[2] = file->pipe_instances ? file->pipe_instances : UINT32_MAX;
    local[3] = 1;
    local[4] = file->pipe_quota[0];
    local[5] = (uint32_t)available;
    local[6] = file->pipe_quota[1];
    local[7] = file->pipe_quota[1];
    local[8] = usable == NT_PIPE_DISCONNECTED ? 1
               : usable == NT_PIPE_LISTENING  ? 2
               : ready & WORLD_HANGUP         ? 4
                                              : 3;
    local[9] = !!(mode & NT_PIPE_SERVER);
}

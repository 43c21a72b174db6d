/* Interface io. */
#include <stdlib.h>

#include "dev/device.h"
#include "janus/idl/fs.h"
#include "janus/idl/io.h"
#include "lock.h"
#include "pipe.h"
#include "pipe_message.h"
#include "request.h"
#include "sharing.h"
#include "text.h"

/* A copy that failed with nothing done: the caller is told where. */
static jn_status_t finish(const struct jn_call *call, jn_status_t status, uint64_t *done)
{
    if (status == JN_FAULT) {
        *done = call->fault_address;
        return JN_FAULT_AT;
    }
    return status;
}

static jn_status_t read_text(struct client *client, struct description *description,
                             uint64_t offset, uint64_t length, struct jn_call *call, uint64_t *done)
{
    struct node *node = description->node;
    *done = 0;
    if (!node->ops->generate)
        return JN_BAD_ARG;
    /* Each pass from the start sees the present state, as with seq_file. */
    if (!description->text || offset == 0) {
        struct text *text = calloc(1, sizeof(*text));
        if (!text)
            return JN_NO_MEMORY;
        jn_status_t status = node->ops->generate(client, node, text);
        if (status == JN_OK && text->failed)
            status = JN_NO_MEMORY;
        if (status != JN_OK) {
            text_destroy(text);
            return status;
        }
        text_destroy(description->text);
        description->text = text;
    }
    const struct text *text = description->text;
    if (offset >= text->length)
        return JN_OK;
    if (length > text->length - offset)
        length = text->length - offset;
    size_t copied = 0;
    jn_status_t status = jn_copy_out(call, 0, 0, text->bytes + offset, length, &copied);
    *done = copied;
    return copied ? JN_OK : status;
}

static jn_status_t io_op_read(struct jn_call *call, uint64_t open, int64_t offset, uint64_t length,
                              uint32_t flags, uint64_t cookie, uint64_t *done)
{
    struct client *client;
    struct description *description;
    *done = 0;
    jn_status_t status = request_usable(call, open, &client, &description);
    if (status != JN_OK)
        return status;
    if (description->kind == OPEN_PIPE && offset != -1)
        return JN_NOT_SEEKABLE;
    if (!(description->access & (IO_ACCESS_READ | IO_ACCESS_EXECUTE)))
        return JN_ACCESS;
    struct node *node = description->node;
    if (description->kind == OPEN_PIPE) {
        struct pipe *pipe = node->pipe;
        bool more;
        status = pipe_read(pipe, length, flags & IO_PEEK, flags & IO_MESSAGE, call, done, &more);
        if (status == JN_WOULD_BLOCK) {
            jn_status_t armed = pipe_arm(pipe, client, cookie,
                                         IO_READABLE | IO_HANGUP | IO_ERROR, IO_ACCESS_READ);
            *done = description->flags & IO_FLAG_NONBLOCK ? IO_REFUSED_NONBLOCK : IO_REFUSED_BLOCKING;
            return armed == JN_OK ? status : armed;
        }
        status = finish(call, status, done);
        if (status == JN_OK && more)
            *done |= IO_MESSAGE_MORE;
        return status;
    }
    if (offset < -1)
        return JN_BAD_ARG;
    uint64_t position = offset == -1 ? lease_position(description) : (uint64_t)offset;
    if (length > INT64_MAX - position)
        return JN_BAD_ARG;
    if (length > IO_TRANSFER_LIMIT)
        length = IO_TRANSFER_LIMIT;
    switch (description->kind) {
    case OPEN_FILE:
        if (node->sharing && node->sharing->mandatory &&
            (status = lock_permit(description, false, position, length)) != JN_OK)
            return status;
        status = file_read(node, position, length, call, 0, done);
        if (status == JN_OK)
            node_read_now(node);
        break;
    case OPEN_DEVICE:
        status = description->device->read(length, call, done);
        break;
    case OPEN_TEXT:
        status = read_text(client, description, position, length, call, done);
        break;
    case OPEN_DIRECTORY:
        return JN_IS_DIRECTORY;
    default:
        return JN_BAD_HANDLE;
    }
    if (status == JN_OK && offset == -1 && !(flags & IO_PEEK))
        lease_set_position(description, position + *done);
    return finish(call, status, done);
}

static jn_status_t write_file(struct client *client, struct description *description,
                              int64_t offset, uint64_t length, bool append, struct jn_call *call,
                              uint64_t *done)
{
    struct node *node = description->node;
    uint64_t position = offset == -1 ? lease_position(description) : (uint64_t)offset;
    if (append)
        position = node->size;
    if (length > INT64_MAX - position)
        return JN_BAD_ARG;
    if (length > IO_TRANSFER_LIMIT)
        length = IO_TRANSFER_LIMIT;
    jn_status_t status;
    if (node->sharing && node->sharing->mandatory &&
        (status = lock_permit(description, true, position, length)) != JN_OK)
        return status;
    if (length == 0)
        return JN_OK;
    status = file_write(node, position, length, call, 0, done);
    if (*done) {
        node_modify_now(node);
        node_drop_set_id(client, node);
        if (offset == -1)
            lease_set_position(description, position + *done);
    }
    return status;
}

static jn_status_t io_op_write(struct jn_call *call, uint64_t open, int64_t offset, uint64_t length,
                               uint32_t flags, uint64_t cookie, uint64_t *done)
{
    struct client *client;
    struct description *description;
    *done = 0;
    jn_status_t status = request_usable(call, open, &client, &description);
    if (status != JN_OK)
        return status;
    if (description->kind == OPEN_PIPE && offset != -1)
        return JN_NOT_SEEKABLE;
    if (!(description->access & IO_ACCESS_WRITE))
        return JN_ACCESS;
    struct node *node = description->node;
    if (description->kind == OPEN_PIPE) {
        struct pipe *pipe = node->pipe;
        status = pipe_write(pipe, length, call, done);
        if (status == JN_WOULD_BLOCK) {
            jn_status_t armed = pipe_arm(pipe, client, cookie,
                                         IO_WRITABLE | IO_HANGUP | IO_ERROR, IO_ACCESS_WRITE);
            *done = description->flags & IO_FLAG_NONBLOCK ? IO_REFUSED_NONBLOCK : IO_REFUSED_BLOCKING;
            return armed == JN_OK ? status : armed;
        }
        return finish(call, status, done);
    }
    if (offset < -1)
        return JN_BAD_ARG;
    switch (description->kind) {
    case OPEN_FILE: {
        bool append = (flags & IO_APPEND) || (description->flags & IO_FLAG_APPEND);
        status = write_file(client, description, offset, length, append, call, done);
        break;
    }
    case OPEN_DEVICE:
        status = description->device->write(length, call, done);
        break;
    case OPEN_TEXT:
        return JN_IO; /* what /proc shows cannot be set here */
    case OPEN_DIRECTORY:
        return JN_IS_DIRECTORY;
    default:
        return JN_BAD_HANDLE;
    }
    return finish(call, status, done);
}

static jn_status_t seek_file(struct description *description, int64_t offset, uint32_t whence,
                             int64_t *position)
{
    struct node *node = description->node;
    uint64_t size = node->size;
    if (description->kind == OPEN_TEXT)
        size = description->text ? description->text->length : 0;
    int64_t base = 0;
    if (description->kind == OPEN_DIRECTORY && whence > IO_SEEK_CUR)
        return JN_BAD_ARG; /* positions of entries have no end to count from */
    switch (whence) {
    case IO_SEEK_SET:
        break;
    case IO_SEEK_CUR:
        base = (int64_t)lease_position(description);
        break;
    case IO_SEEK_END:
        base = (int64_t)size;
        break;
    case IO_SEEK_DATA:
    case IO_SEEK_HOLE: {
        uint64_t at = (uint64_t)offset;
        if (offset < 0 || description->kind != OPEN_FILE)
            return offset < 0 ? JN_END_OF_FILE : JN_BAD_ARG;
        jn_status_t status = file_seek(node, whence == IO_SEEK_DATA, &at);
        if (status != JN_OK)
            return status;
        lease_set_position(description, at);
        *position = (int64_t)at;
        return JN_OK;
    }
    default:
        return JN_BAD_ARG;
    }
    int64_t result;
    if (__builtin_add_overflow(base, offset, &result))
        return JN_BAD_ARG;
    if (result < 0)
        return JN_BAD_ARG;
    lease_set_position(description, (uint64_t)result);
    *position = result;
    return JN_OK;
}

static jn_status_t io_op_seek(struct jn_call *call, uint64_t open, int64_t offset, uint32_t whence,
                              int64_t *position)
{
    struct client *client;
    struct description *description;
    *position = 0;
    jn_status_t status = request_usable(call, open, &client, &description);
    if (status != JN_OK)
        return status;
    if (whence > IO_SEEK_HOLE)
        return JN_BAD_ARG;
    switch (description->kind) {
    case OPEN_PIPE:
        return JN_NOT_SEEKABLE;
    case OPEN_DEVICE:
        return JN_OK; /* the position of null and its like stays 0 */
    default:
        return seek_file(description, offset, whence, position);
    }
}

static jn_status_t io_op_stat(struct jn_call *call, uint64_t open, struct io_stat *stat)
{
    struct client *client;
    struct description *description;
    jn_status_t status = request_open(call, open, &client, &description);
    if (status == JN_OK)
        node_stat(client, description->node, stat);
    return status;
}

static inline jn_status_t poll_one(struct client *client, uint64_t open,
                                   struct description *description, uint32_t events,
                                   uint64_t cookie, uint32_t *ready)
{
    events |= IO_ERROR | IO_HANGUP;
    if (description->kind != OPEN_PIPE) {
        *ready = events & (IO_READABLE | IO_WRITABLE); /* files never block */
        return JN_OK;
    }
    struct pipe *pipe = description->node->pipe;
    *ready = pipe_poll(pipe, description) & events;
    if (!*ready && client->idle && !pipe->ring)
        idle_note(client, open, pipe, events);
    if (*ready || !cookie)
        return JN_OK;
    uint32_t wanted = IO_ERROR | IO_HANGUP;
    if (description->access & IO_ACCESS_READ)
        wanted |= events & IO_READABLE;
    if (description->access & IO_ACCESS_WRITE)
        wanted |= events & IO_WRITABLE;
    return pipe_arm(pipe, client, cookie, wanted, description->access);
}

static jn_status_t io_op_poll(struct jn_call *call, uint64_t open, uint32_t events, uint64_t cookie,
                              uint32_t *ready)
{
    struct client *client;
    struct description *description;
    *ready = 0;
    jn_status_t status = request_usable(call, open, &client, &description);
    return status == JN_OK ? poll_one(client, open, description, events, cookie, ready)
                           : status;
}

/* Most ends that are polled are reading ones of which nothing is to be told; those are known at a glance. */
static inline bool nothing_to_read(const struct client *client, const struct description *description)
{
    if (description->kind != OPEN_PIPE || description->access != IO_ACCESS_READ || client->idle)
        return false;
    const struct pipe *pipe = description->node->pipe;
    return !pipe->length && pipe->writers && !pipe->ring && !pipe->messages;
}

static jn_status_t io_op_poll_many(struct jn_call *call, uint64_t cookie, const char *items,
                                   size_t items_length, char *ready, size_t *ready_length)
{
    struct client *found;
    jn_status_t status = request_client(call, &found);
    if (status != JN_OK)
        return status;
    struct client *const client = found; /* in a register */
    if (items_length % 8)
        return JN_BAD_ARG;
    size_t count = items_length / 8;
    for (size_t i = 0; i < count; i++) {
        uint64_t item;
        __builtin_memcpy(&item, items + i * 8, sizeof item); /* here without a call */
        struct description *description = client_open(client, (uint32_t)item);
        uint32_t now = IO_ERROR;
        if (description && !cookie && nothing_to_read(client, description)) {
            now = 0;
        } else if (description && description->kind != OPEN_PATH) {
            status = poll_one(client, (uint32_t)item, description, (uint32_t)(item >> 32), cookie, &now);
            if (status == JN_NO_MEMORY) /* a full ring: all of them again, when there is a larger one */
                return status;
            if (status != JN_OK)
                now = IO_ERROR;
        }
        if (now)
            cookie = 0;
        uint16_t result = (uint16_t)now;
        __builtin_memcpy(ready + i * 2, &result, sizeof result);
    }
    *ready_length = count * 2;
    return JN_OK;
}

static jn_status_t io_op_disarm(struct jn_call *call, uint64_t cookie)
{
    struct client *client;
    jn_status_t status = request_client(call, &client);
    if (status == JN_OK && cookie)
        wait_disarm(client, cookie);
    return status;
}

static jn_status_t io_op_control(struct jn_call *call, uint64_t open, uint32_t code,
                                 uint64_t argument, uint64_t cookie, uint64_t *result)
{
    struct client *client;
    struct description *description;
    (void)cookie;
    *result = 0;
    jn_status_t status = request_usable(call, open, &client, &description);
    if (status != JN_OK)
        return status;
    struct node *node = description->node;
    bool pipe = description->kind == OPEN_PIPE;
    switch (code) {
    case IO_CONTROL_READABLE_BYTES:
        if (pipe)
            *result = pipe_length(node->pipe);
        else if (description->kind == OPEN_FILE)
            *result = node->size > lease_position(description)
                          ? node->size - lease_position(description)
                          : 0;
        else
            return JN_NOT_TERMINAL;
        return JN_OK;
    case IO_CONTROL_MESSAGE_BYTES:
        if (!pipe || !node->pipe->messages)
            return JN_NOT_TERMINAL;
        *result = pipe_messages_first(node->pipe->messages);
        return JN_OK;
    case IO_CONTROL_PIPE_SIZE:
    case IO_CONTROL_SET_PIPE_SIZE:
        if (!pipe)
            return JN_BAD_HANDLE;
        if (code == IO_CONTROL_SET_PIPE_SIZE)
            status = pipe_set_capacity(client, node->pipe, argument);
        *result = pipe_capacity(node->pipe);
        return status;
    default:
        return JN_NOT_TERMINAL;
    }
}

static jn_status_t io_op_duplicate(struct jn_call *call, uint64_t open, uint64_t *copy)
{
    struct client *client;
    struct description *description;
    *copy = 0;
    jn_status_t status = request_open(call, open, &client, &description);
    if (status != JN_OK)
        return status;
    status = client_add(client, description, copy);
    if (status == JN_OK) {
        lease_drop(description);
        description_get(description);
    }
    return status;
}

static jn_status_t io_op_close(struct jn_call *call, uint64_t open)
{
    struct client *client;
    jn_status_t status = request_client(call, &client);
    if (status != JN_OK)
        return status;
    struct description *description = client_take(client, open);
    if (!description)
        return JN_BAD_HANDLE;
    lock_drop_process(client, description->node);
    description_put(description);
    return JN_OK;
}

static jn_status_t io_op_truncate(struct jn_call *call, uint64_t open, uint64_t size)
{
    struct client *client;
    struct description *description;
    jn_status_t status = request_usable(call, open, &client, &description);
    if (status != JN_OK)
        return status;
    if (description->kind != OPEN_FILE || !(description->access & IO_ACCESS_WRITE))
        return JN_BAD_ARG;
    status = file_resize(description->node, size);
    if (status == JN_OK) {
        node_modify_now(description->node);
        node_drop_set_id(client, description->node);
    }
    return status;
}

static jn_status_t io_op_sync(struct jn_call *call, uint64_t open)
{
    struct client *client;
    struct description *description;
    jn_status_t status = request_usable(call, open, &client, &description);
    if (status != JN_OK)
        return status;
    /* Memory is all the storage there is; pipes and devices refuse as on Linux. */
    return description->kind == OPEN_FILE || description->kind == OPEN_DIRECTORY ? JN_OK
                                                                               : JN_BAD_ARG;
}

static jn_status_t io_op_get_flags(struct jn_call *call, uint64_t open, uint32_t *flags,
                                   uint32_t *access)
{
    struct client *client;
    struct description *description;
    jn_status_t status = request_open(call, open, &client, &description);
    if (status != JN_OK)
        return status;
    *flags = description->flags;
    *access = description->access;
    return JN_OK;
}

static jn_status_t io_op_set_flags(struct jn_call *call, uint64_t open, uint32_t flags)
{
    struct client *client;
    struct description *description;
    jn_status_t status = request_usable(call, open, &client, &description);
    if (status == JN_OK)
        description->flags =
            flags & (IO_FLAG_APPEND | IO_FLAG_NONBLOCK | IO_FLAG_DIRECT | IO_FLAG_SYNC);
    return status;
}

static bool make_range(uint64_t start, uint64_t length, struct lock_range *range)
{
    range->start = start;
    range->end = UINT64_MAX;
    return length == 0 || !__builtin_add_overflow(start, length - 1, &range->end);
}

static jn_status_t io_op_lock(struct jn_call *call, uint64_t open, uint32_t kind, uint32_t scope,
                              uint64_t start, uint64_t length, uint64_t cookie)
{
    struct client *client;
    struct description *description;
    struct lock_range range;
    jn_status_t status = request_usable(call, open, &client, &description);
    if (status != JN_OK)
        return status;
    if (kind > IO_LOCK_EXCLUSIVE || scope > IO_LOCK_OPEN || !make_range(start, length, &range))
        return JN_BAD_ARG;
    if (scope == IO_LOCK_CLIENT || scope == IO_LOCK_OPEN) {
        uint32_t needed = kind == IO_LOCK_SHARED      ? IO_ACCESS_READ
                          : kind == IO_LOCK_EXCLUSIVE ? IO_ACCESS_WRITE
                                                      : 0;
        if ((description->access & needed) != needed)
            return JN_ACCESS;
    }
    if (scope == IO_LOCK_MANDATORY)
        lease_drop_all(description->node); /* reads are checked from now on */
    return lock_set(client, description, kind, scope, range, cookie);
}

static jn_status_t io_op_test_lock(struct jn_call *call, uint64_t open, uint32_t kind,
                                   uint32_t scope, uint64_t start, uint64_t length,
                                   uint32_t *new_kind, uint64_t *new_start, uint64_t *new_length,
                                   uint64_t *pid)
{
    struct client *client;
    struct description *description;
    struct lock_range range;
    jn_status_t status = request_usable(call, open, &client, &description);
    if (status != JN_OK)
        return status;
    if (kind > IO_LOCK_EXCLUSIVE || scope > IO_LOCK_OPEN || !make_range(start, length, &range))
        return JN_BAD_ARG;
    lock_test(client, description, &kind, scope, &range, pid);
    *new_kind = kind;
    *new_start = range.start;
    *new_length = range.end == UINT64_MAX ? 0 : range.end - range.start + 1;
    return JN_OK;
}

static jn_status_t io_op_transfer(struct jn_call *call, uint64_t open, cap_t target,
                                  uint64_t *target_open)
{
    struct client *client, *other;
    struct description *description;
    *target_open = 0;
    jn_status_t status = request_target(target, &other);
    if (status != JN_OK)
        return status;
    status = request_open(call, open, &client, &description);
    if (status == JN_OK)
        status = client_add(other, description, target_open);
    if (status == JN_OK) {
        lease_drop(description);
        description_get(description);
    }
    return status;
}

static jn_status_t io_op_allocate(struct jn_call *call, uint64_t open, uint32_t mode,
                                  int64_t offset, int64_t length)
{
    struct client *client;
    struct description *description;
    jn_status_t status = request_usable(call, open, &client, &description);
    if (status != JN_OK)
        return status;
    if (offset < 0 || length <= 0)
        return JN_BAD_ARG;
    if (mode != 0 && mode != IO_ALLOCATE_KEEP_SIZE &&
        mode != (IO_ALLOCATE_KEEP_SIZE | IO_ALLOCATE_PUNCH_HOLE))
        return JN_NOT_SUPPORTED; /* tmpfs has no other modes either */
    if (!(description->access & IO_ACCESS_WRITE))
        return JN_ACCESS;
    if (description->kind == OPEN_PIPE)
        return JN_NOT_SEEKABLE;
    if (description->kind != OPEN_FILE)
        return JN_NO_DEVICE;
    return file_allocate(description->node, mode, (uint64_t)offset, (uint64_t)length);
}

const struct io_ops io_operations = {
    .read = io_op_read,
    .write = io_op_write,
    .seek = io_op_seek,
    .stat = io_op_stat,
    .poll = io_op_poll,
    .disarm = io_op_disarm,
    .control = io_op_control,
    .duplicate = io_op_duplicate,
    .close = io_op_close,
    .truncate = io_op_truncate,
    .sync = io_op_sync,
    .get_flags = io_op_get_flags,
    .set_flags = io_op_set_flags,
    .lock = io_op_lock,
    .test_lock = io_op_test_lock,
    .transfer = io_op_transfer,
    .allocate = io_op_allocate,
    .poll_many = io_op_poll_many,
};

/* Event and timer descriptors as interface io (eventfd(2), timerfd_create(2)): eight bytes a read. */
#include <string.h>

#include "janus/idl/io.h"
#include "object.h"

#define EVENTFD_MAX 0xfffffffffffffffeull

static struct object *descriptor(struct jn_call *call, uint64_t number, struct client **client)
{
    *client = client_find(call->label);
    struct object *object = table_get(*client, number);
    return object && (object->kind == OBJECT_EVENTFD || object->kind == OBJECT_TIMERFD) ? object
                                                                                         : NULL;
}

uint32_t descriptor_ready(const struct object *object)
{
    uint32_t ready = object->value ? IO_READABLE : 0;
    if (object->kind == OBJECT_EVENTFD && object->value < EVENTFD_MAX)
        ready |= IO_WRITABLE;
    return ready;
}

static jn_status_t op_read(struct jn_call *call, uint64_t open, int64_t offset, uint64_t length,
                           uint32_t flags, uint64_t cookie, uint64_t *done)
{
    struct client *client;
    struct object *object = descriptor(call, open, &client);
    (void)flags;
    if (!object)
        return JN_BAD_HANDLE;
    if (offset != -1)
        return JN_NOT_SEEKABLE;
    if (length < 8)
        return JN_BAD_ARG;
    if (!object->value)
        return waiter_arm(client, &object->waiters, cookie, 0, IO_READABLE);
    uint64_t value = object->io_flags & EVENTFD_SEMAPHORE ? 1 : object->value;
    size_t copied;
    jn_status_t status = jn_copy_out(call, 0, 0, &value, sizeof value, &copied);
    if (status == JN_FAULT) {
        *done = call->fault_address;
        return JN_FAULT_AT;
    }
    if (status != JN_OK)
        return status;
    object->value -= value;
    *done = 8;
    waiter_wake_all(object, IO_WRITABLE);
    return JN_OK;
}

static jn_status_t op_write(struct jn_call *call, uint64_t open, int64_t offset, uint64_t length,
                            uint32_t flags, uint64_t cookie, uint64_t *done)
{
    struct client *client;
    struct object *object = descriptor(call, open, &client);
    (void)flags;
    if (!object)
        return JN_BAD_HANDLE;
    if (offset != -1)
        return JN_NOT_SEEKABLE;
    if (object->kind != OBJECT_EVENTFD || length < 8)
        return JN_BAD_ARG;
    uint64_t value;
    size_t copied;
    jn_status_t status = jn_copy_in(call, 0, 0, &value, sizeof value, &copied);
    if (status == JN_FAULT) {
        *done = call->fault_address;
        return JN_FAULT_AT;
    }
    if (status != JN_OK)
        return status;
    if (value == ~0ull)
        return JN_BAD_ARG;
    if (value > EVENTFD_MAX - object->value)
        return waiter_arm(client, &object->waiters, cookie, 0, IO_WRITABLE);
    object->value += value;
    *done = 8;
    if (object->value)
        waiter_wake_all(object, IO_READABLE);
    return JN_OK;
}

static jn_status_t op_stat(struct jn_call *call, uint64_t open, struct io_stat *stat)
{
    struct client *client;
    if (!descriptor(call, open, &client))
        return JN_BAD_HANDLE;
    stat->mode = 0600; /* as Linux's anonymous inodes: no file type */
    stat->link_count = 1;
    stat->block_size = 4096;
    return JN_OK;
}

static jn_status_t op_poll(struct jn_call *call, uint64_t open, uint32_t events, uint64_t cookie,
                           uint32_t *ready)
{
    struct client *client;
    struct object *object = descriptor(call, open, &client);
    if (!object)
        return JN_BAD_HANDLE;
    *ready = descriptor_ready(object) & events;
    if (*ready || !cookie)
        return JN_OK;
    jn_status_t status = waiter_arm(client, &object->waiters, cookie, 0, events);
    return status == JN_WOULD_BLOCK ? JN_OK : status;
}

static jn_status_t op_disarm(struct jn_call *call, uint64_t cookie)
{
    struct client *client = client_find(call->label);
    if (!client)
        return JN_NO_RIGHT;
    waiter_disarm(client, cookie);
    return JN_OK;
}

static jn_status_t op_duplicate(struct jn_call *call, uint64_t open, uint64_t *copy)
{
    struct client *client;
    struct object *object = descriptor(call, open, &client);
    return object ? table_add(client, object, copy) : JN_BAD_HANDLE;
}

static jn_status_t op_close(struct jn_call *call, uint64_t open)
{
    struct client *client;
    return descriptor(call, open, &client) ? table_close(client, open) : JN_BAD_HANDLE;
}

static jn_status_t op_get_flags(struct jn_call *call, uint64_t open, uint32_t *flags,
                                uint32_t *access)
{
    struct client *client;
    struct object *object = descriptor(call, open, &client);
    if (!object)
        return JN_BAD_HANDLE;
    *flags = object->io_flags & ~EVENTFD_SEMAPHORE;
    *access = IO_ACCESS_READ | IO_ACCESS_WRITE;
    return JN_OK;
}

static jn_status_t op_set_flags(struct jn_call *call, uint64_t open, uint32_t flags)
{
    struct client *client;
    struct object *object = descriptor(call, open, &client);
    if (!object)
        return JN_BAD_HANDLE;
    object->io_flags = (object->io_flags & EVENTFD_SEMAPHORE) | (flags & ~EVENTFD_SEMAPHORE);
    return JN_OK;
}

static jn_status_t op_seek(struct jn_call *call, uint64_t open, int64_t offset, uint32_t whence,
                           int64_t *position)
{
    struct client *client;
    (void)offset, (void)whence, (void)position;
    return descriptor(call, open, &client) ? JN_NOT_SEEKABLE : JN_BAD_HANDLE;
}

static jn_status_t op_transfer(struct jn_call *call, uint64_t open, cap_t target,
                               uint64_t *target_open)
{
    struct client *client;
    void *to;
    struct object *object = descriptor(call, open, &client);
    jn_status_t status = jn_labels_identify(&server_labels, target, &to);
    if (status != JN_OK)
        return status;
    return object ? table_add(to, object, target_open) : JN_BAD_HANDLE;
}

const struct io_ops io_operations = {
    .read = op_read,
    .write = op_write,
    .seek = op_seek,
    .stat = op_stat,
    .poll = op_poll,
    .disarm = op_disarm,
    .duplicate = op_duplicate,
    .close = op_close,
    .get_flags = op_get_flags,
    .set_flags = op_set_flags,
    .transfer = op_transfer,
};

/* Interface io: finding the open, and the operations that are short. */
#include "console.h"
#include "janus/idl/fs.h"
#include "janus/object.h"
#include "janus/runtime.h"

enum { CHARACTER_DEVICE = 0020000, MAJOR_PTS = 136, MAJOR_TTY = 5, MINOR_PTMX = 2 };

static jn_status_t find(struct jn_call *call, uint64_t open, struct client **client,
                        struct description **d)
{
    *client = client_find(call->label);
    if (!*client)
        return JN_NO_RIGHT;
    *d = open_find(*client, open);
    return *d ? JN_OK : JN_BAD_HANDLE;
}

static jn_status_t op_read(struct jn_call *call, uint64_t open, int64_t offset, uint64_t length,
                           uint32_t flags, uint64_t cookie, uint64_t *done)
{
    struct client *client;
    struct description *d;
    jn_status_t status = find(call, open, &client, &d);

    if (status != JN_OK)
        return status;
    return offset == -1 ? read_open(call, client, d, length, flags, cookie, done)
                        : JN_NOT_SEEKABLE;
}

static jn_status_t op_write(struct jn_call *call, uint64_t open, int64_t offset, uint64_t length,
                            uint32_t flags, uint64_t cookie, uint64_t *done)
{
    struct client *client;
    struct description *d;
    jn_status_t status = find(call, open, &client, &d);

    if (status != JN_OK)
        return status;
    return offset == -1 ? write_open(call, client, d, length, flags, cookie, done)
                        : JN_NOT_SEEKABLE;
}

static jn_status_t op_seek(struct jn_call *call, uint64_t open, int64_t offset, uint32_t whence,
                           int64_t *position)
{
    struct client *client;
    struct description *d;
    jn_status_t status = find(call, open, &client, &d);

    (void)offset, (void)whence, (void)position;
    return status == JN_OK ? JN_NOT_SEEKABLE : status;
}

static jn_status_t op_stat(struct jn_call *call, uint64_t open, struct io_stat *stat)
{
    struct client *client;
    struct description *d;
    jn_status_t status = find(call, open, &client, &d);
    const struct terminal *t;

    if (status != JN_OK)
        return status;
    t = d->terminal;
    *stat = (struct io_stat){
        .device = FS_DEVICE_TERMINALS, .inode = t->number + 3u,
        .mode = CHARACTER_DEVICE | t->mode, .link_count = 1, .uid = t->uid, .gid = t->gid,
        .device_id = MAJOR_PTS << 8 | t->number, .block_size = 1024,
        .access_ns = t->access_ns, .modify_ns = t->modify_ns, .change_ns = t->modify_ns,
        .birth_ns = t->modify_ns,
    };
    if (d->kind == OPEN_MASTER) {
        stat->inode = 2;
        stat->mode = CHARACTER_DEVICE | 0666;
        stat->gid = 0;
        stat->device_id = MAJOR_TTY << 8 | MINOR_PTMX;
    }
    return JN_OK;
}

static size_t poll_need(const struct description *d)
{
    const uint8_t *cc = d->terminal->discipline.attributes.cc;

    return cc[CC_TIME] == 0 && cc[CC_MIN] ? cc[CC_MIN] : 1;
}

static jn_status_t op_poll(struct jn_call *call, uint64_t open, uint32_t events, uint64_t cookie,
                           uint32_t *ready)
{
    struct client *client;
    struct description *d;
    jn_status_t status = find(call, open, &client, &d);

    if (status != JN_OK)
        return status;
    *ready = terminal_ready(d, events, poll_need(d));
    if (*ready || cookie == 0)
        return JN_OK;
    status = wait_arm(client, d, cookie, events, poll_need(d), 0);
    return status == JN_WOULD_BLOCK ? JN_OK : status;
}

static jn_status_t op_disarm(struct jn_call *call, uint64_t cookie)
{
    struct client *client = client_find(call->label);

    if (!client)
        return JN_NO_RIGHT;
    wait_disarm(client, cookie);
    return JN_OK;
}

static jn_status_t op_control(struct jn_call *call, uint64_t open, uint32_t code,
                              uint64_t argument, uint64_t cookie, uint64_t *result)
{
    struct client *client;
    struct description *d;
    jn_status_t status = find(call, open, &client, &d);

    return status == JN_OK ? control_open(call, client, d, code, argument, cookie, result) : status;
}

static jn_status_t op_duplicate(struct jn_call *call, uint64_t open, uint64_t *copy)
{
    struct client *client;
    struct description *d;
    jn_status_t status = find(call, open, &client, &d);

    if (status != JN_OK)
        return status;
    status = open_add(client, d, copy);
    if (status == JN_OK)
        d->references++;
    return status;
}

static jn_status_t op_close(struct jn_call *call, uint64_t open)
{
    struct client *client = client_find(call->label);

    return client ? open_close(client, open) : JN_NO_RIGHT;
}

/* ftruncate(2) and fsync(2) of a terminal are EINVAL. */
static jn_status_t op_truncate(struct jn_call *call, uint64_t open, uint64_t size)
{
    struct client *client;
    struct description *d;
    jn_status_t status = find(call, open, &client, &d);

    (void)size;
    return status == JN_OK ? JN_BAD_ARG : status;
}

static jn_status_t op_sync(struct jn_call *call, uint64_t open)
{
    return op_truncate(call, open, 0);
}

static jn_status_t op_get_flags(struct jn_call *call, uint64_t open, uint32_t *flags,
                                uint32_t *access)
{
    struct client *client;
    struct description *d;
    jn_status_t status = find(call, open, &client, &d);

    if (status != JN_OK)
        return status;
    *flags = d->flags;
    *access = d->access;
    return JN_OK;
}

static jn_status_t op_set_flags(struct jn_call *call, uint64_t open, uint32_t flags)
{
    struct client *client;
    struct description *d;
    jn_status_t status = find(call, open, &client, &d);

    if (status == JN_OK)
        d->flags = flags;
    return status;
}

static jn_status_t op_transfer(struct jn_call *call, uint64_t open, cap_t target,
                               uint64_t *target_open)
{
    struct client *client;
    struct description *d;
    void *to;
    jn_status_t status = jn_labels_identify(&console_labels, target, &to);

    if (status != JN_OK)
        return status;
    status = find(call, open, &client, &d);
    if (status != JN_OK)
        return status;
    status = open_add(to, d, target_open);
    if (status == JN_OK)
        d->references++;
    return status;
}

const struct io_ops io_operations = {
    .read = op_read, .write = op_write, .seek = op_seek, .stat = op_stat, .poll = op_poll,
    .disarm = op_disarm, .control = op_control, .duplicate = op_duplicate, .close = op_close,
    .truncate = op_truncate, .sync = op_sync, .get_flags = op_get_flags,
    .set_flags = op_set_flags, .transfer = op_transfer,
};

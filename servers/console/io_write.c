/* Writing: a program to the slave, through output processing; the terminal's owner to the master. */
#include "condrv.h"
#include "console.h"
#include "janus/runtime.h"

enum { BLOCK = 4096 };

/* Copies the caller's bytes in, block by block, as long as `take` takes all of them. */
static jn_status_t copy_blocks(struct jn_call *call, uint64_t length, struct terminal *t,
                               size_t (*take)(struct terminal *t, const uint8_t *bytes,
                                              size_t count),
                               uint64_t *done)
{
    uint8_t bytes[BLOCK];
    uint64_t total = 0;
    jn_status_t status = JN_OK;

    while (total < length && status == JN_OK) {
        size_t n = length - total < BLOCK ? length - total : BLOCK;
        size_t copied = 0, taken;

        status = jn_copy_in(call, 0, total, bytes, n, &copied);
        taken = copied ? take(t, bytes, copied) : 0;
        total += taken;
        if (taken < copied)
            break;
    }
    *done = total;
    if (total > 0)
        return JN_OK;
    if (status == JN_FAULT) {
        *done = call->fault_address;
        return JN_FAULT_AT;
    }
    return status;
}

static size_t take_output(struct terminal *t, const uint8_t *bytes, size_t count)
{
    return discipline_write(&t->discipline, bytes, count);
}

static jn_status_t write_slave(struct jn_call *call, struct client *client, struct description *d,
                               uint64_t length, uint32_t flags, uint64_t cookie, uint64_t *done)
{
    struct terminal *t = d->terminal;
    jn_status_t status;

    if (d->hung_up || t->opens[SIDE_MASTER] == 0)
        return JN_IO;
    if (discipline_has(&t->discipline, LOC_TOSTOP) && !(flags & IO_FORCE)) {
        status = job_check(client, t);
        if (status != JN_OK)
            return status;
    }
    status = copy_blocks(call, length, t, take_output, done);
    if (status != JN_OK || *done > 0 || length == 0) {
        t->modify_ns = jn_time_real();
        return status;
    }
    return wait_arm(client, d, cookie, IO_WRITABLE, 1, 0);
}

static jn_status_t write_master(struct jn_call *call, struct client *client,
                                struct description *d, uint64_t length, uint64_t cookie,
                                uint64_t *done)
{
    jn_status_t status = copy_blocks(call, length, d->terminal, terminal_type, done);

    if (status != JN_OK || *done > 0 || length == 0)
        return status;
    return wait_arm(client, d, cookie, IO_WRITABLE, 1, 0);
}

jn_status_t write_open(struct jn_call *call, struct client *client, struct description *d,
                       uint64_t length, uint32_t flags, uint64_t cookie, uint64_t *done)
{
    *done = 0;
    if (!(d->access & IO_ACCESS_WRITE))
        return JN_ACCESS;
    switch (d->kind) {
    case OPEN_MASTER:
        return write_master(call, client, d, length, cookie, done);
    case OPEN_SLAVE:
        return write_slave(call, client, d, length, flags, cookie, done);
    case OPEN_CONDRV_OUTPUT:
        return condrv_write(call, client, d, length, cookie, done);
    default:
        return JN_ACCESS;
    }
}

/* Reading: a program from the slave, through the line discipline; the terminal's owner from the
 * master. What is copied out is taken only as far as the copy went, so a fault loses nothing. */
#include "condrv.h"
#include "console.h"
#include "janus/runtime.h"

enum { DECISECOND_NS = 100000000 };

/* Copies to the caller; *done is what arrived, or the faulting address with FAULT_AT. */
static jn_status_t deliver(struct jn_call *call, const void *bytes, size_t count, uint64_t *done)
{
    size_t copied = 0;
    jn_status_t status = jn_copy_out(call, 0, 0, bytes, count, &copied);

    *done = copied;
    if (copied > 0 || status == JN_OK)
        return JN_OK;
    if (status != JN_FAULT)
        return status;
    *done = call->fault_address;
    return JN_FAULT_AT;
}

static jn_status_t deliver_input(struct jn_call *call, struct terminal *t, uint64_t length,
                                 uint64_t *done)
{
    uint8_t bytes[DISCIPLINE_QUEUE];
    size_t spent;
    size_t count = discipline_peek(&t->discipline, bytes,
                                   length < sizeof bytes ? length : sizeof bytes, &spent);
    jn_status_t status = deliver(call, bytes, count, done);

    if (status != JN_OK)
        return status;
    discipline_take(&t->discipline, *done == count ? spent : *done);
    t->access_ns = jn_time_real();
    terminal_pump(t);
    terminal_changed(t); /* the master may have room to type again */
    return JN_OK;
}

/* Non-canonical mode: VMIN and VTIME as in termios(3). */
static jn_status_t read_raw(struct jn_call *call, struct client *client, struct description *d,
                            uint64_t length, bool may_wait, uint64_t cookie, uint64_t *done)
{
    struct terminal *t = d->terminal;
    const uint8_t *cc = t->discipline.attributes.cc;
    size_t available = discipline_input_bytes(&t->discipline);
    size_t need = cc[CC_MIN] ? cc[CC_MIN] : 1;
    uint64_t patience = (uint64_t)cc[CC_TIME] * DECISECOND_NS;
    uint64_t deadline;

    if (need > length)
        need = length;
    if (available >= need || (!may_wait && available > 0) || wait_expired(client, d, cookie))
        return deliver_input(call, t, length, done);
    if (cc[CC_MIN] == 0) {
        if (patience == 0)
            return JN_OK;
        if (!may_wait)
            return JN_WOULD_BLOCK;
        return wait_arm(client, d, cookie, IO_READABLE, 1, jn_time_monotonic() + patience);
    }
    if (!may_wait)
        return JN_WOULD_BLOCK;
    if (patience == 0)
        return wait_arm(client, d, cookie, IO_READABLE, need, 0);
    /* Between two bytes at most VTIME passes; before the first there is no limit. */
    if (available == 0)
        return wait_arm(client, d, cookie, IO_READABLE, 1, 0);
    deadline = t->last_key_ns + patience;
    if (deadline <= jn_time_monotonic())
        return deliver_input(call, t, length, done);
    return wait_arm(client, d, cookie, IO_READABLE, need, deadline);
}

static jn_status_t read_slave(struct jn_call *call, struct client *client, struct description *d,
                              uint64_t length, uint64_t cookie, uint64_t *done)
{
    struct terminal *t = d->terminal;
    bool may_wait = cookie != 0 && !(d->flags & IO_FLAG_NONBLOCK);
    jn_status_t status;

    if (d->hung_up)
        return JN_OK; /* end of file */
    status = job_check(client, t);
    if (status != JN_OK || length == 0)
        return status;
    if (!discipline_canonical(&t->discipline))
        return read_raw(call, client, d, length, may_wait, cookie, done);
    if (discipline_readable(&t->discipline, 1))
        return deliver_input(call, t, length, done);
    return wait_arm(client, d, cookie, IO_READABLE, 1, 0);
}

static jn_status_t read_master(struct jn_call *call, struct client *client, struct description *d,
                               uint64_t length, uint64_t cookie, uint64_t *done)
{
    struct terminal *t = d->terminal;
    jn_status_t status = JN_OK;
    uint64_t total = 0;

    if (length == 0)
        return JN_OK;
    if (t->packet && (t->packet_status || terminal_screen_count(t) > 0)) {
        uint8_t mark = (uint8_t)t->packet_status; /* 0: TIOCPKT_DATA, bytes follow */

        status = deliver(call, &mark, 1, done);
        if (status != JN_OK || *done == 0)
            return status;
        t->packet_status = 0;
        if (mark)
            return JN_OK;
        total = 1;
    }
    while (total < length && terminal_screen_count(t) > 0) {
        const uint8_t *bytes;
        size_t run = terminal_screen_peek(t, &bytes);
        size_t copied = 0;

        if (run > length - total)
            run = length - total;
        status = jn_copy_out(call, 0, total, bytes, run, &copied);
        terminal_screen_take(t, copied);
        total += copied;
        if (status != JN_OK)
            break;
    }
    *done = total;
    if (total > 0)
        return JN_OK;
    if (status == JN_FAULT) {
        *done = call->fault_address;
        return JN_FAULT_AT;
    }
    if (status != JN_OK)
        return status;
    if (t->slave_seen && t->opens[SIDE_SLAVE] == 0)
        return JN_IO;
    return wait_arm(client, d, cookie, IO_READABLE, 1, 0);
}

jn_status_t read_open(struct jn_call *call, struct client *client, struct description *d,
                      uint64_t length, uint32_t flags, uint64_t cookie, uint64_t *done)
{
    *done = 0;
    if (!(d->access & IO_ACCESS_READ))
        return JN_ACCESS;
    if (flags)
        return JN_NOT_SUPPORTED;
    switch (d->kind) {
    case OPEN_MASTER:
        return read_master(call, client, d, length, cookie, done);
    case OPEN_SLAVE:
        return read_slave(call, client, d, length, cookie, done);
    case OPEN_CONDRV_INPUT:
        return condrv_read(call, client, d, length, cookie, done);
    default:
        return JN_ACCESS;
    }
}

/* Moving bytes between a client's window and the buffers that the device fills and empties. */
#include "stream.h"

void stream_start(struct stream *s, char *receive_memory, uint64_t receive_physical,
                  char *send_memory, uint64_t send_physical)
{
    s->receive_memory = receive_memory;
    s->send_memory = send_memory;
    for (uint16_t id = 0; id < s->receive.entries; id++) {
        queue_set_buffer(&s->receive, id, receive_physical + (uint64_t)id * STREAM_RECEIVE_BYTES,
                         STREAM_RECEIVE_BYTES, true);
        queue_submit(&s->receive, id, STREAM_RECEIVE_BYTES);
    }
    for (uint16_t id = 0; id < STREAM_SEND_BUFFERS && id < s->send.entries; id++) {
        queue_set_buffer(&s->send, id, send_physical + (uint64_t)id * STREAM_SEND_BYTES, 0, false);
        s->free[s->free_count++] = id;
    }
    s->open = true;
    queue_publish(&s->receive);
    queue_notify(&s->receive);
}

static uint32_t used_length(struct queue_used used)
{
    return used.length < STREAM_RECEIVE_BYTES ? used.length : STREAM_RECEIVE_BYTES;
}

/* Bytes that stand one after the other in memory from the first unread byte on: full buffers that
 * the device filled in the order of their addresses. */
static size_t contiguous(const struct stream *s, uint64_t wanted)
{
    struct queue_used first = queue_used_peek(&s->receive, 0);
    uint16_t count = queue_used_count(&s->receive);
    size_t length = used_length(first);

    for (uint16_t n = 1; n < count && length == (size_t)n * STREAM_RECEIVE_BYTES; n++) {
        struct queue_used next = queue_used_peek(&s->receive, n);

        if (next.id != first.id + n || length - s->offset >= wanted)
            break;
        length += used_length(next);
    }
    return length - s->offset;
}

/* Marks bytes as read; buffers that are empty go back to the device. */
static void consume(struct stream *s, size_t count)
{
    while (queue_used_count(&s->receive) > 0) {
        struct queue_used used = queue_used_peek(&s->receive, 0);
        size_t left = used_length(used) - s->offset;

        if (count < left) {
            s->offset += (uint32_t)count;
            return;
        }
        count -= left;
        s->offset = 0;
        queue_take(&s->receive, 1);
        queue_submit(&s->receive, (uint16_t)used.id, STREAM_RECEIVE_BYTES);
        if (count == 0)
            return;
    }
}

bool stream_readable(const struct stream *s)
{
    return s->open && queue_used_count(&s->receive) > 0;
}

jn_status_t stream_read(struct stream *s, struct jn_call *call, uint64_t length, uint64_t *done)
{
    jn_status_t status = JN_OK;
    uint64_t total = 0;

    while (total < length && status == JN_OK && stream_readable(s)) {
        size_t n = contiguous(s, length - total);
        size_t copied = 0;

        if (n > length - total)
            n = length - total;
        status = jn_copy_out(call, 0, total, s->receive_memory + s->offset +
                             (size_t)queue_used_peek(&s->receive, 0).id * STREAM_RECEIVE_BYTES,
                             n, &copied);
        if (copied || n == 0)
            consume(s, copied);
        total += copied;
    }
    if (queue_publish(&s->receive))
        queue_notify(&s->receive);
    *done = total;
    if (total > 0 || length == 0)
        return JN_OK;
    if (status == JN_FAULT) {
        *done = call->fault_address;
        return JN_FAULT_AT;
    }
    return status == JN_OK ? JN_WOULD_BLOCK : status;
}

static void reclaim(struct stream *s)
{
    for (uint16_t n = queue_used_count(&s->send); n > 0; n--) {
        struct queue_used used = queue_used_peek(&s->send, 0);

        queue_take(&s->send, 1);
        if (used.id < STREAM_SEND_BUFFERS && s->free_count < STREAM_SEND_BUFFERS)
            s->free[s->free_count++] = (uint16_t)used.id;
    }
}

bool stream_writable(struct stream *s)
{
    if (!s->open)
        return false;
    reclaim(s);
    return s->free_count >= STREAM_SEND_BUFFERS / 2;
}

jn_status_t stream_write(struct stream *s, struct jn_call *call, uint64_t length, uint64_t *done)
{
    jn_status_t status = JN_OK;
    uint64_t total = 0;

    if (s->open)
        reclaim(s);
    while (total < length && status == JN_OK && s->free_count > 0) {
        uint16_t id = s->free[s->free_count - 1];
        size_t n = length - total < STREAM_SEND_BYTES ? length - total : STREAM_SEND_BYTES;
        size_t copied = 0;

        status = jn_copy_in(call, 0, total, s->send_memory + (size_t)id * STREAM_SEND_BYTES, n,
                            &copied);
        if (copied == 0)
            break;
        s->free_count--;
        queue_submit(&s->send, id, (uint32_t)copied);
        total += copied;
    }
    if (total > 0) {
        queue_publish(&s->send);
        queue_notify(&s->send);
    }
    *done = total;
    if (total > 0 || length == 0)
        return JN_OK;
    if (status == JN_FAULT) {
        *done = call->fault_address;
        return JN_FAULT_AT;
    }
    return status == JN_OK ? JN_WOULD_BLOCK : status;
}

void stream_want(struct stream *s, bool readable, bool writable)
{
    if (!s->open)
        return;
    queue_want_interrupt(&s->receive, readable);
    queue_want_interrupt(&s->send, writable);
}

/* The data and the ends of pipes; fs/pipe.c of Linux is the authority for what fits when. */
#include "pipe.h"

#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "description.h"
#include "janus/idl/io.h"
#include "janus/server.h"
#include "node.h"
#include "pipe_message.h"
#include "pipe_ring.h"

/* Memory of all pipes. Beyond this a pipe does not grow past its first page, as under Linux's
 * pipe-user-pages-soft. */
#define PIPE_MEMORY_LIMIT (64u << 20)

static uint64_t pipe_memory;

struct pipe *pipe_of(struct node *node)
{
    if (!node->pipe) {
        struct pipe *pipe = calloc(1, sizeof(*pipe));
        if (!pipe)
            return NULL;
        pipe->slot_count = PIPE_CAPACITY / PIPE_ATOMIC;
        wait_queue_init(&pipe->queue);
        list_init(&pipe->idles);
        wait_queue_init(&pipe->openers);
        node->pipe = pipe;
    }
    return node->pipe;
}

bool pipe_memory_take(uint32_t bytes)
{
    if (pipe_memory + bytes > PIPE_MEMORY_LIMIT)
        return false;
    pipe_memory += bytes;
    return true;
}

void pipe_memory_give(uint32_t bytes)
{
    pipe_memory -= bytes;
}

void pipe_drop_buffer(struct pipe *pipe)
{
    pipe_memory -= pipe->allocated;
    free(pipe->buffer);
    pipe->buffer = NULL;
    pipe->allocated = pipe->head = pipe->length = 0;
    free(pipe->slots);
    pipe->slots = NULL;
    pipe->first_slot = pipe->slots_used = 0;
    if (pipe->messages)
        pipe_messages_clear(pipe->messages);
}

void pipe_destroy(struct pipe *pipe)
{
    pipe_wake(pipe, UINT32_MAX);
    wait_wake(&pipe->openers, UINT32_MAX);
    pipe_ring_free(pipe);
    pipe_drop_buffer(pipe);
    if (pipe->messages)
        pipe_messages_free(pipe->messages);
    free(pipe);
}

void pipe_open(struct pipe *pipe, uint32_t access)
{
    pipe_ring_revoke(pipe); /* an end that is leased is alone */
    if (access & IO_ACCESS_READ)
        pipe->readers++;
    if (access & IO_ACCESS_WRITE) {
        pipe->writers++;
        pipe->writers_come++;
    }
    if (pipe->ring)
        pipe_ring_closed(pipe);
}

void pipe_close(struct node *node, uint32_t access)
{
    struct pipe *pipe = node->pipe;
    if ((access & IO_ACCESS_READ) && --pipe->readers == 0)
        pipe_wake(pipe, IO_ERROR | IO_WRITABLE);
    if ((access & IO_ACCESS_WRITE) && --pipe->writers == 0)
        pipe_wake(pipe, IO_HANGUP | IO_READABLE | IO_READ_HANGUP);
    if (!pipe->readers && !pipe->writers) { /* what nobody has read is lost */
        pipe_ring_free(pipe);
        pipe_drop_buffer(pipe);
    } else if (pipe->ring) {
        pipe_ring_closed(pipe);
    }
}

/* Makes room in memory for `wanted` bytes in all; what there is of it is the result. */
static uint32_t reserve(struct pipe *pipe, uint32_t wanted)
{
    if (wanted <= pipe->allocated)
        return pipe->allocated;
    uint32_t size = pipe->allocated ? pipe->allocated : PIPE_ATOMIC;
    while (size < wanted)
        size *= 2;
    if (pipe_memory + size > PIPE_MEMORY_LIMIT)
        size = PIPE_ATOMIC;
    if (size <= pipe->allocated)
        return pipe->allocated;
    uint8_t *buffer = malloc(size);
    if (!buffer)
        return pipe->allocated;
    uint32_t first = pipe->allocated - pipe->head;
    if (first > pipe->length)
        first = pipe->length;
    if (pipe->length) {
        memcpy(buffer, pipe->buffer + pipe->head, first);
        memcpy(buffer + first, pipe->buffer, pipe->length - first);
    }
    free(pipe->buffer);
    pipe_memory += size - pipe->allocated;
    pipe->buffer = buffer;
    pipe->allocated = size;
    pipe->head = 0;
    return size;
}

static bool is_writable(const struct pipe *pipe)
{
    if (pipe->messages)
        return pipe_messages_room(pipe->messages);
    if (pipe->ring)
        return JN_PIPE_RING_BYTES - pipe_ring_length(pipe->ring) >= JN_PIPE_RING_ROOM;
    return pipe->slots_used < pipe->slot_count;
}

static struct pipe_slot *slot_at(const struct pipe *pipe, uint32_t index)
{
    return &pipe->slots[(pipe->first_slot + index) & (pipe->slot_count - 1)];
}

/* The odd bytes of a write that go into the last slot with data; 0: they do not fit. */
static uint32_t merged_bytes(const struct pipe *pipe, uint64_t length)
{
    uint32_t odd = (uint32_t)(length & (PIPE_ATOMIC - 1));
    if (!odd || !pipe->slots_used)
        return 0;
    return slot_at(pipe, pipe->slots_used - 1)->end + odd <= PIPE_ATOMIC ? odd : 0;
}

/* How much of a write the slots take. */
static uint32_t accepted(const struct pipe *pipe, uint64_t length)
{
    uint32_t merged = merged_bytes(pipe, length);
    uint64_t rest = length - merged, space = (uint64_t)(pipe->slot_count - pipe->slots_used) * PIPE_ATOMIC;
    return merged + (uint32_t)(rest < space ? rest : space);
}

static void fill_slots(struct pipe *pipe, uint32_t length)
{
    uint32_t merged = merged_bytes(pipe, length);
    if (merged) {
        struct pipe_slot *last = slot_at(pipe, pipe->slots_used - 1);
        last->end = (uint16_t)(last->end + merged);
        last->length = (uint16_t)(last->length + merged);
    }
    for (length -= merged; length && is_writable(pipe);) {
        uint32_t part = length < PIPE_ATOMIC ? length : PIPE_ATOMIC;
        *slot_at(pipe, pipe->slots_used++) = (struct pipe_slot){(uint16_t)part, (uint16_t)part};
        length -= part;
    }
}

static void empty_slots(struct pipe *pipe, uint32_t length)
{
    while (length) {
        struct pipe_slot *slot = slot_at(pipe, 0);
        uint32_t part = length < slot->length ? length : slot->length;
        slot->length = (uint16_t)(slot->length - part);
        length -= part;
        if (slot->length)
            return;
        pipe->first_slot = (pipe->first_slot + 1) & (pipe->slot_count - 1);
        pipe->slots_used--;
    }
}

jn_status_t pipe_read(struct pipe *pipe, uint64_t length, bool peek, bool one,
                      struct jn_call *call, uint64_t *done, bool *more)
{
    *done = 0;
    *more = false;
    if (pipe->messages)
        return pipe_message_read(pipe, length, peek, one, call, done, more);
    if (length == 0)
        return JN_OK;
    if (pipe->ring)
        return pipe_ring_read(pipe, length, peek, call, done);
    if (pipe->length == 0)
        return pipe->writers ? JN_WOULD_BLOCK : JN_OK;
    uint32_t bytes = length < pipe->length ? (uint32_t)length : pipe->length;
    uint32_t first = pipe->allocated - pipe->head;
    if (first > bytes)
        first = bytes;
    size_t copied = 0;
    jn_status_t status = jn_copy_out(call, 0, 0, pipe->buffer + pipe->head, first, &copied);
    *done = copied;
    if (status == JN_OK && first < bytes) {
        status = jn_copy_out(call, 0, first, pipe->buffer, bytes - first, &copied);
        *done += copied;
    }
    if (*done == 0)
        return status;
    if (peek)
        return JN_OK;
    pipe->head = (pipe->head + (uint32_t)*done) & (pipe->allocated - 1);
    pipe->length -= (uint32_t)*done;
    empty_slots(pipe, (uint32_t)*done);
    if (pipe->length == 0)
        pipe->head = 0; /* the next data lie in one piece, in lines that are warm */
    if (is_writable(pipe))
        pipe_wake(pipe, IO_WRITABLE);
    return JN_OK;
}

jn_status_t pipe_write(struct pipe *pipe, uint64_t length, struct jn_call *call, uint64_t *done)
{
    *done = 0;
    if (pipe->messages)
        return pipe_message_write(pipe, length, call, done);
    if (length == 0)
        return JN_OK;
    if (!pipe->readers)
        return JN_BROKEN_PIPE;
    if (pipe->ring)
        return pipe_ring_write(pipe, length, call, done);
    if (!pipe->slots && !(pipe->slots = malloc(pipe->slot_count * sizeof(*pipe->slots))))
        return JN_NO_MEMORY;
    uint32_t bytes = accepted(pipe, length);
    if (!bytes)
        return JN_WOULD_BLOCK;
    uint32_t most = reserve(pipe, pipe->length + bytes) - pipe->length;
    if (bytes > most) {
        if (pipe->allocated == 0)
            return JN_NO_MEMORY;
        if (length <= PIPE_ATOMIC || most == 0)
            return JN_WOULD_BLOCK; /* a reader is going to make room */
        bytes = most;
    }
    uint32_t tail = (pipe->head + pipe->length) & (pipe->allocated - 1);
    uint32_t first = pipe->allocated - tail;
    if (first > bytes)
        first = bytes;
    size_t copied = 0;
    jn_status_t status = jn_copy_in(call, 0, 0, pipe->buffer + tail, first, &copied);
    uint64_t all = copied;
    if (status == JN_OK && first < bytes) {
        status = jn_copy_in(call, 0, first, pipe->buffer, bytes - first, &copied);
        all += copied;
    }
    /* A write that must be whole is not begun: the caller resolves the fault and repeats it. */
    if (status != JN_OK && (all == 0 || length <= PIPE_ATOMIC))
        return status;
    fill_slots(pipe, (uint32_t)all);
    pipe->length += (uint32_t)all;
    *done = all;
    pipe_wake(pipe, IO_READABLE);
    return JN_OK;
}

uint32_t pipe_poll(const struct pipe *pipe, const struct description *description)
{
    uint32_t ready = 0;
    if (description->access & IO_ACCESS_READ) {
        if (pipe->messages ? pipe_messages_are(pipe->messages) : pipe_length(pipe) != 0)
            ready |= IO_READABLE;
        if (!pipe->writers && pipe->writers_come != description->writers_seen)
            ready |= IO_HANGUP;
    }
    if (description->access & IO_ACCESS_WRITE) {
        if (is_writable(pipe))
            ready |= IO_WRITABLE;
        if (!pipe->readers)
            ready |= IO_ERROR;
    }
    return ready;
}

jn_status_t pipe_arm(struct pipe *pipe, struct client *client, uint64_t cookie, uint32_t events,
                     uint32_t access)
{
    jn_status_t status = wait_arm(&pipe->queue, client, cookie, events, NULL);
    if (status == JN_OK && pipe->ring && cookie)
        pipe_ring_armed(pipe, access);
    return status;
}

uint32_t pipe_length(const struct pipe *pipe)
{
    if (pipe->messages)
        return pipe_messages_bytes(pipe->messages);
    return pipe->ring ? pipe_ring_length(pipe->ring) : pipe->length;
}

uint32_t pipe_capacity(const struct pipe *pipe)
{
    return pipe->slot_count * PIPE_ATOMIC;
}

jn_status_t pipe_set_capacity(const struct client *client, struct pipe *pipe, uint64_t bytes)
{
    if (bytes > 1u << 31)
        return JN_BAD_ARG;
    uint32_t count = 1;
    while ((uint64_t)count * PIPE_ATOMIC < bytes)
        count *= 2;
    if (count > pipe->slot_count && count > PIPE_CAPACITY_LIMIT / PIPE_ATOMIC && client->uid != 0)
        return JN_NOT_PERMITTED;
    if (pipe->ring || pipe->messages) /* its size is fixed; Linux refuses as well when it has no memory */
        return count == pipe->slot_count ? JN_OK : JN_BUSY;
    if (count < pipe->slots_used)
        return JN_BUSY;
    if (pipe->slots) {
        struct pipe_slot *slots = malloc(count * sizeof(*slots));
        if (!slots)
            return JN_NO_MEMORY;
        for (uint32_t i = 0; i < pipe->slots_used; i++)
            slots[i] = *slot_at(pipe, i);
        free(pipe->slots);
        pipe->slots = slots;
        pipe->first_slot = 0;
    }
    pipe->slot_count = count;
    if (is_writable(pipe))
        pipe_wake(pipe, IO_WRITABLE);
    return JN_OK;
}

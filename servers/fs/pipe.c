/* The data and the ends of pipes. Semantics are Linux's as far as a program can see them; the space
 * is counted in bytes, not in page slots. */
#include "pipe.h"

#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "description.h"
#include "janus/idl/io.h"
#include "janus/server.h"
#include "node.h"

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
        pipe->capacity = PIPE_CAPACITY;
        wait_queue_init(&pipe->queue);
        wait_queue_init(&pipe->openers);
        node->pipe = pipe;
    }
    return node->pipe;
}

static void drop_buffer(struct pipe *pipe)
{
    pipe_memory -= pipe->allocated;
    free(pipe->buffer);
    pipe->buffer = NULL;
    pipe->allocated = pipe->head = pipe->length = 0;
}

void pipe_destroy(struct pipe *pipe)
{
    wait_wake(&pipe->queue, UINT32_MAX);
    wait_wake(&pipe->openers, UINT32_MAX);
    drop_buffer(pipe);
    free(pipe);
}

void pipe_open(struct pipe *pipe, uint32_t access)
{
    if (access & IO_ACCESS_READ)
        pipe->readers++;
    if (access & IO_ACCESS_WRITE) {
        pipe->writers++;
        pipe->writers_come++;
    }
}

void pipe_close(struct node *node, uint32_t access)
{
    struct pipe *pipe = node->pipe;
    if ((access & IO_ACCESS_READ) && --pipe->readers == 0)
        wait_wake(&pipe->queue, IO_ERROR | IO_WRITABLE);
    if ((access & IO_ACCESS_WRITE) && --pipe->writers == 0)
        wait_wake(&pipe->queue, IO_HANGUP | IO_READABLE | IO_READ_HANGUP);
    if (!pipe->readers && !pipe->writers)
        drop_buffer(pipe); /* what nobody has read is lost */
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

static uint32_t room(const struct pipe *pipe)
{
    return pipe->capacity > pipe->length ? pipe->capacity - pipe->length : 0;
}

static bool is_writable(const struct pipe *pipe)
{
    return room(pipe) >= PIPE_ATOMIC;
}

jn_status_t pipe_read(struct pipe *pipe, uint64_t length, bool peek, struct jn_call *call,
                      uint64_t *done)
{
    *done = 0;
    if (length == 0)
        return JN_OK;
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
    if (pipe->length == 0)
        pipe->head = 0; /* the next data lie in one piece, in lines that are warm */
    if (is_writable(pipe))
        wait_wake(&pipe->queue, IO_WRITABLE);
    return JN_OK;
}

jn_status_t pipe_write(struct pipe *pipe, uint64_t length, struct jn_call *call, uint64_t *done)
{
    *done = 0;
    if (!pipe->readers)
        return JN_BROKEN_PIPE;
    if (length == 0)
        return JN_OK;
    uint32_t space = room(pipe);
    if (space < (length < PIPE_ATOMIC ? length : PIPE_ATOMIC))
        return JN_WOULD_BLOCK;
    uint32_t bytes = length < space ? (uint32_t)length : space;
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
    pipe->length += (uint32_t)all;
    *done = all;
    wait_wake(&pipe->queue, IO_READABLE);
    return JN_OK;
}

uint32_t pipe_poll(const struct pipe *pipe, const struct description *description)
{
    uint32_t ready = 0;
    if (description->access & IO_ACCESS_READ) {
        if (pipe->length)
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

jn_status_t pipe_set_capacity(const struct client *client, struct pipe *pipe, uint64_t bytes)
{
    if (bytes > 1u << 31)
        return JN_BAD_ARG;
    uint32_t capacity = PIPE_ATOMIC;
    while (capacity < bytes)
        capacity *= 2;
    if (capacity > pipe->capacity && capacity > PIPE_CAPACITY_LIMIT && client->uid != 0)
        return JN_NOT_PERMITTED;
    if (capacity < pipe->length)
        return JN_BUSY;
    pipe->capacity = capacity;
    if (is_writable(pipe))
        wait_wake(&pipe->queue, IO_WRITABLE);
    return JN_OK;
}

/* Messages of a pipe: a list, oldest first. Only the first may have been read in part. */
#include "pipe_message.h"

#include <stdlib.h>

#include "janus/idl/io.h"
#include "janus/list.h"
#include "janus/server.h"
#include "pipe.h"

struct message {
    struct list link;
    uint32_t length, read;
    uint8_t data[];
};

struct pipe_messages {
    struct list list;
    uint32_t bytes;  /* that nobody has read */
    uint32_t memory; /* charged with pipe_memory_take */
};

#define MESSAGE_COST 64u /* so that messages of no bytes are not free */

struct pipe_messages *pipe_messages_create(void)
{
    struct pipe_messages *messages = calloc(1, sizeof(*messages));
    if (messages)
        list_init(&messages->list);
    return messages;
}

static struct message *first_of(const struct pipe_messages *messages)
{
    return list_empty(&messages->list) ? NULL
                                       : list_entry(messages->list.next, struct message, link);
}

static void drop(struct pipe_messages *messages, struct message *message)
{
    messages->bytes -= message->length - message->read;
    messages->memory -= message->length + MESSAGE_COST;
    pipe_memory_give(message->length + MESSAGE_COST);
    list_remove(&message->link);
    free(message);
}

void pipe_messages_clear(struct pipe_messages *messages)
{
    list_for_each_safe(at, &messages->list)
        drop(messages, list_entry(at, struct message, link));
}

void pipe_messages_free(struct pipe_messages *messages)
{
    pipe_messages_clear(messages);
    free(messages);
}

uint32_t pipe_messages_bytes(const struct pipe_messages *messages)
{
    return messages->bytes;
}

bool pipe_messages_are(const struct pipe_messages *messages)
{
    return !list_empty(&messages->list);
}

static bool fits(const struct pipe_messages *messages, uint64_t length)
{
    return list_empty(&messages->list) ||
           messages->memory + MESSAGE_COST + length <= PIPE_CAPACITY;
}

bool pipe_messages_room(const struct pipe_messages *messages)
{
    return fits(messages, PIPE_ATOMIC);
}

uint32_t pipe_messages_first(const struct pipe_messages *messages)
{
    struct message *message = first_of(messages);
    return message ? message->length - message->read : 0;
}

/* Copies from `message`, after the `done` bytes that the caller's window has already. */
static jn_status_t copy(struct message *message, uint64_t length, struct jn_call *call,
                        uint64_t *done)
{
    uint32_t left = message->length - message->read;
    size_t copied = 0;
    jn_status_t status = JN_OK;
    if (length > left)
        length = left;
    if (length)
        status = jn_copy_out(call, 0, *done, message->data + message->read, length, &copied);
    *done += copied;
    return status;
}

jn_status_t pipe_message_read(struct pipe *pipe, uint64_t length, bool peek, bool one,
                              struct jn_call *call, uint64_t *done, bool *more)
{
    struct pipe_messages *messages = pipe->messages;
    bool had_room = pipe_messages_room(messages);
    jn_status_t status = JN_OK;
    *done = 0;
    *more = false;
    if (list_empty(&messages->list))
        return pipe->writers ? JN_WOULD_BLOCK : one ? JN_HANGUP : JN_OK;
    if (!length && !one)
        return JN_OK;
    list_for_each_safe(at, &messages->list) {
        struct message *message = list_entry(at, struct message, link);
        uint64_t before = *done;
        if (!one && !peek && !message->length) { /* nothing for who reads bytes */
            drop(messages, message);
            continue;
        }
        status = copy(message, length - before, call, done);
        uint32_t part = (uint32_t)(*done - before);
        bool whole = part == message->length - message->read;
        if (status != JN_OK && !part)
            break;
        if (!peek) {
            messages->bytes -= part;
            message->read += part;
            if (whole)
                drop(messages, message);
        }
        *more = one && !whole;
        if (one || !whole || *done == length)
            break;
    }
    if (!peek && !had_room && pipe_messages_room(messages))
        pipe_wake(pipe, IO_WRITABLE);
    if (*done)
        return JN_OK;
    if (status == JN_OK && !one && list_empty(&messages->list)) /* they were all of no bytes */
        return pipe->writers ? JN_WOULD_BLOCK : JN_OK;
    return status;
}

jn_status_t pipe_message_write(struct pipe *pipe, uint64_t length, struct jn_call *call,
                               uint64_t *done)
{
    struct pipe_messages *messages = pipe->messages;
    *done = 0;
    if (!pipe->readers)
        return JN_BROKEN_PIPE;
    if (length > IO_TRANSFER_LIMIT)
        return JN_TOO_BIG;
    if (!fits(messages, length))
        return JN_WOULD_BLOCK;
    uint32_t cost = (uint32_t)length + MESSAGE_COST;
    if (!pipe_memory_take(cost))
        return JN_NO_MEMORY;
    struct message *message = malloc(sizeof(*message) + length);
    size_t copied = 0;
    jn_status_t status = message ? JN_OK : JN_NO_MEMORY;
    if (status == JN_OK && length)
        status = jn_copy_in(call, 0, 0, message->data, length, &copied);
    if (status != JN_OK) { /* it is whole or not at all */
        pipe_memory_give(cost);
        free(message);
        *done = 0;
        return status;
    }
    message->length = (uint32_t)length;
    message->read = 0;
    messages->memory += cost;
    messages->bytes += message->length;
    list_append(&messages->list, &message->link);
    *done = length;
    pipe_wake(pipe, IO_READABLE);
    return JN_OK;
}

/* Pipes that keep messages apart (NT's named pipes of type message): each write is one message. */
#ifndef FS_PIPE_MESSAGE_H
#define FS_PIPE_MESSAGE_H

#include "janus/types.h"

struct jn_call;
struct pipe;
struct pipe_messages;

/* Room for PIPE_CAPACITY bytes; a longer message waits until it is alone. */
struct pipe_messages *pipe_messages_create(void); /* NULL: no memory */
void pipe_messages_clear(struct pipe_messages *messages);
void pipe_messages_free(struct pipe_messages *messages);
uint32_t pipe_messages_bytes(const struct pipe_messages *messages);
bool pipe_messages_are(const struct pipe_messages *messages); /* a message of no bytes counts */
bool pipe_messages_room(const struct pipe_messages *messages);
/* What is left of the first one; 0 as well if there is none. */
uint32_t pipe_messages_first(const struct pipe_messages *messages);

/* one: at most the rest of one message (its end, if nothing of it is left but it was empty); *more: the
 * message goes on. Not one: bytes, across messages. HANGUP: no writer is left to send any (`one`). */
JN_CHECKED jn_status_t pipe_message_read(struct pipe *pipe, uint64_t length, bool peek, bool one,
                                         struct jn_call *call, uint64_t *done, bool *more);
JN_CHECKED jn_status_t pipe_message_write(struct pipe *pipe, uint64_t length, struct jn_call *call,
                                          uint64_t *done);

#endif

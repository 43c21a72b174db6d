/* Pipes and FIFOs: a ring of bytes that grows up to the capacity (pipe(7)). */
#ifndef FS_PIPE_H
#define FS_PIPE_H

#include "janus/types.h"
#include "wait.h"

struct client;
struct description;
struct jn_call;
struct node;

#define PIPE_CAPACITY 65536u
#define PIPE_CAPACITY_LIMIT (1u << 20) /* for clients without privilege */
#define PIPE_ATOMIC 4096u

struct pipe {
    uint8_t *buffer;
    uint32_t allocated; /* a power of two, or 0 */
    uint32_t head, length;
    uint32_t capacity;
    uint32_t readers, writers;
    uint64_t writers_come; /* counts writers that ever opened: POLLHUP needs one to have been there */
    struct wait_queue queue;   /* for data, space, ends */
    struct wait_queue openers; /* of a FIFO: IO_READABLE waits for a writer, IO_WRITABLE for a reader */
};

/* The node's pipe, made when there is none. NULL: no memory. */
struct pipe *pipe_of(struct node *node);
void pipe_destroy(struct pipe *pipe);

/* An end, or both, is opened or closed. */
void pipe_open(struct pipe *pipe, uint32_t access);
void pipe_close(struct node *node, uint32_t access);

JN_CHECKED jn_status_t pipe_read(struct pipe *pipe, uint64_t length, bool peek,
                                 struct jn_call *call, uint64_t *done);
JN_CHECKED jn_status_t pipe_write(struct pipe *pipe, uint64_t length, struct jn_call *call,
                                  uint64_t *done);
/* IO_READABLE .. that hold now for this end. */
uint32_t pipe_poll(const struct pipe *pipe, const struct description *description);
JN_CHECKED jn_status_t pipe_set_capacity(const struct client *client, struct pipe *pipe,
                                         uint64_t bytes);

#endif

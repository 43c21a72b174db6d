/* Pipes and FIFOs (pipe(7)): a ring of bytes that grows with what is in it, and beside it the slots in
 * which Linux would keep them. Programs see the slots: in what a write takes at once, in POLLOUT, in
 * F_SETPIPE_SZ. */
#ifndef FS_PIPE_H
#define FS_PIPE_H

#include "idle.h"
#include "janus/types.h"
#include "wait.h"

struct client;
struct description;
struct jn_call;
struct node;
struct pipe_messages;
struct pipe_ring;

#define PIPE_CAPACITY 65536u
#define PIPE_CAPACITY_LIMIT (1u << 20) /* for clients without privilege */
#define PIPE_ATOMIC 4096u

struct pipe_slot {
    uint16_t end;    /* of its data within the page that it stands for */
    uint16_t length;
};

struct pipe {
    uint8_t *buffer;
    uint32_t allocated; /* a power of two, or 0 */
    uint32_t head, length;
    uint32_t slot_count; /* the capacity: a power of two, of pages */
    uint32_t first_slot, slots_used;
    struct pipe_slot *slots; /* a ring; NULL until the first write */
    uint32_t readers, writers;
    uint64_t writers_come; /* counts writers that ever opened: POLLHUP needs one to have been there */
    struct pipe_ring *ring; /* has the data once an end was leased; NULL: buffer has them */
    struct pipe_messages *messages; /* has the data instead, and keeps writes apart; else NULL */
    struct wait_queue queue;   /* for data, space, ends */
    struct list idles; /* whom is told that nothing is ready (idle.h) */
    struct wait_queue openers; /* of a FIFO: IO_READABLE waits for a writer, IO_WRITABLE for a reader */
};

/* The node's pipe, made when there is none. NULL: no memory. */
struct pipe *pipe_of(struct node *node);
void pipe_destroy(struct pipe *pipe);

/* An end, or both, is opened or closed. */
void pipe_open(struct pipe *pipe, uint32_t access);
void pipe_close(struct node *node, uint32_t access);

/* Something is ready now. */
static inline void pipe_wake(struct pipe *pipe, uint32_t events)
{
    if (!list_empty(&pipe->idles))
        idle_clear(&pipe->idles);
    wait_wake(&pipe->queue, events);
}

/* Forgets what is in the buffer; the ends of a pipe are not told. */
void pipe_drop_buffer(struct pipe *pipe);
/* Memory of all pipes: false if it would pass the limit. */
JN_CHECKED bool pipe_memory_take(uint32_t bytes);
void pipe_memory_give(uint32_t bytes);

/* one: only of one message, if the pipe keeps them apart; *more: that message goes on. */
JN_CHECKED jn_status_t pipe_read(struct pipe *pipe, uint64_t length, bool peek, bool one,
                                 struct jn_call *call, uint64_t *done, bool *more);
JN_CHECKED jn_status_t pipe_write(struct pipe *pipe, uint64_t length, struct jn_call *call,
                                  uint64_t *done);
/* IO_READABLE .. that hold now for this end. */
uint32_t pipe_poll(const struct pipe *pipe, const struct description *description);
/* Arms a cookie for this end of a pipe (either, if it is open for both). */
JN_CHECKED jn_status_t pipe_arm(struct pipe *pipe, struct client *client, uint64_t cookie,
                                uint32_t events, uint32_t access);
uint32_t pipe_length(const struct pipe *pipe);
uint32_t pipe_capacity(const struct pipe *pipe);
JN_CHECKED jn_status_t pipe_set_capacity(const struct client *client, struct pipe *pipe,
                                         uint64_t bytes);

#endif

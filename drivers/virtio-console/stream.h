/* The port's two queues as a byte stream. */
#ifndef VIRTIO_STREAM_H
#define VIRTIO_STREAM_H

#include "janus/server.h"
#include "queue.h"

enum {
    STREAM_RECEIVE_BYTES = 4096,   /* a buffer; QEMU reads its socket in pieces of this size */
    STREAM_SEND_BYTES = 65536,
    STREAM_SEND_BUFFERS = 16,
    STREAM_RECEIVE_MEMORY = QUEUE_ENTRIES * STREAM_RECEIVE_BYTES,
    STREAM_SEND_MEMORY = STREAM_SEND_BUFFERS * STREAM_SEND_BYTES,
};

struct stream {
    struct queue receive, send;
    char *receive_memory, *send_memory;
    uint32_t offset;      /* bytes taken of the first used receive buffer */
    uint32_t free_count;  /* send buffers */
    uint16_t free[STREAM_SEND_BUFFERS];
    bool open; /* the port is known and its buffers are with the device */
};

/* The queues are set up; memory as above. */
void stream_start(struct stream *s, char *receive_memory, uint64_t receive_physical,
                  char *send_memory, uint64_t send_physical);

/* Between window 0 of the call and the port. *done counts also with JN_FAULT_AT; 0 with JN_OK never
 * happens for length > 0. JN_WOULD_BLOCK: nothing could be moved. */
JN_CHECKED jn_status_t stream_read(struct stream *s, struct jn_call *call, uint64_t length,
                                   uint64_t *done);
JN_CHECKED jn_status_t stream_write(struct stream *s, struct jn_call *call, uint64_t length,
                                    uint64_t *done);

bool stream_readable(const struct stream *s);
/* At least half of the send buffers are free. */
bool stream_writable(struct stream *s);

/* Interrupts for what somebody waits for. Look again after switching them on. */
void stream_want(struct stream *s, bool readable, bool writable);

#endif

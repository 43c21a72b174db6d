/* The control queue of a multiport virtio console (Virtio 1.1, 5.3.6.2). */
#ifndef VIRTIO_CONTROL_H
#define VIRTIO_CONTROL_H

#include "queue.h"

enum {
    CONTROL_BUFFERS = 16,
    CONTROL_BUFFER_BYTES = 256,
    /* Receive buffers first, then as many to send from. */
    CONTROL_MEMORY = 2 * CONTROL_BUFFERS * CONTROL_BUFFER_BYTES,
    CONTROL_NO_PORT = -1,
};

struct control {
    struct queue receive, send;
    char *memory;
    const char *wanted; /* the name of the port */
    int32_t port;       /* its number once it is known, else CONTROL_NO_PORT */
    uint16_t next_send;
};

/* The queues are set up; memory is CONTROL_MEMORY bytes at `physical`. Tells the device that the
 * driver is ready; the answers come to control_serve. */
void control_start(struct control *c, char *memory, uint64_t physical, const char *wanted);

/* Handles what has arrived. True: the wanted port has just been found and opened. */
bool control_serve(struct control *c);

#endif

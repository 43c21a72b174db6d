/* Virtio over PCI, the modern way (Virtio 1.1, 4.1). */
#ifndef VIRTIO_TRANSPORT_H
#define VIRTIO_TRANSPORT_H

#include "janus/types.h"
#include "queue.h"

struct transport {
    cap_t device_server;
    uint64_t function;
    volatile uint8_t *common, *notify, *config;
    uint32_t notify_multiplier;
    cap_t irq;
};

/* Finds and claims the first function with this device number, resets it, negotiates VERSION_1 and
 * exactly `features` (low 32 bits), and binds its one interrupt to bits of the Signal. */
JN_CHECKED jn_status_t transport_start(struct transport *t, cap_t device_server, uint32_t device_id,
                                       uint32_t features, cap_t signal, uint64_t bits);

/* Sets up queue `number` in QUEUE_BYTES of zeroed memory at a physical address. */
JN_CHECKED jn_status_t transport_add_queue(struct transport *t, struct queue *q, uint16_t number,
                                           void *memory, uint64_t physical);

/* All queues are there: the device may work. */
void transport_go(struct transport *t);

uint32_t transport_config32(const struct transport *t, uint32_t offset);

/* The interrupt may come again. */
void transport_acknowledge(struct transport *t);

/* Contiguous memory for the device. */
struct dma_memory {
    char *address;
    uint64_t physical, length;
};
JN_CHECKED jn_status_t dma_allocate(struct dma_memory *memory, uint64_t length);

#endif

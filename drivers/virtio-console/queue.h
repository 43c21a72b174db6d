/* A split virtqueue (Virtio 1.1, 2.6). Descriptor i always points at buffer i of its owner, so there
 * are no chains. The device reads and writes this memory at any time. */
#ifndef VIRTIO_QUEUE_H
#define VIRTIO_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    QUEUE_ENTRIES = 128,
    QUEUE_BYTES = 4096, /* of all three parts with QUEUE_ENTRIES entries */
    QUEUE_DRIVER_OFFSET = QUEUE_ENTRIES * 16,
    QUEUE_DEVICE_OFFSET = 2560,
};

struct queue_descriptor {
    uint64_t address;
    uint32_t length;
    uint16_t flags, next;
};
#define QUEUE_DEVICE_WRITES 2

struct queue_driver_area {
    uint16_t flags, index;
    uint16_t ring[QUEUE_ENTRIES];
};
#define QUEUE_NO_INTERRUPT 1

struct queue_used {
    uint32_t id, length;
};

struct queue_device_area {
    uint16_t flags, index;
    struct queue_used ring[QUEUE_ENTRIES];
};
#define QUEUE_NO_NOTIFY 1

_Static_assert(QUEUE_DRIVER_OFFSET + sizeof(struct queue_driver_area) <= QUEUE_DEVICE_OFFSET, "");
_Static_assert(QUEUE_DEVICE_OFFSET + sizeof(struct queue_device_area) <= QUEUE_BYTES, "one page");

struct queue {
    volatile struct queue_descriptor *descriptors;
    volatile struct queue_driver_area *driver;
    volatile struct queue_device_area *device;
    volatile uint16_t *doorbell;
    uint16_t number;
    uint16_t entries;   /* in use, at most QUEUE_ENTRIES */
    uint16_t submitted; /* what is, or will be, in driver->index */
    uint16_t taken;     /* used entries that were taken */
};

/* memory: QUEUE_BYTES of zeroes, page-aligned. */
void queue_init(struct queue *q, void *memory, uint16_t number, uint16_t entries);

/* Descriptor `id`, for good. */
void queue_set_buffer(struct queue *q, uint16_t id, uint64_t physical, uint32_t length,
                      bool device_writes);

/* Gives a descriptor to the device; it sees it after queue_publish. */
void queue_submit(struct queue *q, uint16_t id, uint32_t length);

/* Shows the device what was submitted. True: it had run out of descriptors before it saw them, so it
 * may have gone to sleep and has to be told. */
bool queue_publish(struct queue *q);

/* Rings the doorbell. */
void queue_notify(struct queue *q);

/* Number of used entries not taken yet. */
uint16_t queue_used_count(const struct queue *q);
/* The n-th of them. The id is checked. */
struct queue_used queue_used_peek(const struct queue *q, uint16_t n);
void queue_take(struct queue *q, uint16_t count);

/* Asks for interrupts at used entries, or not. After switching them on, look again. */
void queue_want_interrupt(struct queue *q, bool want);

#endif

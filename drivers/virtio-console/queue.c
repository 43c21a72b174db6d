/* The split virtqueue. x86 keeps stores in order and loads in order; only a store followed by a load
 * needs a fence, so that one of both sides always sees what the other wrote. */
#include "queue.h"

static void compiler_fence(void)
{
    __asm__ volatile("" ::: "memory");
}

static void full_fence(void)
{
    __asm__ volatile("mfence" ::: "memory");
}

void queue_init(struct queue *q, void *memory, uint16_t number, uint16_t entries)
{
    char *base = memory;

    *q = (struct queue){
        .descriptors = memory,
        .driver = (volatile struct queue_driver_area *)(base + QUEUE_DRIVER_OFFSET),
        .device = (volatile struct queue_device_area *)(base + QUEUE_DEVICE_OFFSET),
        .number = number,
        .entries = entries,
    };
    q->driver->flags = QUEUE_NO_INTERRUPT;
}

void queue_set_buffer(struct queue *q, uint16_t id, uint64_t physical, uint32_t length,
                      bool device_writes)
{
    q->descriptors[id].address = physical;
    q->descriptors[id].length = length;
    q->descriptors[id].flags = device_writes ? QUEUE_DEVICE_WRITES : 0;
}

void queue_submit(struct queue *q, uint16_t id, uint32_t length)
{
    q->descriptors[id].length = length;
    q->driver->ring[q->submitted++ % q->entries] = id;
}

bool queue_publish(struct queue *q)
{
    uint16_t before = q->driver->index;

    compiler_fence();
    q->driver->index = q->submitted;
    full_fence();
    return q->device->index == before;
}

void queue_notify(struct queue *q)
{
    if (!(q->device->flags & QUEUE_NO_NOTIFY))
        *q->doorbell = q->number;
}

uint16_t queue_used_count(const struct queue *q)
{
    uint16_t count = (uint16_t)(q->device->index - q->taken);

    compiler_fence();
    return count > q->entries ? 0 : count;
}

struct queue_used queue_used_peek(const struct queue *q, uint16_t n)
{
    volatile const struct queue_used *entry =
        &q->device->ring[(uint16_t)(q->taken + n) % q->entries];
    struct queue_used used = {entry->id, entry->length};

    if (used.id >= q->entries)
        used = (struct queue_used){0, 0};
    return used;
}

void queue_take(struct queue *q, uint16_t count)
{
    q->taken = (uint16_t)(q->taken + count);
}

void queue_want_interrupt(struct queue *q, bool want)
{
    q->driver->flags = want ? 0 : QUEUE_NO_INTERRUPT;
    full_fence();
}

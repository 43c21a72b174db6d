/* The kernel's rings: abi/trace.h. */
#include <string.h>

#include "janus/idl/trace.h"
#include "janus/ipc.h"
#include "janus/object.h"
#include "janus/runtime.h"
#include "trace.h"

#define CPUS_MAX   64
#define ORDER_MAX  10 /* 4 MiB */

struct ring {
    const volatile struct jn_trace_ring *header;
    const struct jn_trace_record *records;
    uint64_t next; /* the first that was not read */
};

static struct ring rings[CPUS_MAX];
static uint32_t cpus;
static cap_t console;

/* All rings together take at most half of this task's kernel memory. */
static unsigned ring_order(void)
{
    unsigned order = ORDER_MAX;
    uint64_t owned, unused, bytes;

    if (jn_pool_info(JN_CAP_POOL, &owned, &unused, &bytes) != JN_OK)
        unused = 0;
    while (order > 0 && (uint64_t)cpus << order > unused / 2)
        order--;
    return order;
}

jn_status_t rings_open(cap_t with)
{
    unsigned order;

    console = with;
    cpus = jn_info()->cpus;
    if (cpus > CPUS_MAX)
        return JN_RANGE;
    order = ring_order();
    for (uint32_t i = 0; i < cpus; i++) {
        uint64_t address = jn_reserve((4096ull << order) + 4096, 12);
        uint64_t words[JN_WORDS_REG] = {i, order, address};
        jn_status_t status = address ? jn_invoke(console, JN_OP_TRACE_RING, words) : JN_NO_MEMORY;

        if (status != JN_OK)
            return status;
        rings[i].header = (const volatile struct jn_trace_ring *)address;
        rings[i].records = (const struct jn_trace_record *)(address + 4096);
    }
    return JN_OK;
}

static jn_status_t control(uint64_t on, cap_t signal, uint64_t bits)
{
    uint64_t words[JN_WORDS_REG] = {on, signal, bits};

    return jn_invoke(console, JN_OP_TRACE_CONTROL, words);
}

static void own_record(unsigned kind, unsigned cpu, uint64_t tsc, uint64_t word0, uint64_t word1)
{
    struct jn_trace_record *record = store_next();

    if (record)
        *record = (struct jn_trace_record){.tsc = tsc, .kind = (uint8_t)kind, .cpu = (uint8_t)cpu,
                                           .words = {word0, word1}};
}

jn_status_t rings_start(cap_t signal, uint64_t bits)
{
    store_reset();
    for (uint32_t i = 0; i < cpus; i++)
        rings[i].next = rings[i].header->head;
    own_record(TRACE_HEADER, 0, 0, rings[0].header->tsc_hz, cpus);
    return control(1, signal, bits);
}

jn_status_t rings_stop(void)
{
    jn_status_t status = control(0, JN_CAP_NULL, 0);

    rings_empty();
    store_seal();
    return status;
}

static void lose(struct ring *ring, uint64_t first)
{
    uint64_t count = first - ring->next;

    store_lose(count);
    own_record(TRACE_LOST, (unsigned)ring->header->cpu, ring->records[first % ring->header->size].tsc,
               count, 0);
    ring->next = first;
}

/* A record is taken if the kernel has not come round to its place by the time that it was copied. */
static void empty(struct ring *ring)
{
    uint64_t size = ring->header->size;

    if (store_full()) {
        uint64_t head = ring->header->head;
        store_refuse(head - ring->next);
        ring->next = head;
    }
    while (ring->next < ring->header->head) {
        struct jn_trace_record record = ring->records[ring->next % size];
        struct jn_trace_record *place;

        __asm__ volatile("" : : : "memory");
        if (ring->header->head - ring->next >= size) {
            lose(ring, ring->header->head - size / 2);
            continue;
        }
        place = store_next();
        if (place)
            *place = record;
        ring->next++;
    }
}

void rings_empty(void)
{
    for (uint32_t i = 0; i < cpus; i++)
        empty(&rings[i]);
}

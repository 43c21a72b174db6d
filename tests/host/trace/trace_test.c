/* servers/trace over rings that this test writes as the kernel does. Oracle: abi/trace.h. */
#include "trace.h"

#include <stdlib.h>
#include <string.h>

#include "../../unit/check.h"
#include "janus/idl/trace.h"
#include "janus/ipc.h"
#include "janus/object.h"
#include "janus/runtime.h"

static struct {
    struct jn_trace_ring *header;
    struct jn_trace_record *records;
    uint64_t written;
} rings[2];
static bool on;
static unsigned pieces_left = 1000;
static struct jn_info info = {.cpus = 2};

const struct jn_info *jn_info(void)
{
    return &info;
}

uint64_t jn_reserve(uint64_t bytes, unsigned order)
{
    void *memory = aligned_alloc(4096, (bytes + 4095) & ~4095ull);

    (void)order;
    memset(memory, 0, bytes);
    return (uint64_t)memory;
}

void *jn_map_pages(size_t pages)
{
    return pieces_left ? (pieces_left--, calloc(pages, 4096)) : NULL;
}

jn_status_t jn_invoke(cap_t object, enum jn_object_op op, uint64_t words[static JN_WORDS_REG])
{
    CHECK(object == 77);
    if (op == JN_OP_TRACE_CONTROL) {
        on = words[0] == 1;
        return JN_OK;
    }
    CHECK(op == JN_OP_TRACE_RING && words[0] < 2);
    rings[words[0]].header = (struct jn_trace_ring *)words[2];
    *rings[words[0]].header = (struct jn_trace_ring){
        JN_TRACE_MAGIC, (4096ull << words[1]) / JN_TRACE_RECORD, words[0], 1000, 0};
    rings[words[0]].records = (struct jn_trace_record *)(words[2] + 4096);
    return JN_OK;
}

jn_status_t jn_pool_info(cap_t pool, uint64_t *owned, uint64_t *unused, uint64_t *bytes)
{
    CHECK(pool == JN_CAP_POOL);
    *owned = *unused = 100; /* frames: rings of 16 */
    *bytes = 0;
    return JN_OK;
}

static void put(unsigned cpu, uint64_t count)
{
    for (; count; count--) {
        struct jn_trace_ring *ring = rings[cpu].header;
        rings[cpu].records[ring->head % ring->size] = (struct jn_trace_record){
            .tsc = ring->head, .kind = JN_TRACE_SWITCH, .cpu = (uint8_t)cpu,
            .words = {rings[cpu].written++}};
        ring->head++;
    }
}

/* All that is in the store, piece by piece; checks that each CPU's records follow each other. */
static void check(uint64_t records, uint64_t lost)
{
    uint64_t next[2] = {0, 0}, seen = 0, told = 0, count;

    CHECK(store_at(0, &count)->kind == TRACE_HEADER && store_at(0, &count)->words[1] == 2);
    for (uint64_t at = 1; at < store_count(); at += count) {
        const struct jn_trace_record *record = store_at(at, &count);
        CHECK(count > 0);
        for (uint64_t i = 0; i < count; i++, record++) {
            if (record->kind == TRACE_LOST) {
                told += record->words[0];
                next[record->cpu] += record->words[0];
                continue;
            }
            CHECK(record->kind == JN_TRACE_SWITCH && record->words[0] == next[record->cpu]);
            next[record->cpu]++;
            seen++;
        }
    }
    CHECK(!store_at(store_count(), &count) && count == 0);
    CHECK(seen == records && store_lost() == lost && told == lost);
}

int main(void)
{
    CHECK(rings_open(77) == JN_OK);
    uint64_t size = rings[0].header->size;
    CHECK(size == 16 * 4096 / JN_TRACE_RECORD);

    /* In time: everything arrives, over more than one turn of a ring. */
    CHECK(rings_start(5, 1) == JN_OK && on);
    for (unsigned i = 0; i < 30; i++) {
        put(0, size / 4);
        put(1, 7);
        rings_empty();
    }
    CHECK(rings_stop() == JN_OK && !on);
    check(30 * (size / 4) + 30 * 7, 0);

    /* Too late: what was written over is counted, and stands at its place. */
    rings[0].written = rings[1].written = 0;
    CHECK(rings_start(5, 1) == JN_OK);
    put(0, 10);
    rings_empty();
    put(0, 3 * size);
    put(1, size - 1); /* just not too late */
    rings_empty();
    put(1, size); /* just too late: the oldest may be written over at this moment */
    CHECK(rings_stop() == JN_OK);
    check(10 + size / 2 + size - 1 + size / 2, 3 * size - size / 2 + size / 2);

    /* No memory: counted, too. */
    rings[0].written = rings[1].written = 0;
    CHECK(rings_start(5, 1) == JN_OK);
    pieces_left = 1;
    uint64_t put_in = 0;
    while (!store_full() || put_in % 3) {
        put(0, size / 4);
        put_in += size / 4;
        rings_empty();
    }
    CHECK(rings_stop() == JN_OK);
    /* The header, whole records, and in the last place how many there are not. */
    check(store_count() - 2, store_lost());
    CHECK(store_count() - 2 + store_lost() == put_in);
    return 0;
}

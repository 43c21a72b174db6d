/* Readiness rings, the reader's side. */
#include "janus/idl/client.h"
#include "janus/ring.h"
#include "janus/runtime.h"

jn_status_t jn_ring_open(cap_t server_client, uint32_t entries, cap_t signal, uint64_t bits,
                         struct jn_ring_reader *reader)
{
    uint32_t count;
    if (!entries) {
        *reader = (struct jn_ring_reader){0};
        return client_open_ring(server_client, 0, bits, signal, (struct jn_map_window){0}, &count);
    }
    unsigned order = 12;
    while ((1ull << order) < JN_RING_HEADER_BYTES + (uint64_t)entries * 2 * sizeof(struct jn_ring_entry))
        order++;
    uint64_t base = jn_reserve(1ull << order, order);
    if (!base)
        return JN_NO_MEMORY;
    jn_status_t status = client_open_ring(server_client, entries, bits, signal,
                                          (struct jn_map_window){base, order}, &count);
    if (status != JN_OK)
        return status;
    if (!count || count & (count - 1) ||
        JN_RING_HEADER_BYTES + (uint64_t)count * sizeof(struct jn_ring_entry) > 1ull << order)
        return JN_BAD_MESSAGE;
    *reader = (struct jn_ring_reader){
        .header = (struct jn_ring_header *)base,
        .entries = (struct jn_ring_entry *)(base + JN_RING_HEADER_BYTES),
        .count = count,
    };
    return JN_OK;
}

#define GROWTH 4

jn_status_t jn_ring_enlarge(cap_t server_client, struct jn_ring_reader *reader)
{
    uint32_t entries = reader->count * GROWTH, count;
    if (!reader->header || entries > JN_RING_ENTRIES_MAX)
        return JN_NO_MEMORY;
    unsigned order = 12;
    while ((1ull << order) < JN_RING_HEADER_BYTES + (uint64_t)entries * sizeof(struct jn_ring_entry))
        order++;
    uint64_t base = jn_reserve(1ull << order, order);
    if (!base)
        return JN_NO_MEMORY;
    jn_status_t status =
        client_grow_ring(server_client, entries, (struct jn_map_window){base, order}, &count);
    if (status != JN_OK)
        return status;
    if (count != entries)
        return JN_BAD_MESSAGE;
    reader->header = (struct jn_ring_header *)base;
    reader->entries = (struct jn_ring_entry *)(base + JN_RING_HEADER_BYTES);
    reader->count = count;
    return JN_OK;
}

bool jn_ring_next(struct jn_ring_reader *reader, struct jn_ring_entry *entry)
{
    if (!reader->header)
        return false;
    uint64_t produced = __atomic_load_n(&reader->header->produced, __ATOMIC_ACQUIRE);
    if (produced == reader->consumed || produced - reader->consumed > reader->count)
        return false;
    *entry = reader->entries[reader->consumed & (reader->count - 1)];
    reader->consumed++;
    __atomic_store_n(&reader->header->consumed, reader->consumed, __ATOMIC_RELEASE);
    return true;
}

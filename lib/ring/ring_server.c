/* Readiness rings, the server's side. */
#include "janus/object.h"
#include "janus/ring.h"
#include "janus/runtime.h"

jn_status_t jn_ring_create(struct jn_ring *ring, uint32_t entries, cap_t signal, uint64_t bits,
                           struct jn_pages *pages)
{
    uint32_t count = 16;
    if (entries > JN_RING_ENTRIES_MAX)
        return JN_BAD_ARG;
    while (count < entries)
        count *= 2;
    /* A power of two of pages, aligned to its size: one flexpage carries it to the client. */
    size_t bytes = JN_RING_HEADER_BYTES;
    unsigned order = 12;
    while (bytes < JN_RING_HEADER_BYTES + count * sizeof(struct jn_ring_entry)) {
        bytes *= 2;
        order++;
    }
    void *memory = jn_map_pages_aligned(bytes / 4096, order);
    if (!memory)
        return JN_NO_MEMORY;
    *ring = (struct jn_ring){
        .header = memory,
        .entries = (struct jn_ring_entry *)((char *)memory + JN_RING_HEADER_BYTES),
        .count = count,
        .signal = signal,
        .bits = bits,
        .bytes = bytes,
        .users = 1,
    };
    ring->header->entries = count;
    *pages = (struct jn_pages){memory, bytes, JN_R | JN_W};
    return JN_OK;
}

void jn_ring_destroy(struct jn_ring *ring)
{
    if (!ring->header)
        return;
    jn_unmap_pages(ring->header); /* the pager takes the pages from the client as well */
    jn_cap_delete(ring->signal);
    *ring = (struct jn_ring){0};
}

/* Entries that the client has not read; what it claims is believed only within bounds. */
static uint32_t unread(const struct jn_ring *ring)
{
    uint64_t consumed = __atomic_load_n(&ring->header->consumed, __ATOMIC_ACQUIRE);
    uint64_t left = ring->produced - consumed;
    return left > ring->count ? ring->count : (uint32_t)left;
}

jn_status_t jn_ring_arm(struct jn_ring *ring)
{
    if (!ring->header)
        return JN_BUSY;
    if (ring->armed + unread(ring) >= ring->count)
        return JN_NO_MEMORY;
    ring->armed++;
    return JN_OK;
}

jn_status_t jn_ring_grow(struct jn_ring *ring, uint64_t label, uint32_t entries,
                         struct jn_pages *pages, uint32_t *count)
{
    if (!ring->header || !label || ring->opener != label)
        return JN_NO_RIGHT;
    if (entries <= ring->count)
        return JN_BAD_ARG;
    uint32_t left = unread(ring);
    if (ring->armed + left < ring->count)
        return JN_RANGE;
    struct jn_ring larger;
    jn_status_t status = jn_ring_create(&larger, entries, ring->signal, ring->bits, pages);
    if (status != JN_OK)
        return status;
    for (uint64_t i = ring->produced - left; i != ring->produced; i++)
        larger.entries[i & (larger.count - 1)] = ring->entries[i & (ring->count - 1)];
    larger.header->consumed = ring->produced - left;
    larger.header->produced = larger.produced = ring->produced;
    larger.armed = ring->armed;
    larger.users = ring->users;
    larger.opener = ring->opener;
    jn_unmap_pages(ring->header); /* the reader is in its call */
    *ring = larger;
    *count = larger.count;
    return JN_OK;
}

void jn_ring_disarm(struct jn_ring *ring)
{
    if (ring->armed)
        ring->armed--;
}

static void post(struct jn_ring *ring, uint64_t cookie, uint32_t events)
{
    struct jn_ring_entry *entry = &ring->entries[ring->produced & (ring->count - 1)];
    entry->cookie = cookie;
    entry->events = events;
    ring->produced++;
    __atomic_store_n(&ring->header->produced, ring->produced, __ATOMIC_RELEASE);
    /* A client whose Signal is gone loses only its own events. */
    jn_status_t ignored = jn_signal_raise(ring->signal, ring->bits);
    (void)ignored;
}

void jn_ring_post(struct jn_ring *ring, uint64_t cookie, uint32_t events)
{
    if (!ring->header)
        return;
    jn_ring_disarm(ring);
    post(ring, cookie, events);
}

bool jn_ring_post_unarmed(struct jn_ring *ring, uint64_t cookie, uint32_t events)
{
    if (!ring->header || ring->armed + unread(ring) >= ring->count)
        return false;
    post(ring, cookie, events);
    return true;
}

/* Rings of pipes. While an end is leased its client moves head or tail at any time, on another CPU as
 * well: each is read once per operation and checked. */
#include "pipe_ring.h"

#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "description.h"
#include "janus/idl/io.h"
#include "janus/object.h"
#include "janus/server.h"
#include "mode.h"
#include "node.h"
#include "pipe.h"
#include "platform.h"

_Static_assert(JN_PIPE_RING_BYTES == PIPE_CAPACITY && JN_PIPE_RING_ROOM == PIPE_ATOMIC, "one meaning");

static void tell(uint32_t *flag, cap_t signal)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* after head or tail; see lease.h */
    if (!__atomic_load_n(flag, __ATOMIC_RELAXED))
        return;
    if (__atomic_exchange_n(flag, 0, __ATOMIC_SEQ_CST) & JN_WAITS_CLIENT && signal) {
        jn_status_t ignored = jn_signal_raise(signal, 1);
        (void)ignored;
    }
}

/* Bytes in the ring, by a head and a tail that were read once. A client that lies about its index
 * gets a full pipe. */
static uint32_t distance(uint64_t head, uint64_t tail)
{
    return tail - head > JN_PIPE_RING_BYTES ? JN_PIPE_RING_BYTES : (uint32_t)(tail - head);
}

uint32_t pipe_ring_length(const struct pipe_ring *ring)
{
    uint64_t head = __atomic_load_n(&ring->header->head, __ATOMIC_ACQUIRE);
    return distance(head, __atomic_load_n(&ring->header->tail, __ATOMIC_ACQUIRE));
}

/* Calls `move` for the pieces of [at, at + length) of the ring. */
static jn_status_t each_piece(struct pipe_ring *ring, uint64_t at, uint32_t length, bool in,
                              struct jn_call *call, uint64_t *done)
{
    jn_status_t status = JN_OK;
    *done = 0;
    while (status == JN_OK && *done < length) {
        uint32_t place = (uint32_t)(at + *done) % JN_PIPE_RING_BYTES;
        uint8_t *bytes = page_address(ring->pages[1 + place / PAGE_BYTES]);
        uint32_t inside = place % PAGE_BYTES;
        uint64_t part = PAGE_BYTES - inside;
        if (part > length - *done)
            part = length - *done;
        size_t copied = 0;
        status = in ? jn_copy_in(call, 0, *done, bytes + inside, part, &copied)
                    : jn_copy_out(call, 0, *done, bytes + inside, part, &copied);
        *done += copied;
    }
    return status;
}

jn_status_t pipe_ring_read(struct pipe *pipe, uint64_t length, bool peek, struct jn_call *call,
                           uint64_t *done)
{
    struct jn_pipe_ring *header = pipe->ring->header;
    uint64_t head = __atomic_load_n(&header->head, __ATOMIC_ACQUIRE);
    uint32_t there = distance(head, __atomic_load_n(&header->tail, __ATOMIC_ACQUIRE));
    *done = 0;
    if (!there)
        return pipe->writers ? JN_WOULD_BLOCK : JN_OK;
    jn_status_t status =
        each_piece(pipe->ring, head, length < there ? (uint32_t)length : there, false, call, done);
    if (*done == 0 || peek)
        return *done ? JN_OK : status;
    __atomic_store_n(&header->head, head + *done, __ATOMIC_RELEASE);
    if (JN_PIPE_RING_BYTES - there + *done >= JN_PIPE_RING_ROOM) {
        tell(&header->writer_waits, pipe->ring->space);
        pipe_wake(pipe, IO_WRITABLE);
    }
    return JN_OK;
}

jn_status_t pipe_ring_write(struct pipe *pipe, uint64_t length, struct jn_call *call,
                            uint64_t *done)
{
    struct jn_pipe_ring *header = pipe->ring->header;
    uint64_t tail = __atomic_load_n(&header->tail, __ATOMIC_ACQUIRE);
    uint64_t head = __atomic_load_n(&header->head, __ATOMIC_ACQUIRE);
    uint32_t room = JN_PIPE_RING_BYTES - distance(head, tail);
    *done = 0;
    if (room == 0 || (length <= PIPE_ATOMIC && room < length))
        return JN_WOULD_BLOCK;
    jn_status_t status =
        each_piece(pipe->ring, tail, length < room ? (uint32_t)length : room, true, call, done);
    /* A write that must be whole is not begun: the caller resolves the fault and repeats it. */
    if (status != JN_OK && (*done == 0 || length <= PIPE_ATOMIC)) {
        *done = 0;
        return status;
    }
    __atomic_store_n(&header->tail, tail + *done, __ATOMIC_RELEASE);
    tell(&header->reader_waits, pipe->ring->data);
    pipe_wake(pipe, IO_READABLE);
    return JN_OK;
}

void pipe_ring_closed(struct pipe *pipe)
{
    struct jn_pipe_ring *header = pipe->ring->header;
    __atomic_store_n(&header->ends,
                     (pipe->readers ? 0 : JN_PIPE_NO_READER) |
                         (pipe->writers ? 0 : JN_PIPE_NO_WRITER),
                     __ATOMIC_RELEASE);
    tell(&header->reader_waits, pipe->ring->data);
    tell(&header->writer_waits, pipe->ring->space);
}

void pipe_ring_armed(struct pipe *pipe, uint32_t access)
{
    struct jn_pipe_ring *header = pipe->ring->header;
    if (access & IO_ACCESS_READ)
        __atomic_fetch_or(&header->reader_waits, JN_WAITS_SERVER, __ATOMIC_SEQ_CST);
    if (access & IO_ACCESS_WRITE)
        __atomic_fetch_or(&header->writer_waits, JN_WAITS_SERVER, __ATOMIC_SEQ_CST);
    uint32_t length = pipe_ring_length(pipe->ring);
    if (access & IO_ACCESS_READ && length)
        pipe_wake(pipe, IO_READABLE);
    if (access & IO_ACCESS_WRITE && JN_PIPE_RING_BYTES - length >= JN_PIPE_RING_ROOM)
        pipe_wake(pipe, IO_WRITABLE);
}

void pipe_ring_kick(struct pipe *pipe, uint32_t access)
{
    pipe_wake(pipe, (access & IO_ACCESS_WRITE ? IO_READABLE : 0) |
                                (access & IO_ACCESS_READ ? IO_WRITABLE : 0));
}

/* ---- leases ---- */

static void free_pages(struct pipe_ring *ring)
{
    for (unsigned i = 0; i < PIPE_RING_PAGES; i++)
        if (ring->pages[i])
            page_free(ring->pages[i]);
    pipe_memory_give(PIPE_RING_PAGES * PAGE_BYTES);
    free(ring);
}

/* A ring with what is in the pipe. NULL: no memory. */
static struct pipe_ring *make(struct pipe *pipe)
{
    if (!pipe_memory_take(PIPE_RING_PAGES * PAGE_BYTES))
        return NULL;
    struct pipe_ring *ring = calloc(1, sizeof(*ring));
    if (!ring) {
        pipe_memory_give(PIPE_RING_PAGES * PAGE_BYTES);
        return NULL;
    }
    for (unsigned i = 0; i < PIPE_RING_PAGES; i++) {
        ring->pages[i] = page_allocate_zeroed(i ? ring->pages[i - 1] : 0);
        if (!ring->pages[i]) {
            free_pages(ring);
            return NULL;
        }
    }
    ring->header = page_address(ring->pages[0]);
    for (uint32_t done = 0; done < pipe->length;) {
        uint32_t from = (pipe->head + done) & (pipe->allocated - 1);
        uint32_t part = PAGE_BYTES - done % PAGE_BYTES;
        if (part > pipe->length - done)
            part = pipe->length - done;
        if (part > pipe->allocated - from)
            part = pipe->allocated - from;
        memcpy((uint8_t *)page_address(ring->pages[1 + done / PAGE_BYTES]) + done % PAGE_BYTES,
               pipe->buffer + from, part);
        done += part;
    }
    ring->header->tail = pipe->length;
    ring->header->valid = 1;
    return ring;
}

void pipe_ring_free(struct pipe *pipe)
{
    if (!pipe->ring)
        return;
    pipe_ring_revoke(pipe);
    free_pages(pipe->ring);
    pipe->ring = NULL;
}

void pipe_ring_revoke(struct pipe *pipe)
{
    struct pipe_ring *ring = pipe->ring;
    if (!ring || (!ring->reader && !ring->writer))
        return;
    for (unsigned i = 0; i < PIPE_RING_PAGES; i++)
        platform_unmap(page_address(ring->pages[i]), 1);
    ring->reader = ring->writer = NULL;
    /* Who waits wakes up with DEAD, and finds that the pages are gone. */
    cap_t signals[] = {ring->data, ring->space};
    ring->data = ring->space = JN_CAP_NULL;
    for (int i = 0; i < 2; i++)
        if (jn_cap_destroy(signals[i]) != JN_OK)
            jn_cap_delete(signals[i]);
    /* What the ends had said of waiting was their clients', except what is armed here. */
    ring->header->reader_waits = ring->header->writer_waits = 0;
}

void pipe_ring_end(struct description *description)
{
    struct pipe *pipe = description->node->pipe;
    if (pipe && pipe->ring &&
        (pipe->ring->reader == description || pipe->ring->writer == description))
        pipe_ring_revoke(pipe);
}

static jn_status_t make_signals(struct pipe_ring *ring)
{
    if (ring->data)
        return JN_OK;
    jn_status_t status = jn_signal_create(JN_CAP_POOL, &ring->data);
    if (status != JN_OK) {
        ring->data = JN_CAP_NULL;
        return status;
    }
    status = jn_signal_create(JN_CAP_POOL, &ring->space);
    if (status != JN_OK) {
        jn_cap_delete(ring->data);
        ring->data = ring->space = JN_CAP_NULL;
    }
    return status;
}

static jn_status_t map_ring(struct pipe_ring *ring, cap_t space, uint64_t address)
{
    for (unsigned i = 0; i < PIPE_RING_PAGES; i++) {
        uint64_t mapped;
        jn_status_t status = platform_map(space, page_address(ring->pages[i]),
                                          address + (uint64_t)i * PAGE_BYTES, 1, JN_R | JN_W,
                                          &mapped);
        if (status != JN_OK)
            return status;
        page_set_mapped(ring->pages[i]);
    }
    return JN_OK;
}

jn_status_t pipe_ring_lease(struct client *client, struct description *description,
                            uint64_t address, cap_t *wait, cap_t *wake)
{
    struct pipe *pipe = description->node->pipe;
    bool reads = description->access & IO_ACCESS_READ;
    *wait = *wake = JN_CAP_NULL;
    if (description->access != IO_ACCESS_READ && description->access != IO_ACCESS_WRITE)
        return JN_NOT_SUPPORTED; /* a FIFO opened for both */
    if (pipe->messages || pipe->slot_count * PIPE_ATOMIC != JN_PIPE_RING_BYTES)
        return JN_NOT_SUPPORTED;
    if (description->references != 1 || (reads ? pipe->readers : pipe->writers) != 1 ||
        (pipe->ring && (reads ? pipe->ring->reader : pipe->ring->writer)))
        return JN_BUSY;
    bool had_ring = pipe->ring != NULL;
    if (!had_ring) {
        struct pipe_ring *ring = make(pipe);
        if (!ring)
            return JN_NO_MEMORY;
        pipe_drop_buffer(pipe);
        pipe->ring = ring;
        idle_clear(&pipe->idles); /* data come without this server's doing from now on */
        pipe_ring_closed(pipe);
    }
    struct pipe_ring *ring = pipe->ring;
    bool alone = !ring->reader && !ring->writer;
    jn_status_t status = make_signals(ring);
    if (status == JN_OK)
        status = jn_cap_copy(reads ? ring->data : ring->space, JN_RIGHT_RECV, wait);
    if (status == JN_OK)
        status = jn_cap_copy(reads ? ring->space : ring->data, JN_RIGHT_SEND, wake);
    if (status == JN_OK)
        status = map_ring(ring, client->space, address);
    *(reads ? &ring->reader : &ring->writer) = description;
    if (status != JN_OK) {
        jn_cap_delete(*wait);
        jn_cap_delete(*wake);
        *wait = *wake = JN_CAP_NULL;
        pipe_ring_revoke(pipe); /* also what was mapped of it */
        return status;
    }
    if (alone) /* who is armed here is told by the new client from now on */
        pipe_ring_armed(pipe, IO_ACCESS_READ | IO_ACCESS_WRITE);
    return JN_OK;
}

/* Pipes and FIFOs: bytes, ends, poll (oracle: Linux); who is woken, who meets whom. */
#include <assert.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "fake.h"
#include "janus/idl/client.h"
#include "janus/idl/fs.h"
#include "janus/idl/io.h"
#include "operations/request.h"
#include "pair.h"

#define ALL_EVENTS (POLLIN | POLLOUT | POLLPRI)

static void poll_both(const int ends[2])
{
    pair_poll(ends[0], ALL_EVENTS);
    pair_poll(ends[1], ALL_EVENTS);
    pair_poll(ends[0], 0);
    pair_poll(ends[1], 0);
    pair_readable(ends[0]);
}

static void test_bytes(void)
{
    static const unsigned lengths[] = {1, 100, 4095, 4096, 4097, 5000, 10000, 65536, 70000, 0};
    int ends[2];
    for (size_t i = 0; i < 10; i++)
        for (size_t j = 0; j < 10; j++) {
            pair_reset();
            pair_pipe(ends);
            poll_both(ends);
            for (int k = 0; k < 40; k++) {
                pair_write(ends[1], lengths[k % 2 ? i : j], -1);
                if (k % 3 == 2)
                    pair_read(ends[0], lengths[(i + (size_t)k) % 10], -1);
                poll_both(ends);
            }
            if (i % 2) {
                pair_close(ends[1]);
                pair_poll(ends[0], ALL_EVENTS);
                while (pair_read(ends[0], 30000, -1) > 0)
                    pair_poll(ends[0], ALL_EVENTS);
                pair_poll(ends[0], ALL_EVENTS);
                pair_read(ends[0], 0, -1);
            } else {
                pair_close(ends[0]);
                pair_poll(ends[1], ALL_EVENTS);
                pair_write(ends[1], 1, -1);
                pair_write(ends[1], 0, -1);
            }
        }
}

static void test_misuse(void)
{
    int ends[2];
    pair_reset();
    pair_pipe(ends);
    pair_read(ends[1], 1, -1);
    pair_write(ends[0], 1, -1);
    pair_read(ends[0], 1, 0);
    pair_write(ends[1], 1, 0);
    pair_seek(ends[0], 0, SEEK_SET);
    pair_truncate(ends[1], 5);
    pair_pipe_size(ends[0], -1);
    pair_pipe_size(ends[0], 1);
    pair_pipe_size(ends[0], 5000);
    pair_write(ends[1], 10000, -1);
    pair_pipe_size(ends[0], 4096);
    pair_read(ends[0], 4096, -1);
    pair_pipe_size(ends[0], 4096);
    pair_pipe_size(ends[0], 1 << 17);
    pair_write(ends[1], 200000, -1);
    poll_both(ends);
    int copy = (int)pair_duplicate(ends[1]);
    pair_close(ends[1]);
    while (pair_read(ends[0], 65536, -1) > 0)
        ;
    pair_poll(ends[0], ALL_EVENTS);
    pair_close(copy);
    pair_poll(ends[0], ALL_EVENTS);
}

static void test_fifo(void)
{
    pair_reset();
    pair_fifo(PAIR_CWD, "p", 0600);
    pair_open(PAIR_CWD, "p", O_WRONLY | O_NONBLOCK, 0);
    int reader = (int)pair_open(PAIR_CWD, "p", O_RDONLY | O_NONBLOCK, 0);
    pair_poll(reader, ALL_EVENTS); /* nobody has written: no hang-up yet */
    pair_read(reader, 10, -1);
    int writer = (int)pair_open(PAIR_CWD, "p", O_WRONLY | O_NONBLOCK, 0);
    pair_poll(reader, ALL_EVENTS);
    pair_read(reader, 10, -1);
    pair_write(writer, 10, -1);
    pair_poll(reader, ALL_EVENTS);
    pair_close(writer);
    pair_poll(reader, ALL_EVENTS);
    pair_read(reader, 20, -1);
    pair_poll(reader, ALL_EVENTS);
    writer = (int)pair_open(PAIR_CWD, "p", O_WRONLY | O_NONBLOCK, 0);
    pair_poll(reader, ALL_EVENTS);
    pair_write(writer, 10, -1);
    pair_close(reader);
    pair_poll(writer, ALL_EVENTS);
    pair_write(writer, 10, -1);
    int both = (int)pair_open(PAIR_CWD, "p", O_RDWR | O_NONBLOCK, 0);
    pair_read(both, 20, -1);
    pair_write(both, 20, -1);
    pair_poll(both, ALL_EVENTS);
    pair_close(writer);
    pair_read(both, 20, -1);
    pair_read(both, 20, -1);
    pair_poll(both, ALL_EVENTS);
    pair_stat(PAIR_CWD, "p", 1);
}

/* ---- waiting ---- */

static uint64_t opens[2];

static void make_pipe(void)
{
    assert(fs_operations.pipe(fake_call(pair_label), 0, &opens[0], &opens[1]) == JN_OK);
}

static char bytes[100000];

static jn_status_t transfer(bool out, unsigned length, uint64_t cookie, uint64_t *done)
{
    struct jn_call *call = fake_call(pair_label);
    fake_offer(0, bytes, length);
    return out ? io_operations.write(call, opens[1], -1, length, 0, cookie, done)
               : io_operations.read(call, opens[0], -1, length, 0, cookie, done);
}

static unsigned events(uint64_t cookie)
{
    unsigned count = 0;
    for (unsigned i = 0; i < fake_event_count; i++)
        count += fake_events[i].cookie == cookie;
    fake_event_count = 0;
    return count;
}

static void open_ring(uint64_t label, uint32_t entries)
{
    struct jn_pages pages;
    uint32_t count;
    assert(client_operations.open_ring(fake_call(label), entries, 1, 99, &pages, &count) == JN_OK);
}

static void test_waiting(void)
{
    uint64_t done;
    uint32_t ready;
    make_pipe();
    assert(transfer(false, 10, 5, &done) == JN_BUSY); /* no ring */
    assert(transfer(false, 10, 0, &done) == JN_WOULD_BLOCK);
    open_ring(pair_label, 16);
    assert(transfer(false, 10, 5, &done) == JN_WOULD_BLOCK && events(5) == 0);
    assert(transfer(false, 10, 5, &done) == JN_WOULD_BLOCK); /* armed once */
    assert(transfer(true, 3, 0, &done) == JN_OK && events(5) == 1);
    assert(transfer(true, 3, 0, &done) == JN_OK && events(5) == 0);
    assert(transfer(false, 10, 5, &done) == JN_OK && done == 6);
    /* A full pipe. */
    assert(transfer(true, 100000, 6, &done) == JN_OK && done == 65536);
    assert(transfer(true, 1, 6, &done) == JN_WOULD_BLOCK);
    assert(transfer(false, 100, 0, &done) == JN_OK && events(6) == 0);
    assert(transfer(false, 5000, 0, &done) == JN_OK && events(6) == 1);
    /* Poll. */
    assert(io_operations.poll(fake_call(pair_label), opens[0], IO_READABLE, 7, &ready) == JN_OK &&
           ready == IO_READABLE);
    while (transfer(false, 65536, 0, &done) == JN_OK)
        ;
    assert(io_operations.poll(fake_call(pair_label), opens[0], IO_READABLE, 7, &ready) == JN_OK &&
           ready == 0);
    assert(io_operations.poll(fake_call(pair_label), opens[0], IO_READABLE, 8, &ready) == JN_OK);
    assert(io_operations.disarm(fake_call(pair_label), 8) == JN_OK);
    assert(io_operations.close(fake_call(pair_label), opens[1]) == JN_OK);
    assert(fake_event_count == 1 && fake_events[0].cookie == 7 &&
           (fake_events[0].events & IO_HANGUP) && events(7) == 1);
    assert(transfer(false, 10, 9, &done) == JN_OK && done == 0);
    assert(io_operations.close(fake_call(pair_label), opens[0]) == JN_OK);
    /* As many waiters as the ring has entries, and a client that goes takes its own along. */
    make_pipe();
    for (uint64_t cookie = 1; cookie <= 16; cookie++)
        assert(transfer(false, 1, cookie, &done) == JN_WOULD_BLOCK);
    assert(transfer(false, 1, 17, &done) == JN_NO_MEMORY);
    cap_t child;
    assert(client_operations.clone(fake_call(pair_label), 8, &child) == JN_OK);
    /* The ring grows, for its opener; waiters are found by cookie and pipe all the same. */
    struct jn_pages pages;
    uint32_t larger;
    assert(client_operations.grow_ring(fake_call(child >> 8), 64, &pages, &larger) == JN_NO_RIGHT);
    uint64_t many[] = {opens[0] | (uint64_t)IO_READABLE << 32};
    uint16_t results[1];
    size_t length;
    assert(io_operations.poll_many(fake_call(pair_label), 17, (char *)many, sizeof many,
                                   (char *)results, &length) == JN_NO_MEMORY);
    assert(client_operations.grow_ring(fake_call(pair_label), 64, &pages, &larger) == JN_OK &&
           larger == 64);
    assert(client_find(pair_label)->ring->mask == 63);
    assert(io_operations.poll_many(fake_call(pair_label), 17, (char *)many, sizeof many,
                                   (char *)results, &length) == JN_OK && !results[0]);
    assert(transfer(false, 1, 17, &done) == JN_WOULD_BLOCK);
    assert(client_find(pair_label)->ring->ring.armed == 17);
    assert(io_operations.disarm(fake_call(pair_label), 17) == JN_OK);
    for (uint64_t cookie = 1; cookie <= 16; cookie++)
        assert(io_operations.disarm(fake_call(child >> 8), cookie) == JN_OK); /* the same ring */
    struct jn_call *call = fake_call(child >> 8);
    fake_offer(0, bytes, 1);
    assert(io_operations.read(call, opens[0], -1, 1, 0, 33, &done) == JN_WOULD_BLOCK);
    client_destroy(client_find(child >> 8));
    assert(transfer(true, 1, 0, &done) == JN_OK && events(33) == 0);
    for (int i = 0; i < 2; i++)
        assert(io_operations.close(fake_call(pair_label), opens[i]) == JN_OK);
}

static jn_status_t open_fifo(uint32_t access, uint64_t cookie, uint64_t *open)
{
    uint64_t device;
    uint32_t kind, created, node_mode;
    struct jn_call *call = fake_call(pair_label);
    fake_offer(0, "/fifo", 5);
    return fs_operations.open(call, 0, 5, 0, 0, access, 0, 0, cookie, open, &kind, &created, &device,
                              &node_mode);
}

static void test_meeting(void)
{
    uint64_t done;
    struct jn_call *call = fake_call(pair_label);
    fake_offer(0, "/fifo", 5);
    assert(fs_operations.make_node(call, 0, 5, 0, 0010600, 0) == JN_OK);
    /* The reader waits; the writer comes, writes and is gone before the reader asks again. */
    assert(open_fifo(IO_ACCESS_READ, 40, &opens[0]) == JN_WOULD_BLOCK && events(40) == 0);
    assert(open_fifo(IO_ACCESS_WRITE, 41, &opens[1]) == JN_OK && events(40) == 1);
    assert(transfer(true, 5, 0, &done) == JN_OK);
    assert(io_operations.close(fake_call(pair_label), opens[1]) == JN_OK);
    assert(open_fifo(IO_ACCESS_READ, 40, &opens[0]) == JN_OK);
    assert(transfer(false, 10, 0, &done) == JN_OK && done == 5);
    assert(transfer(false, 10, 0, &done) == JN_OK && done == 0);
    assert(io_operations.close(fake_call(pair_label), opens[0]) == JN_OK);
    /* Both wait: whoever asks second gets in and admits the first. */
    assert(open_fifo(IO_ACCESS_WRITE, 42, &opens[1]) == JN_WOULD_BLOCK);
    assert(open_fifo(IO_ACCESS_READ, 43, &opens[0]) == JN_OK && events(42) == 1);
    /* The admitted writer never comes back: its end closes with disarm. */
    assert(transfer(false, 10, 44, &done) == JN_WOULD_BLOCK);
    assert(io_operations.disarm(fake_call(pair_label), 42) == JN_OK && events(44) == 1);
    assert(transfer(false, 10, 44, &done) == JN_OK && done == 0);
    assert(io_operations.close(fake_call(pair_label), opens[0]) == JN_OK);
}

int main(void)
{
    pair_start();
    test_bytes();
    test_misuse();
    test_fifo();
    test_waiting();
    test_meeting();
    pair_finish();
    printf("pipes: as on Linux\n");
    return 0;
}

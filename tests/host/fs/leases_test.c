/* Leases (idl/lease.idl): the test is the adapter, and works on the shared pages as one would, also as one
 * that lies. Oracle: the interface's own text; contents are compared with what was written. */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "fake.h"
#include "janus/idl/client.h"
#include "janus/idl/fs.h"
#include "janus/idl/io.h"
#include "janus/idl/lease.h"
#include "janus/lease.h"
#include "operations/request.h"
#include "pair.h"
#include "pipe.h"

#define CELLS_AT 0x10000000ull
#define RING_AT 0x20000000ull
#define OTHER_AT 0x30000000ull

static uint64_t other; /* the label of a second process */

static uint64_t make_file(const char *name, uint32_t flags)
{
    uint64_t open, device;
    uint32_t kind, created, node_mode;
    struct jn_call *call = fake_call(pair_label);
    fake_offer(0, name, strlen(name));
    assert(fs_operations.open(call, 0, strlen(name), 0, flags, IO_ACCESS_READ | IO_ACCESS_WRITE, 0,
                              0644, 0, &open, &kind, &created, &device, &node_mode) == JN_OK);
    return open;
}

static uint64_t put(uint64_t label, uint64_t open, int64_t at, const void *bytes, size_t length)
{
    uint64_t done = 0;
    struct jn_call *call = fake_call(label);
    fake_offer(0, bytes, length);
    jn_status_t status = io_operations.write(call, open, at, length, 0, 0, &done);
    return status == JN_OK ? done : (uint64_t)(int64_t)status;
}

static uint64_t get(uint64_t label, uint64_t open, void *bytes, size_t length)
{
    uint64_t done = 0;
    struct jn_call *call = fake_call(label);
    fake_offer(0, bytes, length);
    jn_status_t status = io_operations.read(call, open, -1, length, 0, 0, &done);
    return status == JN_OK ? done : (uint64_t)(int64_t)status;
}

static int64_t where(uint64_t open)
{
    int64_t position;
    assert(io_operations.seek(fake_call(pair_label), open, 0, IO_SEEK_CUR, &position) == JN_OK);
    return position;
}

static struct jn_lease_cell *lease(uint64_t open, uint64_t page, jn_status_t expected)
{
    uint32_t kind, cell, added, access;
    jn_status_t status =
        lease_operations.file(fake_call(pair_label), open, page, &kind, &cell, &added);
    assert(status == expected);
    if (status != JN_OK)
        return NULL;
    assert(kind == LEASE_FILE);
    return (struct jn_lease_cell *)fake_mapped(CELLS_AT + cell / 64 * 4096, &access) + cell % 64;
}

static void test_file(void)
{
    pair_reset();
    char buffer[16];
    uint64_t open = make_file("/leased", FS_OPEN_CREATE);
    assert(put(pair_label, open, 0, "0123456789", 10) == 10);
    struct jn_lease_cell *cell = lease(open, CELLS_AT, JN_OK);
    assert(cell->state == JN_LEASE_HELD && cell->position == 0 && cell->size == 10);
    assert(!lease(open, CELLS_AT, JN_BUSY));
    /* The server works on the client's position, and the other way round. */
    cell->position = 4;
    assert(get(pair_label, open, buffer, 3) == 3 && memcmp(buffer, "456", 3) == 0);
    assert(cell->position == 7 && where(open) == 7);
    /* Others change the size. */
    uint64_t again = make_file("/leased", 0);
    assert(put(pair_label, again, 10, "abc", 3) == 3 && cell->size == 13);
    assert(io_operations.truncate(fake_call(pair_label), again, 5) == JN_OK && cell->size == 5);
    /* A second number ends it and takes the position over. */
    uint64_t copy;
    cell->position = 2;
    assert(io_operations.duplicate(fake_call(pair_label), open, &copy) == JN_OK);
    assert(cell->state == 0);
    cell->position = 4; /* nobody looks any more */
    assert(where(copy) == 2 && !lease(open, CELLS_AT, JN_BUSY));
    assert(io_operations.close(fake_call(pair_label), copy) == JN_OK);
    /* So does a fork; a wild position is nobody's harm. */
    cell = lease(open, CELLS_AT, JN_OK);
    cell->position = UINT64_MAX;
    cap_t child;
    assert(client_operations.clone(fake_call(pair_label), 9, &child) == JN_OK);
    assert(cell->state == 0 && where(open) == 0);
    client_destroy(client_find(child >> 8));
    /* Locks that reads must see. */
    cell = lease(open, CELLS_AT, JN_OK);
    assert(io_operations.lock(fake_call(pair_label), again, IO_LOCK_EXCLUSIVE, IO_LOCK_MANDATORY, 0,
                              5, 0) == JN_OK);
    assert(cell->state == 0 && !lease(open, CELLS_AT, JN_BUSY));
    assert(io_operations.close(fake_call(pair_label), again) == JN_OK);
    cell = lease(open, CELLS_AT, JN_OK);
    assert(lease_operations.end(fake_call(pair_label), open) == JN_OK && cell->state == 0);
    assert(lease_operations.end(fake_call(pair_label), open) == JN_OK);
    assert(io_operations.close(fake_call(pair_label), open) == JN_OK);
}

static void test_cells(void)
{
    pair_reset();
    uint64_t opens[130];
    struct jn_lease_cell *cells[130];
    for (uint64_t i = 0; i < 130; i++) {
        opens[i] = make_file("/many", FS_OPEN_CREATE);
        /* The page that is next; one stands there already from other tests. */
        uint64_t next = i < 64 ? 1 : i < 128 ? 1 : 2;
        cells[i] = lease(opens[i], CELLS_AT + next * 4096, JN_OK);
        for (uint64_t j = 0; j < i; j++)
            assert(cells[j] != cells[i]);
    }
    for (uint64_t i = 0; i < 130; i++)
        assert(io_operations.close(fake_call(pair_label), opens[i]) == JN_OK);
    assert(cells[0]->state == 0);
    uint64_t open = make_file("/many", 0);
    assert(lease(open, CELLS_AT, JN_OK) == cells[0]);
    assert(io_operations.close(fake_call(pair_label), open) == JN_OK);
}

static void test_devices(void)
{
    uint32_t kind, cell, added;
    uint64_t zero = make_file("/dev/zero", 0), full = make_file("/dev/full", 0);
    assert(lease_operations.file(fake_call(pair_label), zero, 0, &kind, &cell, &added) == JN_OK &&
           kind == LEASE_ZERO && !added);
    assert(lease_operations.file(fake_call(pair_label), full, 0, &kind, &cell, &added) ==
           JN_NOT_SUPPORTED);
    assert(lease_operations.file(fake_call(pair_label), zero, 1, &kind, &cell, &added) ==
           JN_BAD_ARG);
    assert(lease_operations.file(fake_call(pair_label), 999, 0, &kind, &cell, &added) ==
           JN_BAD_HANDLE);
    assert(lease_operations.kick(fake_call(pair_label), zero) == JN_BAD_HANDLE);
    assert(io_operations.close(fake_call(pair_label), zero) == JN_OK);
    assert(io_operations.close(fake_call(pair_label), full) == JN_OK);
}

/* ---- pipes: the reading end here, the writing end with the other process ---- */

struct end {
    uint64_t label, open, address;
    cap_t wait, wake;
};

static jn_status_t lease_end_of(struct end *end)
{
    uint32_t kind;
    cap_t wait, wake;
    jn_status_t status = lease_operations.pipe(fake_call(end->label), end->open, end->address,
                                               &kind, &wait, &wake);
    if (status == JN_OK) {
        end->wait = wait;
        end->wake = wake;
    }
    return status;
}

static struct jn_pipe_ring *ring_of(const struct end *end)
{
    uint32_t access;
    return fake_mapped(end->address, &access);
}

static uint8_t *byte_at(const struct end *end, uint64_t index)
{
    uint32_t access;
    uint64_t place = index % JN_PIPE_RING_BYTES;
    return (uint8_t *)fake_mapped(end->address + 4096 + place / 4096 * 4096, &access) + place % 4096;
}

static void make_pipe(struct end *reader, struct end *writer)
{
    struct end r = {.label = pair_label, .address = RING_AT};
    struct end w = {.label = other, .address = OTHER_AT};
    uint64_t mine;
    assert(fs_operations.pipe(fake_call(pair_label), 0, &r.open, &mine) == JN_OK);
    assert(io_operations.transfer(fake_call(pair_label), mine, other << 8, &w.open) == JN_OK);
    assert(lease_end_of(&(struct end){.label = pair_label, .open = mine, .address = RING_AT}) ==
           JN_BUSY);
    assert(io_operations.close(fake_call(pair_label), mine) == JN_OK);
    *reader = r;
    *writer = w;
}

static void close_ends(struct end *reader, struct end *writer)
{
    assert(io_operations.close(fake_call(reader->label), reader->open) == JN_OK);
    assert(io_operations.close(fake_call(writer->label), writer->open) == JN_OK);
    assert(!ring_of(reader) && !ring_of(writer));
}

static void test_pipe(void)
{
    struct end reader, writer;
    char buffer[100];
    make_pipe(&reader, &writer);
    assert(put(other, writer.open, -1, "before", 6) == 6);
    assert(lease_end_of(&reader) == JN_OK);
    struct jn_pipe_ring *ring = ring_of(&reader);
    assert(ring->valid && ring->head == 0 && ring->tail == 6 && ring->ends == 0);
    assert(*byte_at(&reader, 0) == 'b' && *byte_at(&reader, 5) == 'e');
    assert(lease_end_of(&reader) == JN_BUSY);
    /* The server writes for the end that is not leased, and tells the one that is. */
    ring->head = 6;
    ring->reader_waits = JN_WAITS_CLIENT;
    assert(put(other, writer.open, -1, "x", 1) == 1);
    assert(fake_raised[reader.wait] == 1 && ring->reader_waits == 0 && *byte_at(&reader, 6) == 'x');
    assert(put(other, writer.open, -1, "y", 1) == 1 && fake_raised[reader.wait] == 1);
    /* Both ends leased: the same ring, the Signals the other way round. */
    assert(lease_end_of(&writer) == JN_OK && ring_of(&writer) == ring);
    assert(writer.wake == reader.wait && writer.wait == reader.wake);
    *byte_at(&writer, 8) = 'z';
    ring->tail = 9;
    assert(get(pair_label, reader.open, buffer, 100) == 3 && memcmp(buffer, "xyz", 3) == 0 &&
           ring->head == 9);
    /* An armed waiter of the server: the client is told to kick. */
    uint32_t ready;
    fake_event_count = 0;
    assert(io_operations.poll(fake_call(pair_label), reader.open, IO_READABLE, 77, &ready) ==
               JN_OK && !ready);
    assert(ring->reader_waits == JN_WAITS_SERVER);
    ring->tail = 10;
    ring->reader_waits = 0;
    assert(lease_operations.kick(fake_call(other), writer.open) == JN_OK);
    assert(fake_event_count == 1 && fake_events[0].cookie == 77 &&
           fake_events[0].events == IO_READABLE);
    /* What came while it was armed wakes it at once. */
    struct pipe *pipe = client_open(client_find(pair_label), reader.open)->node->pipe;
    assert(io_operations.poll(fake_call(pair_label), reader.open, IO_WRITABLE, 5, &ready) == JN_OK);
    assert(pipe_arm(pipe, client_find(pair_label), 78, IO_READABLE, IO_ACCESS_READ) == JN_OK);
    assert(fake_event_count == 2 && fake_events[1].cookie == 78);
    /* A second holder of one end takes the ring from both; its contents stay. */
    uint64_t copy;
    assert(io_operations.duplicate(fake_call(other), writer.open, &copy) == JN_OK);
    assert(!ring_of(&reader) && !ring_of(&writer) && fake_signal_is_dead(reader.wait) &&
           fake_signal_is_dead(writer.wait));
    assert(lease_end_of(&writer) == JN_BUSY);
    assert(put(other, copy, -1, "more", 4) == 4);
    assert(get(pair_label, reader.open, buffer, 100) == 5 && memcmp(buffer + 1, "more", 4) == 0);
    assert(io_operations.close(fake_call(other), copy) == JN_OK);
    assert(lease_end_of(&writer) == JN_OK && lease_end_of(&reader) == JN_OK);
    /* The writer goes. */
    ring = ring_of(&reader);
    assert(put(other, writer.open, -1, "end", 3) == 3);
    ring->reader_waits = JN_WAITS_CLIENT;
    assert(io_operations.close(fake_call(other), writer.open) == JN_OK);
    assert(!ring_of(&reader) && get(pair_label, reader.open, buffer, 100) == 3 &&
           get(pair_label, reader.open, buffer, 100) == 0);
    assert(lease_end_of(&reader) == JN_OK && ring_of(&reader)->ends == JN_PIPE_NO_WRITER);
    assert(io_operations.close(fake_call(pair_label), reader.open) == JN_OK);
}

/* Full, wrapped, in pieces of all sizes: what was written is what is read, whoever moves which end. */
static void test_bytes(void)
{
    struct end reader, writer;
    static uint8_t buffer[70000];
    uint64_t given = 0, taken = 0;
    make_pipe(&reader, &writer);
    assert(lease_end_of(&writer) == JN_OK);
    srand(1);
    for (int round = 0; round < 3000; round++) {
        struct jn_pipe_ring *ring = ring_of(&writer);
        assert(ring);
        size_t length = (size_t)rand() % (round % 7 ? 3000 : 70000) + 1;
        if (rand() % 2) {
            for (size_t i = 0; i < length; i++)
                buffer[i] = (uint8_t)((given + i) * 31 >> 3);
            uint64_t room = JN_PIPE_RING_BYTES - (given - taken);
            uint64_t done = put(other, writer.open, -1, buffer, length);
            if (length <= PIPE_ATOMIC ? room < length : room == 0)
                assert(done == (uint64_t)(int64_t)JN_WOULD_BLOCK);
            else
                assert(done == (length < room ? length : room));
            if (done < 1u << 30)
                given += done;
        } else {
            uint64_t done = get(pair_label, reader.open, buffer, length);
            if (given == taken) {
                assert(done == (uint64_t)(int64_t)JN_WOULD_BLOCK);
                continue;
            }
            assert(done == (length < given - taken ? length : given - taken));
            for (size_t i = 0; i < done; i++)
                assert(buffer[i] == (uint8_t)((taken + i) * 31 >> 3));
            taken += done;
        }
        assert(ring->tail == given && ring->head == taken);
    }
    close_ends(&reader, &writer);
}

static void test_lies(void)
{
    struct end reader, writer;
    static uint8_t buffer[70000];
    make_pipe(&reader, &writer);
    assert(lease_end_of(&writer) == JN_OK);
    struct jn_pipe_ring *ring = ring_of(&writer);
    static const uint64_t wild[] = {0, 1, 65536, 65537, UINT64_MAX, UINT64_MAX - 5, 1ull << 63};
    for (size_t i = 0; i < sizeof(wild) / sizeof(wild[0]); i++)
        for (size_t j = 0; j < sizeof(wild) / sizeof(wild[0]); j++) {
            ring->head = wild[i];
            ring->tail = wild[j];
            ring->ends = ring->valid = ring->reader_waits = ring->writer_waits = (uint32_t)wild[i];
            uint64_t done = get(pair_label, reader.open, buffer, sizeof(buffer));
            assert(done <= JN_PIPE_RING_BYTES || done == (uint64_t)(int64_t)JN_WOULD_BLOCK);
            ring->head = wild[i];
            done = put(other, writer.open, -1, buffer, sizeof(buffer));
            assert(done <= JN_PIPE_RING_BYTES || done == (uint64_t)(int64_t)JN_WOULD_BLOCK);
        }
    close_ends(&reader, &writer);
}

/* The process ends with everything leased. */
static void test_death(void)
{
    struct end reader, writer;
    make_pipe(&reader, &writer);
    assert(lease_end_of(&reader) == JN_OK && lease_end_of(&writer) == JN_OK);
    client_empty(client_find(other));
    assert(!ring_of(&reader));
    char byte;
    assert(get(pair_label, reader.open, &byte, 1) == 0);
    assert(io_operations.close(fake_call(pair_label), reader.open) == JN_OK);
}

/* What was kept of a path, and what must end that: names and rights on the way, and the client's own. */
static uint32_t path_lookup; /* FS_LOOKUP_.. */
static bool path_holds(const char *path, const uint64_t *page, bool begin)
{
    static uint32_t slot;
    static uint64_t generation, names;
    struct io_stat stat;
    if (!begin)
        return page[slot] == generation && page[0] == names;
    struct jn_call *call = fake_call(pair_label);
    fake_offer(0, path, strlen(path));
    assert(lease_operations.stat_path(call, 0, strlen(path), path_lookup, &stat, &slot, &generation,
                                      &names) == JN_OK);
    return slot != 0;
}

#define PAGE_AT 0x71000000ull
static void test_paths(void)
{
    uint32_t access;
    static const char path[] = "/base/top/p/q/f";
    assert(lease_operations.watch(fake_call(pair_label), PAGE_AT + 1, 1) == JN_BAD_ARG);
    assert(lease_operations.watch(fake_call(999999), PAGE_AT, 1) == JN_NO_RIGHT);
    assert(lease_operations.watch(fake_call(pair_label), PAGE_AT, 1) == JN_OK);
    const uint64_t *page = fake_mapped(PAGE_AT, &access);
    assert(page && access == JN_R);
    pair_reset();
    pair_mkdir(PAIR_CWD, "p", 0755);
    pair_mkdir(PAIR_CWD, "p/q", 0755);
    pair_open(PAIR_CWD, "p/q/f", O_RDWR | O_CREAT, 0644);
    assert(path_holds(path, page, true));
    pair_mkdir(PAIR_CWD, "p/q/other", 0755); /* a new name leads nobody elsewhere */
    pair_rmdir(PAIR_CWD, "p/q/other");
    assert(path_holds(path, page, false));
    pair_rename(PAIR_CWD, "p", PAIR_CWD, "r", 0);
    assert(!path_holds(path, page, false));
    pair_rename(PAIR_CWD, "r", PAIR_CWD, "p", 0);
    assert(path_holds(path, page, true));
    pair_chmod(PAIR_CWD, "p", 0700);
    assert(!path_holds(path, page, false));
    /* Credentials and the root of who has kept something. */
    assert(path_holds(path, page, true));
    assert(client_operations.set_credentials(fake_call(1), client_find(pair_label)->pid, 0, 0) == JN_OK);
    assert(!path_holds(path, page, false));
    uint64_t names = page[0];
    assert(client_operations.set_credentials(fake_call(1), client_find(pair_label)->pid, 0, 0) == JN_OK);
    assert(page[0] == names); /* who has kept nothing since */
    /* Not to be kept: through a link, upwards, and what is made up. */
    pair_symlink("p/q", PAIR_CWD, "to");
    assert(!path_holds("/base/top/to/f", page, true));
    assert(!path_holds("/base/top/p/../p/q/f", page, true) && path_holds("/base/top/./p/q//f", page, true));
    /* Without regard to case: another spelling may come to be a name of its own. */
    path_lookup = FS_LOOKUP_CASELESS;
    assert(path_holds(path, page, true) && path_holds("//base/./top/p//q/f", page, true));
    assert(!path_holds("/base/top/p/q/F", page, true) && !path_holds("/base/top/P/q/f", page, true));
    path_lookup = 0;
    assert(!path_holds("/proc", page, true));
}

int main(void)
{
    pair_start();
    assert(client_operations.set_space(fake_call(pair_label), 42) == JN_OK);
    cap_t cap;
    assert(client_operations.clone(fake_call(pair_label), 8, &cap) == JN_OK);
    other = cap >> 8;
    assert(client_operations.set_space(fake_call(other), 43) == JN_OK);
    assert(client_operations.open_ring(fake_call(pair_label), 64, 1, 5,
                                       &(struct jn_pages){0}, &(uint32_t){0}) == JN_OK);
    test_file();
    test_cells();
    test_paths();
    test_devices();
    test_pipe();
    test_bytes();
    test_lies();
    test_death();
    pair_finish();
    printf("leases: as the interface says\n");
    return 0;
}

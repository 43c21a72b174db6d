/* Locks (oracle for flock and record locks: Linux), waiting for them, Win32's share modes. */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "client.h"
#include "fake.h"
#include "janus/idl/client.h"
#include "janus/idl/fs.h"
#include "janus/idl/io.h"
#include "operations/request.h"
#include "pair.h"

static void test_flock(void)
{
    static const int operations[] = {LOCK_SH, LOCK_EX, LOCK_UN};
    for (int sequence = 0; sequence < 243; sequence++) {
        pair_reset();
        int a = (int)pair_open(PAIR_CWD, "f", O_CREAT | O_RDWR, 0600);
        int b = (int)pair_open(PAIR_CWD, "f", O_RDONLY, 0600);
        int c = (int)pair_duplicate(a);
        int slots[] = {a, b, c};
        for (int i = 0, code = sequence; i < 5; i++, code /= 3)
            pair_flock(slots[(i * 7 + sequence) % 3], operations[code % 3]);
        pair_close(a);
        pair_flock(b, LOCK_EX);
        pair_close(c);
        pair_flock(b, LOCK_EX);
    }
}

static void test_record_locks(void)
{
    pair_reset();
    int a = (int)pair_open(PAIR_CWD, "f", O_CREAT | O_RDWR, 0600);
    int b = (int)pair_open(PAIR_CWD, "f", O_RDWR, 0600);
    int r = (int)pair_open(PAIR_CWD, "f", O_RDONLY, 0600);
    pair_lock(a, F_WRLCK, 10, 10);
    pair_lock(b, F_RDLCK, 0, 11);
    pair_lock(b, F_RDLCK, 0, 10);
    pair_lock(a, F_RDLCK, 12, 3); /* splits */
    pair_lock(b, F_RDLCK, 12, 3);
    pair_test_lock(b, F_WRLCK, 0, 0);
    pair_test_lock(b, F_RDLCK, 15, 1);
    pair_lock(a, F_UNLCK, 0, 0);
    pair_lock(b, F_WRLCK, 0, 0);
    pair_lock(a, F_RDLCK, 1000, 1);
    pair_lock(r, F_WRLCK, 0, 1);
    pair_close(b);
    pair_lock(a, F_RDLCK, 1000, 1);
    pair_flock(r, LOCK_EX); /* another family */
}

static uint64_t second; /* another client's label */

static uint64_t open_as(uint64_t label, uint32_t flags, uint32_t access, uint32_t share,
                        jn_status_t *status)
{
    uint64_t open = 0, device;
    uint32_t kind, created, node_mode;
    struct jn_call *call = fake_call(label);
    fake_offer(0, "/shared", 7);
    *status = fs_operations.open(call, 0, 7, 0, FS_OPEN_CREATE | flags, access, share, 0644, 0,
                                 &open, &kind, &created, &device, &node_mode);
    return open;
}

static jn_status_t lock(uint64_t label, uint64_t open, uint32_t kind, uint64_t start,
                        uint64_t length, uint64_t cookie)
{
    return io_operations.lock(fake_call(label), open, kind, IO_LOCK_CLIENT, start, length, cookie);
}

static void test_waiting(void)
{
    jn_status_t status;
    struct jn_pages pages;
    uint32_t count;
    cap_t client;
    assert(client_operations.create(fake_call(1), 20, 0, 0, &client) == JN_OK);
    second = client >> 8;
    assert(client_operations.open_ring(fake_call(pair_label), 16, 1, 9, &pages, &count) == JN_OK);
    assert(client_operations.open_ring(fake_call(second), 16, 1, 9, &pages, &count) == JN_OK);
    uint64_t a = open_as(pair_label, 0, 3, 0, &status), b = open_as(second, 0, 3, 0, &status);
    assert(lock(pair_label, a, IO_LOCK_EXCLUSIVE, 0, 10, 1) == JN_OK);
    assert(lock(second, b, IO_LOCK_EXCLUSIVE, 10, 10, 1) == JN_OK);
    assert(lock(second, b, IO_LOCK_SHARED, 5, 1, 50) == JN_WOULD_BLOCK && fake_event_count == 0);
    assert(lock(pair_label, a, IO_LOCK_SHARED, 12, 1, 51) == JN_DEADLOCK);
    uint32_t kind;
    uint64_t start, length, pid;
    assert(io_operations.test_lock(fake_call(second), b, IO_LOCK_SHARED, IO_LOCK_CLIENT, 0, 0,
                                   &kind, &start, &length, &pid) == JN_OK);
    assert(kind == IO_LOCK_EXCLUSIVE && start == 0 && length == 10 && pid == 7);
    /* POSIX: closing any descriptor of the file gives the process's locks up. */
    uint64_t again = open_as(pair_label, 0, 1, 0, &status);
    assert(io_operations.close(fake_call(pair_label), again) == JN_OK);
    assert(fake_event_count == 1 && fake_events[0].cookie == 50);
    fake_event_count = 0;
    assert(lock(second, b, IO_LOCK_SHARED, 5, 1, 50) == JN_OK);
    /* And the end of the process. */
    assert(lock(pair_label, a, IO_LOCK_EXCLUSIVE, 0, 0, 52) == JN_WOULD_BLOCK);
    client_destroy(client_find(second));
    assert(fake_event_count == 1 && fake_events[0].cookie == 52);
    fake_event_count = 0;
    assert(lock(pair_label, a, IO_LOCK_EXCLUSIVE, 0, 0, 52) == JN_OK);
    assert(io_operations.close(fake_call(pair_label), a) == JN_OK);
}

#define NT FS_OPEN_SHARE_MODES
#define R IO_ACCESS_READ
#define W IO_ACCESS_WRITE
#define D IO_ACCESS_DELETE

static void close_open(uint64_t open)
{
    assert(io_operations.close(fake_call(pair_label), open) == JN_OK);
}

static bool exists(void)
{
    struct jn_call *call = fake_call(pair_label);
    fake_offer(0, "/shared", 7);
    return fs_operations.access(call, 0, 7, 0, 0) == JN_OK;
}

static void test_share_modes(void)
{
    jn_status_t status;
    uint64_t a = open_as(pair_label, NT, R, R, &status), b;
    assert(status == JN_OK);
    open_as(pair_label, NT, W, R | W, &status);
    assert(status == JN_SHARING);
    b = open_as(pair_label, NT, R, W, &status);
    assert(status == JN_SHARING); /* it does not share reading with the first */
    b = open_as(pair_label, NT, R, R, &status);
    assert(status == JN_OK);
    close_open(b);
    b = open_as(pair_label, NT, 0, 0, &status); /* attributes only */
    assert(status == JN_OK);
    close_open(b);
    b = open_as(pair_label, 0, R | W, 0, &status); /* POSIX is never refused */
    assert(status == JN_OK);
    close_open(a);
    a = open_as(pair_label, NT, R | W, 0, &status); /* nor does it refuse */
    assert(status == JN_OK);
    close_open(b);
    /* Mandatory ranges. */
    b = open_as(pair_label, 0, R | W, 0, &status);
    assert(io_operations.lock(fake_call(pair_label), a, IO_LOCK_EXCLUSIVE, IO_LOCK_MANDATORY, 5, 5,
                              0) == JN_OK);
    assert(io_operations.lock(fake_call(pair_label), a, IO_LOCK_EXCLUSIVE, IO_LOCK_MANDATORY, 9, 5,
                              0) == JN_WOULD_BLOCK);
    assert(io_operations.lock(fake_call(pair_label), a, IO_LOCK_NONE, IO_LOCK_MANDATORY, 5, 4, 0) ==
           JN_NOT_FOUND);
    uint64_t done;
    struct jn_call *call = fake_call(pair_label);
    fake_offer(0, "0123456789", 10);
    assert(io_operations.write(call, a, 0, 10, 0, 0, &done) == JN_OK && done == 10);
    close_open(a);
    a = open_as(pair_label, NT, R | W, R | W, &status);
    uint64_t c = open_as(pair_label, NT, R | W, R | W, &status);
    assert(io_operations.lock(fake_call(pair_label), a, IO_LOCK_EXCLUSIVE, IO_LOCK_MANDATORY, 5, 5,
                              0) == JN_OK);
    char data[10];
    call = fake_call(pair_label);
    fake_offer(0, data, 10);
    assert(io_operations.read(call, c, 0, 10, 0, 0, &done) == JN_LOCKED);
    call = fake_call(pair_label);
    fake_offer(0, data, 5);
    assert(io_operations.read(call, c, 0, 5, 0, 0, &done) == JN_OK);
    call = fake_call(pair_label);
    fake_offer(0, data, 10);
    assert(io_operations.read(call, b, 0, 10, 0, 0, &done) == JN_OK); /* POSIX */
    close_open(a);
    call = fake_call(pair_label);
    fake_offer(0, data, 10);
    assert(io_operations.read(call, c, 0, 10, 0, 0, &done) == JN_OK);
    close_open(c);
    close_open(b);
}

static void test_deletion(void)
{
    jn_status_t status;
    uint64_t a = open_as(pair_label, NT, R | D, R | W | D, &status), b;
    b = open_as(pair_label, NT, R, R | W | D, &status);
    assert(status == JN_OK);
    assert(fs_operations.set_delete(fake_call(pair_label), a, 1) == JN_OK && exists());
    open_as(pair_label, NT, R, R | W | D, &status);
    assert(status == JN_DELETE_PENDING);
    close_open(a);
    assert(exists()); /* the other handle keeps the name */
    close_open(b);
    assert(!exists());
    a = open_as(pair_label, NT | FS_OPEN_DELETE_ON_CLOSE, R | D, R | W | D, &status);
    assert(status == JN_OK && exists());
    close_open(a);
    assert(!exists());
    /* The read-only attribute is the lack of write permission and binds root, too. */
    a = open_as(pair_label, NT, R | W, R | W | D, &status);
    assert(fs_operations.set_attributes(fake_call(pair_label), a, 0, 0, FS_SET_ATTRIBUTES, 0, 0, 0,
                                        0, 0, 0, FS_ATTRIBUTE_READ_ONLY | FS_ATTRIBUTE_HIDDEN) ==
           JN_OK);
    struct io_stat stat;
    assert(io_operations.stat(fake_call(pair_label), a, &stat) == JN_OK &&
           stat.attributes == (FS_ATTRIBUTE_READ_ONLY | FS_ATTRIBUTE_HIDDEN) &&
           (stat.mode & 0777) == 0444);
    assert(fs_operations.set_delete(fake_call(pair_label), a, 1) == JN_ACCESS);
    open_as(pair_label, NT, W, R | W | D, &status);
    assert(status == JN_ACCESS);
    b = open_as(pair_label, 0, W, 0, &status);
    assert(status == JN_OK);
    close_open(a);
    close_open(b);
}

int main(void)
{
    pair_start();
    test_flock();
    test_record_locks();
    test_waiting();
    test_share_modes();
    test_deletion();
    pair_finish();
    printf("sharing: as on Linux and Windows\n");
    return 0;
}

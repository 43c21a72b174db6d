/* Contents: reading, writing, sizes, holes, times (oracle: Linux); mappings and faults. */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "fake.h"
#include "janus/idl/client.h"
#include "janus/idl/dataspace.h"
#include "janus/idl/fs.h"
#include "janus/idl/io.h"
#include "operations/request.h"
#include "page_cache.h"
#include "pair.h"

static long create(const char *path)
{
    return pair_open(PAIR_CWD, path, O_CREAT | O_RDWR, 0644);
}

static void test_sizes(void)
{
    static const unsigned lengths[] = {0, 1, 4095, 4096, 4097, 12288, 65536, 100001};
    static const long offsets[] = {0, 1, 4095, 4096, 5000, 262144, 1 << 20, 1l << 33};
    pair_reset();
    int f = (int)create("f");
    for (size_t i = 0; i < 8; i++)
        for (size_t j = 0; j < 8; j++) {
            pair_write(f, lengths[i], offsets[j]);
            pair_status(f);
            pair_read(f, 65536, offsets[j] > 3000 ? offsets[j] - 3000 : 0);
            pair_seek(f, offsets[j] - (j > 0), SEEK_DATA);
            pair_seek(f, offsets[j] - (j > 0), SEEK_HOLE);
            pair_truncate(f, offsets[(i + j) % 8] + lengths[j]);
            pair_status(f);
            pair_allocate(f, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, offsets[i], 5000);
            pair_status(f);
        }
    pair_write(f, 10, 0x7ffffffffffffff0l);
    pair_write(f, 10, 0x7ffffffffffffffal);
    pair_truncate(f, 0x7fffffffffffffffl);
    pair_status(f);
    pair_truncate(f, 0);
    pair_seek(f, -1, SEEK_SET);
    pair_seek(f, 0x7fffffffffffffffl, SEEK_SET);
    pair_seek(f, 1, SEEK_CUR);
    pair_read(f, 10, -1);
    pair_seek(f, 0, SEEK_DATA);
    pair_write(f, 10, -7);
    int a = (int)pair_open(PAIR_CWD, "f", O_WRONLY | O_APPEND, 0);
    int copy = (int)pair_duplicate(a);
    pair_write(a, 100, -1);
    pair_write(copy, 100, 3);
    pair_write(a, 100, -1);
    pair_seek(copy, 0, SEEK_CUR);
    pair_read(a, 10, 0);
    pair_compare();
}

static int times_slot;
static long write_some(void) { return pair_write(times_slot, 10, 0); }
static long write_nothing(void) { return pair_write(times_slot, 0, 0); }
static long read_some(void) { return pair_read(times_slot, 10, 0); }
static long read_at_end(void) { return pair_read(times_slot, 10, 1 << 20); }
static long cut(void) { return pair_truncate(times_slot, 5); }
static long cut_same(void) { return pair_truncate(times_slot, 5); }
static long change_mode(void) { return pair_chmod(PAIR_CWD, "f", 0600); }
static long change_owner(void) { return pair_chown(PAIR_CWD, "f", -1u, -1u); }
static long add_link(void) { return pair_link(PAIR_CWD, "f", PAIR_CWD, "d/l", 0); }
static long drop_link(void) { return pair_unlink(PAIR_CWD, "d/l"); }
static long rename_it(void) { return pair_rename(PAIR_CWD, "f", PAIR_CWD, "d/f", 0); }
static long rename_back(void) { return pair_rename(PAIR_CWD, "d/f", PAIR_CWD, "f", 0); }
static long make_dir(void) { return pair_mkdir(PAIR_CWD, "d/x", 0700); }
static long drop_dir(void) { return pair_rmdir(PAIR_CWD, "d/x"); }
static long truncating_open(void)
{
    long slot = pair_open(PAIR_CWD, "f", O_RDONLY | O_TRUNC, 0);
    return pair_close((int)slot);
}
static long plain_open(void)
{
    long slot = pair_open(PAIR_CWD, "f", O_RDWR | O_CREAT, 0);
    return pair_close((int)slot);
}
static long reserve(void) { return pair_allocate(times_slot, 0, 0, 50000); }
static long punch(void) { return pair_allocate(times_slot, 3, 0, 5000); }

static void test_times(void)
{
    static long (*const all[])(void) = {
        write_some, write_nothing, read_some, read_some, read_at_end, cut, cut_same, change_mode,
        change_owner, add_link, drop_link, rename_it, rename_back, make_dir, drop_dir,
        truncating_open, plain_open, reserve, punch, write_some, read_some};
    static const char *const paths[] = {"f", "d", "."};
    for (size_t p = 0; p < 3; p++) {
        pair_reset();
        pair_mkdir(PAIR_CWD, "d", 0755);
        times_slot = (int)create("f");
        for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
            pair_times(paths[p], all[i]);
    }
}

/* ---- without a counterpart: the interface's own promises ---- */

static uint64_t open_of(const char *path, uint32_t access)
{
    uint64_t open, device;
    uint32_t kind, created, node_mode;
    struct jn_call *call = fake_call(pair_label);
    fake_offer(0, path, strlen(path));
    jn_status_t status = fs_operations.open(call, 0, strlen(path), 0, FS_OPEN_CREATE, access, 0,
                                            0644, 0, &open, &kind, &created, &device, &node_mode);
    assert(status == JN_OK);
    return open;
}

static jn_status_t write_with_fault(uint64_t open, const char *data, size_t length, size_t fault,
                                    int64_t offset, uint64_t *done)
{
    struct jn_call *call = fake_call(pair_label);
    fake_offer(0, data, length);
    fake_windows[0].fault_at = fault;
    return io_operations.write(call, open, offset, length, 0, 0, done);
}

static void read_back(uint64_t open, char *data, size_t length, int64_t offset)
{
    uint64_t done;
    struct jn_call *call = fake_call(pair_label);
    fake_offer(0, data, length);
    assert(io_operations.read(call, open, offset, length, 0, 0, &done) == JN_OK && done == length);
}

static void test_faults(void)
{
    uint64_t open = open_of("/faults", IO_ACCESS_READ | IO_ACCESS_WRITE), done;
    static char data[20000], back[20000];
    memset(data, 'x', sizeof(data));
    /* Pages with old contents are used again for new files: nothing of them may show. */
    for (int i = 0; i < 3; i++) {
        assert(write_with_fault(open, data, 20000, SIZE_MAX, 0, &done) == JN_OK && done == 20000);
        assert(io_operations.truncate(fake_call(pair_label), open, 0) == JN_OK);
        assert(write_with_fault(open, data, 20000, 0, 0, &done) == JN_FAULT_AT);
        assert(done == (uint64_t)data);
        struct io_stat stat;
        assert(io_operations.stat(fake_call(pair_label), open, &stat) == JN_OK && stat.size == 0 &&
               stat.blocks == 0);
        assert(write_with_fault(open, data, 20000, 5000, 100, &done) == JN_OK && done == 5000);
        assert(io_operations.stat(fake_call(pair_label), open, &stat) == JN_OK &&
               stat.size == 5100 && stat.blocks == 16);
        assert(io_operations.truncate(fake_call(pair_label), open, 8192) == JN_OK);
        read_back(open, back, 8192, 0);
        for (int at = 0; at < 8192; at++)
            assert(back[at] == (at >= 100 && at < 5100 ? 'x' : 0));
    }
    assert(io_operations.close(fake_call(pair_label), open) == JN_OK);
}

#define AT 0x10000000ull

static uint64_t map(uint64_t ds, uint64_t offset, uint64_t length, uint32_t access)
{
    uint64_t mapped = 0;
    jn_status_t status = dataspace_operations.map(fake_call(pair_label), ds, offset, AT + offset,
                                                  length, access, 0, &mapped);
    return status == JN_OK ? mapped : (uint64_t)(int64_t)status;
}

static void test_mapping(void)
{
    uint64_t open = open_of("/mapped", IO_ACCESS_READ | IO_ACCESS_WRITE), done;
    uint64_t reader = open_of("/mapped", IO_ACCESS_READ);
    static char data[20000], back[20000];
    uint32_t access;
    memset(data, 'm', sizeof(data));
    assert(write_with_fault(open, data, 10000, SIZE_MAX, 0, &done) == JN_OK);
    assert((int64_t)map(open, 0, 4096, JN_R) == JN_BUSY); /* no space yet */
    assert(client_operations.set_space(fake_call(pair_label), 42) == JN_OK);
    assert(map(open, 0, 1 << 20, JN_R) == 12288);
    assert((int64_t)map(open, 12288, 4096, JN_R) == JN_RANGE);
    assert((int64_t)map(reader, 0, 4096, JN_R | JN_W) == JN_ACCESS);
    assert((int64_t)map(reader, 1, 4096, JN_R) == JN_BAD_ARG);
    char *page = fake_mapped(AT, &access);
    assert(page && page[0] == 'm' && access == JN_R);
    page = fake_mapped(AT + 8192, &access);
    assert(page[1807] == 'm' && page[1808] == 0);
    /* Both ways the same frames. */
    assert(map(open, 0, 4096, JN_R | JN_W) == 4096);
    page = fake_mapped(AT, &access);
    page[5] = 'S';
    read_back(open, back, 10, 0);
    assert(back[5] == 'S');
    assert(write_with_fault(open, "W", 1, SIZE_MAX, 6, &done) == JN_OK && page[6] == 'W');
    /* What was stored beyond the end does not come up when the file grows. */
    assert(map(open, 8192, 4096, JN_R | JN_W) == 4096);
    page = fake_mapped(AT + 8192, &access);
    page[2000] = 'B';
    assert(io_operations.truncate(fake_call(pair_label), open, 12000) == JN_OK);
    assert(page[2000] == 0);
    page[3900] = 'B'; /* 8192 + 3900 > 12000 */
    assert(write_with_fault(open, "E", 1, SIZE_MAX, 12100, &done) == JN_OK && page[3900] == 0);
    /* Cutting takes the pages away. */
    assert(io_operations.truncate(fake_call(pair_label), open, 100) == JN_OK);
    assert(fake_mapped(AT, &access) && !fake_mapped(AT + 8192, &access));
    assert((int64_t)map(open, 8192, 4096, JN_R) == JN_RANGE);
    /* A hole gets a page of its own when it is mapped. */
    assert(io_operations.truncate(fake_call(pair_label), open, 1 << 20) == JN_OK);
    assert(map(open, 65536, 65536, JN_R) >= 4096);
    page = fake_mapped(AT + 65536, &access);
    assert(page[0] == 0 && write_with_fault(open, "H", 1, SIZE_MAX, 65536, &done) == JN_OK);
    assert(page[0] == 'H');
    assert(dataspace_operations.close(fake_call(pair_label), reader) == JN_OK);
    assert(io_operations.close(fake_call(pair_label), open) == JN_OK);
}

static void test_no_space(void)
{
    uint64_t open = open_of("/full", IO_ACCESS_READ | IO_ACCESS_WRITE), done = 1;
    static char data[1 << 20];
    uint64_t used = page_cache_used(), all = 0;
    while (write_with_fault(open, data, sizeof(data), SIZE_MAX, (int64_t)all, &done) == JN_OK)
        all += done;
    assert(done == 0 && all > 100 << 20 && page_cache_used() >= page_cache_limit() - 512);
    struct fs_statfs stat;
    assert(fs_operations.statfs(fake_call(pair_label), 0, &stat) == JN_OK && stat.free < 512 &&
           stat.type == 0x01021994);
    assert(io_operations.allocate(fake_call(pair_label), open, 0, 1ll << 30, 1 << 20) ==
           JN_NO_SPACE);
    assert(io_operations.truncate(fake_call(pair_label), open, 0) == JN_OK);
    assert(page_cache_used() == used);
    assert(io_operations.close(fake_call(pair_label), open) == JN_OK);
}

int main(void)
{
    pair_start();
    test_sizes();
    test_times();
    test_faults();
    test_mapping();
    test_no_space();
    pair_finish();
    printf("contents: as on Linux\n");
    return 0;
}

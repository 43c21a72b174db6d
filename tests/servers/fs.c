/* A client of fs that belongs to no personality: two processes by servers/task, their opens at fs, pipes
 * with readiness rings, files mapped into a space. Prints "ok NAME" or "FAIL NAME"; the last line has the
 * numbers. */
#include <stdlib.h>
#include <string.h>

#include "janus/idl/client.h"
#include "janus/idl/dataspace.h"
#include "janus/idl/fs.h"
#include "janus/idl/io.h"
#include "janus/idl/supervisor.h"
#include "janus/idl/task.h"
#include "janus/object.h"
#include "janus/ring.h"
#include "janus/runtime.h"

#define PAGE 4096ull

static unsigned passed, failed;
static cap_t fs_admin, client, signal;
static struct jn_ring_reader ring;

static void result(const char *name, bool good)
{
    jn_log(JN_LOG_INFO, "%s %s", good ? "ok" : "FAIL", name);
    *(good ? &passed : &failed) += 1;
}

static bool is(jn_status_t status, jn_status_t wanted)
{
    if (status != wanted)
        jn_log(JN_LOG_ERROR, "%s instead of %s", jn_status_name(status), jn_status_name(wanted));
    return status == wanted;
}

static jn_status_t open_path(cap_t who, const char *path, uint32_t flags, uint32_t access,
                             uint64_t *open)
{
    uint64_t device;
    uint32_t kind, created, mode;
    return fs_open(who, 0, strlen(path), 0, flags, access, 0, 0644, 0,
                   jn_window(path, strlen(path)), open, &kind, &created, &device, &mode);
}

static bool put(cap_t who, uint64_t open, const char *text)
{
    uint64_t done;
    return is(io_write(who, open, -1, strlen(text), 0, 0, jn_window(text, strlen(text)), &done),
              JN_OK) && done == strlen(text);
}

static bool holds(cap_t who, uint64_t open, int64_t offset, const char *text)
{
    char buffer[64];
    uint64_t done;
    return is(io_read(who, open, offset, sizeof buffer, 0, 0, jn_window(buffer, sizeof buffer),
                      &done), JN_OK) && done == strlen(text) && !memcmp(buffer, text, done);
}

static bool image(void)
{
    uint64_t open, done;
    struct io_stat stat;
    char magic[4];
    static const char path[] = "/sbin/janus/fs";
    bool good = is(fs_stat_path(client, 0, sizeof path - 1, 0, jn_window(path, sizeof path - 1),
                                &stat), JN_OK) && stat.size > 4096 && (stat.mode & 0170000) == 0100000;
    good &= is(open_path(client, path, 0, IO_ACCESS_READ, &open), JN_OK);
    good &= is(io_read(client, open, 0, 4, 0, 0, jn_window(magic, 4), &done), JN_OK) && done == 4 &&
            !memcmp(magic, "\177ELF", 4);
    return good && is(io_close(client, open), JN_OK);
}

static bool large(void)
{
    enum { SIZE = 3 << 20 };
    uint8_t *data = jn_map_pages(SIZE / PAGE), *back = jn_map_pages(SIZE / PAGE);
    uint64_t open, done;
    if (!data || !back || !is(open_path(client, "/tmp/large", FS_OPEN_CREATE, 3, &open), JN_OK))
        return false;
    for (unsigned i = 0; i < SIZE; i++)
        data[i] = (uint8_t)(i * 31 + (i >> 12));
    bool good = is(io_write(client, open, 5, SIZE - 5, 0, 0, jn_window(data + 5, SIZE - 5), &done),
                   JN_OK) && done == SIZE - 5;
    good &= is(io_read(client, open, 0, SIZE, 0, 0, jn_window(back, SIZE), &done), JN_OK) &&
            done == SIZE;
    for (unsigned i = 0; i < 5; i++)
        data[i] = 0;
    good &= !memcmp(data, back, SIZE);
    good &= is(io_truncate(client, open, 0), JN_OK) && is(io_close(client, open), JN_OK);
    jn_unmap_pages(data);
    jn_unmap_pages(back);
    return good;
}

/* The state is in the server: a clone has the same numbers, and the end of one changes nothing. */
static bool clients(void)
{
    uint64_t open, other;
    cap_t child;
    bool good = is(open_path(client, "/tmp/shared", FS_OPEN_CREATE, 3, &open), JN_OK);
    good &= is(client_clone(client, 0, &child), JN_OK);
    good &= put(client, open, "one ") && put(child, open, "two");
    good &= is(io_close(client, open), JN_OK) && put(child, open, " three");
    good &= is(io_read(client, open, 0, 0, 0, 0, jn_window("", 0), &other), JN_BAD_HANDLE);
    good &= is(open_path(client, "/tmp/shared", 0, 1, &open), JN_OK) &&
            holds(client, open, 0, "one two three");
    good &= is(io_transfer(client, open, child, &other), JN_OK) &&
            holds(child, other, 4, "two three");
    jn_cap_delete(child);
    return good && is(io_close(client, open), JN_OK);
}

static bool next_event(uint64_t cookie, uint32_t events)
{
    struct jn_ring_entry entry;
    uint64_t bits;
    while (!jn_ring_next(&ring, &entry))
        if (!is(jn_signal_wait(signal, jn_time_monotonic() + 2000000000ull, &bits), JN_OK))
            return false;
    return entry.cookie == cookie && (entry.events & events);
}

static bool pipes(void)
{
    uint64_t ends[2], done;
    cap_t child;
    static char block[70000];
    bool good = is(fs_pipe(client, 0, &ends[0], &ends[1]), JN_OK) &&
                is(client_clone(client, 0, &child), JN_OK) &&
                is(io_close(client, ends[1]), JN_OK) && is(io_close(child, ends[0]), JN_OK);
    struct jn_window window = jn_window(block, sizeof block);
    good &= is(io_read(client, ends[0], -1, 10, 0, 77, window, &done), JN_WOULD_BLOCK);
    good &= put(child, ends[1], "hello") && next_event(77, IO_READABLE) &&
            holds(client, ends[0], -1, "hello");
    good &= is(io_write(child, ends[1], -1, sizeof block, 0, 78, window, &done), JN_OK) &&
            done == 65536;
    good &= is(io_write(child, ends[1], -1, 1, 0, 78, window, &done), JN_WOULD_BLOCK);
    good &= is(io_read(client, ends[0], -1, sizeof block, 0, 0, window, &done), JN_OK) &&
            done == 65536 && next_event(78, IO_WRITABLE);
    good &= is(io_read(client, ends[0], -1, 1, 0, 79, window, &done), JN_WOULD_BLOCK);
    jn_cap_delete(child); /* the writer is gone with its last capability */
    good &= next_event(79, IO_HANGUP) &&
            is(io_read(client, ends[0], -1, 1, 0, 0, window, &done), JN_OK) && done == 0;
    return good && is(io_close(client, ends[0]), JN_OK);
}

static jn_status_t poll_many(uint64_t cookie, const void *items, size_t bytes, uint16_t *ready,
                             size_t *count)
{
    jn_status_t status = io_poll_many(client, cookie, items, bytes, (char *)ready,
                                      IO_POLL_MANY * sizeof *ready, count);
    *count /= sizeof *ready;
    return status;
}

/* Many at once: answers in order, a bad number among them, what is armed, and sizes that are wrong. */
static bool many(void)
{
    uint64_t ends[2], items[IO_POLL_MANY + 1];
    uint16_t ready[IO_POLL_MANY];
    struct jn_ring_entry none;
    size_t count;
    bool good = is(fs_pipe(client, 0, &ends[0], &ends[1]), JN_OK);
    uint64_t wanted = (uint64_t)IO_READABLE << 32, writable = (uint64_t)IO_WRITABLE << 32;
    for (int i = 0; i <= IO_POLL_MANY; i++)
        items[i] = wanted | ends[0];
    good &= is(poll_many(0, items, 0, ready, &count), JN_OK) && !count;
    good &= is(poll_many(0, items, IO_POLL_MANY * 8, ready, &count), JN_OK) &&
            count == IO_POLL_MANY && !ready[0] && !ready[IO_POLL_MANY - 1];
    good &= is(poll_many(0, items, (IO_POLL_MANY + 1) * 8, ready, &count), JN_BAD_MESSAGE);
    good &= is(poll_many(0, items, 12, ready, &count), JN_BAD_ARG);
    items[1] = writable | ends[1];
    items[2] = wanted | 0xfffff;
    good &= is(poll_many(80, items, 4 * 8, ready, &count), JN_OK) && count == 4 && !ready[0] &&
            ready[1] == IO_WRITABLE && ready[2] == IO_ERROR && !ready[3];
    /* The first was armed, once, and what stands behind one that was ready was not. */
    good &= put(client, ends[1], "x") && next_event(80, IO_READABLE);
    good &= is(poll_many(81, items, 8, ready, &count), JN_OK) && ready[0] == IO_READABLE;
    good &= is(io_close(client, ends[1]), JN_OK);
    return good && !jn_ring_next(&ring, &none) && is(io_close(client, ends[0]), JN_OK);
}

static bool map(uint64_t open, uint64_t address, uint32_t access, jn_status_t wanted)
{
    uint64_t mapped;
    return is(dataspace_map(client, open, 0, address, PAGE, access, 0, &mapped), wanted);
}

static bool mapped_at(uint64_t address)
{
    uint32_t rights = 0, order, bits;
    return jn_task_page(JN_CAP_TASK, address, &rights, &order, &bits) == JN_OK && rights;
}

/* A mapped file and a read file are the same frames; cutting takes them away. */
static bool mappings(void)
{
    uint64_t open, address = jn_reserve(PAGE, 12);
    volatile char *memory = (volatile char *)address;
    bool good = is(open_path(client, "/tmp/mapped", FS_OPEN_CREATE, 3, &open), JN_OK) &&
                put(client, open, "in the file");
    good &= map(open, address, JN_R, JN_BUSY) &&
            is(client_set_space(client, JN_CAP_TASK), JN_OK) && map(open, address, JN_R, JN_OK);
    good &= memory[3] == 't' && memory[100] == 0;
    good &= map(open, address, JN_R | JN_W, JN_OK);
    if (!good)
        return false;
    memory[0] = 'I';
    good &= holds(client, open, 0, "In the file");
    good &= is(io_truncate(client, open, 0), JN_OK) && !mapped_at(address) &&
            map(open, address, JN_R, JN_RANGE);
    good &= is(io_close(client, open), JN_OK);
    /* A page of the image, shared until somebody writes the file. */
    good &= is(open_path(client, "/etc/manifest", 0, 3, &open), JN_OK) &&
            map(open, address, JN_R | JN_X, JN_OK);
    char first = memory[0];
    uint64_t done;
    good &= is(io_write(client, open, 0, 1, 0, 0, jn_window("!", 1), &done), JN_OK) &&
            !mapped_at(address) && map(open, address, JN_R, JN_OK) && memory[0] == '!';
    good &= is(io_write(client, open, 0, 1, 0, 0, jn_window(&first, 1), &done), JN_OK) &&
            memory[0] == first;
    return good && is(io_close(client, open), JN_OK);
}

static bool processes(void)
{
    cap_t task_admin, child, own;
    uint64_t pid, open, done;
    char text[128];
    bool good = is(jn_name_wait("svc/task", &task_admin), JN_OK) &&
                is(task_create(task_admin, 0, 0, &pid, &child), JN_OK) &&
                is(task_set_info(child, TASK_INFO_NAME, 6, jn_window("native", 6)), JN_OK) &&
                is(client_create(fs_admin, pid, 0, 0, &own), JN_OK);
    good &= is(open_path(own, "/proc/self/comm", 0, 1, &open), JN_OK) &&
            holds(own, open, 0, "native\n");
    good &= is(open_path(own, "/proc/self/stat", 0, 1, &open), JN_OK) &&
            is(io_read(own, open, 0, sizeof text, 0, 0, jn_window(text, sizeof text), &done),
               JN_OK) && done > 40 && (uint64_t)(text[0] - '0') <= 9;
    good &= is(open_path(own, "/proc/self/fd/3", 0, 1, &open), JN_REDIRECT) && open == 3;
    /* fs believes servers/task who a process is, and nobody else. */
    struct task_credentials credentials = {.uid = 5, .euid = 5, .suid = 5, .fsuid = 5,
                                           .gid = 6, .egid = 6, .sgid = 6, .fsgid = 6,
                                           .group_count = 1, .groups = {8}};
    good &= is(open_path(own, "/tmp/private", FS_OPEN_CREATE, 3, &open), JN_OK) &&
            is(fs_set_attributes(own, open, 0, 0, FS_SET_MODE, 0600, 0, 0, 0, 0, 0, 0,
                                 jn_window("", 0)), JN_OK);
    good &= is(task_set_credentials(child, &credentials), JN_OK) &&
            is(open_path(own, "/tmp/private", 0, 1, &open), JN_OK) &&
            is(client_use_credentials(own, child), JN_OK) &&
            is(open_path(own, "/tmp/private", 0, 1, &open), JN_ACCESS) &&
            is(client_use_credentials(own, own), JN_BAD_ARG);
    credentials.fsuid = 0;
    good &= is(task_set_credentials(child, &credentials), JN_NOT_PERMITTED);
    good &= is(task_exit(child, TASK_EXITED, 0), JN_OK);
    jn_cap_delete(child);
    jn_cap_delete(own);
    return good;
}

/* ---- prices ---- */

static uint64_t ticks(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

#define PRICE(name, rounds, expression)                                                           \
    do {                                                                                          \
        bool fine = true;                                                                         \
        uint64_t start = ticks();                                                                 \
        for (unsigned i = 0; i < (rounds); i++)                                                   \
            fine &= (expression) == JN_OK;                                                        \
        jn_log(JN_LOG_INFO, "price %s %lu%s", name, (ticks() - start) / (rounds),                 \
               fine ? "" : " with errors");                                                       \
    } while (0)

static void prices(void)
{
    uint64_t open, done;
    uint32_t flags, access;
    struct io_stat stat;
    static const char path[] = "/tmp/dir/price";
    char *data = jn_map_pages(16);
    if (!data || fs_make_directory(client, 0, 8, 0, 0755, jn_window("/tmp/dir", 8)) != JN_OK ||
        open_path(client, path, FS_OPEN_CREATE, 3, &open) != JN_OK ||
        io_write(client, open, 0, 65536, 0, 0, jn_window(data, 65536), &done) != JN_OK)
        return;
    PRICE("get_flags", 1000, io_get_flags(client, open, &flags, &access));
    PRICE("stat_open", 1000, io_stat(client, open, &stat));
    PRICE("stat_path", 1000, fs_stat_path(client, 0, sizeof path - 1, 0,
                                          jn_window(path, sizeof path - 1), &stat));
    PRICE("read_1", 1000, io_read(client, open, 0, 1, 0, 0, jn_window(data, 1), &done));
    PRICE("write_1", 1000, io_write(client, open, 0, 1, 0, 0, jn_window(data, 1), &done));
    PRICE("read_4k", 1000, io_read(client, open, 0, 4096, 0, 0, jn_window(data, 4096), &done));
    PRICE("read_64k", 200, io_read(client, open, 0, 65536, 0, 0, jn_window(data, 65536), &done));
    PRICE("write_64k", 200, io_write(client, open, 0, 65536, 0, 0, jn_window(data, 65536), &done));
    uint64_t again;
    PRICE("open_close", 1000, open_path(client, path, 0, 1, &again) ?: io_close(client, again));
}

static void start(jn_status_t status, const char *what)
{
    if (status != JN_OK)
        jn_panic("%s: %s", what, jn_status_text(status));
}

int main(void)
{
    jn_log_set_name("fs-client");
    start(supervisor_ready(JN_CAP_SUPERVISOR), "ready");
    start(jn_name_wait("svc/fs", &fs_admin), "svc/fs");
    start(client_create(fs_admin, 0, 0, 0, &client), "client");
    start(jn_signal_create(JN_CAP_POOL, &signal), "signal");
    start(jn_ring_open(client, 64, signal, 1, &ring), "ring");
    result("image", image());
    result("large", large());
    result("clients", clients());
    result("pipes", pipes());
    result("many", many());
    result("mappings", mappings());
    result("processes", processes());
    prices();
    jn_log(JN_LOG_INFO, "%u passed, %u failed", passed, failed);
    start(supervisor_shutdown(JN_CAP_SUPERVISOR, failed ? 1 : 0), "shutdown");
    return 0;
}

/* The two worlds. */
#include "pair.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "dev/device.h"
#include "dev/terminals.h"
#include "fake.h"
#include "janus/idl/client.h"
#include "janus/idl/fs.h"
#include "janus/idl/io.h"
#include "janus/idl/lease.h"
#include "operations/request.h"
#include "page_cache.h"
#include "proc/proc.h"
#include "vfs.h"

#define SLOTS 64
#define LOG_LINES 400

struct slot {
    int linux_fd; /* -1: free */
    uint64_t open;
    int access; /* O_ACCMODE, or O_PATH */
};

uint64_t pair_label;
int pair_verbose;
static struct slot slots[SLOTS];
static char lines[LOG_LINES][200];
static unsigned line_count;
static char directory[64];
static int linux_root;
static uint64_t janus_root;

#define KEPT 64
#define GENERATIONS_AT 0x70000000ull

static struct kept {
    bool used;
    int dir, slot; /* slot -1: a path */
    uint64_t open;
    uint32_t lookup;
    char path[64];
    struct io_stat stat;
    uint32_t slot_of;
    uint64_t generation, names;
} kept[KEPT];
static unsigned kept_next, kept_holding;

static void note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(lines[line_count++ % LOG_LINES], sizeof(lines[0]), format, arguments);
    va_end(arguments);
    if (pair_verbose)
        printf("%s\n", lines[(line_count - 1) % LOG_LINES]);
}

static void fail(const char *format, ...)
{
    va_list arguments;
    unsigned first = line_count > LOG_LINES ? line_count - LOG_LINES : 0;
    for (unsigned i = first; i < line_count; i++)
        fprintf(stderr, "  %s\n", lines[i % LOG_LINES]);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n");
    pair_finish();
    exit(1);
}

static long same(long linux_result, long janus_result)
{
    if (linux_result != janus_result)
        fail("the last one: Linux %ld (%s), Janus %ld (%s)", linux_result,
             linux_result < 0 ? strerror((int)-linux_result) : "", janus_result,
             janus_result < 0 ? strerror((int)-janus_result) : "");
    unsigned last = (line_count - 1) % LOG_LINES;
    size_t length = strlen(lines[last]);
    snprintf(lines[last] + length, sizeof(lines[0]) - length, " = %ld", linux_result);
    return linux_result;
}

static long linux_result(long value)
{
    return value < 0 ? -errno : value;
}

/* As personalities/posix maps them. */
static long errno_of(jn_status_t status)
{
    switch (status) {
    case JN_OK: return 0;
    case JN_BAD_ARG: return -EINVAL;
    case JN_NO_MEMORY: return -ENOMEM;
    case JN_BUSY: return -EBUSY;
    case JN_EXISTS: return -EEXIST;
    case JN_NOT_FOUND: return -ENOENT;
    case JN_WOULD_BLOCK: return -EAGAIN;
    case JN_NOT_PERMITTED: return -EPERM;
    case JN_ACCESS: return -EACCES;
    case JN_NOT_DIRECTORY: return -ENOTDIR;
    case JN_IS_DIRECTORY: return -EISDIR;
    case JN_NOT_EMPTY: return -ENOTEMPTY;
    case JN_NAME_TOO_LONG: return -ENAMETOOLONG;
    case JN_LOOP: return -ELOOP;
    case JN_CROSS_DEVICE: return -EXDEV;
    case JN_NO_SPACE: return -ENOSPC;
    case JN_TOO_BIG: return -EFBIG;
    case JN_BROKEN_PIPE: return -EPIPE;
    case JN_NOT_SEEKABLE: return -ESPIPE;
    case JN_NOT_TERMINAL: return -ENOTTY;
    case JN_NOT_SUPPORTED: return -EOPNOTSUPP;
    case JN_BAD_HANDLE: return -EBADF;
    case JN_NO_DEVICE: return -ENXIO;
    case JN_END_OF_FILE: return -ENXIO;
    case JN_FAULT_AT: return -EFAULT;
    default: return -1000 + status;
    }
}

static struct jn_call *path_call(unsigned window, const char *path)
{
    struct jn_call *call = fake_call(pair_label);
    fake_offer(window, path, strlen(path));
    return call;
}

static uint64_t janus_dir(int dir)
{
    return dir == PAIR_CWD ? janus_root : dir >= 0 && slots[dir].linux_fd >= 0 ? slots[dir].open : 9999;
}

static int linux_dir(int dir)
{
    return dir == PAIR_CWD ? linux_root : dir >= 0 && slots[dir].linux_fd >= 0 ? slots[dir].linux_fd : 9999;
}

/* ---- life ---- */

static void janus_make_root(void)
{
    uint64_t open, device;
    uint32_t kind, created, node_mode;
    struct jn_call *call = path_call(0, "/base/top");
    jn_status_t status =
        fs_operations.open(call, 0, 9, 0, FS_OPEN_DIRECTORY, IO_ACCESS_READ, 0, 0, 0, &open, &kind,
                           &created, &device, &node_mode);
    if (status != JN_OK)
        fail("/base/top: %d", status);
    janus_root = open;
}

void pair_start(void)
{
    umask(0);
    signal(SIGPIPE, SIG_IGN);
    strcpy(directory, access("/dev/shm", W_OK) == 0 ? "/dev/shm/janus-fs-XXXXXX"
                                                    : "/tmp/janus-fs-XXXXXX");
    if (!mkdtemp(directory))
        exit(77);
    chmod(directory, 0777);
    /* One level down, so that ".." looks the same in both worlds as well. */
    int outer = open(directory, O_RDONLY | O_DIRECTORY);
    mkdirat(outer, "top", 0777);
    linux_root = openat(outer, "top", O_RDONLY | O_DIRECTORY);
    close(outer);
    page_cache_init(1 << 15);
    cap_t client = 0;
    if (vfs_init(100000) != JN_OK || device_init() != JN_OK || terminals_init() != JN_OK ||
        proc_init() != JN_OK || sys_init() != JN_OK ||
        client_operations.create(fake_call(1), 7, 0, 0, &client) != JN_OK)
        fail("start");
    pair_label = client >> 8;
    struct jn_call *call = path_call(0, "/base");
    if (fs_operations.make_directory(call, 0, 5, 0, 01777) != JN_OK)
        fail("/base");
    call = path_call(0, "/base");
    if (fs_operations.set_attributes(call, 0, 5, 0, FS_SET_MODE, 0777, 0, 0, 0, 0, 0, 0) != JN_OK)
        fail("mode of /base");
    call = path_call(0, "/base/top");
    if (fs_operations.make_directory(call, 0, 9, 0, 0777) != JN_OK)
        fail("/base/top");
    janus_make_root();
    client_find(pair_label)->uid = geteuid();
    client_find(pair_label)->gid = getegid();
    for (int i = 0; i < SLOTS; i++)
        slots[i].linux_fd = -1;
}

static void empty(const char *path, int dir)
{
    int fd = dir == PAIR_CWD ? dup(linux_root) : openat(dir, path, O_RDONLY | O_DIRECTORY);
    DIR *stream = fdopendir(fd);
    rewinddir(stream);
    for (struct dirent *entry; (entry = readdir(stream));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        if (entry->d_type == DT_DIR) {
            fchmodat(fd, entry->d_name, 0777, 0);
            empty(entry->d_name, fd);
        }
        unlinkat(fd, entry->d_name, entry->d_type == DT_DIR ? AT_REMOVEDIR : 0);
    }
    closedir(stream);
}

static void janus_empty(struct entry *at)
{
    struct entry *child;
    while ((child = directory_next(&at->node->directory, 0))) {
        if (node_is(child->node, MODE_DIRECTORY))
            janus_empty(child);
        struct node *node = child->node;
        if (node_is(node, MODE_DIRECTORY))
            at->node->link_count--;
        else
            node->link_count--;
        directory_detach(&at->node->directory, child);
    }
}

void pair_reset(void)
{
    for (int i = 0; i < SLOTS; i++)
        if (slots[i].linux_fd >= 0)
            pair_close(i);
    empty(".", PAIR_CWD);
    janus_empty(client_open(client_find(pair_label), janus_root)->entry);
    line_count = 0;
    fake_event_count = 0;
    memset(kept, 0, sizeof kept);
}

void pair_finish(void)
{
    for (int i = 0; i < SLOTS; i++)
        if (slots[i].linux_fd >= 0)
            close(slots[i].linux_fd);
    setfsuid(geteuid());
    empty(".", PAIR_CWD);
    unlinkat(linux_root, "../top", AT_REMOVEDIR);
    rmdir(directory);
}

void pair_become(unsigned uid, unsigned gid)
{
    setfsgid(gid);
    setfsuid(uid);
    client_find(pair_label)->uid = uid;
    client_find(pair_label)->gid = gid;
    note("as user %u group %u", uid, gid);
}

/* ---- opens ---- */

static int free_slot(void)
{
    for (int i = 0; i < SLOTS; i++)
        if (slots[i].linux_fd < 0)
            return i;
    fail("no slot left");
    return -1;
}

static uint32_t access_of(int flags)
{
    static const uint32_t table[] = {IO_ACCESS_READ, IO_ACCESS_WRITE,
                                     IO_ACCESS_READ | IO_ACCESS_WRITE, 0};
    return table[flags & O_ACCMODE];
}

long pair_open(int dir, const char *path, int flags, unsigned mode)
{
    int slot = free_slot();
    note("slot %d: open(%d, \"%s\", %#o, %#o)", slot, dir, path, flags, mode);
    uint32_t open_flags = 0;
    if (flags & O_PATH) {
        open_flags = FS_OPEN_PATH | (flags & O_DIRECTORY ? FS_OPEN_DIRECTORY : 0);
    } else {
        open_flags |= flags & O_CREAT ? FS_OPEN_CREATE : 0;
        open_flags |= flags & O_EXCL && flags & O_CREAT ? FS_OPEN_EXCLUSIVE : 0;
        open_flags |= flags & O_TRUNC ? FS_OPEN_TRUNCATE : 0;
        open_flags |= flags & O_DIRECTORY ? FS_OPEN_DIRECTORY : 0;
        open_flags |= flags & O_APPEND ? FS_OPEN_APPEND : 0;
        open_flags |= flags & O_NONBLOCK ? FS_OPEN_NONBLOCK : 0;
    }
    uint32_t lookup = flags & O_NOFOLLOW ? FS_LOOKUP_NOFOLLOW : 0;
    uint64_t number = 0, device;
    uint32_t kind, created, node_mode;
    long linux_fd = linux_result(openat(linux_dir(dir), path, flags, mode));
    jn_status_t status = fs_operations.open(path_call(0, path), janus_dir(dir), strlen(path), lookup,
                                            open_flags, access_of(flags), 7, mode, 0, &number, &kind,
                                            &created, &device, &node_mode);
    if (linux_fd >= 0) {
        slots[slot] = (struct slot){(int)linux_fd, number, flags & (O_ACCMODE | O_PATH)};
        same(slot, status == JN_OK ? slot : errno_of(status));
        return slot;
    }
    return same(linux_fd, status == JN_OK ? slot : errno_of(status));
}

long pair_close(int slot)
{
    for (struct kept *entry = kept; entry < kept + KEPT; entry++)
        if (entry->slot == slot)
            entry->used = false; /* whoever keeps it forgets it with the descriptor */
    note("close(%d)", slot);
    long expected = linux_result(close(slots[slot].linux_fd));
    slots[slot].linux_fd = -1;
    return same(expected, errno_of(io_operations.close(fake_call(pair_label), slots[slot].open)));
}

long pair_duplicate(int slot)
{
    int other = free_slot();
    note("slot %d: dup(%d)", other, slot);
    uint64_t open = 0;
    long fd = linux_result(dup(slots[slot].linux_fd));
    jn_status_t status = io_operations.duplicate(fake_call(pair_label), slots[slot].open, &open);
    slots[other] = (struct slot){(int)fd, open, slots[slot].access};
    return same(fd < 0 ? fd : other, status == JN_OK ? other : errno_of(status));
}

/* What the core checks itself: EBADF for the wrong direction. */
static bool may(int slot, int mode)
{
    int access = slots[slot].access;
    if (access & O_PATH)
        return false;
    return (access & O_ACCMODE) == O_RDWR || (access & O_ACCMODE) == mode;
}

static unsigned char linux_bytes[1 << 19], janus_bytes[1 << 19];

long pair_read(int slot, unsigned length, long offset)
{
    note("read(%d, %u, at %ld)", slot, length, offset);
    memset(linux_bytes, 0xee, length);
    memset(janus_bytes, 0xee, length);
    int fd = slots[slot].linux_fd;
    long expected = linux_result(offset == -1 ? read(fd, linux_bytes, length)
                                              : pread(fd, linux_bytes, length, offset));
    uint64_t done = 0;
    struct jn_call *call = fake_call(pair_label);
    fake_offer(0, janus_bytes, length);
    jn_status_t status = io_operations.read(call, slots[slot].open, offset, length, 0, 0, &done);
    long got = status == JN_OK ? (long)done : status == JN_ACCESS ? -EBADF : errno_of(status);
    same(expected, got);
    if (memcmp(linux_bytes, janus_bytes, length) != 0)
        fail("the last one: different bytes");
    return got;
}

long pair_write(int slot, unsigned length, long offset)
{
    static unsigned char fill;
    fill++;
    note("write(%d, %u, at %ld) of %#x", slot, length, offset, fill);
    memset(linux_bytes, fill, length);
    int fd = slots[slot].linux_fd;
    long expected = linux_result(offset == -1 ? write(fd, linux_bytes, length)
                                              : pwrite(fd, linux_bytes, length, offset));
    uint64_t done = 0;
    struct jn_call *call = fake_call(pair_label);
    fake_offer(0, linux_bytes, length);
    jn_status_t status = io_operations.write(call, slots[slot].open, offset, length, 0, 0, &done);
    long got = status == JN_OK ? (long)done : status == JN_ACCESS ? -EBADF : errno_of(status);
    return same(expected, got);
}

long pair_seek(int slot, long offset, int whence)
{
    note("seek(%d, %ld, %d)", slot, offset, whence);
    int64_t position = 0;
    long expected = linux_result(lseek(slots[slot].linux_fd, offset, whence));
    jn_status_t status = io_operations.seek(fake_call(pair_label), slots[slot].open, offset,
                                            (uint32_t)whence, &position);
    return same(expected, status == JN_OK ? (long)position : errno_of(status));
}

long pair_truncate(int slot, long size)
{
    note("truncate(%d, %ld)", slot, size);
    long expected = linux_result(ftruncate(slots[slot].linux_fd, size));
    long got = size < 0 ? -EINVAL
                        : errno_of(io_operations.truncate(fake_call(pair_label), slots[slot].open,
                                                          (uint64_t)size));
    return same(expected, got);
}

long pair_allocate(int slot, int mode, long offset, long length)
{
    note("allocate(%d, %d, %ld, %ld)", slot, mode, offset, length);
    long expected = linux_result(fallocate(slots[slot].linux_fd, mode, offset, length));
    jn_status_t status = io_operations.allocate(fake_call(pair_label), slots[slot].open,
                                                (uint32_t)mode, offset, length);
    long got = status == JN_ACCESS ? -EBADF : status == JN_NO_DEVICE ? -ENODEV : errno_of(status);
    return same(expected, got);
}

/* ---- stat ---- */

static void compare_stat(const struct stat *a, const struct io_stat *b)
{
    uint64_t blocks = (uint64_t)a->st_blocks;
    if (a->st_mode != b->mode || a->st_nlink != b->link_count || a->st_uid != b->uid ||
        a->st_gid != b->gid || (uint64_t)a->st_size != b->size ||
        (S_ISREG(a->st_mode) && blocks != b->blocks))
        fail("the last one: Linux mode %o links %lu owner %u:%u size %ld blocks %lu, "
             "Janus mode %o links %u owner %u:%u size %lu blocks %lu",
             a->st_mode, a->st_nlink, a->st_uid, a->st_gid, a->st_size, blocks, b->mode,
             b->link_count, b->uid, b->gid, b->size, b->blocks);
}

long pair_stat(int dir, const char *path, int follow)
{
    note("stat(%d, \"%s\", follow %d)", dir, path, follow);
    struct stat expected;
    struct io_stat got;
    long result =
        linux_result(fstatat(linux_dir(dir), path, &expected, follow ? 0 : AT_SYMLINK_NOFOLLOW));
    jn_status_t status = fs_operations.stat_path(path_call(0, path), janus_dir(dir), strlen(path),
                                                 follow ? 0 : FS_LOOKUP_NOFOLLOW, &got);
    same(result, errno_of(status));
    if (result == 0)
        compare_stat(&expected, &got);
    return result;
}

long pair_status(int slot)
{
    note("fstat(%d)", slot);
    struct stat expected;
    struct io_stat got;
    long result = linux_result(fstat(slots[slot].linux_fd, &expected));
    jn_status_t status = io_operations.stat(fake_call(pair_label), slots[slot].open, &got);
    same(result, errno_of(status));
    if (result == 0 && !S_ISFIFO(expected.st_mode))
        compare_stat(&expected, &got);
    return result;
}

/* ---- what was kept ---- */

static const uint64_t *generations(void)
{
    uint32_t access = 0;
    const uint64_t *page = fake_mapped(GENERATIONS_AT, &access);
    if (!page && lease_operations.watch(fake_call(pair_label), GENERATIONS_AT, 1) != JN_OK)
        fail("no page of generations");
    page = page ? page : fake_mapped(GENERATIONS_AT, &access);
    if (access != JN_R)
        fail("generations can be written");
    return page;
}

static void keep(const struct kept *entry, jn_status_t status)
{
    if (status == JN_OK && entry->slot_of)
        kept[kept_next++ % KEPT] = *entry;
}

void pair_keep(int dir, const char *path, int follow)
{
    struct kept entry = {true, dir, -1, 0, follow ? 0 : FS_LOOKUP_NOFOLLOW, "", {0}, 0, 0, 0};
    note("keep(%d, \"%s\", follow %d)", dir, path, follow);
    snprintf(entry.path, sizeof entry.path, "%s", path);
    keep(&entry, lease_operations.stat_path(path_call(0, path), janus_dir(dir), strlen(path),
                                            entry.lookup, &entry.stat, &entry.slot_of,
                                            &entry.generation, &entry.names));
}

void pair_keep_status(int slot)
{
    struct kept entry = {true, 0, slot, slots[slot].open, 0, "", {0}, 0, 0, 0};
    note("keep(%d)", slot);
    keep(&entry, lease_operations.stat(fake_call(pair_label), entry.open, &entry.stat,
                                       &entry.slot_of, &entry.generation));
}

void pair_check_kept(void)
{
    const uint64_t *now = generations();
    kept_holding = 0;
    for (struct kept *entry = kept; entry < kept + KEPT; entry++) {
        struct io_stat got;
        if (!entry->used || now[entry->slot_of] != entry->generation)
            continue;
        jn_status_t status;
        if (entry->slot >= 0) {
            status = io_operations.stat(fake_call(pair_label), entry->open, &got);
        } else {
            if (now[0] != entry->names)
                continue;
            status = fs_operations.stat_path(path_call(0, entry->path), janus_dir(entry->dir),
                                             strlen(entry->path), entry->lookup, &got);
        }
        kept_holding++;
        if (status != JN_OK || memcmp(&got, &entry->stat, sizeof got))
            fail("what was kept of \"%s\" (slot %d) holds no more: status %d, mode %o %o, size %lu "
                 "%lu, links %u %u, blocks %lu %lu",
                 entry->path, entry->slot, status, entry->stat.mode, got.mode, entry->stat.size,
                 got.size, entry->stat.link_count, got.link_count, entry->stat.blocks, got.blocks);
    }
}

unsigned pair_kept(void)
{
    return kept_holding;
}

/* ---- names ---- */

long pair_mkdir(int dir, const char *path, unsigned mode)
{
    note("mkdir(%d, \"%s\", %o)", dir, path, mode);
    long expected = linux_result(mkdirat(linux_dir(dir), path, mode));
    return same(expected, errno_of(fs_operations.make_directory(path_call(0, path), janus_dir(dir),
                                                                strlen(path), 0, mode)));
}

long pair_fifo(int dir, const char *path, unsigned mode)
{
    note("mkfifo(%d, \"%s\", %o)", dir, path, mode);
    long expected = linux_result(mkfifoat(linux_dir(dir), path, mode));
    return same(expected, errno_of(fs_operations.make_node(path_call(0, path), janus_dir(dir),
                                                           strlen(path), 0, S_IFIFO | mode, 0)));
}

long pair_unlink(int dir, const char *path)
{
    note("unlink(%d, \"%s\")", dir, path);
    long expected = linux_result(unlinkat(linux_dir(dir), path, 0));
    return same(expected, errno_of(fs_operations.remove(path_call(0, path), janus_dir(dir),
                                                        strlen(path), 0, FS_REMOVE_FILE)));
}

long pair_rmdir(int dir, const char *path)
{
    note("rmdir(%d, \"%s\")", dir, path);
    long expected = linux_result(unlinkat(linux_dir(dir), path, AT_REMOVEDIR));
    return same(expected, errno_of(fs_operations.remove(path_call(0, path), janus_dir(dir),
                                                        strlen(path), 0, FS_REMOVE_DIRECTORY)));
}

long pair_rename(int dir, const char *path, int new_dir, const char *new_path, unsigned flags)
{
    note("rename(%d, \"%s\", %d, \"%s\", %u)", dir, path, new_dir, new_path, flags);
    long expected =
        linux_result(renameat2(linux_dir(dir), path, linux_dir(new_dir), new_path, flags));
    struct jn_call *call = path_call(0, path);
    fake_offer(1, new_path, strlen(new_path));
    return same(expected,
                errno_of(fs_operations.rename(call, janus_dir(dir), strlen(path),
                                              janus_dir(new_dir), strlen(new_path), 0, flags)));
}

long pair_link(int dir, const char *path, int new_dir, const char *new_path, int follow)
{
    note("link(%d, \"%s\", %d, \"%s\", follow %d)", dir, path, new_dir, new_path, follow);
    long expected = linux_result(linkat(linux_dir(dir), path, linux_dir(new_dir), new_path,
                                        follow ? AT_SYMLINK_FOLLOW : 0));
    struct jn_call *call = path_call(0, path);
    fake_offer(1, new_path, strlen(new_path));
    return same(expected, errno_of(fs_operations.link(call, janus_dir(dir), strlen(path),
                                                      janus_dir(new_dir), strlen(new_path),
                                                      follow ? 0 : FS_LOOKUP_NOFOLLOW)));
}

long pair_symlink(const char *target, int dir, const char *path)
{
    note("symlink(\"%s\", %d, \"%s\")", target, dir, path);
    long expected = linux_result(symlinkat(target, linux_dir(dir), path));
    struct jn_call *call = path_call(1, path);
    fake_offer(0, target, strlen(target));
    return same(expected, errno_of(fs_operations.make_symlink(call, strlen(target), janus_dir(dir),
                                                              strlen(path), 0)));
}

long pair_readlink(int dir, const char *path)
{
    note("readlink(%d, \"%s\")", dir, path);
    uint64_t length = 0;
    long expected = linux_result(readlinkat(linux_dir(dir), path, (char *)linux_bytes, 100));
    struct jn_call *call = path_call(0, path);
    fake_offer(1, janus_bytes, 100);
    jn_status_t status =
        fs_operations.read_symlink(call, janus_dir(dir), strlen(path), 0, 100, &length);
    same(expected, status == JN_OK ? (long)length : errno_of(status));
    if (expected > 0 && memcmp(linux_bytes, janus_bytes, (size_t)expected))
        fail("the last one: different targets");
    return expected;
}

long pair_access(int dir, const char *path, int mode)
{
    note("access(%d, \"%s\", %d)", dir, path, mode);
    long expected = linux_result(faccessat(linux_dir(dir), path, mode, AT_EACCESS));
    uint32_t wanted = (mode & R_OK ? IO_ACCESS_READ : 0) | (mode & W_OK ? IO_ACCESS_WRITE : 0) |
                      (mode & X_OK ? IO_ACCESS_EXECUTE : 0);
    return same(expected, errno_of(fs_operations.access(path_call(0, path), janus_dir(dir),
                                                        strlen(path), 0, wanted)));
}

long pair_chmod(int dir, const char *path, unsigned mode)
{
    note("chmod(%d, \"%s\", %o)", dir, path, mode);
    long expected = linux_result(fchmodat(linux_dir(dir), path, mode, 0));
    return same(expected,
                errno_of(fs_operations.set_attributes(path_call(0, path), janus_dir(dir),
                                                      strlen(path), 0, FS_SET_MODE, mode, 0, 0, 0,
                                                      0, 0, 0)));
}

long pair_chown(int dir, const char *path, unsigned uid, unsigned gid)
{
    note("chown(%d, \"%s\", %d, %d)", dir, path, (int)uid, (int)gid);
    long expected = linux_result(fchownat(linux_dir(dir), path, uid, gid, 0));
    uint32_t mask = (uid != -1u ? FS_SET_OWNER : 0) | (gid != -1u ? FS_SET_GROUP : 0);
    return same(expected,
                errno_of(fs_operations.set_attributes(path_call(0, path), janus_dir(dir),
                                                      strlen(path), 0, mask, 0, uid, gid, 0, 0, 0,
                                                      0)));
}

struct names {
    char name[512][64];
    unsigned count;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void add_name(struct names *names, const char *name, size_t length, unsigned type)
{
    if (names->count < 512)
        snprintf(names->name[names->count++], 64, "%.*s:%u", (int)length, name, type);
}

static jn_status_t janus_list(uint64_t open, struct names *names)
{
    _Alignas(8) static char buffer[600];
    uint64_t position = 0, done, next;
    for (;;) {
        struct jn_call *call = fake_call(pair_label);
        fake_offer(0, buffer, sizeof(buffer));
        jn_status_t status =
            fs_operations.read_directory(call, open, position, sizeof(buffer), &done, &next);
        if (status != JN_OK || done == 0)
            return status;
        for (uint64_t at = 0; at < done;) {
            struct fs_entry *entry = (struct fs_entry *)(buffer + at);
            add_name(names, buffer + at + sizeof(*entry), entry->name_length,
                     (entry->mode & S_IFMT) >> 12);
            if (at + entry->entry_length == done && entry->next != next)
                fail("read_directory: next is %lu, the last entry's %lu", next, entry->next);
            at += entry->entry_length;
        }
        position = next;
    }
}

static void compare_names(struct names *a, struct names *b)
{
    qsort(a->name, a->count, 64, by_name);
    qsort(b->name, b->count, 64, by_name);
    for (unsigned i = 0; i < a->count || i < b->count; i++) {
        const char *x = i < a->count ? a->name[i] : "-", *y = i < b->count ? b->name[i] : "-";
        if (strcmp(x, y))
            fail("a directory: Linux has %s, Janus %s", x, y);
    }
}

long pair_list(int dir, const char *path)
{
    static struct names expected, got;
    expected.count = got.count = 0;
    long slot = pair_open(dir, path, O_RDONLY | O_DIRECTORY, 0);
    if (slot < 0)
        return slot;
    note("list \"%s\"", path);
    int fd = dup(slots[slot].linux_fd);
    DIR *stream = fdopendir(fd);
    errno = 0;
    for (struct dirent *entry; (entry = readdir(stream));)
        add_name(&expected, entry->d_name, strlen(entry->d_name), entry->d_type);
    long error = -errno;
    closedir(stream);
    jn_status_t status = janus_list(slots[slot].open, &got);
    /* readdir(3) hides ENOENT of a removed directory. */
    if (!(status == JN_NOT_FOUND && expected.count == 0))
        same(error, errno_of(status));
    compare_names(&expected, &got);
    pair_close((int)slot);
    return error;
}

/* ---- locks ---- */

long pair_flock(int slot, int operation)
{
    note("flock(%d, %d)", slot, operation);
    long expected = linux_result(flock(slots[slot].linux_fd, operation | LOCK_NB));
    uint32_t kind = operation == LOCK_SH   ? IO_LOCK_SHARED
                    : operation == LOCK_EX ? IO_LOCK_EXCLUSIVE
                                           : IO_LOCK_NONE;
    return same(expected, errno_of(io_operations.lock(fake_call(pair_label), slots[slot].open, kind,
                                                      IO_LOCK_DESCRIPTION, 0, 0, 0)));
}

static uint32_t lock_kind(int type)
{
    return type == F_RDLCK ? IO_LOCK_SHARED : type == F_WRLCK ? IO_LOCK_EXCLUSIVE : IO_LOCK_NONE;
}

long pair_lock(int slot, int type, long start, long length)
{
    note("lock(%d, %d, %ld, %ld)", slot, type, start, length);
    struct flock lock = {.l_type = (short)type, .l_start = start, .l_len = length};
    long expected = linux_result(fcntl(slots[slot].linux_fd, F_OFD_SETLK, &lock));
    long got = -EBADF;
    if (type == F_UNLCK || may(slot, type == F_RDLCK ? O_RDONLY : O_WRONLY))
        got = errno_of(io_operations.lock(fake_call(pair_label), slots[slot].open, lock_kind(type),
                                          IO_LOCK_OPEN, (uint64_t)start, (uint64_t)length, 0));
    return same(expected, got);
}

long pair_test_lock(int slot, int type, long start, long length)
{
    note("test lock(%d, %d, %ld, %ld)", slot, type, start, length);
    struct flock lock = {.l_type = (short)type, .l_start = start, .l_len = length};
    long expected = linux_result(fcntl(slots[slot].linux_fd, F_OFD_GETLK, &lock));
    uint32_t kind = 0;
    uint64_t lock_start = 0, lock_length = 0, pid;
    jn_status_t status = io_operations.test_lock(fake_call(pair_label), slots[slot].open,
                                                 lock_kind(type), IO_LOCK_OPEN, (uint64_t)start,
                                                 (uint64_t)length, &kind, &lock_start, &lock_length,
                                                 &pid);
    same(expected, errno_of(status));
    /* With several locks in the way it is not said which one is told. */
    if (expected == 0 && lock_kind(lock.l_type) != kind &&
        (kind == IO_LOCK_NONE || lock.l_type == F_UNLCK))
        fail("the last one: Linux type %d, Janus kind %u", lock.l_type, kind);
    return expected;
}

/* ---- pipes ---- */

long pair_pipe(int out[2])
{
    int fds[2];
    uint64_t opens[2];
    note("pipe");
    long expected = linux_result(pipe2(fds, O_NONBLOCK));
    jn_status_t status = fs_operations.pipe(fake_call(pair_label), IO_FLAG_NONBLOCK, &opens[0],
                                            &opens[1]);
    for (int i = 0; i < 2; i++) {
        out[i] = free_slot();
        slots[out[i]] = (struct slot){fds[i], opens[i], i ? O_WRONLY : O_RDONLY};
    }
    return same(expected, errno_of(status));
}

long pair_poll(int slot, int events)
{
    note("poll(%d, %#x)", slot, events);
    struct pollfd entry = {.fd = slots[slot].linux_fd, .events = (short)events};
    uint32_t ready = 0;
    poll(&entry, 1, 0);
    jn_status_t status =
        io_operations.poll(fake_call(pair_label), slots[slot].open, (uint32_t)events, 0, &ready);
    long got = (long)ready;
    if (status == JN_BAD_HANDLE)
        got = POLLNVAL;
    else if (status != JN_OK)
        got = errno_of(status);
    return same(entry.revents, got);
}

long pair_readable(int slot)
{
    note("readable bytes(%d)", slot);
    int bytes = 0;
    long expected = linux_result(ioctl(slots[slot].linux_fd, FIONREAD, &bytes));
    uint64_t result = 0;
    jn_status_t status = io_operations.control(fake_call(pair_label), slots[slot].open,
                                               IO_CONTROL_READABLE_BYTES, 0, 0, &result);
    return same(expected < 0 ? expected : bytes, status == JN_OK ? (long)result : errno_of(status));
}

long pair_pipe_size(int slot, long size)
{
    note("pipe size(%d, %ld)", slot, size);
    long expected = linux_result(size < 0 ? fcntl(slots[slot].linux_fd, F_GETPIPE_SZ)
                                          : fcntl(slots[slot].linux_fd, F_SETPIPE_SZ, size));
    uint64_t result = 0;
    jn_status_t status =
        io_operations.control(fake_call(pair_label), slots[slot].open,
                              size < 0 ? IO_CONTROL_PIPE_SIZE : IO_CONTROL_SET_PIPE_SIZE,
                              (uint64_t)size, 0, &result);
    return same(expected, status == JN_OK ? (long)result : errno_of(status));
}

/* ---- everything ---- */

static void compare_contents(const char *path)
{
    long slot = pair_open(PAIR_CWD, path, O_RDONLY | O_NOFOLLOW, 0);
    if (slot < 0)
        return;
    while (pair_read((int)slot, 1 << 16, -1) > 0)
        ;
    pair_close((int)slot);
}

static void compare_below(const char *path)
{
    pair_list(PAIR_CWD, path);
    int fd = openat(linux_root, path, O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return;
    DIR *stream = fdopendir(fd);
    for (struct dirent *entry; (entry = readdir(stream));) {
        char name[1024];
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        pair_stat(PAIR_CWD, name, 0);
        pair_stat(PAIR_CWD, name, 1);
        if (entry->d_type == DT_DIR)
            compare_below(name);
        else if (entry->d_type == DT_REG)
            compare_contents(name);
        else if (entry->d_type == DT_LNK)
            pair_readlink(PAIR_CWD, name);
    }
    closedir(stream);
}

void pair_compare(void)
{
    compare_below(".");
}

/* ---- times ---- */

static void read_times(const char *path, int64_t linux_times[3], int64_t janus_times[3])
{
    struct stat a;
    struct io_stat b;
    memset(linux_times, 0, 24);
    memset(janus_times, 0, 24);
    if (fstatat(linux_root, path, &a, AT_SYMLINK_NOFOLLOW) == 0) {
        linux_times[0] = a.st_atim.tv_sec * 1000000000ll + a.st_atim.tv_nsec;
        linux_times[1] = a.st_mtim.tv_sec * 1000000000ll + a.st_mtim.tv_nsec;
        linux_times[2] = a.st_ctim.tv_sec * 1000000000ll + a.st_ctim.tv_nsec;
    }
    if (fs_operations.stat_path(path_call(0, path), janus_root, strlen(path), FS_LOOKUP_NOFOLLOW,
                                &b) == JN_OK) {
        janus_times[0] = b.access_ns;
        janus_times[1] = b.modify_ns;
        janus_times[2] = b.change_ns;
    }
}

long pair_times(const char *path, long (*what)(void))
{
    int64_t before[2][3], after[2][3];
    struct timespec pause = {0, 20000000}; /* Linux's stamps have the grain of its tick */
    read_times(path, before[0], before[1]);
    nanosleep(&pause, NULL);
    what();
    read_times(path, after[0], after[1]);
    long changed[2] = {0, 0};
    for (int world = 0; world < 2; world++)
        for (int i = 0; i < 3; i++)
            changed[world] |= before[world][i] != after[world][i] ? 1 << i : 0;
    note("times of \"%s\" (1 access, 2 modification, 4 change)", path);
    return same(changed[0], changed[1]);
}

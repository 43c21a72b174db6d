/* Files, pipes, the registry, objects and time of the host for the Win32 core. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "world_linux.h"

const char *world_root = "/";

static world_status from_errno(void)
{
    switch (errno) {
    case ENOENT: return JN_NOT_FOUND;
    case EEXIST: return JN_EXISTS;
    case EACCES:
    case EPERM: return JN_ACCESS;
    case ENOTDIR: return JN_NOT_DIRECTORY;
    case EISDIR: return JN_IS_DIRECTORY;
    case ENOTEMPTY: return JN_NOT_EMPTY;
    case ENOSPC: return JN_NO_SPACE;
    case EPIPE: return JN_BROKEN_PIPE;
    case ESPIPE: return JN_NOT_SEEKABLE;
    case EBADF: return JN_BAD_HANDLE;
    case EAGAIN: return JN_WOULD_BLOCK;
    case ENAMETOOLONG: return JN_NAME_TOO_LONG;
    case EXDEV: return JN_CROSS_DEVICE;
    case ELOOP: return JN_LOOP;
    default: return JN_IO;
    }
}

/* The host's name of a path of the tree: exact, or without regard to case. The last part may be
 * missing. */
int world_host_path(const char *path, size_t length, char *host, size_t capacity)
{
    size_t at = (size_t)snprintf(host, capacity, "%s", strcmp(world_root, "/") ? world_root : "");
    struct stat st;

    for (size_t i = 0; i < length;) {
        while (i < length && path[i] == '/')
            i++;
        size_t start = i;
        while (i < length && path[i] != '/')
            i++;
        if (i == start)
            break;
        if (at + 1 + i - start + 1 > capacity)
            return -1;
        size_t before = at;
        host[at++] = '/';
        memcpy(host + at, path + start, i - start);
        at += i - start;
        host[at] = 0;
        if (lstat(host, &st) == 0)
            continue;
        char name[256];
        snprintf(name, sizeof name, "%.*s", (int)(i - start), path + start);
        host[before] = 0;
        DIR *directory = opendir(before ? host : "/");
        struct dirent *entry;
        host[before] = '/';
        while (directory && (entry = readdir(directory)))
            if (!strcasecmp(entry->d_name, name)) {
                memcpy(host + before + 1, entry->d_name, strlen(entry->d_name));
                break;
            }
        if (directory)
            closedir(directory);
    }
    if (!at) {
        host[0] = '/';
        host[1] = 0;
    }
    return 0;
}

static void own(struct world_process *p, int fd)
{
    if (fd >= 0 && fd < 4096)
        p->owned[fd] = 1;
}

static struct {
    bool remove;
    char path[4096];
} marks[4096];

world_status world_file_open_node(struct world_process *p, const char *path, size_t length,
                                  uint32_t flags, uint32_t access, uint32_t share, uint64_t cookie,
                                  struct world_open *open_out, bool *created, uint32_t *node_mode)
{
    char host[4096];
    struct stat st;
    int mode = O_CLOEXEC, fd;

    (void)p;
    (void)share;
    (void)cookie;
    if (world_host_path(path, length, host, sizeof host))
        return JN_NAME_TOO_LONG;
    bool exists = stat(host, &st) == 0;
    *created = !exists;
    if (!exists && !(flags & WORLD_OPEN_CREATE))
        return from_errno();
    if (exists && (flags & WORLD_OPEN_EXCLUSIVE))
        return JN_EXISTS;
    if (exists && (flags & WORLD_OPEN_DIRECTORY) && !S_ISDIR(st.st_mode))
        return JN_NOT_DIRECTORY;
    if (exists && (flags & WORLD_OPEN_NOT_DIRECTORY) && S_ISDIR(st.st_mode))
        return JN_IS_DIRECTORY;
    if (!exists && (flags & WORLD_OPEN_MAKE_DIRECTORY)) {
        if (mkdir(host, 0755))
            return from_errno();
        flags &= ~WORLD_OPEN_CREATE;
    }
    if ((access & 3) == 3)
        mode |= O_RDWR;
    else if (access & WORLD_WRITE)
        mode |= O_WRONLY;
    if (exists && S_ISDIR(st.st_mode) && (access & WORLD_WRITE))
        return JN_IS_DIRECTORY;
    if (flags & WORLD_OPEN_CREATE)
        mode |= O_CREAT;
    if (flags & WORLD_OPEN_TRUNCATE) {
        mode |= O_TRUNC;
        if (!(mode & O_RDWR))
            mode |= O_WRONLY;
    }
    fd = open(host, mode, 0644);
    if (fd < 0)
        return from_errno();
    if (fstat(fd, &st)) {
        close(fd);
        return JN_IO;
    }
    *node_mode = st.st_mode;
    if (fd < 4096) {
        marks[fd].remove = (flags & WORLD_OPEN_DELETE_ON_CLOSE) != 0;
        snprintf(marks[fd].path, sizeof marks[fd].path, "%s", host);
    }
    *open_out = (struct world_open){WORLD_FS, access & 3, (uint64_t)fd};
    own(p, fd);
    return JN_OK;
}

static void fill_stat(const struct stat *st, struct world_stat *out)
{
    memset(out, 0, sizeof *out);
    out->device = st->st_dev;
    out->inode = st->st_ino;
    out->mode = st->st_mode;
    out->link_count = (uint32_t)st->st_nlink;
    out->size = (uint64_t)st->st_size;
    out->blocks = (uint64_t)st->st_blocks;
    out->access_ns = st->st_atim.tv_sec * 1000000000ll + st->st_atim.tv_nsec;
    out->modify_ns = st->st_mtim.tv_sec * 1000000000ll + st->st_mtim.tv_nsec;
    out->change_ns = st->st_ctim.tv_sec * 1000000000ll + st->st_ctim.tv_nsec;
}

world_status world_file_stat_path(struct world_process *p, const char *path, size_t length,
                                  struct world_stat *out)
{
    char host[4096];
    struct stat st;

    (void)p;
    if (world_host_path(path, length, host, sizeof host) || stat(host, &st))
        return from_errno();
    fill_stat(&st, out);
    return JN_OK;
}

void world_answer_keep(struct world_process *p, const uint16_t *name, size_t length,
                       const char *path, size_t path_length,
                       const struct nt_file_network_open *answer)
{
    (void)p, (void)name, (void)length, (void)path, (void)path_length, (void)answer;
}

world_status world_file_stat(struct world_process *p, struct world_open open,
                             struct world_stat *out)
{
    struct stat st;

    (void)p;
    if (fstat((int)open.number, &st))
        return from_errno();
    fill_stat(&st, out);
    return JN_OK;
}

world_status world_file_list(struct world_process *p, struct world_open open, uint64_t position,
                             struct world_entry *entries, size_t capacity, size_t *count,
                             uint64_t *next)
{
    DIR *directory = fdopendir(dup((int)open.number));
    struct dirent *entry;
    uint64_t index = 0;

    (void)p;
    if (!directory)
        return from_errno();
    rewinddir(directory);
    *count = 0;
    while (*count < capacity && (entry = readdir(directory))) {
        struct stat st;
        if (index++ < position)
            continue;
        if (fstatat(dirfd(directory), entry->d_name, &st, 0))
            continue;
        struct world_entry *e = &entries[(*count)++];
        e->inode = st.st_ino;
        e->mode = st.st_mode;
        e->attributes = 0;
        e->size = (uint64_t)st.st_size;
        e->modify_ns = st.st_mtim.tv_sec * 1000000000ll + st.st_mtim.tv_nsec;
        e->birth_ns = 0;
        e->name_length = (uint32_t)strlen(entry->d_name);
        memcpy(e->name, entry->d_name, e->name_length);
    }
    *next = index;
    closedir(directory);
    return JN_OK;
}

world_status world_file_path(struct world_process *p, struct world_open open, char *path,
                             size_t capacity, size_t *length)
{
    char link[64], host[4096];
    ssize_t n;
    size_t skip = strcmp(world_root, "/") ? strlen(world_root) : 0;

    (void)p;
    snprintf(link, sizeof link, "/proc/self/fd/%d", (int)open.number);
    n = readlink(link, host, sizeof host - 1);
    if (n < 0)
        return from_errno();
    host[n] = 0;
    if (strncmp(host, skip ? world_root : "", skip))
        skip = 0;
    *length = (size_t)snprintf(path, capacity, "%s", host + skip);
    return JN_OK;
}

world_status world_file_set_delete(struct world_process *p, struct world_open open, bool on)
{
    struct stat st;

    (void)p;
    if (on && !fstat((int)open.number, &st) && S_ISDIR(st.st_mode)) {
        DIR *directory = fdopendir(dup((int)open.number));
        int count = 0;
        while (directory && readdir(directory))
            count++;
        if (directory)
            closedir(directory);
        if (count > 2)
            return JN_NOT_EMPTY;
    }
    marks[open.number].remove = on;
    return JN_OK;
}

world_status world_file_rename(struct world_process *p, struct world_open open, const char *path,
                               size_t length, bool replace)
{
    char host[4096];

    (void)p;
    if (world_host_path(path, length, host, sizeof host))
        return JN_NAME_TOO_LONG;
    if (!replace && access(host, F_OK) == 0)
        return JN_EXISTS;
    if (rename(marks[open.number].path, host))
        return from_errno();
    snprintf(marks[open.number].path, sizeof marks[0].path, "%s", host);
    return JN_OK;
}

world_status world_file_link(struct world_process *p, struct world_open open, const char *path,
                             size_t length)
{
    char host[4096];

    (void)p;
    if (world_host_path(path, length, host, sizeof host) || link(marks[open.number].path, host))
        return from_errno();
    return JN_OK;
}

world_status world_file_set_attributes(struct world_process *p, struct world_open open,
                                       uint32_t attributes, int64_t access_ns, int64_t modify_ns,
                                       int64_t birth_ns)
{
    struct timespec times[2] = {{0, UTIME_OMIT}, {0, UTIME_OMIT}};

    (void)p;
    (void)birth_ns;
    if (attributes != UINT32_MAX) {
        struct stat st;
        if (fstat((int)open.number, &st))
            return from_errno();
        mode_t mode = attributes & 1 && !S_ISDIR(st.st_mode) ? st.st_mode & ~0222u
                      : st.st_mode & 0222                    ? st.st_mode
                                                             : st.st_mode | 0200;
        if (fchmod((int)open.number, mode & 07777))
            return from_errno();
    }
    if (access_ns != INT64_MIN)
        times[0] = (struct timespec){access_ns / 1000000000, access_ns % 1000000000};
    if (modify_ns != INT64_MIN)
        times[1] = (struct timespec){modify_ns / 1000000000, modify_ns % 1000000000};
    if (futimens((int)open.number, times))
        return from_errno();
    return JN_OK;
}

world_status world_file_space(struct world_process *p, struct world_open open, uint64_t *block,
                              uint64_t *total, uint64_t *available)
{
    struct statvfs st;

    (void)p;
    if (fstatvfs((int)open.number, &st))
        return from_errno();
    *block = st.f_bsize;
    *total = st.f_blocks;
    *available = st.f_bavail;
    return JN_OK;
}

world_status world_file_pipe(struct world_process *p, bool messages, struct world_open *reading,
                             struct world_open *writing)
{
    int fds[2];

    (void)p;
    if (messages) /* the host has no pipe that keeps them apart as NT does */
        return JN_NOT_SUPPORTED;
    if (pipe2(fds, O_CLOEXEC))
        return from_errno();
    *reading = (struct world_open){WORLD_FS, WORLD_READ, (uint64_t)fds[0]};
    *writing = (struct world_open){WORLD_FS, WORLD_WRITE, (uint64_t)fds[1]};
    own(p, fds[0]);
    own(p, fds[1]);
    return JN_OK;
}

/* ---- waiting for descriptors ---- */
static struct {
    int fd;
    short events;
    uint64_t cookie;
} armed[256];
static size_t armed_count;

void world_arm(int fd, short events, uint64_t cookie)
{
    if (cookie && armed_count < 256) {
        armed[armed_count].fd = fd;
        armed[armed_count].events = events;
        armed[armed_count++].cookie = cookie;
    }
}

void world_disarm(struct world_process *p, uint64_t cookie)
{
    (void)p;
    for (size_t i = 0; i < armed_count;)
        if (armed[i].cookie == cookie)
            armed[i] = armed[--armed_count];
        else
            i++;
}

void world_poll_armed(int timeout, int signals)
{
    struct pollfd fds[257];
    size_t count = armed_count;

    for (size_t i = 0; i < count; i++)
        fds[i] = (struct pollfd){armed[i].fd, armed[i].events, 0};
    fds[count] = (struct pollfd){signals, POLLIN, 0};
    if (poll(fds, count + 1, timeout) <= 0)
        return;
    for (size_t i = 0; i < count; i++)
        if (fds[i].revents)
            for (size_t j = 0; j < armed_count; j++)
                if (armed[j].fd == fds[i].fd && armed[j].events == fds[i].events) {
                    uint64_t cookie = armed[j].cookie;
                    armed[j] = armed[--armed_count];
                    nt_core_woken(cookie);
                    break;
                }
}

static bool ready(int fd, short events, uint64_t cookie)
{
    struct pollfd one = {fd, events, 0};

    if (poll(&one, 1, 0) > 0)
        return true;
    world_arm(fd, events, cookie);
    return false;
}

/* ---- io ---- */
world_status world_io_get(struct world_process *p, struct world_open open, int64_t offset,
                          void *buffer, uint64_t length, bool peek, uint64_t cookie,
                          uint64_t *done)
{
    ssize_t n;

    (void)p;
    *done = 0;
    if (peek)
        return JN_NOT_SUPPORTED;
    if (offset < 0 && !ready((int)open.number, POLLIN, cookie))
        return JN_WOULD_BLOCK;
    n = offset < 0 ? read((int)open.number, buffer, length)
                   : pread((int)open.number, buffer, length, offset);
    if (n < 0)
        return from_errno();
    *done = (uint64_t)n;
    return JN_OK;
}

world_status world_io_get_message(struct world_process *p, struct world_open open, void *buffer,
                                  uint64_t length, bool peek, uint64_t cookie, uint64_t *done,
                                  bool *more)
{
    (void)p, (void)open, (void)buffer, (void)length, (void)peek, (void)cookie;
    *done = 0;
    *more = false;
    return JN_NOT_SUPPORTED;
}

world_status world_io_message_bytes(struct world_process *p, struct world_open open,
                                    uint64_t *bytes)
{
    (void)p, (void)open, (void)bytes;
    return JN_NOT_SUPPORTED;
}

world_status world_io_put(struct world_process *p, struct world_open open, int64_t offset,
                          const void *buffer, uint64_t length, uint64_t cookie, uint64_t *done)
{
    ssize_t n;

    (void)p;
    *done = 0;
    if (offset < 0 && !ready((int)open.number, POLLOUT, cookie))
        return JN_WOULD_BLOCK;
    if (offset < 0 && length > 4096) {
        struct stat st;
        if (!fstat((int)open.number, &st) && S_ISFIFO(st.st_mode))
            length = 4096;
    }
    n = offset < 0 ? write((int)open.number, buffer, length)
                   : pwrite((int)open.number, buffer, length, offset);
    if (n < 0)
        return from_errno();
    *done = (uint64_t)n;
    return JN_OK;
}

world_status world_io_read(struct world_process *p, struct world_open open, int64_t offset,
                           uint64_t address, uint64_t length, bool peek, uint64_t cookie,
                           uint64_t *done)
{
    void *buffer = malloc(length + 1);
    size_t copied;
    world_status status = world_io_get(p, open, offset, buffer, length, peek, cookie, done);

    if (status == JN_OK)
        status = world_memory_write(p, address, buffer, *done, &copied);
    free(buffer);
    return status;
}

world_status world_io_write(struct world_process *p, struct world_open open, int64_t offset,
                            uint64_t address, uint64_t length, bool append, uint64_t cookie,
                            uint64_t *done)
{
    void *buffer = malloc(length + 1);
    size_t copied;
    world_status status = world_memory_read(p, address, buffer, length, &copied);

    if (append)
        lseek((int)open.number, 0, SEEK_END);
    if (status == JN_OK)
        status = world_io_put(p, open, offset, buffer, length, cookie, done);
    free(buffer);
    return status;
}

world_status world_io_seek(struct world_process *p, struct world_open open, int64_t offset,
                           uint32_t whence, int64_t *position)
{
    off_t at = lseek((int)open.number, offset, (int)whence);

    (void)p;
    if (at < 0)
        return from_errno();
    *position = at;
    return JN_OK;
}

world_status world_io_truncate(struct world_process *p, struct world_open open, uint64_t size)
{
    (void)p;
    return ftruncate((int)open.number, (off_t)size) ? from_errno() : JN_OK;
}

world_status world_io_sync(struct world_process *p, struct world_open open)
{
    (void)p;
    (void)open;
    return JN_OK;
}

world_status world_io_poll(struct world_process *p, struct world_open open, uint32_t events,
                           uint64_t cookie, uint32_t *result)
{
    struct pollfd one = {(int)open.number, (short)(events & 5), 0};

    (void)p;
    *result = poll(&one, 1, 0) > 0 ? (uint32_t)one.revents : 0;
    if (!*result)
        world_arm((int)open.number, one.events, cookie);
    return JN_OK;
}

world_status world_io_lock(struct world_process *p, struct world_open open, uint32_t kind,
                           uint64_t start, uint64_t length, uint64_t cookie)
{
    struct flock lock = {.l_type = (short)(kind == 0   ? F_UNLCK
                                           : kind == 1 ? F_RDLCK
                                                       : F_WRLCK),
                         .l_start = (off_t)(start & INT64_MAX),
                         .l_len = (off_t)(length & INT64_MAX)};

    (void)p;
    (void)cookie;
    if (fcntl((int)open.number, F_OFD_SETLK, &lock) == 0)
        return JN_OK;
    return errno == EAGAIN ? JN_LOCKED : JN_OK;
}

world_status world_io_duplicate(struct world_process *p, struct world_open open,
                                struct world_open *copy)
{
    (void)p;
    *copy = open;
    copy->number = (uint64_t)fcntl((int)open.number, F_DUPFD_CLOEXEC, 3);
    own(p, (int)copy->number);
    return JN_OK;
}

void world_io_close(struct world_process *p, struct world_open open)
{
    (void)p;
    if (open.number < 4096 && marks[open.number].remove) {
        marks[open.number].remove = false;
        if (unlink(marks[open.number].path))
            rmdir(marks[open.number].path);
    }
    if (open.number < 4096)
        p->owned[open.number] = 0;
    close((int)open.number);
}

void world_files_drop(struct world_process *p)
{
    for (int fd = 0; fd < 4096; fd++)
        if (p->owned[fd])
            world_io_close(p, (struct world_open){WORLD_FS, 0, (uint64_t)fd});
}

world_status world_io_transfer(struct world_process *p, struct world_open open,
                               struct world_process *target, struct world_open *copy)
{
    (void)p;
    return world_io_duplicate(target, open, copy);
}

world_status world_io_readable_bytes(struct world_process *p, struct world_open open,
                                     uint64_t *bytes)
{
    int n = 0;

    (void)p;
    if (ioctl((int)open.number, FIONREAD, &n))
        return from_errno();
    *bytes = (uint64_t)n;
    return JN_OK;
}

world_status world_console_control(struct world_process *p, struct world_open open, uint32_t code,
                                   const void *input, uint32_t input_length, void *output,
                                   uint32_t capacity, uint64_t cookie, uint32_t *output_length)
{
    (void)p, (void)open, (void)code, (void)input, (void)input_length, (void)output;
    (void)capacity, (void)cookie, (void)output_length;
    return JN_NOT_TERMINAL;
}

world_status world_console_open(struct world_process *p, struct world_open *input,
                                struct world_open *output)
{
    (void)p, (void)input, (void)output;
    return JN_NO_DEVICE;
}

/* ---- time and chance ---- */
uint64_t world_time_monotonic(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

int64_t world_time_real(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

void world_random(void *buffer, size_t length)
{
    if (getrandom(buffer, length, 0) < 0)
        memset(buffer, 7, length);
}

uint64_t world_cpus(void)
{
    return (1ull << world_cpu_count()) - 1;
}

uint32_t world_cpu_count(void)
{
    return 1;
}

uint64_t world_ram_pages(void)
{
    return 1u << 18;
}

uint64_t world_ram_free_pages(void)
{
    return 1u << 17;
}

void world_log(const char *format, ...)
{
    va_list arguments;

    fputs("log: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

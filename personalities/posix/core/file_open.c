/* Making descriptors from paths: open(2) and its relatives, pipes, memory files. */
#include <string.h>

#include "descriptors.h"
#include "janus/runtime.h"
#include "linux/file.h"
#include "path.h"
#include "status.h"
#include "syscalls.h"
#include "user.h"
#include "wait.h"

static uint32_t access_of(uint32_t flags)
{
    switch (flags & LX_O_ACCMODE) {
    case 0:
        return IO_ACCESS_READ;
    case LX_O_WRONLY:
        return IO_ACCESS_WRITE;
    default:
        return IO_ACCESS_READ | IO_ACCESS_WRITE;
    }
}

static uint32_t open_flags_of(uint32_t flags)
{
    uint32_t result = 0;
    if (flags & LX_O_PATH)
        return FS_OPEN_PATH | (flags & LX_O_DIRECTORY ? FS_OPEN_DIRECTORY : 0);
    if (flags & LX_O_CREAT)
        result |= FS_OPEN_CREATE;
    if (flags & LX_O_EXCL && flags & LX_O_CREAT)
        result |= FS_OPEN_EXCLUSIVE;
    if (flags & LX_O_TRUNC)
        result |= FS_OPEN_TRUNCATE;
    if (flags & LX_O_DIRECTORY)
        result |= FS_OPEN_DIRECTORY;
    if (flags & LX_O_APPEND)
        result |= FS_OPEN_APPEND;
    if (flags & LX_O_NONBLOCK)
        result |= FS_OPEN_NONBLOCK;
    if (flags & LX_O_NOCTTY)
        result |= BACKEND_OPEN_NO_CONTROLLING;
    return result;
}

/* open of /dev/stdin, /proc/self/fd/N: Linux opens the object behind anew; what has no name of its own
 * to be opened by (a terminal, an event descriptor) is duplicated, which nobody can tell apart. */
static long reopen(struct thread *t, uint64_t fd, uint32_t flags, uint32_t mode,
                   struct backend_open *open)
{
    struct process *p = t->process;
    struct descriptor *d = descriptor_get(p, fd);
    uint32_t created;
    if (!d)
        return -LX_ENOENT;
    if (d->open.server == BACKEND_FS && d->kind != DESCRIPTOR_PAIR) {
        struct backend_path path = {d->open.number, "", 0, FS_LOOKUP_EMPTY};
        jn_status_t status = backend_fs_open(
            &p->clients, &path,
            open_flags_of(flags & ~(uint32_t)(LX_O_CREAT | LX_O_EXCL)) |
                (flags & LX_O_NONBLOCK ? 0 : FS_OPEN_NONBLOCK),
            access_of(flags), 7, mode, 0, open, &created);
        if (status == JN_OK && !(flags & LX_O_NONBLOCK) && !(flags & LX_O_PATH)) {
            uint32_t now = 0, access = 0;
            if (backend_io_get_flags(&p->clients, *open, &now, &access) == JN_OK &&
                backend_io_set_flags(&p->clients, *open, now & ~(uint32_t)IO_FLAG_NONBLOCK) !=
                    JN_OK)
                jn_log(JN_LOG_WARNING, "a reopened descriptor stays non-blocking");
        }
        return errno_of(status);
    }
    if (d->kind != DESCRIPTOR_OPEN)
        return -LX_ENXIO;
    return errno_of(backend_io_duplicate(&p->clients, d->open, open));
}

static long do_open(struct thread *t, uint64_t dirfd, uint64_t address, uint32_t flags,
                    uint32_t mode)
{
    struct process *p = t->process;
    struct backend_path path;
    if ((flags & LX_O_TMPFILE) == LX_O_TMPFILE && (flags & LX_O_ACCMODE) == 0)
        return -LX_EINVAL;
    long error = path_get(t, dirfd, address, 0, flags & LX_O_NOFOLLOW ? FS_LOOKUP_NOFOLLOW : 0, 0,
                          &path);
    if (error)
        return error;
    struct descriptor d = {.kind = flags & LX_O_PATH ? DESCRIPTOR_PATH : DESCRIPTOR_OPEN,
                           .close_on_exec = !!(flags & LX_O_CLOEXEC),
                           .access = access_of(flags)};
    if (p->descriptors.count >= descriptors_limit(p))
        return -LX_EMFILE;
    uint32_t created = 0;
    mode = mode & 07777 & ~p->umask;
    jn_status_t status;
    if ((flags & LX_O_TMPFILE) == LX_O_TMPFILE) {
        struct io_stat stat;
        status = backend_fs_stat(&p->clients, &path, &stat);
        if (status == JN_OK && (stat.mode & LX_S_IFMT) != LX_S_IFDIR)
            return -LX_ENOTDIR;
        if (status == JN_OK)
            status = backend_fs_temporary(&p->clients, mode, &d.open);
    } else {
        status = backend_fs_open(&p->clients, &path, open_flags_of(flags), access_of(flags), 7,
                                 mode, t->handle, &d.open, &created);
    }
    if (status == JN_WOULD_BLOCK) { /* a FIFO waits for its other end */
        wait_armed(t, BACKEND_FS);
        return wait_for(t, WAIT_FOREVER, -LX_ERESTARTSYS);
    }
    if (status != JN_OK)
        return errno_of(status);
    if (d.open.server == BACKEND_DESCRIPTOR) {
        error = reopen(t, d.open.number, flags, mode, &d.open);
        if (error)
            return error;
    }
    long fd = descriptor_add(p, &d, 0);
    if (fd < 0)
        backend_io_close(&p->clients, d.open);
    return fd;
}

long sys_open(struct thread *t, const uint64_t *a)
{
    return do_open(t, (uint64_t)LX_AT_FDCWD, a[0], (uint32_t)a[1], (uint32_t)a[2]);
}

long sys_openat(struct thread *t, const uint64_t *a)
{
    return do_open(t, a[0], a[1], (uint32_t)a[2], (uint32_t)a[3]);
}

long sys_creat(struct thread *t, const uint64_t *a)
{
    return do_open(t, (uint64_t)LX_AT_FDCWD, a[0], LX_O_CREAT | LX_O_WRONLY | LX_O_TRUNC,
                   (uint32_t)a[1]);
}

long sys_close(struct thread *t, const uint64_t *a)
{
    return descriptor_close(t->process, a[0]);
}

long sys_close_range(struct thread *t, const uint64_t *a)
{
    struct process *p = t->process;
    uint32_t first = (uint32_t)a[0], last = (uint32_t)a[1], flags = (uint32_t)a[2];
    if (first > last || (flags & ~6u))
        return -LX_EINVAL;
    /* CLOSE_RANGE_UNSHARE: tables are shared by the threads of one process only. */
    for (uint32_t fd = first; fd < p->descriptors.size && fd <= last; fd++) {
        if (!p->descriptors.table[fd].kind)
            continue;
        if (flags & 4)
            p->descriptors.table[fd].close_on_exec = 1;
        else
            descriptor_close(p, fd);
    }
    return 0;
}

static long make_pipe(struct thread *t, uint64_t address, uint32_t flags)
{
    struct process *p = t->process;
    if (flags & ~(uint32_t)(LX_O_CLOEXEC | LX_O_NONBLOCK | LX_O_DIRECT))
        return -LX_EINVAL;
    struct descriptor ends[2] = {
        {.kind = DESCRIPTOR_OPEN, .close_on_exec = !!(flags & LX_O_CLOEXEC),
         .access = IO_ACCESS_READ},
        {.kind = DESCRIPTOR_OPEN, .close_on_exec = !!(flags & LX_O_CLOEXEC),
         .access = IO_ACCESS_WRITE},
    };
    uint32_t open_flags = flags & LX_O_NONBLOCK ? IO_FLAG_NONBLOCK : 0;
    jn_status_t status =
        backend_fs_pipe(&p->clients, open_flags, &ends[0].open, &ends[1].open);
    if (status != JN_OK)
        return errno_of(status);
    long read_fd = descriptor_add(p, &ends[0], 0);
    long write_fd = read_fd < 0 ? read_fd : descriptor_add(p, &ends[1], 0);
    if (write_fd < 0) {
        if (read_fd >= 0)
            descriptor_close(p, (uint64_t)read_fd);
        else
            backend_io_close(&p->clients, ends[0].open);
        backend_io_close(&p->clients, ends[1].open);
        return write_fd;
    }
    int32_t fds[2] = {(int32_t)read_fd, (int32_t)write_fd};
    if (user_write(t, address, fds, sizeof fds)) {
        descriptor_close(p, (uint64_t)read_fd);
        descriptor_close(p, (uint64_t)write_fd);
        return -LX_EFAULT;
    }
    return 0;
}

long sys_pipe(struct thread *t, const uint64_t *a)
{
    return make_pipe(t, a[0], 0);
}

long sys_pipe2(struct thread *t, const uint64_t *a)
{
    return make_pipe(t, a[0], (uint32_t)a[1]);
}

long sys_memfd_create(struct thread *t, const uint64_t *a)
{
    struct process *p = t->process;
    char name[250];
    long length = user_string(t, name, a[0], sizeof name);
    if (length < 0)
        return length == -LX_ENAMETOOLONG ? -LX_EINVAL : length;
    if (a[1] & ~0x1full) /* CLOEXEC, ALLOW_SEALING, HUGETLB (refused), NOEXEC_SEAL, EXEC */
        return -LX_EINVAL;
    if (a[1] & 4)
        return -LX_ENOSYS;
    struct descriptor d = {.kind = DESCRIPTOR_OPEN, .close_on_exec = a[1] & 1,
                           .access = IO_ACCESS_READ | IO_ACCESS_WRITE};
    jn_status_t status = backend_fs_temporary(&p->clients, 0777, &d.open);
    if (status != JN_OK)
        return errno_of(status);
    long fd = descriptor_add(p, &d, 0);
    if (fd < 0)
        backend_io_close(&p->clients, d.open);
    return fd;
}

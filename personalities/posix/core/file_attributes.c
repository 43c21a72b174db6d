/* Changing what files are: modes, owners, times, sizes. */
#include <string.h>

#include "descriptors.h"
#include "janus/backend/time.h"
#include "linux/file.h"
#include "path.h"
#include "status.h"
#include "syscalls.h"
#include "user.h"

#define CWD ((uint64_t)LX_AT_FDCWD)
#define UTIME_NOW 0x3fffffff
#define UTIME_OMIT 0x3ffffffe

static long set_path(struct thread *t, uint64_t dirfd, uint64_t address, uint32_t flags,
                     const struct backend_attributes *attributes)
{
    struct backend_path path;
    long error = path_get(t, dirfd, address, flags,
                          flags & LX_AT_SYMLINK_NOFOLLOW ? FS_LOOKUP_NOFOLLOW : 0, 0, &path);
    if (error)
        return error;
    jn_status_t status = backend_fs_set_attributes(&t->process->clients, &path, attributes);
    if (status == JN_REDIRECT) {
        long fd = path_descriptor(t, &path);
        struct descriptor *d = fd >= 0 ? descriptor_get(t->process, (uint64_t)fd) : NULL;
        if (!d || d->open.server != BACKEND_FS)
            return -LX_EPERM;
        path = (struct backend_path){d->open.number, "", 0, FS_LOOKUP_EMPTY};
        status = backend_fs_set_attributes(&t->process->clients, &path, attributes);
    }
    return errno_of(status);
}

static long set_descriptor(struct thread *t, uint64_t fd,
                           const struct backend_attributes *attributes)
{
    struct descriptor *d = descriptor_io(t->process, fd);
    if (!d)
        return -LX_EBADF;
    if (d->open.server != BACKEND_FS)
        return d->open.server == BACKEND_CONSOLE ? 0 : -LX_EINVAL;
    struct backend_path path = {d->open.number, "", 0, FS_LOOKUP_EMPTY};
    return errno_of(backend_fs_set_attributes(&t->process->clients, &path, attributes));
}

static struct backend_attributes mode_of(uint64_t mode)
{
    return (struct backend_attributes){.mask = FS_SET_MODE, .mode = (uint32_t)mode & 07777};
}

long sys_chmod(struct thread *t, const uint64_t *a)
{
    struct backend_attributes attributes = mode_of(a[1]);
    return set_path(t, CWD, a[0], 0, &attributes);
}

long sys_fchmodat(struct thread *t, const uint64_t *a)
{
    struct backend_attributes attributes = mode_of(a[2]);
    return set_path(t, a[0], a[1], 0, &attributes);
}

long sys_fchmod(struct thread *t, const uint64_t *a)
{
    struct backend_attributes attributes = mode_of(a[1]);
    return set_descriptor(t, a[0], &attributes);
}

static struct backend_attributes owner_of(uint64_t uid, uint64_t gid)
{
    struct backend_attributes attributes = {.uid = (uint32_t)uid, .gid = (uint32_t)gid};
    if ((uint32_t)uid != UINT32_MAX)
        attributes.mask |= FS_SET_OWNER;
    if ((uint32_t)gid != UINT32_MAX)
        attributes.mask |= FS_SET_GROUP;
    return attributes;
}

long sys_chown(struct thread *t, const uint64_t *a)
{
    struct backend_attributes attributes = owner_of(a[1], a[2]);
    return set_path(t, CWD, a[0], 0, &attributes);
}

long sys_lchown(struct thread *t, const uint64_t *a)
{
    struct backend_attributes attributes = owner_of(a[1], a[2]);
    return set_path(t, CWD, a[0], LX_AT_SYMLINK_NOFOLLOW, &attributes);
}

long sys_fchownat(struct thread *t, const uint64_t *a)
{
    struct backend_attributes attributes = owner_of(a[2], a[3]);
    if (a[4] & ~(uint64_t)(LX_AT_SYMLINK_NOFOLLOW | LX_AT_EMPTY_PATH))
        return -LX_EINVAL;
    return set_path(t, a[0], a[1], (uint32_t)a[4], &attributes);
}

long sys_fchown(struct thread *t, const uint64_t *a)
{
    struct backend_attributes attributes = owner_of(a[1], a[2]);
    return set_descriptor(t, a[0], &attributes);
}

/* ---- times ---- */

static long times_of(const struct lx_timespec times[2], struct backend_attributes *attributes)
{
    memset(attributes, 0, sizeof *attributes);
    int64_t now = backend_time_real();
    if (!times || (times[0].tv_nsec == UTIME_NOW && times[1].tv_nsec == UTIME_NOW)) {
        attributes->mask = FS_SET_ACCESS_TIME | FS_SET_MODIFY_TIME | FS_SET_NOW;
        return 0;
    }
    for (int i = 0; i < 2; i++) {
        int64_t *to = i ? &attributes->modify_ns : &attributes->access_ns;
        if (times[i].tv_nsec == UTIME_OMIT)
            continue;
        if (times[i].tv_nsec != UTIME_NOW && (times[i].tv_nsec < 0 || times[i].tv_nsec > 999999999))
            return -LX_EINVAL;
        attributes->mask |= i ? FS_SET_MODIFY_TIME : FS_SET_ACCESS_TIME;
        *to = times[i].tv_nsec == UTIME_NOW ? now
                                            : times[i].tv_sec * 1000000000 + times[i].tv_nsec;
    }
    return 0;
}

static long set_times(struct thread *t, uint64_t dirfd, uint64_t path, uint32_t flags,
                      const struct lx_timespec times[2])
{
    struct backend_attributes attributes;
    long error = times_of(times, &attributes);
    if (error || !attributes.mask)
        return error;
    if (!path && (int32_t)dirfd != LX_AT_FDCWD)
        return set_descriptor(t, dirfd, &attributes);
    return set_path(t, dirfd, path, flags, &attributes);
}

long sys_utimensat(struct thread *t, const uint64_t *a)
{
    struct lx_timespec times[2];
    if (a[3] & ~(uint64_t)(LX_AT_SYMLINK_NOFOLLOW | LX_AT_EMPTY_PATH))
        return -LX_EINVAL;
    if (a[2] && user_read(t, times, a[2], sizeof times))
        return -LX_EFAULT;
    return set_times(t, a[0], a[1], (uint32_t)a[3], a[2] ? times : NULL);
}

static long set_timevals(struct thread *t, uint64_t dirfd, uint64_t path, uint64_t address)
{
    struct lx_timeval values[2];
    struct lx_timespec times[2];
    if (!address)
        return set_times(t, dirfd, path, 0, NULL);
    if (user_read(t, values, address, sizeof values))
        return -LX_EFAULT;
    for (int i = 0; i < 2; i++) {
        if (values[i].tv_usec < 0 || values[i].tv_usec > 999999)
            return -LX_EINVAL;
        times[i] = (struct lx_timespec){values[i].tv_sec, values[i].tv_usec * 1000};
    }
    return set_times(t, dirfd, path, 0, times);
}

long sys_utimes(struct thread *t, const uint64_t *a)
{
    return set_timevals(t, CWD, a[0], a[1]);
}

long sys_futimesat(struct thread *t, const uint64_t *a)
{
    return set_timevals(t, a[0], a[1], a[2]);
}

long sys_utime(struct thread *t, const uint64_t *a)
{
    int64_t seconds[2];
    if (!a[1])
        return set_times(t, CWD, a[0], 0, NULL);
    if (user_read(t, seconds, a[1], sizeof seconds))
        return -LX_EFAULT;
    struct lx_timespec times[2] = {{seconds[0], 0}, {seconds[1], 0}};
    return set_times(t, CWD, a[0], 0, times);
}

/* ---- sizes and durability ---- */

long sys_truncate(struct thread *t, const uint64_t *a)
{
    struct backend_path path;
    struct backend_open open;
    if ((int64_t)a[1] < 0)
        return -LX_EINVAL;
    long error = path_get(t, CWD, a[0], 0, 0, 0, &path);
    if (error)
        return error;
    struct io_stat stat;
    jn_status_t status = backend_fs_stat(&t->process->clients, &path, &stat);
    if (status == JN_OK && (stat.mode & LX_S_IFMT) == LX_S_IFDIR)
        return -LX_EISDIR;
    if (status == JN_OK && (stat.mode & LX_S_IFMT) != LX_S_IFREG)
        return -LX_EINVAL;
    error = path_open(t->process, &path, 0, IO_ACCESS_WRITE, &open);
    if (error)
        return error;
    status = backend_io_truncate(&t->process->clients, open, a[1]);
    backend_io_close(&t->process->clients, open);
    return errno_of(status);
}

long sys_ftruncate(struct thread *t, const uint64_t *a)
{
    struct descriptor *d = descriptor_io(t->process, a[0]);
    if (!d)
        return -LX_EBADF;
    if ((int64_t)a[1] < 0 || d->kind != DESCRIPTOR_OPEN)
        return -LX_EINVAL;
    jn_status_t status = backend_io_truncate(&t->process->clients, d->open, a[1]);
    return status == JN_ACCESS ? -LX_EINVAL : errno_of(status);
}

long sys_fallocate(struct thread *t, const uint64_t *a)
{
    struct descriptor *d = descriptor_io(t->process, a[0]);
    if (!d)
        return -LX_EBADF;
    if ((int64_t)a[2] < 0 || (int64_t)a[3] <= 0)
        return -LX_EINVAL;
    jn_status_t status = backend_io_allocate(&t->process->clients, d->open, (uint32_t)a[1],
                                             (int64_t)a[2], (int64_t)a[3]);
    return status == JN_ACCESS          ? -LX_EBADF
           : status == JN_NOT_SUPPORTED ? -LX_EOPNOTSUPP
           : status == JN_NO_DEVICE     ? -LX_ENODEV
           : status == JN_NOT_SEEKABLE  ? -LX_ESPIPE
                                        : errno_of(status);
}

static long do_sync(struct thread *t, uint64_t fd)
{
    struct descriptor *d = descriptor_io(t->process, fd);
    if (!d)
        return -LX_EBADF;
    if (d->kind != DESCRIPTOR_OPEN)
        return -LX_EINVAL;
    jn_status_t status = backend_io_sync(&t->process->clients, d->open);
    return status == JN_NOT_SUPPORTED || status == JN_NOT_SEEKABLE ? -LX_EINVAL
                                                                   : errno_of(status);
}

long sys_fsync(struct thread *t, const uint64_t *a)
{
    return do_sync(t, a[0]);
}

long sys_fdatasync(struct thread *t, const uint64_t *a)
{
    return do_sync(t, a[0]);
}

/* What a file server holds in memory only is as durable as it gets once the write was answered. */
long sys_sync(struct thread *t, const uint64_t *a)
{
    (void)t, (void)a;
    return 0;
}

long sys_syncfs(struct thread *t, const uint64_t *a)
{
    return descriptor_get(t->process, a[0]) ? 0 : -LX_EBADF;
}

long sys_fadvise64(struct thread *t, const uint64_t *a)
{
    struct descriptor *d = descriptor_get(t->process, a[0]);
    struct io_stat stat;
    if (!d || d->kind == DESCRIPTOR_PATH)
        return -LX_EBADF;
    if (d->kind != DESCRIPTOR_OPEN || a[3] > 5)
        return -LX_EINVAL;
    if (backend_io_stat(&t->process->clients, d->open, &stat) == JN_OK &&
        (stat.mode & LX_S_IFMT) == LX_S_IFIFO)
        return -LX_ESPIPE;
    return 0; /* advice; everything is in memory */
}

long sys_readahead(struct thread *t, const uint64_t *a)
{
    struct descriptor *d = descriptor_io(t->process, a[0]);
    return d ? 0 : -LX_EBADF;
}

/* ---- extended attributes: no file system here has them ---- */

#define XATTR(name, result)                                                              \
    long sys_##name(struct thread *t, const uint64_t *a)                                 \
    {                                                                                    \
        (void)t, (void)a;                                                                \
        return result;                                                                   \
    }
XATTR(setxattr, -LX_EOPNOTSUPP)
XATTR(lsetxattr, -LX_EOPNOTSUPP)
XATTR(fsetxattr, -LX_EOPNOTSUPP)
XATTR(getxattr, -LX_EOPNOTSUPP)
XATTR(lgetxattr, -LX_EOPNOTSUPP)
XATTR(fgetxattr, -LX_EOPNOTSUPP)
XATTR(listxattr, -LX_EOPNOTSUPP)
XATTR(llistxattr, -LX_EOPNOTSUPP)
XATTR(flistxattr, -LX_EOPNOTSUPP)
XATTR(removexattr, -LX_EOPNOTSUPP)
XATTR(lremovexattr, -LX_EOPNOTSUPP)
XATTR(fremovexattr, -LX_EOPNOTSUPP)

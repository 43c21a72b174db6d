/* Names in the tree: making, removing, renaming, linking. */
#include <string.h>

#include "descriptors.h"
#include "linux/file.h"
#include "path.h"
#include "status.h"
#include "syscalls.h"
#include "user.h"

#define CWD ((uint64_t)LX_AT_FDCWD)

static long do_mkdir(struct thread *t, uint64_t dirfd, uint64_t address, uint32_t mode)
{
    struct backend_path path;
    long error = path_get(t, dirfd, address, 0, 0, 0, &path);
    if (error)
        return error;
    return errno_of(backend_fs_make_directory(&t->process->clients, &path,
                                              mode & 01777 & ~t->process->umask));
}

long sys_mkdir(struct thread *t, const uint64_t *a)
{
    return do_mkdir(t, CWD, a[0], (uint32_t)a[1]);
}

long sys_mkdirat(struct thread *t, const uint64_t *a)
{
    return do_mkdir(t, a[0], a[1], (uint32_t)a[2]);
}

static long do_mknod(struct thread *t, uint64_t dirfd, uint64_t address, uint32_t mode,
                     uint64_t device)
{
    struct backend_path path;
    long error = path_get(t, dirfd, address, 0, 0, 0, &path);
    if (error)
        return error;
    switch (mode & LX_S_IFMT) {
    case 0:
        mode |= LX_S_IFREG;
        break;
    case LX_S_IFREG:
    case LX_S_IFCHR:
    case LX_S_IFBLK:
    case LX_S_IFIFO:
    case LX_S_IFSOCK:
        break;
    case LX_S_IFDIR:
        return -LX_EPERM;
    default:
        return -LX_EINVAL;
    }
    mode = (mode & LX_S_IFMT) | (mode & 07777 & ~t->process->umask);
    return errno_of(backend_fs_make_node(&t->process->clients, &path, mode, device));
}

long sys_mknod(struct thread *t, const uint64_t *a)
{
    return do_mknod(t, CWD, a[0], (uint32_t)a[1], a[2]);
}

long sys_mknodat(struct thread *t, const uint64_t *a)
{
    return do_mknod(t, a[0], a[1], (uint32_t)a[2], a[3]);
}

static long do_remove(struct thread *t, uint64_t dirfd, uint64_t address, uint32_t kind)
{
    struct backend_path path;
    long error = path_get(t, dirfd, address, 0, FS_LOOKUP_NOFOLLOW, 0, &path);
    if (error)
        return error;
    return errno_of(backend_fs_remove(&t->process->clients, &path, kind));
}

long sys_unlink(struct thread *t, const uint64_t *a)
{
    return do_remove(t, CWD, a[0], FS_REMOVE_FILE);
}

long sys_rmdir(struct thread *t, const uint64_t *a)
{
    return do_remove(t, CWD, a[0], FS_REMOVE_DIRECTORY);
}

long sys_unlinkat(struct thread *t, const uint64_t *a)
{
    if (a[2] & ~(uint64_t)LX_AT_REMOVEDIR)
        return -LX_EINVAL;
    return do_remove(t, a[0], a[1],
                     a[2] & LX_AT_REMOVEDIR ? FS_REMOVE_DIRECTORY : FS_REMOVE_FILE);
}

static long do_rename(struct thread *t, uint64_t from_dir, uint64_t from, uint64_t to_dir,
                      uint64_t to, uint32_t flags)
{
    struct backend_path old, new;
    if (flags & ~3u || flags == 3)
        return -LX_EINVAL; /* RENAME_WHITEOUT: as file systems without it */
    long error = path_get(t, from_dir, from, 0, FS_LOOKUP_NOFOLLOW, 0, &old);
    if (!error)
        error = path_get(t, to_dir, to, 0, FS_LOOKUP_NOFOLLOW, 1, &new);
    if (error)
        return error;
    return errno_of(backend_fs_rename(&t->process->clients, &old, &new, flags));
}

long sys_rename(struct thread *t, const uint64_t *a)
{
    return do_rename(t, CWD, a[0], CWD, a[1], 0);
}

long sys_renameat(struct thread *t, const uint64_t *a)
{
    return do_rename(t, a[0], a[1], a[2], a[3], 0);
}

long sys_renameat2(struct thread *t, const uint64_t *a)
{
    return do_rename(t, a[0], a[1], a[2], a[3], (uint32_t)a[4]);
}

static long do_link(struct thread *t, uint64_t from_dir, uint64_t from, uint64_t to_dir,
                    uint64_t to, uint32_t flags)
{
    struct backend_path old, new;
    const struct backend_clients *c = &t->process->clients;
    if (flags & ~(uint32_t)(LX_AT_SYMLINK_FOLLOW | LX_AT_EMPTY_PATH))
        return -LX_EINVAL;
    long error = path_get(t, from_dir, from, flags,
                          flags & LX_AT_SYMLINK_FOLLOW ? 0 : FS_LOOKUP_NOFOLLOW, 0, &old);
    if (!error)
        error = path_get(t, to_dir, to, 0, FS_LOOKUP_NOFOLLOW, 1, &new);
    if (error)
        return error;
    if (!old.length)
        return errno_of(backend_fs_link_open(c, old.dir, &new));
    jn_status_t status = backend_fs_link(c, &old, &new);
    if (status == JN_REDIRECT) { /* linkat(AT_FDCWD, "/proc/self/fd/N", ..., AT_SYMLINK_FOLLOW) */
        long fd = path_descriptor(t, &old);
        struct descriptor *d = fd >= 0 ? descriptor_get(t->process, (uint64_t)fd) : NULL;
        if (d && d->open.server == BACKEND_FS)
            status = backend_fs_link_open(c, d->open.number, &new);
    }
    return errno_of(status);
}

long sys_link(struct thread *t, const uint64_t *a)
{
    return do_link(t, CWD, a[0], CWD, a[1], 0);
}

long sys_linkat(struct thread *t, const uint64_t *a)
{
    return do_link(t, a[0], a[1], a[2], a[3], (uint32_t)a[4]);
}

static long do_symlink(struct thread *t, uint64_t target, uint64_t dirfd, uint64_t address)
{
    struct backend_path path;
    long length = user_string(t, core_scratch, target, LX_PATH_MAX);
    if (length < 0)
        return length;
    if (!length)
        return -LX_ENOENT;
    long error = path_get(t, dirfd, address, 0, FS_LOOKUP_NOFOLLOW, 0, &path);
    if (error)
        return error;
    return errno_of(backend_fs_make_symlink(&t->process->clients, core_scratch, (size_t)length,
                                            &path));
}

long sys_symlink(struct thread *t, const uint64_t *a)
{
    return do_symlink(t, a[0], CWD, a[1]);
}

long sys_symlinkat(struct thread *t, const uint64_t *a)
{
    return do_symlink(t, a[0], a[1], a[2]);
}

static long do_readlink(struct thread *t, uint64_t dirfd, uint64_t address, uint64_t buffer,
                        uint64_t size)
{
    struct backend_path path;
    size_t length = 0;
    if ((int32_t)size <= 0)
        return -LX_EINVAL;
    long error = path_get(t, dirfd, address, LX_AT_EMPTY_PATH, FS_LOOKUP_NOFOLLOW, 0, &path);
    if (error)
        return error;
    if (!path.length && (int32_t)dirfd == LX_AT_FDCWD)
        return -LX_ENOENT;
    jn_status_t status = backend_fs_read_symlink(&t->process->clients, &path, core_scratch,
                                                 LX_PATH_MAX, &length);
    if (status == JN_REDIRECT) {
        long fd = path_descriptor(t, &path);
        struct descriptor *d = fd >= 0 ? descriptor_get(t->process, (uint64_t)fd) : NULL;
        if (!d)
            return -LX_ENOENT;
        length = process_descriptor_name(t->process, d, core_scratch, LX_PATH_MAX);
        status = JN_OK;
    }
    if (status != JN_OK)
        return errno_of(status);
    if (length > size)
        length = size;
    return user_write(t, buffer, core_scratch, length) ? -LX_EFAULT : (long)length;
}

long sys_readlink(struct thread *t, const uint64_t *a)
{
    return do_readlink(t, CWD, a[0], a[1], a[2]);
}

long sys_readlinkat(struct thread *t, const uint64_t *a)
{
    return do_readlink(t, a[0], a[1], a[2], a[3]);
}

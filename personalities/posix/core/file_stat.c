/* What files are: stat(2), statx(2), access(2), statfs(2). */
#include <string.h>

#include "descriptors.h"
#include "linux/file.h"
#include "path.h"
#include "quick.h"
#include "stat_cache.h"
#include "status.h"
#include "syscalls.h"
#include "user.h"

static struct lx_timespec timespec_of(int64_t ns)
{
    struct lx_timespec time = {ns / 1000000000, ns % 1000000000};
    if (time.tv_nsec < 0) {
        time.tv_nsec += 1000000000;
        time.tv_sec--;
    }
    return time;
}

static struct lx_stat stat_of(const struct io_stat *s)
{
    return (struct lx_stat){
        .st_dev = s->device, .st_ino = s->inode, .st_nlink = s->link_count, .st_mode = s->mode,
        .st_uid = s->uid, .st_gid = s->gid, .st_rdev = s->device_id,
        .st_size = (int64_t)s->size, .st_blksize = s->block_size ? s->block_size : 4096,
        .st_blocks = (int64_t)s->blocks, .st_atim = timespec_of(s->access_ns),
        .st_mtim = timespec_of(s->modify_ns), .st_ctim = timespec_of(s->change_ns),
    };
}

/* Descriptors that live in the core: an anonymous inode, as Linux shows them. */
static void stat_anonymous(struct io_stat *stat)
{
    memset(stat, 0, sizeof *stat);
    stat->device = 14;
    stat->inode = 1;
    stat->mode = 0600;
    stat->link_count = 1;
    stat->block_size = 4096;
}

/* How an answer may be kept: watch.slot 0 if not at all. */
struct keeping {
    struct backend_question question;
    struct backend_watch watch;
};

static long stat_descriptor(struct thread *t, uint64_t fd, struct io_stat *stat,
                            struct keeping *keeping)
{
    struct descriptor *d = descriptor_get(t->process, fd);
    if (!d)
        return -LX_EBADF;
    if (d->kind == DESCRIPTOR_EPOLL || d->kind == DESCRIPTOR_SIGNAL) {
        stat_anonymous(stat);
        return 0;
    }
    if (d->open.server == BACKEND_FS &&
        (d->kind == DESCRIPTOR_OPEN || d->kind == DESCRIPTOR_PATH) && keeping) {
        stat_ask_descriptor(&keeping->question, t->process, (uint32_t)fd);
        if (stat_cache_wants(t->process, &keeping->question))
            return errno_of(backend_io_stat_watched(&t->process->clients, d->open, stat,
                                                    &keeping->watch));
    }
    long error = errno_of(backend_io_stat(&t->process->clients, d->open, stat));
    if (!error && d->kind == DESCRIPTOR_PAIR)
        stat->mode = (stat->mode & 07777) | LX_S_IFSOCK;
    return error;
}

/* stat of any path form; AT_EMPTY_PATH with "" is the descriptor itself. */
static long stat_path(struct thread *t, uint64_t dirfd, uint64_t address, uint32_t flags,
                      struct io_stat *stat, struct keeping *keeping)
{
    struct backend_path path;
    long error = path_get(t, dirfd, address, flags,
                          flags & LX_AT_SYMLINK_NOFOLLOW ? FS_LOOKUP_NOFOLLOW : 0, 0, &path);
    if (error == -LX_EINVAL) /* "" of a descriptor that is not the file server's */
        return stat_descriptor(t, dirfd, stat, keeping);
    if (error)
        return error;
    if (!path.length && (int32_t)dirfd != LX_AT_FDCWD)
        return stat_descriptor(t, dirfd, stat, keeping);
    jn_status_t status;
    if (keeping && ((int32_t)dirfd == LX_AT_FDCWD || path.path[0] == '/') &&
        stat_ask_path(&keeping->question, t->process, path.path, path.length,
                      flags & LX_AT_SYMLINK_NOFOLLOW) &&
        stat_cache_wants(t->process, &keeping->question))
        status = backend_fs_stat_watched(&t->process->clients, &path, stat, &keeping->watch);
    else
        status = backend_fs_stat(&t->process->clients, &path, stat);
    if (status == JN_REDIRECT) {
        long fd = path_descriptor(t, &path);
        if (fd >= 0)
            return stat_descriptor(t, (uint64_t)fd, stat, NULL);
    }
    return errno_of(status);
}

static long give_stat(struct thread *t, uint64_t address, const struct io_stat *s,
                      const struct keeping *keeping)
{
    struct lx_stat out = stat_of(s);
    long error = user_write(t, address, &out, sizeof out);
    if (!error && keeping->watch.slot)
        stat_cache_keep(t->process, &keeping->question, &out, &keeping->watch);
    return error;
}

static long do_stat(struct thread *t, uint64_t dirfd, uint64_t path, uint64_t address,
                    uint32_t flags)
{
    struct io_stat stat;
    struct keeping keeping;
    keeping.watch.slot = 0;
    long error = stat_path(t, dirfd, path, flags, &stat, &keeping);
    return error ? error : give_stat(t, address, &stat, &keeping);
}

long sys_stat(struct thread *t, const uint64_t *a)
{
    return do_stat(t, (uint64_t)LX_AT_FDCWD, a[0], a[1], 0);
}

long sys_lstat(struct thread *t, const uint64_t *a)
{
    return do_stat(t, (uint64_t)LX_AT_FDCWD, a[0], a[1], LX_AT_SYMLINK_NOFOLLOW);
}

long sys_fstat(struct thread *t, const uint64_t *a)
{
    struct io_stat stat;
    struct keeping keeping;
    keeping.watch.slot = 0;
    long error = stat_descriptor(t, a[0], &stat, &keeping);
    return error ? error : give_stat(t, a[1], &stat, &keeping);
}

long sys_newfstatat(struct thread *t, const uint64_t *a)
{
    uint32_t flags = (uint32_t)a[3];
    if (flags & ~(uint32_t)(LX_AT_SYMLINK_NOFOLLOW | LX_AT_NO_AUTOMOUNT | LX_AT_EMPTY_PATH))
        return -LX_EINVAL;
    return do_stat(t, a[0], a[1], a[2], flags);
}

/* ---- from the server loop: what is known already ---- */

static int64_t quick_give(struct thread *t, const struct lx_stat *known, uint64_t address)
{
    size_t done = 0;
    uint64_t fault[2];
    if (!known || backend_copy_out(&t->backend, address, known, sizeof *known, &done, fault) != JN_OK)
        return JN_NOT_QUICK;
    return 0;
}

static int64_t quick_path(struct thread *t, uint64_t dirfd, uint64_t path, uint64_t address,
                          bool nofollow)
{
    char text[BACKEND_QUESTION_MOST];
    size_t done = 0;
    uint64_t fault[2];
    struct backend_question question;
    if (!stat_cache.records ||
        backend_copy_string(&t->backend, path, text, sizeof text, &done, fault) != JN_OK || !done ||
        text[done - 1] || ((int32_t)dirfd != LX_AT_FDCWD && text[0] != '/') ||
        !stat_ask_path(&question, t->process, text, done - 1, nofollow))
        return JN_NOT_QUICK;
    return quick_give(t, stat_cache_find(&question), address);
}

int64_t quick_stat(void *object, uint64_t path, uint64_t address, uint64_t c, uint64_t d)
{
    (void)c, (void)d;
    return quick_path(object, (uint64_t)LX_AT_FDCWD, path, address, false);
}

int64_t quick_lstat(void *object, uint64_t path, uint64_t address, uint64_t c, uint64_t d)
{
    (void)c, (void)d;
    return quick_path(object, (uint64_t)LX_AT_FDCWD, path, address, true);
}

int64_t quick_newfstatat(void *object, uint64_t dirfd, uint64_t path, uint64_t address,
                         uint64_t flags)
{
    if ((uint32_t)flags & ~(uint32_t)(LX_AT_SYMLINK_NOFOLLOW | LX_AT_NO_AUTOMOUNT))
        return JN_NOT_QUICK;
    return quick_path(object, dirfd, path, address, (uint32_t)flags & LX_AT_SYMLINK_NOFOLLOW);
}

int64_t quick_fstat(void *object, uint64_t fd, uint64_t address, uint64_t c, uint64_t d)
{
    struct thread *t = object;
    struct backend_question question;
    (void)c, (void)d;
    if (!stat_cache.records)
        return JN_NOT_QUICK;
    stat_ask_descriptor(&question, t->process, (uint32_t)fd);
    return quick_give(t, stat_cache_find(&question), address);
}

static struct lx_statx_time statx_time(int64_t ns)
{
    struct lx_timespec time = timespec_of(ns);
    return (struct lx_statx_time){time.tv_sec, (uint32_t)time.tv_nsec, 0};
}

long sys_statx(struct thread *t, const uint64_t *a)
{
    struct io_stat s;
    uint32_t flags = (uint32_t)a[2], mask = (uint32_t)a[3];
    if (mask & LX_STATX_RESERVED)
        return -LX_EINVAL;
    if (flags & ~(uint32_t)(LX_AT_SYMLINK_NOFOLLOW | LX_AT_NO_AUTOMOUNT | LX_AT_EMPTY_PATH |
                            LX_AT_STATX_SYNC_TYPE) ||
        (flags & LX_AT_STATX_SYNC_TYPE) == LX_AT_STATX_SYNC_TYPE)
        return -LX_EINVAL;
    long error = stat_path(t, a[0], a[1], flags, &s, NULL);
    if (error)
        return error;
    struct lx_statx out;
    memset(&out, 0, sizeof out);
    out.stx_mask = LX_STATX_BASIC_STATS | (s.birth_ns ? LX_STATX_BTIME : 0);
    out.stx_blksize = s.block_size ? s.block_size : 4096;
    out.stx_nlink = s.link_count, out.stx_uid = s.uid, out.stx_gid = s.gid;
    out.stx_mode = (uint16_t)s.mode;
    out.stx_ino = s.inode, out.stx_size = s.size, out.stx_blocks = s.blocks;
    out.stx_atime = statx_time(s.access_ns), out.stx_mtime = statx_time(s.modify_ns);
    out.stx_ctime = statx_time(s.change_ns), out.stx_btime = statx_time(s.birth_ns);
    out.stx_rdev_major = (uint32_t)(s.device_id >> 8 & 0xfff);
    out.stx_rdev_minor = (uint32_t)((s.device_id & 0xff) | (s.device_id >> 12 & 0xfff00));
    out.stx_dev_minor = (uint32_t)s.device;
    return user_write(t, a[4], &out, sizeof out);
}

static long do_access(struct thread *t, uint64_t dirfd, uint64_t address, uint32_t mode,
                      uint32_t flags)
{
    struct backend_path path;
    if (mode & ~7u)
        return -LX_EINVAL;
    if (flags & ~(uint32_t)(LX_AT_EACCESS | LX_AT_SYMLINK_NOFOLLOW | LX_AT_EMPTY_PATH))
        return -LX_EINVAL;
    long error = path_get(t, dirfd, address, flags,
                          flags & LX_AT_SYMLINK_NOFOLLOW ? FS_LOOKUP_NOFOLLOW : 0, 0, &path);
    if (error)
        return error;
    /* access(2): R 4, W 2, X 1; interface io: 1, 2, 4. */
    uint32_t wanted = (mode & 4 ? IO_ACCESS_READ : 0) | (mode & 2 ? IO_ACCESS_WRITE : 0) |
                      (mode & 1 ? IO_ACCESS_EXECUTE : 0);
    jn_status_t status = backend_fs_access(&t->process->clients, &path, wanted);
    if (status == JN_REDIRECT)
        return path_descriptor(t, &path) >= 0 ? 0 : -LX_ENOENT;
    return errno_of(status);
}

long sys_access(struct thread *t, const uint64_t *a)
{
    return do_access(t, (uint64_t)LX_AT_FDCWD, a[0], (uint32_t)a[1], 0);
}

long sys_faccessat(struct thread *t, const uint64_t *a)
{
    return do_access(t, a[0], a[1], (uint32_t)a[2], 0);
}

long sys_faccessat2(struct thread *t, const uint64_t *a)
{
    return do_access(t, a[0], a[1], (uint32_t)a[2], (uint32_t)a[3]);
}

static long give_statfs(struct thread *t, uint64_t address, uint64_t open)
{
    struct fs_statfs s;
    long error = errno_of(backend_fs_statfs(&t->process->clients, open, &s));
    if (error)
        return error;
    struct lx_statfs out;
    memset(&out, 0, sizeof out);
    out.f_type = (int64_t)s.type, out.f_bsize = (int64_t)s.block_size;
    out.f_blocks = s.blocks, out.f_bfree = out.f_bavail = s.free;
    out.f_files = s.files, out.f_ffree = s.free_files;
    out.f_namelen = (int64_t)s.name_max, out.f_frsize = (int64_t)s.block_size;
    out.f_flags = (int64_t)s.flags;
    return user_write(t, address, &out, sizeof out);
}

long sys_statfs(struct thread *t, const uint64_t *a)
{
    struct backend_path path;
    struct backend_open open;
    long error = path_get(t, (uint64_t)LX_AT_FDCWD, a[0], 0, 0, 0, &path);
    if (error)
        return error;
    error = path_open(t->process, &path, FS_OPEN_PATH, 0, &open);
    if (error)
        return error == -LX_ENXIO ? -LX_ENOSYS : error;
    error = give_statfs(t, a[1], open.number);
    backend_io_close(&t->process->clients, open);
    return error;
}

long sys_fstatfs(struct thread *t, const uint64_t *a)
{
    struct descriptor *d = descriptor_get(t->process, a[0]);
    if (!d)
        return -LX_EBADF;
    if (d->open.server != BACKEND_FS)
        return -LX_ENOSYS;
    return give_statfs(t, a[1], d->open.number);
}

/* dup(2), fcntl(2), flock(2): descriptors, description flags and locks. */
#include <string.h>

#include "descriptors.h"
#include "janus/runtime.h"
#include "linux/file.h"
#include "placement.h"
#include "signalfd.h"
#include "status.h"
#include "syscalls.h"
#include "user.h"
#include "wait.h"

static long duplicate(struct thread *t, uint64_t fd, uint32_t least, bool close_on_exec)
{
    struct process *p = t->process;
    struct descriptor *d = descriptor_get(p, fd), copy;
    if (!d)
        return -LX_EBADF;
    long error = descriptor_duplicate(p, d, &copy);
    if (error)
        return error;
    copy.close_on_exec = close_on_exec;
    long result = descriptor_add(p, &copy, least);
    if (result < 0)
        descriptor_drop(p, &copy);
    return result;
}

long sys_dup(struct thread *t, const uint64_t *a)
{
    return duplicate(t, a[0], 0, false);
}

static long duplicate_to(struct thread *t, uint64_t from, uint64_t to, bool close_on_exec)
{
    struct process *p = t->process;
    struct descriptor *d = descriptor_get(p, from), copy;
    if (!d || (uint32_t)to >= descriptors_limit(p))
        return -LX_EBADF;
    long error = descriptor_duplicate(p, d, &copy);
    if (error)
        return error;
    copy.close_on_exec = close_on_exec;
    if (descriptor_get(p, to))
        descriptor_close(p, to);
    long result = descriptor_add_at(p, &copy, (uint32_t)to);
    if (result < 0)
        descriptor_drop(p, &copy);
    return result;
}

long sys_dup2(struct thread *t, const uint64_t *a)
{
    if ((uint32_t)a[0] == (uint32_t)a[1])
        return descriptor_get(t->process, a[0]) ? (long)(uint32_t)a[0] : -LX_EBADF;
    return duplicate_to(t, a[0], a[1], false);
}

long sys_dup3(struct thread *t, const uint64_t *a)
{
    if ((uint32_t)a[0] == (uint32_t)a[1] || (a[2] & ~(uint64_t)LX_O_CLOEXEC))
        return -LX_EINVAL;
    return duplicate_to(t, a[0], a[1], !!a[2]);
}

/* ---- locks ---- */

static long lock_error(struct thread *t, jn_status_t status, struct backend_open open, bool wait)
{
    if (status != JN_WOULD_BLOCK && status != JN_LOCKED)
        return status == JN_ACCESS ? -LX_EBADF : errno_of(status);
    if (!wait)
        return -LX_EAGAIN;
    wait_armed(t, open.server);
    return wait_for(t, WAIT_FOREVER, -LX_ERESTARTSYS);
}

static uint32_t lock_kind(int16_t type)
{
    return type == LX_F_RDLCK   ? IO_LOCK_SHARED
           : type == LX_F_WRLCK ? IO_LOCK_EXCLUSIVE
                                : IO_LOCK_NONE;
}

/* struct flock's range as an absolute one. */
static long lock_range(struct process *p, struct descriptor *d, const struct lx_flock *lock,
                       uint64_t *start, uint64_t *length)
{
    int64_t base = 0;
    struct io_stat stat;
    if (lock->l_type < LX_F_RDLCK || lock->l_type > LX_F_UNLCK)
        return -LX_EINVAL;
    switch (lock->l_whence) {
    case 0:
        break;
    case 1:
        if (backend_io_seek(&p->clients, d->open, 0, IO_SEEK_CUR, &base) != JN_OK)
            base = 0;
        break;
    case 2:
        if (backend_io_stat(&p->clients, d->open, &stat) != JN_OK)
            return -LX_EINVAL;
        base = (int64_t)stat.size;
        break;
    default:
        return -LX_EINVAL;
    }
    int64_t from, end = 0;
    if (__builtin_add_overflow(base, lock->l_start, &from) ||
        __builtin_add_overflow(from, lock->l_len, &end))
        return -LX_EOVERFLOW;
    if (lock->l_len < 0) {
        int64_t swapped = end;
        end = from;
        from = swapped;
    }
    if (from < 0)
        return -LX_EINVAL;
    *start = (uint64_t)from;
    *length = lock->l_len ? (uint64_t)(end - from) : 0;
    return 0;
}

static long set_lock(struct thread *t, struct descriptor *d, uint64_t address, uint32_t scope,
                     bool wait)
{
    struct process *p = t->process;
    struct lx_flock lock;
    uint64_t start, length;
    if (user_read(t, &lock, address, sizeof lock))
        return -LX_EFAULT;
    if (d->kind != DESCRIPTOR_OPEN)
        return -LX_EINVAL;
    long error = lock_range(p, d, &lock, &start, &length);
    if (error)
        return error;
    if ((lock.l_type == LX_F_RDLCK && !(d->access & IO_ACCESS_READ)) ||
        (lock.l_type == LX_F_WRLCK && !(d->access & IO_ACCESS_WRITE)))
        return -LX_EBADF;
    jn_status_t status = backend_io_lock(&p->clients, d->open, lock_kind(lock.l_type), scope,
                                         start, length, wait ? t->handle : 0);
    return lock_error(t, status, d->open, wait);
}

static long get_lock(struct thread *t, struct descriptor *d, uint64_t address, uint32_t scope)
{
    struct process *p = t->process;
    struct lx_flock lock;
    uint64_t start, length, pid = 0;
    if (user_read(t, &lock, address, sizeof lock))
        return -LX_EFAULT;
    if (d->kind != DESCRIPTOR_OPEN)
        return -LX_EINVAL;
    long error = lock_range(p, d, &lock, &start, &length);
    if (error)
        return error;
    uint32_t kind = lock_kind(lock.l_type);
    jn_status_t status =
        backend_io_test_lock(&p->clients, d->open, &kind, scope, &start, &length, &pid);
    if (status != JN_OK)
        return errno_of(status);
    if (kind == IO_LOCK_NONE) {
        lock.l_type = LX_F_UNLCK;
    } else {
        lock.l_type = kind == IO_LOCK_SHARED ? LX_F_RDLCK : LX_F_WRLCK;
        lock.l_whence = 0;
        lock.l_start = (int64_t)start;
        lock.l_len = (int64_t)length;
        lock.l_pid = pid ? (int32_t)pid : -1;
    }
    return user_write(t, address, &lock, sizeof lock);
}

long sys_flock(struct thread *t, const uint64_t *a)
{
    struct descriptor *d = descriptor_io(t->process, a[0]);
    uint32_t kind;
    if (!d)
        return -LX_EBADF;
    switch (a[1] & ~(uint64_t)LX_LOCK_NB) {
    case LX_LOCK_SH:
        kind = IO_LOCK_SHARED;
        break;
    case LX_LOCK_EX:
        kind = IO_LOCK_EXCLUSIVE;
        break;
    case LX_LOCK_UN:
        kind = IO_LOCK_NONE;
        break;
    default:
        return -LX_EINVAL;
    }
    if (d->kind != DESCRIPTOR_OPEN)
        return -LX_EINVAL;
    bool wait = !(a[1] & LX_LOCK_NB);
    jn_status_t status = backend_io_lock(&t->process->clients, d->open, kind,
                                         IO_LOCK_DESCRIPTION, 0, 0, wait ? t->handle : 0);
    return lock_error(t, status, d->open, wait);
}

/* ---- flags ---- */

static long get_flags(struct process *p, struct descriptor *d)
{
    uint32_t flags = 0, access = 0;
    if (d->kind == DESCRIPTOR_PATH)
        return LX_O_PATH;
    if (d->kind == DESCRIPTOR_EPOLL)
        return LX_O_RDWR;
    if (d->kind == DESCRIPTOR_SIGNAL)
        return (long)(LX_O_RDWR | d->signal->flags);
    jn_status_t status = backend_io_get_flags(&p->clients, d->open, &flags, &access);
    if (status != JN_OK)
        return errno_of(status);
    long result = d->kind == DESCRIPTOR_PAIR ? LX_O_RDWR
                  : (d->access & 3) == 3     ? LX_O_RDWR
                  : d->access & 2            ? LX_O_WRONLY
                                             : 0;
    result |= flags & IO_FLAG_APPEND ? LX_O_APPEND : 0;
    result |= flags & IO_FLAG_NONBLOCK ? LX_O_NONBLOCK : 0;
    result |= flags & IO_FLAG_DIRECT ? LX_O_DIRECT : 0;
    /* What open(2) adds on x86-64 to all but pipes is O_LARGEFILE. */
    struct io_stat stat;
    if (d->open.server == BACKEND_FS && backend_io_stat(&p->clients, d->open, &stat) == JN_OK &&
        (stat.mode & LX_S_IFMT) != LX_S_IFIFO)
        result |= LX_O_LARGEFILE;
    return result;
}

static long set_flags(struct process *p, struct descriptor *d, uint64_t wanted)
{
    uint32_t flags = 0, access = 0;
    if (d->kind == DESCRIPTOR_PATH)
        return -LX_EBADF;
    if (d->kind == DESCRIPTOR_EPOLL)
        return 0;
    if (d->kind == DESCRIPTOR_SIGNAL) {
        d->signal->flags = wanted & LX_O_NONBLOCK;
        return 0;
    }
    jn_status_t status = backend_io_get_flags(&p->clients, d->open, &flags, &access);
    if (status != JN_OK)
        return errno_of(status);
    flags &= ~(uint32_t)(IO_FLAG_APPEND | IO_FLAG_NONBLOCK | IO_FLAG_DIRECT);
    flags |= wanted & LX_O_APPEND ? IO_FLAG_APPEND : 0;
    flags |= wanted & LX_O_NONBLOCK ? IO_FLAG_NONBLOCK : 0;
    flags |= wanted & LX_O_DIRECT ? IO_FLAG_DIRECT : 0;
    placement_take_back(p, d); /* it may have looked at the flags before */
    status = backend_io_set_flags(&p->clients, d->open, flags);
    if (status == JN_OK && d->kind == DESCRIPTOR_PAIR)
        status = backend_io_set_flags(&p->clients, d->other, flags);
    return errno_of(status);
}

static long pipe_size(struct thread *t, struct descriptor *d, uint32_t code, uint64_t size)
{
    uint64_t result = 0;
    struct jn_window none = {0};
    if (d->kind != DESCRIPTOR_OPEN)
        return -LX_EBADF;
    if (code == IO_CONTROL_SET_PIPE_SIZE && (int32_t)size <= 0)
        return -LX_EINVAL;
    jn_status_t status = backend_io_control(&t->process->clients, d->open, code, size, 0, none,
                                            none, &result);
    return status == JN_OK ? (long)result : status == JN_NOT_TERMINAL ? -LX_EBADF
                                                                      : errno_of(status);
}

long sys_fcntl(struct thread *t, const uint64_t *a)
{
    struct process *p = t->process;
    struct descriptor *d = descriptor_get(p, a[0]);
    if (!d)
        return -LX_EBADF;
    uint32_t command = (uint32_t)a[1];
    bool descriptor_only = command == LX_F_DUPFD || command == LX_F_DUPFD_CLOEXEC ||
                           command == LX_F_GETFD || command == LX_F_SETFD ||
                           command == LX_F_GETFL;
    if (d->kind == DESCRIPTOR_PATH && !descriptor_only)
        return -LX_EBADF;
    switch (command) {
    case LX_F_DUPFD:
    case LX_F_DUPFD_CLOEXEC:
        if (a[2] >= descriptors_limit(p))
            return -LX_EINVAL;
        return duplicate(t, a[0], (uint32_t)a[2], command == LX_F_DUPFD_CLOEXEC);
    case LX_F_GETFD:
        return d->close_on_exec;
    case LX_F_SETFD:
        d->close_on_exec = a[2] & LX_FD_CLOEXEC;
        return 0;
    case LX_F_GETFL:
        return get_flags(p, d);
    case LX_F_SETFL:
        return set_flags(p, d, a[2]);
    case LX_F_GETLK:
        return get_lock(t, d, a[2], IO_LOCK_CLIENT);
    case LX_F_SETLK:
    case LX_F_SETLKW:
        return set_lock(t, d, a[2], IO_LOCK_CLIENT, command == LX_F_SETLKW);
    case LX_F_OFD_GETLK:
        return get_lock(t, d, a[2], IO_LOCK_DESCRIPTION);
    case LX_F_OFD_SETLK:
    case LX_F_OFD_SETLKW:
        return set_lock(t, d, a[2], IO_LOCK_DESCRIPTION, command == LX_F_OFD_SETLKW);
    case LX_F_SETOWN:
    case LX_F_GETOWN:
    case LX_F_SETSIG:
    case LX_F_GETSIG:
        /* SIGIO is not sent (FIOASYNC and O_ASYNC are refused): the owner has no effect. */
        return 0;
    case LX_F_GETPIPE_SZ:
        return pipe_size(t, d, IO_CONTROL_PIPE_SIZE, 0);
    case LX_F_SETPIPE_SZ:
        return pipe_size(t, d, IO_CONTROL_SET_PIPE_SIZE, a[2]);
    default:
        jn_log(JN_LOG_WARNING, "unsupported fcntl command %u of %s", command, t->name);
        return -LX_EINVAL;
    }
}

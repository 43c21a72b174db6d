/* Moving data: read(2), write(2) and their positioned forms; file_vector.c has the vectored ones.
 *
 * The program's message is lent to the server, which copies straight into the program
 * (docs/design.md, "Bulk data"). */
#include <string.h>

#include "descriptors.h"
#include "epoll.h"
#include "file_moves.h"
#include "linux/file.h"
#include "linux/process.h"
#include "placement.h"
#include "quick.h"
#include "signalfd.h"
#include "signals.h"
#include "socket_calls.h"
#include "status.h"
#include "syscalls.h"
#include "user.h"
#include "wait.h"

#define ATOMIC 4096 /* a pipe takes so much whole or not at all */

struct backend_open file_write_end(const struct descriptor *d)
{
    return d->kind == DESCRIPTOR_PAIR ? d->other : d->open;
}

/* The calls that move data: no thread does it meanwhile without the core. */

/* What the server said of the description when it last had nothing: IO_REFUSED_.., for block(),
 * which comes next. */
static uint64_t refusal;

static jn_status_t moved(struct process *p, const struct descriptor *d, struct backend_open open,
                         uint64_t length, jn_status_t status, uint64_t *done)
{
    placement_unlock(p, d);
    refusal = 0;
    if (status == JN_OK)
        placement_used(p, d, length);
    else if (status == JN_WOULD_BLOCK) {
        refusal = open.server == BACKEND_FS ? *done : 0;
        *done = 0;
    }
    return status;
}

static jn_status_t move_in(struct process *p, const struct descriptor *d, int64_t offset,
                           uint64_t length, uint64_t cookie, struct jn_window window,
                           uint64_t *done)
{
    placement_lock(p, d);
    jn_status_t status =
        backend_io_read(&p->clients, d->open, offset, length, 0, cookie, window, done);
    return moved(p, d, d->open, length, status, done);
}

jn_status_t file_move_out(struct process *p, const struct descriptor *d, int64_t offset,
                          uint64_t length, uint32_t flags, uint64_t cookie, struct jn_window window,
                          uint64_t *done)
{
    placement_lock(p, d);
    jn_status_t status = backend_io_write(&p->clients, file_write_end(d), offset, length, flags,
                                          cookie, window, done);
    return moved(p, d, file_write_end(d), length, status, done);
}

jn_status_t file_step_read(struct thread *t, const struct descriptor *d, int64_t offset,
                           uint64_t address, uint64_t length, uint64_t *done)
{
    *done = 0;
    /* A copy that meets a page the program has not touched yet stops there. What fs has given
     * counts, and the rest is asked for again, without waiting, once the page is there: a read is
     * short only at the end of the file or of what a pipe holds. */
    struct jn_window window;
    uint64_t total = 0;
    for (int patience = 8; patience; patience--) {
        jn_status_t status = t->tried_status;
        if (t->tried) {
            t->tried = false;
            *done = t->tried_done;
        } else if (user_lend(t, address + total, length - total, &window)) {
            break;
        } else {
            status = move_in(t->process, d, offset < 0 ? offset : offset + (int64_t)total,
                             length - total, total ? 0 : t->handle, window, done);
        }
        uint64_t missing = *done;
        if (status == JN_OK) {
            total += *done;
            missing = address + total;
            bool stopped = !(missing & 4095), limited = !(total % IO_TRANSFER_LIMIT);
            if (!*done || total >= length || !(stopped || limited) ||
                d->open.server != BACKEND_FS) {
                *done = total;
                return JN_OK;
            }
            patience = 8;
            if (!stopped)
                continue;
        } else if (status != JN_FAULT_AT) {
            *done = total;
            return total ? JN_OK : status;
        }
        if (user_resolve(t, missing, JN_W))
            break;
    }
    *done = total;
    return total ? JN_OK : JN_FAULT;
}

static bool is_pipe(const struct backend_clients *c, const struct descriptor *d)
{
    struct io_stat stat;
    if (d->kind == DESCRIPTOR_PAIR)
        return true;
    return d->open.server == BACKEND_FS && backend_io_stat(c, d->open, &stat) == JN_OK &&
           (stat.mode & LX_S_IFMT) == LX_S_IFIFO;
}

/* Makes the pages of [address, +length) present: the bytes up to the first that cannot be. A pipe
 * stores what one write brings in whole pages, so a copy that stops at an absent page in the middle
 * would waste the rest of one. */
static uint64_t touch(struct thread *t, uint64_t address, uint64_t length)
{
    for (uint64_t at = address; at < address + length; at = (at | 4095) + 1) {
        char byte;
        if (user_read(t, &byte, at, 1))
            return at - address;
    }
    return length;
}

jn_status_t file_limit_write(struct thread *t, struct backend_open open, int64_t offset,
                             uint64_t *length)
{
    const struct backend_clients *c = &t->process->clients;
    uint64_t limit = t->process->limits[LX_RLIMIT_FSIZE].cur;
    uint32_t flags = 0, access;
    struct io_stat stat;
    if (limit >= INT64_MAX || !*length || backend_io_stat(c, open, &stat) != JN_OK ||
        (stat.mode & LX_S_IFMT) != LX_S_IFREG)
        return JN_OK;
    if (backend_io_get_flags(c, open, &flags, &access) == JN_OK && (flags & IO_FLAG_APPEND))
        offset = (int64_t)stat.size;
    else if (offset < 0 && backend_io_seek(c, open, 0, IO_SEEK_CUR, &offset) != JN_OK)
        return JN_OK;
    if ((uint64_t)offset >= limit) {
        struct task_siginfo info = siginfo_make(LX_SIGXFSZ, LX_SI_USER, t->process->pid, 0);
        signal_send_thread(t, &info);
        return JN_TOO_BIG;
    }
    if (*length > limit - (uint64_t)offset)
        *length = limit - (uint64_t)offset;
    return JN_OK;
}

jn_status_t file_step_write(struct thread *t, const struct descriptor *d, int64_t offset,
                            uint64_t address, uint64_t length, uint32_t flags, uint64_t *done)
{
    const struct backend_clients *c = &t->process->clients;
    *done = 0;
    struct jn_window window;
    if (!t->tried && offset < 0 && length > ATOMIC && is_pipe(c, d)) {
        length = touch(t, address, length);
        if (!length)
            return JN_FAULT;
    }
    for (int patience = 8; patience; patience--) {
        jn_status_t status = t->tried_status;
        if (t->tried) {
            t->tried = false;
            *done = t->tried_done;
        } else if (user_lend(t, address, length, &window)) {
            return JN_FAULT;
        } else {
            status = file_move_out(t->process, d, offset, length, flags, t->handle, window, done);
        }
        if (status != JN_FAULT_AT)
            return status;
        if (user_resolve(t, *done, JN_R))
            break;
        *done = 0;
    }
    *done = 0;
    return JN_FAULT;
}

/* The server had nothing: wait, or EAGAIN for a non-blocking description. */
static long block(struct thread *t, uint64_t fd, const struct descriptor *d,
                  struct backend_open open, uint32_t events)
{
    struct process *p = t->process;
    uint32_t flags = 0, access;
    wait_armed(t, open.server);
    t->wait.once = open.server == BACKEND_FS;
    if (d->watched)
        epoll_edge_consumed(p, (uint32_t)fd, events);
    bool nonblocking = refusal == IO_REFUSED_NONBLOCK || socket_call_flags(t) & LX_MSG_DONTWAIT;
    if (!nonblocking && refusal != IO_REFUSED_BLOCKING)
        nonblocking = backend_io_get_flags(&p->clients, open, &flags, &access) == JN_OK &&
                      (flags & IO_FLAG_NONBLOCK);
    refusal = 0;
    if (nonblocking) {
        wait_disarm(t);
        return -LX_EAGAIN;
    }
    return wait_for(t, WAIT_FOREVER, -LX_ERESTARTSYS);
}

long file_read_error(struct thread *t, uint64_t fd, const struct descriptor *d, jn_status_t status)
{
    switch (status) {
    case JN_WOULD_BLOCK:
        return block(t, fd, d, d->open, IO_READABLE);
    case JN_BACKGROUND:
        return process_background(t, LX_SIGTTIN);
    case JN_ACCESS:
        return -LX_EBADF;
    case JN_LOCKED:
        return -LX_EAGAIN;
    default:
        return errno_of(status);
    }
}

long file_write_error(struct thread *t, uint64_t fd, const struct descriptor *d, jn_status_t status)
{
    switch (status) {
    case JN_WOULD_BLOCK:
        return block(t, fd, d, file_write_end(d), IO_WRITABLE);
    case JN_ACCESS:
        return -LX_EBADF;
    case JN_BROKEN_PIPE: {
        struct task_siginfo info = siginfo_make(LX_SIGPIPE, LX_SI_USER, t->process->pid, 0);
        if (!(socket_call_flags(t) & LX_MSG_NOSIGNAL))
            signal_send_thread(t, &info);
        return -LX_EPIPE;
    }
    default:
        return errno_of(status);
    }
}

static bool is_stream(const struct descriptor *d)
{
    return d->kind == DESCRIPTOR_OPEN || d->kind == DESCRIPTOR_PAIR;
}

static int64_t tried(struct thread *t, jn_status_t status, uint64_t done)
{
    t->tried = true;
    t->tried_status = status;
    t->tried_done = done;
    return JN_NOT_QUICK;
}

long file_do_read(struct thread *t, uint64_t fd, int64_t offset, uint64_t address, uint64_t length)
{
    struct descriptor *d = descriptor_io(t->process, fd);
    uint64_t done;
    if (!d)
        return -LX_EBADF;
    if (length > LX_RW_MAX)
        length = LX_RW_MAX;
    if (d->kind == DESCRIPTOR_SIGNAL)
        return signalfd_read(t, d->signal, address, length);
    if (d->kind == DESCRIPTOR_EPOLL)
        return -LX_EINVAL;
    jn_status_t status = file_step_read(t, d, offset, address, length, &done);
    if (status == JN_OK)
        return (long)done;
    return file_read_error(t, fd, d, status);
}

/* Blocking writes go on until everything is written: thread.wait.progress counts over the rounds.
 */
static long do_write(struct thread *t, uint64_t fd, int64_t offset, uint64_t address,
                     uint64_t length)
{
    struct descriptor *d = descriptor_io(t->process, fd);
    if (!d)
        return -LX_EBADF;
    if (length > LX_RW_MAX)
        length = LX_RW_MAX;
    if (d->kind == DESCRIPTOR_SIGNAL || d->kind == DESCRIPTOR_EPOLL)
        return -LX_EINVAL;
    uint64_t *total = &t->wait.progress;
    uint32_t flags = 0;
    jn_status_t limited = *total ? JN_OK : file_limit_write(t, file_write_end(d), offset, &length);
    if (limited != JN_OK)
        return errno_of(limited);
    for (;;) {
        uint64_t done;
        jn_status_t status = file_step_write(t, d, offset < 0 ? offset : offset + (int64_t)*total,
                                             address + *total, length - *total, flags, &done);
        if (status == JN_OK) {
            *total += done;
            if (*total >= length || !done)
                return (long)*total;
            continue;
        }
        if (status == JN_BACKGROUND && !flags) {
            long result = process_background(t, LX_SIGTTOU);
            if (result != -LX_EIO || !process_ignores_stop(t, LX_SIGTTOU))
                return *total ? (long)*total : result;
            flags = IO_FORCE; /* ignored or blocked: it may write after all */
            continue;
        }
        long result = file_write_error(t, fd, d, status);
        if (result == CORE_WAITING || !*total)
            return result;
        return (long)*total;
    }
}

/* The first try, within the server loop. What it could not finish file_do_read() and do_write()
 * take up from thread.tried_status, which stands where they would call the server. */

#define TRANSFERS 4 /* before it is asked what a descriptor is */

static enum descriptor_device device_of(struct process *p, struct descriptor *d)
{
    struct io_stat stat;
    if (d->device || ++d->transfers < TRANSFERS)
        return d->device;
    d->device = DEVICE_OTHER;
    if (d->kind == DESCRIPTOR_OPEN && d->open.server == BACKEND_FS &&
        backend_io_stat(&p->clients, d->open, &stat) == JN_OK &&
        (stat.mode & LX_S_IFMT) == LX_S_IFCHR && stat.device_id >> 8 == 1)
        d->device = (stat.device_id & 0xff) == 3   ? DEVICE_NULL
                    : (stat.device_id & 0xff) == 5 ? DEVICE_ZERO
                                                   : DEVICE_OTHER;
    return d->device;
}

static const char zeroes[4096];

/* A read of a device that needs nobody; JN_NOT_QUICK: it is another one, or the buffer is not
 * there. */
static int64_t read_device(struct thread *t, const struct descriptor *d, uint64_t address,
                           uint64_t length)
{
    size_t done = 0;
    uint64_t fault[2];
    if (!(d->access & IO_ACCESS_READ))
        return JN_NOT_QUICK;
    if (d->device == DEVICE_NULL)
        return 0;
    if (length > sizeof zeroes ||
        backend_copy_out(&t->backend, address, zeroes, length, &done, fault) != JN_OK)
        return JN_NOT_QUICK;
    return (int64_t)length;
}

static inline int64_t try_read(struct thread *t, uint64_t fd, int64_t offset, uint64_t address,
                               uint64_t length)
{
    struct descriptor *d = descriptor_get(t->process, fd);
    uint64_t done;
    if (!d || !is_stream(d) || length > QUICK_BYTES || !user_range_valid(address, length))
        return JN_NOT_QUICK;
    if (device_of(t->process, d) >= DEVICE_NULL)
        return read_device(t, d, address, length);
    jn_status_t status = move_in(t->process, d, offset, length, t->handle,
                                 backend_current_window(address, length), &done);
    return status == JN_OK && done == length ? (int64_t)done : tried(t, status, done);
}

int64_t quick_read(void *object, uint64_t fd, uint64_t address, uint64_t length, uint64_t offset)
{
    (void)offset;
    return try_read(object, fd, NO_OFFSET, address, length);
}

int64_t quick_pread64(void *object, uint64_t fd, uint64_t address, uint64_t length, uint64_t offset)
{
    if ((int64_t)offset < 0)
        return JN_NOT_QUICK;
    return try_read(object, fd, (int64_t)offset, address, length);
}

int64_t quick_write(void *object, uint64_t fd, uint64_t address, uint64_t length, uint64_t offset)
{
    struct thread *t = object;
    struct descriptor *d = descriptor_get(t->process, fd);
    uint64_t done;
    (void)offset;
    if (!d || !is_stream(d) || length > ATOMIC || !length ||
        t->process->limits[LX_RLIMIT_FSIZE].cur < INT64_MAX || !user_range_valid(address, length))
        return JN_NOT_QUICK;
    if (device_of(t->process, d) >= DEVICE_NULL && d->access & IO_ACCESS_WRITE)
        return (int64_t)length; /* what is written there is not even looked at */
    jn_status_t status = file_move_out(t->process, d, NO_OFFSET, length, 0, t->handle,
                                       backend_current_window(address, length), &done);
    return status == JN_OK && done == length ? (int64_t)done : tried(t, status, done);
}

long sys_read(struct thread *t, const uint64_t *a)
{
    return file_do_read(t, a[0], NO_OFFSET, a[1], a[2]);
}

long sys_write(struct thread *t, const uint64_t *a)
{
    return do_write(t, a[0], NO_OFFSET, a[1], a[2]);
}

long sys_pread64(struct thread *t, const uint64_t *a)
{
    if ((int64_t)a[3] < 0)
        return -LX_EINVAL;
    return file_do_read(t, a[0], (int64_t)a[3], a[1], a[2]);
}

long sys_pwrite64(struct thread *t, const uint64_t *a)
{
    if ((int64_t)a[3] < 0)
        return -LX_EINVAL;
    return do_write(t, a[0], (int64_t)a[3], a[1], a[2]);
}

/* ---- position ---- */

long sys_lseek(struct thread *t, const uint64_t *a)
{
    struct descriptor *d = descriptor_io(t->process, a[0]);
    int64_t position = 0;
    if (!d)
        return -LX_EBADF;
    if (d->kind != DESCRIPTOR_OPEN)
        return -LX_ESPIPE;
    if (a[2] > IO_SEEK_HOLE)
        return -LX_EINVAL;
    if (d->directory) {
        if (a[2] == IO_SEEK_SET)
            d->position = a[1];
        else if (a[2] == IO_SEEK_CUR)
            d->position += a[1];
        else
            return -LX_EINVAL;
        return (long)d->position;
    }
    jn_status_t status =
        backend_io_seek(&t->process->clients, d->open, (int64_t)a[1], (uint32_t)a[2], &position);
    return status == JN_OK ? position : errno_of(status);
}

/* Copies between descriptors: sendfile(2), copy_file_range(2). Data goes through the core's buffer. */
#include <string.h>

#include "descriptors.h"
#include "linux/file.h"
#include "placement.h"
#include "signals.h"
#include "status.h"
#include "syscalls.h"
#include "user.h"
#include "wait.h"

/* The input is read at a position (own or given), so that a write that must wait loses nothing: the
 * position moves only by what was written. Progress is kept over the rounds. */
static long copy(struct thread *t, struct descriptor *in, int64_t *in_offset,
                 struct descriptor *out, int64_t out_offset, uint64_t length)
{
    const struct backend_clients *c = &t->process->clients;
    placement_take_back(t->process, in);
    placement_take_back(t->process, out);
    struct backend_open to = out->kind == DESCRIPTOR_PAIR ? out->other : out->open;
    uint64_t *total = &t->wait.progress;
    while (*total < length) {
        uint64_t want = length - *total, have = 0, done = 0;
        if (want > CORE_SCRATCH)
            want = CORE_SCRATCH;
        jn_status_t status = backend_io_read(c, in->open, *in_offset + (int64_t)*total, want, 0, 0,
                                             backend_window(core_scratch, want), &have);
        if (status != JN_OK)
            return *total ? (long)*total
                          : status == JN_NOT_SEEKABLE || status == JN_WOULD_BLOCK
                                ? -LX_EINVAL
                                : errno_of(status);
        if (!have)
            break;
        status = backend_io_write(c, to, out_offset < 0 ? -1 : out_offset + (int64_t)*total, have,
                                  0, t->handle, backend_window(core_scratch, have), &done);
        if (status == JN_WOULD_BLOCK) {
            uint32_t flags = 0, access;
            wait_armed(t, to.server);
            if (backend_io_get_flags(c, to, &flags, &access) == JN_OK &&
                (flags & IO_FLAG_NONBLOCK)) {
                wait_disarm(t);
                return *total ? (long)*total : -LX_EAGAIN;
            }
            long result = wait_for(t, WAIT_FOREVER, -LX_ERESTARTSYS);
            return result == CORE_WAITING || !*total ? result : (long)*total;
        }
        if (status == JN_BROKEN_PIPE && !*total) {
            struct task_siginfo info = siginfo_make(LX_SIGPIPE, LX_SI_USER, t->process->pid, 0);
            signal_send_thread(t, &info);
        }
        if (status != JN_OK)
            return *total ? (long)*total : status == JN_ACCESS ? -LX_EBADF : errno_of(status);
        *total += done;
        if (!done)
            break;
    }
    return (long)*total;
}

long sys_sendfile(struct thread *t, const uint64_t *a)
{
    struct process *p = t->process;
    struct descriptor *out = descriptor_io(p, a[0]), *in = descriptor_io(p, a[1]);
    int64_t offset = 0;
    if (!in || !out)
        return -LX_EBADF;
    if (in->kind != DESCRIPTOR_OPEN || (out->kind != DESCRIPTOR_OPEN &&
                                        out->kind != DESCRIPTOR_PAIR))
        return -LX_EINVAL;
    uint64_t length = a[3] < LX_RW_MAX ? a[3] : LX_RW_MAX;
    if (a[2]) {
        if (user_read(t, &offset, a[2], sizeof offset))
            return -LX_EFAULT;
    } else if (t->wait.started) {
        offset = (int64_t)t->wait.memory[0];
    } else {
        jn_status_t status = backend_io_seek(&p->clients, in->open, 0, IO_SEEK_CUR, &offset);
        if (status != JN_OK)
            return -LX_EINVAL;
        t->wait.started = true;
        t->wait.memory[0] = (uint64_t)offset;
    }
    long done = copy(t, in, &offset, out, -1, length);
    if (done == CORE_WAITING || done < 0)
        return done;
    int64_t after = offset + done;
    if (a[2])
        return user_write(t, a[2], &after, sizeof after) ? -LX_EFAULT : done;
    jn_status_t status = backend_io_seek(&p->clients, in->open, after, IO_SEEK_SET, &after);
    return status == JN_OK ? done : errno_of(status);
}

long sys_copy_file_range(struct thread *t, const uint64_t *a)
{
    struct process *p = t->process;
    struct descriptor *in = descriptor_io(p, a[0]), *out = descriptor_io(p, a[2]);
    int64_t from = 0, to = 0;
    struct io_stat in_stat, out_stat;
    if (a[5])
        return -LX_EINVAL;
    if (!in || !out || in->kind != DESCRIPTOR_OPEN || out->kind != DESCRIPTOR_OPEN)
        return -LX_EBADF;
    if (backend_io_stat(&p->clients, in->open, &in_stat) != JN_OK ||
        backend_io_stat(&p->clients, out->open, &out_stat) != JN_OK)
        return -LX_EBADF;
    if ((in_stat.mode & LX_S_IFMT) == LX_S_IFDIR || (out_stat.mode & LX_S_IFMT) == LX_S_IFDIR)
        return -LX_EISDIR;
    if ((in_stat.mode & LX_S_IFMT) != LX_S_IFREG || (out_stat.mode & LX_S_IFMT) != LX_S_IFREG)
        return -LX_EINVAL;
    if (a[1] ? user_read(t, &from, a[1], 8)
             : backend_io_seek(&p->clients, in->open, 0, IO_SEEK_CUR, &from) != JN_OK)
        return -LX_EFAULT;
    if (a[3] ? user_read(t, &to, a[3], 8)
             : backend_io_seek(&p->clients, out->open, 0, IO_SEEK_CUR, &to) != JN_OK)
        return -LX_EFAULT;
    uint64_t length = a[4] < LX_RW_MAX ? a[4] : LX_RW_MAX;
    if (in_stat.inode == out_stat.inode && in_stat.device == out_stat.device &&
        from < to + (int64_t)length && to < from + (int64_t)length)
        return -LX_EINVAL;
    long done = copy(t, in, &from, out, to, length);
    if (done < 0)
        return done;
    from += done, to += done;
    if (a[1] ? user_write(t, a[1], &from, 8)
             : backend_io_seek(&p->clients, in->open, from, IO_SEEK_SET, &from) != JN_OK)
        return -LX_EFAULT;
    if (a[3] ? user_write(t, a[3], &to, 8)
             : backend_io_seek(&p->clients, out->open, to, IO_SEEK_SET, &to) != JN_OK)
        return -LX_EFAULT;
    return done;
}

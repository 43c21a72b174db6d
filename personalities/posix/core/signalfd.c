#include "signalfd.h"

#include <stdlib.h>
#include <string.h>

#include "descriptors.h"
#include "linux/file.h"
#include "signals.h"
#include "syscalls.h"
#include "user.h"
#include "wait.h"

void signalfd_retain(struct signalfd *s)
{
    s->users++;
}

void signalfd_release(struct signalfd *s)
{
    if (!--s->users)
        free(s);
}

long signalfd_read(struct thread *t, struct signalfd *s, uint64_t address, uint64_t length)
{
    uint64_t done = 0;
    struct task_siginfo info;
    if (length < sizeof(struct lx_signalfd_siginfo))
        return -LX_EINVAL;
    t->wait_accept = 0;
    while (length - done >= sizeof(struct lx_signalfd_siginfo)) {
        if (!signal_take(t, s->mask, &info))
            break;
        struct lx_signalfd_siginfo out;
        memset(&out, 0, sizeof out);
        out.ssi_signo = (uint32_t)info.number, out.ssi_code = info.code;
        out.ssi_errno = info.error, out.ssi_pid = (uint32_t)info.pid, out.ssi_uid = info.uid;
        out.ssi_status = info.status, out.ssi_ptr = info.value;
        out.ssi_int = (int32_t)info.value, out.ssi_addr = info.address;
        out.ssi_utime = info.user_time / 10000000, out.ssi_stime = info.system_time / 10000000;
        if (user_write(t, address + done, &out, sizeof out))
            return done ? (long)done : -LX_EFAULT;
        done += sizeof out;
    }
    if (done)
        return (long)done;
    if (s->flags & LX_O_NONBLOCK)
        return -LX_EAGAIN;
    t->wait_accept = s->mask;
    return wait_for(t, WAIT_FOREVER, -LX_ERESTARTSYS);
}

static long make(struct thread *t, uint64_t fd, uint64_t address, uint64_t size, uint32_t flags)
{
    struct process *p = t->process;
    uint64_t mask;
    if (size != 8 || flags & ~(uint32_t)(LX_O_CLOEXEC | LX_O_NONBLOCK))
        return -LX_EINVAL;
    if (user_read(t, &mask, address, 8))
        return -LX_EFAULT;
    mask &= ~SIGNALS_UNBLOCKABLE;
    if ((int32_t)fd != -1) {
        struct descriptor *d = descriptor_get(p, fd);
        if (!d)
            return -LX_EBADF;
        if (d->kind != DESCRIPTOR_SIGNAL)
            return -LX_EINVAL;
        d->signal->mask = mask;
        return (long)(uint32_t)fd;
    }
    struct signalfd *s = calloc(1, sizeof *s);
    if (!s)
        return -LX_ENOMEM;
    *s = (struct signalfd){1, flags & LX_O_NONBLOCK, mask};
    struct descriptor d = {.kind = DESCRIPTOR_SIGNAL, .close_on_exec = !!(flags & LX_O_CLOEXEC),
                           .access = IO_ACCESS_READ, .signal = s};
    long result = descriptor_add(p, &d, 0);
    if (result < 0)
        free(s);
    return result;
}

long sys_signalfd(struct thread *t, const uint64_t *a)
{
    return make(t, a[0], a[1], a[2], 0);
}

long sys_signalfd4(struct thread *t, const uint64_t *a)
{
    return make(t, a[0], a[1], a[2], (uint32_t)a[3]);
}

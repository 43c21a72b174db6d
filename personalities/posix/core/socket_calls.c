/* Sockets: there is no network server yet. socketpair is a pair of pipes, which is all that its users
 * (shells, test drivers, build tools) need of a stream; the rest gets the documented refusals. */
#include "descriptors.h"
#include "janus/runtime.h"
#include "linux/file.h"
#include "socket_calls.h"
#include "status.h"
#include "syscalls.h"
#include "user.h"

#define AF_UNIX 1
#define AF_MAX 46
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_SEQPACKET 5
#define SOCK_TYPE 0xf

long sys_socket(struct thread *t, const uint64_t *a)
{
    struct process *p = t->process;
    if ((int32_t)a[0] < 0 || (int32_t)a[0] >= AF_MAX)
        return -LX_EAFNOSUPPORT;
    if (!(p->logged[41 / 64] & 1ull << 41)) {
        p->logged[41 / 64] |= 1ull << 41;
        jn_log(JN_LOG_WARNING, "unsupported socket(%d, %#x, %d) of %s", (int32_t)a[0],
               (unsigned)a[1], (int32_t)a[2], t->name);
    }
    return -LX_EAFNOSUPPORT;
}

long sys_socketpair(struct thread *t, const uint64_t *a)
{
    struct process *p = t->process;
    uint32_t type = (uint32_t)a[1] & SOCK_TYPE, flags = (uint32_t)a[1] & ~(uint32_t)SOCK_TYPE;
    if (a[0] != AF_UNIX)
        return (int32_t)a[0] < 0 || a[0] >= AF_MAX ? -LX_EAFNOSUPPORT : -LX_EOPNOTSUPP;
    if (flags & ~(uint32_t)(LX_O_CLOEXEC | LX_O_NONBLOCK))
        return -LX_EINVAL;
    if (a[2] > 1)
        return -LX_EPROTONOSUPPORT;
    if (type != SOCK_STREAM) {
        jn_log(JN_LOG_WARNING, "unsupported socketpair type %u of %s", type, t->name);
        return -LX_EPROTONOSUPPORT;
    }
    struct backend_open read[2], write[2];
    uint32_t open_flags = flags & LX_O_NONBLOCK ? IO_FLAG_NONBLOCK : 0;
    jn_status_t status = backend_fs_pipe(&p->clients, open_flags, &read[0], &write[0]);
    if (status != JN_OK)
        return errno_of(status);
    status = backend_fs_pipe(&p->clients, open_flags, &read[1], &write[1]);
    if (status != JN_OK) {
        backend_io_close(&p->clients, read[0]);
        backend_io_close(&p->clients, write[0]);
        return errno_of(status);
    }
    int32_t fds[2];
    for (int i = 0; i < 2; i++) {
        struct descriptor d = {.kind = DESCRIPTOR_PAIR, .close_on_exec = !!(flags & LX_O_CLOEXEC),
                               .access = IO_ACCESS_READ | IO_ACCESS_WRITE, .open = read[i],
                               .other = write[1 - i]};
        long fd = descriptor_add(p, &d, 0);
        if (fd < 0) {
            descriptor_drop(p, &d);
            if (i)
                descriptor_close(p, (uint64_t)fds[0]);
            else {
                backend_io_close(&p->clients, read[1]);
                backend_io_close(&p->clients, write[0]);
            }
            return fd;
        }
        fds[i] = (int32_t)fd;
    }
    if (user_write(t, a[3], fds, sizeof fds)) {
        descriptor_close(p, (uint64_t)fds[0]);
        descriptor_close(p, (uint64_t)fds[1]);
        return -LX_EFAULT;
    }
    return 0;
}

/* The calls on a socket: descriptors exist, but none is a socket (a pair's ends excepted). */
static struct descriptor *pair(struct thread *t, uint64_t fd, long *error)
{
    struct descriptor *d = descriptor_io(t->process, fd);
    *error = !d ? -LX_EBADF : d->kind != DESCRIPTOR_PAIR ? -LX_ENOTSOCK : 0;
    return *error ? NULL : d;
}

#define REFUSE(name, for_pair)                                                           \
    long sys_##name(struct thread *t, const uint64_t *a)                                 \
    {                                                                                    \
        long error;                                                                      \
        return pair(t, a[0], &error) ? for_pair : error;                                 \
    }
REFUSE(connect, -LX_EINVAL)
REFUSE(accept, -LX_EINVAL)
REFUSE(accept4, -LX_EINVAL)
REFUSE(bind, -LX_EINVAL)
REFUSE(listen, -LX_EINVAL)

uint32_t socket_call_flags(const struct thread *t)
{
    switch (t->number) {
    case 44: /* sendto */
    case 45: /* recvfrom */
        return (uint32_t)t->args[3];
    case 46: /* sendmsg */
    case 47: /* recvmsg */
        return (uint32_t)t->args[2];
    default:
        return 0;
    }
}

/* send and recv on a pair are write and read, which look at socket_call_flags. */
long sys_sendto(struct thread *t, const uint64_t *a)
{
    long error;
    if (!pair(t, a[0], &error))
        return error;
    if (a[4])
        return -LX_EINVAL; /* an address on a connected stream */
    if ((uint32_t)a[3] & ~(uint32_t)(LX_MSG_DONTWAIT | LX_MSG_NOSIGNAL | LX_MSG_MORE))
        return -LX_EOPNOTSUPP;
    return sys_write(t, a);
}

long sys_recvfrom(struct thread *t, const uint64_t *a)
{
    long error;
    if (!pair(t, a[0], &error))
        return error;
    if ((uint32_t)a[3] & ~(uint32_t)(LX_MSG_DONTWAIT | LX_MSG_NOSIGNAL))
        return -LX_EOPNOTSUPP;
    long result = sys_read(t, a);
    if (result >= 0 && a[5] && user_write32(t, a[5], 0))
        return -LX_EFAULT;
    return result;
}

struct message {
    uint64_t name;
    uint32_t name_length, pad;
    uint64_t vector, count, control, control_length;
    uint32_t flags, pad2;
};

static long message_io(struct thread *t, const uint64_t *a, bool send)
{
    struct message m;
    long error;
    if (!pair(t, a[0], &error))
        return error;
    if (user_read(t, &m, a[1], sizeof m))
        return -LX_EFAULT;
    if (send && m.control_length) {
        jn_log(JN_LOG_WARNING, "unsupported control message in sendmsg of %s", t->name);
        return -LX_EINVAL;
    }
    if ((uint32_t)a[2] & ~(uint32_t)(LX_MSG_DONTWAIT | LX_MSG_NOSIGNAL |
                                     (send ? LX_MSG_MORE : LX_MSG_CMSG_CLOEXEC)))
        return -LX_EOPNOTSUPP;
    uint64_t arguments[6] = {a[0], m.vector, m.count};
    long result = send ? sys_writev(t, arguments) : sys_readv(t, arguments);
    if (!send && result >= 0) {
        m.name_length = 0;
        m.control_length = 0;
        m.flags = 0;
        if (user_write(t, a[1], &m, sizeof m))
            return -LX_EFAULT;
    }
    return result;
}

long sys_sendmsg(struct thread *t, const uint64_t *a)
{
    return message_io(t, a, true);
}

long sys_recvmsg(struct thread *t, const uint64_t *a)
{
    return message_io(t, a, false);
}

long sys_shutdown(struct thread *t, const uint64_t *a)
{
    long error;
    struct descriptor *d = pair(t, a[0], &error);
    if (!d)
        return error;
    if (a[1] > 2)
        return -LX_EINVAL;
    /* Closing our direction: the number stays, on the other pipe's end. */
    if (a[1] != 0) {
        struct process *p = t->process;
        struct backend_open copy;
        jn_status_t status = backend_io_duplicate(&p->clients, d->open, &copy);
        if (status != JN_OK)
            return errno_of(status);
        backend_io_close(&p->clients, d->other);
        d->other = copy; /* writes to a reading end fail, as they do after shutdown */
    }
    return 0;
}

static long give_name(struct thread *t, const uint64_t *a)
{
    uint16_t family = AF_UNIX;
    uint32_t length;
    if (user_read(t, &length, a[2], 4))
        return -LX_EFAULT;
    if ((int32_t)length < 0)
        return -LX_EINVAL;
    if (user_write(t, a[1], &family, length < 2 ? length : 2) || user_write32(t, a[2], 2))
        return -LX_EFAULT;
    return 0;
}

long sys_getsockname(struct thread *t, const uint64_t *a)
{
    long error;
    return pair(t, a[0], &error) ? give_name(t, a) : error;
}

long sys_getpeername(struct thread *t, const uint64_t *a)
{
    long error;
    return pair(t, a[0], &error) ? give_name(t, a) : error;
}

long sys_setsockopt(struct thread *t, const uint64_t *a)
{
    long error;
    if (!pair(t, a[0], &error))
        return error;
    return a[1] == 1 && (a[2] == 7 || a[2] == 8) ? 0 /* buffer sizes */ : -LX_ENOPROTOOPT;
}

long sys_getsockopt(struct thread *t, const uint64_t *a)
{
    long error;
    uint32_t value, length;
    if (!pair(t, a[0], &error))
        return error;
    if (a[1] != 1)
        return -LX_EOPNOTSUPP;
    switch (a[2]) {
    case 3: /* SO_TYPE */
        value = SOCK_STREAM;
        break;
    case 4: /* SO_ERROR */
        value = 0;
        break;
    case 7: /* SO_SNDBUF, SO_RCVBUF */
    case 8:
        value = 65536;
        break;
    case 39: /* SO_DOMAIN */
        value = AF_UNIX;
        break;
    default:
        return -LX_ENOPROTOOPT;
    }
    if (user_read(t, &length, a[4], 4))
        return -LX_EFAULT;
    if (length > 4)
        length = 4;
    return user_write(t, a[3], &value, length) || user_write32(t, a[4], length) ? -LX_EFAULT : 0;
}

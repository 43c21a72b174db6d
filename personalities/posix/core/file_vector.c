/* Moving data by vectors: readv(2), writev(2) and their positioned forms. */
#include <stdlib.h>

#include "descriptors.h"
#include "file_moves.h"
#include "linux/file.h"
#include "linux/process.h"
#include "signals.h"
#include "status.h"
#include "syscalls.h"
#include "user.h"
#include "wait.h"

#define VECTOR_FIRST 16

/* As large as the largest so far: an adapter is copied by every fork. */
static struct lx_iovec *vector;
static uint64_t vector_room;

static bool make_room(uint64_t count)
{
    uint64_t room = count < VECTOR_FIRST ? VECTOR_FIRST : count;
    struct lx_iovec *larger = realloc(vector, room * sizeof *vector);
    if (!larger)
        return false;
    vector = larger;
    vector_room = room;
    return true;
}

/* Reads the vector; the sum of lengths, cut to what one call moves. */
static long get_vector(struct thread *t, uint64_t address, uint64_t count, uint64_t *total)
{
    if (count > LX_IOV_MAX)
        return -LX_EINVAL;
    if ((!vector || count > vector_room) && !make_room(count))
        return -LX_ENOMEM;
    if (user_read(t, vector, address, count * sizeof vector[0]))
        return -LX_EFAULT;
    *total = 0;
    for (uint64_t i = 0; i < count; i++) {
        if ((int64_t)vector[i].iov_len < 0)
            return -LX_EINVAL;
        if (vector[i].iov_len > LX_RW_MAX - *total)
            vector[i].iov_len = LX_RW_MAX - *total;
        *total += vector[i].iov_len;
    }
    return 0;
}

static long do_readv(struct thread *t, uint64_t fd, int64_t offset, uint64_t address,
                     uint64_t count)
{
    uint64_t total, sum = 0;
    struct descriptor *d = descriptor_io(t->process, fd);
    if (!d)
        return -LX_EBADF;
    long error = get_vector(t, address, count, &total);
    if (error)
        return error;
    if (d->kind != DESCRIPTOR_OPEN && d->kind != DESCRIPTOR_PAIR)
        return file_do_read(t, fd, offset, vector[0].iov_base, count ? vector[0].iov_len : 0);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t done;
        if (!vector[i].iov_len)
            continue;
        jn_status_t status = file_step_read(t, d, offset < 0 ? offset : offset + (int64_t)sum,
                                            vector[i].iov_base, vector[i].iov_len, &done);
        if (status != JN_OK && sum) {
            if (status == JN_WOULD_BLOCK) {
                wait_armed(t, d->open.server);
                wait_disarm(t);
            }
            break;
        }
        if (status != JN_OK)
            return file_read_error(t, fd, d, status);
        sum += done;
        if (done < vector[i].iov_len)
            break;
    }
    return (long)sum;
}

/* Short vectors are gathered, so that a pipe gets them in one piece (PIPE_BUF). */
static long gather_write(struct thread *t, uint64_t fd, struct descriptor *d, int64_t offset,
                         uint64_t count, uint64_t total)
{
    char *buffer = core_scratch;
    uint64_t have = 0;
    struct backend_open open = file_write_end(d);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t n = user_read_partial(t, buffer + have, vector[i].iov_base, vector[i].iov_len);
        have += n;
        if (n < vector[i].iov_len)
            break;
    }
    if (!have && total)
        return -LX_EFAULT;
    jn_status_t limited = t->wait.progress ? JN_OK : file_limit_write(t, open, offset, &have);
    if (limited != JN_OK)
        return errno_of(limited);
    uint32_t flags = 0;
    uint64_t *written = &t->wait.progress;
    for (;;) {
        uint64_t done = 0;
        jn_status_t status = file_move_out(
            t->process, d, offset < 0 ? offset : offset + (int64_t)*written, have - *written, flags,
            t->handle, backend_window(buffer + *written, have - *written), &done);
        if (status == JN_OK) {
            *written += done;
            if (*written >= have || !done)
                return (long)*written;
            continue;
        }
        if (status == JN_BACKGROUND && !flags) {
            long result = process_background(t, LX_SIGTTOU);
            if (result != -LX_EIO || !process_ignores_stop(t, LX_SIGTTOU))
                return *written ? (long)*written : result;
            flags = IO_FORCE;
            continue;
        }
        long result = file_write_error(t, fd, d, status);
        return result == CORE_WAITING || !*written ? result : (long)*written;
    }
}

static long do_writev(struct thread *t, uint64_t fd, int64_t offset, uint64_t address,
                      uint64_t count)
{
    uint64_t total;
    struct descriptor *d = descriptor_io(t->process, fd);
    if (!d)
        return -LX_EBADF;
    long error = get_vector(t, address, count, &total);
    if (error)
        return error;
    if (d->kind != DESCRIPTOR_OPEN && d->kind != DESCRIPTOR_PAIR)
        return -LX_EINVAL;
    if (total <= CORE_SCRATCH)
        return gather_write(t, fd, d, offset, count, total);
    uint64_t *written = &t->wait.progress, before = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t length = vector[i].iov_len;
        while (*written < before + length) {
            uint64_t done, at = *written - before;
            jn_status_t status =
                file_step_write(t, d, offset < 0 ? offset : offset + (int64_t)*written,
                                vector[i].iov_base + at, length - at, IO_FORCE, &done);
            if (status == JN_OK && done) {
                *written += done;
                continue;
            }
            if (status == JN_OK)
                return (long)*written;
            long result = file_write_error(t, fd, d, status);
            return result == CORE_WAITING || !*written ? result : (long)*written;
        }
        before += length;
    }
    return (long)*written;
}

long sys_readv(struct thread *t, const uint64_t *a)
{
    return do_readv(t, a[0], NO_OFFSET, a[1], a[2]);
}

long sys_writev(struct thread *t, const uint64_t *a)
{
    return do_writev(t, a[0], NO_OFFSET, a[1], a[2]);
}

/* On x86-64 the offset stands whole in the fourth argument. */
long sys_preadv(struct thread *t, const uint64_t *a)
{
    if ((int64_t)a[3] < 0)
        return -LX_EINVAL;
    return do_readv(t, a[0], (int64_t)a[3], a[1], a[2]);
}

long sys_pwritev(struct thread *t, const uint64_t *a)
{
    if ((int64_t)a[3] < 0)
        return -LX_EINVAL;
    return do_writev(t, a[0], (int64_t)a[3], a[1], a[2]);
}

long sys_preadv2(struct thread *t, const uint64_t *a)
{
    if (a[5])
        return -LX_EOPNOTSUPP;
    return (int64_t)a[3] == -1 ? sys_readv(t, a) : sys_preadv(t, a);
}

long sys_pwritev2(struct thread *t, const uint64_t *a)
{
    if (a[5])
        return -LX_EOPNOTSUPP;
    return (int64_t)a[3] == -1 ? sys_writev(t, a) : sys_pwritev(t, a);
}

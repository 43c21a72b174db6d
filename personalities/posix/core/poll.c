/* poll(2), select(2): one round polls every descriptor; if none is ready each has been armed with the
 * thread's cookie, and the thread waits for the first entry, the deadline or a signal. */
#include <stdlib.h>
#include <string.h>

#include "descriptors.h"
#include "epoll.h"
#include "janus/backend/time.h"
#include "linux/file.h"
#include "signalfd.h"
#include "signals.h"
#include "status.h"
#include "syscalls.h"
#include "timespec.h"
#include "user.h"
#include "wait.h"

#define POLL_IN (LX_POLLIN | LX_POLLRDNORM)
#define POLL_OUT (LX_POLLOUT | LX_POLLWRNORM)

/* What holds of `events` (poll bits) for one descriptor; arms the thread's cookie if `arm`. */
uint32_t poll_descriptor(struct thread *t, struct descriptor *d, uint32_t events, uint64_t cookie)
{
    const struct backend_clients *c = &t->process->clients;
    uint32_t wanted = 0, ready = 0;
    switch (d->kind) {
    case DESCRIPTOR_PATH:
        return LX_POLLNVAL;
    case DESCRIPTOR_EPOLL:
        return events & POLL_IN ? epoll_poll(t, d->epoll, cookie != 0) & POLL_IN : 0;
    case DESCRIPTOR_SIGNAL:
        if (!(events & POLL_IN))
            return 0;
        if (signal_pending(t) & d->signal->mask)
            return events & POLL_IN;
        if (cookie)
            t->wait_accept |= d->signal->mask;
        return 0;
    default:
        break;
    }
    if (events & POLL_IN)
        wanted |= IO_READABLE;
    if (events & POLL_OUT)
        wanted |= IO_WRITABLE;
    if (events & LX_POLLPRI)
        wanted |= IO_PRIORITY;
    if (events & LX_POLLRDHUP)
        wanted |= IO_READ_HANGUP;
    if (d->kind == DESCRIPTOR_PAIR) {
        uint32_t write_ready = 0;
        if (backend_io_poll(c, d->open, wanted & ~(uint32_t)IO_WRITABLE, cookie, &ready) != JN_OK)
            ready = IO_ERROR;
        if (wanted & IO_WRITABLE &&
            backend_io_poll(c, d->other, IO_WRITABLE, cookie, &write_ready) != JN_OK)
            write_ready = IO_ERROR;
        /* The peer's end of the read side gone is a hang-up, as for sockets. */
        ready = (ready & ~(uint32_t)IO_WRITABLE) | (write_ready & (IO_WRITABLE | IO_ERROR));
        if (ready & IO_HANGUP)
            ready |= IO_READABLE;
    } else if (backend_io_poll(c, d->open, wanted, cookie, &ready) != JN_OK) {
        ready = IO_ERROR;
    }
    if (cookie)
        wait_armed(t, d->open.server);
    uint32_t result = ready & (IO_ERROR | IO_HANGUP);
    if (ready & IO_READABLE)
        result |= events & POLL_IN;
    if (ready & IO_WRITABLE)
        result |= events & POLL_OUT;
    result |= ready & events & (LX_POLLPRI | LX_POLLRDHUP);
    return result;
}


static uint32_t poll_round(struct thread *t, struct lx_pollfd *fds, uint32_t count, bool arm)
{
    uint32_t ready = 0;
    wait_disarm(t);
    t->wait_accept = 0;
    for (uint32_t i = 0; i < count; i++) {
        fds[i].revents = 0;
        if (fds[i].fd < 0)
            continue;
        struct descriptor *d = descriptor_get(t->process, (uint32_t)fds[i].fd);
        uint32_t now = d ? poll_descriptor(t, d, (uint16_t)fds[i].events,
                                           arm && !ready ? t->handle : 0)
                         : LX_POLLNVAL;
        fds[i].revents = (int16_t)now;
        ready += now != 0;
    }
    return ready;
}

/* One round of poll. deadline as in wait_for; `now` true: no waiting at all. */
static long do_poll(struct thread *t, uint64_t address, uint64_t count, bool now,
                    uint64_t deadline, long interrupted)
{
    if (count > descriptors_limit(t->process))
        return -LX_EINVAL;
    struct lx_pollfd small[64], *fds = small;
    size_t bytes = count * sizeof *fds;
    if (count > 64 && !(fds = malloc(bytes)))
        return -LX_ENOMEM;
    long result = -LX_EFAULT;
    if (user_read(t, fds, address, bytes))
        goto done;
    bool last = now || t->wait.expired;
    uint32_t ready = poll_round(t, fds, (uint32_t)count, !last);
    if (!ready && !last) {
        result = wait_for(t, deadline, interrupted);
        goto done;
    }
    result = ready;
    for (uint64_t i = 0; i < count && result >= 0; i++)
        if (user_write(t, address + i * sizeof *fds + 6, &fds[i].revents, 2))
            result = -LX_EFAULT;
done:
    if (fds != small)
        free(fds);
    return result;
}

static long poll_with_timeout(struct thread *t, uint64_t address, uint64_t count, bool now,
                              uint64_t deadline)
{
    long result = do_poll(t, address, count, now, deadline, -LX_ERESTART_RESTARTBLOCK);
    if (result == -LX_ERESTART_RESTARTBLOCK) {
        t->restart_number = 7;
        t->restart_deadline = deadline;
        t->restart_remaining = address;
        t->restart_count = count;
    }
    return result;
}

long sys_poll(struct thread *t, const uint64_t *a)
{
    int32_t timeout = (int32_t)a[2];
    if (!t->wait.started) {
        t->wait.started = true;
        t->wait.deadline =
            timeout > 0 ? backend_time_monotonic() + (uint64_t)timeout * 1000000 : WAIT_FOREVER;
    }
    return poll_with_timeout(t, a[0], (uint32_t)a[1], timeout == 0, t->wait.deadline);
}

long poll_restart(struct thread *t)
{
    if (!t->wait.started) {
        t->wait.started = true;
        t->wait.deadline = t->restart_deadline;
    }
    return poll_with_timeout(t, t->restart_remaining, t->restart_count, false, t->wait.deadline);
}

/* ---- the signal mask of the p-forms ---- */

long wait_mask_begin(struct thread *t, uint64_t address, uint64_t size)
{
    uint64_t mask;
    if (!address)
        return 0;
    if (size != 8)
        return -LX_EINVAL;
    if (user_read(t, &mask, address, 8))
        return -LX_EFAULT;
    if (!t->restore_mask) {
        t->saved_mask = t->mask;
        t->restore_mask = true;
    }
    signal_set_mask(t, mask);
    return 0;
}

/* The timeout of ppoll, pselect and friends: *now, or a deadline. */
static long read_timeout(struct thread *t, uint64_t address, bool *now)
{
    struct lx_timespec time;
    *now = false;
    if (!address)
        return 0;
    if (user_read(t, &time, address, sizeof time))
        return -LX_EFAULT;
    if (!timespec_valid(&time))
        return -LX_EINVAL;
    *now = !time.tv_sec && !time.tv_nsec;
    t->wait.deadline = timespec_deadline(&time);
    return 0;
}

/* Linux writes what is left of the time back, except after a handler ran under another personality. */
static void write_remaining(struct thread *t, uint64_t address, bool timeval)
{
    if (!address)
        return;
    uint64_t now = backend_time_monotonic();
    uint64_t left = t->wait.deadline > now ? t->wait.deadline - now : 0;
    struct lx_timespec time = {(int64_t)(left / 1000000000), (int64_t)(left % 1000000000)};
    if (timeval)
        time.tv_nsec /= 1000;
    if (user_write(t, address, &time, sizeof time))
        return; /* read-only memory: the kernel does not mind either */
}

long sys_ppoll(struct thread *t, const uint64_t *a)
{
    bool now = t->wait.memory[0];
    if (!t->wait.started) {
        long error = read_timeout(t, a[2], &now);
        if (!error)
            error = wait_mask_begin(t, a[3], a[4]);
        if (error)
            return error;
        t->wait.started = true;
        t->wait.memory[0] = now;
    }
    long result = do_poll(t, a[0], (uint32_t)a[1], now, t->wait.deadline, -LX_ERESTARTNOHAND);
    if (result != CORE_WAITING && a[2])
        write_remaining(t, a[2], false);
    return result;
}

/* ---- select ---- */

#define SET_WORDS(n) (((n) + 63) / 64)

/* memory: 6 * words, zeroes. */
static long select_sets(struct thread *t, uint64_t n, const uint64_t sets[3], bool now,
                        uint64_t *memory, size_t words)
{
    uint64_t *in[3], *out[3];
    for (int set = 0; set < 3; set++) {
        in[set] = memory + 2 * (size_t)set * words;
        out[set] = in[set] + words;
        if (sets[set] && user_read(t, in[set], sets[set], words * 8))
            return -LX_EFAULT;
    }
    bool last = now || t->wait.expired;
    long ready = 0;
    wait_disarm(t);
    t->wait_accept = 0;
    for (uint32_t fd = 0; fd < n; fd++) {
        uint64_t bit = 1ull << fd % 64;
        size_t word = fd / 64;
        uint32_t events = (in[0][word] & bit ? POLL_IN : 0) | (in[1][word] & bit ? POLL_OUT : 0) |
                          (in[2][word] & bit ? LX_POLLPRI : 0);
        if (!events)
            continue;
        struct descriptor *d = descriptor_io(t->process, fd);
        if (!d)
            return -LX_EBADF;
        uint32_t got = poll_descriptor(t, d, events, last || ready ? 0 : t->handle);
        if (in[0][word] & bit && got & (POLL_IN | LX_POLLHUP | LX_POLLERR))
            out[0][word] |= bit, ready++;
        if (in[1][word] & bit && got & (POLL_OUT | LX_POLLERR))
            out[1][word] |= bit, ready++;
        if (in[2][word] & bit && got & LX_POLLPRI)
            out[2][word] |= bit, ready++;
    }
    if (!ready && !last)
        return wait_for(t, t->wait.deadline, -LX_ERESTARTNOHAND);
    for (int set = 0; set < 3; set++)
        if (sets[set] && user_write(t, sets[set], out[set], words * 8))
            return -LX_EFAULT;
    return ready;
}

static long do_select(struct thread *t, uint64_t n, const uint64_t sets[3], bool now)
{
    if ((int32_t)n < 0)
        return -LX_EINVAL;
    n = (uint32_t)n;
    if (n > t->process->descriptors.size)
        n = t->process->descriptors.size;
    size_t words = SET_WORDS(n);
    uint64_t few[6 * 16] = {0}; /* FD_SETSIZE */
    uint64_t *memory = words <= 16 ? few : calloc(words, 6 * sizeof *memory);
    if (!memory)
        return -LX_ENOMEM;
    long result = select_sets(t, n, sets, now, memory, words);
    if (memory != few)
        free(memory);
    return result;
}

long sys_select(struct thread *t, const uint64_t *a)
{
    bool now = t->wait.memory[0];
    if (!t->wait.started) {
        struct lx_timeval time;
        if (a[4]) {
            if (user_read(t, &time, a[4], sizeof time))
                return -LX_EFAULT;
            if (time.tv_sec < 0 || time.tv_usec < 0)
                return -LX_EINVAL;
            struct lx_timespec spec = {time.tv_sec + time.tv_usec / 1000000,
                                       time.tv_usec % 1000000 * 1000};
            now = !spec.tv_sec && !spec.tv_nsec;
            t->wait.deadline = timespec_deadline(&spec);
        }
        t->wait.started = true;
        t->wait.memory[0] = now;
    }
    long result = do_select(t, a[0], a + 1, now);
    if (result != CORE_WAITING && a[4])
        write_remaining(t, a[4], true);
    return result;
}

long sys_pselect6(struct thread *t, const uint64_t *a)
{
    bool now = t->wait.memory[0];
    if (!t->wait.started) {
        uint64_t mask[2] = {0, 0};
        if (a[5] && user_read(t, mask, a[5], sizeof mask))
            return -LX_EFAULT;
        long error = read_timeout(t, a[4], &now);
        if (!error)
            error = wait_mask_begin(t, mask[0], mask[1]);
        if (error)
            return error;
        t->wait.started = true;
        t->wait.memory[0] = now;
    }
    long result = do_select(t, a[0], a + 1, now);
    if (result != CORE_WAITING && a[4])
        write_remaining(t, a[4], false);
    return result;
}

/* poll(2), select(2): one round polls every descriptor; if none is ready each has been armed with the
 * thread's cookie, and the thread waits for the first entry, the deadline or a signal. */
#include <stdlib.h>
#include <string.h>

#include "descriptors.h"
#include "epoll.h"
#include "janus/backend/time.h"
#include "linux/file.h"
#include "placement.h"
#include "signalfd.h"
#include "signals.h"
#include "status.h"
#include "syscalls.h"
#include "timespec.h"
#include "user.h"
#include "wait.h"

#define POLL_IN (LX_POLLIN | LX_POLLRDNORM)
#define POLL_OUT (LX_POLLOUT | LX_POLLWRNORM)

static uint32_t wanted_of(uint32_t events)
{
    uint32_t wanted = events & POLL_IN ? IO_READABLE : 0;
    if (!(events & ~(uint32_t)POLL_IN))
        return wanted;
    if (events & POLL_OUT)
        wanted |= IO_WRITABLE;
    if (events & LX_POLLPRI)
        wanted |= IO_PRIORITY;
    if (events & LX_POLLRDHUP)
        wanted |= IO_READ_HANGUP;
    return wanted;
}

static uint32_t result_of(uint32_t events, uint32_t ready)
{
    uint32_t result = ready & (IO_ERROR | IO_HANGUP);
    if (ready & IO_READABLE)
        result |= events & POLL_IN;
    if (ready & IO_WRITABLE)
        result |= events & POLL_OUT;
    return result | (ready & events & (LX_POLLPRI | LX_POLLRDHUP));
}

/* What holds of `events` (poll bits) for one descriptor; arms the thread's cookie if `arm`. */
uint32_t poll_descriptor(struct thread *t, struct descriptor *d, uint32_t events, uint64_t cookie)
{
    const struct backend_clients *c = &t->process->clients;
    uint32_t ready = 0;
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
    uint32_t wanted = wanted_of(events);
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
    return result_of(events, ready);
}

/* ---- many descriptors: those of servers/fs in few messages ---- */

/* What a round asks, and where its answers go. */
struct round {
    struct thread *thread;
    bool arm; /* and nothing was ready yet */
    uint32_t ready; /* answers that are not 0 */
    uint32_t count; /* of items that wait to be sent */
    /* Only what is not 0 is answered. */
    void (*answer)(struct round *round, uint32_t index, uint32_t got);
    void *where;
    uint64_t items[IO_POLL_MANY];
    uint32_t index[IO_POLL_MANY];
    uint32_t fds[IO_POLL_MANY];
    uint16_t events[IO_POLL_MANY];
};

static inline void round_answer(struct round *round, uint32_t index, uint32_t got)
{
    if (!got)
        return;
    round->ready++;
    round->answer(round, index, got);
}

static void round_flush(struct round *round)
{
    struct thread *t = round->thread;
    union {
        uint16_t one[IO_POLL_MANY];
        uint64_t four[IO_POLL_MANY / 4];
    } ready;
    uint32_t count = round->count, words = (count + 3) / 4;
    if (!count)
        return;
    ready.four[words - 1] = 0;
    round->count = 0;
    bool arm = round->arm && !round->ready;
    placement_polled(t->process, round->fds, round->items, count);
    jn_status_t status = backend_io_poll_many(&t->process->clients, BACKEND_FS,
                                              arm ? t->handle : 0, round->items, count, ready.one);
    if (arm)
        wait_armed(t, BACKEND_FS);
    if (status != JN_OK)
        for (uint32_t i = 0; i < count; i++)
            ready.one[i] = IO_ERROR;
    for (uint32_t word = 0; word < words; word++)
        for (uint32_t i = word * 4; ready.four[word] && i < word * 4 + 4; i++) /* mostly nothing */
            if (ready.one[i])
                round_answer(round, round->index[i], result_of(round->events[i], ready.one[i]));
}

_Static_assert(IO_POLL_MANY % 4 == 0, "answers are looked at by fours");

static inline void round_add(struct round *round, struct descriptor *d, uint32_t fd,
                             uint32_t index, uint32_t events)
{
    struct thread *t = round->thread;
    if (d->kind != DESCRIPTOR_OPEN || d->open.server != BACKEND_FS || d->open.number >> 32) {
        bool arm = round->arm && !round->ready;
        round_answer(round, index, poll_descriptor(t, d, events, arm ? t->handle : 0));
        return;
    }
    uint32_t at = round->count++;
    round->items[at] = (uint64_t)wanted_of(events) << 32 | d->open.number;
    round->index[at] = index;
    round->fds[at] = fd;
    round->events[at] = (uint16_t)events;
    if (round->count == IO_POLL_MANY)
        round_flush(round);
}

/* Sets all but the arrays. */
static void round_begin(struct round *round, struct thread *t, bool arm,
                        void (*answer)(struct round *, uint32_t, uint32_t), void *where)
{
    round->thread = t;
    round->arm = arm;
    round->ready = round->count = 0;
    round->answer = answer;
    round->where = where;
    if (t->wait.armed)
        wait_disarm(t);
    t->wait_accept = 0;
}

/* ---- poll ---- */

struct answers {
    struct lx_pollfd *fds;
    uint64_t *changed; /* a bit for each entry that has to be written back */
    uint64_t *stale;   /* and for each whose revents were not 0 and have not been answered */
};

static void poll_answer(struct round *round, uint32_t index, uint32_t got)
{
    struct answers *answers = round->where;
    uint64_t bit = 1ull << index % 64;
    if (answers->fds[index].revents != (int16_t)got)
        answers->changed[index / 64] |= bit;
    answers->fds[index].revents = (int16_t)got;
    answers->stale[index / 64] &= ~bit;
}

static uint32_t poll_round(struct thread *t, struct answers *answers, uint32_t count, bool arm)
{
    struct round round;
    round_begin(&round, t, arm, poll_answer, answers);
    const struct lx_pollfd *fds = answers->fds;
    struct process *p = t->process;
    for (uint32_t i = 0; i < count; i++) {
        int32_t fd = fds[i].fd;
        if (fds[i].revents)
            answers->stale[i / 64] |= 1ull << i % 64;
        struct descriptor *d = fd < 0 ? NULL : descriptor_get(p, (uint32_t)fd);
        if (d)
            round_add(&round, d, (uint32_t)fd, i, (uint16_t)fds[i].events);
        else
            round_answer(&round, i, fd < 0 ? 0 : LX_POLLNVAL);
    }
    round_flush(&round);
    for (uint32_t word = 0; word < (count + 63) / 64; word++)
        for (uint64_t left = answers->stale[word]; left; left &= left - 1) {
            answers->fds[word * 64 + (uint32_t)__builtin_ctzll(left)].revents = 0;
            answers->changed[word] |= left & -left;
        }
    return round.ready;
}

/* One round of poll. deadline as in wait_for; `now` true: no waiting at all. */
static long do_poll(struct thread *t, uint64_t address, uint64_t count, bool now,
                    uint64_t deadline, long interrupted)
{
    if (count > descriptors_limit(t->process))
        return -LX_EINVAL;
    struct lx_pollfd small[128], *fds = small;
    uint64_t few[4] = {0}, *changed = few;
    size_t bytes = count * sizeof *fds, words = (count + 63) / 64;
    if (count > 128) {
        fds = calloc(1, bytes + 2 * words * 8);
        if (!fds)
            return -LX_ENOMEM;
        changed = (uint64_t *)(fds + count);
    }
    long result = -LX_EFAULT;
    if (user_read(t, fds, address, bytes))
        goto done;
    bool last = now || t->wait.expired;
    uint32_t ready =
        poll_round(t, &(struct answers){fds, changed, changed + words}, (uint32_t)count, !last);
    if (!ready && !last) {
        result = wait_for(t, deadline, interrupted);
        goto done;
    }
    result = ready;
    /* Only what is new, for the rest stands there; and one, so that memory that cannot be written is
     * noticed. Never `fd` and `events`, which another thread may be changing. */
    if (count)
        changed[0] |= 1;
    for (size_t word = 0; word < words; word++)
        for (uint64_t left = changed[word]; left && result >= 0; left &= left - 1) {
            uint64_t i = word * 64 + (uint64_t)__builtin_ctzll(left);
            if (user_write(t, address + i * sizeof *fds + 6, &fds[i].revents, 2))
                result = -LX_EFAULT;
        }
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
    if (!*now)
        t->wait.deadline = timespec_deadline(&time);
    return 0;
}

/* Linux writes what is left of the time back, except after a handler ran under another personality.
 * Nothing is left of a time that was 0. */
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
    if (result != CORE_WAITING && a[2] && !now)
        write_remaining(t, a[2], false);
    return result;
}

/* ---- select ---- */

#define SET_WORDS(n) (((n) + 63) / 64)

struct select_sets {
    uint64_t *in[3], *out[3];
    long ready; /* bits set in `out` */
};

static void select_answer(struct round *round, uint32_t fd, uint32_t got)
{
    static const uint32_t counts[3] = {POLL_IN | LX_POLLHUP | LX_POLLERR, POLL_OUT | LX_POLLERR,
                                       LX_POLLPRI};
    struct select_sets *s = round->where;
    uint64_t bit = 1ull << fd % 64;
    for (int set = 0; set < 3; set++)
        if (got & counts[set] && s->in[set][fd / 64] & bit) {
            s->out[set][fd / 64] |= bit;
            s->ready++;
        }
}

/* memory: 6 * words, zeroes. */
static long select_sets(struct thread *t, uint64_t n, const uint64_t sets[3], bool now,
                        uint64_t *memory, size_t words)
{
    struct select_sets s = {.ready = 0};
    uint64_t **in = s.in, **out = s.out;
    for (int set = 0; set < 3; set++) {
        in[set] = memory + 2 * (size_t)set * words;
        out[set] = in[set] + words;
        if (sets[set] && user_read(t, in[set], sets[set], words * 8))
            return -LX_EFAULT;
    }
    bool last = now || t->wait.expired;
    struct round round;
    round_begin(&round, t, !last, select_answer, &s);
    for (size_t word = 0; word < words; word++) {
        const uint64_t reads = in[0][word], writes = in[1][word], others = in[2][word];
        uint64_t left = reads | writes | others;
        if (word == words - 1 && n % 64)
            left &= (1ull << n % 64) - 1;
        for (; left; left &= left - 1) {
            uint32_t fd = (uint32_t)word * 64 + (uint32_t)__builtin_ctzll(left);
            uint64_t bit = left & -left;
            uint32_t events = reads & bit ? POLL_IN : 0;
            if ((writes | others) & bit)
                events |= (writes & bit ? POLL_OUT : 0) | (others & bit ? LX_POLLPRI : 0);
            struct descriptor *d = descriptor_io(t->process, fd);
            if (!d)
                return -LX_EBADF;
            round_add(&round, d, fd, fd, events);
        }
    }
    round_flush(&round);
    if (!s.ready && !last)
        return wait_for(t, t->wait.deadline, -LX_ERESTARTNOHAND);
    for (int set = 0; set < 3; set++)
        if (sets[set] && user_write(t, sets[set], out[set], words * 8))
            return -LX_EFAULT;
    return s.ready;
}

static long do_select(struct thread *t, uint64_t n, const uint64_t sets[3], bool now)
{
    if ((int32_t)n < 0)
        return -LX_EINVAL;
    n = (uint32_t)n;
    if (n > t->process->descriptors.size)
        n = t->process->descriptors.size;
    size_t words = SET_WORDS(n);
    uint64_t few[6 * 16]; /* FD_SETSIZE */
    uint64_t *memory = words <= 16 ? few : calloc(words, 6 * sizeof *memory);
    if (!memory)
        return -LX_ENOMEM;
    if (memory == few)
        memset(few, 0, 6 * words * sizeof *few);
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
            if (!now)
                t->wait.deadline = timespec_deadline(&spec);
        }
        t->wait.started = true;
        t->wait.memory[0] = now;
    }
    long result = do_select(t, a[0], a + 1, now);
    if (result != CORE_WAITING && a[4] && !now)
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
    if (result != CORE_WAITING && a[4] && !now)
        write_remaining(t, a[4], false);
    return result;
}

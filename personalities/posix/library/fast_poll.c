/* poll(2) and select(2) on the program's own thread, as long as it is known of every descriptor whether it is
 * ready: of leased ones from their lease, of ends of pipes from the page of idle numbers (idl/lease.idl), which
 * says when nothing is. What is not known, and whoever has to wait, goes to the handler. */
#include <string.h>

#include "descriptors.h"
#include "fast_files.h"
#include "fast_thread.h"
#include "janus/idl/io.h"
#include "janus/idl/lease.h"
#include "janus/lease.h"
#include "janus/runtime.h"
#include "linux/file.h"
#include "placement.h"

#define PAGE 4096u
#define NUMBERS 4096u /* about which the page says something */
#define FILES 128u    /* descriptors that are known here */
#define POLLS 4       /* of the handler, before the page is asked for */
#define COUNT_MOST 256
#define UNKNOWN UINT32_MAX

#define POLL_IN (LX_POLLIN | LX_POLLRDNORM)
#define POLL_OUT (LX_POLLOUT | LX_POLLWRNORM)

static const volatile uint8_t *idle; /* by open, NULL: not asked for */
static bool refused;
static uint32_t polls;
static volatile uint16_t numbers[FILES]; /* of the descriptors' opens; 0: not known */

/* ---- the handler's part ---- */

static bool have_page(struct process *p)
{
    if (idle)
        return true;
    if (refused || p->trace || p->mm->users != 1 || ++polls < POLLS)
        return false;
    uint64_t address = jn_reserve(PAGE, 12);
    refused = !address || lease_idle(ADAPTER_CAP_CLIENT_FS, address) != JN_OK;
    if (!refused)
        idle = (const volatile uint8_t *)address;
    return !refused;
}

void placement_polled(struct process *p, const uint32_t *fds, const uint64_t *items, uint32_t count)
{
    if (!have_page(p) || p->mm->users != 1)
        return;
    for (uint32_t i = 0; i < count; i++)
        if (fds[i] < FILES && (uint32_t)items[i] < NUMBERS)
            numbers[fds[i]] = (uint16_t)items[i];
}

void fast_poll_release(uint32_t fd)
{
    if (fd < FILES)
        numbers[fd] = 0;
}

void fast_poll_child(void)
{
    idle = NULL;
    refused = false;
    polls = 0;
    memset((void *)numbers, 0, sizeof numbers);
}

/* ---- the threads' ---- */

/* What a leased descriptor answers; the ring may have been taken away, which is a fault and the handler's. */
static inline uint32_t leased(const struct adapter_lease *file, uint32_t events)
{
    const volatile struct jn_pipe_ring *ring = file->cell;
    switch (__atomic_load_n(&file->kind, __ATOMIC_ACQUIRE)) {
    case LEASE_FILE:
    case LEASE_NULL:
    case LEASE_ZERO:
        return events & (POLL_IN | POLL_OUT);
    case LEASE_PIPE_READ:
        if (ring->ends & JN_PIPE_NO_WRITER)
            return UNKNOWN;
        return ring->tail != ring->head ? events & POLL_IN : 0;
    case LEASE_PIPE_WRITE:
        if (ring->ends & JN_PIPE_NO_READER)
            return UNKNOWN;
        return ring->tail - ring->head <= JN_PIPE_RING_BYTES - JN_PIPE_RING_ROOM ? events & POLL_OUT
                                                                                 : 0;
    default:
        return UNKNOWN;
    }
}

static inline uint32_t ready(uint32_t fd, uint32_t events)
{
    if (fd >= FILES)
        return UNKNOWN;
    uint32_t number = numbers[fd], wanted = IO_HANGUP;
    if (number && idle) {
        wanted |= events & POLL_IN ? IO_READABLE : 0;
        if (events & ~POLL_IN) {
            wanted |= events & POLL_OUT ? IO_WRITABLE : 0;
            wanted |= events & LX_POLLPRI ? IO_PRIORITY : 0;
            wanted |= events & LX_POLLRDHUP ? IO_READ_HANGUP : 0;
        }
        if (!(wanted & ~(uint32_t)idle[number]))
            return 0;
    }
    return fd < fast_file_count ? leased(&fast_files[fd], events) : UNKNOWN;
}

FAST_CODE static long poll(struct jn_utcb *utcb, bool now)
{
    uint64_t at = FAST_ARGUMENT(utcb, RDI), count = (uint32_t)FAST_ARGUMENT(utcb, RSI);
    const struct process *p = fast_ids_of(utcb)->thread->process;
    if (count - 1 >= COUNT_MOST || count > p->limits[LX_RLIMIT_NOFILE].cur ||
        !fast_range_valid(at, count * sizeof(struct lx_pollfd)))
        return FAST_SLOW;
    volatile struct lx_pollfd *entry = (volatile struct lx_pollfd *)at, *end = entry + count;
    long result = 0;
    for (; entry < end; entry++) {
        int32_t fd = entry->fd;
        uint32_t got = fd < 0 ? 0 : ready((uint32_t)fd, (uint16_t)entry->events);
        if (got == UNKNOWN)
            return FAST_SLOW;
        result += got != 0;
        entry->revents = (int16_t)got; /* the handler would write the same */
    }
    return result || now ? result : FAST_SLOW;
}

/* Of the timeout at `address`, two words: 0 not yet, 1 no waiting, -1 another. */
static inline int no_waiting(uint64_t address)
{
    if (!address)
        return 0;
    if (!fast_range_valid(address, 16) ||
        FAST_USER(uint64_t, address) | FAST_USER(uint64_t, address + 8))
        return -1;
    return 1;
}

FAST_CODE long fast_poll(struct jn_utcb *utcb)
{
    return poll(utcb, !(uint32_t)FAST_ARGUMENT(utcb, RDX));
}

FAST_CODE long fast_ppoll(struct jn_utcb *utcb)
{
    int now = no_waiting(FAST_ARGUMENT(utcb, RDX));
    return now < 0 || FAST_ARGUMENT(utcb, R10) ? FAST_SLOW : poll(utcb, now);
}

#define WORDS (FILES / 64)

FAST_CODE static long select(struct jn_utcb *utcb)
{
    const struct process *p = fast_ids_of(utcb)->thread->process;
    uint64_t n = (uint32_t)FAST_ARGUMENT(utcb, RDI), in[3][WORDS], out[3][WORDS];
    const uint64_t sets[3] = {FAST_ARGUMENT(utcb, RSI), FAST_ARGUMENT(utcb, RDX),
                              FAST_ARGUMENT(utcb, R10)};
    int now = no_waiting(FAST_ARGUMENT(utcb, R8));
    uint32_t size = *(const volatile uint32_t *)&p->descriptors.size;
    if (now < 0 || n > INT32_MAX)
        return FAST_SLOW;
    if (n > size)
        n = size;
    uint64_t words = (n + 63) / 64, here = words < WORDS ? words : WORDS;
    for (int set = 0; set < 3; set++) {
        if (sets[set] && !fast_range_valid(sets[set], words * 8))
            return FAST_SLOW;
        for (uint64_t word = 0; word < words; word++) {
            uint64_t bits = sets[set] ? FAST_USER(uint64_t, sets[set] + word * 8) : 0;
            if (word < here) {
                in[set][word] = bits;
                out[set][word] = 0;
            } else if (bits) {
                return FAST_SLOW;
            }
        }
    }
    long result = 0;
    for (uint64_t word = 0; word < here; word++) {
        uint64_t left = in[0][word] | in[1][word] | in[2][word];
        if (word == words - 1 && n % 64)
            left &= (1ull << n % 64) - 1;
        for (; left; left &= left - 1) {
            uint64_t bit = left & -left;
            uint32_t events = (in[0][word] & bit ? POLL_IN : 0) |
                              (in[1][word] & bit ? POLL_OUT : 0) |
                              (in[2][word] & bit ? LX_POLLPRI : 0);
            uint32_t got =
                ready((uint32_t)word * 64 + (uint32_t)__builtin_ctzll(left), events);
            if (got == UNKNOWN)
                return FAST_SLOW;
            if (got & POLL_IN)
                out[0][word] |= bit, result++;
            if (got & POLL_OUT)
                out[1][word] |= bit, result++;
        }
    }
    if (!result && !now)
        return FAST_SLOW;
    /* Nothing may be changed before it is sure that all can be. */
    for (int set = 0; set < 3; set++)
        for (uint64_t word = 0; sets[set] && word < here; word++)
            FAST_USER(uint64_t, sets[set] + word * 8) = in[set][word];
    for (int set = 0; set < 3; set++)
        for (uint64_t word = 0; sets[set] && word < here; word++)
            FAST_USER(uint64_t, sets[set] + word * 8) = out[set][word];
    return result;
}

FAST_CODE long fast_select(struct jn_utcb *utcb)
{
    return select(utcb);
}

FAST_CODE long fast_pselect6(struct jn_utcb *utcb)
{
    uint64_t mask = FAST_ARGUMENT(utcb, R9);
    if (mask && (!fast_range_valid(mask, 8) || FAST_USER(uint64_t, mask)))
        return FAST_SLOW;
    return select(utcb);
}

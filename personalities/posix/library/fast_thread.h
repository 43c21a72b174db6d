/* Fast calls that are written in C (docs/library.md): they run on the program's own thread, on a small stack
 * in its UTCB page, between fast_enter and the way back of fast.asm. The rules:
 *
 * - A function that touches the program's memory is FAST_CODE, touches it by itself (calls nothing that
 *   does), and has changed nothing before its last such access: a fault that cannot be mended moves the
 *   thread to fast_c_abort, and the handler does the whole call. No stack deeper than FAST_STACK_BYTES.
 * - What it reads of the core's state is its own thread's, or made for being read at any time. Other state
 *   of the process it may use while the process has one thread: then the handler touches it only while that
 *   thread is in a message.
 */
#ifndef POSIX_FAST_THREAD_H
#define POSIX_FAST_THREAD_H

#include "core.h"
#include "janus/adapter.h"
#include "linux/memory.h"

/* The end of the UTCB's page; fast_ids.asm and fast.inc have the offsets. */
struct fast_ids {
    uint64_t pid, tid;
    const struct task_credentials *credentials;
    const bool *known; /* are they? */
    uint32_t *umask;
    const uint64_t *names; /* the process's names_serial: fast_stat.inc */
    struct thread *thread;
};
#define FAST_IDS 4032
_Static_assert(sizeof(struct fast_ids) <= JN_UTCB_SIZE - FAST_IDS, "behind the UTCB");
#define FAST_STACK_BYTES 1024
_Static_assert(sizeof(struct jn_utcb) <= FAST_IDS - FAST_STACK_BYTES, "a stack");

static inline struct fast_ids *fast_ids_of(struct jn_utcb *utcb)
{
    return (struct fast_ids *)((uint8_t *)utcb + FAST_IDS);
}

/* Its result, or: */
#define FAST_SLOW (-8193L)  /* nothing was done: the handler's */
#define FAST_STATE (-8192L) /* the program goes on with r, rip and rflags of utcb->state */
typedef long fast_function(struct jn_utcb *utcb);

#define FAST_CODE __attribute__((section(".text_fast_c")))

/* The program's register at the call. */
enum { FAST_RDI = 1, FAST_RSI, FAST_RDX, FAST_R8, FAST_R9, FAST_R10 }; /* in utcb->user */
#define FAST_ARGUMENT(utcb, register) ((utcb)->user[FAST_##register])

/* Can the program have memory there? */
static inline bool fast_range_valid(uint64_t address, uint64_t length)
{
    return address < ADAPTER_BASE ? length <= ADAPTER_BASE - address
                                  : address >= ADAPTER_END && length <= LX_TASK_SIZE &&
                                        address <= LX_TASK_SIZE - length;
}

/* One access to the program's memory. */
#define FAST_USER(type, address) (*(volatile type *)(address))

fast_function fast_rt_sigaction, fast_rt_sigprocmask, fast_rt_sigreturn, fast_rt_sigpending,
    fast_sigaltstack, fast_kill, fast_tkill, fast_tgkill, fast_poll, fast_ppoll, fast_select,
    fast_pselect6, fast_futex;

#endif

/* Services without the handler (fast.c, fast.asm, park.c). */
#ifndef WIN32_FAST_H
#define WIN32_FAST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "janus/abi/utcb.h"
#include "janus/types.h"

struct adapter_lease;

/* Where a thread that waits without the handler stands (park.c). */
enum fast_wait {
    FAST_RUNS,
    FAST_WAITS, /* it is entered, or about to be, where `lease` or the alert word says */
    FAST_TAKES  /* it has seen that the wait is over, and ends it */
};

/* Behind the UTCB's structure; fast.asm has the offsets. The stack goes down from the page's end. */
struct fast_block {
    uint64_t saved[13]; /* rax r10 rdx r8 r9 rdi rsi rbx rbp r12-r15 */
    uint64_t tid;
    cap_t signal;               /* what it waits at; JN_CAP_NULL: it waits in the handler */
    _Atomic uint64_t *lease;    /* what it waits for; NULL: for an alert */
    uint32_t number;            /* of the thread here, from 1; 0: it has no place and never waits here */
    _Atomic uint32_t wait;      /* enum fast_wait */
    _Atomic uint32_t alert;     /* enum nt_alert */
    /* Of a transfer (fast_move.asm): the lease it is about, while it is under way, and whom to wake behind it. */
    struct adapter_lease *moving;
    cap_t wake;
    uint64_t open;
    struct adapter_lease *ring; /* whose reading end it waits for; NULL: for `lease` */
};
#define FAST_BLOCK 3072u
_Static_assert(sizeof(struct jn_utcb) <= FAST_BLOCK, "fast.asm");
_Static_assert(JN_UTCB_SIZE - FAST_BLOCK - sizeof(struct fast_block) >= 768, "a stack");

static inline struct fast_block *fast_block_of(uint64_t utcb)
{
    return (struct fast_block *)(utcb + FAST_BLOCK);
}

/* From now on they are served; number_of: of a service by its name, UINT32_MAX: none. */
void fast_begin(uint32_t (*number_of)(const char *name));
/* The process whose names are asked about (server/answers.h). */
void fast_process(uint64_t cookie);
/* fast.asm: not to be called from C. */
extern const char win32_fast_enter[], win32_fast_abort[];

/* ---- waits (park.c) ---- */
#define FAST_SLOW (1ull << 63)

/* On the program's thread: waits until the lease, in which nobody is entered, is granted; without limit. */
uint64_t park_at_lease(struct jn_utcb *utcb, _Atomic uint64_t *lease, uint64_t word);
/* Until the own alert. */
uint64_t park_for_alert(struct jn_utcb *utcb);
/* Alerts the thread of this id, or FAST_SLOW. */
uint64_t park_alert(uint64_t tid);
/* Wakes a thread that may wait: it looks at its word again. */
void park_wake(uint32_t number);

struct world_process;
struct world_thread;
/* By the handler. */
void park_begin(void);
void park_thread(struct world_thread *t, uint64_t tid);
void park_thread_gone(struct world_thread *t);
/* Stops the thread with the program's state, if it waits; false: it does not. */
bool park_freeze(struct world_thread *t);
/* Those that a thread which was stopped or ended may have been about to wake look for themselves. */
void park_wake_all(void);
uint32_t park_count(void);

#endif

/* Gates, and the parts of the IPC slow path.
 *
 * A message has a sender and, once it is received, a holder: the thread that received it (its
 * `caller` is the sender, the sender's `partner` is it), or a Reply capability (`reply`). The fast
 * path in entry/entry.asm does the common case of ipc.c; both keep the same books:
 *
 *   sender RUN --gate_send()--> SEND (queued) --gate_receive()--> REPLY/FOREIGN/FAULT/EXCEPTION
 *          --reply--> RUN
 *
 * What cannot be done at once is repeated from the start by the thread itself (STATUS_RESTART), or
 * waits in one of these states; nothing is ever half received.
 */
#ifndef MK_IPC_IPC_H
#define MK_IPC_IPC_H

#include "cpu.h"
#include "thread/thread.h"

/* One CPU's part of a Gate. Receivers and `worker` are that CPU's (smp.h), the callers, and writing
 * `pending`, the lock's. */
struct gate_part {
    struct thread *receivers; /* last in, first out; ends with no_thread */
    uint64_t pending;         /* callers and notices that wait: not 0 leaves the fast path */
    struct list callers;      /* heads of groups of equal priority, highest first */
    struct gate *gate;
    struct thread *worker; /* who received last, if it is a worker still; no_thread */
    struct gate_part *posted; /* in its CPU's mailbox: the next there, or itself; NULL: it is not */
};

struct gate {
    struct object object;
    struct list workers; /* threads whose `gate` is a part of this */
    struct list parked;  /* Reply slots whose caller came through here */
    struct list
        notices; /* `kind`s of those and of labels: kernel messages for whoever waits next */
    struct list labels;
    struct cap end_signal;
    uint64_t end_bits;
    _Alignas(64) struct gate_part part[];
};

/* What tells a receiver which client used a Gate: an account of the capabilities that carry it. */
struct label {
    uint64_t value;
    struct gate *gate;
    uint64_t count;
    struct list in_gate; /* member of gate->labels */
    struct list notice;  /* member of gate->notices when count is 0 */
    struct label *next;  /* of the same hash */
};

/* Reply slots: `flags` holds the handle, and what is to be told of the caller. Handles are
 * multiples of 64, so the low bits are free. */
#define REPLY_GONE   1u
#define REPLY_CANCEL 2u
#define REPLY_FLAGS  63u

#define GATE_OF(object_) container_of(object_, struct gate, object)

static inline struct gate_part *gate_here(struct object *object)
{
    return (struct gate_part *)((char *)object + cpu_self()->gate_offset);
}

static inline unsigned gate_part_cpu(const struct gate_part *part)
{
    return (unsigned)(part - part->gate->part);
}

/* ---- ipc.c ---- */
void kernel_syscall(struct thread *thread);

/* The answer of most pagers to a page fault, one item that maps one page. False: it is something else,
 * and nothing was done. */
bool reply_with_page(struct thread *thread, struct thread *caller);

/* The order of words 0 to 9 in registers. Here, so that loops over all of them become plain moves. */
static const uint8_t word_register[JN_WORDS_REG] = {
    JN_REG_RDX, JN_REG_R10, JN_REG_R8,  JN_REG_R9,  JN_REG_RBX,
    JN_REG_RBP, JN_REG_R12, JN_REG_R13, JN_REG_R14, JN_REG_R15,
};

/* ---- gate.c ---- */
MUST_CHECK status_t gate_create(struct pool *pool, struct gate **gate);
bool gate_finish(struct gate *gate);
/* Sends thread->message with thread->label for a thread that is RUN: running, or not ready. It ends
 * up delivered, queued, or returned to with an error; STATUS_RESTART: execute the call again. */
status_t gate_send(struct thread *thread, struct gate_part *part, unsigned flags);
/* The part to which a message of this CPU goes: its own if anybody serves it, else where there is a
 * worker. Callers stand only where one is, unless there is none at all. */
struct gate_part *gate_choose(struct gate *gate);
/* Callers and notices of the part go to receivers that wait there. Its CPU is held. */
void gate_serve(struct gate_part *part);
/* Notices belong to no part: all count them. */
void gate_count_notices(struct gate *gate, int change);
/* The running thread takes a message or waits. */
status_t gate_receive(struct thread *thread, struct gate_part *part, unsigned flags);
/* Out of a receiver list or a caller queue. */
void gate_unlink_receiver(struct thread *thread);
void gate_unlink_caller(struct thread *thread);
/* It waits on this gate from now on (part may be NULL). */
void gate_attach(struct thread *thread, struct gate_part *part);
void gate_notify(struct gate *gate, struct list *notice);
void label_unused(struct label *label);

/* ---- label.c ---- */
/* New, with a count of 1. EXISTS, NO_MEMORY. */
MUST_CHECK status_t label_create(struct gate *gate, uint64_t value, struct label **label);
void label_free(struct label *label);
operation_t op_gate_mint, op_gate_bind_end;

/* ---- message.c ---- */
status_t tag_check(const struct thread *sender, uint64_t tag, unsigned allowed);
/* The message of `sender` into the registers and UTCB of `receiver`. */
status_t message_deliver(struct thread *sender, struct thread *receiver);
/* The words of a plain message or answer. */
status_t message_copy(struct thread *sender, struct thread *receiver, uint64_t tag);

/* ---- items.c ---- */
status_t items_transfer(struct thread *sender, struct thread *receiver, uint64_t tag,
                        bool whole_space);

/* ---- reply.c ---- */
/* The running thread answers `caller` with its registers; `lent`: the loaded context goes back. */
status_t reply_answer(struct thread *thread, struct thread *caller, bool *lent);
/* The caller, answered, goes on. */
void reply_release(struct thread *thread, struct thread *caller, bool lent);
status_t reply_to(struct thread *thread, uint64_t handle);
status_t reply_park(struct thread *thread, uint64_t handle);
void reply_moved(struct cap *from, struct cap *to);
void reply_drop(struct cap *cap);
void reply_unlink(struct cap *cap);
/* The holder is gone: kernel messages are sent again, native calls return AGAIN. */
void reply_orphan(struct thread *caller);
#define CHAIN_MAX 32 /* calls within calls that are followed */
/* The thread at the end of the chain of calls that begins with `caller`, which waits. */
struct thread *reply_chain_end(struct thread *caller);
/* The context that serves a caller that waits. */
struct sched *reply_sched(struct thread *caller);
/* The caller of a Reply handle or, 0, of the thread. */
struct thread *reply_caller(struct thread *thread, uint64_t handle);

/* ---- copy.c ---- */
status_t ipc_copy(struct thread *thread, uint64_t handle, uint64_t what);
/* By the assembly, which has saved the registers: bytes done, or -1. */
int64_t ipc_copy_quick(struct thread *thread);
/* For traces: whose memory, and where, a copy with the thread's registers means. */
uint64_t ipc_copy_where(struct thread *thread, struct thread **whose);

/* ---- timeout.c ---- */
/* Arms the thread's timer as the phase's flags and UTCB say. TIMEOUT: the time is over already. */
status_t timeout_start(struct thread *thread, uint64_t deadline);
void timeout_expired(struct timer *timer);
#define PHASE_FOREVER 0
#define PHASE_NOW     1
#define PHASE_UNTIL   2

#endif

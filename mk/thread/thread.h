/* Threads: what the kernel keeps of one, and what it may be doing.
 *
 * A thread holds no kernel stack. Between kernel entries it is its saved registers and a state
 * word; `frame` says how much of the registers is saved and so how it leaves the kernel again.
 *
 * Who may write here: smp.h.
 */
#ifndef MK_THREAD_THREAD_H
#define MK_THREAD_THREAD_H

#include "memory/space.h"
#include "object.h"
#include "platform/time.h"
#include "thread/sched.h"

/* The state word. The fast path compares all of it with STATE_RECV or STATE_REPLY, so that any flag
 * sends it to the slow path. */
enum {
    STATE_RUN = 1,   /* in user mode, ready, or (flag) suspended */
    STATE_RECV,      /* in the receiver list of `gate` */
    STATE_REPLY,     /* its call was received; `partner` has not answered */
    STATE_FOREIGN,   /* the same for a foreign system call */
    STATE_FAULT,     /* the same for a page fault */
    STATE_EXCEPTION, /* the same for an exception or attention */
    STATE_SEND,      /* in the caller queue of `queued_on`, `message` says with what */
    STATE_SIGNAL,    /* in the waiter list of a Signal */
    STATE_DEAD,
    STATE_MASK = 0xff,

    STATE_TIMED = 0x100,      /* `timer` is armed */
    STATE_HOME = 0x200,       /* its scheduling context does not serve the partner: see `sched` */
    STATE_PARKED = 0x400,     /* its Reply is `reply`, not a thread's current caller */
    STATE_WINDOWS = 0x800,    /* its call offered copy windows: `windows` of them, in its UTCB */
    STATE_SUSPENDED = 0x1000, /* not to run, whatever happens to its wait */
    STATE_CANCEL = 0x2000,    /* cancel was asked for while the Reply was not parked */
    STATE_MARKED = 0x4000,    /* debug registers or single step: never on the fast path */
    STATE_REMOTE = 0x8000,    /* the partner's CPU is another */
    STATE_MOVES = 0x10000,    /* it wants to another CPU */
};

/* How a thread leaves the kernel. */
enum {
    FRAME_CALL,    /* native system call: message registers, rax, rdi, rsi; sysret */
    FRAME_SYSCALL, /* foreign system call: all registers, rcx = rip, r11 = flags; sysret */
    FRAME_FULL,    /* everything; iretq */
    FRAME_IDLE,    /* not a thread: the CPU halts */
};

/* thread->kind is OR-ed into rax at system call entry: not 0 leaves the fast path, and the sign
 * tells a foreign thread. Bits 0 to 31 are 0. */
#define KIND_FOREIGN   (1ull << 63)
#define KIND_SIGNALLED (1ull << 62) /* the bound Signal has bits */
#define KIND_MARKED    (1ull << 61)
#define KIND_DOOR      (1ull << 60) /* with FOREIGN: its task has an adapter, and it a UTCB */
#define KIND_LEAVE     (1ull << 59) /* something waits for its way out of the adapter */
#define KIND_MASK      0xffffffff00000000ull

/* CF PF AF ZF SF TF DF OF RF AC ID are the user's; bit 1 is always set and so is IF. */
#define FLAGS_USER     0x250dd5ull
#define FLAGS_FIXED    0x202ull

/* What a thread sends while it is STATE_SEND, and after: kernel messages by their number. */
enum { MESSAGE_CALL = 0, MESSAGE_SEND = 64 };

struct cpu;
struct gate_part;

/* Standard format with XCR0 = x87, SSE, AVX. */
#define XSAVE_BYTES 832

struct thread {
    struct object object;
    /* -- the fast path's line -- */
    uint32_t state;
    uint32_t frame;
    uint64_t kind;
    uint64_t captable; /* address of the task's slot 0 */
    uint64_t cr3;
    struct thread *next;    /* receiver list */
    struct thread *caller;  /* who waits for this thread's answer; no_thread */
    struct thread *partner; /* STATE_REPLY and so on: whose current caller this is */
    struct gate_part *gate; /* last waited on; this thread is one of its workers */
    /* -- and three more -- */
    struct jn_utcb *utcb; /* direct map; NULL: none */
    uint64_t ipcs;        /* messages received or answered on the fast path */
    uint64_t label;       /* of the capability that its message went through */
    uint64_t fault[5];    /* words of a fault, exception or attention message, then zeroes */
    /* The beginning of struct jn_state, so that one copy tells it. */
    union {
        uint64_t r[JN_REG_COUNT]; /* enum jn_reg */
        struct {
            uint64_t before_rsp[JN_REG_RSP], rsp, after_rsp[JN_REG_COUNT - JN_REG_RSP - 1];
        };
    };
    uint64_t rip;
    uint64_t rflags;
    uint64_t fs_base, gs_base; /* current: in the registers */
    uint64_t dr[6];
    /* -- what only C knows -- */
    struct task *task;
    uint64_t utcb_address;
    struct door *door; /* KIND_DOOR, or it was */
    struct list in_task;

    struct sched *base;         /* own context */
    struct sched *sched;        /* not running: what it goes on with; see sched_block() */
    struct sched *preempted_on; /* member of cpu->preempted: what it ran on */
    struct list on_sched;       /* member of sched->ready or sched->users */
    struct list on_base;        /* member of base->bound */
    struct sched own;           /* base, unless another was set */

    /* These four are written together, as one 32-bit word, by the fast path. */
    _Alignas(4) uint8_t message; /* what it sends */
    uint8_t windows;             /* offered with the call */
    uint8_t again;               /* the message was delivered before */
    uint8_t item;                /* an interrupted transfer: the flexpage that it stopped in */
    uint8_t phases;              /* timeouts of the call, both */
    uint8_t queued_priority;
    uint8_t go_on;      /* what an answer asks for beyond waking: reply.c */
    bool restarted;     /* executes its system call again: item, item_done, copied are its */
    uint64_t item_done; /* pages of that flexpage that are done */
    struct thread *item_receiver; /* whose they are; compared only */
    uint64_t copied;              /* bytes of a JN_COPY that stopped in the middle */
    struct list queue;            /* caller queue (those of one priority) or Signal waiters */
    struct list group;            /* the first of its priority: member of gate_part.callers */
    struct gate_part *queued_on;
    struct cap *reply; /* STATE_PARKED */
    struct timer timer;

    struct cap exception_gate, fault_gate;
    struct cap signal; /* bound Signal */
    struct cap end_signal;
    uint64_t end_bits;
    struct list worker; /* member of gate->gate->workers */

    uint64_t number; /* for traces and reports */
    uint64_t entries, switches, faults;
    uint32_t cpu; /* it runs there, and its `sched` is of there */
    uint32_t cpu_wanted;
    uint32_t cpus;       /* on which of them the kernel may run it; 0: where it was put */
    struct list movable; /* member of cpu->movable while it is ready */
    bool ready; /* in a run queue, by way of `sched` */
    bool step;
    bool fpu_used;  /* it has had FPU registers of its own */
    uint8_t fpu;    /* FPU_OFF and so on */
    bool attention; /* wanted when it would next run in user mode */
    uint8_t attention_was;
    struct range_operation range_operation; /* an interrupted TASK_MAP or _UNMAP */
    _Alignas(64) uint8_t xsave[XSAVE_BYTES];
};

_Static_assert(offsetof(struct thread, dr) - offsetof(struct thread, r) ==
                   offsetof(struct jn_state, dr),
               "thread.r to thread.dr are the state's");

_Static_assert(sizeof(struct thread) <= 2048, "two to a page");

extern struct thread nobody;
#define no_thread (&nobody)

#define THREAD_OF(object_) container_of(object_, struct thread, object)

static inline unsigned thread_state(const struct thread *thread)
{
    return thread->state & STATE_MASK;
}

/* New, suspended. NO_MEMORY, BUSY (something is mapped at the UTCB's address). */
MUST_CHECK status_t thread_create(struct pool *pool, struct task *task, uint64_t utcb,
                                  struct sched *sched, unsigned flags, struct thread **thread);

/* Work list: ends a detached thread. True when it is gone. */
bool thread_finish(struct thread *thread);

/* Out of whatever it waits in (queues, lists, a partner's books); its Reply is void. It is then
 * STATE_RUN, but in no queue. `holder_told`: the holder of its parked Reply receives this kernel
 * message, or 0. */
void thread_unwait(struct thread *thread, unsigned told);

/* It may run: state RUN (flags that stay are kept) and, unless suspended, ready. */
void thread_wake(struct thread *thread);
/* The same for one that has got back the context that it had lent: its turn goes on. */
void thread_wake_again(struct thread *thread);

/* It executes the system call that it is in again, and finds what it kept of its progress. */
void thread_restart(struct thread *thread);

/* The system call it is in returns `status` and zeroes (KERNEL 13). */
void thread_return(struct thread *thread, int64_t status);

/* Its wait, if it is in one, ends with this status; a kernel message that nobody takes ends it. */
void thread_fail(struct thread *thread, status_t status);

/* Ends a thread that nobody handles an exception for. */
void thread_kill(struct thread *thread, const char *why);

/* Takes a thread out of everything, in whatever state it is; it is DEAD then. The work list does
 * the rest. */
void thread_detach(struct thread *thread);

/* Makes the registers of `thread` those of this CPU (address space, bases, FPU trap). */
void thread_switch(struct thread *thread);
/* If its registers are loaded, on whichever CPU: segment bases and FPU state go to the struct, and are
 * loaded again before it runs. */
void thread_save(struct thread *thread);
/* What another CPU's fast path may be doing with it is over, and does not begin before the lock is
 * released. */
void thread_hold(struct thread *thread);
/* The same; and if it stands at the beginning of a kernel entry it is back in user mode. */
void thread_settle(struct thread *thread);
/* If it is the thread whose registers are loaded here: between registers and struct. */
void thread_save_bases(struct thread *thread);
void thread_load_bases(struct thread *thread);

/* What it does, for its observers. */
enum jn_was thread_was(const struct thread *thread);

/* ---- fpu.c ---- */
/* In thread->fpu: what a switch to it has to see to. The fast paths tell the differences from cpu->fpu_on
 * apart by their flags: OFF - ON alone is less than 0, and LOAD - OFF and LOAD - ON have even parity. */
enum {
    FPU_OFF = 0,  /* native, and its registers are not loaded: they are out of reach while it runs */
    FPU_ON = 1,   /* its registers are loaded */
    FPU_LOAD = 6, /* foreign, and its registers are not loaded: they have to be before it runs */
};

void fpu_init_cpu(struct cpu *cpu);      /* after features_enable() */
void fpu_init(struct thread *thread);    /* its kind is settled */
void fpu_trap(struct thread *thread);    /* the current thread needs its registers */
void fpu_switch(struct thread *thread);  /* it is about to run here, and thread->fpu is not what is on */
void fpu_save(struct thread *thread);    /* if its registers are loaded here, they are in memory, too */
void fpu_flush(struct thread *thread);   /* and not loaded any more: it is switched to before it runs */
void fpu_forget(struct thread *thread);  /* what is loaded is void; as above, if it runs elsewhere */
void fpu_changed(struct thread *thread); /* its kind, or xsave; that of the current thread in effect at once */

/* ---- foreign.c: messages on a thread's behalf ---- */
void foreign_syscall(struct thread *thread);
/* The thread is RUN: it runs, or is in no queue. */
void thread_raise_syscall(struct thread *thread);
void thread_raise_fault(struct thread *thread, uint64_t address, uint64_t access, bool in_call);
void thread_raise_exception(struct thread *thread, unsigned vector, uint64_t error, uint64_t cr2);
void thread_raise_attention(struct thread *thread);
/* The message that thread->message says once more, marked so. */
void thread_raise_again(struct thread *thread);
void trap(unsigned vector, uint64_t error, struct thread *thread);

/* ---- door.c ---- */
struct door {
    uint64_t begin, size; /* rip - begin < size: a system call of the adapter's */
    uint64_t entry;
    struct thread *thread;
    struct timer timer;   /* KIND_LEAVE: what waits for it waits until then */
    struct list stoppers; /* who waits for its suspension: STATE_SIGNAL */
    bool suspend;         /* KIND_LEAVE: it is to be suspended */
};
/* Finds out whether its system calls enter its task's adapter. NO_MEMORY. */
MUST_CHECK status_t door_attach(struct thread *thread);
/* A stop of the thread waits, until then at most, for its way out of the adapter. False: no need. */
bool door_defer(struct thread *thread, uint64_t until);
/* It is at the end of a native system call: has it left the adapter? */
void door_check(struct thread *thread);
/* A suspension that waits is not wanted any more. */
void door_resume(struct thread *thread);
void door_end(struct thread *thread);
/* JN_FOREIGN. BAD_CALL: it is not in an adapter. */
status_t door_foreign(struct thread *thread);
operation_t op_task_door;

/* ---- control.c ---- */
void debug_switch(struct thread *from, struct thread *to);
void thread_step_call(struct thread *thread);
void debug_trap(struct thread *thread);
bool ports_emulate(struct thread *thread);
void thread_state_get(struct thread *thread, struct jn_state *state, unsigned groups);
/* Sanitises what it takes. */
void thread_state_set(struct thread *thread, const struct jn_state *state, unsigned groups);
void thread_return_to(struct thread *thread, uint64_t rip, uint64_t rflags, uint64_t rsp);
/* What it waits for is to end early; see control.c. */
void cancel_wait(struct thread *thread);
operation_t op_thread_resume, op_thread_suspend, op_thread_read, op_thread_write,
    op_thread_set_gates, op_thread_set_sched, op_thread_set_priority, op_thread_set_foreign,
    op_thread_bind_signal, op_thread_bind_end, op_thread_attention, op_thread_cancel,
    op_thread_set_cpu, op_thread_step, op_thread_info;

#endif

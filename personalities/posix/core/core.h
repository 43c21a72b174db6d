/* The POSIX core: what a process, a thread and an address space are here.
 *
 * The core is an event machine without threads of its own. Messages of program threads enter through
 * the functions at the end; each ends in one answer, at once or later. A system call that must wait
 * returns CORE_WAITING after wait_for(): its message is held, and when something it armed happens the
 * handler runs again from the start, with thread.wait as its memory of earlier rounds. So every
 * blocking call is a loop "try, else wait" turned inside out, and time-outs, signals and kill act in
 * one place (wait.c, signal_deliver.c).
 */
#ifndef POSIX_CORE_H
#define POSIX_CORE_H

#include "janus/abi/utcb.h"
#include "janus/backend/clients.h"
#include "janus/backend/memory.h"
#include "janus/backend/thread.h"
#include "janus/idl/task.h"
#include "linux/errno.h"
#include "linux/process.h"
#include "linux/signal.h"
#include "list.h"
#include "sizes.h"

/* Results of a handler that are not values: */
#define CORE_WAITING (-600L) /* held; runs again when woken */
#define CORE_GONE (-601L)    /* the thread or its image no longer exists: no answer */
#define CORE_STATE (-602L)   /* the whole state was set (sigreturn): thread.state holds it */

struct thread;
struct process;
struct epoll;
struct signalfd;

/* ---- identity of waiters: cookies at servers, labels of threads ---- */

enum core_kind { CORE_THREAD = 1, CORE_PROCESS, CORE_EPOLL_ITEM };
/* 0: no memory. Never 0 otherwise; not reused soon (generation in the high half). */
uint64_t core_handle_create(enum core_kind kind, void *object);
void core_handle_destroy(uint64_t handle);
void *core_handle_find(uint64_t handle, enum core_kind kind); /* NULL: stale or hostile */

/* ---- timers ---- */

struct timer {
    uint64_t deadline; /* monotonic ns */
    size_t place;      /* in the heap, from 1; 0: not set */
    void (*fire)(struct timer *timer);
};
int timer_set(struct timer *timer, uint64_t deadline); /* -ENOMEM */
void timer_clear(struct timer *timer);
uint64_t timer_next(void); /* the least deadline, 0: none */
void timer_run(uint64_t now);

/* ---- address spaces ---- */

struct mm {
    uint32_t users; /* processes: 2 between vfork and exec */
    struct region_map *map;
    struct backend_space space;
    cap_t kernel_task, pool, pager; /* owned */
    cap_t fs;                       /* lent: the file client of `owner` */
    struct process *owner;          /* whose clients the numbers belong to */
    uint64_t brk_start, brk;
    uint64_t code_start, code_end, data_start, data_end;
    uint64_t stack_start, arg_start, arg_end, env_end;
    uint64_t mmap_top;
    uint64_t vdso; /* 0: none */
};

/* ---- descriptors ---- */

enum descriptor_kind {
    DESCRIPTOR_FREE = 0,
    DESCRIPTOR_OPEN,  /* an open of a server */
    DESCRIPTOR_PATH,  /* O_PATH: an open for names only */
    DESCRIPTOR_EPOLL, /* core-held */
    DESCRIPTOR_SIGNAL,
    DESCRIPTOR_PAIR, /* socketpair: reads from `open`, writes to `other` */
};
struct descriptor {
    uint8_t kind;
    uint8_t close_on_exec;
    uint8_t object;  /* kind of object descriptor: 1 eventfd, 2 timerfd */
    uint8_t directory; /* seen by getdents */
    uint32_t access; /* IO_ACCESS_.. */
    struct backend_open open;
    union {
        struct epoll *epoll;
        struct signalfd *signal;
        struct backend_open other;
    };
    uint64_t position; /* of directories: the server's continuation */
    uint32_t watched;  /* an epoll watches it */
    uint8_t device;    /* enum descriptor_device, */
    uint8_t transfers; /* which is asked after a few of these */
};
/* Devices that are the same for everybody who has them open: reads and writes need nobody. */
enum descriptor_device { DEVICE_UNKNOWN, DEVICE_OTHER, DEVICE_NULL, DEVICE_ZERO };
struct descriptors {
    struct descriptor *table;
    uint32_t size, first_free; /* nothing below first_free is free */
    uint32_t count;
};

/* ---- signals ---- */

struct queued_signal {
    struct queued_signal *next;
    struct task_siginfo info;
};
struct pending {
    uint64_t set;
    struct queued_signal *queue;
};

/* ---- processes ---- */

struct posix_timer;

struct process {
    struct list link; /* of all processes */
    uint64_t handle, pid;
    struct backend_clients clients;
    struct mm *mm;
    struct list threads;
    uint32_t thread_count;
    struct descriptors descriptors;
    uint64_t directory, root; /* opens; root 0: the client's */
    uint64_t names_serial; /* another one whenever paths begin elsewhere (stat_cache.h) */
    uint32_t umask;
    struct lx_sigaction actions[LX_NSIG];
    uint64_t ignored; /* signals whose delivery would do nothing, from actions */
    uint64_t shared_pending; /* what servers/task holds for us, as last heard */
    bool stopped, exiting;
    bool trace; /* JANUS_TRACE=1 in the environment: every call in the log */
    uint32_t stop_signal;
    uint32_t placement;
    struct process *vfork_parent; /* whose thread waits for us */
    struct thread *vfork_waiter;
    struct lx_rlimit limits[LX_RLIMIT_COUNT];
    struct task_credentials credentials;
    bool credentials_known;
    char *path, *command; /* of the program file; comm is in threads */
    uint32_t dumpable, no_new_privs, keep_caps;
    struct timer real_timer; /* alarm, ITIMER_REAL */
    uint64_t real_interval, real_deadline;
    struct posix_timer *timers;
    uint32_t next_timer;
    uint64_t logged[8]; /* unknown system calls already reported, by number */
    uint64_t start_ns;
    uint64_t ended_cpu_ns;    /* of threads that ended */
    uint64_t children_cpu_ns; /* of children that were waited for */
};

enum message_kind { MESSAGE_NONE, MESSAGE_SYSCALL, MESSAGE_FAULT, MESSAGE_OTHER };

/* What a handler remembers between rounds; zeroed when a call begins. */
struct wait {
    bool parked;   /* the message is held and wait_wake may run the handler again */
    bool started;  /* the handler's own: state below is set */
    bool expired;  /* the deadline passed */
    bool woken;    /* a futex or other core-held condition came */
    uint32_t events; /* of the last ring entry; 0: none came */
    uint32_t armed; /* bit n: the cookie may be armed at server n */
    bool once;      /* at one, for one thing: an entry for it takes the arming with it */
    uint64_t deadline; /* 0: none */
    uint64_t asked;    /* request to another core that this call waits for */
    bool shown;        /* it is answered, or was given up */
    uint64_t progress;
    uint64_t memory[4];
};
#define WAIT_TASK 4 /* beside enum backend_server */

struct thread {
    struct list link; /* of the process */
    struct process *process;
    uint64_t handle, tid;
    struct backend_thread backend;
    enum message_kind message; /* not yet answered; NONE: it runs */
    uint64_t number, args[6], rip, rsp; /* of the system call */
    struct wait wait;
    struct timer timer;
    struct list woken_link; /* wait.c */
    struct list futex_link; /* futex.c */
    uint64_t futex_key[3];
    uint32_t futex_bitset;
    bool futex_queued;
    bool futex_owed; /* woken on its way to the core: the wait that comes is over */
    /* Waiting without the core (library/fast_futex.c). */
    cap_t fast_signal;
    uint32_t fast_waits;
    uint64_t fast_place, fast_ticket;
    struct thread **fast_slot;
    bool suspended_leave; /* stopped on its way out; leave_result waits */
    bool in_vfork;
    bool attention; /* asked for */
    bool restore_mask; /* saved_mask comes back when no handler ran (sigsuspend, ppoll) */
    bool dying;
    bool tried; /* the call's first step was made by the server loop, with this outcome */
    jn_status_t tried_status;
    uint64_t tried_done;
    long leave_result;
    uint64_t mask, saved_mask;
    struct pending pending;
    struct lx_stack alternate;
    uint64_t cpus; /* processors that it asked for; 0: the backend's default */
    uint64_t clear_tid, robust_list, robust_length;
    uint64_t restart_deadline, restart_remaining; /* restart_syscall: nanosleep, poll, futex */
    uint64_t restart_number, restart_count;
    bool restart_private;
    uint64_t wait_accept; /* sigtimedwait, signalfd: signals that wake though blocked */
    char name[16];
    uint64_t start_cpu;
};

/* Scratch memory for one handler run, never across a wait. */
extern char core_scratch[CORE_SCRATCH];
extern struct jn_state core_state; /* the state of the thread being signalled or started */
extern struct list core_processes;
extern cap_t core_pager_template; /* an empty client; fresh ones are cloned from it */

/* ---- entries, called by the server or the adapter ---- */

void core_initialize(void);
/* words: JN_KM_SYSCALL's. */
void core_syscall(uint64_t label, const uint64_t words[10]);
void core_page_fault(uint64_t label, const uint64_t words[10]);
void core_exception(uint64_t label, const uint64_t words[10]);
void core_attention(uint64_t label, const uint64_t words[10]);
/* A ring entry: cookie and events, from enum backend_server or WAIT_TASK. */
void core_event(uint32_t server, uint64_t cookie, uint32_t events);
/* After a batch of messages and events: what was put off (terminations). */
void core_idle(void);
/* Takes a process over and starts its image (interface personality). Takes the clients over only
 * on success. */
JN_CHECKED jn_status_t core_take(const void *record, size_t length,
                                 const struct backend_clients *clients);

#endif

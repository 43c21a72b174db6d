/* Operations on kernel objects (JN_INVOKE).
 *
 * rdi = the object's capability; tag method = enum jn_object_op; words are the arguments; results
 * come back in words from word 0. All are short or preemptible; none waits for a user. Handles in
 * arguments are of the caller's own table. A slot argument must be empty (else EXISTS); a table
 * grows by itself, charged to the task's Pool, when a slot beyond its end is named (limit
 * JN_CAP_HANDLES). Errors not named at an operation: BAD_CAP, NO_RIGHT, BAD_ARG, NO_MEMORY.
 */
#ifndef JANUS_ABI_OBJECT_H
#define JANUS_ABI_OBJECT_H

/* Types of capabilities (JN_OP_CAP_INFO). */
enum jn_cap_type {
    JN_TYPE_NONE,
    JN_TYPE_POOL,
    JN_TYPE_TASK,
    JN_TYPE_THREAD,
    JN_TYPE_GATE,
    JN_TYPE_REPLY,
    JN_TYPE_SIGNAL,
    JN_TYPE_IRQ,
    JN_TYPE_IOPORTS,
    JN_TYPE_SCHED,   /* scheduling context */
    JN_TYPE_IRQ_CONTROL, /* the right to create Irq objects */
    JN_TYPE_CONSOLE, /* the kernel's log line: boot and panic text */
    JN_TYPE_COUNT
};

/* Rights of capabilities; they only shrink. The same bit means different things by type. */
#define JN_RIGHT_SEND 0x1    /* Gate: call and send. Signal: raise. */
#define JN_RIGHT_RECV 0x2    /* Gate: wait, mint labels. Signal: wait, bind. */
#define JN_RIGHT_CONTROL 0x4 /* everything that changes the object */
#define JN_RIGHT_MAP 0x8     /* Task: place mappings into it (JN_OP_TASK_MAP) */
#define JN_RIGHT_INFO 0x10   /* read state and counters */
#define JN_RIGHT_DESTROY 0x20
#define JN_RIGHT_COPY 0x40   /* the capability may be copied on; without it only moved */
#define JN_RIGHT_ALL 0x7f

#define JN_CAP_HANDLES 65536 /* slots of one task at most */

enum jn_object_op {
    /* ---- the own capability table; rdi = own Task (JN_CAP_TASK) or a Task held with CONTROL ---- */
    JN_OP_CAP_COPY,   /* w0 source handle (own table), w1 destination slot in rdi's table, w2 rights */
    JN_OP_CAP_MOVE,   /* the same, the source is emptied */
    JN_OP_CAP_DELETE, /* w0 handle in rdi's table. Empty is not an error. */
    JN_OP_CAP_REVOKE, /* w0 handle: every capability derived from it goes, itself stays */
    JN_OP_CAP_INFO,   /* w0 handle -> w0 type, w1 rights, w2 object identity (opaque, equal iff same
                       * object), w3 label */
    JN_OP_CAP_DESTROY, /* w0 handle with DESTROY: the object and all its capabilities. BUSY: part of
                        * the kernel (root Pool, Console). */

    /* ---- Pool ---- */
    JN_OP_POOL_CREATE, /* w0 slot, w1 frames moved from this Pool to the child */
    JN_OP_POOL_FUND,   /* w0 child's handle, w1 signed frames (negative: taken back if unused) */
    JN_OP_POOL_INFO,   /* -> w0 frames owned, w1 frames free, w2 bytes in use */
    JN_OP_POOL_ADD,    /* root Pool, by the root pager: w0 address, w1 order: the frames leave the
                        * caller's space (they must be mapped nowhere else: BUSY) and fund it */
    JN_OP_POOL_TAKE,   /* the reverse: w0 order -> w0 address at which the frame is mapped 1:1 */
    JN_OP_CREATE_TASK,   /* w0 slot, w1 information page address (0: none) */
    JN_OP_CREATE_THREAD, /* w0 slot, w1 Task handle (CONTROL), w2 UTCB address (0: foreign, none),
                          * w3 scheduling context handle or 0 (inherit a copy of the caller's base
                          * priority), w4 flags JN_THREAD_..; it starts suspended. The UTCB page is
                          * mapped there by the kernel, charged to this Pool. */
    JN_OP_CREATE_GATE,   /* w0 slot */
    JN_OP_CREATE_SIGNAL, /* w0 slot */
    JN_OP_CREATE_SCHED,  /* w0 slot, w1 priority (at most the caller's own), w2 budget ns, w3 period
                          * ns (0, 0: best effort, round robin). BAD_ARG: budget under 10 us or over
                          * the period, period over 1000 s. BUSY: with it the contexts of this CPU
                          * had more than all of its time. */

    /* ---- Task ---- */
    JN_OP_TASK_MAP,   /* MAP right. w0 source address in the caller's space, w1 destination, w2 pages
                       * (4 KiB; the kernel uses superpages where both sides allow), w3 JN_R|W|X
                       * (JN_X alone: it can be executed, not read; NOT_SUPPORTED without PKU),
                       * w4 1 = grant. -> w0 pages passed over; those that the caller lacks are left
                       * out. Existing mappings at the destination are replaced. RETRY: under
                       * revocation. DEAD: the task is ending. NO_MEMORY: its Pool. BUSY: a page
                       * of the kernel (UTCB, information page) stands at the destination; or,
                       * granting, others hold a superpage around the page. NOT_SUPPORTED:
                       * granting a part of a superpage that was received as a whole. What was
                       * done before stays. */
    JN_OP_TASK_UNMAP, /* CONTROL right. w0 address, w1 pages, w2 rights to take away (R|W|X: R means
                       * the mapping goes), w3 flags JN_UNMAP_..: applies to rdi's space
                       * and everything derived. -> w0 pages seen, w1 OR of JN_PAGE_ACCESSED/DIRTY,
                       * which w2 = 0 reads and clears. NO_MEMORY: a superpage of the task's own had
                       * to be split. Where only a part of a derived superpage is meant and its
                       * account cannot pay for the split, all of it goes. */
    JN_OP_TASK_PAGE,  /* INFO. w0 address -> w0 rights or 0, w1 order, w2 accessed|dirty */
    JN_OP_TASK_BIND_END, /* w0 Signal handle (0: none), w1 bits raised when the task has ended */
    JN_OP_TASK_INFO,  /* -> w0 threads, w1 mapped 4 KiB pages, w2 identity, w3 own CPU time ns */
    JN_OP_TASK_DOOR,  /* w0 range begin, w1 end, w2 entry: the task's adapter (KERNEL 18), entered
                       * by the system calls of its foreign threads that have a UTCB; in the range
                       * they are kernel calls. Zeroes: none. BUSY: it has a thread already. */

    /* ---- Thread ---- */
    JN_OP_THREAD_RESUME,
    JN_OP_THREAD_SUSPEND, /* w0 time (ns, monotonic; 0: none, ~0: for ever) up to which the caller
                           * waits for it to leave its adapter -> w0 enum jn_was; when it returns
                           * the thread has stopped. CANCELLED: resumed before that. DEAD. */
    JN_OP_THREAD_READ,    /* w0 JN_STATE_.. groups -> caller's UTCB state; w0 enum jn_was. Any state
                           * of the thread; a running one is stopped for the instant. */
    JN_OP_THREAD_WRITE,   /* w0 groups, from the caller's UTCB state. A thread in a foreign call must
                           * then be answered with JN_TAG_RESUME. BUSY: registers of one in a native
                           * call. On the own thread it goes on with what was written, all of it. */
    JN_OP_THREAD_SET_GATES, /* w0 exception gate (also foreign calls and attention), w1 its label
                             * word, w2 page-fault gate, w3 its label word. Handles with RECV right or
                             * minted capabilities. With RECV the label words are given to the
                             * receiver as they are; through a minted capability he hears its label,
                             * whatever the word says. 0 = none. */
    JN_OP_THREAD_SET_SCHED, /* w0 scheduling context handle */
    JN_OP_THREAD_SET_PRIORITY, /* w0 priority of its base context, at most the caller's own */
    JN_OP_THREAD_SET_FOREIGN,  /* w0 1 = foreign, 0 = native */
    JN_OP_THREAD_BIND_SIGNAL,  /* w0 Signal handle or 0: joined to this thread's gate waits. BUSY:
                                * it is bound to another thread. */
    JN_OP_THREAD_BIND_END,     /* w0 Signal, w1 bits */
    JN_OP_THREAD_ATTENTION,    /* KERNEL 17. w0 time up to which the message waits for the thread to
                                * leave its adapter, as at SUSPEND. Returns at once. BAD_ARG: it has
                                * no exception gate. */
    JN_OP_THREAD_CANCEL,       /* KERNEL 8 */
    JN_OP_THREAD_SET_CPU,      /* w0 processor: below jn_info.cpus. It moves at once if it is
                                * suspended, else when it is next picked to run. w1: mask of
                                * processors among which the kernel may move it as it sees fit, or 0:
                                * it stays. w0 may be JN_CPU_ANY then: as the kernel likes. BUSY: it
                                * runs on a scheduling context that is not its own. */
    JN_OP_THREAD_STEP,         /* w0 1: #DB after each instruction */
    JN_OP_THREAD_INFO, /* -> w0 enum jn_was, w1 CPU time ns, w2 kernel entries, w3 address-space
                        * switches to it, w4 IPCs, w5 faults, w6 processor */

    /* ---- Gate ---- */
    JN_OP_GATE_MINT, /* RECV. w0 slot, w1 label (62 bits; not 0), w2 rights: SEND, COPY. The label
                      * object is charged to the gate's Pool. The same label may be minted again
                      * only after its LABEL_GONE was received: EXISTS. Copies of the cap
                      * share the label. */
    JN_OP_GATE_BIND_END, /* w0 Signal, w1 bits */

    /* ---- Signal ---- */
    JN_OP_SIGNAL_POLL, /* RECV -> w0 bits, read and cleared */

    /* ---- interrupts and ports ---- */
    JN_OP_IRQ_CREATE, /* on IRQ_CONTROL. w0 slot, w1 GSI, w2 flags JN_IRQ_..; MSI: -> w0 address,
                       * w1 data to program. EXISTS: the GSI has an Irq. */
    JN_OP_IRQ_BIND,   /* w0 Signal, w1 bits */
    JN_OP_IRQ_ACK,    /* it may come again */
    JN_OP_PORTS_SPLIT, /* w0 slot, w1 first, w2 count: a capability for a part */
    JN_OP_PORT_IN,    /* w0 port, w1 bytes 1, 2, 4 -> w0 value */
    JN_OP_PORT_OUT,   /* w0 port, w1 bytes, w2 value */

    /* ---- scheduling context ---- */
    JN_OP_SCHED_SET, /* w0 priority, w1 budget, w2 period, as at creation; a period that has begun
                      * goes on, with what was used in it. BUSY. */

    /* ---- Console ---- */
    JN_OP_CONSOLE_WRITE, /* w0 length (at most 72), text in words 1-9 */
    JN_OP_CONSOLE_SHUTDOWN, /* w0 code: leave the machine (isa-debug-exit, ACPI), never returns */
    JN_OP_COUNTERS, /* Console. w0: 0 the machine's, n that CPU n - 1 did. -> w0 kernel entries, w1 address-space switches, w2 IPCs, w3 faults,
                     * w4 interrupts, w5 kernel frames in use, w6 interrupts from
                     * CPU to CPU, w7 of them to stop one, w8 CPUs asked to flush, w9 bytes
                     * that JN_COPY moved */
    JN_OP_POOL_BIND_END, /* Pool, CONTROL. w0 Signal, w1 bits raised when it and all that was made
                          * from it are gone */
    JN_OP_TRACE_RING, /* Console, CONTROL. w0 CPU, w1 order, w2 address: a ring of 2^order pages of
                       * records behind a header page (trace.h), charged to the caller's Task's
                       * Pool, mapped there read-only; it ends with the Task. BUSY: the CPU has a
                       * ring, or something stands there; another Task is the tracer. */
    JN_OP_TRACE_CONTROL, /* Console, CONTROL. w0 1 on, 0 off, 2 off and without rings; w1 Signal (0: none), w2 bits raised each
                          * time a quarter of a ring was filled, and not before the tracer waits
                          * for it again. On begins with a record for every task and thread.
                          * BUSY: a CPU has no ring, or another Task is the tracer. */
    JN_OP_TASK_NAME,     /* Task, CONTROL. w0-w5: a name for traces and reports, zero-padded */
    JN_OP_THREAD_NUMBER, /* Thread, CONTROL. w0: its number in traces and reports */
    JN_OP_COUNT
};

#define JN_NAME_WORDS 6 /* of JN_OP_TASK_NAME */

#define JN_CPU_ANY (~0ull) /* THREAD_SET_CPU */

#define JN_THREAD_FOREIGN 1

#define JN_UNMAP_DERIVED_ONLY 1 /* rdi's own mapping stays as it is */
#define JN_PAGE_ACCESSED 1
#define JN_PAGE_DIRTY 2

#define JN_IRQ_EDGE 0
#define JN_IRQ_LEVEL 1
#define JN_IRQ_LOW 2
#define JN_IRQ_MSI 4

/* What a thread was doing when it was stopped or looked at. */
enum jn_was {
    JN_WAS_RUNNING,      /* in user mode, or ready */
    JN_WAS_FOREIGN_CALL, /* its foreign call waits for the answer */
    JN_WAS_NATIVE_CALL,  /* in an IPC or wait of its own */
    JN_WAS_FAULT,        /* its page fault or exception waits for the answer */
    JN_WAS_SUSPENDED,
    JN_WAS_DEAD,
};

/* Handles that every native task finds in its table when its creator followed the convention, and
 * that the root task finds. */
#define JN_CAP_TASK (1 * JN_CAP_STEP)   /* the own task */
#define JN_CAP_THREAD (2 * JN_CAP_STEP) /* the first thread */
#define JN_CAP_POOL (3 * JN_CAP_STEP)   /* the own account; root task: the root Pool */
#define JN_CAP_NAMES (4 * JN_CAP_STEP)  /* the name service, this task's view */
#define JN_CAP_LOG (5 * JN_CAP_STEP)    /* Console, or a log server's gate */
#define JN_CAP_PAGER (6 * JN_CAP_STEP)  /* own memory: the default pager, this task's client */
#define JN_CAP_SELF_GATE (7 * JN_CAP_STEP) /* a server's own gate, held by its supervisor too */
#define JN_CAP_SCHED (8 * JN_CAP_STEP)
#define JN_CAP_SUPERVISOR (9 * JN_CAP_STEP) /* bootstrap, this task's client */
#define JN_CAP_IRQ_CONTROL (10 * JN_CAP_STEP) /* root task; device server */
#define JN_CAP_IOPORTS (11 * JN_CAP_STEP)     /* root task: all ports; a driver: its own */
#define JN_CAP_FIRST_FREE (32 * JN_CAP_STEP)

#endif

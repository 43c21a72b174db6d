/* System calls, message registers, tags, typed items and kernel-made messages.
 *
 * A native thread enters the kernel with `syscall`. The register file is the message:
 *
 *   register   in                                   out
 *   rax        operation | timeouts                 status (0, JN_SIGNALLED or negative)
 *   rdi        capability handle                    label of the capability the sender used, or
 *                                                   Signal bits; 0 after a call
 *   rsi        tag                                  tag
 *   rdx r10 r8 r9 rbx rbp r12 r13 r14 r15           words 0 to 9, both ways
 *   rcx r11    -                                    destroyed
 *   rsp        kept                                 kept
 *
 * Words 10 to 63, typed items, windows, deadlines and receive windows stand in the UTCB (utcb.h).
 * Every return that a partner did not make has zeroes in all ten words (KERNEL 13).
 */
#ifndef JANUS_ABI_IPC_H
#define JANUS_ABI_IPC_H

/* Capability handles are multiples of JN_CAP_STEP, the size of a slot; 0 is never a capability. */
#define JN_CAP_SHIFT 6
#define JN_CAP_STEP 64
#define JN_CAP_NULL 0

/* rax, bits 0-7: the operation. */
#define JN_CALL 0       /* send to a gate, wait for the answer (both phases may have a deadline) */
#define JN_REPLY_WAIT 1 /* answer the current caller, if any, then wait on the gate */
#define JN_WAIT 2       /* wait on a gate (with the thread's bound Signal), or on a Signal alone */
#define JN_SEND 3       /* send to a gate, wait only until it is received; no answer */
#define JN_REPLY 4      /* answer a Reply capability, or (handle 0) the current caller; no wait */
#define JN_PARK 5       /* move the current caller into a Reply capability: word 0 = empty slot */
#define JN_COPY 6       /* copy to or from what a caller offers: see below */
#define JN_INVOKE 7     /* an operation on a kernel object: tag method = enum jn_object_op */
#define JN_SIGNAL 8     /* word 0 = bits to set in the Signal; never blocks */
#define JN_YIELD 9      /* give the rest of the time slice to threads of equal priority */
#define JN_NULL 10      /* does nothing: the price of the boundary */
#define JN_FOREIGN 11   /* in an adapter: the program's system call becomes a message, as if its task
                         * had no door. Registers are the program's but rax, rcx, r11; its rax, rip,
                         * rsp and flags stand in the UTCB (utcb.h). Does not return: the answer goes
                         * to the program. BAD_CALL outside of adapters. */
#define JN_SYSCALL_COUNT 12

/* rax, bits 8-9: send phase; bits 10-11: receive phase. The deadlines, in nanoseconds of the
 * information page's monotonic clock, stand in the UTCB. */
#define JN_SEND_FOREVER 0x000
#define JN_SEND_NOW 0x100
#define JN_SEND_UNTIL 0x200
#define JN_RECV_FOREVER 0x000
#define JN_RECV_NOW 0x400
#define JN_RECV_UNTIL 0x800

/* rax after JN_WAIT, JN_REPLY_WAIT: */
#define JN_RECEIVED 0  /* a message: rdi = label, rsi = tag */
#define JN_SIGNALLED 1 /* rdi = Signal bits, read and cleared */

/* rsi, the tag. Low half: shape. High half: the method of a request; the status, a signed 32-bit
 * number, of an answer. Bits that are not named must be 0 (BAD_ARG).
 * A plain message has only a word count in its low half: one compare tells the fast path. */
#define JN_TAG_WORDS 0x7f /* 0 to JN_WORDS_MAX */
#define JN_TAG_ITEMS_SHIFT 8 /* 0 to JN_ITEMS_MAX typed items */
#define JN_TAG_ITEMS 0x1f00
#define JN_TAG_WINDOWS_SHIFT 13 /* 0 to JN_WINDOWS_MAX windows offered with this call */
#define JN_TAG_WINDOWS 0x6000
#define JN_TAG_STATE 0x8000  /* answer to a foreign call, fault or exception: set the thread's whole
                              * state from the replier's UTCB (struct jn_state), leave by iretq */
#define JN_TAG_RESUME 0x10000 /* answer to a foreign call: change no register (the thread's state
                              * was written by thread control), leave by iretq */
#define JN_TAG_RESTART 0x20000 /* answer to a foreign call: execute the syscall instruction again */
#define JN_TAG_FAULT_AT 0x40000 /* answer to a foreign call: word 0 = address, word 1 = access:
                              * raise that page fault for the caller, then repeat the call */
#define JN_TAG_AGAIN 0x800000 /* received: delivered before to a server that is gone */
#define JN_TAG_KIND_SHIFT 24  /* received, with JN_TAG_KERNEL: enum jn_kernel_message */
#define JN_TAG_KIND 0x7f000000
#define JN_TAG_KERNEL 0x80000000 /* received: the kernel made this message; users cannot set it */
#define JN_TAG_METHOD_SHIFT 32

#define JN_WORDS_REG 10
#define JN_WORDS_MAX 64
#define JN_ITEMS_MAX 16
#define JN_WINDOWS_MAX 2

/* Messages that the kernel makes, and their words. For those of a thread, the label received is the
 * one given with the thread's gates (JN_OP_THREAD_SET_GATES). */
enum jn_kernel_message {
    /* A foreign `syscall`: words 0-3 = rdx r10 r8 r9, 4 = rax, 5 = rdi, 6 = rsi, 7 = rip after the
     * instruction, 8 = rsp, 9 = 0. Answer: word 0 is the new rax (all other registers keep their
     * values, rcx and r11 as after `syscall`), or JN_TAG_STATE, _RESUME, _RESTART, _FAULT_AT. */
    JN_KM_SYSCALL = 1,
    /* A page fault: word 0 = address, 1 = enum jn_access bits | JN_FAULT_PRESENT, 2 = rip,
     * 3 = rsp, 4 = the thread is in a foreign call (fault raised by FAULT_AT). Answer: map items
     * (their receive window is the whole space), or nothing: the instruction or call is repeated;
     * or JN_TAG_STATE / _RESUME. An answer with negative status is taken as an exception #PF that
     * goes to the exception gate. */
    JN_KM_PAGE_FAULT = 2,
    /* A processor exception: word 0 = vector, 1 = error code, 2 = rip, 3 = rsp, 4 = cr2 (vector
     * 14), 5 = dr6 (vector 1). The full state is in the receiver's UTCB (struct jn_state); its
     * XSAVE group is there (`valid`) if the thread has ever used the FPU.
     * Answer: nothing (resume as it is), JN_TAG_STATE, or negative status: the thread dies. */
    JN_KM_EXCEPTION = 3,
    /* Attention was raised: word 0 = enum jn_was of where it was found; the state as above.
     * A call that was waiting is cancelled first (KERNEL 8): the message comes after its answer. */
    JN_KM_ATTENTION = 4,
    /* To the holder of a Reply: cancel(thread) was asked for. Word 0 = handle of the parked Reply
     * or 0, label as in the call. The holder answers the Reply when and how it likes. */
    JN_KM_CANCEL = 5,
    /* To the holder of a Reply: the caller is gone, the Reply is void. Words as above. */
    JN_KM_CALLER_GONE = 6,
    /* The last capability that carries this label is gone; comes once. No words. */
    JN_KM_LABEL_GONE = 7,
};

/* Typed items, two words each, in the UTCB. Word 0: type, rights, order and flags; word 1: the
 * sender's address or handle. For the receiver, word 0 also tells where it landed. */
#define JN_ITEM_TYPE 0x7
#define JN_ITEM_MAP 1   /* a flexpage: shared; the receiver's rights are at most the sender's */
#define JN_ITEM_GRANT 2 /* a flexpage: given away */
#define JN_ITEM_CAP 3   /* a capability: shared, with rights masked */
#define JN_ITEM_CAP_MOVE 4 /* a capability: given away */
#define JN_ITEM_RIGHTS_SHIFT 4 /* bits 4-7: JN_R.. for flexpages; bits 16-31: rights of caps */
#define JN_ITEM_ORDER_SHIFT 8 /* bits 8-13: log2 of the flexpage's size in bytes, 12 to 30 */
#define JN_ITEM_CAP_RIGHTS_SHIFT 16
/* Flexpages: bits 12-63 of word 1 are the sender's address; bits 0-11 are 0. Where it goes is said
 * by the word that follows in `item_offset[i]` of the UTCB: offset into the receive window (a fault
 * answer: the address itself). Capabilities go to the next free handle of the receiver's
 * capability window, in order. */

/* Rights on memory. */
#define JN_R 1
#define JN_W 2
#define JN_X 4

/* Page-fault access bits. */
enum jn_access {
    JN_ACCESS_READ = 1,
    JN_ACCESS_WRITE = 2,
    JN_ACCESS_EXEC = 4,
    JN_FAULT_PRESENT = 8, /* something is mapped there, with too few rights */
};

/* JN_COPY: rdi = Reply handle, or 0 for the current caller; tag method = what, below;
 * word 0 = address (whole space) or offset in the window; word 1 = own buffer; word 2 = bytes.
 * Answer: status JN_OK or JN_FAULT; word 0 = bytes done, word 1 = the faulting address in the
 * caller's space and word 2 the access it wanted (JN_FAULT), or 0. A fault in the own buffer
 * is the copier's own page fault. Never waits for a pager of the caller. Bytes beyond a window give
 * JN_WINDOW with nothing copied. Windows that lend a Reply are followed to the lender's caller. */
#define JN_COPY_IN 0x10  /* from the caller to the own buffer */
#define JN_COPY_OUT 0x20 /* from the own buffer to the caller */
#define JN_COPY_WINDOW0 0
#define JN_COPY_WINDOW1 1
#define JN_COPY_SPACE 3 /* the whole address space: foreign callers only */
#define JN_COPY_STRING 0x40 /* with _IN: stop after a zero byte, which is copied */

#endif

/* Trace rings: what one CPU's part of the kernel did, in order. A ring is a header page and
 * `size` records of JN_TRACE_RECORD bytes, mapped read-only in the tracer; the kernel writes record n
 * to place n % size and then raises `head` to n + 1, and never waits: who reads later than `size`
 * records has lost those that were written over. A record that was copied is whole if afterwards
 * head - n < size.
 *
 * Threads, tasks and objects are named by their identity (JN_OP_CAP_INFO), which is used again when
 * they are gone: THREAD_END and TASK_END tell.
 */
#ifndef JANUS_ABI_TRACE_H
#define JANUS_ABI_TRACE_H

#include <stdint.h>

#define JN_TRACE_RECORD 128
#define JN_TRACE_WORDS 10
#define JN_TRACE_MAGIC 0x31455341524a4eull

enum jn_trace_kind {
    JN_TRACE_NONE,
    /* A message was received. thread -> other; label and tag as the receiver sees them; words.
     * More words than ten: in WORDS records that follow. */
    JN_TRACE_DELIVER,
    /* thread answered `other`. tag, words; detail: enum jn_trace_call, what the caller was in. */
    JN_TRACE_ANSWER,
    /* A native call that is none of the others'. detail: its operation, JN_INVOKE and so on;
     * other: identity of the object named by rdi, 0 if none; tag and words as they were given;
     * label: the status, or JN_TRACE_WAITS. */
    JN_TRACE_KCALL,
    /* JN_COPY. other: whose memory; label: its address; tag: bytes done; word 0: own address,
     * word 1: 1 in, 2 out; word 2: status; words 3 to 9 and WORDS: the bytes' beginning. */
    JN_TRACE_COPY,
    /* Signal `label` was raised (thread 0: by the kernel). other: the thread that it woke, or 0;
     * word 0: the bits that are set. */
    JN_TRACE_SIGNAL,
    /* The CPU goes from thread to other, without a message between them. 0: idle. */
    JN_TRACE_SWITCH,
    /* detail: vector. word 0: error code, 1: rip, 2: cr2. An interrupt, or an exception that the
     * fast path did not take; if it becomes a message, DELIVER follows. */
    JN_TRACE_TRAP,
    /* A foreign call entered its task's adapter. Words as of JN_KM_SYSCALL. */
    JN_TRACE_DOOR,
    /* A foreign call that nobody could receive at once. Words as of JN_KM_SYSCALL. */
    JN_TRACE_QUEUED,
    /* The thread is there (at the start of tracing), was created, or got its number. other: its
     * task; label: its number; detail: 1 it is foreign. */
    JN_TRACE_THREAD,
    JN_TRACE_THREAD_END,
    /* The task is there, or got its name. other: the task; words 0 to 5: the name. */
    JN_TRACE_TASK,
    JN_TRACE_TASK_END, /* other: the task */
    /* 14 words from `thread` on continue the record before. */
    JN_TRACE_MORE,
    JN_TRACE_KINDS
};

/* flags */
#define JN_TRACE_ENTRY 1 /* the kernel was entered for this; other records belong to an entry before */
#define JN_TRACE_SPACE 2 /* another address space was loaded */

enum jn_trace_call {
    JN_TRACE_OF_CALL = 1,
    JN_TRACE_OF_SYSCALL,
    JN_TRACE_OF_FAULT,
    JN_TRACE_OF_EXCEPTION,
};

#define JN_TRACE_WAITS INT64_MIN /* of KCALL: it has not returned yet */

struct jn_trace_record {
    uint64_t tsc;
    uint8_t kind, flags, detail, cpu;
    uint32_t cost; /* TSC ticks that writing the CPU's last records took, up to this one */
    uint64_t thread, other, label, tag;
    uint64_t words[JN_TRACE_WORDS];
};

struct jn_trace_ring {
    uint64_t magic;
    uint64_t size; /* records, a power of two */
    uint64_t cpu;
    uint64_t tsc_hz;
    _Alignas(64) volatile uint64_t head; /* records written since the ring was made */
};

_Static_assert(sizeof(struct jn_trace_record) == JN_TRACE_RECORD, "ABI");

#endif

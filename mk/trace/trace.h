/* Tracing: records of what happens on a CPU, in a ring of its own (abi/trace.h).
 *
 * Off, it costs the fast paths nothing: they are other code then. Where C has something to tell that
 * only it knows, it asks trace_on first; none of these places is on a path that is measured. */
#ifndef MK_TRACE_TRACE_H
#define MK_TRACE_TRACE_H

#include "object.h"

struct cpu;
struct signal;
struct thread;

extern bool trace_on;
#define TRACE(call)               \
    do {                          \
        if (unlikely(trace_on))   \
            call;                 \
    } while (0)

/* ---- record.c: what C tells, with the lock ---- */
/* The message of `sender` has arrived in the registers of `receiver`. */
void trace_deliver(const struct thread *sender, const struct thread *receiver);
/* The thread answers, with its registers. */
void trace_answer(const struct thread *thread, const struct thread *caller);
/* `whose` memory, at `address`. */
void trace_copy(const struct thread *thread, const struct thread *whose, status_t status,
                uint64_t address, uint64_t done, bool in);
void trace_signal(const struct signal *signal, const struct thread *woken);
/* It is there from now on, or again: it got a number. */
void trace_thread(const struct thread *thread);
void trace_thread_end(const struct thread *thread);
void trace_task(const struct task *task, unsigned kind);

/* DELIVER or ANSWER, with what is in the UTCB. */
void trace_message(struct jn_trace_record record, const struct thread *from);
void trace_registers(const struct thread *thread, uint64_t words[JN_WORDS_REG]);
/* JN_TRACE_OF_.. */
unsigned trace_answer_of(unsigned caller_state);
/* 0: no thread. */
uint64_t trace_identity(const struct thread *thread);

/* ---- wrap.c: in the places of kernel_syscall() and so on ---- */
void trace_syscall(struct thread *thread);
int64_t trace_copy_quick(struct thread *thread);
void trace_foreign_syscall(struct thread *thread);
void trace_trap(unsigned vector, uint64_t error, struct thread *thread);
struct thread *trace_leave(void);
/* A trace_point of the fast paths. */
struct trace_frame;
void trace_fast(const struct trace_frame *frame, const struct thread *thread);
enum { POINT_DELIVER, POINT_ANSWER, POINT_SIGNAL, POINT_DOOR, POINT_NULL }; /* to DOOR: r11 is a thread */

/* ---- control.c ---- */
/* Into this CPU's ring, unless tracing is off or `by`, who did it (NULL: as the record says), is the
 * tracer's own. Time, CPU and the flag ENTRY are added. */
void trace_write(const struct thread *by, const struct jn_trace_record *record);
/* Tells the tracer that its ring has filled up further. With the lock. */
void trace_wake(void);
/* The task is gone: so are its rings, if it is the tracer. */
void trace_tracer_end(struct task *task);
operation_t op_trace_ring, op_trace_control, op_task_name, op_thread_number;

#endif

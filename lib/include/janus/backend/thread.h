/* Threads of a process as a personality holds them: state, answers to what they asked (a foreign
 * system call, fault, exception or attention), and copying to and from their memory.
 *
 * While a message of a thread is being worked on it is *current*; after backend_thread_hold it is
 * *held* until one of the answers. At most one message is current. Every message gets one answer. */
#ifndef JANUS_BACKEND_THREAD_H
#define JANUS_BACKEND_THREAD_H

#include "janus/abi/utcb.h"
#include "janus/types.h"

struct backend_thread {
    cap_t thread;
    cap_t reply; /* held Reply, else 0 */
    uint64_t utcb; /* in an adapter: its place in the own space */
};

/* A foreign, suspended thread in `task`, paid by `pool`, whose calls, faults and exceptions come to
 * the personality's gate with `label`. */
JN_CHECKED jn_status_t backend_thread_create(cap_t pool, cap_t task, uint64_t label,
                                             struct backend_thread *thread);
/* Its number in traces: the tid that programs see, if it is not the pid. */
void backend_thread_set_number(struct backend_thread *thread, uint64_t number);
/* The processors that programs have unless they ask for others: all that are not isolated. */
uint64_t backend_cpus(void);
/* The thread runs on these only (a mask of processors, of which there is one). A new one has
 * backend_cpus(). */
JN_CHECKED jn_status_t backend_thread_set_cpus(struct backend_thread *thread, uint64_t cpus);
/* Where it runs or ran last. */
uint32_t backend_thread_cpu(struct backend_thread *thread);
/* Loads the groups of state (JN_STATE_..) and lets it run. */
/* In an adapter a GS base of 0 becomes the address of the thread's UTCB. */
JN_CHECKED jn_status_t backend_thread_start(struct backend_thread *thread, uint32_t groups,
                                            const struct jn_state *state);
/* Ends it (exit of one thread); its message, if any, needs no answer any more. */
void backend_thread_destroy(struct backend_thread *thread);
/* The thread went with its Pool: only forgets the capabilities. */
void backend_thread_forget(struct backend_thread *thread);

/* Keeps the current message for a later answer; nothing if it is held already. */
JN_CHECKED jn_status_t backend_thread_hold(struct backend_thread *thread);

/* Answers, for current and held messages alike. */
void backend_thread_answer_value(struct backend_thread *thread, uint64_t value); /* rax */
/* Goes on with the registers it has (after backend_thread_write: those); a fault is repeated.
 * syscall: the message is a system call. */
void backend_thread_answer_resume(struct backend_thread *thread, bool syscall);
void backend_thread_answer_restart(struct backend_thread *thread); /* the syscall instruction again */
void backend_thread_answer_state(struct backend_thread *thread, uint32_t groups,
                                 const struct jn_state *state);

/* Reads state in any condition of the thread. */
JN_CHECKED jn_status_t backend_thread_read(struct backend_thread *thread, uint32_t groups,
                                           struct jn_state *state);
JN_CHECKED jn_status_t backend_thread_write(struct backend_thread *thread, uint32_t groups,
                                            const struct jn_state *state);
/* The next instruction in user mode brings an attention message. */
JN_CHECKED jn_status_t backend_thread_attention(struct backend_thread *thread);
JN_CHECKED jn_status_t backend_thread_suspend(struct backend_thread *thread);
JN_CHECKED jn_status_t backend_thread_resume(struct backend_thread *thread);
JN_CHECKED jn_status_t backend_thread_cpu_time(struct backend_thread *thread, uint64_t *ns);
JN_CHECKED jn_status_t backend_thread_step(struct backend_thread *thread, bool on);

/* Copies whole pages' worth as far as mapped: JN_FAULT, *done and fault {address, JN_ACCESS_..}
 * where it stopped. Works on current and held messages. */
JN_CHECKED jn_status_t backend_copy_in(struct backend_thread *thread, uint64_t address,
                                       void *buffer, size_t length, size_t *done,
                                       uint64_t fault[2]);
JN_CHECKED jn_status_t backend_copy_out(struct backend_thread *thread, uint64_t address,
                                        const void *buffer, size_t length, size_t *done,
                                        uint64_t fault[2]);
/* Up to and with the first zero byte, or length bytes. */
JN_CHECKED jn_status_t backend_copy_string(struct backend_thread *thread, uint64_t address,
                                           char *buffer, size_t length, size_t *done,
                                           uint64_t fault[2]);

/* A window on the thread's memory for a call to a server: its message is held, or the current one. */
JN_CHECKED jn_status_t backend_thread_lend(struct backend_thread *thread, uint64_t address,
                                           uint64_t length, struct jn_window *window);
/* The same within the server loop (janus/server.h, struct jn_quick), for whose message is current. */
static inline struct jn_window backend_current_window(uint64_t address, uint64_t length)
{
    return (struct jn_window){address, length, 0, JN_WINDOW_CURRENT};
}
/* A window on own memory. */
static inline struct jn_window backend_window(const void *address, uint64_t length)
{
    return (struct jn_window){(uint64_t)(uintptr_t)address, length, 0, 0};
}

#endif

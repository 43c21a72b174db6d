/* Signals: who gets them, and what happens on a thread's way back to its program. */
#ifndef POSIX_SIGNALS_H
#define POSIX_SIGNALS_H

#include "core.h"

#define SIGNALS_UNBLOCKABLE (LX_SIGBIT(LX_SIGKILL) | LX_SIGBIT(LX_SIGSTOP))
#define SIGNALS_STOP                                                                     \
    (LX_SIGBIT(LX_SIGSTOP) | LX_SIGBIT(LX_SIGTSTP) | LX_SIGBIT(LX_SIGTTIN) |             \
     LX_SIGBIT(LX_SIGTTOU))

/* Is there one that would run a handler or the default action now? */
bool signal_deliverable(const struct thread *thread);
/* All pending for the thread, its own and the process's. */
static inline uint64_t signal_pending(const struct thread *thread)
{
    return thread->pending.set | thread->process->shared_pending;
}
/* Sends to one thread (tgkill, faults). */
void signal_send_thread(struct thread *thread, const struct task_siginfo *info);
/* Sends so that it cannot be blocked or ignored: faults of the program. */
void signal_force(struct thread *thread, uint32_t number, int32_t code, uint64_t address);
/* Sends to a process through servers/task; the effect on own processes is seen at once. */
long signal_send_process(struct thread *thread, int64_t pid, const struct task_siginfo *info);
/* servers/task says that signals wait for the process. */
void signal_process_event(struct process *process);
/* servers/task has signals that other processes sent to threads of this one. */
void signal_thread_event(struct process *process);
/* Takes one signal out of `accept` that is pending for the thread; 0: none. */
uint32_t signal_take(struct thread *thread, uint64_t accept, struct task_siginfo *info);
/* The set of ignored signals changed, or a mask: drops what nobody wants, wakes who is concerned. */
void signal_recompute_ignored(struct process *process);
/* sigaction's part on the table alone. */
void signal_set_action(struct process *process, uint32_t number,
                       const struct lx_sigaction *action);
/* The action of this one signal has changed. */
void signal_note_ignored(struct process *process, uint32_t number);
void signal_set_mask(struct thread *thread, uint64_t mask);
void signal_drop_pending(struct pending *pending, uint64_t set);

/* Ends the handling of a message: delivers signals and answers. result: a value, -errno, a restart
 * code, or CORE_STATE. For faults and exceptions result is ignored. */
void thread_leave(struct thread *thread, long result);

/* Builds the frame for a handler in *state, on the thread's stack. -EFAULT: no room for it.
 * mask: to be restored by sigreturn. */
long signal_frame_push(struct thread *thread, struct jn_state *state,
                       const struct lx_sigaction *action, const struct task_siginfo *info,
                       uint64_t mask);
/* Takes the frame at state->r[RSP] - 8 back into *state. */
long signal_frame_pop(struct thread *thread, struct jn_state *state);
/* Which floating-point error: si_code for #MF (16) and #XM (19), from the thread's state. */
int32_t signal_fpe_code(struct thread *thread, uint32_t vector);
void siginfo_to_linux(const struct task_siginfo *from, struct lx_siginfo *to);
void siginfo_from_linux(const struct lx_siginfo *from, struct task_siginfo *to);

/* The log's report of a thread whose process is about to end by this signal, from its registers. */
void crash_report(struct thread *thread, const struct task_siginfo *info,
                  const struct jn_state *state);

static inline struct task_siginfo siginfo_make(uint32_t number, int32_t code, uint64_t pid,
                                               uint32_t uid)
{
    return (struct task_siginfo){.number = (int32_t)number, .code = code, .pid = pid, .uid = uid};
}

#endif

/* The one wait machine of the core: see core.h. */
#ifndef POSIX_WAIT_H
#define POSIX_WAIT_H

#include "core.h"

#define WAIT_FOREVER 0ull

/* Parks the calling thread until wait_wake, a ring entry, the deadline (monotonic ns; WAIT_FOREVER)
 * or a signal; then its handler runs again. Gives CORE_WAITING, or at once `interrupted` (a negative
 * restart code or -EINTR) if a signal is waiting to be delivered. The handler looks at
 * thread->wait.expired itself, before it waits again. */
long wait_for(struct thread *thread, uint64_t deadline, long interrupted);
/* The same without a signal ending it (SIGKILL does): vfork. */
long wait_uninterruptible(struct thread *thread);
/* Notes that the thread's cookie may be armed at a server (enum backend_server or WAIT_TASK), so
 * that it is taken back when the call ends otherwise. */
static inline void wait_armed(struct thread *thread, uint32_t server)
{
    thread->wait.armed |= 1u << server;
}
/* The handler will run again soon. Nothing if it is not parked. */
void wait_wake(struct thread *thread);
/* The call is over: takes back armings, timer and queue places. */
void wait_end(struct thread *thread);
/* Takes armings back, before a round that arms many again (poll). */
void wait_disarm(struct thread *thread);
/* A thread that was held on its way out (its process was stopped) goes on. */
void wait_continue(struct thread *thread);
/* Runs the handlers of woken threads. */
void wait_run_woken(void);

#endif

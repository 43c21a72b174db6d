/* Fast user-space locks, futex(2). */
#ifndef POSIX_FUTEX_H
#define POSIX_FUTEX_H

#include "core.h"

void futex_dequeue(struct thread *thread);
/* Wakes up to count threads waiting at a word of `mm` (CLEARTID). */
void futex_wake_address(struct thread *thread, uint64_t address, uint32_t count);
/* What a thread leaves behind when it ends: robust list and clear_tid. The thread is current or
 * held, its memory still there. */
void futex_thread_end(struct thread *thread);

long futex_restart(struct thread *thread);
long futex_pi(struct thread *thread, const uint64_t *arguments, uint32_t operation);

#endif

/* Reports of broken invariants and of threads that nobody looks after. */
#ifndef MK_ENTRY_CRASH_H
#define MK_ENTRY_CRASH_H

#include "lib/types.h"

struct thread;

/* What the kernel did: `r` in the order of enum jn_reg. Leaves the machine. */
_Noreturn void crash_kernel(const uint64_t *r, uint64_t rip, uint64_t flags);

/* A thread ends because nobody took its message. At most a burst of lines a second: users cause it. */
void crash_thread(struct thread *thread, const char *why);

#endif

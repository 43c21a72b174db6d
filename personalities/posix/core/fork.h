/* Parts of fork that both placements are made of. */
#ifndef POSIX_FORK_H
#define POSIX_FORK_H

#include "core.h"

struct clone_request {
    uint64_t flags; /* LX_CLONE_.., without the signal */
    uint64_t stack, parent_tid, child_tid, tls;
    uint32_t exit_signal;
};

/* A child that this core serves: the pid, a negative error, or CORE_WAITING (vfork). */
long fork_here(struct thread *t, const struct clone_request *request);
/* The caller's registers for the child, into core_state. */
long fork_child_state(struct thread *t, const struct clone_request *request);
/* What a new thread has from the one that made it. */
void fork_inherit(struct thread *child, const struct thread *t,
                  const struct clone_request *request);
/* Lets it run with core_state. */
long fork_start(struct thread *child);
/* fork in a library: the calling process becomes its own child, whose memory this is. All of it that
 * the child does not have (other threads, timers, pending signals) goes, without a word to anybody.
 * The thread is the caller's; it has no kernel thread yet. */
void fork_become_child(struct thread *t, uint64_t pid, const struct clone_request *request);

#endif

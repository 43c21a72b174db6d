/* Signals: a word of pending bits. Raising never blocks; whoever waits takes all bits at once. */
#ifndef MK_SIGNAL_SIGNAL_H
#define MK_SIGNAL_SIGNAL_H

#include "thread/thread.h"

struct signal {
    struct object object;
    uint64_t bits;
    struct list waiters;  /* threads in JN_WAIT on it alone */
    struct thread *bound; /* whose gate waits it is joined to, or NULL */
};

#define SIGNAL_OF(object_) container_of(object_, struct signal, object)

MUST_CHECK status_t signal_create(struct pool *pool, struct signal **signal);
void signal_finish(struct signal *signal);
void signal_raise(struct signal *signal, uint64_t bits);
status_t signal_wait(struct thread *thread, struct signal *signal, unsigned flags);
/* The running thread waits in this list, STATE_SIGNAL. */
void signal_block(struct thread *thread, struct list *waiters);
void signal_unlink_waiter(struct thread *thread);
/* The bound Signal has bits: the thread returns from its wait with them. */
bool signal_take(struct thread *thread);
status_t signal_bind(struct thread *thread, uint64_t handle);
void signal_unbind(struct thread *thread);

/* Signals bound to an object's end: words[0] = handle or 0, words[1] = bits. */
status_t signal_bind_end(struct cap *cap, uint64_t *bits, const uint64_t *words);
void signal_end(struct cap *cap, uint64_t bits);

operation_t op_signal_poll;

#endif

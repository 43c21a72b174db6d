/* What fast_inside.c and fork have to do with threads that wait at words on their own. */
#ifndef POSIX_FAST_FUTEX_H
#define POSIX_FAST_FUTEX_H

#include "core.h"

/* The thread is not going to wait where it stands. False: somebody has woken it. */
bool fast_futex_leave(struct thread *t);
/* In the child of a fork, whose thread this is: nobody waits. */
void fast_futex_child(struct thread *t);

#endif

/* Interval timers: alarm(2), setitimer(2), timer_create(2). */
#ifndef POSIX_TIMER_H
#define POSIX_TIMER_H

#include "core.h"

void posix_timers_delete(struct process *process);

#endif

/* Interval timers: alarm(2), setitimer(2), timer_create(2). */
#ifndef POSIX_TIMER_H
#define POSIX_TIMER_H

#include "core.h"

/* ITIMER_REAL with an absolute monotonic deadline; and what it is (0: not set). */
void posix_alarm_set(struct process *process, uint64_t deadline, uint64_t interval);
uint64_t posix_alarm_deadline(const struct process *process);
void posix_timers_delete(struct process *process);

#endif

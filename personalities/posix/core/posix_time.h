/* CPU time of processes. */
#ifndef POSIX_TIME_H
#define POSIX_TIME_H

#include "core.h"

uint64_t time_process_cpu(struct process *process); /* ns */

#endif

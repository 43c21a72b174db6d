/* The library placement's own parts. */
#ifndef POSIX_LIBRARY_H
#define POSIX_LIBRARY_H

#include "core.h"

/* enum handover_placement by this boot, of POSIX and of Win32. */
extern uint32_t library_defaults[2];
/* In the child of a fork: makes the process out of what the parent left in memory, and starts it. */
void library_forked(void);

#endif

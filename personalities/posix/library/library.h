/* The library placement's own parts. */
#ifndef POSIX_LIBRARY_H
#define POSIX_LIBRARY_H

#include "core.h"

/* The program has not taken the GS base, which is the address of a thread's UTCB, for itself. */
extern bool library_gs_is_ours;
/* The text that call sites were redirected in is not there any more. */
void redirect_forget(void);
/* In the child of a fork: makes the process out of what the parent left in memory, and starts it. */
void library_forked(void);

/* The thread, which is suspended and has the lock of `file`, leaves its fast call to the handler, without the
 * lock. False: it is about to give it back. */
struct adapter_lease;
bool library_send_away(struct thread *t, struct adapter_lease *file);

#endif

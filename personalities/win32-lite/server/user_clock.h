/* The clock in user mode (user_clock.inc). */
#ifndef WIN32_USER_CLOCK_H
#define WIN32_USER_CLOCK_H

#include "guest.h"

/* ntdll.dll's numbers are known: calls of the clock are answered there from now on. */
void user_clock_numbers(void);
/* A fault of this thread could not be mended. If it was the clock's store, the thread makes the call instead,
 * through `slow`; true then. `moved`: programs see the code so much higher than it is linked. */
bool user_clock_abort(struct world_thread *t, uint64_t moved, const char *slow);

extern const char win32_user_page[], win32_user_page_slow[]; /* user_page.asm */

#endif

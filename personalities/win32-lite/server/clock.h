/* The clock cells of KUSER_SHARED_DATA: memory that programs read raw. A thread of its own renews them
 * while programs run, so that the loop waits without a deadline, which the kernel's fast paths want. It
 * touches nothing but the page. */
#ifndef WIN32_CLOCK_H
#define WIN32_CLOCK_H

#include "janus/types.h"

/* utcb: a free address for the thread's UTCB. is_wanted: whether any program runs; asked by that thread.
 * guest_shared_page is filled. Whoever makes it true calls guest_clock_fresh. */
JN_CHECKED jn_status_t clock_begin(uint64_t utcb, uint32_t priority, bool (*is_wanted)(void));

#endif

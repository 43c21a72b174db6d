/* Time: a monotonic clock in nanoseconds from the TSC, and one-shot timers without a tick. */
#ifndef MK_PLATFORM_TIME_H
#define MK_PLATFORM_TIME_H

#include "lib/types.h"
#include "platform/timer_heap.h"

#define TIME_FOREVER UINT64_MAX

/* Monotonic nanoseconds: the information page's clock. Any CPU, no lock. */
uint64_t time_now(void);

/* On the CPU that will serve it, with the lock. Arming an armed timer moves it. A deadline in the
 * past expires at the next interrupt. */
void timer_arm(struct timer *timer, uint64_t deadline_ns);
void timer_cancel(struct timer *timer);

/* The interrupt stub of VECTOR_TIMER calls it; acknowledges the LAPIC, runs what is due, rearms. */
void timer_interrupt(void);

/* The information page: a frame that space_map_kernel_page() puts into tasks, read-only. */
extern struct jn_info *info_page;

#endif

/* The ACPI power management timer, 3.579545 MHz (ACPI 6.4, 4.8.3.3): the clock that the TSC is
 * measured with. */
#ifndef MK_PLATFORM_PM_TIMER_H
#define MK_PLATFORM_PM_TIMER_H

#include "lib/types.h"

#define PM_TIMER_HZ 3579545ull

uint32_t pm_timer_read(void);
/* Ticks from one reading to a later one, less than a wrap apart. */
uint32_t pm_timer_since(uint32_t before, uint32_t after);
/* A wrap, in nanoseconds. */
uint64_t pm_timer_wrap(void);

#endif

/* The clock's start. */
#ifndef MK_PLATFORM_TIME_SOURCE_H
#define MK_PLATFORM_TIME_SOURCE_H

#include "lib/types.h"

/* Measures TSC and LAPIC timer against the ACPI timer and makes the information page. */
void time_init(void);

/* LAPIC timer ticks for an interval, at most as many as the timer holds. */
uint32_t time_lapic_ticks(uint64_t nanoseconds);

/* Measures the TSC again over the time since the last measurement, if that is long enough. */
void time_correct(void);

#endif

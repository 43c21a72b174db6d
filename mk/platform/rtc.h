/* The battery-backed clock, read once at boot. */
#ifndef MK_PLATFORM_RTC_H
#define MK_PLATFORM_RTC_H

#include <stdint.h>

/* Seconds since 1970-01-01 00:00 UTC. */
uint64_t rtc_read(void);

#endif

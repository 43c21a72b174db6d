/* Times of programs as deadlines of the core. */
#ifndef POSIX_TIMESPEC_H
#define POSIX_TIMESPEC_H

#include <stdbool.h>

#include "janus/backend/time.h"
#include "linux/file.h"

static inline bool timespec_valid(const struct lx_timespec *time)
{
    return time->tv_sec >= 0 && time->tv_nsec >= 0 && time->tv_nsec <= 999999999;
}

/* Nanoseconds; more than 292 years count as that. */
static inline uint64_t timespec_ns(const struct lx_timespec *time)
{
    if (time->tv_sec >= 9223372036)
        return INT64_MAX;
    return (uint64_t)time->tv_sec * 1000000000 + (uint64_t)time->tv_nsec;
}

/* Monotonic time a relative time from now; never 0. */
static inline uint64_t timespec_deadline(const struct lx_timespec *time)
{
    return backend_time_monotonic() + timespec_ns(time);
}

#endif

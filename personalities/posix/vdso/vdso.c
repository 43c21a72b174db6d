/* vdso(7) on x86-64: __vdso_clock_gettime and its relatives over the kernel's information page. */
#include <stdint.h>

#include "janus/abi/info.h"

struct timespec {
    int64_t tv_sec, tv_nsec;
};
struct timeval {
    int64_t tv_sec, tv_usec;
};

enum { REALTIME, MONOTONIC, PROCESS_CPU, THREAD_CPU, MONOTONIC_RAW, REALTIME_COARSE,
       MONOTONIC_COARSE, BOOTTIME };

/* The page below this object (vdso.lds). */
extern const struct jn_info information __attribute__((visibility("hidden")));

#define EXPORT __attribute__((visibility("default")))

static inline long call2(long number, long a, long b)
{
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b)
                     : "rcx", "r11", "memory");
    return result;
}

/* Nanoseconds of the monotonic clock, and the offset of the real one, of one moment. */
static inline uint64_t read_clock(int64_t *real_offset)
{
    const struct jn_info *info = &information;
    uint64_t sequence, now;
    do {
        uint32_t low, high;
        sequence = __atomic_load_n(&info->sequence, __ATOMIC_ACQUIRE);
        __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
        uint64_t delta = ((uint64_t)high << 32 | low) - info->tsc_base;
        now = info->mono_ns +
              (uint64_t)((unsigned __int128)delta * info->tsc_mult >> info->tsc_shift);
        *real_offset = info->real_offset_ns;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    } while (sequence & 1 || sequence != info->sequence);
    return now;
}

EXPORT int __vdso_clock_gettime(int clock, struct timespec *time)
{
    int64_t offset;
    uint64_t now;
    switch (clock) {
    case REALTIME:
    case REALTIME_COARSE:
        now = read_clock(&offset);
        now += (uint64_t)offset;
        break;
    case MONOTONIC:
    case MONOTONIC_RAW:
    case MONOTONIC_COARSE:
    case BOOTTIME:
        now = read_clock(&offset);
        break;
    default:
        return (int)call2(228, clock, (long)time);
    }
    time->tv_sec = (int64_t)(now / 1000000000);
    time->tv_nsec = (int64_t)(now % 1000000000);
    return 0;
}

EXPORT int __vdso_clock_getres(int clock, struct timespec *time)
{
    return (int)call2(229, clock, (long)time);
}

EXPORT int __vdso_gettimeofday(struct timeval *time, uint64_t *zone)
{
    if (time) {
        int64_t offset;
        uint64_t now = read_clock(&offset) + (uint64_t)offset;
        time->tv_sec = (int64_t)(now / 1000000000);
        time->tv_usec = (int64_t)(now % 1000000000 / 1000);
    }
    if (zone)
        *zone = 0; /* UTC */
    return 0;
}

EXPORT int64_t __vdso_time(int64_t *time)
{
    int64_t offset;
    uint64_t now = read_clock(&offset) + (uint64_t)offset;
    int64_t seconds = (int64_t)(now / 1000000000);
    if (time)
        *time = seconds;
    return seconds;
}

EXPORT long __vdso_getcpu(uint32_t *cpu, uint32_t *node, void *unused)
{
    uint32_t low, high, number;
    (void)unused;
    __asm__ volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(number)); /* the kernel's TSC_AUX */
    if (cpu)
        *cpu = number;
    if (node)
        *node = 0;
    return 0;
}

#define ALIAS(name) EXPORT __typeof__(__vdso_##name) name __attribute__((weak, alias("__vdso_" #name)));
ALIAS(clock_gettime)
ALIAS(clock_getres)
ALIAS(gettimeofday)
ALIAS(time)
ALIAS(getcpu)

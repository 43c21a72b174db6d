/* Time without entering the kernel: the information page and the TSC. */
#include "janus/runtime.h"

static uint64_t read_tsc(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

uint64_t jn_time_monotonic(void)
{
    const struct jn_info *info = jn_info();
    uint64_t sequence, now;
    do {
        sequence = __atomic_load_n(&info->sequence, __ATOMIC_ACQUIRE);
        uint64_t delta = read_tsc() - info->tsc_base;
        now = info->mono_ns + (uint64_t)((unsigned __int128)delta * info->tsc_mult >> info->tsc_shift);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    } while (sequence & 1 || sequence != info->sequence);
    return now;
}

int64_t jn_time_real(void)
{
    return (int64_t)jn_time_monotonic() + jn_info()->real_offset_ns;
}

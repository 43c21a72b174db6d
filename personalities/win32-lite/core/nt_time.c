/* Time: FILETIME ticks, KUSER_SHARED_DATA, counters. */
#include <string.h>

#include "core.h"

#define TICKS_1970 116444736000000000ull

uint64_t nt_time_from_ns(int64_t real)
{
    return TICKS_1970 + (uint64_t)(real / 100);
}

int64_t nt_time_to_ns(uint64_t ticks)
{
    /* What lies outside the range of nanoseconds stays at its edge. */
    int64_t relative = (int64_t)(ticks - TICKS_1970);

    if (relative > INT64_MAX / 100)
        return INT64_MAX / 100 * 100;
    if (relative < INT64_MIN / 100)
        return INT64_MIN / 100 * 100;
    return relative * 100;
}

uint64_t nt_time_now(void)
{
    return nt_time_from_ns(world_time_real());
}

struct system_time {
    uint32_t low;
    int32_t high1, high2;
};

/* Readers take high1, low, high2 and repeat while the two differ: so high2 is written first. */
static void put_time(uint8_t *page, uint32_t offset, uint64_t value)
{
    volatile struct system_time *time = (void *)(page + offset);

    time->high2 = (int32_t)(value >> 32);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    time->low = (uint32_t)value;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    time->high1 = (int32_t)(value >> 32);
}

void nt_kuser_tick(void *page)
{
    uint64_t monotonic = world_time_monotonic();

    put_time(page, 0x08, monotonic / 100);
    put_time(page, 0x14, nt_time_now());
    put_time(page, 0x320, monotonic / 1000000);
}

void nt_kuser_fill(void *address)
{
    static const uint8_t features[] = {2, 3, 6, 8, 10, 12, 13, 14, 17, 23};
    static const char root[] = "C:\\windows";
    uint8_t *page = address;
    uint32_t word;

    memset(page, 0, NT_PAGE);
#define PUT(offset, value)                                                                        \
    do {                                                                                          \
        word = (value);                                                                           \
        memcpy(page + (offset), &word, 4);                                                        \
    } while (0)
    PUT(0x004, 0x0fa00000); /* TickCountMultiplier */
    for (size_t i = 0; i < sizeof root; i++)
        page[0x30 + i * 2] = (uint8_t)root[i];
    PUT(0x02c, 0x8664u | 0x8664u << 16); /* ImageNumberLow, High */
    PUT(0x260, 18362);
    PUT(0x264, 1); /* workstation */
    page[0x268] = 1;
    PUT(0x26c, 10);
    PUT(0x270, 0);
    for (size_t i = 0; i < sizeof features; i++)
        page[0x274 + features[i]] = 1;
    page[0x2d5] = 3; /* NXSupportPolicy: opt-out */
    PUT(0x2d8, 1);   /* ActiveConsoleId */
    PUT(0x2e8, (uint32_t)world_ram_pages());
    PUT(0x308, 0); /* SystemCall: stubs execute `syscall` */
    world_random(&word, 4);
    memcpy(page + 0x330, &word, 4); /* Cookie */
    PUT(0x3c0, world_cpu_count());
    PUT(NT_KUSER_CLOCK_NUMBERS, UINT32_MAX);
    PUT(NT_KUSER_CLOCK_NUMBERS + 4, UINT32_MAX);
#undef PUT
    nt_kuser_tick(page);
}

nt_status NtQuerySystemTime(struct nt_thread *t, const uint64_t *a)
{
    return nt_write_u64(t, a[0], nt_time_now());
}

/* 10 MHz. */
nt_status NtQueryPerformanceCounter(struct nt_thread *t, const uint64_t *a)
{
    if (!a[0])
        return NT_ACCESS_VIOLATION;
    if (NT_FAILED(nt_write_u64(t, a[0], world_time_monotonic() / 100)))
        return NT_ACCESS_VIOLATION;
    return a[1] ? nt_write_u64(t, a[1], 10000000) : NT_SUCCESS;
}

nt_status NtQueryTimerResolution(struct nt_thread *t, const uint64_t *a)
{
    if (NT_FAILED(nt_write_u32(t, a[0], 156250)) || NT_FAILED(nt_write_u32(t, a[1], 10000)) ||
        NT_FAILED(nt_write_u32(t, a[2], 10000)))
        return NT_ACCESS_VIOLATION;
    return NT_SUCCESS;
}

nt_status NtSetTimerResolution(struct nt_thread *t, const uint64_t *a)
{
    return nt_write_u32(t, a[2], 10000); /* deadlines are exact at any setting */
}

nt_status NtGetTickCount(struct nt_thread *t, const uint64_t *a)
{
    (void)t;
    (void)a;
    return (nt_status)(world_time_monotonic() / 1000000);
}

nt_status NtSetSystemTime(struct nt_thread *t, const uint64_t *a)
{
    (void)t;
    (void)a;
    return NT_PRIVILEGE_NOT_HELD;
}

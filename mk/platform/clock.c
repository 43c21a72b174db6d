/* The clock: nanoseconds from the TSC, as the information page tells everybody.
 *
 * The first measurement is short, so that booting is; the first timer interrupts some seconds
 * later repeat it over the whole time since, and the information page is corrected under its
 * sequence lock without a step in the time that it gives. */
#include "boot/features.h"
#include "boot/memory_map.h"
#include "lib/print.h"
#include "lib/string.h"
#include "memory/layout.h"
#include "memory/pool.h"
#include "platform/acpi.h"
#include "platform/lapic.h"
#include "platform/pm_timer.h"
#include "platform/rtc.h"
#include "platform/time.h"
#include "platform/time_source.h"

#define NANOSECONDS       1000000000ull
#define SHIFT             32
#define FIRST_MEASUREMENT (PM_TIMER_HZ / 50)
#define CORRECT_AFTER     (2 * NANOSECONDS)
#define CORRECT_BEFORE    (200 * NANOSECONDS) /* products of tick counts stay in 64 bits */

struct jn_info *info_page;

static uint64_t lapic_multiplier; /* LAPIC ticks a nanosecond, 32-bit fraction */

static struct sample {
    uint64_t tsc;
    uint32_t pm;
} reference;

static uint64_t rdtsc(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/* The pair read with the least delay between its halves: the host may stop us in the middle. */
static struct sample sample(void)
{
    struct sample best = {0, 0};
    uint64_t shortest = UINT64_MAX;

    for (unsigned i = 0; i < 8; i++) {
        uint64_t before = rdtsc();
        uint32_t pm = pm_timer_read();
        uint64_t after = rdtsc();

        if (after - before < shortest) {
            shortest = after - before;
            best = (struct sample){before + (after - before) / 2, pm};
        }
    }
    return best;
}

static uint64_t scale(uint64_t value, uint64_t multiplier)
{
    return (uint64_t)(((unsigned __int128)value * multiplier) >> SHIFT);
}

uint64_t time_now(void)
{
    const struct jn_info *info = info_page;
    uint64_t sequence, now;

    do {
        sequence = __atomic_load_n(&info->sequence, __ATOMIC_ACQUIRE);
        now = info->mono_ns + scale(rdtsc() - info->tsc_base, info->tsc_mult);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    } while ((sequence & 1) || sequence != info->sequence);
    return now;
}

static void set_rate(uint64_t tsc_hz)
{
    struct jn_info *info = info_page;
    uint64_t tsc = rdtsc();
    uint64_t mono =
        info->tsc_mult ? info->mono_ns + scale(tsc - info->tsc_base, info->tsc_mult) : 0;

    info->sequence++;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    info->tsc_base = tsc;
    info->mono_ns = mono;
    info->tsc_hz = tsc_hz;
    info->tsc_mult = (NANOSECONDS << SHIFT) / tsc_hz;
    info->tsc_shift = SHIFT;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    info->sequence++;
}

void time_correct(void)
{
    uint64_t elapsed = scale(rdtsc() - reference.tsc, info_page->tsc_mult);

    if (elapsed < CORRECT_AFTER)
        return;
    struct sample now = sample();
    if (elapsed < CORRECT_BEFORE && elapsed < pm_timer_wrap() - pm_timer_wrap() / 8) {
        uint64_t ticks = pm_timer_since(reference.pm, now.pm);
        set_rate((now.tsc - reference.tsc) * PM_TIMER_HZ / ticks);
    }
    reference = now;
}

uint32_t time_lapic_ticks(uint64_t nanoseconds)
{
    if (nanoseconds > 60 * NANOSECONDS)
        nanoseconds = 60 * NANOSECONDS;
    uint64_t ticks = scale(nanoseconds, lapic_multiplier) + 1;
    return ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks;
}

static void describe_processor(struct jn_info *info)
{
    struct cpuid zero = cpuid(0, 0), one = cpuid(1, 0), seven = cpuid(7, 0);

    memcpy(info->cpu_vendor, &zero.ebx, 4);
    memcpy(info->cpu_vendor + 4, &zero.edx, 4);
    memcpy(info->cpu_vendor + 8, &zero.ecx, 4);
    info->cpuid1_ecx = one.ecx;
    info->cpuid1_edx = one.edx;
    info->cpuid7_ebx = seven.ebx;
    info->cpuid7_ecx = seven.ecx;
    if (cpuid(0x80000000, 0).eax < 0x80000004)
        return;
    for (unsigned i = 0; i < 3; i++) {
        struct cpuid brand = cpuid(0x80000002 + i, 0);
        memcpy(info->cpu_brand + 16 * i, &brand, 16);
    }
}

void time_init(void)
{
    if (!acpi.pm_timer_port)
        panic("no ACPI timer");
    info_page = pool_alloc_frames(&root_pool, 0);
    info_page->magic = JN_INFO_MAGIC;
    info_page->version = 1;
    info_page->cpus = 1;
    for (unsigned i = 0; i < memory_ram.count; i++)
        info_page->ram_bytes += memory_ram.range[i].end - memory_ram.range[i].base;
    info_page->xcr0 = 7;
    info_page->xsave_size = xsave_bytes;
    describe_processor(info_page);

    lapic_timer(UINT32_MAX);
    reference = sample();
    uint32_t lapic_begin = lapic_timer_left();
    struct sample now;
    do {
        __asm__ volatile("pause");
        now = sample();
    } while (pm_timer_since(reference.pm, now.pm) < FIRST_MEASUREMENT);
    uint32_t lapic_ticks = lapic_begin - lapic_timer_left();
    lapic_timer(0);

    uint64_t ticks = pm_timer_since(reference.pm, now.pm);
    set_rate((now.tsc - reference.tsc) * PM_TIMER_HZ / ticks);
    uint64_t lapic_hz = lapic_ticks * PM_TIMER_HZ / ticks;
    lapic_multiplier = (lapic_hz << SHIFT) / NANOSECONDS;
    info_page->real_offset_ns = (int64_t)(rtc_read() * NANOSECONDS - time_now());
    print("mk: TSC %lu kHz, LAPIC timer %lu kHz\n", info_page->tsc_hz / 1000, lapic_hz / 1000);
}

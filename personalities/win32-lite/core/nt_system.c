/* NtQuerySystemInformation. */
#include <stdlib.h>
#include <string.h>

#include "core.h"

static nt_status give(struct nt_thread *t, const uint64_t *a, const void *data, uint32_t length)
{
    return nt_write_result(t, a[1], (uint32_t)a[2], a[3], data, length);
}

static nt_status basic(struct nt_thread *t, const uint64_t *a)
{
    struct nt_system_basic information = {
        .maximum_increment = 156250,
        .page_size = NT_PAGE,
        .physical_pages = (uint32_t)world_ram_pages(),
        .lowest_page = 1,
        .highest_page = (uint32_t)world_ram_pages(),
        .granularity = NT_GRANULARITY,
        .lowest_address = NT_LOWEST_ADDRESS,
        .highest_address = NT_HIGHEST_ADDRESS,
        .affinity = t->process->affinity,
        .processors = (uint8_t)world_cpu_count(),
    };

    return nt_write_exact(t, a[1], (uint32_t)a[2], a[3], &information, sizeof information);
}

static nt_status performance(struct nt_thread *t, const uint64_t *a)
{
    uint32_t words[312 / 4] = {0};
    uint64_t idle = 0;

    memcpy(words, &idle, 8);
    words[44 / 4] = (uint32_t)world_ram_free_pages(); /* AvailablePages */
    words[48 / 4] = (uint32_t)(world_ram_pages() - world_ram_free_pages());
    words[52 / 4] = (uint32_t)world_ram_pages(); /* TotalCommitLimit */
    words[56 / 4] = words[48 / 4];
    return give(t, a, words, sizeof words);
}

static nt_status time_of_day(struct nt_thread *t, const uint64_t *a)
{
    uint64_t now = nt_time_now();
    uint64_t words[6] = {now - world_time_monotonic() / 100, now, 0, 0, 0, 0};
    uint32_t capacity = (uint32_t)a[2];

    if (capacity > sizeof words)
        return NT_INFO_LENGTH_MISMATCH;
    if (a[3] && NT_FAILED(nt_write_u32(t, a[3], capacity)))
        return NT_ACCESS_VIOLATION;
    return nt_write(t, a[1], words, capacity);
}

/* SystemProcessInformation: one record a process, its threads behind it, then its name. */
static nt_status processes(struct nt_thread *t, const uint64_t *a)
{
    struct world_process_info info;
    uint32_t capacity = (uint32_t)a[2], used = 0, last = 0;
    uint64_t pid = 1;
    uint8_t *out = calloc(1, (size_t)capacity + 1);
    bool fits = true;

    if (!out)
        return NT_NO_MEMORY;
    while (world_process_next(t->process->world, pid, &info) == JN_OK) {
        struct nt_process *own = nt_process_by_pid(info.pid);
        uint32_t threads = own ? own->thread_count : info.threads, name_bytes, size, start = used;
        size_t units;
        uint16_t *name = nt_text_from_utf8(info.name, strnlen(info.name, sizeof info.name), &units);
        if (!name)
            break;
        pid = info.pid + 1;
        name_bytes = (uint32_t)units * 2;
        if (!threads)
            threads = 1;
        size = 0x100 + threads * 0x50 + ((name_bytes + 2 + 7) & ~7u);
        used += size;
        if (used > capacity) {
            fits = false;
            free(name);
            continue;
        }
        uint8_t *r = out + start;
        uint32_t word;
        uint64_t wide;
#define PUT32(offset, value) (word = (uint32_t)(value), memcpy(r + (offset), &word, 4))
#define PUT64(offset, value) (wide = (uint64_t)(value), memcpy(r + (offset), &wide, 8))
        if (start)
            memcpy(out + last, &(uint32_t){start - last}, 4);
        last = start;
        PUT32(4, threads);
        PUT64(0x20, nt_time_from_ns((int64_t)info.start_ns));
        PUT64(0x28, info.user_ns / 100);
        PUT64(0x30, info.system_ns / 100);
        struct nt_unicode_string string = {
            (uint16_t)name_bytes, (uint16_t)(name_bytes + 2), 0,
            a[1] + start + 0x100 + threads * 0x50};
        memcpy(r + 0x38, &string, sizeof string);
        PUT32(0x48, 8);
        PUT64(0x50, info.pid);
        PUT64(0x58, info.parent);
        PUT32(0x60, own ? own->handles.used : 0);
        PUT32(0x64, 1);
        PUT64(0x70, info.virtual_pages * NT_PAGE);
        PUT64(0x78, info.virtual_pages * NT_PAGE);
        PUT64(0x88, info.resident_pages * NT_PAGE);
        PUT64(0x90, info.resident_pages * NT_PAGE);
        uint32_t index = 0;
        for (struct nt_list *at = own ? own->threads.next : NULL;
             own && at != &own->threads && index < threads; at = at->next, index++) {
            struct nt_thread *thread = nt_container(at, struct nt_thread, link);
            uint32_t place = 0x100 + index * 0x50;
            PUT64(place + 0x20, thread->entry);
            PUT64(place + 0x28, info.pid);
            PUT64(place + 0x30, thread->tid);
            PUT32(place + 0x44, thread->held ? 5 : 2);
        }
        if (!own) {
            PUT64(0x100 + 0x28, info.pid);
            PUT64(0x100 + 0x30, info.pid);
        }
        memcpy(r + 0x100 + threads * 0x50, name, name_bytes);
#undef PUT32
#undef PUT64
        free(name);
    }
    nt_status status = fits ? NT_SUCCESS : NT_INFO_LENGTH_MISMATCH;
    if (a[3] && NT_FAILED(nt_write_u32(t, a[3], used)))
        status = NT_ACCESS_VIOLATION;
    if (fits && status == NT_SUCCESS)
        status = nt_write(t, a[1], out, used);
    free(out);
    return status;
}

/* DYNAMIC_TIME_ZONE_INFORMATION-like: UTC. */
static nt_status time_zone(struct nt_thread *t, const uint64_t *a, uint32_t length)
{
    uint8_t zone[432] = {0};
    static const char utc[] = "Coordinated Universal Time", key[] = "UTC";

    for (uint32_t i = 0; utc[i]; i++)
        zone[4 + i * 2] = zone[88 + i * 2] = (uint8_t)utc[i];
    for (uint32_t i = 0; length > 172 && key[i]; i++)
        zone[172 + i * 2] = (uint8_t)key[i];
    return nt_write_exact(t, a[1], (uint32_t)a[2], a[3], zone, length);
}

static nt_status interrupts(struct nt_thread *t, const uint64_t *a)
{
    /* The random numbers of the system come from here: RtlGenRandom reads this class. */
    uint32_t length = 24 * world_cpu_count();
    uint8_t random[24 * 64];

    if (length > sizeof random)
        length = sizeof random;
    if (a[3] && NT_FAILED(nt_write_u32(t, a[3], length)))
        return NT_ACCESS_VIOLATION;
    if ((uint32_t)a[2] < length)
        return NT_INFO_LENGTH_MISMATCH;
    world_random(random, length);
    return nt_write(t, a[1], random, length);
}

nt_status NtQuerySystemInformation(struct nt_thread *t, const uint64_t *a)
{
    switch ((uint32_t)a[0]) {
    case 0: return basic(t, a);
    case 1:
    case 63: { /* emulation processor information */
        struct {
            uint16_t architecture, level, revision, maximum;
            uint32_t features;
        } cpu = {9, 6, 0x0f0b, (uint16_t)world_cpu_count(), 0x3dff};
        return give(t, a, &cpu, sizeof cpu);
    }
    case 2: return performance(t, a);
    case 3: return time_of_day(t, a);
    case 5: return processes(t, a);
    case 8: { /* SystemProcessorPerformanceInformation */
        uint64_t cpus[64][6] = {{0}};
        uint32_t count = world_cpu_count() > 64 ? 64 : world_cpu_count();
        for (uint32_t i = 0; i < count; i++)
            cpus[i][0] = cpus[i][1] = world_time_monotonic() / 100;
        uint32_t length = count * 48;
        if ((uint32_t)a[2] < length)
            length = (uint32_t)a[2] / 48 * 48;
        if (!length)
            return NT_INFO_LENGTH_MISMATCH;
        return give(t, a, cpus, length);
    }
    case 21: { /* SystemFileCacheInformation */
        uint64_t cache[8] = {0};
        return give(t, a, cache, sizeof cache);
    }
    case 23: return interrupts(t, a);
    case 28: { /* SystemTimeAdjustmentInformation */
        uint32_t adjustment[3] = {156250, 156250, 1};
        return give(t, a, adjustment, 9);
    }
    case 35: { /* SystemKernelDebuggerInformation */
        uint8_t debugger[2] = {0, 1};
        return give(t, a, debugger, 2);
    }
    case 44: return time_zone(t, a, 172);
    case 102: return time_zone(t, a, 432);
    case 50: { /* SystemRangeStartInformation */
        uint64_t start = 0xffff800000000000ull;
        return give(t, a, &start, 8);
    }
    case 90: { /* SystemBootEnvironmentInformation */
        uint8_t boot[32] = {0};
        boot[16] = 1;
        return give(t, a, boot, sizeof boot);
    }
    case 103: { /* SystemCodeIntegrityInformation */
        uint32_t integrity[2] = {8, 0};
        return give(t, a, integrity, 8);
    }
    case 73: { /* SystemLogicalProcessorInformation: a core a processor, one package, one node */
        uint64_t entries[66][4] = {{0}};
        uint32_t count = world_cpu_count() > 64 ? 64 : world_cpu_count();
        uint64_t all = count == 64 ? UINT64_MAX : (1ull << count) - 1;
        for (uint32_t i = 0; i < count; i++)
            entries[i][0] = 1ull << i; /* RelationProcessorCore */
        entries[count][0] = entries[count + 1][0] = all;
        entries[count][1] = 3;     /* RelationProcessorPackage */
        entries[count + 1][1] = 1; /* RelationNumaNode */
        return give(t, a, entries, (count + 2) * 32);
    }
    case 1000: {
        static const char version[] = "8.0\0Debian 8.0~repack-4\0Linux\0janus";
        uint32_t length = sizeof version, capacity = (uint32_t)a[2];
        return nt_write(t, a[1], version, length < capacity ? length : capacity);
    }
    }
    world_log("win32: pid %u: NtQuerySystemInformation class %u", (unsigned)t->process->pid,
              (unsigned)a[0]);
    return NT_INVALID_INFO_CLASS;
}

/* SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX: one core a processor, one package, one group. */
static uint32_t logical(uint8_t *out, uint32_t relation)
{
    uint32_t at = 0, cpus = world_cpu_count() > 64 ? 64 : world_cpu_count();
    uint64_t all = cpus == 64 ? UINT64_MAX : (1ull << cpus) - 1;

    for (uint32_t i = 0; i < cpus && (relation == 0 || relation == 0xffff); i++) {
        uint32_t head[2] = {0, 48};
        uint16_t groups = 1;
        uint64_t mask = 1ull << i;
        memset(out + at, 0, 48);
        memcpy(out + at, head, 8);
        memcpy(out + at + 30, &groups, 2);
        memcpy(out + at + 32, &mask, 8);
        at += 48;
    }
    if (relation == 3 || relation == 0xffff) { /* package */
        uint32_t head[2] = {3, 48};
        uint16_t groups = 1;
        memset(out + at, 0, 48);
        memcpy(out + at, head, 8);
        memcpy(out + at + 30, &groups, 2);
        memcpy(out + at + 32, &all, 8);
        at += 48;
    }
    if (relation == 1 || relation == 0xffff) { /* NUMA node */
        uint32_t head[2] = {1, 48};
        memset(out + at, 0, 48);
        memcpy(out + at, head, 8);
        memcpy(out + at + 32, &all, 8);
        at += 48;
    }
    if (relation == 4 || relation == 0xffff) { /* group */
        uint32_t head[2] = {4, 76};
        uint16_t counts[2] = {1, 1};
        memset(out + at, 0, 80);
        memcpy(out + at, head, 8);
        memcpy(out + at + 8, counts, 4);
        out[at + 32] = out[at + 33] = (uint8_t)cpus;
        memcpy(out + at + 72, &all, 8);
        head[1] = 80;
        memcpy(out + at, head, 8);
        at += 80;
    }
    return at;
}

nt_status NtQuerySystemInformationEx(struct nt_thread *t, const uint64_t *a)
{
    /* class, query, query length, buffer, length, result length */
    const uint64_t rest[4] = {0, a[3], a[4], a[5]};

    switch ((uint32_t)a[0]) {
    case 107: {
        uint8_t out[64 * 48 + 256];
        uint32_t relation;
        if ((uint32_t)a[2] < 4 || NT_FAILED(nt_read(t, a[1], &relation, 4)))
            return NT_INVALID_PARAMETER;
        return give(t, rest, out, logical(out, relation));
    }
    case 181: {
        uint32_t machines[2] = {0x8664 | 1u << 16 | 1u << 17 | 1u << 18 | 1u << 19, 0};
        if (a[1]) {
            uint64_t handle;
            if (NT_FAILED(nt_read_u64(t, a[1], &handle)))
                return NT_ACCESS_VIOLATION;
        }
        return give(t, rest, machines, sizeof machines);
    }
    case 175: /* SystemCpuSetInformation */
        break;
    }
    world_log("win32: pid %u: NtQuerySystemInformationEx class %u", (unsigned)t->process->pid,
              (unsigned)a[0]);
    return NT_INVALID_INFO_CLASS;
}

nt_status NtSetSystemInformation(struct nt_thread *t, const uint64_t *a)
{
    world_log("win32: pid %u: NtSetSystemInformation class %u", (unsigned)t->process->pid,
              (unsigned)a[0]);
    return NT_PRIVILEGE_NOT_HELD;
}

nt_status NtPowerInformation(struct nt_thread *t, const uint64_t *a)
{
    switch ((uint32_t)a[0]) {
    case 11: { /* ProcessorInformation */
        uint32_t cpus[64][6] = {{0}}, count = world_cpu_count() > 64 ? 64 : world_cpu_count();
        for (uint32_t i = 0; i < count; i++) {
            cpus[i][0] = i;
            cpus[i][1] = cpus[i][2] = cpus[i][3] = 1000;
        }
        if ((uint32_t)a[4] < count * 24)
            return NT_BUFFER_TOO_SMALL;
        return nt_write(t, a[3], cpus, count * 24);
    }
    case 4: { /* SystemPowerCapabilities */
        uint8_t capabilities[76] = {0};
        if ((uint32_t)a[4] < sizeof capabilities)
            return NT_BUFFER_TOO_SMALL;
        return nt_write(t, a[3], capabilities, sizeof capabilities);
    }
    }
    world_log("win32: pid %u: NtPowerInformation level %u", (unsigned)t->process->pid,
              (unsigned)a[0]);
    return NT_NOT_IMPLEMENTED;
}

nt_status NtGetCurrentProcessorNumber(struct nt_thread *t, const uint64_t *a)
{
    (void)a;
    return (nt_status)world_thread_cpu(t->world); /* a number, not a status */
}

nt_status NtSetThreadExecutionState(struct nt_thread *t, const uint64_t *a)
{
    return nt_write_u32(t, a[1], 0x80000003u); /* the machine never sleeps */
}

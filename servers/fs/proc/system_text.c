/* Texts about the whole system. */
#include <string.h>

#include "image.h"
#include "janus/abi/info.h"
#include "janus/idl/task.h"
#include "janus/runtime.h"
#include "platform.h"
#include "proc.h"

typedef unsigned long long ull;

struct totals {
    uint64_t processes, running, last_pid;
    uint64_t user_ns, system_ns;
    uint64_t resident_pages;
};

static struct totals count_processes(void)
{
    struct totals totals = {0};
    struct task_status status;
    for (uint64_t from = 1; platform_process_next(from, &status) == JN_OK; from = status.pid + 1) {
        totals.processes++;
        totals.running += status.state == 'R';
        totals.last_pid = status.pid;
        totals.user_ns += status.user_ns;
        totals.system_ns += status.system_ns;
        totals.resident_pages += status.resident_pages;
    }
    return totals;
}

static uint64_t idle_ns(const struct totals *totals)
{
    uint64_t all = jn_time_monotonic() * jn_info()->cpus, busy = totals->user_ns + totals->system_ns;
    return all > busy ? all - busy : 0;
}

PROC_TEXT(proc_stat)
{
    (void)client;
    (void)tag;
    struct totals totals = count_processes();
    ull user = totals.user_ns / PROC_TICK_NS, system = totals.system_ns / PROC_TICK_NS;
    ull idle = idle_ns(&totals) / PROC_TICK_NS;
    text_print(text, "cpu  %llu 0 %llu %llu 0 0 0 0 0 0\n", user, system, idle);
    uint32_t cpus = jn_info()->cpus ? jn_info()->cpus : 1;
    for (uint32_t i = 0; i < cpus; i++)
        text_print(text, "cpu%u %llu 0 %llu %llu 0 0 0 0 0 0\n", i, user / cpus, system / cpus,
                   idle / cpus);
    text_print(text, "intr 0\nctxt 0\nbtime %lld\nprocesses %llu\n",
               (long long)((jn_time_real() - (int64_t)jn_time_monotonic()) / 1000000000),
               (ull)totals.last_pid);
    text_print(text, "procs_running %llu\nprocs_blocked 0\nsoftirq 0 0 0 0 0 0 0 0 0 0 0\n",
               (ull)(totals.running ? totals.running : 1));
    return JN_OK;
}

/* What the kernel has counted since the boot, for the whole machine (JN_OP_COUNTERS): for `study`; and of
 * several processors each one's entries and interrupts. */
PROC_TEXT(proc_janus)
{
    static const struct {
        unsigned word;
        const char *name;
    } lines[] = {{0, "entries"},    {1, "switches"},      {2, "ipcs"},  {3, "faults"},
                 {4, "interrupts"}, {5, "kernel_frames"}, {9, "copied"}};
    uint64_t words[PLATFORM_COUNTERS] = {0};
    (void)client;
    (void)tag;
    platform_counters(words);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        text_print(text, "%s %llu\n", lines[i].name, (ull)words[lines[i].word]);
    unsigned cpus = jn_info()->cpus;
    for (unsigned i = 0; cpus > 1 && i < cpus; i++) {
        memset(words, 0, sizeof(words));
        words[0] = i + 1;
        platform_counters(words);
        text_print(text, "cpu%u_entries %llu\ncpu%u_interrupts %llu\n", i, (ull)words[0], i,
                   (ull)words[4]);
    }
    return JN_OK;
}

/* There is neither swap nor a disk: what is counted of them is 0. */
PROC_TEXT(proc_vmstat)
{
    uint64_t words[PLATFORM_COUNTERS] = {0};
    (void)client;
    (void)tag;
    platform_counters(words);
    text_print(text, "nr_free_pages %llu\nnr_file_pages %llu\npgpgin 0\npgpgout 0\npswpin 0\npswpout 0\n"
                     "pgfault %llu\n",
               (ull)platform_free_pages(), (ull)page_cache_used(), (ull)words[3]);
    return JN_OK;
}

PROC_TEXT(proc_loadavg)
{
    (void)client;
    (void)tag;
    struct totals totals = count_processes();
    text_print(text, "0.00 0.00 0.00 %llu/%llu %llu\n", (ull)(totals.running ? totals.running : 1),
               (ull)totals.processes, (ull)totals.last_pid);
    return JN_OK;
}

PROC_TEXT(proc_uptime)
{
    (void)client;
    (void)tag;
    struct totals totals = count_processes();
    ull up = jn_time_monotonic() / 10000000, idle = idle_ns(&totals) / 10000000;
    text_print(text, "%llu.%02llu %llu.%02llu\n", up / 100, up % 100, idle / 100, idle % 100);
    return JN_OK;
}

PROC_TEXT(proc_meminfo)
{
    (void)client;
    (void)tag;
    ull total = jn_info()->ram_bytes / 1024, cached = page_cache_used() * 4;
    ull free = platform_free_pages() * 4;
    if (free > total)
        free = total;
    ull used = total - free;
    const struct {
        const char *name;
        ull kib;
    } lines[] = {
        {"MemTotal:", total},   {"MemFree:", free},        {"MemAvailable:", free},
        {"Buffers:", 0},        {"Cached:", cached},       {"SwapCached:", 0},
        {"Active:", used},      {"Inactive:", 0},          {"SwapTotal:", 0},
        {"SwapFree:", 0},       {"Dirty:", 0},             {"Writeback:", 0},
        {"AnonPages:", used},   {"Mapped:", 0},            {"Shmem:", cached},
        {"Slab:", 0},           {"SReclaimable:", 0},      {"SUnreclaim:", 0},
        {"PageTables:", 0},     {"CommitLimit:", total},   {"Committed_AS:", used},
        {"VmallocTotal:", 0},   {"VmallocUsed:", 0},
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        text_print(text, "%-16s%8llu kB\n", lines[i].name, lines[i].kib);
    return JN_OK;
}

PROC_TEXT(proc_version)
{
    (void)client;
    (void)tag;
    text_print(text, "Linux version " PROC_RELEASE " (janus@janus) (gcc) #1 SMP Janus\n");
    return JN_OK;
}

PROC_TEXT(proc_filesystems)
{
    (void)client;
    (void)tag;
    text_print(text, "nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tdevpts\nnodev\tpipefs\n");
    return JN_OK;
}

PROC_TEXT(proc_swaps)
{
    (void)client;
    (void)tag;
    text_print(text, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
    return JN_OK;
}

PROC_TEXT(proc_command_line)
{
    (void)client;
    (void)tag;
    text_print(text, "janus\n");
    return JN_OK;
}

PROC_TEXT(proc_devices)
{
    (void)client;
    (void)tag;
    text_print(text, "Character devices:\n  1 mem\n  5 /dev/tty\n  5 /dev/console\n"
                     "  5 /dev/ptmx\n136 pts\n\nBlock devices:\n");
    return JN_OK;
}

PROC_TEXT(proc_mounts)
{
    (void)client;
    (void)tag;
    text_print(text, "janus / tmpfs rw,relatime 0 0\nproc /proc proc rw,relatime 0 0\n"
                     "sysfs /sys sysfs rw,relatime 0 0\n"
                     "devpts /dev/pts devpts rw,relatime,mode=600,ptmxmode=666 0 0\n");
    return JN_OK;
}

PROC_TEXT(proc_mountinfo)
{
    (void)client;
    (void)tag;
    text_print(text, "20 1 0:1 / / rw,relatime - tmpfs janus rw\n"
                     "21 20 0:20 / /proc rw,relatime - proc proc rw\n"
                     "22 20 0:21 / /sys rw,relatime - sysfs sysfs rw\n"
                     "23 20 0:22 / /dev/pts rw,relatime - devpts devpts rw,mode=600,ptmxmode=666\n");
    return JN_OK;
}

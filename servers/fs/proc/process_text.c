/* Texts of /proc/PID (fs/proc/array.c and fs/proc/base.c of Linux 6.1 are the authority). */
#include <string.h>

#include "janus/idl/task.h"
#include "platform.h"
#include "proc.h"

typedef unsigned long long ull;

static uint64_t terminal_device(const struct task_status *status)
{
    /* terminal: 0 none, else the pair's number + 1. */
    return status->terminal ? 136u << 8 | (status->terminal - 1) : 0;
}

PROC_TEXT(proc_process_stat)
{
    (void)client;
    struct task_status status;
    jn_status_t result = platform_process_status(tag, &status);
    if (result != JN_OK)
        return result;
    status.name[sizeof(status.name) - 1] = 0;
    text_print(text, "%llu (%.15s) %c %llu %llu %llu %llu -1 4194304 ", (ull)status.pid,
               (const char *)status.name, status.state ? (char)status.state : 'S',
               (ull)status.parent, (ull)status.group, (ull)status.session,
               (ull)terminal_device(&status));
    /* faults; user, system, children's; priority, nice, threads, itrealvalue, start */
    text_print(text, "0 0 0 0 %llu %llu 0 0 %d %d %u 0 %llu ", (ull)(status.user_ns / PROC_TICK_NS),
               (ull)(status.system_ns / PROC_TICK_NS), 20 + status.nice, status.nice,
               status.threads ? status.threads : 1,
               (ull)(status.start_ns / PROC_TICK_NS));
    /* vsize, rss, rsslim; addresses; signals; the rest */
    text_print(text, "%llu %llu 18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 "
                     "0 0 0 0 %u\n",
               (ull)status.virtual_pages * 4096, (ull)status.resident_pages,
               status.exit_kind == TASK_EXITED ? (status.exit_code & 0xff) << 8
                                               : status.exit_code & 0xff);
    return JN_OK;
}

PROC_TEXT(proc_process_statm)
{
    (void)client;
    struct task_status status;
    jn_status_t result = platform_process_status(tag, &status);
    if (result == JN_OK)
        text_print(text, "%llu %llu 0 0 0 %llu 0\n", (ull)status.virtual_pages,
                   (ull)status.resident_pages, (ull)status.virtual_pages);
    return result;
}

static const char *state_text(uint32_t state)
{
    switch (state) {
    case 'R': return "R (running)";
    case 'T': return "T (stopped)";
    case 'Z': return "Z (zombie)";
    case 'D': return "D (disk sleep)";
    default: return "S (sleeping)";
    }
}

PROC_TEXT(proc_process_status)
{
    (void)client;
    struct task_status s;
    jn_status_t result = platform_process_status(tag, &s);
    if (result != JN_OK)
        return result;
    s.name[sizeof(s.name) - 1] = 0;
    text_print(text, "Name:\t%.15s\nUmask:\t0022\nState:\t%s\n", (const char *)s.name,
               state_text(s.state));
    text_print(text, "Tgid:\t%llu\nNgid:\t0\nPid:\t%llu\nPPid:\t%llu\nTracerPid:\t0\n", (ull)s.pid,
               (ull)s.pid, (ull)s.parent);
    text_print(text, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", s.uid, s.uid, s.uid, s.uid,
               s.gid, s.gid, s.gid, s.gid);
    text_print(text, "FDSize:\t256\nGroups:\t%u \nNStgid:\t%llu\nNSpid:\t%llu\n", s.gid, (ull)s.pid,
               (ull)s.pid);
    text_print(text, "NSpgid:\t%llu\nNSsid:\t%llu\n", (ull)s.group, (ull)s.session);
    if (s.state != 'Z') {
        ull size = s.virtual_pages * 4, resident = s.resident_pages * 4;
        text_print(text, "VmPeak:\t%8llu kB\nVmSize:\t%8llu kB\nVmLck:\t%8u kB\n", size, size, 0);
        text_print(text, "VmPin:\t%8u kB\nVmHWM:\t%8llu kB\nVmRSS:\t%8llu kB\n", 0, resident,
                   resident);
        text_print(text, "RssAnon:\t%8llu kB\nRssFile:\t%8u kB\nRssShmem:\t%8u kB\n", resident, 0,
                   0);
        text_print(text, "VmData:\t%8llu kB\nVmStk:\t%8u kB\nVmExe:\t%8u kB\nVmLib:\t%8u kB\n",
                   size, 132, 0, 0);
        text_print(text, "VmPTE:\t%8u kB\nVmSwap:\t%8u kB\n", 0, 0);
        text_print(text, "CoreDumping:\t0\nTHP_enabled:\t1\n");
    }
    text_print(text, "Threads:\t%u\nSigQ:\t0/63000\n", s.threads ? s.threads : 1);
    static const char *const masks[] = {"SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt"};
    for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++)
        text_print(text, "%s:\t0000000000000000\n", masks[i]);
    const char *all = s.uid ? "0000000000000000" : "000001ffffffffff";
    text_print(text, "CapInh:\t0000000000000000\nCapPrm:\t%s\nCapEff:\t%s\n", all, all);
    text_print(text, "CapBnd:\t000001ffffffffff\nCapAmb:\t0000000000000000\nNoNewPrivs:\t0\n");
    text_print(text, "Seccomp:\t0\nSeccomp_filters:\t0\nCpus_allowed:\t1\nCpus_allowed_list:\t0\n");
    text_print(text, "Mems_allowed:\t1\nMems_allowed_list:\t0\nvoluntary_ctxt_switches:\t0\n"
                     "nonvoluntary_ctxt_switches:\t0\n");
    return JN_OK;
}

PROC_TEXT(proc_process_limits)
{
    (void)client;
    struct task_status status;
    jn_status_t result = platform_process_status(tag, &status);
    if (result != JN_OK)
        return result;
    static const struct {
        const char *name, *soft, *hard, *units;
    } limits[] = {
        {"Max cpu time", "unlimited", "unlimited", "seconds"},
        {"Max file size", "unlimited", "unlimited", "bytes"},
        {"Max data size", "unlimited", "unlimited", "bytes"},
        {"Max stack size", "8388608", "unlimited", "bytes"},
        {"Max core file size", "0", "unlimited", "bytes"},
        {"Max resident set", "unlimited", "unlimited", "bytes"},
        {"Max processes", "63000", "63000", "processes"},
        {"Max open files", "1024", "1048576", "files"},
        {"Max locked memory", "8388608", "8388608", "bytes"},
        {"Max address space", "unlimited", "unlimited", "bytes"},
        {"Max file locks", "unlimited", "unlimited", "locks"},
        {"Max pending signals", "63000", "63000", "signals"},
        {"Max msgqueue size", "819200", "819200", "bytes"},
        {"Max nice priority", "0", "0", ""},
        {"Max realtime priority", "0", "0", ""},
        {"Max realtime timeout", "unlimited", "unlimited", "us"},
    };
    text_print(text, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
        text_print(text, "%-25s %-20s %-20s %-10s\n", limits[i].name, limits[i].soft,
                   limits[i].hard, limits[i].units);
    return JN_OK;
}

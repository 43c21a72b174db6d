/* Processes, threads, time and limits of the Linux x86-64 ABI. */
#ifndef POSIX_LINUX_PROCESS_H
#define POSIX_LINUX_PROCESS_H

#include <stdint.h>

#include "linux/file.h"

enum {
    LX_CSIGNAL = 0xff, LX_CLONE_VM = 0x100, LX_CLONE_FS = 0x200, LX_CLONE_FILES = 0x400,
    LX_CLONE_SIGHAND = 0x800, LX_CLONE_PIDFD = 0x1000, LX_CLONE_PTRACE = 0x2000,
    LX_CLONE_VFORK = 0x4000, LX_CLONE_PARENT = 0x8000, LX_CLONE_THREAD = 0x10000,
    LX_CLONE_NEWNS = 0x20000, LX_CLONE_SYSVSEM = 0x40000, LX_CLONE_SETTLS = 0x80000,
    LX_CLONE_PARENT_SETTID = 0x100000, LX_CLONE_CHILD_CLEARTID = 0x200000,
    LX_CLONE_DETACHED = 0x400000, LX_CLONE_UNTRACED = 0x800000,
    LX_CLONE_CHILD_SETTID = 0x1000000, LX_CLONE_NEWCGROUP = 0x2000000,
    LX_CLONE_NEWUTS = 0x4000000, LX_CLONE_NEWIPC = 0x8000000, LX_CLONE_NEWUSER = 0x10000000,
    LX_CLONE_NEWPID = 0x20000000, LX_CLONE_NEWNET = 0x40000000,
};
#define LX_CLONE_IO 0x80000000u
#define LX_CLONE_CLEAR_SIGHAND 0x100000000ull

struct lx_clone_args {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
        set_tid_size, cgroup;
};

enum {
    LX_WNOHANG = 1, LX_WUNTRACED = 2, LX_WSTOPPED = 2, LX_WEXITED = 4, LX_WCONTINUED = 8,
    LX_WNOWAIT = 0x1000000, LX_P_ALL = 0, LX_P_PID = 1, LX_P_PGID = 2, LX_P_PIDFD = 3,
};
#define LX_WNOTHREAD 0x20000000u
#define LX_WALL 0x40000000u
#define LX_WCLONE 0x80000000u

struct lx_rlimit {
    uint64_t cur, max;
};
enum {
    LX_RLIMIT_CPU, LX_RLIMIT_FSIZE, LX_RLIMIT_DATA, LX_RLIMIT_STACK, LX_RLIMIT_CORE, LX_RLIMIT_RSS,
    LX_RLIMIT_NPROC, LX_RLIMIT_NOFILE, LX_RLIMIT_MEMLOCK, LX_RLIMIT_AS, LX_RLIMIT_LOCKS,
    LX_RLIMIT_SIGPENDING, LX_RLIMIT_MSGQUEUE, LX_RLIMIT_NICE, LX_RLIMIT_RTPRIO, LX_RLIMIT_RTTIME,
    LX_RLIMIT_COUNT,
};

struct lx_rusage {
    struct lx_timeval utime, stime;
    int64_t maxrss, ixrss, idrss, isrss, minflt, majflt, nswap, inblock, oublock, msgsnd, msgrcv,
        nsignals, nvcsw, nivcsw;
};
_Static_assert(sizeof(struct lx_rusage) == 144, "getrusage(2)");

struct lx_utsname {
    char sysname[65], nodename[65], release[65], version[65], machine[65], domainname[65];
};
struct lx_sysinfo {
    int64_t uptime;
    uint64_t loads[3], totalram, freeram, sharedram, bufferram, totalswap, freeswap;
    uint16_t procs, pad;
    uint64_t totalhigh, freehigh;
    uint32_t mem_unit, pad2;
};
_Static_assert(sizeof(struct lx_sysinfo) == 112, "sysinfo(2)");
struct lx_tms {
    int64_t utime, stime, cutime, cstime;
};
struct lx_itimerspec {
    struct lx_timespec interval, value;
};
struct lx_itimerval {
    struct lx_timeval interval, value;
};

enum {
    LX_CLOCK_REALTIME, LX_CLOCK_MONOTONIC, LX_CLOCK_PROCESS_CPUTIME_ID, LX_CLOCK_THREAD_CPUTIME_ID,
    LX_CLOCK_MONOTONIC_RAW, LX_CLOCK_REALTIME_COARSE, LX_CLOCK_MONOTONIC_COARSE, LX_CLOCK_BOOTTIME,
    LX_CLOCK_REALTIME_ALARM, LX_CLOCK_BOOTTIME_ALARM, LX_CLOCK_TAI = 11, LX_TIMER_ABSTIME = 1,
};

enum {
    LX_FUTEX_WAIT, LX_FUTEX_WAKE, LX_FUTEX_FD, LX_FUTEX_REQUEUE, LX_FUTEX_CMP_REQUEUE,
    LX_FUTEX_WAKE_OP, LX_FUTEX_LOCK_PI, LX_FUTEX_UNLOCK_PI, LX_FUTEX_TRYLOCK_PI,
    LX_FUTEX_WAIT_BITSET, LX_FUTEX_WAKE_BITSET, LX_FUTEX_WAIT_REQUEUE_PI, LX_FUTEX_CMP_REQUEUE_PI,
    LX_FUTEX_LOCK_PI2, LX_FUTEX_PRIVATE = 128, LX_FUTEX_CLOCK_REALTIME = 256,
};
#define LX_FUTEX_TID_MASK 0x3fffffffu
#define LX_FUTEX_OWNER_DIED 0x40000000u
#define LX_FUTEX_WAITERS 0x80000000u

enum {
    LX_ARCH_SET_GS = 0x1001, LX_ARCH_SET_FS, LX_ARCH_GET_FS, LX_ARCH_GET_GS,
    LX_ARCH_CET_STATUS = 0x3001,
};

enum {
    LX_PR_SET_PDEATHSIG = 1, LX_PR_GET_PDEATHSIG = 2, LX_PR_GET_DUMPABLE = 3,
    LX_PR_SET_DUMPABLE = 4, LX_PR_GET_KEEPCAPS = 7, LX_PR_SET_KEEPCAPS = 8, LX_PR_SET_NAME = 15,
    LX_PR_GET_NAME = 16, LX_PR_GET_SECCOMP = 21, LX_PR_CAPBSET_READ = 23,
    LX_PR_SET_TIMERSLACK = 29, LX_PR_GET_TIMERSLACK = 30, LX_PR_SET_CHILD_SUBREAPER = 36,
    LX_PR_GET_CHILD_SUBREAPER = 37, LX_PR_SET_NO_NEW_PRIVS = 38, LX_PR_GET_NO_NEW_PRIVS = 39,
    LX_PR_CAP_AMBIENT = 47, LX_PR_SET_VMA = 0x53564d41,
};

#endif

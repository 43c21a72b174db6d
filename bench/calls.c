/* calls [-n COUNT] [NAME...]: what each system call of a list costs, one line a call:
 *     call NAME ops=N ticks=T [entries=E switches=S ipcs=I faults=F copied=C]
 * Totals of N calls, from which those of as many empty rounds were taken. The raw system calls are
 * made, without a C library's caches. Counts are those of Janus (/proc/janus), for the whole machine. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "counts.h"

static int zero, null, file, dir, tube[2], event;
static char buffer[4096], path[] = "/tmp/calls.file", other[] = "/tmp/calls.other";
static char directory[] = "/tmp/calls.dir";
static struct stat info;
static long page;

#define CALL(...) syscall(__VA_ARGS__)
#define LIST(X) \
    X(getpid, CALL(SYS_getpid)) \
    X(getppid, CALL(SYS_getppid)) \
    X(gettid, CALL(SYS_gettid)) \
    X(getuid, CALL(SYS_getuid)) \
    X(umask, CALL(SYS_umask, 022)) \
    X(uname, CALL(SYS_uname, buffer)) \
    X(clock_gettime, CALL(SYS_clock_gettime, CLOCK_MONOTONIC, buffer)) \
    X(getrlimit, CALL(SYS_prlimit64, 0, 7, NULL, buffer)) \
    X(getrusage, CALL(SYS_getrusage, 0, buffer)) \
    X(sched_yield, CALL(SYS_sched_yield)) \
    X(sigprocmask, CALL(SYS_rt_sigprocmask, SIG_BLOCK, NULL, buffer, 8)) \
    X(sigaction, CALL(SYS_rt_sigaction, SIGUSR1, NULL, buffer, 8)) \
    X(sigpending, CALL(SYS_rt_sigpending, buffer, 8)) \
    X(kill0, CALL(SYS_kill, getpid(), 0)) \
    X(futex_wake, CALL(SYS_futex, buffer, 129, 1, NULL, NULL, 0)) \
    X(read, CALL(SYS_read, zero, buffer, 1)) \
    X(read_4k, CALL(SYS_read, zero, buffer, 4096)) \
    X(write, CALL(SYS_write, null, buffer, 1)) \
    X(pread, CALL(SYS_pread64, file, buffer, 64, 0)) \
    X(pwrite, CALL(SYS_pwrite64, file, buffer, 64, 0)) \
    X(lseek, CALL(SYS_lseek, file, 0, SEEK_SET)) \
    X(fstat, CALL(SYS_fstat, file, &info)) \
    X(stat, CALL(SYS_stat, path, &info)) \
    X(access, CALL(SYS_access, path, R_OK)) \
    X(stat_absent, CALL(SYS_stat, "/tmp/calls.absent", &info)) \
    X(readlink, CALL(SYS_readlink, "/proc/self/exe", buffer, 64)) \
    X(getcwd, CALL(SYS_getcwd, buffer, sizeof buffer)) \
    X(fcntl_getfl, CALL(SYS_fcntl, file, F_GETFL)) \
    X(ioctl_winsize, CALL(SYS_ioctl, null, 0x5413, buffer)) \
    X(dup_close, CALL(SYS_close, CALL(SYS_dup, file))) \
    X(open_close, CALL(SYS_close, CALL(SYS_open, path, O_RDONLY))) \
    X(pipe_close, (CALL(SYS_pipe2, buffer, 0), CALL(SYS_close, ((int *)buffer)[0]), \
                   CALL(SYS_close, ((int *)buffer)[1]))) \
    X(pipe_write_read, (CALL(SYS_write, tube[1], buffer, 1), CALL(SYS_read, tube[0], buffer, 1))) \
    X(eventfd_write_read, (CALL(SYS_write, event, "\1\0\0\0\0\0\0", 8), \
                           CALL(SYS_read, event, buffer, 8))) \
    X(poll_1, CALL(SYS_poll, &(struct pollfd){tube[0], POLLIN, 0}, 1, 0)) \
    X(getdents, (CALL(SYS_lseek, dir, 0, SEEK_SET), CALL(SYS_getdents64, dir, buffer, 4096))) \
    X(ftruncate, CALL(SYS_ftruncate, file, 4096)) \
    X(chmod, CALL(SYS_chmod, path, 0600)) \
    X(utimensat, CALL(SYS_utimensat, AT_FDCWD, path, NULL, 0)) \
    X(link_unlink, (CALL(SYS_link, path, other), CALL(SYS_unlink, other))) \
    X(rename_twice, (CALL(SYS_rename, path, other), CALL(SYS_rename, other, path))) \
    X(mkdir_rmdir, (CALL(SYS_mkdir, directory, 0700), CALL(SYS_rmdir, directory))) \
    X(brk, CALL(SYS_brk, 0)) \
    X(mprotect, CALL(SYS_mprotect, page, 4096, PROT_READ | PROT_WRITE)) \
    X(mmap_munmap, CALL(SYS_munmap, CALL(SYS_mmap, 0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, \
                                         -1, 0), 4096)) \
    X(madvise, CALL(SYS_madvise, page, 4096, MADV_DONTNEED)) \
    X(wait4_none, CALL(SYS_wait4, -1, NULL, WNOHANG, NULL)) \
    X(unknown, CALL(1023))

#define X(name, call) static void run_##name(long n) { while (n--) (void)!(call); }
LIST(X)
#undef X
static void run_empty(long n)
{
    while (n--)
        __asm__ volatile("" : : "r"(n));
}

#define X(name, call) {#name, run_##name},
static const struct {
    const char *name;
    void (*run)(long);
} rows[] = {LIST(X)};
#undef X

/* Calls before those that count: a library redirects the site of one that is made often, and before the first
 * searches the text. */
#define SETTLE      600
#define SETTLE_TEXT 5000

static void measure(void (*run)(long), long n, struct counts *total)
{
    struct counts before, after;
    run(SETTLE);
    counts_take(&before);
    run(n);
    counts_take(&after);
    counts_subtract(&after, &before, total);
}

int main(int argc, char **argv)
{
    long n = 500;
    int first = 1;
    struct counts empty, total;
    if (argc > 2 && !strcmp(argv[1], "-n"))
        n = atol(argv[2]), first = 3;
    zero = open("/dev/zero", O_RDONLY), null = open("/dev/null", O_WRONLY);
    file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600), dir = open("/tmp", O_RDONLY);
    event = eventfd(0, 0);
    page = (long)mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (n < 1 || zero < 0 || null < 0 || file < 0 || dir < 0 || pipe(tube) || event < 0 || page == -1)
        return 125;
    (void)!write(file, buffer, sizeof buffer);
    run_getpid(SETTLE_TEXT);
    measure(run_empty, n, &empty);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int wanted = first == argc;
        for (int j = first; j < argc; j++)
            wanted |= !strcmp(argv[j], rows[i].name);
        if (!wanted)
            continue;
        measure(rows[i].run, n, &total);
        counts_print(rows[i].name, n, &total, &empty);
    }
    unlink(path);
    return 0;
}

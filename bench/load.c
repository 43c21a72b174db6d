/* load clients N OPS WARM: N processes make OPS rounds of calls each (getpid, read, write, a pipe of their
 *     own, stat), WARM rounds before that are not measured; "load clients=N ops=TOTAL ticks=T first=T last=T":
 *     from the common start to the end of all, and when the first and the last of them was done.
 * load slow KIND: one client that is a burden to others, until it is killed. KIND: read (4 MiB a call), fork
 *     (fork and wait without end), poll (1,000 descriptors a call), file (writes and truncates 8 MiB),
 *     log (unknown system calls), stuck (fills a pipe that nobody reads, then stops).
 * load hold KIND N: takes as much of something as it can, at most N, and says how much: descriptors,
 *     processes, memory (MiB), pipes; then sleeps until it is killed.
 * load scribble: overwrites what a library adapter keeps in this process, then goes on calling. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char block[4 << 20];

static int zero, null, tube[2];

static void rounds(long n)
{
    struct stat info;
    char byte = 0;
    while (n--) {
        syscall(SYS_getpid);
        if (read(zero, &byte, 1) != 1 || write(null, &byte, 1) != 1 || write(tube[1], &byte, 1) != 1 ||
            read(tube[0], &byte, 1) != 1 || stat("/etc/passwd", &info))
            _exit(1);
    }
}

static int clients(long count, long ops, long warm)
{
    int ready[2], start[2], done[2], end[2], failed = 0;
    unsigned long long from, ended, first = 0, last = 0;
    char byte;
    if (pipe(ready) || pipe(start) || pipe(done) || pipe(end))
        return 125;
    for (long i = 0; i < count; i++) {
        pid_t child = fork();
        if (child < 0)
            return 125;
        if (child == 0) {
            close(start[1]), close(end[1]);
            zero = open("/dev/zero", O_RDONLY), null = open("/dev/null", O_WRONLY);
            if (zero < 0 || null < 0 || pipe(tube))
                _exit(1);
            rounds(warm);
            (void)!write(ready[1], "", 1);
            (void)!read(start[0], &byte, 1); /* the end of file is the signal to start, and to end */
            rounds(ops);
            ended = __builtin_ia32_rdtsc();
            (void)!write(done[1], &ended, sizeof ended);
            (void)!read(end[0], &byte, 1);
            _exit(0);
        }
    }
    close(ready[1]), close(done[1]);
    for (long i = 0; i < count; i++)
        if (read(ready[0], &byte, 1) != 1)
            return 1;
    from = __builtin_ia32_rdtsc();
    close(start[1]);
    for (long i = 0; i < count; i++) {
        if (read(done[0], &ended, sizeof ended) != sizeof ended)
            return 1;
        if (!first)
            first = ended;
        last = ended;
    }
    close(end[1]);
    for (int status; wait(&status) > 0;)
        failed |= status;
    printf("load clients=%ld ops=%ld ticks=%llu first=%llu last=%llu\n", count, count * ops,
           last - from, first - from, last - from);
    return failed != 0;
}

static void slow(const char *kind)
{
    static struct pollfd fds[1000];
    zero = open("/dev/zero", O_RDONLY);
    int file = open("/tmp/load.file", O_RDWR | O_CREAT | O_TRUNC, 0600);
    unlink("/tmp/load.file");
    if (pipe(tube))
        _exit(125);
    for (int i = 0; i < 1000; i++)
        fds[i] = (struct pollfd){tube[0], POLLIN, 0};
    memset(block, 1, sizeof block);
    for (;;) {
        if (!strcmp(kind, "read"))
            (void)!read(zero, block, sizeof block);
        else if (!strcmp(kind, "poll"))
            poll(fds, 1000, 0);
        else if (!strcmp(kind, "log"))
            syscall(1000);
        else if (!strcmp(kind, "file"))
            (void)!(pwrite(file, block, sizeof block, 0) + pwrite(file, block, sizeof block, 4 << 20) +
                    ftruncate(file, 0));
        else if (!strcmp(kind, "fork")) {
            pid_t child = fork();
            if (child == 0)
                _exit(0);
            waitpid(child, NULL, 0);
        } else if (!strcmp(kind, "stuck")) {
            fcntl(tube[1], F_SETFL, O_NONBLOCK);
            while (write(tube[1], block, 4096) > 0)
                ;
            raise(SIGSTOP);
        } else {
            _exit(125);
        }
    }
}

static int hold(const char *kind, long most)
{
    long n = 0;
    for (; n < most; n++) {
        if (!strcmp(kind, "descriptors") && dup(0) < 0)
            break;
        if (!strcmp(kind, "pipes") && pipe(tube))
            break;
        if (!strcmp(kind, "memory")) {
            char *at = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (at == MAP_FAILED)
                break;
            memset(at, 1, 1 << 20);
        }
        if (!strcmp(kind, "processes")) {
            pid_t child = fork();
            if (child < 0)
                break;
            if (child == 0)
                for (;;)
                    pause();
        }
    }
    printf("load held=%ld\n", n);
    fflush(stdout);
    for (;;)
        pause();
}

/* ADAPTER_BASE + 0x220000 of docs/library.md: data and heap of the adapter, if there is one. */
static void scribble(void)
{
    volatile unsigned char *at = (volatile unsigned char *)0x7fff40220000;
    for (size_t i = 0; i < 0x20000; i++)
        at[i] = (unsigned char)(i * 37 + 11);
    for (int i = 0; i < 1000; i++)
        (void)!(open("/etc/passwd", O_RDONLY) + syscall(SYS_getpid) + write(1, "", 0));
    puts("load scribble still-alive");
}

int main(int argc, char **argv)
{
    if (argc == 5 && !strcmp(argv[1], "clients"))
        return clients(atol(argv[2]), atol(argv[3]), atol(argv[4]));
    if (argc == 3 && !strcmp(argv[1], "slow"))
        slow(argv[2]);
    if (argc == 4 && !strcmp(argv[1], "hold"))
        return hold(argv[2], atol(argv[3]));
    if (argc == 2 && !strcmp(argv[1], "scribble"))
        scribble();
    return 125;
}

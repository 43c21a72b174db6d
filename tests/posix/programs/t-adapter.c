/* What a process can do to the adapter that serves it under the library placement harms only itself; and
 * wherever it is killed, what it shares stays usable. Under the central placement the same addresses
 * are nobody's: the outcome is the same. Oracle: a process that does this to itself under Linux ends by a
 * signal, and its parent goes on. One whose adapter hangs does not end by itself, but it can be killed. */
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>

#include "t.h"

#define BASE 0x7fff40000000ul
#define WRITABLE (BASE + 0x211000)

#define PATIENCE 200 /* looks, a millisecond or more apart */

/* How it ended, as wait says. */
static int run(void (*what)(unsigned long), unsigned long argument)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        what(argument);
        open("/nonexistent", O_RDONLY);
        for (;;)
            pause();
    }
    for (int waited = 0; waitpid(child, &status, WNOHANG) == 0; waited++) {
        if (waited == PATIENCE)
            kill(child, SIGKILL);
        usleep(1000);
    }
    return status;
}

static const char *ended(int status)
{
    return WIFSIGNALED(status) ? "ended by a signal" : "lived";
}

static void fill(unsigned long byte)
{
    for (unsigned long at = WRITABLE + 0xf000; at < BASE + 0x3c0000; at++)
        *(volatile char *)at = (char)byte;
}

static void write_text(unsigned long offset)
{
    *(volatile char *)(BASE + offset) = 0;
}

static void jump(unsigned long offset)
{
    ((void (*)(void))(BASE + offset))();
}

static int pipes[2], file;

/* Everything that leaves something behind, over and over. */
static void busy(unsigned long unused)
{
    char block[512] = {0};
    (void)unused;
    for (;;) {
        write(pipes[1], block, sizeof block);
        flock(file, LOCK_EX);
        pwrite(file, block, sizeof block, 0);
        flock(file, LOCK_UN);
        close(dup(file));
        fcntl(pipes[1], F_GETFL);
    }
}

/* The pipe holds whole writes, and the lock is free. */
static int usable(void)
{
    char block[512];
    long whole = 0;
    ssize_t n;
    while ((n = read(pipes[0], block, sizeof block)) > 0)
        whole += n == sizeof block;
    if (n == -1 && errno != EAGAIN)
        return 0;
    if (flock(file, LOCK_EX | LOCK_NB) || flock(file, LOCK_UN))
        return 0;
    return 1;
}

static void kill_anywhere(int times)
{
    unsigned seed = 12345, bad = 0;
    pipe2(pipes, O_NONBLOCK);
    file = open("/tmp/t-adapter", O_RDWR | O_CREAT, 0600);
    for (int i = 0; i < times; i++) {
        pid_t child = fork();
        if (child == 0)
            busy(0);
        seed = seed * 1664525 + 1013904223;
        for (volatile unsigned wait = seed >> 14; wait; wait--)
            ;
        sched_yield();
        kill(child, SIGKILL);
        int status;
        waitpid(child, &status, 0);
        bad += !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL || !usable();
    }
    printf("killed: %u of them left something unusable\n", bad);
    unlink("/tmp/t-adapter");
}

int main(int argc, char **argv)
{
    printf("fill with 0xff: %s\n", ended(run(fill, 0xff)));
    printf("fill with zeroes: %s\n", ended(run(fill, 0)));
    printf("write to its text: %s\n", ended(run(write_text, 0x1000)));
    unsigned seed = 99;
    int strange = 0;
    for (int i = 0; i < 8; i++) { /* anywhere in its text: it ends, hangs, or even comes back */
        seed = seed * 1664525 + 1013904223;
        int status = run(jump, seed >> 8 & 0x1ffff);
        strange += !WIFSIGNALED(status) && !WIFEXITED(status);
    }
    printf("jumps with other ends: %d\n", strange);
    fflush(stdout);
    kill_anywhere(argc > 1 ? atoi(argv[1]) : 60);
    return 0;
}

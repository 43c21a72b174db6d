/* Fixed work quantum: the same 4.25 million instructions again and again, and how long each time took
 * beyond that. An ordinary Linux program; under Janus' --icount one tick of the time-stamp counter is one
 * instruction, so "added" is exactly what others executed meanwhile on this CPU.
 *
 *     fwq [-n QUANTA] [-b]      -b: beside a child that keeps its personality busy with system calls
 *
 * Output: "fwq QUANTA min MEDIAN P999 MAX", added ticks of a quantum.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define QUANTUM 4250000ull
#define WARM_UP 5

/* Two instructions a turn. */
static uint64_t work(uint64_t turns)
{
    uint32_t low, high, low2, high2;
    __asm__ volatile("rdtsc\n\t"
                     "movl %%eax, %0\n\tmovl %%edx, %1\n\t"
                     ".balign 64\n"
                     "1:\n\t"
                     "decq %4\n\t"
                     "jnz 1b\n\t"
                     "rdtsc"
                     : "=&r"(low), "=&r"(high), "=&a"(low2), "=&d"(high2), "+r"(turns)
                     :
                     : "memory");
    return ((uint64_t)high2 << 32 | low2) - ((uint64_t)high << 32 | low);
}

static void be_busy(void)
{
    char byte = 0;
    int ends[2];
    if (pipe(ends))
        _exit(1);
    for (;;) {
        syscall(SYS_getppid);
        if (write(ends[1], &byte, 1) != 1 || read(ends[0], &byte, 1) != 1)
            _exit(1);
    }
}

static int ascending(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

int main(int count, char **words)
{
    unsigned quanta = 100;
    pid_t child = 0;
    for (int i = 1; i < count; i++) {
        if (!strcmp(words[i], "-b"))
            child = -1;
        else if (!strcmp(words[i], "-n") && i + 1 < count)
            quanta = (unsigned)atoi(words[++i]);
    }
    uint64_t *added = malloc(quanta * sizeof *added);
    if (!added || !quanta)
        return 2;
    memset(added, 0, quanta * sizeof *added);
    if (child && (child = fork()) == 0)
        be_busy();
    /* What the frame of the loop costs: the difference of two lengths is exactly their turns. */
    uint64_t frame = ~0ull;
    for (int i = 0; i < 10; i++) {
        uint64_t ticks = work(1000);
        if (ticks < frame)
            frame = ticks;
    }
    /* A timer that was set for what ended before may still come once, within a time slice. */
    for (int i = 0; i < WARM_UP; i++)
        work(QUANTUM / 2);
    for (unsigned i = 0; i < quanta; i++) {
        uint64_t ticks = work(QUANTUM / 2);
        uint64_t expected = QUANTUM - 2000 + frame;
        added[i] = ticks > expected ? ticks - expected : 0;
    }
    if (child > 0) {
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    qsort(added, quanta, sizeof *added, ascending);
    printf("fwq %u %llu %llu %llu %llu\n", quanta, (unsigned long long)added[0],
           (unsigned long long)added[quanta / 2],
           (unsigned long long)added[(uint64_t)quanta * 999 / 1000],
           (unsigned long long)added[quanta - 1]);
    return 0;
}

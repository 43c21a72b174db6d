/* On a machine of four processors that was started with isolate=3: the masks that programs have by
 * themselves leave it out; who asks for it has it alone, while as many others as there are processors are
 * busy. Counted by what the kernel says of each processor (/proc/janus): between two looks there is what
 * a look costs, and not one entry or interrupt more in 20 quanta of 4.25 million instructions.
 *
 *     t-isolated [CPU]     with CPU: on this one, which the busy share */
#include "t.h"

#include <sched.h>
#include <sys/syscall.h>

#define CHILDREN 4
#define QUANTA   20

static unsigned cpu = 3;

static void be_busy(int started)
{
    int ends[2];
    char byte = 0;
    if (pipe(ends))
        _exit(1);
    for (unsigned round = 0;; round++) {
        if (round == 2 && write(started, &byte, 1) != 1)
            _exit(1);
        for (volatile int i = 0; i < 10000; i++)
            ;
        syscall(SYS_getppid);
        if (write(ends[1], &byte, 1) != 1 || read(ends[0], &byte, 1) != 1)
            _exit(1);
    }
}

static unsigned long long look(int file)
{
    char text[4096], name[32];
    ssize_t length = pread(file, text, sizeof text - 1, 0);
    unsigned long long sum = 0;
    const char *kinds[] = {"entries", "interrupts"};
    text[length > 0 ? length : 0] = 0;
    for (int i = 0; i < 2; i++) {
        sprintf(name, "\ncpu%u_%s ", cpu, kinds[i]);
        const char *at = strstr(text, name);
        if (!at) {
            printf("no %s", name);
            exit(1);
        }
        sum += strtoull(at + strlen(name), NULL, 10);
    }
    return sum;
}

static void work(unsigned quanta)
{
    for (unsigned i = 0; i < quanta; i++) {
        uint64_t turns = 4250000 / 2;
        __asm__ volatile("1: decq %0; jnz 1b" : "+r"(turns));
    }
}

int main(int count, char **words)
{
    unsigned long mask = 0;
    pid_t children[CHILDREN];
    int started[2];
    char byte;
    int counts = open("/proc/janus", O_RDONLY);

    syscall(SYS_sched_getaffinity, 0, sizeof mask, &mask);
    printf("mask %lx\n", mask);
    fflush(stdout);
    if (count > 1)
        cpu = (unsigned)atoi(words[1]);
    mask = 1ul << cpu;
    if (pipe(started))
        return 1;
    for (int i = 0; i < CHILDREN; i++)
        if ((children[i] = fork()) == 0) {
            if (count > 1)
                syscall(SYS_sched_setaffinity, 0, sizeof mask, &mask);
            be_busy(started[1]);
        }
    for (int i = 0; i < CHILDREN; i++) /* a child's first steps may still reach its parent's memory */
        if (read(started[0], &byte, 1) != 1)
            return 1;
    SAY(syscall(SYS_sched_setaffinity, 0, sizeof mask, &mask));
    work(5); /* a timer that was set before may still come once, and a copied page */
    look(counts);
    unsigned long long first = look(counts), second = look(counts);
    work(QUANTA);
    unsigned long long third = look(counts), cost = second - first, added = third - second - cost;
    SAY(sched_getcpu());
    if (count > 1)
        printf("shared: %d\n", (long long)added > 0);
    else
        printf("added in %d quanta: %lld\n", QUANTA, (long long)added);
    for (int i = 0; i < CHILDREN; i++)
        kill(children[i], SIGKILL);
    while (wait(NULL) > 0)
        ;
    return 0;
}

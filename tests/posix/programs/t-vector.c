/* Vector registers are a process's own, also against one that touches its own by XSAVE and XRSTOR alone, as a dynamic
 * linker does: two processes hand a byte back and forth, one with secrets in ymm registers, one that saves and restores.
 * Oracle: what each has put there, as on Linux. */
#include "t.h"
#include <sys/syscall.h>

#define ROUNDS 40

/* Between two looks at the registers nothing but this runs: no library, no vector instruction. */
#define BARE __attribute__((target("general-regs-only"), noinline))

static uint8_t area[1024] __attribute__((aligned(64)));
static uint64_t secret[4] = {0x1111222233334444, 0x5555666677778888, 0x9999aaaabbbbcccc, 0xddddeeeeffff0000};
static char byte;

static inline long bare_call(long number, long a, long b, long c)
{
    register long fourth __asm__("r10") = 0;

    __asm__ volatile("syscall" : "+a"(number) : "D"(a), "S"(b), "d"(c), "r"(fourth) : "rcx", "r11", "memory");
    return number;
}

/* The other's turn, and back. */
static inline int turn(int to, int from)
{
    return bare_call(SYS_write, to, (long)&byte, 1) == 1 && bare_call(SYS_read, from, (long)&byte, 1) == 1;
}

static BARE int hold(int to, int from)
{
    static uint64_t now[8];
    int bad = 0;

    for (int i = 0; i < ROUNDS; i++) {
        secret[0]++;
        __asm__ volatile("vmovdqu %0, %%ymm7\n\tvmovdqu %0, %%ymm13" : : "m"(secret));
        if (!turn(to, from))
            return -1;
        __asm__ volatile("vmovdqu %%ymm7, %0\n\tvmovdqu %%ymm13, 32+%0" : "=m"(now));
        for (int k = 0; k < 8; k++)
            bad += now[k] != secret[k & 3];
    }
    return bad;
}

static BARE int pry(int to, int from)
{
    uint64_t *xmm = (uint64_t *)&area[160], *upper = (uint64_t *)&area[576];
    int bad = 0;

    __asm__ volatile("xsave %0" : "+m"(area) : "a"(7), "d"(0));
    for (int i = 0; i < ROUNDS; i++) {
        for (int k = 0; k < 32; k++) {
            xmm[k] = i + k;
            upper[k] = i - k;
        }
        *(uint64_t *)&area[512] = 7;
        __asm__ volatile("xrstor %0" : : "m"(area), "a"(7), "d"(0));
        if (!turn(to, from))
            return -1;
        for (int k = 0; k < 32; k++)
            xmm[k] = upper[k] = 0;
        __asm__ volatile("xsave %0" : "+m"(area) : "a"(7), "d"(0));
        for (int k = 0; k < 32; k++)
            bad += xmm[k] != (uint64_t)(i + k) || upper[k] != (uint64_t)((long)i - k);
    }
    return bad;
}

/* What a fork's child finds in its registers: its parent's. */
static BARE int child_of_fork(int *found)
{
    int status = -1;

    __asm__ volatile("vmovdqu %0, %%ymm9" : : "m"(secret));
    long child = bare_call(SYS_fork, 0, 0, 0);
    *(uint64_t *)&area[512] = 0;
    for (int k = 0; k < 32; k++)
        ((uint64_t *)&area[576])[k] = 0;
    __asm__ volatile("xsave %0" : "+m"(area) : "a"(7), "d"(0));
    *found = *(uint64_t *)&area[160 + 9 * 16] == secret[0] && *(uint64_t *)&area[576 + 9 * 16] == secret[2];
    if (!child)
        bare_call(SYS_exit_group, *found, 0, 0);
    bare_call(SYS_wait4, child, (long)&status, 0);
    return status;
}

int main(void)
{
    int there[2], back[2], found = 0;

    SAY(pipe(there));
    SAY(pipe(back));
    pid_t child = fork();
    if (!child) {
        int bad;
        close(back[0]);
        close(there[1]);
        bare_call(SYS_read, there[0], (long)&byte, 1);
        bad = pry(back[1], there[0]);
        _exit(bad < 0 ? 100 : bad ? 1 : 0);
    }
    close(there[0]);
    close(back[1]);
    SAY(hold(there[1], back[0]));
    write(there[1], &byte, 1);
    int status;
    waitpid(child, &status, 0);
    say_status("who saves and restores", status);
    status = child_of_fork(&found);
    printf("parent's %d, ", found);
    say_status("a fork's child's", status);
    return 0;
}

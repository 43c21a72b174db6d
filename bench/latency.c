/* latency COUNT: how long each of COUNT calls of getpid, read of one byte and stat takes, in time-stamp
 * ticks: "latency NAME median=T p99=T max=T sum=T". What others do meanwhile shows in p99 and max. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int zero;

static void call_getpid(void)
{
    syscall(SYS_getpid);
}

static void call_read(void)
{
    char byte;
    (void)!read(zero, &byte, 1);
}

static void call_stat(void)
{
    struct stat info;
    (void)!stat("/etc/passwd", &info);
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*call)(void);
    } calls[] = {{"getpid", call_getpid}, {"read", call_read}, {"stat", call_stat}};
    long count = argc > 1 ? atol(argv[1]) : 2000;
    uint64_t *ticks = calloc(count > 0 ? (size_t)count : 1, sizeof *ticks);
    zero = open("/dev/zero", O_RDONLY);
    if (count < 1 || !ticks || zero < 0)
        return 125;
    for (int c = 0; c < 3; c++) {
        uint64_t sum = 0;
        for (long i = 0; i < count; i++)
            ticks[i] = 1; /* touched */
        calls[c].call();
        for (long i = 0; i < count; i++) {
            uint64_t from = __builtin_ia32_rdtsc();
            calls[c].call();
            ticks[i] = __builtin_ia32_rdtsc() - from;
            sum += ticks[i];
        }
        qsort(ticks, (size_t)count, sizeof *ticks, compare);
        printf("latency %s median=%llu p99=%llu max=%llu sum=%llu\n", calls[c].name,
               (unsigned long long)ticks[count / 2], (unsigned long long)ticks[count * 99 / 100],
               (unsigned long long)ticks[count - 1], (unsigned long long)sum);
    }
    return 0;
}

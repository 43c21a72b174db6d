/* Time-stamp ticks and, on Janus, what its kernel counts (/proc/janus), around something. Plain C with
 * stdio's FILE only, for Linux-ABI and Win32 programs. */
#ifndef BENCH_COUNTS_H
#define BENCH_COUNTS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#define COUNTS_PATH "Z:\\proc\\janus"
#else
#define COUNTS_PATH "/proc/janus"
#endif

static const char *const counts_names[] = {"ticks", "entries", "switches", "ipcs", "faults", "copied"};
enum { COUNTS = sizeof counts_names / sizeof counts_names[0] };
struct counts {
    int there; /* not only ticks */
    long long values[COUNTS];
};

static inline void counts_take(struct counts *c)
{
    char line[64];
    FILE *file = fopen(COUNTS_PATH, "r");
    memset(c, 0, sizeof *c);
    while (file && fgets(line, sizeof line, file))
        for (int i = 1; i < COUNTS; i++) {
            size_t length = strlen(counts_names[i]);
            if (!strncmp(line, counts_names[i], length) && line[length] == ' ')
                c->values[i] = atoll(line + length), c->there = 1;
        }
    if (file)
        fclose(file);
    c->values[0] = (long long)__builtin_ia32_rdtsc();
}

static inline void counts_subtract(const struct counts *a, const struct counts *b,
                                   struct counts *result)
{
    struct counts difference = *a; /* result may be a or b */
    for (int i = 0; i < COUNTS; i++)
        difference.values[i] -= b->values[i];
    *result = difference;
}

/* "call NAME ops=N ticks=..." of total less empty. Taking the counts at the end of `total` is in its
 * ticks; the same is in those of `empty`. */
static inline void counts_print(const char *name, long ops, const struct counts *total,
                                const struct counts *empty)
{
    printf("call %s ops=%ld", name, ops);
    for (int i = 0; i < (total->there ? COUNTS : 1); i++)
        printf(" %s=%lld", counts_names[i], total->values[i] - empty->values[i]);
    printf("\n");
    fflush(stdout);
}

#endif

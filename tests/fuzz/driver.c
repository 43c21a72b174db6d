/* A fuzzer without a framework: mutated seeds, the same for the same number of rounds.
 *
 *   X_fuzz [ROUNDS [FIRST]]    default 100000 rounds; a failing round prints its number
 */
#include "fuzz.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CAPACITY = 1 << 16 };

static uint64_t state;
static unsigned long round_number;

static uint64_t next(void)
{
    state += 0x9e3779b97f4a7c15;
    uint64_t z = state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static size_t below(size_t limit)
{
    return limit ? next() % limit : 0;
}

static void mutate(uint8_t *data, size_t *length)
{
    static const uint8_t interesting[] = {0, 1, 0x7f, 0x80, 0xff, 4, 8, 16, 0x40};
    size_t at = below(*length);

    switch (next() % 8) {
    case 0:
        *length = at;
        break;
    case 1:
        if (*length + 1 < CAPACITY) {
            memmove(data + at + 1, data + at, *length - at);
            data[at] = (uint8_t)next();
            ++*length;
        }
        break;
    case 2:
        if (*length)
            memmove(data + at, data + at + 1, --*length - at);
        break;
    case 3:
        for (size_t i = 0; i < 4 && at + i < *length; i++)
            data[at + i] = interesting[below(sizeof interesting)];
        break;
    case 4:
        if (*length + 64 < CAPACITY) {
            for (int i = 0; i < 64; i++)
                data[(*length)++] = (uint8_t)next();
        }
        break;
    case 5:
        if (*length)
            data[at] = interesting[below(sizeof interesting)];
        break;
    default:
        if (*length)
            data[at] ^= (uint8_t)(1u << below(8));
    }
}

static void report(int signal_number)
{
    char text[64];
    int n = snprintf(text, sizeof text, "failed in round %lu\n", round_number);

    if (write(2, text, (size_t)n) < 0)
        _exit(3);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

int main(int argc, char **argv)
{
    unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
    unsigned long first = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    uint8_t *work = malloc(CAPACITY);

    signal(SIGABRT, report);
    for (round_number = first; round_number < first + rounds; round_number++) {
        state = round_number;
        size_t length = fuzz_seed((unsigned)round_number, work, CAPACITY);
        for (size_t n = below(8); n > 0; n--)
            mutate(work, &length);
        /* An allocation of the exact size, so that reading past the end is seen. */
        uint8_t *exact = malloc(length ? length : 1);
        memcpy(exact, work, length);
        fuzz_one(exact, length);
        free(exact);
    }
    free(work);
    return 0;
}

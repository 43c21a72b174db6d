/* Chance that repeats, and the clock: what the hostile programs share. */
#ifndef HOSTILE_DRAW_H
#define HOSTILE_DRAW_H

#include <stdint.h>
#include <time.h>

/* The next state of a generator (xorshift); 0 stays 0. Its low bits are the weak ones. */
static inline uint64_t draw_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static inline uint64_t now(void) /* ns, CLOCK_MONOTONIC */
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

#endif

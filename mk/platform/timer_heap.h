/* A pairing heap of deadlines: insertion is constant, removal of the first logarithmic in the mean,
 * nothing is allocated. Pure: also tested on the host. */
#ifndef MK_PLATFORM_TIMER_HEAP_H
#define MK_PLATFORM_TIMER_HEAP_H

#include "lib/types.h"

/* Zero is a timer that is not armed. */
struct timer {
    uint64_t deadline;
    void (*expire)(struct timer *timer); /* runs with interrupts off, timer no longer armed */
    struct timer *child, *next,
        *previous; /* previous: sibling before, or parent of a first child */
    bool armed;
    uint8_t cpu; /* armed: in whose heap */
};

/* The new root. */
struct timer *timer_heap_insert(struct timer *root, struct timer *timer);
struct timer *timer_heap_remove(struct timer *root, struct timer *timer);

#endif

/* The pairing heap of timers against a search of an array.
 *
 * usage: timer_test [steps] [seed] */
#include <stdio.h>
#include <stdlib.h>

#include "kernel.h"
#include "platform/timer_heap.h"

#define TIMERS 200

static struct timer timers[TIMERS];

static uint64_t earliest(void)
{
    uint64_t deadline = UINT64_MAX;

    for (unsigned i = 0; i < TIMERS; i++)
        if (timers[i].armed && timers[i].deadline < deadline)
            deadline = timers[i].deadline;
    return deadline;
}

int main(int argc, char **argv)
{
    unsigned long steps = argc > 1 ? strtoul(argv[1], NULL, 0) : 100000;
    struct timer *root = NULL;

    random_seed(argc > 2 ? strtoul(argv[2], NULL, 0) : 1);
    for (unsigned long step = 0; step < steps; step++) {
        struct timer *timer = random_next() % 4 || !root ? &timers[random_next() % TIMERS] : root;

        if (timer->armed) {
            root = timer_heap_remove(root, timer);
            timer->armed = false;
        } else {
            timer->deadline = random_next() % 1000;
            root = timer_heap_insert(root, timer);
            timer->armed = true;
        }
        CHECK((root ? root->deadline : UINT64_MAX) == earliest());
    }
    printf("%lu steps\n", steps);
    return 0;
}

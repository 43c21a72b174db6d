/* A chain of tasks with one range mapped through all of them, for the cases on revocation. */
#ifndef TESTS_KERNEL_CHAIN_H
#define TESTS_KERNEL_CHAIN_H

#include "harness.h"

#define CHAIN_DEPTH    8
#define CHAIN_AT       0x40001000ull /* not as RAM is aligned: pages of 4 KiB */
#define CHAIN_MAPPINGS 100000ull     /* in all of them together */
#define CHAIN_FRAMES   4000          /* of a Pool that pays for so many */

struct chain {
    struct task *task[CHAIN_DEPTH];
    uint64_t memory, pages; /* the root task's */
};

/* Maps `pages` of the root task at `memory` into the first, from it into the second, and so on. */
void chain_make(struct chain *chain, uint64_t memory, uint64_t pages);
/* Pages that they have, with those of the image. */
uint64_t chain_mapped(const struct chain *chain);

#endif

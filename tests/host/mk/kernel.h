/* What the kernel's pure logic needs around it on the host: memory, and stubs of the rest. */
#ifndef TESTS_HOST_MK_KERNEL_H
#define TESTS_HOST_MK_KERNEL_H

#include <stdint.h>

#define HOST_MEMORY (64ull << 20)
#define POOL_FIRST  (32ull << 20 >> 12) /* frames of the root Pool */

/* A fresh kernel: empties all, gives the upper half of memory to the root Pool. */
void kernel_reset(void);
/* All frames of the root Pool are free again, and zero. */
void kernel_check_empty(void);

/* preempt_point() says yes once in so many calls; 0: never. */
extern unsigned preempt_one_in;

uint64_t random_next(void);
void random_seed(uint64_t seed);

_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define CHECK(condition) ((condition) ? (void)0 : fail("%s:%d: %s", __FILE__, __LINE__, #condition))

#endif

/* System calls of the self-test, over jn_syscall() of lib/ipc/ipc.asm. */
#ifndef TESTS_KERNEL_SYS_H
#define TESTS_KERNEL_SYS_H

#include "janus/ipc.h"

void *memset(void *to, int value, size_t bytes);
void *memcpy(void *restrict to, const void *restrict from, size_t bytes);

/* The registers of the last system call of this thread, for tests that look at all of them. */
typedef struct jn_registers regs_t;

static inline int64_t sys(uint64_t operation, cap_t cap, regs_t *regs)
{
    return jn_syscall(operation, cap, regs);
}

/* Invocation with up to five arguments; results in out[0..9] if it is not NULL. */
int64_t op(cap_t object, enum jn_object_op method, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
           uint64_t e, uint64_t *out);
#define OP0(object, method)       op(object, method, 0, 0, 0, 0, 0, NULL)
#define OP1(object, method, a)    op(object, method, (uint64_t)(a), 0, 0, 0, 0, NULL)
#define OP2(object, method, a, b) op(object, method, (uint64_t)(a), (uint64_t)(b), 0, 0, 0, NULL)
#define OP3(object, method, a, b, c)                                                               \
    op(object, method, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), 0, 0, NULL)
#define OP4(object, method, a, b, c, d)                                                            \
    op(object, method, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), 0, NULL)

/* A call with one word each way. */
int64_t call1(cap_t gate, uint64_t word, uint64_t *answer);

static inline uint64_t tag_of(unsigned words, unsigned items, unsigned windows, uint32_t method)
{
    return words | (uint64_t)items << JN_TAG_ITEMS_SHIFT |
           (uint64_t)windows << JN_TAG_WINDOWS_SHIFT | (uint64_t)method << JN_TAG_METHOD_SHIFT;
}

static inline unsigned kind_of(uint64_t tag)
{
    return tag & JN_TAG_KERNEL ? (tag & JN_TAG_KIND) >> JN_TAG_KIND_SHIFT : 0;
}

static inline uint64_t rdtsc(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

#endif

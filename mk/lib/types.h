/* Words that every file of the kernel uses. */
#ifndef MK_LIB_TYPES_H
#define MK_LIB_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "janus/abi.h"
#include "list.h"

/* JN_OK, a negative enum jn_status_code, or STATUS_RESTART (object.h): the operation stopped at a
 * preemption point with its progress saved, and is to be called again with the same arguments. */
typedef int32_t status_t;

#define MUST_CHECK __attribute__((warn_unused_result))

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096ull
#define PAGE_MASK  4095ull

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

static inline uint64_t align_up(uint64_t value, uint64_t step)
{
    return (value + step - 1) & ~(step - 1);
}

static inline uint64_t align_down(uint64_t value, uint64_t step)
{
    return value & ~(step - 1);
}

#endif

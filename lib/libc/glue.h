/* Joins musl's mallocng to Janus: included before its sources in place of its own glue.h (which has
 * the same guard), because that one reaches the kernel with Linux system calls. */
#ifndef MALLOC_GLUE_H
#define MALLOC_GLUE_H

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "atomic.h"
#include "libc.h"

#include "janus/heap.h"
#include "janus/runtime.h"

#define size_classes __malloc_size_classes
#define ctx __malloc_context
#define alloc_meta __malloc_alloc_meta
#define is_allzero __malloc_allzerop
#define dump_heap __dump_heap

#undef assert
#define assert(x) do { if (!(x)) a_crash(); } while (0)

/* No break: mallocng then takes all from mmap. */
#define brk(p) ((uintptr_t)((p) ? 0 : (uintptr_t)-1))

static inline void *janus_mmap(size_t bytes)
{
    void *pages = jn_heap_map(bytes);
    return pages ? pages : MAP_FAILED;
}

static inline int janus_munmap(void *address, size_t bytes)
{
    jn_heap_unmap(address, bytes);
    return 0;
}

#define mmap(address, bytes, protection, flags, fd, offset) janus_mmap(bytes)
#define munmap(address, bytes) janus_munmap(address, bytes)
#define madvise(address, bytes, advice) (-1)
#define mremap(...) MAP_FAILED
#define mprotect(address, bytes, protection) 0

#define DISABLE_ALIGNED_ALLOC 0

static inline uint64_t get_random_secret(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return ((uint64_t)high << 32 | low) * 0x9e3779b97f4a7c15ull;
}

#ifndef PAGESIZE
#define PAGESIZE 4096
#endif

/* Native servers are event loops: one thread uses the heap. */
#define MT 0
#define RDLOCK_IS_EXCLUSIVE 1
#define LOCK_OBJ_DEF extern int janus_malloc_has_no_lock

static inline void rdlock(void) {}
static inline void wrlock(void) {}
static inline void unlock(void) {}
static inline void upgradelock(void) {}
static inline void resetlock(void) {}

#endif

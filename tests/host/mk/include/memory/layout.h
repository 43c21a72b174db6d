/* The kernel's memory on the host: "physical" memory is one block, addresses of users are small. */
#ifndef MK_MEMORY_LAYOUT_H
#define MK_MEMORY_LAYOUT_H

#include <stdint.h>

#define USER_END (0x1000000ull - 0x1000)

extern char *host_memory;

static inline void *phys_to_virt(uint64_t physical)
{
    return host_memory + physical;
}

static inline uint64_t virt_to_phys(const void *virtual)
{
    return (uint64_t)((const char *)virtual - host_memory);
}

#endif

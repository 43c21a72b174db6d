/* I/O ports: the processor's instructions, and IoPorts objects, each a range. */
#ifndef MK_PLATFORM_PORTS_H
#define MK_PLATFORM_PORTS_H

#include "lib/types.h"
#include "object.h"

struct ioports {
    struct object object;
    uint32_t first, count;
};

static inline void port_out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void port_out16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline void port_out32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t port_in8(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint16_t port_in16(uint16_t port)
{
    uint16_t value;
    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint32_t port_in32(uint16_t port)
{
    uint32_t value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

/* BAD_ARG: outside of the range, or a width that is not 1, 2 or 4. Also used for trapped user
 * `in` and `out` (KERNEL 11). */
MUST_CHECK status_t ports_in(const struct ioports *ports, uint64_t port, uint64_t width,
                             uint64_t *value);
MUST_CHECK status_t ports_out(const struct ioports *ports, uint64_t port, uint64_t width,
                              uint64_t value);
/* A part of the range. BAD_ARG, NO_MEMORY. */
MUST_CHECK status_t ports_split(struct pool *pool, const struct ioports *whole, uint64_t first,
                                uint64_t count, struct ioports **part);

operation_t op_ports_split, op_port_in, op_port_out;

#endif

/* The kernel's half of every address space. */
#ifndef MK_MEMORY_LAYOUT_H
#define MK_MEMORY_LAYOUT_H

/* One table of 1 GiB entries holds all of it, reached from both ends of the top table's upper half: RAM
 * in order, capability tables, the image, and a last GiB for devices and stacks. The image's is the
 * first of RAM, through the same tables. A switch of address spaces loses all translations, so that each table more
 * is one more to be read again. */

/* Also read by NASM sources in converted form: constants only above the #ifndef of C. */
#define USER_END      0x00007ffffffff000ull /* the last user page is never mapped (KERNEL 23) */
#define DIRECT_MAP    0xffff800000000000ull /* all RAM; executable or read-only only as the image is */
#define DIRECT_LIMIT  (254ull << 30)        /* RAM beyond this is not used */
#define TABLE_WINDOW  (DIRECT_MAP + DIRECT_LIMIT) /* capability tables: 256 GiB, see task/task.h */
#define KERNEL_BASE   0xffffffff80000000ull /* the image: physical address + this */
#define DEVICE_WINDOW 0xffffffffc0000000ull /* LAPIC, I/O APICs, tables beyond RAM: uncached */
#define STACK_WINDOW  0xffffffffe0000000ull /* per-CPU stacks between guard pages */

/* Each CPU has CPU_STACKS stacks in slots of STACK_SLOT bytes: the upper half is mapped, the lower
 * half is the guard. So any stack address names its CPU: see cpu_of_stack(). */
#define STACK_SLOT          0x8000ull
#define STACK_BYTES         0x4000ull
#define CPU_STACKS          8
#define STACK_MAIN          0
#define STACK_NMI           1
#define STACK_MACHINE_CHECK 2
#define STACK_DEBUG         3
#define STACK_DOUBLE_FAULT  4
#define STACK_IDLE          5
#define STACKS_USED         6

#include <stdint.h>

static inline void *phys_to_virt(uint64_t physical)
{
    return (void *)(physical + DIRECT_MAP);
}

/* Of a direct-map address. */
static inline uint64_t virt_to_phys(const void *virtual)
{
    return (uint64_t) virtual - DIRECT_MAP;
}

/* Of an address in the kernel image. */
static inline uint64_t image_to_phys(const void *virtual)
{
    return (uint64_t) virtual - KERNEL_BASE;
}

/* The highest address, exclusive and 16-byte aligned, of a CPU's stack. */
static inline uint64_t stack_top(unsigned cpu, unsigned which)
{
    return STACK_WINDOW + ((uint64_t)cpu * CPU_STACKS + which + 1) * STACK_SLOT;
}

/* `address` lies in a stack, below its top. */
static inline unsigned cpu_of_stack(uint64_t address)
{
    return (unsigned)((address - STACK_WINDOW) / (CPU_STACKS * STACK_SLOT));
}

#endif

/* Physical memory while the kernel starts: what the firmware says is RAM, what is taken of it. */
#ifndef MK_BOOT_MEMORY_MAP_H
#define MK_BOOT_MEMORY_MAP_H

#include "lib/types.h"

#define MEMORY_RANGES 64

struct memory_range {
    uint64_t base, end; /* page-aligned */
};

struct memory_ranges {
    unsigned count;
    struct memory_range range[MEMORY_RANGES];
};

extern struct memory_ranges memory_ram;      /* all RAM, whoever has it */
extern struct memory_ranges memory_reserved; /* firmware's, at most as high as RAM */
extern struct memory_ranges memory_free;     /* RAM that nobody has; later the root task's */
extern uint64_t memory_ram_end;

/* Reads the multiboot information, fills the lists and boot_info's modules and command line. */
void multiboot_read(uint64_t information);

/* Takes [base, end) out of a list. Panics when a list overflows. */
void memory_exclude(struct memory_ranges *list, uint64_t base, uint64_t end);

/* Takes `bytes` of free RAM below `limit`, as high as possible; panics when there is none. */
uint64_t memory_take(uint64_t bytes, uint64_t alignment, uint64_t limit);

#endif

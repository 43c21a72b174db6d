/* The kernel's own page tables. */
#ifndef MK_BOOT_TABLES_H
#define MK_BOOT_TABLES_H

#include "lib/types.h"

/* Frames of early page tables come from [*next, end), which must be zero. */
struct early_frames {
    uint64_t next, end;
};
extern struct early_frames early_frames;

#define MAP_WRITE    1
#define MAP_EXEC     2
#define MAP_UNCACHED 4

/* Maps in the kernel's half, with the largest pages that fit. Boot only: tables come from
 * early_frames, and spaces made later share them. */
void kernel_map(uint64_t virtual, uint64_t physical, uint64_t bytes, unsigned flags);

/* Direct map and image, then loads them: the one-to-one mapping of boot.asm is gone. */
void tables_build(void);
void tables_load(void);

/* Maps the stacks of a CPU. */
void stacks_create(unsigned cpu);

/* A page of device registers in DEVICE_WINDOW. */
volatile void *device_map(uint64_t physical);

#endif

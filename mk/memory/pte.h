/* Page-table entries (Intel SDM Vol. 3A, 4.5). */
#ifndef MK_MEMORY_PTE_H
#define MK_MEMORY_PTE_H

#include "lib/types.h"

#define PTE_PRESENT  0x1ull
#define PTE_WRITE    0x2ull
#define PTE_USER     0x4ull
#define PTE_PWT      0x8ull /* attribute table index, bit 0 */
#define PTE_PCD      0x10ull
#define PTE_ACCESSED 0x20ull
#define PTE_DIRTY    0x40ull
#define PTE_LARGE    0x80ull /* levels 1 and 2 */
#define PTE_GLOBAL   0x100ull
#define PTE_NX       (1ull << 63)
#define PTE_HIDDEN   (1ull << 59) /* protection key 1 (4.6.2): only to be executed, see cpu_keys_enable() */
#define PTE_ADDRESS  0x000ffffffffff000ull

/* Ours, in bits that the processor ignores. */
#define PTE_KERNEL (1ull << 9) /* outside the mapping database */
#define PTE_PIECE                                                                                  \
    (1ull << 10) /* part of a superpage that was split: the superpage's node, which                \
                  * stands a level above, is this entry's parent */

#define PTE_MEMORY_TYPE     (PTE_PWT | PTE_PCD)
#define PTE_UNCACHED        (PTE_PWT | PTE_PCD)
#define PTE_WRITE_COMBINING PTE_PWT /* features.c sets the table so */

/* Levels count from the leaves: 0 maps 4 KiB, 1 2 MiB, 2 1 GiB; 3 is the top table. */
#ifndef TABLE_BITS /* tests make small tables, so that few pages exercise all levels */
#define TABLE_BITS 9
#endif
#define LEVELS             4
#define TABLE_ENTRIES      (1u << TABLE_BITS)
#define LEVEL_SHIFT(level) (12 + TABLE_BITS * (level))
#define LEVEL_PAGES(level) (1ull << (TABLE_BITS * (level)))
#define LEVEL_SIZE(level)  (1ull << LEVEL_SHIFT(level))

static inline unsigned level_index(uint64_t address, unsigned level)
{
    return (unsigned)(address >> LEVEL_SHIFT(level)) & (TABLE_ENTRIES - 1);
}

#endif

/* Page tables of a space, and the node table beside each.
 *
 * A table's frame counts its entries that are not zero, and names the frame of its node table: 512
 * pointers to struct mapping, made when the first is needed. So the node of (space, address) is
 * found on the walk itself. */
#ifndef MK_MEMORY_TABLE_H
#define MK_MEMORY_TABLE_H

#include "memory/frame.h"
#include "memory/layout.h"
#include "memory/pte.h"
#include "memory/space.h"

struct mapping;

/* A walk: the entries passed, from the top down to `level`, where it met a leaf or an empty entry.
 */
struct path {
    unsigned level;
    uint64_t *entry[LEVELS];
};

static inline bool entry_is_leaf(uint64_t entry, unsigned level)
{
    return (entry & PTE_PRESENT) && (!level || (entry & PTE_LARGE));
}

static inline uint64_t *entry_table(uint64_t entry)
{
    return phys_to_virt(entry & PTE_ADDRESS);
}

static inline struct frame *table_frame(const uint64_t *entry)
{
    return frame_at(virt_to_phys(entry) >> PAGE_SHIFT);
}

/* Inline: every page of every operation passes here twice. */
static inline void table_walk(const struct space *space, uint64_t address, struct path *path)
{
    uint64_t *table = space->top;

#pragma GCC unroll 3
    for (unsigned level = LEVELS - 1; level; level--) {
        uint64_t *entry = &table[level_index(address, level)];

        path->entry[level] = entry;
        if ((*entry & (PTE_PRESENT | PTE_LARGE)) != PTE_PRESENT) {
            path->level = level;
            return;
        }
        table = entry_table(*entry);
    }
    path->entry[0] = &table[level_index(address, 0)];
    path->level = 0;
}

/* The entry of a page in a table of 4 KiB pages; NULL: there is none. */
static inline uint64_t *table_page_entry(const struct space *space, uint64_t address)
{
    uint64_t *table = space->top;

#pragma GCC unroll 3
    for (unsigned level = LEVELS - 1; level; level--) {
        uint64_t entry = table[level_index(address, level)];

        if ((entry & (PTE_PRESENT | PTE_LARGE)) != PTE_PRESENT)
            return NULL;
        table = entry_table(entry);
    }
    return &table[level_index(address, 0)];
}

/* Empty tables from where the walk ended down to `level`. NO_MEMORY: what was made is freed. */
MUST_CHECK status_t table_grow(struct space *space, uint64_t address, struct path *path,
                               unsigned level);

/* Of an empty entry, whose table counts one more; and back. Clearing returns the last value. */
static inline void entry_set(uint64_t *entry, uint64_t value)
{
    *entry = value;
    table_frame(entry)->used++;
}

static inline uint64_t entry_clear(uint64_t *entry)
{
    /* One exchange: the processor may set accessed or dirty at any time. */
    uint64_t last = __atomic_exchange_n(entry, 0, __ATOMIC_RELAXED);

    table_frame(entry)->used--;
    return last;
}

/* Frees the table at `level` on the way to `address`, and those above it, as long as they are empty
 * and not part of a superpage that was split. */
void table_release(struct space *space, uint64_t address, unsigned level);

/* The cell beside an entry; NULL when the node table is missing. */
static inline struct mapping **node_cell(const uint64_t *entry)
{
    uint64_t physical = virt_to_phys(entry);
    uint32_t beside = frame_at(physical >> PAGE_SHIFT)->next;

    if (!beside)
        return NULL;
    return phys_to_virt(((uint64_t)beside << PAGE_SHIFT) | (physical & PAGE_MASK));
}

static inline struct mapping *node_of(const uint64_t *entry)
{
    struct mapping **cell = node_cell(entry);

    return cell ? *cell : NULL;
}

/* The cell, its table made if need be; NULL: the space's Pool is exhausted. */
struct mapping **node_cell_make(struct space *space, const uint64_t *entry);

#endif

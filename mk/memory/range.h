/* Walking over ranges of pages: what mapping, unmapping and the end of a space have in common. */
#ifndef MK_MEMORY_RANGE_H
#define MK_MEMORY_RANGE_H

#include "memory/mapping.h"

static inline bool range_is_valid(uint64_t address, uint64_t pages)
{
    return !(address & PAGE_MASK) && address < USER_END &&
           pages <= (USER_END - address) >> PAGE_SHIFT;
}

/* Pages from `address` to the end of the entry that contains it, at most `limit`. */
static inline uint64_t rest_of_entry(uint64_t address, unsigned level, uint64_t limit)
{
    uint64_t rest = (LEVEL_SIZE(level) - (address & (LEVEL_SIZE(level) - 1))) >> PAGE_SHIFT;

    return rest < limit ? rest : limit;
}

/* The same when that entry holds nothing for users: on to the next that does, in the same table. So
 * a step of an operation costs little more for a gap than for a page, and one that begins again
 * finds what it has behind it short. */
static inline uint64_t rest_of_gap(const struct path *path, uint64_t address, uint64_t limit)
{
    uint64_t rest = rest_of_entry(address, path->level, limit);
    const uint64_t *entry = path->entry[path->level] + 1;
    unsigned index = level_index(address, path->level) + 1;

    /* Most of a table is empty, and the end of a space looks at all of it: a line at a time. */
    while (index < TABLE_ENTRIES && rest < limit) {
        unsigned step = 1;
        if (index % 8 == 0 && !(entry[0] | entry[1] | entry[2] | entry[3] | entry[4] | entry[5] |
                                entry[6] | entry[7]))
            step = 8;
        else if (*entry)
            break;
        index += step;
        entry += step;
        rest += step * LEVEL_PAGES(path->level);
    }
    return rest < limit ? rest : limit;
}

/* Is the leaf, at `address`, larger than what is left of an operation? */
static inline bool leaf_sticks_out(uint64_t address, unsigned level, uint64_t pages)
{
    return (address & (LEVEL_SIZE(level) - 1)) || pages < LEVEL_PAGES(level);
}

static inline bool entry_is_user(uint64_t entry, unsigned level)
{
    return entry_is_leaf(entry, level) && !(entry & PTE_KERNEL);
}

static inline unsigned entry_rights(uint64_t entry)
{
    return (entry & PTE_HIDDEN ? 0u : JN_R) | (entry & PTE_WRITE ? JN_W : 0u) |
           (entry & PTE_NX ? 0u : JN_X);
}

static inline uint64_t rights_bits(unsigned rights)
{
    return PTE_PRESENT | PTE_USER | (rights & JN_R ? 0 : PTE_HIDDEN) |
           (rights & JN_W ? PTE_WRITE : 0) | (rights & JN_X ? 0 : PTE_NX);
}

/* space_unmap() of a range that is valid. */
MUST_CHECK status_t unmap_range(struct space *space, uint64_t address, uint64_t pages,
                                unsigned rights, bool derived_only,
                                struct unmap_progress *progress);

#endif

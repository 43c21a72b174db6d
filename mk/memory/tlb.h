/* Translation caches. Changes to tables of a space that some CPU has loaded are noted, and made
 * visible together by tlb_flush(), before an operation returns or is preempted. */
#ifndef MK_MEMORY_TLB_H
#define MK_MEMORY_TLB_H

#include "memory/space.h"
#include "smp.h"

#define TLB_PAGES 8 /* more invlpg cost more than loading CR3 (break-even about 10 under TCG) */

void tlb_init(struct space *space);

/* Does this CPU have it loaded; does any? */
static inline bool tlb_loaded_here(const struct space *space)
{
    uint64_t cr3;

    __asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
    return cr3 == space->cr3;
}

static inline bool tlb_loaded(const struct space *space)
{
    return tlb_loaded_here(space) || (cpu_count > 1 && cpu_others_loaded(space->cr3));
}

void tlb_note(struct space *space, uint64_t address, unsigned level);
/* A present entry of `level` was removed or lost rights or its accessed or dirty bit. */
static inline void tlb_changed(struct space *space, uint64_t address, unsigned level)
{
    if (tlb_loaded(space))
        tlb_note(space, address, level);
}

/* An empty table is out of the tree; tlb_flush() gives it back to the space's Pool. */
void tlb_table_dead(struct space *space, uint32_t frame);
void tlb_flush(void);
/* Nobody may have it loaded from here on. */
void tlb_leave(struct space *space);

#endif

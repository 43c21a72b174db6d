/* Translation caches. Changes to tables of a space that some CPU has loaded are noted, and made
 * visible together by tlb_flush(), before an operation returns or is preempted. */
#ifndef MK_MEMORY_TLB_H
#define MK_MEMORY_TLB_H

#include "memory/space.h"

#define TLB_PAGES 8 /* more invlpg cost more than loading CR3 (break-even about 10 under TCG) */

void tlb_init(struct space *space);
/* A present entry of `level` was removed or lost rights or its accessed or dirty bit. */
void tlb_changed(struct space *space, uint64_t address, unsigned level);
/* An empty table is out of the tree; tlb_flush() gives it back to the space's Pool. */
void tlb_table_dead(struct space *space, uint32_t frame);
void tlb_flush(void);
/* Nobody may have it loaded from here on. */
void tlb_leave(struct space *space);

#endif

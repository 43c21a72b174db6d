/* No processor: no translation is cached, and the tables of every space count as in use until the
 * flush. */
#ifndef MK_MEMORY_TLB_H
#define MK_MEMORY_TLB_H

#include "memory/space.h"

void tlb_init(struct space *space);
void tlb_changed(struct space *space, uint64_t address, unsigned level);
void tlb_table_dead(struct space *space, uint32_t frame);
void tlb_flush(void);
void tlb_leave(struct space *space);

#endif

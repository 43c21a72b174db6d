/* The local APIC of this CPU (Intel SDM Vol. 3A, ch. 11). No lock: each CPU has its own. */
#ifndef MK_PLATFORM_LAPIC_H
#define MK_PLATFORM_LAPIC_H

#include "lib/types.h"

/* Maps it once, then enables it on the CPU that calls. */
void lapic_init(uint64_t physical);
void lapic_enable(void);
uint32_t lapic_id(void);
void lapic_acknowledge(void);
void lapic_send(uint32_t lapic_id, unsigned vector);
/* INIT and start-up at page `page` below 1 MiB for another CPU. */
void lapic_start(uint32_t lapic_id, unsigned page);
/* One interrupt VECTOR_TIMER after `nanoseconds`, at once if 0; replaces the one before. */
void lapic_timer(uint64_t nanoseconds);
/* Is any interrupt requested that a processor with interrupts on would take? */
bool lapic_pending(void);

#endif

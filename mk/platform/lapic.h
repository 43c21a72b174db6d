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
/* Does an interrupt wait until this CPU lets interrupts in? */
bool lapic_pending(void);
/* The start of another CPU (Intel SDM Vol. 3A, 9.4.4.1): INIT, then start-up at a page below
 * 1 MiB. The waits between them are the caller's. */
void lapic_send_init(uint32_t lapic_id);
void lapic_send_startup(uint32_t lapic_id, unsigned page);
/* Interrupt VECTOR_TIMER once after `count` ticks of the timer, replacing the one before; 0: none.
 */
void lapic_timer(uint32_t count);
/* Ticks left. */
uint32_t lapic_timer_left(void);

#endif

/* I/O APICs (Intel 82093AA): routes of global system interrupts. Needs the kernel lock. */
#ifndef MK_PLATFORM_IOAPIC_H
#define MK_PLATFORM_IOAPIC_H

#include "lib/types.h"

/* Masks both 8259s and moves them away from the exceptions, since even masked ones send spurious
 * interrupts. Before lapic_enable(): QEMU does not notice that a pending line of theirs goes once
 * LINT0 is masked, and would deliver an interrupt without a vector. */
void pic_silence(void);
/* Maps all I/O APICs and masks every line. */
void ioapic_init(void);
/* False: no I/O APIC has that line. */
bool ioapic_has(uint32_t gsi);
/* Sets the route, masked. `flags` is JN_IRQ_... */
void ioapic_route(uint32_t gsi, unsigned vector, unsigned flags, uint32_t lapic_id);
void ioapic_mask(uint32_t gsi, bool masked);

#endif

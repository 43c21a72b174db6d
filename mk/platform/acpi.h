/* What the kernel needs of the firmware's tables (ACPI 6.4: RSDP 5.2.5, FADT 5.2.9, MADT 5.2.12).
 */
#ifndef MK_PLATFORM_ACPI_H
#define MK_PLATFORM_ACPI_H

#include "lib/types.h"

#define ACPI_CPUS    64
#define ACPI_IOAPICS 4

struct acpi {
    uint64_t rsdp; /* physical; 0: none */
    uint64_t lapic;
    uint32_t cpu_count;
    uint32_t cpu_apic_id[ACPI_CPUS];
    uint32_t ioapic_count;
    struct {
        uint64_t address;
        uint32_t first_gsi;
    } ioapic[ACPI_IOAPICS];
    uint16_t pm_timer_port; /* 0: none */
    bool pm_timer_32bit;
    uint16_t pm1a_control, pm1b_control;
    uint16_t s5_a, s5_b; /* SLP_TYP values, from the DSDT's \_S5 */
    bool s5_known;
};

extern struct acpi acpi;

void acpi_init(void);

#endif

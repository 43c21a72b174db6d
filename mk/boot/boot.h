/* What the loader told us, and the order of the start.
 *
 * boot.asm -> boot_main():
 *   serial, CPU features, multiboot information      boot.c, features.c, multiboot.c
 *   final page tables                                 tables.c
 *   frames, root Pool, stacks
 *   cpu_init()                                        entry/: GDT, TSS, IDT, per-CPU block, MSRs
 *   ACPI, LAPIC, I/O APICs, time
 *   processors_start()                                the other CPUs, which wait for the lock
 *   kernel_start_root()                               makes the root task with
 *                                                     boot_fill_root_space(), then runs it */
#ifndef MK_BOOT_BOOT_H
#define MK_BOOT_BOOT_H

#include "lib/types.h"

struct space;

/* The root task's boot page. Regions are complete once boot_fill_root_space() has run. */
extern struct jn_boot boot_info;

/* Maps all memory that the kernel does not hold one to one into the root task's empty space, loads
 * module 0 (an ELF64 linked above JN_ROOT_BASE) and maps boot page, information page and stack.
 * The caller adds the UTCB. The program's entry and stack pointer are returned. */
MUST_CHECK status_t boot_fill_root_space(struct space *space, uint64_t *entry, uint64_t *stack);

/* The value of `name=` on the command line, ended by a blank; NULL if it is not there. */
const char *boot_option(const char *name);

/* Makes the first task and thread, and runs them. In the other half of the kernel. */
_Noreturn void kernel_start_root(void);

#endif

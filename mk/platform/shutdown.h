/* Leaving the machine. */
#ifndef MK_PLATFORM_SHUTDOWN_H
#define MK_PLATFORM_SHUTDOWN_H

#include <stdint.h>

/* isa-debug-exit with `code`, then ACPI S5, then halt. */
_Noreturn void machine_shutdown(uint32_t code);

#endif

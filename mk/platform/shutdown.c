#include "platform/shutdown.h"

#include "platform/acpi.h"
#include "platform/ports.h"

#define DEBUG_EXIT_PORT 0xf4      /* QEMU isa-debug-exit; elsewhere a write that nobody sees */
#define SLP_EN          (1 << 13) /* ACPI 6.4, 4.8.3.2.1 */

void machine_shutdown(uint32_t code)
{
    __asm__ volatile("cli");
    port_out32(DEBUG_EXIT_PORT, code);
    if (acpi.s5_known) {
        port_out16(acpi.pm1a_control, (uint16_t)(acpi.s5_a << 10 | SLP_EN));
        if (acpi.pm1b_control)
            port_out16(acpi.pm1b_control, (uint16_t)(acpi.s5_b << 10 | SLP_EN));
    }
    for (;;)
        __asm__ volatile("cli; hlt");
}

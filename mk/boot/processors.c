#include "boot/processors.h"

#include "boot/boot.h"
#include "boot/features.h"
#include "boot/tables.h"
#include "cpu.h"
#include "lib/string.h"
#include "memory/layout.h"
#include "memory/space.h"
#include "platform/acpi.h"
#include "platform/lapic.h"
#include "platform/time.h"
#include "smp.h"

/* A page below 640 KiB, which nobody else uses (multiboot.c keeps the first MiB). The code in
 * trampoline.asm is linked for it. */
#define TRAMPOLINE_PAGE 8

extern char trampoline_begin[], trampoline_end[];

/* What the CPU that starts finds (trampoline.asm). */
extern volatile uint64_t processor_stack;
volatile uint64_t processor_stack;

static void wait_us(uint64_t us)
{
    uint64_t end = time_now() + us * 1000;

    while (time_now() < end)
        __asm__ volatile("pause");
}

_Noreturn void processor_main(void);
_Noreturn void processor_main(void)
{
    struct cpu *cpu = &cpus[cpu_of_stack(processor_stack - 8)];
    unsigned id = (unsigned)(cpu - cpus);

    features_enable();
    cpu_init(id, stack_top(id, STACK_MAIN));
    lapic_enable();
    __atomic_store_n(&cpu->online, 1, __ATOMIC_RELEASE);
    kernel_lock(cpu);
    __asm__ volatile("jmp leave_kernel");
    __builtin_unreachable();
}

static bool start(unsigned id, uint32_t apic_id)
{
    struct cpu *cpu = &cpus[id];

    stacks_create(id);
    cpu->apic_id = apic_id;
    processor_stack = stack_top(id, STACK_MAIN);
    lapic_send_init(apic_id);
    wait_us(10000);
    for (unsigned i = 0; i < 2; i++) {
        lapic_send_startup(apic_id, TRAMPOLINE_PAGE);
        for (unsigned wait = 0; wait < (i ? 5000 : 20); wait++) {
            if (__atomic_load_n(&cpu->online, __ATOMIC_ACQUIRE))
                return true;
            wait_us(wait < 20 ? 20 : 200);
        }
    }
    return false;
}

void processors_start(void)
{
    cpus[0].apic_id = lapic_id();
    cpus[0].online = 1;
    memcpy(phys_to_virt(TRAMPOLINE_PAGE * PAGE_SIZE), trampoline_begin,
           (size_t)(trampoline_end - trampoline_begin));
    for (unsigned i = 0; i < acpi.cpu_count && cpu_count < CPU_MAX; i++) {
        if (acpi.cpu_apic_id[i] == cpus[0].apic_id)
            continue;
        if (start(cpu_count, acpi.cpu_apic_id[i]))
            cpu_count++;
        else {
            /* It may come late, and must not find another's stack. */
            print("mk: processor %u does not start\n", acpi.cpu_apic_id[i]);
            break;
        }
    }
    info_page->cpus = cpu_count;
    /* isolate=2,3: processors that nobody uses who was not put there. Not the first, which has the
     * servers and the interrupts. */
    for (const char *at = boot_option("isolate"); at && *at && *at != ' '; at++)
        if (*at > '0' && *at < '0' + (int)cpu_count)
            info_page->isolated |= 1u << (*at - '0');
}

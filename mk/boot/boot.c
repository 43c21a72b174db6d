/* The order in which the kernel comes up: see boot.h. */
#include "boot/boot.h"

#include "boot/features.h"
#include "boot/image.h"
#include "boot/memory_map.h"
#include "boot/processors.h"
#include "boot/tables.h"
#include "cpu.h"
#include "lib/print.h"
#include "lib/string.h"
#include "memory/frame.h"
#include "memory/layout.h"
#include "memory/pool.h"
#include "platform/acpi.h"
#include "platform/ioapic.h"
#include "platform/lapic.h"
#include "platform/serial.h"
#include "platform/time.h"
#include "platform/time_source.h"
#include "smp.h"

#define EARLY_LIMIT (4ull << 30) /* boot.asm maps so much */
#define POOL_SHARE  16           /* the root Pool begins with this part of RAM */

/* One block for the frame table, the kernel's page tables and stacks, and the root Pool. */
static void take_kernel_memory(void)
{
    uint64_t ram = 0;

    for (unsigned i = 0; i < memory_ram.count; i++)
        ram += memory_ram.range[i].end - memory_ram.range[i].base;
    uint64_t frames = memory_ram_end >> PAGE_SHIFT;
    uint64_t table_bytes = align_up(frames * sizeof(struct frame), PAGE_SIZE);
    /* Without 1 GiB pages the direct map needs a table per GiB; edges of ranges and CPUs' stacks
     * need some more. */
    uint64_t early_bytes = ((memory_ram_end >> 30) + 64) * PAGE_SIZE + (CPU_MAX << 17);
    uint64_t pool_bytes = align_up(ram / POOL_SHARE, 2 << 20);
    uint64_t base = memory_take(table_bytes + early_bytes + pool_bytes, 2 << 20, EARLY_LIMIT);

    memset(phys_to_virt(base), 0, table_bytes + early_bytes + pool_bytes);
    early_frames = (struct early_frames){base + table_bytes, base + table_bytes + early_bytes};
    frame_init(phys_to_virt(base), frames);
    frame_add((base + table_bytes + early_bytes) >> PAGE_SHIFT, pool_bytes >> PAGE_SHIFT);
    pool_init_root();
    boot_info.kernel_frames = pool_bytes >> PAGE_SHIFT;
}

static void print_start(void)
{
    uint64_t free = 0;

    for (unsigned i = 0; i < memory_free.count; i++)
        free += memory_free.range[i].end - memory_free.range[i].base;
    print("mk: %lu MiB of RAM, %lu MiB for the root pager, %lu frames in the root Pool\n",
          info_page->ram_bytes >> 20, free >> 20, boot_info.kernel_frames);
    for (unsigned i = 0; i < boot_info.module_count; i++)
        print("mk: module %u: %lu KiB at %lx, %s\n", i, boot_info.modules[i].size >> 10,
              boot_info.modules[i].base, boot_info.modules[i].name);
}

/* On the real stack of this CPU, with the final page tables. */
static _Noreturn __attribute__((noinline)) void boot_on_stack(void)
{
    cpu_init(0, stack_top(0, STACK_MAIN));
    kernel_lock(&cpus[0]);
    acpi_init();
    boot_info.rsdp = acpi.rsdp;
    pic_silence();
    lapic_init(acpi.lapic);
    ioapic_init();
    time_init();
    processors_start();
    print_start();
    kernel_start_root();
}

_Noreturn void boot_main(uint64_t information);

_Noreturn void boot_main(uint64_t information)
{
    serial_init();
    print("mk: Janus microkernel\n");
    features_enable();
    multiboot_read(information);
    take_kernel_memory();
    tables_build();
    stacks_create(0);
    tables_load();
    __asm__ volatile("mov %0, %%rsp; xor %%ebp, %%ebp; call *%1"
                     :
                     : "r"(stack_top(0, STACK_MAIN)), "r"(boot_on_stack)
                     : "memory");
    __builtin_unreachable();
}

/* Builds the kernel's half of the address space. Text has no writable alias: the image is its part of
 * the direct map, which has text executable, constants read-only, and all else writable (KERNEL 23). */
#include "boot/tables.h"

#include "boot/features.h"
#include "boot/image.h"
#include "boot/memory_map.h"
#include "lib/print.h"
#include "lib/string.h"
#include "memory/layout.h"
#include "memory/pte.h"
#include "memory/space.h"

struct early_frames early_frames;
uint64_t kernel_cr3;

static uint64_t device_next = DEVICE_WINDOW;

static uint64_t table_frame(void)
{
    if (early_frames.next == early_frames.end)
        panic("no frames left for the kernel's page tables");
    uint64_t frame = early_frames.next;
    early_frames.next += PAGE_SIZE;
    return frame;
}

static uint64_t *entry_for(uint64_t virtual, unsigned leaf_level)
{
    uint64_t *table = phys_to_virt(kernel_cr3);

    for (unsigned level = LEVELS - 1; level > leaf_level; level--) {
        uint64_t *entry = &table[level_index(virtual, level)];
        if (!*entry)
            *entry = table_frame() | PTE_PRESENT | PTE_WRITE;
        table = phys_to_virt(*entry & PTE_ADDRESS);
    }
    return &table[level_index(virtual, leaf_level)];
}

void kernel_map(uint64_t virtual, uint64_t physical, uint64_t bytes, unsigned flags)
{
    uint64_t bits = PTE_PRESENT | PTE_GLOBAL | PTE_ACCESSED | PTE_DIRTY;

    bits |= flags & MAP_WRITE ? PTE_WRITE : 0;
    bits |= flags & MAP_EXEC ? 0 : PTE_NX;
    bits |= flags & MAP_UNCACHED ? PTE_UNCACHED : 0;
    while (bytes) {
        unsigned level = page_1g ? 2 : 1;

        while (level &&
               (((virtual | physical) & (LEVEL_SIZE(level) - 1)) || bytes < LEVEL_SIZE(level)))
            level--;
        *entry_for(virtual, level) = physical | bits | (level ? PTE_LARGE : 0);
        virtual += LEVEL_SIZE(level);
        physical += LEVEL_SIZE(level);
        bytes -= LEVEL_SIZE(level);
    }
}

static void map_direct(uint64_t base, uint64_t end, unsigned flags)
{
    if (base < end)
        kernel_map(DIRECT_MAP + base, base, end - base, flags);
}

/* What of a range of RAM lies in [from, to) of the image. */
static void map_direct_part(uint64_t base, uint64_t end, uint64_t from, uint64_t to, unsigned flags)
{
    map_direct(base > from ? base : from, end < to ? end : to, flags);
}

static void map_ram(uint64_t base, uint64_t end)
{
    uint64_t first = (uint64_t)image_begin_phys, constants_end = image_to_phys(rodata_end);
    uint64_t text = image_to_phys(text_begin), data = image_to_phys(data_begin);

    map_direct_part(base, end, 0, first, MAP_WRITE);
    map_direct_part(base, end, first, constants_end, 0);
    map_direct_part(base, end, constants_end, text, MAP_WRITE);
    map_direct_part(base, end, text, data, MAP_EXEC);
    map_direct_part(base, end, data, UINT64_MAX, MAP_WRITE);
}

void tables_build(void)
{
    kernel_cr3 = table_frame();
    memset(text_end, 0xcc, (size_t)(data_begin - text_end)); /* int3 */
    entry_for(DIRECT_MAP, 2);
    *entry_for(KERNEL_BASE, 3) = *entry_for(DIRECT_MAP, 3);
    for (unsigned i = 0; i < memory_ram.count; i++)
        map_ram(memory_ram.range[i].base, memory_ram.range[i].end);
    for (unsigned i = 0; i < memory_reserved.count; i++)
        map_direct(memory_reserved.range[i].base, memory_reserved.range[i].end, 0);
    map_direct(0xc0000, 0x100000, 0); /* the firmware's image: the ACPI root pointer is in it */
    *entry_for(KERNEL_BASE, 2) = *entry_for(DIRECT_MAP, 2);
    /* Every space copies the top table's upper half once: its entries must all exist now. */
    entry_for(DEVICE_WINDOW, 0);
    entry_for(STACK_WINDOW, 0);
}

void tables_load(void)
{
    __asm__ volatile("mov %0, %%cr3" : : "r"(kernel_cr3) : "memory");
}

void stacks_create(unsigned cpu)
{
    for (unsigned which = 0; which < STACKS_USED; which++)
        for (uint64_t at = 0; at < STACK_BYTES; at += PAGE_SIZE)
            kernel_map(stack_top(cpu, which) - STACK_BYTES + at, table_frame(), PAGE_SIZE,
                       MAP_WRITE);
}

volatile void *device_map(uint64_t physical)
{
    uint64_t page = device_next;

    device_next += PAGE_SIZE;
    kernel_map(page, align_down(physical, PAGE_SIZE), PAGE_SIZE, MAP_WRITE | MAP_UNCACHED);
    return (volatile void *)(page + (physical & PAGE_MASK));
}

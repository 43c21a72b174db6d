/* The root task's address space: all memory that the kernel does not hold, one to one, and the
 * program of module 0 (ELF gABI ch. 4 and 5). */
#include "boot/boot.h"
#include "boot/image.h"
#include "boot/memory_map.h"
#include "lib/print.h"
#include "lib/string.h"
#include "memory/layout.h"
#include "memory/space.h"
#include "platform/acpi.h"
#include "platform/time.h"

#define FOUR_GIB      (4ull << 30)
#define DEVICES_ABOVE (64ull << 30) /* room for 64-bit BARs above RAM */
#define STACK_SIZE    0x10000ull

struct elf_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, program_headers, section_headers;
    uint32_t flags;
    uint16_t header_size, program_header_size, program_header_count;
    uint16_t section_header_size, section_header_count, names;
};

struct elf_segment {
    uint32_t type, flags;
    uint64_t offset, virtual, physical, file_size, memory_size, alignment;
};

#define ELF_MAGIC                                                                                  \
    "\x7f"                                                                                         \
    "ELF\2\1"
#define MACHINE_X86_64 62
#define SEGMENT_LOAD   1

static void add_region(uint64_t base, uint64_t end, unsigned kind)
{
    if (base >= end)
        return;
    if (boot_info.region_count == JN_BOOT_REGIONS)
        panic("more than %d memory regions", JN_BOOT_REGIONS);
    boot_info.regions[boot_info.region_count].base = base;
    boot_info.regions[boot_info.region_count].size = end - base;
    boot_info.regions[boot_info.region_count++].kind = kind;
}

/* Address space of devices: what is neither RAM nor firmware's, without the interrupt controllers.
 */
static void add_devices(void)
{
    static struct memory_ranges gaps;
    uint64_t high = align_up(memory_ram_end > FOUR_GIB ? memory_ram_end : FOUR_GIB, 1 << 30);

    gaps.count = 2;
    gaps.range[0] = (struct memory_range){0xa0000, FOUR_GIB};
    gaps.range[1] = (struct memory_range){high, high + DEVICES_ABOVE};
    memory_exclude(&gaps, 0xc0000, 0x100000);
    for (unsigned i = 0; i < memory_ram.count; i++)
        memory_exclude(&gaps, memory_ram.range[i].base, memory_ram.range[i].end);
    for (unsigned i = 0; i < memory_reserved.count; i++)
        memory_exclude(&gaps, memory_reserved.range[i].base, memory_reserved.range[i].end);
    memory_exclude(&gaps, acpi.lapic, acpi.lapic + PAGE_SIZE);
    for (unsigned i = 0; i < acpi.ioapic_count; i++) {
        uint64_t page = align_down(acpi.ioapic[i].address, PAGE_SIZE);
        memory_exclude(&gaps, page, page + PAGE_SIZE);
    }
    for (unsigned i = 0; i < gaps.count; i++)
        add_region(gaps.range[i].base, gaps.range[i].end, JN_REGION_DEVICE);
}

static void add_regions(void)
{
    for (unsigned i = 0; i < memory_free.count; i++)
        add_region(memory_free.range[i].base, memory_free.range[i].end, JN_REGION_RAM);
    for (unsigned i = 0; i < boot_info.module_count; i++)
        add_region(align_down(boot_info.modules[i].base, PAGE_SIZE),
                   align_up(boot_info.modules[i].base + boot_info.modules[i].size, PAGE_SIZE),
                   JN_REGION_MODULE);
    add_region(0xc0000, 0x100000, JN_REGION_FIRMWARE);
    for (unsigned i = 0; i < memory_reserved.count; i++)
        add_region(memory_reserved.range[i].base, memory_reserved.range[i].end, JN_REGION_FIRMWARE);
    add_devices();
}

/* RAM for `bytes` at `virtual`, zeroed. */
static status_t map_fresh(struct space *space, uint64_t virtual, uint64_t bytes, uint64_t *physical)
{
    *physical = memory_take(bytes, PAGE_SIZE, memory_ram_end);
    memset(phys_to_virt(*physical), 0, bytes);
    return space_map_root(space, virtual, *physical, bytes, JN_REGION_RAM);
}

/* All segments in one block of RAM: the first task guards itself with nothing that its own page
 * rights would add. */
static status_t load_program(struct space *space, uint64_t *entry)
{
    const char *file = phys_to_virt(boot_info.modules[0].base);
    const struct elf_header *header = (const struct elf_header *)file;
    uint64_t size = boot_info.modules[0].size, low = UINT64_MAX, high = 0, physical;

    if (size < sizeof *header || memcmp(header->ident, ELF_MAGIC, 6) ||
        header->machine != MACHINE_X86_64 || header->program_headers > size ||
        header->program_header_size != sizeof(struct elf_segment) ||
        header->program_header_count * sizeof(struct elf_segment) > size - header->program_headers)
        panic("module 0 is no program for this machine");
    const struct elf_segment *segment = (const void *)(file + header->program_headers);
    for (unsigned i = 0; i < header->program_header_count; i++) {
        if (segment[i].type != SEGMENT_LOAD || !segment[i].memory_size)
            continue;
        uint64_t end = segment[i].virtual + segment[i].memory_size;
        if (segment[i].file_size > segment[i].memory_size || segment[i].offset > size ||
            segment[i].file_size > size - segment[i].offset || segment[i].virtual < JN_ROOT_BASE ||
            end < segment[i].virtual || end > USER_END)
            panic("module 0: segment %u does not fit above JN_ROOT_BASE", i);
        low = segment[i].virtual < low ? segment[i].virtual : low;
        high = end > high ? end : high;
    }
    if (low >= high)
        panic("module 0 has no segments");
    low = align_down(low, PAGE_SIZE);
    status_t status = map_fresh(space, low, align_up(high, PAGE_SIZE) - low, &physical);
    if (status != JN_OK)
        return status;
    for (unsigned i = 0; i < header->program_header_count; i++)
        if (segment[i].type == SEGMENT_LOAD)
            memcpy(phys_to_virt(physical + segment[i].virtual - low), file + segment[i].offset,
                   segment[i].file_size);
    *entry = header->entry;
    return JN_OK;
}

status_t boot_fill_root_space(struct space *space, uint64_t *entry, uint64_t *stack)
{
    uint64_t physical;

    if (!boot_info.module_count)
        panic("no boot module");
    status_t status = load_program(space, entry);
    if (status == JN_OK)
        status = map_fresh(space, JN_ROOT_STACK - STACK_SIZE, STACK_SIZE, &physical);
    *stack = JN_ROOT_STACK;
    if (status == JN_OK)
        status = space_map_kernel_page(space, JN_BOOT_ADDRESS,
                                       phys_to_virt(image_to_phys(&boot_info)), JN_R);
    if (status == JN_OK)
        status = space_map_kernel_page(space, JN_ROOT_INFO, info_page, JN_R);
    add_regions();
    for (unsigned i = 0; i < boot_info.region_count && status == JN_OK; i++)
        status = space_map_root(space, boot_info.regions[i].base, boot_info.regions[i].base,
                                boot_info.regions[i].size, boot_info.regions[i].kind);
    return status;
}

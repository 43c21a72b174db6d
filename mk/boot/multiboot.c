/* The loader's information (multiboot 0.6.96, 3.3), copied out before anything is allocated. */
#include "boot/boot.h"
#include "boot/image.h"
#include "boot/memory_map.h"
#include "lib/print.h"
#include "lib/string.h"
#include "memory/layout.h"

struct multiboot_info {
    uint32_t flags, mem_lower, mem_upper, boot_device, command_line, modules_count, modules;
    uint32_t symbols[4];
    uint32_t map_length, map;
};

struct multiboot_module {
    uint32_t begin, end, text, reserved;
};

struct multiboot_range {
    uint32_t size; /* of the rest */
    uint64_t base, length;
    uint32_t type;
} __attribute__((packed));

#define HAS_COMMAND_LINE (1u << 2)
#define HAS_MODULES      (1u << 3)
#define HAS_MAP          (1u << 6)
#define TYPE_RAM         1

#define LOW_MEMORY 0x100000ull /* start-up code of other CPUs, firmware data: never handed out */

struct memory_ranges memory_ram, memory_reserved, memory_free;
uint64_t memory_ram_end;
struct jn_boot boot_info __attribute__((aligned(4096)));

static void add_range(struct memory_ranges *list, uint64_t base, uint64_t end)
{
    if (base >= end)
        return;
    if (list->count == MEMORY_RANGES)
        panic("the firmware's memory map has too many ranges");
    list->range[list->count++] = (struct memory_range){base, end};
}

void memory_exclude(struct memory_ranges *list, uint64_t base, uint64_t end)
{
    for (unsigned i = 0; i < list->count; i++) {
        struct memory_range *range = &list->range[i];
        uint64_t old_end = range->end;

        if (end <= range->base || base >= range->end)
            continue;
        if (base <= range->base && end >= range->end) {
            *range = list->range[--list->count];
            i--;
        } else if (base <= range->base) {
            range->base = end;
        } else {
            range->end = base;
            add_range(list, end, old_end);
        }
    }
}

uint64_t memory_take(uint64_t bytes, uint64_t alignment, uint64_t limit)
{
    uint64_t best = 0;

    for (unsigned i = 0; i < memory_free.count; i++) {
        const struct memory_range *range = &memory_free.range[i];
        uint64_t end = range->end < limit ? range->end : limit;

        if (end < range->base || end - range->base < bytes)
            continue;
        uint64_t base = align_down(end - bytes, alignment);
        if (base >= range->base && base > best)
            best = base;
    }
    if (!best)
        panic("no free block of %lu KiB", bytes >> 10);
    memory_exclude(&memory_free, best, best + bytes);
    return best;
}

static void copy_text(char *to, size_t room, uint32_t from)
{
    const char *text = phys_to_virt(from);
    size_t i = 0;

    for (; i + 1 < room && text[i]; i++)
        to[i] = text[i];
    to[i] = 0;
}

static void read_map(const struct multiboot_info *info)
{
    const uint8_t *at = phys_to_virt(info->map), *end = at + info->map_length;

    while (at < end) {
        struct multiboot_range entry;

        memcpy(&entry, at, sizeof entry);
        at += entry.size + sizeof entry.size;
        if (entry.type == TYPE_RAM) {
            uint64_t base = align_up(entry.base, PAGE_SIZE);
            uint64_t last = align_down(entry.base + entry.length, PAGE_SIZE);
            if (last > DIRECT_LIMIT)
                last = DIRECT_LIMIT;
            add_range(&memory_ram, base, last);
            if (base < last && last > memory_ram_end)
                memory_ram_end = last;
        } else {
            add_range(&memory_reserved, align_down(entry.base, PAGE_SIZE),
                      align_up(entry.base + entry.length, PAGE_SIZE));
        }
    }
    /* What is reserved above all RAM is address space of devices. */
    memory_exclude(&memory_reserved, align_up(memory_ram_end, 64 << 20), UINT64_MAX & ~PAGE_MASK);
    memory_exclude(&memory_reserved, 0, LOW_MEMORY);
    memory_free = memory_ram;
    memory_exclude(&memory_free, 0, LOW_MEMORY);
    memory_exclude(&memory_free, (uint64_t)image_begin_phys, image_to_phys(rodata_end));
    memory_exclude(&memory_free, image_to_phys(text_begin), image_to_phys(image_end));
}

static void read_modules(const struct multiboot_info *info)
{
    const struct multiboot_module *module = phys_to_virt(info->modules);

    if (info->modules_count > JN_BOOT_MODULES)
        panic("more than %d boot modules", JN_BOOT_MODULES);
    for (uint32_t i = 0; i < info->modules_count; i++, module++) {
        boot_info.modules[i].base = module->begin;
        boot_info.modules[i].size = module->end - module->begin;
        copy_text(boot_info.modules[i].name, sizeof boot_info.modules[i].name, module->text);
        memory_exclude(&memory_free, align_down(module->begin, PAGE_SIZE),
                       align_up(module->end, PAGE_SIZE));
    }
    boot_info.module_count = info->modules_count;
}

void multiboot_read(uint64_t information)
{
    struct multiboot_info info;

    memcpy(&info, phys_to_virt(information), sizeof info);
    boot_info.magic = JN_BOOT_MAGIC;
    if (!(info.flags & HAS_MAP))
        panic("the loader gave no memory map");
    read_map(&info);
    if (info.flags & HAS_COMMAND_LINE)
        copy_text(boot_info.command_line, sizeof boot_info.command_line, info.command_line);
    if (info.flags & HAS_MODULES)
        read_modules(&info);
}

const char *boot_option(const char *name)
{
    size_t length = strlen(name);

    for (const char *at = boot_info.command_line; *at; at++) {
        bool begins = at == boot_info.command_line || at[-1] == ' ';
        if (begins && !memcmp(at, name, length) && at[length] == '=')
            return at + length + 1;
    }
    return NULL;
}

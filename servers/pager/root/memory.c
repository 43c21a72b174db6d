/* RAM as the kernel left it. */
#include <string.h>

#include "root.h"

struct ram root_ram;

/* The list of free ranges can never be longer than this: whoever takes memory in small pieces (this
 * task, at the start) takes few, and the default pager takes blocks of 2 MiB or more. */
static uint32_t ranges_needed(uint64_t pages)
{
    return (uint32_t)(pages / 512 + 256);
}

void root_memory_init(void)
{
    uint64_t pages = 0;
    for (uint32_t i = 0; i < root_boot->region_count; i++)
        if (root_boot->regions[i].kind == JN_REGION_RAM)
            pages += root_boot->regions[i].size / RAM_PAGE;
    uint32_t capacity = ranges_needed(pages);
    uint64_t own = (capacity * sizeof(struct ram_range) + RAM_PAGE - 1) / RAM_PAGE;
    bool placed = false;
    for (uint32_t i = 0; i < root_boot->region_count && !placed; i++) {
        if (root_boot->regions[i].kind != JN_REGION_RAM ||
            root_boot->regions[i].size / RAM_PAGE < own || !root_boot->regions[i].base)
            continue;
        ram_init(&root_ram, (struct ram_range *)root_boot->regions[i].base, capacity);
        placed = true;
    }
    if (!placed)
        root_fail("no RAM for the list of RAM", JN_NO_MEMORY);
    for (uint32_t i = 0; i < root_boot->region_count; i++) {
        uint64_t base = root_boot->regions[i].base, size = root_boot->regions[i].size;
        if (root_boot->regions[i].kind != JN_REGION_RAM)
            continue;
        if (base == (uint64_t)root_ram.ranges) {
            base += own * RAM_PAGE;
            size -= own * RAM_PAGE;
        }
        if (!base) { /* page 0 keeps null pointers out of use */
            base += RAM_PAGE;
            size = size > RAM_PAGE ? size - RAM_PAGE : 0;
        }
        if (size && ram_put(&root_ram, base, size / RAM_PAGE) != JN_OK)
            root_fail("the kernel's list of RAM", JN_BAD_ARG);
    }
}

jn_status_t root_zero_page(uint64_t *base)
{
    jn_status_t status = ram_take(&root_ram, 0, base);
    if (status == JN_OK)
        memset((void *)*base, 0, RAM_PAGE);
    return status;
}

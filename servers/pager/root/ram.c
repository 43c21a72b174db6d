#include "ram.h"

#include <string.h>

void ram_init(struct ram *ram, struct ram_range *ranges, uint32_t capacity)
{
    *ram = (struct ram){.ranges = ranges, .capacity = capacity};
}

static uint64_t end_of(const struct ram_range *range)
{
    return range->base + range->pages * RAM_PAGE;
}

/* The first range that begins above base. */
static uint32_t position(const struct ram *ram, uint64_t base)
{
    uint32_t low = 0, high = ram->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (ram->ranges[middle].base > base)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static void remove_at(struct ram *ram, uint32_t index)
{
    ram->count--;
    memmove(&ram->ranges[index], &ram->ranges[index + 1],
            (ram->count - index) * sizeof *ram->ranges);
}

static jn_status_t insert_at(struct ram *ram, uint32_t index, uint64_t base, uint64_t pages)
{
    if (ram->count == ram->capacity)
        return JN_NO_MEMORY;
    memmove(&ram->ranges[index + 1], &ram->ranges[index],
            (ram->count - index) * sizeof *ram->ranges);
    ram->count++;
    ram->ranges[index] = (struct ram_range){base, pages};
    return JN_OK;
}

jn_status_t ram_put(struct ram *ram, uint64_t base, uint64_t pages)
{
    if (base % RAM_PAGE || !pages || pages > (UINT64_MAX - base) / RAM_PAGE)
        return JN_BAD_ARG;
    uint32_t index = position(ram, base);
    struct ram_range *before = index ? &ram->ranges[index - 1] : NULL;
    struct ram_range *after = index < ram->count ? &ram->ranges[index] : NULL;
    uint64_t end = base + pages * RAM_PAGE;
    if ((before && end_of(before) > base) || (after && after->base < end))
        return JN_BAD_ARG;
    bool joins_before = before && end_of(before) == base, joins_after = after && after->base == end;
    if (joins_before) {
        before->pages += pages + (joins_after ? after->pages : 0);
        if (joins_after)
            remove_at(ram, index);
    } else if (joins_after) {
        after->base = base;
        after->pages += pages;
    } else {
        jn_status_t status = insert_at(ram, index, base, pages);
        if (status != JN_OK)
            return status;
    }
    ram->free_pages += pages;
    return JN_OK;
}

/* Takes [base, + pages) out of range `index`, which contains it. */
static jn_status_t cut(struct ram *ram, uint32_t index, uint64_t base, uint64_t pages)
{
    struct ram_range *range = &ram->ranges[index];
    uint64_t below = (base - range->base) / RAM_PAGE, above = range->pages - below - pages;
    if (below && above) {
        jn_status_t status = insert_at(ram, index + 1, base + pages * RAM_PAGE, above);
        if (status != JN_OK)
            return status;
        range->pages = below;
    } else if (below) {
        range->pages = below;
    } else if (above) {
        range->base += pages * RAM_PAGE;
        range->pages = above;
    } else {
        remove_at(ram, index);
    }
    ram->free_pages -= pages;
    return JN_OK;
}

jn_status_t ram_take(struct ram *ram, unsigned order, uint64_t *base)
{
    if (order > 30)
        return JN_BAD_ARG;
    uint64_t pages = 1ull << order, mask = pages * RAM_PAGE - 1;
    uint32_t best = UINT32_MAX;
    for (uint32_t i = 0; i < ram->count; i++) {
        uint64_t at = (ram->ranges[i].base + mask) & ~mask;
        if (at >= end_of(&ram->ranges[i]) || end_of(&ram->ranges[i]) - at <= mask)
            continue;
        if (best == UINT32_MAX || ram->ranges[i].pages < ram->ranges[best].pages)
            best = i;
    }
    if (best == UINT32_MAX)
        return JN_NO_MEMORY;
    *base = (ram->ranges[best].base + mask) & ~mask;
    return cut(ram, best, *base, pages);
}

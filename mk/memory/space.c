/* Address spaces: their beginning and end, what stands in them, and the kernel's own pages. */
#include "memory/space.h"

#include "cpu.h"
#include "lib/string.h"
#include "memory/pool.h"
#include "memory/range.h"
#include "memory/range_operation.h"
#include "memory/tlb.h"
#include "object.h"

#define RUN         16  /* pages that are looked at together */
#define KERNEL_HALF 256 /* first entry of the top table that all spaces share */

status_t space_init(struct space *space, struct pool *pool)
{
    const uint64_t *kernel = phys_to_virt(kernel_cr3);

    space->top = pool_alloc_frames(pool, 0);
    if (!space->top)
        return JN_NO_MEMORY;
    memcpy(space->top + KERNEL_HALF, kernel + KERNEL_HALF, PAGE_SIZE / 2);
    table_frame(space->top)->kind = FRAME_TABLE;
    table_frame(space->top)->used = 0;
    space->cr3 = virt_to_phys(space->top);
    space->pool = pool;
    tlb_init(space);
    list_init(&space->interrupted);
    return JN_OK;
}

/* ---- looking ---- */

void space_page(struct space *space, uint64_t address, unsigned *rights, unsigned *order,
                unsigned *bits)
{
    struct path path;

    *rights = *order = *bits = 0;
    if (address >= USER_END)
        return;
    table_walk(space, address, &path);
    uint64_t entry = *path.entry[path.level];
    if (!entry_is_leaf(entry, path.level))
        return;
    *rights = entry_rights(entry);
    *order = LEVEL_SHIFT(path.level);
    *bits =
        (entry & PTE_ACCESSED ? JN_PAGE_ACCESSED : 0u) | (entry & PTE_DIRTY ? JN_PAGE_DIRTY : 0u);
}

void *space_access(struct space *space, uint64_t address, unsigned access)
{
    uint64_t *table = space->top, *entry, value;
    unsigned level;

    if (address >= USER_END)
        return NULL;
    /* Not table_walk(): two of these are most of a small copy, and only the leaf counts. */
#pragma GCC unroll 3
    for (level = LEVELS - 1; level; level--) {
        value = table[level_index(address, level)];
        if ((value & (PTE_PRESENT | PTE_LARGE)) != PTE_PRESENT)
            break;
        table = entry_table(value);
    }
    entry = &table[level_index(address, level)];
    value = *entry;
    if (!entry_is_leaf(value, level))
        return NULL;
    /* What is not write-back is no RAM, and the direct map does not show it. */
    if (value & (PTE_MEMORY_TYPE | PTE_HIDDEN))
        return NULL;
    if (((access & JN_ACCESS_WRITE) && !(value & PTE_WRITE)) ||
        ((access & JN_ACCESS_EXEC) && (value & PTE_NX)))
        return NULL;
    uint64_t bits = PTE_ACCESSED | (access & JN_ACCESS_WRITE ? PTE_DIRTY : 0);
    if ((value & bits) != bits)
        __atomic_fetch_or(entry, bits, __ATOMIC_RELAXED);
    return phys_to_virt((value & PTE_ADDRESS) + (address & (LEVEL_SIZE(level) - 1)));
}

/* ---- the kernel's pages ---- */

status_t space_map_kernel_page(struct space *space, uint64_t address, void *frame, unsigned rights)
{
    struct path path;

    if (!range_is_valid(address, 1))
        return JN_BAD_ARG;
    table_walk(space, address, &path);
    if (*path.entry[path.level])
        return JN_BUSY;
    status_t status = table_grow(space, address, &path, 0);
    if (status == JN_OK)
        entry_set(path.entry[0], virt_to_phys(frame) | rights_bits(rights) | PTE_KERNEL);
    return status;
}

void space_unmap_kernel_page(struct space *space, uint64_t address)
{
    struct path path;

    table_walk(space, address, &path);
    if (path.level || !(*path.entry[0] & PTE_KERNEL))
        return;
    entry_clear(path.entry[0]);
    tlb_changed(space, address, 0);
    table_release(space, address, 0);
    tlb_flush();
}

/* ---- the end ---- */

static void drop_kernel_pages(struct space *space)
{
    struct path path;
    uint64_t pages;

    for (uint64_t at = 0; at < USER_END && table_frame(space->top)->used;
         at += pages << PAGE_SHIFT) {
        table_walk(space, at, &path);
        if (*path.entry[path.level] & PTE_KERNEL) {
            pages = rest_of_entry(at, path.level, UINT64_MAX);
            space_unmap_kernel_page(space, at);
        } else {
            pages = rest_of_gap(&path, at, UINT64_MAX);
        }
    }
}

status_t space_destroy(struct space *space)
{
    struct unmap_progress progress = {.done = space->destroyed};

    if (!space->top)
        return JN_OK;
    space->dying = true;
    range_operations_forget(space);
    status_t status = unmap_range(space, 0, USER_END >> PAGE_SHIFT, JN_R, false, &progress);
    space->destroyed = progress.done;
    if (status != JN_OK)
        return status;
    drop_kernel_pages(space);
    tlb_leave(space);
    assert(!table_frame(space->top)->used && !space->pages);
    struct frame *frame = table_frame(space->top);
    if (frame->next)
        pool_free_zero_frames(space->pool, phys_to_virt((uint64_t)frame->next << PAGE_SHIFT), 0);
    frame->next = 0;
    pool_free_frames(space->pool, space->top, 0);
    space->top = NULL;
    return JN_OK;
}

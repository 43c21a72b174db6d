/* The root task's memory: mappings that nobody gave it, and frames that it exchanges with the root
 * Pool (KERNEL 1). */
#include "lib/string.h"
#include "memory/mapping.h"
#include "memory/pool.h"
#include "memory/tlb.h"
#include "object.h"

static uint64_t kind_bits(unsigned kind)
{
    switch (kind) {
    case JN_REGION_RAM:
    case JN_REGION_MODULE: /* programs run straight out of the boot image */
        return PTE_PRESENT | PTE_USER | PTE_WRITE;
    case JN_REGION_FIRMWARE:
        return PTE_PRESENT | PTE_USER | PTE_NX;
    default:
        return PTE_PRESENT | PTE_USER | PTE_WRITE | PTE_NX | PTE_UNCACHED;
    }
}

status_t space_map_root(struct space *space, uint64_t virtual, uint64_t physical, uint64_t size,
                        unsigned kind)
{
    while (size) {
        struct path path;
        unsigned level = LEVELS - 2;

        while (level &&
               (((virtual | physical) & (LEVEL_SIZE(level) - 1)) || size < LEVEL_SIZE(level)))
            level--;
        table_walk(space, virtual, &path);
        if (path.level < level)
            level = path.level; /* there is a table already: fill its gaps */
        if (*path.entry[path.level])
            return JN_BUSY;
        status_t status = table_grow(space, virtual, &path, level);
        if (status == JN_OK)
            status = mapping_insert(space, &path, virtual,
                                    physical | kind_bits(kind) | (level ? PTE_LARGE : 0), NULL);
        if (status != JN_OK)
            return status;
        virtual += LEVEL_SIZE(level);
        physical += LEVEL_SIZE(level);
        size -= LEVEL_SIZE(level);
    }
    return JN_OK;
}

/* RAM of its own at physical = virtual, nothing derived; superpages that stick out are split. */
static status_t check_own(struct space *space, uint64_t address, uint64_t size)
{
    for (uint64_t at = address; at < address + size;) {
        struct path path;

        table_walk(space, at, &path);
        uint64_t entry = *path.entry[path.level];
        if (!entry_is_leaf(entry, path.level) || (entry & (PTE_KERNEL | PTE_MEMORY_TYPE)) ||
            !(entry & PTE_WRITE))
            return JN_BAD_ARG;
        uint64_t step = LEVEL_SIZE(path.level);
        if ((entry & PTE_ADDRESS) + (at & (step - 1)) != at || at >> PAGE_SHIFT >= frame_count)
            return JN_BAD_ARG;
        const struct mapping *node = mapping_nearest(&path);
        while (node->piece)
            node = node->parent;
        if (node->parent)
            return JN_BAD_ARG;
        if (mapping_has_derived(&path))
            return JN_BUSY;
        if ((at & (step - 1)) || address + size - at < step) {
            status_t status = mapping_split(space, &path, at);
            if (status != JN_OK)
                return status;
            continue;
        }
        at += step;
    }
    return JN_OK;
}

status_t space_give_frames(struct space *space, uint64_t address, unsigned order)
{
    uint64_t size = PAGE_SIZE << order;
    struct unmap_progress progress = {0};

    if (order >= FRAME_ORDERS || (address & (size - 1)) || !address || address >= USER_END)
        return JN_BAD_ARG;
    status_t status = check_own(space, address, size);
    if (status != JN_OK)
        return status;
    /* Not preemptible: half of the block would belong to nobody. Nothing is derived from it. */
    do
        status = space_unmap(space, address, size >> PAGE_SHIFT, JN_R, 0, &progress);
    while (status == STATUS_RESTART);
    if (status != JN_OK)
        return status;
    memset(phys_to_virt(address), 0, size);
    frame_add(address >> PAGE_SHIFT, 1ull << order);
    root_pool.owned += 1ull << order;
    return JN_OK;
}

status_t space_take_frames(struct space *space, unsigned order, uint64_t *address)
{
    void *frames = pool_alloc_frames(&root_pool, order);

    if (!frames)
        return JN_NO_MEMORY;
    uint64_t physical = virt_to_phys(frames), size = PAGE_SIZE << order;
    status_t status = space_map_root(space, physical, physical, size, JN_REGION_RAM);
    if (status != JN_OK) {
        struct unmap_progress progress = {0};
        /* Frames of its own that were just mapped: nothing else can stand there. */
        if (space_unmap(space, physical, size >> PAGE_SHIFT, JN_R, 0, &progress) == JN_OK)
            pool_free_frames(&root_pool, frames, order);
        return status;
    }
    for (uint64_t i = 0; i < 1ull << order; i++)
        frame_at((physical >> PAGE_SHIFT) + i)->kind = FRAME_OTHER;
    root_pool.owned -= 1ull << order;
    root_pool.used -= 1ull << order;
    *address = physical;
    return JN_OK;
}

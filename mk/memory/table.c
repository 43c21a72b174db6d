#include "memory/table.h"

#include "memory/pool.h"
#include "memory/tlb.h"

status_t table_grow(struct space *space, uint64_t address, struct path *path, unsigned level)
{
    while (path->level > level) {
        uint64_t *table = pool_alloc_frames(space->pool, 0);

        if (!table) {
            if (path->level < LEVELS - 1)
                table_release(space, address, path->level);
            return JN_NO_MEMORY;
        }
        struct frame *frame = table_frame(table);
        frame->kind = FRAME_TABLE;
        frame->used = 0;
        frame->next = frame->previous = 0;
        entry_set(path->entry[path->level],
                  virt_to_phys(table) | PTE_PRESENT | PTE_WRITE | PTE_USER);
        path->level--;
        path->entry[path->level] = &table[level_index(address, path->level)];
    }
    return JN_OK;
}

void table_release(struct space *space, uint64_t address, unsigned level)
{
    struct path path;

    table_walk(space, address, &path);
    for (; level < LEVELS - 1; level++) {
        if (level < path.level)
            continue; /* already gone */
        struct frame *frame = table_frame(path.entry[level]);
        if (frame->used || node_of(path.entry[level + 1]))
            return;
        entry_clear(path.entry[level + 1]);
        tlb_table_dead(space, (uint32_t)(virt_to_phys(path.entry[level]) >> PAGE_SHIFT));
    }
}

struct mapping **node_cell_make(struct space *space, const uint64_t *entry)
{
    struct frame *frame = table_frame(entry);

    if (!frame->next) {
        void *cells = pool_alloc_frames(space->pool, 0);
        if (!cells)
            return NULL;
        frame->next = (uint32_t)(virt_to_phys(cells) >> PAGE_SHIFT);
    }
    return node_cell(entry);
}

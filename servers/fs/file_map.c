/* Mapping file pages into programs. */
#include "file_pages.h"
#include "image.h"
#include "node.h"
#include "platform.h"
#include "watch.h"

jn_status_t file_map(struct node *node, uint64_t offset, uint64_t length, cap_t space,
                     uint64_t address, uint32_t access, uint64_t *mapped)
{
    struct file *file = &node->file;
    uint64_t index = offset >> PAGE_SHIFT;
    uint64_t end = (node->size + PAGE_BYTES - 1) >> PAGE_SHIFT;
    *mapped = 0;
    if (index >= end)
        return JN_RANGE;
    uint64_t most = length >> PAGE_SHIFT, run;
    if (most > end - index)
        most = end - index;
    const uint8_t *from = file_run(file, index, most, &run);
    bool own = page_tree_get(&file->tree, index) != 0;
    if (!own && ((access & JN_W) || file_is_hole(from))) {
        page_t page = file_own_page(file, index);
        if (!page)
            return JN_NO_SPACE;
        from = page_address(page);
        run = page_tree_run(&file->tree, index, page, most);
        own = true;
        node_changed(node); /* its blocks */
    }
    uint64_t pages = 0;
    jn_status_t status = platform_map(space, from, address, run, access, &pages);
    if (own) {
        /* Marked even after an error in the middle: part of it may be mapped. */
        page_t first = page_tree_get(&file->tree, index);
        for (uint64_t i = 0; i < run; i++)
            page_set_mapped(first + (page_t)i);
    } else {
        image_set_mapped(from, run);
    }
    *mapped = pages << PAGE_SHIFT;
    return pages ? JN_OK : status;
}

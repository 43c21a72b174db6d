/* fallocate(2): space before it is written, and holes (shmem_fallocate of Linux is the oracle). */
#include <string.h>

#include "file_pages.h"
#include "janus/idl/io.h"
#include "node.h"
#include "watch.h"

/* Zeroes [from, to), which lies in one page, if there is anything. */
static jn_status_t clear_part(struct file *file, uint64_t from, uint64_t to)
{
    uint64_t index = from >> PAGE_SHIFT, run;
    if (from == to || file_is_hole(file_run(file, index, 1, &run)))
        return JN_OK;
    page_t page = file_own_page(file, index);
    if (!page)
        return JN_NO_SPACE;
    memset((uint8_t *)page_address(page) + (from & (PAGE_BYTES - 1)), 0, to - from);
    return JN_OK;
}

static jn_status_t punch(struct node *node, uint64_t offset, uint64_t end)
{
    struct file *file = &node->file;
    uint64_t first = (offset + PAGE_BYTES - 1) >> PAGE_SHIFT, last = end >> PAGE_SHIFT;
    if (first > last) /* inside one page */
        return clear_part(file, offset, end);
    jn_status_t status = clear_part(file, offset, first << PAGE_SHIFT);
    if (status == JN_OK)
        status = clear_part(file, last << PAGE_SHIFT, end);
    if (status != JN_OK)
        return status;
    /* The image cannot have holes: its pages inside are hidden by pages of zeroes, unless they are
     * its last ones. */
    if (first < file->image_pages) {
        uint64_t hidden = last < file->image_pages ? last : file->image_pages;
        if (last >= file->image_pages) {
            file_forget_image(file, first);
        } else {
            for (uint64_t i = first; i < hidden; i++) {
                page_t page = file_own_page(file, i);
                if (!page)
                    return JN_NO_SPACE;
                memset(page_address(page), 0, PAGE_BYTES);
            }
            first = hidden;
        }
    }
    if (first < last)
        file_free_pages(file, first, last);
    return JN_OK;
}

jn_status_t file_allocate(struct node *node, uint32_t mode, uint64_t offset, uint64_t length)
{
    struct file *file = &node->file;
    if (offset > FILE_SIZE_LIMIT || length > FILE_SIZE_LIMIT - offset)
        return JN_TOO_BIG;
    uint64_t end = offset + length;
    node_changed(node);
    if (mode == (IO_ALLOCATE_PUNCH_HOLE | IO_ALLOCATE_KEEP_SIZE)) {
        jn_status_t status = punch(node, offset, end);
        node_modify_now(node);
        return status;
    }
    uint64_t first = offset >> PAGE_SHIFT, last = (end + PAGE_BYTES - 1) >> PAGE_SHIFT, run;
    if (last - first > page_cache_limit())
        return JN_NO_SPACE;
    for (uint64_t i = first; i < last; i++) {
        if (!file_is_hole(file_run(file, i, 1, &run)))
            continue;
        if (!file_own_page(file, i)) {
            /* Nothing stays half done: what was a hole is one again. Pages that were there before
             * cannot be told apart any more, so only those beyond the size are given back. */
            uint64_t size_end = (node->size + PAGE_BYTES - 1) >> PAGE_SHIFT;
            if (i > size_end)
                file_free_pages(file, size_end > first ? size_end : first, i);
            return JN_NO_SPACE;
        }
    }
    if (!(mode & IO_ALLOCATE_KEEP_SIZE) && end > node->size) {
        jn_status_t status = file_resize(node, end);
        if (status != JN_OK)
            return status;
    }
    node_modify_now(node);
    return JN_OK;
}

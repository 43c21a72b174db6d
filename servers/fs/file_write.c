/* Writing: pages become the file's own, in runs, and bytes go straight into them. */
#include <stdlib.h>
#include <string.h>

#include "file_pages.h"
#include "image.h"
#include "janus/server.h"
#include "node.h"
#include "watch.h"

#define RECORD 4096 /* bytes that are appended all together or not at all */

page_t file_own_page(struct file *file, uint64_t index)
{
    page_t page = page_tree_get(&file->tree, index);
    if (page)
        return page;
    page_t near = index ? page_tree_get(&file->tree, index - 1) : 0;
    const uint8_t *old = index < file->image_pages ? file->image + index * PAGE_BYTES : NULL;
    page = old ? page_allocate(near) : page_allocate_zeroed(near);
    if (!page)
        return 0;
    if (old)
        memcpy(page_address(page), old, PAGE_BYTES);
    if (!file_put_page(file, index, page)) {
        page_free(page);
        return 0;
    }
    if (old) /* whoever has the image's page mapped must see the new one */
        image_unmap(old, 1);
    return page;
}

/* Bytes of the last page beyond the old size may have been written through a mapping: when the file
 * grows over them they must read as zeroes. */
static void clear_tail(struct node *node)
{
    uint64_t inside = node->size & (PAGE_BYTES - 1);
    if (!inside)
        return;
    page_t page = page_tree_get(&node->file.tree, node->size >> PAGE_SHIFT);
    if (page && page_is_mapped(page))
        memset((uint8_t *)page_address(page) + inside, 0, PAGE_BYTES - inside);
}

/* New pages at [index, index + count) that the caller is going to fill: as many as follow one
 * another, at least one. 0: no space. */
static uint64_t add_pages(struct file *file, uint64_t index, uint64_t count, page_t *first)
{
    page_t near = index ? page_tree_get(&file->tree, index - 1) : 0;
    uint64_t added = 0;
    while (added < count) {
        page_t page = page_allocate(added ? *first + (page_t)added - 1 : near);
        if (!page)
            break;
        if (added == 0)
            *first = page;
        if (page != *first + added || !file_put_page(file, index + added, page)) {
            page_free(page);
            break;
        }
        added++;
    }
    return added;
}

/* Fills [from, to) of a new run with what was there before: the image's bytes or zeroes. */
static void fill_before(const struct file *file, uint64_t index, uint8_t *run, uint64_t from,
                        uint64_t to)
{
    while (from < to) {
        uint64_t page = from >> PAGE_SHIFT, end = (page + 1) << PAGE_SHIFT;
        if (end > to)
            end = to;
        if (index + page < file->image_pages)
            memcpy(run + from, file->image + index * PAGE_BYTES + from, end - from);
        else
            memset(run + from, 0, end - from);
        from = end;
    }
}

/* Writes into pages that the file does not own yet. */
static jn_status_t write_new(struct node *node, uint64_t offset, uint64_t length, uint64_t most,
                             struct jn_call *call, unsigned window, uint64_t at, uint64_t *done)
{
    struct file *file = &node->file;
    uint64_t index = offset >> PAGE_SHIFT, inside = offset & (PAGE_BYTES - 1);
    uint64_t wanted = (inside + length + PAGE_BYTES - 1) >> PAGE_SHIFT;
    page_t first = 0;
    uint64_t pages = add_pages(file, index, wanted < most ? wanted : most, &first);
    if (!pages)
        return JN_NO_SPACE;
    uint8_t *run = page_address(first);
    uint64_t bytes = pages * PAGE_BYTES - inside;
    if (bytes > length)
        bytes = length;
    size_t copied = 0;
    jn_status_t status = jn_copy_in(call, window, at, run + inside, bytes, &copied);
    uint64_t kept = copied ? (inside + copied + PAGE_BYTES - 1) >> PAGE_SHIFT : 0;
    for (uint64_t i = kept; i < pages; i++)
        page_free(file_take_page(file, index + i));
    if (kept) {
        fill_before(file, index, run, 0, inside);
        fill_before(file, index, run, inside + copied, kept * PAGE_BYTES);
        if (index < file->image_pages) {
            uint64_t hidden = file->image_pages - index;
            image_unmap(file->image + index * PAGE_BYTES, hidden < kept ? hidden : kept);
        }
    }
    *done = copied;
    return status;
}

jn_status_t file_write(struct node *node, uint64_t offset, uint64_t length, struct jn_call *call,
                       unsigned window, uint64_t *done)
{
    *done = 0;
    if (length == 0)
        return JN_OK;
    if (offset >= FILE_SIZE_LIMIT)
        return JN_TOO_BIG;
    if (length > FILE_SIZE_LIMIT - offset)
        length = FILE_SIZE_LIMIT - offset;
    node_changed(node); /* its blocks, also when not a byte comes */
    if (offset > node->size)
        clear_tail(node);
    struct file *file = &node->file;
    uint64_t before = node->size;
    jn_status_t status = JN_OK;
    while (*done < length && status == JN_OK) {
        uint64_t at = offset + *done, index = at >> PAGE_SHIFT, inside = at & (PAGE_BYTES - 1);
        uint64_t pages = (inside + length - *done + PAGE_BYTES - 1) >> PAGE_SHIFT;
        page_t page = page_tree_get(&file->tree, index);
        if (page) {
            if (at == node->size)
                clear_tail(node);
            uint64_t run = page_tree_run(&file->tree, index, page, pages);
            uint64_t bytes = run * PAGE_BYTES - inside;
            if (bytes > length - *done)
                bytes = length - *done;
            size_t copied = 0;
            status = jn_copy_in(call, window, *done, (uint8_t *)page_address(page) + inside, bytes,
                                &copied);
            *done += copied;
        } else {
            uint64_t next = index, copied = 0;
            uint64_t most = page_tree_next(&file->tree, &next) ? next - index : pages;
            status = write_new(node, at, length - *done, most, call, window, *done, &copied);
            *done += copied;
        }
        if (offset + *done > node->size)
            node_set_size(node, offset + *done);
    }
    /* The writer was ended in the middle: of a record that it appended, nobody is to find a part. */
    if (status == JN_NO_REPLY && length <= RECORD && node->size > before) {
        *done = 0;
        jn_status_t undone = file_resize(node, before);
        if (undone != JN_OK)
            return undone;
    }
    return *done ? JN_OK : status;
}

jn_status_t file_resize(struct node *node, uint64_t size)
{
    struct file *file = &node->file;
    if (size > FILE_SIZE_LIMIT)
        return JN_TOO_BIG;
    node_changed(node);
    if (size > node->size) {
        clear_tail(node);
        node_set_size(node, size);
        return JN_OK;
    }
    uint64_t inside = size & (PAGE_BYTES - 1), last = size >> PAGE_SHIFT, run;
    /* The same size: only what was allocated beyond it goes, as on Linux. */
    if (size < node->size && inside && !file_is_hole(file_run(file, last, 1, &run))) {
        page_t page = file_own_page(file, last);
        if (!page)
            return JN_NO_SPACE;
        memset((uint8_t *)page_address(page) + inside, 0, PAGE_BYTES - inside);
    }
    uint64_t end = last + (inside != 0);
    file_free_pages(file, end, UINT64_MAX);
    file_forget_image(file, end);
    node_set_size(node, size);
    return JN_OK;
}

/* Reading, and what the other parts of a file share. */
#include "file.h"

#include <stdlib.h>
#include <string.h>

#include "file_pages.h"
#include "image.h"
#include "janus/server.h"
#include "node.h"

void file_init(struct file *file)
{
    *file = (struct file){0};
}

bool file_put_page(struct file *file, uint64_t index, page_t page)
{
    if (!page_tree_set(&file->tree, index, page))
        return false;
    file->hidden_pages += index < file->image_pages;
    return true;
}

page_t file_take_page(struct file *file, uint64_t index)
{
    page_t page = page_tree_take(&file->tree, index);
    file->hidden_pages -= page && index < file->image_pages;
    return page;
}

void file_free_pages(struct file *file, uint64_t first, uint64_t end)
{
    uint64_t index = first;
    page_t run = 0;
    uint64_t run_length = 0;
    for (;;) {
        page_t page = page_tree_next(&file->tree, &index);
        if (page && index >= end)
            page = 0;
        if (run && page == run + run_length) {
            run_length++;
        } else {
            if (run)
                page_free_run(run, run_length);
            run = page;
            run_length = 1;
        }
        if (!page)
            return;
        file_take_page(file, index);
        index++;
    }
}

void file_forget_image(struct file *file, uint64_t first)
{
    if (file->image_pages <= first)
        return;
    image_unmap(file->image + first * PAGE_BYTES, file->image_pages - first);
    for (uint64_t index = first; page_tree_next(&file->tree, &index) && index < file->image_pages;
         index++)
        file->hidden_pages--;
    file->image_pages = first;
}

void file_clear(struct file *file)
{
    file_free_pages(file, 0, UINT64_MAX);
    file_forget_image(file, 0);
}

/* What a hole reads as; several pages, so that holes are copied in few steps. */
#define ZERO_PAGES 8
static const uint8_t zeroes[ZERO_PAGES * PAGE_BYTES] __attribute__((aligned(4096)));

const uint8_t *file_run(const struct file *file, uint64_t index, uint64_t most, uint64_t *run)
{
    uint64_t image_left = index < file->image_pages ? file->image_pages - index : 0;
    if (image_left && file->tree.count == 0) {
        *run = image_left < most ? image_left : most;
        return file->image + index * PAGE_BYTES;
    }
    page_t page = page_tree_get(&file->tree, index);
    if (page) {
        *run = page_tree_run(&file->tree, index, page, most);
        return page_address(page);
    }
    uint64_t next = index;
    uint64_t free_pages = page_tree_next(&file->tree, &next) ? next - index : most;
    if (free_pages > most)
        free_pages = most;
    if (image_left) {
        *run = image_left < free_pages ? image_left : free_pages;
        return file->image + index * PAGE_BYTES;
    }
    *run = free_pages < ZERO_PAGES ? free_pages : ZERO_PAGES;
    return zeroes;
}

bool file_is_hole(const uint8_t *run)
{
    return run == zeroes;
}

jn_status_t file_read(struct node *node, uint64_t offset, uint64_t length, struct jn_call *call,
                      unsigned window, uint64_t *done)
{
    *done = 0;
    if (offset >= node->size)
        return JN_OK;
    if (length > node->size - offset)
        length = node->size - offset;
    while (*done < length) {
        uint64_t at = offset + *done, inside = at & (PAGE_BYTES - 1), run;
        uint64_t pages = (inside + length - *done + PAGE_BYTES - 1) >> PAGE_SHIFT;
        const uint8_t *from = file_run(&node->file, at >> PAGE_SHIFT, pages, &run);
        uint64_t bytes = run * PAGE_BYTES - inside;
        if (bytes > length - *done)
            bytes = length - *done;
        size_t copied = 0;
        jn_status_t status = jn_copy_out(call, window, *done, from + inside, bytes, &copied);
        *done += copied;
        if (status != JN_OK)
            return *done ? JN_OK : status;
    }
    return JN_OK;
}

uint64_t file_peek(struct node *node, uint64_t offset, void *buffer, uint64_t length)
{
    if (offset >= node->size)
        return 0;
    if (length > node->size - offset)
        length = node->size - offset;
    uint64_t done = 0;
    while (done < length) {
        uint64_t at = offset + done, inside = at & (PAGE_BYTES - 1), run;
        const uint8_t *from = file_run(&node->file, at >> PAGE_SHIFT, 1, &run);
        uint64_t bytes = PAGE_BYTES - inside;
        if (bytes > length - done)
            bytes = length - done;
        memcpy((char *)buffer + done, from + inside, bytes);
        done += bytes;
    }
    return length;
}

uint64_t file_pages(const struct node *node)
{
    const struct file *file = &node->file;
    return file->tree.count + file->image_pages - file->hidden_pages;
}

jn_status_t file_seek(struct node *node, bool data, uint64_t *offset)
{
    const struct file *file = &node->file;
    if (*offset >= node->size)
        return JN_END_OF_FILE;
    uint64_t index = *offset >> PAGE_SHIFT, found = index;
    if (data) {
        if (index >= file->image_pages && !page_tree_next(&file->tree, &found))
            return JN_END_OF_FILE;
    } else {
        if (found < file->image_pages)
            found = file->image_pages;
        while (page_tree_get(&file->tree, found))
            found++;
    }
    uint64_t start = found << PAGE_SHIFT;
    if (data && start >= node->size)
        return JN_END_OF_FILE; /* allocated beyond the end */
    if (start > node->size)
        start = node->size; /* the end of the file counts as a hole */
    if (start > *offset)
        *offset = start;
    return JN_OK;
}

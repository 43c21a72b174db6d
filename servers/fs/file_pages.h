/* Shared by the parts of file handling: finding, owning and dropping the pages of one file. */
#ifndef FS_FILE_PAGES_H
#define FS_FILE_PAGES_H

#include "file.h"

/* Address of page `index` and how many pages, at most `most`, follow it in memory. Holes give
 * pages of zeroes that must not be written. */
const uint8_t *file_run(const struct file *file, uint64_t index, uint64_t most, uint64_t *run);
bool file_is_hole(const uint8_t *run);

/* Puts a page where the file has none of its own (false: no memory), and takes one out. */
JN_CHECKED bool file_put_page(struct file *file, uint64_t index, page_t page);
page_t file_take_page(struct file *file, uint64_t index);
/* A page of the file's own at `index`, made from the image's or from zeroes if need be. 0: no space. */
page_t file_own_page(struct file *file, uint64_t index);
/* Drops own pages of [first, end) and the image's pages from `first` on. */
void file_free_pages(struct file *file, uint64_t first, uint64_t end);
void file_forget_image(struct file *file, uint64_t first);

#endif

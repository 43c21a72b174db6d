/* Contents of regular files: pages of the boot image until they are written, pages of the page cache
 * from then on, holes elsewhere. The same frames serve read, write and mappings. */
#ifndef FS_FILE_H
#define FS_FILE_H

#include "janus/types.h"
#include "page_tree.h"

struct client;
struct jn_call;
struct node;

struct file {
    struct page_tree tree; /* own pages; they win over the image's */
    const uint8_t *image;  /* contents in the boot image, or NULL */
    uint64_t image_pages;  /* how many of them still count */
    uint64_t hidden_pages; /* own pages that stand before one of the image's */
};

void file_init(struct file *file);
/* Frees every page, after taking it away from the programs that have it mapped. */
void file_clear(struct file *file);

/* All copies go between pages and window `window` of the call, which starts at byte `at` of it. The
 * result is JN_FAULT only if nothing was copied; *done counts what was. */
JN_CHECKED jn_status_t file_read(struct node *node, uint64_t offset, uint64_t length,
                                 struct jn_call *call, unsigned window, uint64_t *done);
/* Grows the file. NO_SPACE, TOO_BIG. */
JN_CHECKED jn_status_t file_write(struct node *node, uint64_t offset, uint64_t length,
                                  struct jn_call *call, unsigned window, uint64_t *done);
/* Into a buffer of the server (ELF and text checks, tests). */
uint64_t file_peek(struct node *node, uint64_t offset, void *buffer, uint64_t length);

JN_CHECKED jn_status_t file_resize(struct node *node, uint64_t size);
/* fallocate(2) with IO_ALLOCATE_.. modes. */
JN_CHECKED jn_status_t file_allocate(struct node *node, uint32_t mode, uint64_t offset,
                                     uint64_t length);
/* SEEK_DATA and SEEK_HOLE: moves *offset. END_OF_FILE: beyond the end (ENXIO). */
JN_CHECKED jn_status_t file_seek(struct node *node, bool data, uint64_t *offset);

/* Maps [offset, +length) at `address` of `space`: the first page, and what follows in one run of
 * frames. access with JN_W breaks the image's pages and fills holes. RANGE: beyond the end. */
JN_CHECKED jn_status_t file_map(struct node *node, uint64_t offset, uint64_t length, cap_t space,
                                uint64_t address, uint32_t access, uint64_t *mapped);

/* Pages that occupy memory, own and image's. */
uint64_t file_pages(const struct node *node);

#endif

/* The boot image: read-only file contents in memory that bootstrap shares with fs. */
#ifndef FS_IMAGE_H
#define FS_IMAGE_H

#include "janus/types.h"

struct entry;

/* Builds nodes for everything in the image below `root` (an attached directory entry); contents stay
 * where they are. BAD_IMAGE: the image is not valid; nothing outside [image, +size) is ever read. */
JN_CHECKED jn_status_t image_load(struct entry *root, const void *image, uint64_t size);

/* Which of the image's pages are mapped into programs, so that hiding one takes it away there. */
void image_set_mapped(const void *page, uint64_t pages);
void image_unmap(const void *page, uint64_t pages);

#endif

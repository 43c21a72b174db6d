/* Between the parts that map images (nt_image.c, nt_image_pages.c). */
#ifndef NT_IMAGE_H
#define NT_IMAGE_H

#include "core.h"

/* Decides which pieces of a parsed image are the process's own from the start; resources, that may be
 * written but are not, stay the file's. */
void nt_image_choose_own(struct nt_image *image, uint32_t resources);
/* Their contents, at an image whose pieces are mapped at base; read once for an image. */
nt_status nt_image_fill_own(struct nt_process *p, struct nt_image *image, nt_image_reader read,
                            void *context, uint64_t base);
/* Whether images keep those contents for the next process: not in an adapter, which has but one. */
extern bool nt_image_keep_own;
/* Maps what is used soon; after relocation. */
void nt_image_populate(struct nt_process *p, const struct nt_image *image, uint64_t base);

#endif

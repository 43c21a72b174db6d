/* Between malloc and the pages it stands on (lib/libc/kept.c). */
#ifndef JANUS_HEAP_H
#define JANUS_HEAP_H

#include <stddef.h>

/* Zeroed pages as jn_map_pages gives them, and back, but small groups are kept for the next who wants as many
 * pages. `bytes`: the same both times. NULL: no memory. */
void *jn_heap_map(size_t bytes);
void jn_heap_unmap(void *address, size_t bytes);
/* At most how many pages are kept; 64 unless told. Before the first is. */
void jn_heap_keep(size_t pages);

#endif

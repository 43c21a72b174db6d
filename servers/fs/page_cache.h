/* The memory of file contents: pages of 4096 bytes out of 2 MiB chunks that fs has mapped, within
 * one limit for the whole tmpfs. A page has a number (0 is none), so that the trees of files stay
 * small. fs's own mapping of a page is the one from which programs' mappings are derived. */
#ifndef FS_PAGE_CACHE_H
#define FS_PAGE_CACHE_H

#include "janus/types.h"

typedef uint32_t page_t;

void page_cache_init(uint64_t limit_pages);

/* A page with unknown contents; the one after `near` if that is free, so that files lie in runs.
 * 0: the limit is reached or the pager has no more. */
page_t page_allocate(page_t near);
page_t page_allocate_zeroed(page_t near);
/* Takes the page away from every program that has it mapped, then frees it. */
void page_free(page_t page);
/* The same for `count` pages with consecutive numbers. */
void page_free_run(page_t first, uint64_t count);
void *page_address(page_t page);

/* The page was mapped into some program: freeing must unmap it. */
void page_set_mapped(page_t page);
bool page_is_mapped(page_t page);

uint64_t page_cache_limit(void);
uint64_t page_cache_used(void);

#endif

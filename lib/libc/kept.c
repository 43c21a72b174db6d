/* Pages of malloc's between two uses. Most of what a server allocates for a moment (a record, a buffer,
 * the first of a size) begins and ends a group of pages; asking the pager for it each time costs three
 * calls. So small groups that malloc gives back stay, by size, up to a limit, and are cleared when they
 * are used again. Nobody else can have them mapped: what a server shows to others is jn_map_pages' own. */
#include <stdint.h>
#include <string.h>

#include "janus/heap.h"
#include "janus/runtime.h"

#define PAGE 4096u
#define LARGEST 32u /* pages of one group */

struct kept {
    struct kept *next;
};

static struct kept *kept[LARGEST + 1]; /* by pages */
static size_t total;
static size_t limit = 64;

void jn_heap_keep(size_t pages)
{
    limit = pages;
}

void *jn_heap_map(size_t bytes)
{
    size_t pages = (bytes + PAGE - 1) / PAGE;
    struct kept *group = pages <= LARGEST ? kept[pages] : NULL;

    if (!group)
        return jn_map_pages(pages);
    kept[pages] = group->next;
    total -= pages;
    return memset(group, 0, pages * PAGE);
}

void jn_heap_unmap(void *address, size_t bytes)
{
    size_t pages = (bytes + PAGE - 1) / PAGE;
    struct kept *group = address;

    if (pages > LARGEST || total + pages > limit) {
        jn_unmap_pages(address);
        return;
    }
    group->next = kept[pages];
    kept[pages] = group;
    total += pages;
}

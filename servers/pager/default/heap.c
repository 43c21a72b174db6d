/* Memory of the pager itself: malloc stands on these in place of lib/memory/pages.c, which would
 * ask this task. */
#include "frame.h"
#include "janus/runtime.h"
#include "pager.h"

static unsigned order_of(size_t pages)
{
    unsigned order = 0;
    while ((size_t)1 << order < pages)
        order++;
    return order;
}

void *jn_map_pages_aligned(size_t pages, unsigned order)
{
    uint32_t frame;
    unsigned size = order_of(pages);
    if (order > 12 && size < order - 12)
        size = order - 12;
    if (!pages || size >= FRAME_ORDERS || frame_alloc_block(size, false, &frame) != JN_OK)
        return NULL;
    /* The block's size is kept with its first frame, which is in no free list. */
    platform_record(frame)->order = (uint8_t)size;
    memset(platform_contents(frame), 0, PAGE_BYTES << size);
    return platform_contents(frame);
}

void *jn_map_pages(size_t pages)
{
    return jn_map_pages_aligned(pages, 12);
}

void jn_unmap_pages(void *address)
{
    uint32_t frame = (uint32_t)(((uint64_t)address - (uint64_t)platform_contents(0)) >> PAGE_BITS);
    uint32_t count = 1u << platform_record(frame)->order;
    for (uint32_t i = 0; i < count; i++)
        frame_free(frame + i);
}

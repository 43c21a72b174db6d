/* Filling a new native task: segments, stack, first thread. */
#include "janus/loader.h"
#include "janus/object.h"
#include "janus/runtime.h"

#define PAGE 4096ull

static jn_status_t map_segment(const struct loader_segment *segment, const struct loader_ops *ops,
                               void *ctx, cap_t task)
{
    if (segment->access & JN_W)
        return ops->map_memory(ctx, task, segment->address, segment->pages, segment->access,
                               segment->file_offset, segment->file_bytes);
    uint64_t pages = (segment->file_bytes + PAGE - 1) / PAGE;
    jn_status_t status = JN_OK;
    if (pages)
        status = ops->map_file(ctx, task, segment->address, segment->file_offset, pages,
                               segment->access);
    if (status == JN_OK && pages < segment->pages)
        status = ops->map_memory(ctx, task, segment->address + pages * PAGE,
                                 segment->pages - pages, segment->access, 0, 0);
    return status;
}

jn_status_t loader_map(const struct loader_image *image, const struct loader_ops *ops, void *ctx,
                       cap_t task)
{
    for (uint32_t i = 0; i < image->segment_count; i++) {
        jn_status_t status = map_segment(&image->segments[i], ops, ctx, task);
        if (status != JN_OK)
            return status;
    }
    return ops->map_memory(ctx, task, JN_NATIVE_STACK - JN_NATIVE_STACK_SIZE,
                           JN_NATIVE_STACK_SIZE / PAGE, JN_R | JN_W, 0, 0);
}

jn_status_t loader_make_thread(cap_t pool, cap_t task, cap_t sched, uint64_t entry, cap_t *thread)
{
    static struct jn_state state;
    jn_status_t status = jn_thread_create(pool, task, JN_NATIVE_UTCB, sched, 0, thread);
    if (status != JN_OK)
        return status;
    state = (struct jn_state){.rip = entry, .rflags = 0x202};
    state.r[JN_REG_RSP] = JN_NATIVE_STACK;
    status = jn_thread_write(*thread, JN_STATE_REGS, &state);
    if (status != JN_OK)
        jn_cap_delete(*thread);
    return status;
}

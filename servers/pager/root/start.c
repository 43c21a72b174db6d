/* The two tasks that root starts. */
#include <string.h>

#include "janus/object.h"
#include "janus/runtime.h"
#include "root.h"

static jn_status_t map_file(void *ctx, cap_t task, uint64_t address, uint64_t file_offset,
                            uint64_t pages, uint32_t access)
{
    const struct root_task *self = ctx;
    uint64_t done;
    return jn_task_map(task, self->file + file_offset, address, pages, access, false, &done);
}

/* One page at a time: contiguous RAM is for those who need it. */
static jn_status_t map_memory(void *ctx, cap_t task, uint64_t address, uint64_t pages,
                              uint32_t access, uint64_t file_offset, uint64_t bytes)
{
    const struct root_task *self = ctx;
    for (uint64_t i = 0; i < pages; i++) {
        uint64_t page, done;
        jn_status_t status = root_zero_page(&page);
        if (status != JN_OK)
            return status;
        if (i * RAM_PAGE < bytes) {
            uint64_t part = bytes - i * RAM_PAGE < RAM_PAGE ? bytes - i * RAM_PAGE : RAM_PAGE;
            memcpy((void *)page, self->file + file_offset + i * RAM_PAGE, part);
        }
        status = jn_task_map(task, (void *)page, address + i * RAM_PAGE, 1, access, false, &done);
        if (status != JN_OK)
            return status;
    }
    return JN_OK;
}

void root_task_make(struct root_task *self, uint64_t frames)
{
    static const struct loader_ops ops = {map_file, map_memory};
    static struct loader_image image;
    const void *file;
    jn_status_t status = bootimage_find(&root_image, self->path, strlen(self->path), &file,
                                        &self->file_size);
    if (status != JN_OK)
        root_fail(self->path, status);
    self->file = file;
    status = loader_parse(file, self->file_size, LOADER_NATIVE_LOW, LOADER_NATIVE_HIGH, &image);
    if (status == JN_OK)
        status = jn_pool_create(JN_CAP_POOL, frames, &self->pool);
    if (status == JN_OK)
        status = jn_task_create(self->pool, JN_NATIVE_INFO, &self->task);
    if (status == JN_OK)
        status = loader_map(&image, &ops, self, self->task);
    if (status == JN_OK)
        status = loader_make_thread(self->pool, self->task, JN_CAP_NULL, image.entry,
                                    &self->thread);
    if (status != JN_OK)
        root_fail(self->path, status);
    const char *name = strrchr(self->path, '/');
    name = name ? name + 1 : self->path;
    jn_task_name(self->task, name, strlen(name));
    root_task_give(self, self->task, JN_CAP_TASK, JN_RIGHT_ALL);
    root_task_give(self, self->thread, JN_CAP_THREAD, JN_RIGHT_ALL);
    root_task_give(self, self->pool, JN_CAP_POOL, JN_RIGHT_ALL & ~JN_RIGHT_DESTROY);
    root_task_give(self, JN_CAP_LOG, JN_CAP_LOG, JN_RIGHT_ALL);
}

void root_task_give(struct root_task *self, cap_t source, cap_t slot, uint32_t rights)
{
    jn_status_t status = jn_cap_copy_to(self->task, source, slot, rights);
    if (status != JN_OK)
        root_fail(self->path, status);
}

void root_task_run(struct root_task *self, uint64_t fault_label)
{
    jn_status_t status = jn_thread_set_gates(self->thread, root_gate, fault_label, root_gate,
                                             fault_label);
    if (status == JN_OK)
        status = jn_thread_resume(self->thread);
    if (status != JN_OK)
        root_fail(self->path, status);
}

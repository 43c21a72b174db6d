#include "janus/backend/memory.h"

#include <stdlib.h>

#include "janus/idl/client.h"
#include "janus/idl/dataspace.h"
#include "janus/idl/task.h"
#include "janus/region_guest.h"
#include "janus/runtime.h"

static jn_status_t attach(const struct region_guest *guest)
{
    /* The space of a task's own client (an adapter's) was set by who made the task. */
    jn_status_t status = guest->pager < JN_CAP_FIRST_FREE
                             ? JN_OK
                             : client_set_space(guest->pager, guest->task);
    return status == JN_OK ? client_set_space(guest->file, guest->task) : status;
}

/* The number of a special source is the address here of what it shows. */
static const void *special_page(struct region_guest *guest, const struct region *region,
                                uint64_t address)
{
    (void)guest;
    return (const void *)(uintptr_t)(region->source->number + region->offset +
                                     ((address & ~4095ull) - region->start));
}

static const void *vdso_text;

void backend_set_vdso(const void *text)
{
    vdso_text = text;
}

const void *backend_vdso(uint64_t *information)
{
    *information = TASK_INFORMATION_PAGE;
    return vdso_text;
}

jn_status_t backend_space_open(cap_t pager, cap_t fs, cap_t kernel_task,
                               struct backend_space *space)
{
    struct region_guest *guest = calloc(1, sizeof *guest);
    if (!guest)
        return JN_NO_MEMORY;
    *guest = (struct region_guest){.task = kernel_task, .pager = pager, .file = fs,
                                   .special_page = special_page};
    jn_status_t status = attach(guest);
    if (status != JN_OK) {
        free(guest);
        return status;
    }
    *space = (struct backend_space){&region_guest_ops, guest};
    return JN_OK;
}

jn_status_t backend_space_clone(const struct backend_space *parent, cap_t pager, cap_t fs,
                                cap_t kernel_task, struct backend_space *space)
{
    (void)parent;
    return backend_space_open(pager, fs, kernel_task, space);
}

jn_status_t backend_space_again(const struct backend_space *before, struct backend_space *space)
{
    struct region_guest *guest = malloc(sizeof *guest);
    if (!guest)
        return JN_NO_MEMORY;
    *guest = *(const struct region_guest *)before->context;
    *space = (struct backend_space){before->ops, guest};
    return JN_OK;
}

void backend_space_set_file_client(struct backend_space *space, cap_t fs)
{
    struct region_guest *guest = space->context;
    guest->file = fs;
}

void backend_space_attach(const struct backend_space *space)
{
    jn_status_t status = attach(space->context);
    if (status != JN_OK)
        jn_log(JN_LOG_ERROR, "backend: a space lost its pagers: %s", jn_status_text(status));
}

void backend_space_close(struct backend_space *space)
{
    free(space->context);
    *space = (struct backend_space){0};
}

jn_status_t backend_memory_shared(cap_t pager, uint64_t size, uint64_t *ds, uint64_t *identity)
{
    uint64_t bytes, resident;
    uint32_t flags;
    jn_status_t status = dataspace_create(pager, size, DS_SHARED, ds);
    if (status != JN_OK)
        return status;
    status = dataspace_info(pager, *ds, &bytes, &resident, &flags, identity);
    if (status != JN_OK) {
        jn_status_t closed = dataspace_close(pager, *ds);
        (void)closed;
    }
    return status;
}

jn_status_t backend_memory_machine(cap_t pager, uint64_t *free_pages)
{
    return dataspace_machine(pager, free_pages);
}

jn_status_t backend_memory_quota(cap_t pager, uint64_t *limit, uint64_t *used, uint64_t *peak)
{
    return dataspace_quota(pager, limit, used, peak);
}

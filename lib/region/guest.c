/* The operations of a region map as calls; see region_guest.h. */
#include "janus/region_guest.h"

#include "janus/idl/dataspace.h"
#include "janus/idl/io.h"
#include "janus/object.h"

#define PRIVATE_BYTES (1ull << 47)

static jn_status_t memory_create(void *ctx, uint64_t *ds)
{
    struct region_guest *guest = ctx;
    return dataspace_create(guest->pager, PRIVATE_BYTES, 0, ds);
}

static jn_status_t memory_map(void *ctx, uint64_t ds, uint64_t offset, uint64_t address,
                              uint64_t length, uint32_t access, uint32_t flags, uint64_t *mapped)
{
    struct region_guest *guest = ctx;
    return dataspace_map(guest->pager, ds, offset, address, length, access, flags, mapped);
}

static jn_status_t memory_overlay(void *ctx, uint64_t ds, uint64_t offset, uint64_t address,
                                  uint32_t access, cap_t reply)
{
    struct region_guest *guest = ctx;
    return dataspace_overlay(guest->pager, ds, offset, address, access,
                             jn_window_lent(reply, address, REGION_PAGE));
}

/* A call that copies stops at nothing here: the windows are this server's own resident memory. */
static jn_status_t memory_fill(void *ctx, uint64_t ds, uint64_t offset, const void *data,
                               uint64_t length)
{
    struct region_guest *guest = ctx;
    uint64_t done = 0, part = 0;
    jn_status_t status = JN_OK;
    for (; done < length && status == JN_OK; done += part) {
        status = dataspace_fill(guest->pager, ds, offset + done, length - done,
                                jn_window((const uint8_t *)data + done, length - done), &part);
        if (status == JN_OK && !part)
            return JN_FAULT;
    }
    return status;
}

static jn_status_t memory_extract(void *ctx, uint64_t ds, uint64_t offset, void *data,
                                  uint64_t length)
{
    struct region_guest *guest = ctx;
    uint64_t done = 0, part = 0;
    jn_status_t status = JN_OK;
    for (; done < length && status == JN_OK; done += part) {
        status = dataspace_extract(guest->pager, ds, offset + done, length - done,
                                   jn_window((uint8_t *)data + done, length - done), &part);
        if (status == JN_OK && !part)
            return JN_FAULT;
    }
    return status;
}

static jn_status_t memory_discard(void *ctx, uint64_t ds, uint64_t offset, uint64_t length)
{
    struct region_guest *guest = ctx;
    return dataspace_discard(guest->pager, ds, offset, length);
}

static jn_status_t memory_release(void *ctx, uint64_t ds, uint64_t offset, uint64_t length,
                                  bool *left)
{
    struct region_guest *guest = ctx;
    uint32_t more = 0;
    jn_status_t status = dataspace_release(guest->pager, ds, offset, length, &more);
    *left = more;
    return status;
}

static jn_status_t memory_move(void *ctx, uint64_t ds, uint64_t from, uint64_t to, uint64_t length)
{
    struct region_guest *guest = ctx;
    return dataspace_move(guest->pager, ds, from, to, length);
}

static jn_status_t memory_close(void *ctx, uint64_t ds)
{
    struct region_guest *guest = ctx;
    return dataspace_close(guest->pager, ds);
}

static jn_status_t charge(void *ctx, int64_t pages)
{
    struct region_guest *guest = ctx;
    return dataspace_commit(guest->pager, pages);
}

static jn_status_t file_map(void *ctx, uint64_t open, uint64_t offset, uint64_t address,
                            uint64_t length, uint32_t access, uint64_t *mapped)
{
    struct region_guest *guest = ctx;
    return dataspace_map(guest->file, open, offset, address, length, access, 0, mapped);
}

static jn_status_t file_read(void *ctx, uint64_t open, uint64_t offset, void *data, uint64_t length)
{
    struct region_guest *guest = ctx;
    uint64_t done = 0, part = 0;
    for (; done < length; done += part) {
        jn_status_t status = io_read(guest->file, open, (int64_t)(offset + done), length - done, 0, 0,
                                     jn_window((uint8_t *)data + done, length - done), &part);
        if (status != JN_OK)
            return status;
        if (!part)
            break;
    }
    if (!done)
        return JN_RANGE;
    memset((uint8_t *)data + done, 0, length - done);
    return JN_OK;
}

static jn_status_t file_close(void *ctx, uint64_t open)
{
    struct region_guest *guest = ctx;
    return io_close(guest->file, open);
}

static jn_status_t special_map(void *ctx, const struct region *region, uint64_t address,
                               uint32_t access)
{
    struct region_guest *guest = ctx;
    const void *page = guest->special_page ? guest->special_page(guest, region, address) : NULL;
    uint64_t done;
    if (!page)
        return JN_ACCESS;
    return jn_task_map(guest->task, page, address, 1, access, false, &done);
}

static jn_status_t unmap(void *ctx, uint64_t address, uint64_t length, uint32_t rights)
{
    struct region_guest *guest = ctx;
    uint64_t seen, bits;
    return jn_task_unmap(guest->task, address, length / REGION_PAGE, rights, 0, &seen, &bits);
}

#define COMMON_OPS                                                                                \
    .memory_create = memory_create, .memory_map = memory_map, .memory_overlay = memory_overlay,   \
    .memory_fill = memory_fill, .memory_extract = memory_extract,                                 \
    .memory_discard = memory_discard, .memory_release = memory_release,                           \
    .memory_move = memory_move, .memory_close = memory_close,                                     \
    .file_map = file_map, .file_read = file_read, .file_close = file_close,                       \
    .special_map = special_map, .unmap = unmap

const struct region_ops region_guest_ops = {COMMON_OPS};
const struct region_ops region_guest_charging_ops = {COMMON_OPS, .charge = charge};

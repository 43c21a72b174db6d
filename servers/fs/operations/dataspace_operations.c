/* Interface dataspace: every open of a regular file is one. */
#include "janus/idl/dataspace.h"
#include "janus/idl/io.h"
#include "request.h"

static jn_status_t file_of(const struct jn_call *call, uint64_t ds, struct client **client,
                           struct description **description)
{
    jn_status_t status = request_usable(call, ds, client, description);
    if (status == JN_OK && (*description)->kind != OPEN_FILE)
        return JN_NOT_SUPPORTED;
    return status;
}

static jn_status_t op_map(struct jn_call *call, uint64_t ds, uint64_t offset, uint64_t address,
                          uint64_t length, uint32_t access, uint32_t flags, uint64_t *mapped)
{
    struct client *client;
    struct description *description;
    (void)flags; /* every page of a file is present */
    *mapped = 0;
    jn_status_t status = file_of(call, ds, &client, &description);
    if (status != JN_OK)
        return status;
    if ((offset | address | length) & (PAGE_BYTES - 1) || length == 0 ||
        access & ~(uint32_t)(JN_R | JN_W | JN_X) || !access)
        return JN_BAD_ARG;
    /* mmap(2) needs reading for every kind of access; an NT image section is opened for execution. */
    if (!(description->access & (IO_ACCESS_READ | IO_ACCESS_EXECUTE)) ||
        ((access & JN_W) && !(description->access & IO_ACCESS_WRITE)))
        return JN_ACCESS;
    if (!client->space)
        return JN_BUSY;
    if (access & JN_W)
        node_modify_now(description->node); /* once per page, when it is first written */
    node_read_now(description->node);
    return file_map(description->node, offset, length, client->space, address, access, mapped);
}

static jn_status_t op_create(struct jn_call *call, uint64_t size, uint32_t flags, uint64_t *ds)
{
    (void)call;
    (void)size;
    (void)flags;
    (void)ds;
    return JN_NOT_SUPPORTED; /* anonymous memory is the pager's; a nameless file: fs.temporary */
}

static jn_status_t op_fill(struct jn_call *call, uint64_t ds, uint64_t offset, uint64_t length,
                           uint64_t *done)
{
    struct client *client;
    struct description *description;
    *done = 0;
    jn_status_t status = file_of(call, ds, &client, &description);
    if (status != JN_OK)
        return status;
    if (!(description->access & IO_ACCESS_WRITE))
        return JN_ACCESS;
    status = file_write(description->node, offset, length, call, 0, done);
    if (*done)
        node_modify_now(description->node);
    if (status != JN_FAULT)
        return status;
    *done = call->fault_address;
    return JN_FAULT_AT;
}

static jn_status_t op_extract(struct jn_call *call, uint64_t ds, uint64_t offset, uint64_t length,
                              uint64_t *done)
{
    struct client *client;
    struct description *description;
    *done = 0;
    jn_status_t status = file_of(call, ds, &client, &description);
    if (status != JN_OK)
        return status;
    if (!(description->access & (IO_ACCESS_READ | IO_ACCESS_EXECUTE)))
        return JN_ACCESS;
    status = file_read(description->node, offset, length, call, 0, done);
    if (status != JN_FAULT)
        return status;
    *done = call->fault_address;
    return JN_FAULT_AT;
}

/* The next access finds "the file's" bytes: they are here already (MADV_DONTNEED changes nothing). */
static jn_status_t op_discard(struct jn_call *call, uint64_t ds, uint64_t offset, uint64_t length)
{
    struct client *client;
    struct description *description;
    (void)offset;
    (void)length;
    return file_of(call, ds, &client, &description);
}

static jn_status_t op_resize(struct jn_call *call, uint64_t ds, uint64_t size)
{
    struct client *client;
    struct description *description;
    jn_status_t status = file_of(call, ds, &client, &description);
    if (status != JN_OK)
        return status;
    if (!(description->access & IO_ACCESS_WRITE))
        return JN_ACCESS;
    return file_resize(description->node, size);
}

static jn_status_t op_info(struct jn_call *call, uint64_t ds, uint64_t *size,
                           uint64_t *resident_pages, uint32_t *flags, uint64_t *identity)
{
    struct client *client;
    struct description *description;
    jn_status_t status = file_of(call, ds, &client, &description);
    if (status != JN_OK)
        return status;
    *size = description->node->size;
    *resident_pages = file_pages(description->node);
    *flags = DS_SHARED;
    *identity = description->node->volume->device << 48 | description->node->inode;
    return JN_OK;
}

/* Unlike io.close this takes no record locks away: a region's number goes at munmap, where Linux
 * keeps the process's locks. */
static jn_status_t op_close(struct jn_call *call, uint64_t ds)
{
    struct client *client;
    jn_status_t status = request_client(call, &client);
    if (status != JN_OK)
        return status;
    struct description *description = client_take(client, ds);
    if (!description)
        return JN_BAD_HANDLE;
    description_put(description);
    return JN_OK;
}

static jn_status_t op_share(struct jn_call *call, uint64_t ds, cap_t target, uint32_t access,
                            uint64_t *target_ds)
{
    struct client *client, *other;
    struct description *description;
    *target_ds = 0;
    jn_status_t status = request_target(target, &other);
    if (status == JN_OK)
        status = file_of(call, ds, &client, &description);
    if (status != JN_OK)
        return status;
    /* A description of its own, so that the access can be less. */
    struct description *shared = description_create(OPEN_FILE, description->node, description->entry,
                                                    0, description->flags);
    if (!shared)
        return JN_NO_MEMORY;
    if (access & JN_R)
        shared->access |= description->access & IO_ACCESS_READ;
    if (access & JN_W)
        shared->access |= description->access & IO_ACCESS_WRITE;
    if (access & JN_X)
        shared->access |= description->access & IO_ACCESS_EXECUTE;
    status = client_add(other, shared, target_ds);
    if (status != JN_OK)
        description_put(shared);
    return status;
}

static jn_status_t op_quota(struct jn_call *call, uint64_t *limit, uint64_t *used, uint64_t *peak)
{
    struct client *client;
    jn_status_t status = request_client(call, &client);
    *limit = page_cache_limit(); /* one account for the whole tmpfs */
    *used = *peak = page_cache_used();
    return status;
}

const struct dataspace_ops dataspace_operations = {
    .map = op_map,
    .create = op_create,
    .fill = op_fill,
    .extract = op_extract,
    .discard = op_discard,
    .resize = op_resize,
    .info = op_info,
    .close = op_close,
    .share = op_share,
    .quota = op_quota,
};

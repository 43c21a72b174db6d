/* Interface dataspace. */
#include "janus/idl/dataspace.h"

#include "janus/object.h"
#include "pager.h"

#define SIZE_MAX_BYTES (1ull << 47)
#define RIGHTS (JN_R | JN_W | JN_X)

/* The open, and a range in it: *length is cut at the end of the dataspace. aligned: whole pages. */
static jn_status_t find_range(struct jn_call *call, uint64_t ds, uint64_t offset, uint64_t *length,
                              bool aligned, struct open **open)
{
    struct client *client = pager_client(call);
    *open = client ? user_find(client, ds) : NULL;
    if (!*open)
        return client ? JN_BAD_HANDLE : JN_NO_RIGHT;
    if (!*length || (aligned && (offset | *length) % PAGE_BYTES))
        return JN_BAD_ARG;
    uint64_t size = (*open)->ds->size;
    if (offset >= size)
        return JN_RANGE;
    if (*length > size - offset)
        *length = size - offset;
    return JN_OK;
}

static jn_status_t op_map(struct jn_call *call, uint64_t ds, uint64_t offset, uint64_t address,
                          uint64_t length, uint32_t access, uint32_t flags, uint64_t *mapped)
{
    struct open *open;
    jn_status_t status = find_range(call, ds, offset, &length, true, &open);
    if (status != JN_OK)
        return status;
    if (access & ~(uint32_t)RIGHTS || address % PAGE_BYTES ||
        flags & ~(uint32_t)(DS_MAP_PRESENT | DS_MAP_FILL | DS_MAP_READ))
        return JN_BAD_ARG;
    if (access & ~open->access)
        return JN_ACCESS;
    if (access && open->client->space == JN_CAP_NULL)
        return JN_BUSY;
    return ds_map(open, offset, address, length, access, flags, mapped);
}

static jn_status_t op_create(struct jn_call *call, uint64_t size, uint32_t flags, uint64_t *ds)
{
    struct client *client = pager_client(call);
    if (!client)
        return JN_NO_RIGHT;
    if (!size || size > SIZE_MAX_BYTES ||
        flags & ~(uint32_t)(DS_SHARED | DS_CONTIGUOUS | DS_PINNED | DS_EAGER) ||
        (flags & DS_EAGER && flags != DS_EAGER))
        return JN_BAD_ARG;
    size = (size + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
    struct dataspace *made = ds_make(client, size, flags);
    if (!made)
        return JN_NO_MEMORY;
    if (flags & (DS_CONTIGUOUS | DS_PINNED)) {
        jn_status_t status = ds_populate(made);
        if (status != JN_OK) {
            ds_drop(made, false);
            return status;
        }
    }
    return user_enter(client, made, RIGHTS, ds);
}

static jn_status_t op_overlay(struct jn_call *call, uint64_t ds, uint64_t offset, uint64_t address,
                              uint32_t access)
{
    struct open *open;
    uint64_t length = PAGE_BYTES, mapped;
    jn_status_t status = find_range(call, ds, offset, &length, true, &open);
    if (status != JN_OK)
        return status;
    if (!access || access & ~open->access || address % PAGE_BYTES)
        return JN_BAD_ARG;
    if (!(open->access & JN_W)) /* it may be given a page */
        return JN_ACCESS;
    if (open->client->space == JN_CAP_NULL)
        return JN_BUSY;
    uint64_t page = offset >> PAGE_BITS;
    uint32_t frame;
    status = ds_page(open->ds, page, PAGE_LOOK, &frame);
    if (status == JN_OK && !frame) {
        size_t done = 0;
        status = ds_page(open->ds, page, PAGE_WHOLE, &frame);
        if (status != JN_OK)
            return status;
        status = jn_copy_in(call, 0, 0, platform_contents(frame), PAGE_BYTES, &done);
        if (status == JN_OK && done < PAGE_BYTES)
            status = JN_FAULT;
        if (status != JN_OK) {
            ds_discard(open->ds, page, 1, false);
            return status;
        }
    }
    return ds_map(open, offset, address, PAGE_BYTES, access, 0, &mapped);
}

static jn_status_t op_fill(struct jn_call *call, uint64_t ds, uint64_t offset, uint64_t length,
                           uint64_t *total)
{
    struct open *open;
    jn_status_t status = find_range(call, ds, offset, &length, false, &open);
    if (status == JN_OK && !(open->access & JN_W))
        status = JN_ACCESS;
    while (status == JN_OK && *total < length) {
        uint64_t at = offset + *total, skew = at % PAGE_BYTES;
        uint64_t part = PAGE_BYTES - skew < length - *total ? PAGE_BYTES - skew : length - *total;
        bool whole = part == PAGE_BYTES;
        uint32_t frame, before;
        size_t done = 0;
        status = ds_page(open->ds, at >> PAGE_BITS, PAGE_LOOK, &before);
        if (status == JN_OK)
            status = ds_fill_page(open->ds, at >> PAGE_BITS, whole, &frame);
        if (status != JN_OK)
            break;
        uint8_t *contents = platform_contents(frame);
        status = jn_copy_in(call, 0, *total, contents + skew, part, &done);
        if (whole && !before && done < part)
            memset(contents + done, 0, part - done);
        *total += done;
        if (status == JN_OK && done < part)
            status = JN_FAULT;
    }
    return *total ? JN_OK : status;
}

static jn_status_t op_extract(struct jn_call *call, uint64_t ds, uint64_t offset, uint64_t length,
                              uint64_t *total)
{
    static const uint8_t zeroes[PAGE_BYTES];
    struct open *open;
    jn_status_t status = find_range(call, ds, offset, &length, false, &open);
    while (status == JN_OK && *total < length) {
        uint64_t at = offset + *total, skew = at % PAGE_BYTES;
        uint64_t part = PAGE_BYTES - skew < length - *total ? PAGE_BYTES - skew : length - *total;
        uint32_t frame;
        size_t done = 0;
        status = ds_page(open->ds, at >> PAGE_BITS, PAGE_LOOK, &frame);
        if (status != JN_OK)
            break;
        const uint8_t *contents = frame ? platform_contents(frame) : zeroes;
        status = jn_copy_out(call, 0, *total, contents + skew, part, &done);
        *total += done;
        if (status == JN_OK && done < part)
            status = JN_FAULT;
    }
    return *total ? JN_OK : status;
}

/* Pinned pages stay: they become zeroes. */
static void wipe(struct dataspace *ds, uint64_t offset, uint64_t length)
{
    for (uint64_t at = 0; at < length; at += PAGE_BYTES) {
        uint32_t frame = page_tree_get(&ds->pages, (offset + at) >> PAGE_BITS);
        if (frame)
            memset(platform_contents(frame), 0, PAGE_BYTES);
    }
}

static jn_status_t op_discard(struct jn_call *call, uint64_t ds, uint64_t offset, uint64_t length)
{
    struct open *open;
    jn_status_t status = find_range(call, ds, offset, &length, true, &open);
    if (status == JN_OK && !(open->access & JN_W))
        status = JN_ACCESS;
    if (status != JN_OK)
        return status;
    if (open->ds->flags & (DS_PINNED | DS_CONTIGUOUS))
        wipe(open->ds, offset, length);
    else
        ds_discard(open->ds, offset >> PAGE_BITS, length >> PAGE_BITS, true);
    return JN_OK;
}

static jn_status_t op_release(struct jn_call *call, uint64_t ds, uint64_t offset, uint64_t length,
                              uint32_t *left)
{
    struct open *open;
    jn_status_t status = find_range(call, ds, offset, &length, true, &open);
    if (status == JN_OK && !(open->access & JN_W))
        status = JN_ACCESS;
    if (status == JN_OK && open->ds->flags & (DS_PINNED | DS_CONTIGUOUS))
        status = JN_NOT_SUPPORTED;
    if (status == JN_OK)
        *left = !ds_discard(open->ds, offset >> PAGE_BITS, length >> PAGE_BITS, true);
    return status;
}

static jn_status_t op_resize(struct jn_call *call, uint64_t ds, uint64_t size)
{
    struct open *open;
    uint64_t length = 1;
    jn_status_t status = find_range(call, ds, 0, &length, false, &open);
    if (status != JN_OK)
        return status;
    if (!size || size > SIZE_MAX_BYTES)
        return JN_BAD_ARG;
    if (!(open->access & JN_W))
        return JN_ACCESS;
    if (open->ds->flags & (DS_PINNED | DS_CONTIGUOUS))
        return JN_NOT_SUPPORTED;
    size = (size + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
    if (size < open->ds->size)
        ds_discard(open->ds, size >> PAGE_BITS, (open->ds->size - size) >> PAGE_BITS, true);
    open->ds->size = size;
    return JN_OK;
}

static jn_status_t op_info(struct jn_call *call, uint64_t ds, uint64_t *size, uint64_t *resident,
                           uint32_t *flags, uint64_t *identity)
{
    struct open *open;
    uint64_t length = 1;
    jn_status_t status = find_range(call, ds, 0, &length, false, &open);
    if (status != JN_OK)
        return status;
    *size = open->ds->size;
    *resident = open->ds->pages.count;
    *flags = open->ds->flags;
    *identity = open->ds->identity;
    return JN_OK;
}

static jn_status_t op_pin(struct jn_call *call, uint64_t ds, uint64_t offset, uint64_t length,
                          uint64_t *physical)
{
    struct open *open;
    jn_status_t status = find_range(call, ds, offset, &length, true, &open);
    if (status != JN_OK)
        return status;
    /* Nothing is ever paged out; but a copy-on-write page moves when it is written. */
    if (!(open->ds->flags & (DS_PINNED | DS_CONTIGUOUS)))
        return JN_NOT_SUPPORTED;
    uint32_t frame;
    status = ds_page(open->ds, offset >> PAGE_BITS, PAGE_LOOK, &frame);
    *physical = (uint64_t)frame << PAGE_BITS;
    return status;
}

static jn_status_t op_close(struct jn_call *call, uint64_t ds)
{
    struct client *client = pager_client(call);
    return client ? user_close(client, ds) : JN_NO_RIGHT;
}

static jn_status_t op_share(struct jn_call *call, uint64_t ds, cap_t target, uint32_t access,
                            uint64_t *target_ds)
{
    struct open *open;
    uint64_t length = 1;
    struct client *other;
    jn_status_t status = pager_target(target, &other);
    if (status == JN_OK)
        status = find_range(call, ds, 0, &length, false, &open);
    if (status != JN_OK)
        return status;
    if (access & ~open->access || !(access & JN_R))
        return JN_ACCESS;
    if (!(open->ds->flags & (DS_SHARED | DS_PINNED | DS_CONTIGUOUS)))
        return JN_NOT_SUPPORTED; /* private memory has one client */
    return user_enter(other, open->ds, access, target_ds);
}

static jn_status_t op_quota(struct jn_call *call, uint64_t *limit, uint64_t *used, uint64_t *peak)
{
    struct client *client = pager_client(call);
    uint64_t machine = frame_totals.program_limit;
    *limit = machine;
    *used = frame_totals.program;
    *peak = frame_totals.program;
    if (!client)
        return JN_OK; /* the administrative capability sees what all programs use */
    for (struct account *a = client->account; a; a = a->parent)
        if (a->limit < *limit)
            *limit = a->limit;
    *used = client->account->used;
    *peak = client->account->peak;
    return JN_OK;
}

static jn_status_t op_machine(struct jn_call *call, uint64_t *free_pages)
{
    (void)call;
    *free_pages = frame_totals.free + platform_untouched();
    return JN_OK;
}

static jn_status_t op_set_quota(struct jn_call *call, cap_t target, uint64_t limit)
{
    struct client *client = pager_client(call);
    struct client *other;
    jn_status_t status = pager_target(target, &other);
    if (status != JN_OK)
        return status;
    if (!client && call->label != JN_LABEL_ADMIN)
        return JN_NO_RIGHT;
    if (client) {
        /* A process bounds nobody, not even what it cloned for a child. */
        if (client == other || client->program)
            return JN_NOT_PERMITTED;
        status = account_move(other->account, client->account);
    }
    if (status == JN_OK)
        other->account->limit = limit;
    return status;
}

static jn_status_t op_move(struct jn_call *call, uint64_t ds, uint64_t from, uint64_t to,
                           uint64_t length)
{
    struct open *open;
    uint64_t from_length = length, to_length = length;
    jn_status_t status = find_range(call, ds, from, &from_length, true, &open);
    if (status == JN_OK)
        status = find_range(call, ds, to, &to_length, true, &open);
    if (status != JN_OK)
        return status;
    if (from_length < length || to_length < length)
        return JN_RANGE;
    if (from < to + length && to < from + length)
        return JN_BAD_ARG;
    if (open->ds->flags & (DS_SHARED | DS_PINNED | DS_CONTIGUOUS))
        return JN_NOT_SUPPORTED;
    return ds_move(open->ds, from >> PAGE_BITS, to >> PAGE_BITS, length >> PAGE_BITS);
}

static jn_status_t op_commit(struct jn_call *call, int64_t pages)
{
    struct client *client = pager_client(call);
    if (!client)
        return JN_NO_RIGHT;
    if (pages > (int64_t)(SIZE_MAX_BYTES >> PAGE_BITS) ||
        pages < -(int64_t)(SIZE_MAX_BYTES >> PAGE_BITS))
        return JN_BAD_ARG;
    if (pages > 0 && client->program && client->account->committed + (uint64_t)pages >
                                            frame_totals.program_limit)
        return JN_QUOTA;
    return account_commit(client->account, pages);
}

static jn_status_t op_seal(struct jn_call *call)
{
    struct client *client = jn_labels_find(&pager_labels, call->label);
    if (!client)
        return JN_NO_RIGHT;
    client->sealed = true;
    return JN_OK;
}

const struct dataspace_ops pager_dataspace_ops = {
    .map = op_map,
    .create = op_create,
    .overlay = op_overlay,
    .fill = op_fill,
    .extract = op_extract,
    .discard = op_discard,
    .release = op_release,
    .resize = op_resize,
    .info = op_info,
    .pin = op_pin,
    .close = op_close,
    .share = op_share,
    .quota = op_quota,
    .set_quota = op_set_quota,
    .machine = op_machine,
    .move = op_move,
    .commit = op_commit,
    .seal = op_seal,
};

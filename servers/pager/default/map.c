/* Mapping pages of a dataspace into its client's space, in runs of contiguous frames. */
#include "client.h"
#include "dataspace.h"
#include "janus/idl/dataspace.h"

#define COPIES_MAX 64 /* pages copied for one call; a mapping may always end early */

struct run {
    uint32_t frame; /* FRAME_NONE: no run */
    uint64_t pages;
    uint64_t address;
    uint32_t access;
};

static uint32_t zeroes;

void map_init(uint32_t zero_frame)
{
    zeroes = zero_frame;
}

static jn_status_t flush(struct open *open, struct run *run, uint64_t *mapped)
{
    uint64_t done = 0;
    jn_status_t status = JN_OK;
    if (run->frame && run->access) {
        status = platform_map(open->client->space, run->frame, run->address, run->pages,
                              run->access, &done);
        *mapped += done << PAGE_BITS;
    } else if (run->frame) {
        *mapped += run->pages << PAGE_BITS;
    }
    run->frame = FRAME_NONE;
    return status;
}

static jn_status_t add(struct open *open, struct run *run, uint32_t frame, uint64_t pages,
                       uint64_t address, uint32_t access, uint64_t *mapped)
{
    if (run->frame && run->frame + run->pages == frame && run->access == access &&
        frame != zeroes) {
        run->pages += pages;
        return JN_OK;
    }
    jn_status_t status = flush(open, run, mapped);
    if (status == JN_OK)
        *run = (struct run){frame, pages, address, access};
    return status;
}

/* Chooses the frame and the rights for one page. FRAME_NONE with JN_OK: the mapping ends before it. */
static jn_status_t choose(struct dataspace *ds, uint64_t page, bool first, uint32_t flags,
                          uint32_t *access, uint32_t *frame)
{
    bool write = *access & JN_W, wanted = first || flags & DS_MAP_FILL;
    *frame = page_tree_get(&ds->pages, page);
    if (!*frame && (!wanted || flags & DS_MAP_PRESENT || !*access))
        return JN_OK;
    if (write && ((wanted && !(flags & DS_MAP_READ)) || (*frame && ds_page_own(ds, page))))
        return ds_page(ds, page, PAGE_WRITE, frame);
    *access &= ~JN_W;
    jn_status_t status = ds_page(ds, page, PAGE_READ, frame);
    if (status == JN_OK && !*frame && first) {
        ds->zeroes_seen = true;
        *frame = zeroes;
    }
    return status;
}

/* All of a contiguous dataspace: one run, whose frames are noted the first time. */
static jn_status_t map_block(struct open *open, uint64_t address, uint32_t access,
                             uint64_t *mapped)
{
    struct dataspace *ds = open->ds;
    uint64_t pages = ds->size >> PAGE_BITS;
    uint32_t noted = FRAME_MAPPED | (access & JN_W ? FRAME_WRITABLE : 0);
    struct run run = {page_tree_get(&ds->pages, 0), pages, address, access};
    if ((ds->block_noted & noted) != noted)
        for (uint64_t i = 0; i < pages; i++)
            platform_record(run.frame + (uint32_t)i)->flags |= (uint8_t)noted;
    ds->block_noted |= noted;
    jn_status_t status = flush(open, &run, mapped);
    return *mapped ? JN_OK : status != JN_OK ? status : JN_NOT_FOUND;
}

jn_status_t ds_map(struct open *open, uint64_t offset, uint64_t address, uint64_t length,
                          uint32_t access, uint32_t flags, uint64_t *mapped)
{
    struct dataspace *ds = open->ds;
    struct run run = {0};
    jn_status_t status = JN_OK;
    *mapped = 0;
    if (ds->flags & DS_CONTIGUOUS && !offset && length == ds->size && access)
        return map_block(open, address, access, mapped);
    bool makes = access & JN_W && !(flags & (DS_MAP_PRESENT | DS_MAP_READ));
    uint32_t replaced[COPIES_MAX], replaced_count = 0;
    uint64_t pages = 1;
    for (uint64_t at = 0; at < length && replaced_count < COPIES_MAX; at += pages << PAGE_BITS) {
        uint32_t frame, rights = access;
        uint64_t page = (offset + at) >> PAGE_BITS;
        uint32_t before = page_tree_get(&ds->pages, page);
        uint64_t left = (length - at) >> PAGE_BITS;
        bool make = makes && (!at || flags & DS_MAP_FILL) && !before;
        pages = make || !(access & JN_W) ? 0 : ds_own_run(ds, page, left, &frame);
        if (make) {
            status = ds_make_run(ds, page, flags & DS_MAP_FILL ? left : 1, true, &frame, &pages);
        } else if (!pages) {
            pages = 1;
            status = choose(ds, page, at == 0, flags, &rights, &frame);
        }
        if (status != JN_OK || !frame)
            break;
        if (before && before != frame)
            replaced[replaced_count++] = before;
        uint8_t noted = rights & JN_W ? FRAME_MAPPED | FRAME_WRITABLE : rights ? FRAME_MAPPED : 0;
        struct frame *records = platform_record(frame);
        for (uint64_t i = 0; i < pages; i++)
            records[i].flags |= noted;
        status = add(open, &run, frame, pages, address + at, rights, mapped);
        if (status != JN_OK)
            break;
    }
    jn_status_t last = flush(open, &run, mapped);
    /* Pages that were made or copied but not mapped may be shown as they were: what the pager itself writes
     * there later must be seen. */
    if (status != JN_OK || last != JN_OK) {
        if (makes && ds->zeroes_seen)
            platform_revoke(zeroes, 1, JN_R | JN_W | JN_X);
        while (replaced_count)
            platform_revoke(replaced[--replaced_count], 1, JN_R | JN_W | JN_X);
    }
    if (*mapped)
        return JN_OK;
    if (status != JN_OK || last != JN_OK)
        return status != JN_OK ? status : last;
    return JN_NOT_FOUND;
}

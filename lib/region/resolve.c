/* Resolving faults.
 *
 * Anonymous memory: a fault maps the page and those of the next 16 that are resident. When faults
 * come in order, up or down, absent pages are allocated ahead, 1, 2, 4 .. 64 at a time: never more than
 * were touched before.
 *
 * Private file pages: a page that was ever written is in the private dataspace and wins over the
 * file's. The first write makes the file's page visible read-only, then lets the pager copy from
 * there. So from the first such page of a region to its last, no file pages are mapped around a fault.
 *
 * File pages around a fault are those of its aligned 16: where a program goes next is as often below. */
#include "map.h"

#include "janus/idl/dataspace.h"

#define AROUND 16u /* pages */
#define AHEAD 64u  /* pages; what the pager makes in one piece */

static uint64_t window(const struct region *region, uint64_t page)
{
    uint64_t rest = region_end(region) - page;
    return rest < AROUND * REGION_PAGE ? rest : AROUND * REGION_PAGE;
}

static jn_status_t resolve_private(struct region_map *map, struct region *region, uint64_t page,
                                   uint32_t access, bool write)
{
    uint64_t ds, mapped;
    jn_status_t status = map_memory(map, &ds);
    if (status != JN_OK)
        return status;
    uint64_t from = page, length = window(region, page);
    uint32_t flags = write ? 0 : DS_MAP_READ;
    bool upward = page == region->fault_next, downward = page + REGION_PAGE == region->fault_below;
    if (write && (upward || downward) && region->fault_run) {
        uint32_t run = region->fault_run < AHEAD ? region->fault_run * 2 : AHEAD;
        uint64_t bytes = run * REGION_PAGE, rest = region_end(region) - page;
        if (downward) {
            uint64_t room = page + REGION_PAGE - region->start;
            bytes = bytes < room ? bytes : room;
            from = page + REGION_PAGE - bytes;
        }
        length = upward && rest < bytes ? rest : bytes;
        flags = DS_MAP_FILL;
        region->fault_run = run;
    } else {
        region->fault_run = 1;
    }
    status = map->ops->memory_map(map->ctx, ds, from, from, length, access, flags, &mapped);
    if (flags & DS_MAP_FILL && (status != JN_OK || from + mapped <= page)) {
        /* No memory for the pages ahead, perhaps: only the one that is needed. */
        from = page;
        status = map->ops->memory_map(map->ctx, ds, page, page, REGION_PAGE, access, 0, &mapped);
    }
    if (status != JN_OK)
        return status;
    if (write) {
        region->fault_next = flags & DS_MAP_FILL ? from + mapped : page + REGION_PAGE;
        region->fault_below = from;
    }
    return JN_OK;
}

void region_map_populate(struct region_map *map, uint64_t address, uint64_t length)
{
    struct region *region = tree_find(map->root, address);
    uint64_t ds, mapped;
    if (!map_range_ok(map, address, length) || !region || region->kind != REGION_PRIVATE ||
        !(region->access & JN_W) || region_end(region) - address < length ||
        map_memory(map, &ds) != JN_OK)
        return;
    region->touched = true;
    if (map->ops->memory_map(map->ctx, ds, address, address, length, region->access, DS_MAP_FILL,
                             &mapped) != JN_OK)
        return; /* a fault will say why */
    region->fault_below = address;
    region->fault_next = address + mapped;
    region->fault_run = (uint32_t)(mapped / REGION_PAGE);
}

/* The file's page at `page`, and its neighbours where that is harmless: none that may have been changed,
 * and none that is to be executed only; never writable. */
static jn_status_t show_file(struct region_map *map, const struct region *region, uint64_t page,
                             uint32_t access)
{
    uint64_t low = region->start, high = region_end(region), mapped;
    uint64_t from = page & ~(AROUND * REGION_PAGE - 1), end = from + AROUND * REGION_PAGE;
    if (region_overlaid_at(region, page) || (region->flags & REGION_HIDDEN && access & JN_R)) {
        low = page;
        high = page + REGION_PAGE;
    } else if (region->overlaid && page < region->overlay_begin) {
        high = high < region->overlay_begin ? high : region->overlay_begin;
    } else if (region->overlaid) {
        low = low > region->overlay_end ? low : region->overlay_end;
    }
    from = from < low ? low : from;
    end = end > high ? high : end;
    if (from < page) {
        jn_status_t status = map->ops->file_map(map->ctx, region->source->number,
                                                region->offset + (from - region->start), from,
                                                end - from, access & ~JN_W, &mapped);
        if (status == JN_OK && from + mapped > page)
            return JN_OK;
    }
    uint64_t length = high - page < AROUND * REGION_PAGE ? high - page : AROUND * REGION_PAGE;
    return map->ops->file_map(map->ctx, region->source->number,
                              region->offset + (page - region->start), page, length,
                              access & ~JN_W, &mapped);
}

_Alignas(4096) uint8_t map_page_buffer[REGION_PAGE];

/* Copies the file's page into the private dataspace without a thread of the address space. */
static jn_status_t copy_page(struct region_map *map, const struct region *region, uint64_t page,
                             uint64_t ds)
{
    jn_status_t status = map->ops->file_read(map->ctx, region->source->number,
                                             region->offset + (page - region->start),
                                             map_page_buffer, REGION_PAGE);
    if (status == JN_OK)
        status = map->ops->memory_fill(map->ctx, ds, page, map_page_buffer, REGION_PAGE);
    return status;
}

jn_status_t map_copy_file_page(struct region_map *map, struct region *region, uint64_t page)
{
    uint64_t ds, mapped;
    jn_status_t status = map_memory(map, &ds);
    if (status != JN_OK)
        return status;
    if (region_overlaid_at(region, page)) {
        status = map->ops->memory_map(map->ctx, ds, page, page, REGION_PAGE, 0, DS_MAP_PRESENT,
                                      &mapped);
        if (status != JN_NOT_FOUND)
            return status;
    }
    status = copy_page(map, region, page, ds);
    if (status != JN_OK)
        return status;
    region->touched = true;
    region_overlay(region, page, page + REGION_PAGE);
    return map->ops->unmap(map->ctx, page, REGION_PAGE, JN_R | JN_W | JN_X);
}

static jn_status_t resolve_file_private(struct region_map *map, struct region *region,
                                        uint64_t page, uint32_t access, bool write, cap_t reply)
{
    uint64_t ds, mapped, around = window(region, page);
    if (region->flags & REGION_HIDDEN && access & JN_R)
        around = REGION_PAGE;
    bool overlaid = region_overlaid_at(region, page);
    if (!write && !overlaid)
        return show_file(map, region, page, access);
    jn_status_t status = map_memory(map, &ds);
    if (status != JN_OK)
        return status;
    if (overlaid) {
        status = map->ops->memory_map(map->ctx, ds, page, page, around, access,
                                      DS_MAP_PRESENT | (write ? 0 : DS_MAP_READ), &mapped);
        if (status != JN_NOT_FOUND)
            return status;
        if (!write)
            return show_file(map, region, page, access);
    }
    if (reply == JN_CAP_NULL) {
        status = map_copy_file_page(map, region, page);
        if (status != JN_OK)
            return status;
        return map->ops->memory_map(map->ctx, ds, page, page, REGION_PAGE, access, 0, &mapped);
    }
    region_overlay(region, page, page + REGION_PAGE);
    status = show_file(map, region, page, access);
    if (status != JN_OK)
        return status;
    return map->ops->memory_overlay(map->ctx, ds, page, page, access, reply);
}

jn_status_t region_map_resolve(struct region_map *map, uint64_t address, uint32_t access,
                               cap_t reply)
{
    uint64_t page = address & ~(REGION_PAGE - 1), mapped;
    struct region *region = tree_find(map->root, page);
    if (!region)
        return JN_NOT_FOUND;
    access &= JN_R | JN_W | JN_X;
    if (region->kind == REGION_RESERVED || !region->access || access & ~region->access)
        return JN_ACCESS;
    bool write = access & JN_W;
    uint32_t grant = write ? region->access : region->access & ~JN_W;
    if (region->flags & REGION_HIDDEN && access == JN_X)
        grant = JN_X;
    uint64_t offset = region->offset + (page - region->start);
    region->touched = true;
    switch (region->kind) {
    case REGION_PRIVATE:
        return resolve_private(map, region, page, region->access, write);
    case REGION_SHARED:
        return map->ops->memory_map(map->ctx, region->source->number, offset, page,
                                    window(region, page), region->access, 0, &mapped);
    case REGION_FILE:
        return map->ops->file_map(map->ctx, region->source->number, offset, page,
                                  window(region, page), grant, &mapped);
    case REGION_FILE_PRIVATE:
        return resolve_file_private(map, region, page, grant == JN_X ? JN_X : region->access, write,
                                    reply);
    case REGION_SPECIAL:
        if (!map->ops->special_map)
            return JN_ACCESS;
        return map->ops->special_map(map->ctx, region, page, grant);
    default:
        return JN_ACCESS;
    }
}

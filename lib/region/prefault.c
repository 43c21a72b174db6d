/* Pages that a loader knows to be used soon: brought in by the run, not fault by fault. */
#include "janus/region_prefault.h"

#include "map.h"

#include "janus/idl/dataspace.h"

static bool is_private(const struct region *region)
{
    return region->kind == REGION_PRIVATE || region->kind == REGION_FILE_PRIVATE;
}

jn_status_t region_map_fill(struct region_map *map, uint64_t address, const void *data,
                            uint64_t length)
{
    uint64_t ds, end = address + length;
    if (!map_range_ok(map, address, length))
        return JN_BAD_ARG;
    for (uint64_t at = address; at < end;) {
        struct region *region = tree_find(map->root, at);
        if (!region || !is_private(region))
            return JN_BAD_ARG;
        at = region_end(region);
    }
    jn_status_t status = map_memory(map, &ds);
    if (status != JN_OK)
        return status;
    for (uint64_t at = address; at < end;) {
        struct region *region = tree_find(map->root, at);
        uint64_t stop = region_end(region) < end ? region_end(region) : end;
        region->touched = true;
        if (region->kind == REGION_FILE_PRIVATE)
            region_overlay(region, at, stop);
        at = stop;
    }
    return map->ops->memory_fill(map->ctx, ds, address, data, length);
}

static jn_status_t show_file(struct region_map *map, const struct region *region, uint64_t from,
                             uint64_t end)
{
    uint64_t mapped;
    for (; from < end; from += mapped) {
        jn_status_t status = map->ops->file_map(map->ctx, region->source->number,
                                                region->offset + (from - region->start), from,
                                                end - from, region->access & ~JN_W, &mapped);
        if (status != JN_OK || !mapped)
            return status;
    }
    return JN_OK;
}

/* Pages of the private dataspace; without W only those that are there. */
static jn_status_t show_private(struct region_map *map, const struct region *region, uint64_t from,
                                uint64_t end, uint32_t flags)
{
    uint64_t ds, mapped;
    jn_status_t status = map_memory(map, &ds);
    for (; status == JN_OK && from < end; from += mapped) {
        status = map->ops->memory_map(map->ctx, ds, from, from, end - from, region->access, flags,
                                      &mapped);
        if (status == JN_NOT_FOUND)
            return JN_OK;
        if (status == JN_OK && !mapped)
            break;
    }
    return status;
}

static jn_status_t populate_region(struct region_map *map, struct region *region, uint64_t from,
                                   uint64_t end)
{
    uint64_t low = end, high = end; /* what may have private pages */
    if (!region->access || region->flags & REGION_HIDDEN)
        return JN_OK;
    region->touched = true;
    switch (region->kind) {
    case REGION_PRIVATE:
        return show_private(map, region, from, end,
                            region->access & JN_W ? DS_MAP_FILL : DS_MAP_PRESENT);
    case REGION_FILE: return show_file(map, region, from, end);
    case REGION_FILE_PRIVATE: break;
    default: return JN_OK;
    }
    if (region->overlaid) {
        low = region->overlay_begin > from ? region->overlay_begin : from;
        high = region->overlay_end > from ? region->overlay_end : from;
        low = low < end ? low : end;
        high = high < end ? high : end;
    }
    jn_status_t status = show_file(map, region, from, low);
    if (status == JN_OK)
        status = show_private(map, region, low, high, DS_MAP_PRESENT);
    return status == JN_OK ? show_file(map, region, high, end) : status;
}

jn_status_t region_map_prefault(struct region_map *map, uint64_t address, uint64_t length,
                                uint64_t *done)
{
    uint64_t end = address + length;
    if (!map_range_ok(map, address, length))
        return JN_BAD_ARG;
    struct region *region = tree_next(map->root, address);
    for (; region && region->start < end; region = tree_next(map->root, region_end(region))) {
        uint64_t from = region->start > address ? region->start : address;
        uint64_t stop = region_end(region) < end ? region_end(region) : end;
        *done = from - address;
        jn_status_t status = populate_region(map, region, from, stop);
        if (status != JN_OK)
            return status;
    }
    *done = length;
    return JN_OK;
}

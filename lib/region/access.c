/* Reading and writing an address space from outside, through what stands behind its pages. */
#include "map.h"

#include <string.h>

#include "janus/idl/dataspace.h"

static jn_status_t write_piece(struct region_map *map, struct region *region, uint64_t address,
                               const void *data, uint64_t length, bool force)
{
    if (!(region->access & JN_W) && !force)
        return JN_ACCESS;
    uint64_t ds = 0;
    jn_status_t status;
    switch (region->kind) {
    case REGION_PRIVATE:
        region->touched = true;
        status = map_memory(map, &ds);
        return status != JN_OK ? status : map->ops->memory_fill(map->ctx, ds, address, data, length);
    case REGION_SHARED:
        return map->ops->memory_fill(map->ctx, region->source->number,
                                     region->offset + (address - region->start), data, length);
    case REGION_FILE_PRIVATE:
        status = map_copy_file_page(map, region, address & ~(REGION_PAGE - 1));
        if (status != JN_OK)
            return status;
        return map->ops->memory_fill(map->ctx, map->memory, address, data, length);
    default:
        return JN_ACCESS;
    }
}

static jn_status_t read_file_piece(struct region_map *map, struct region *region, uint64_t address,
                                   void *data, uint64_t length)
{
    uint64_t page = address & ~(REGION_PAGE - 1);
    jn_status_t status = map->ops->file_read(map->ctx, region->source->number,
                                             region->offset + (page - region->start),
                                             map_page_buffer, REGION_PAGE);
    if (status == JN_OK)
        memcpy(data, map_page_buffer + (address - page), length);
    return status;
}

static jn_status_t read_piece(struct region_map *map, struct region *region, uint64_t address,
                              void *data, uint64_t length)
{
    uint64_t ds = 0, mapped, page = address & ~(REGION_PAGE - 1);
    jn_status_t status;
    switch (region->kind) {
    case REGION_PRIVATE:
        status = map_memory(map, &ds);
        return status != JN_OK ? status
                               : map->ops->memory_extract(map->ctx, ds, address, data, length);
    case REGION_SHARED:
        return map->ops->memory_extract(map->ctx, region->source->number,
                                        region->offset + (address - region->start), data, length);
    case REGION_FILE_PRIVATE:
        if (region_overlaid_at(region, page)) {
            status = map->ops->memory_map(map->ctx, map->memory, page, page, REGION_PAGE, 0,
                                          DS_MAP_PRESENT, &mapped);
            if (status == JN_OK)
                return map->ops->memory_extract(map->ctx, map->memory, address, data, length);
            if (status != JN_NOT_FOUND)
                return status;
        }
        return read_file_piece(map, region, address, data, length);
    case REGION_FILE:
        return read_file_piece(map, region, address, data, length);
    default:
        return JN_ACCESS;
    }
}

jn_status_t region_map_replace(struct region_map *map, uint64_t address, const void *data,
                               uint64_t length)
{
    uint64_t ds;
    struct region *region = tree_find(map->root, address);
    if (!region || region->kind != REGION_FILE_PRIVATE || (address | length) % REGION_PAGE ||
        length > region_end(region) - address)
        return JN_BAD_ARG;
    jn_status_t status = map_memory(map, &ds);
    if (status != JN_OK)
        return status;
    region->touched = true;
    region_overlay(region, address, address + length);
    return map->ops->memory_fill(map->ctx, ds, address, data, length);
}

/* Length of the next piece: it ends with the page where pages differ, else with the region. */
static uint64_t piece(const struct region *region, uint64_t address, uint64_t rest)
{
    bool file = region->kind == REGION_FILE || region->kind == REGION_FILE_PRIVATE;
    uint64_t end = file ? (address | (REGION_PAGE - 1)) + 1 : region_end(region);
    return end - address < rest ? end - address : rest;
}

jn_status_t region_map_write(struct region_map *map, uint64_t address, const void *data,
                             uint64_t length, bool force, uint64_t *done)
{
    for (*done = 0; *done < length;) {
        struct region *region = tree_find(map->root, address + *done);
        if (!region)
            return JN_NOT_FOUND;
        uint64_t size = piece(region, address + *done, length - *done);
        jn_status_t status = write_piece(map, region, address + *done,
                                         (const uint8_t *)data + *done, size, force);
        if (status != JN_OK)
            return status;
        *done += size;
    }
    return JN_OK;
}

jn_status_t region_map_read(struct region_map *map, uint64_t address, void *data, uint64_t length,
                            uint64_t *done)
{
    for (*done = 0; *done < length;) {
        struct region *region = tree_find(map->root, address + *done);
        if (!region)
            return JN_NOT_FOUND;
        uint64_t size = piece(region, address + *done, length - *done);
        jn_status_t status = read_piece(map, region, address + *done, (uint8_t *)data + *done,
                                        size);
        if (status != JN_OK)
            return status;
        *done += size;
    }
    return JN_OK;
}

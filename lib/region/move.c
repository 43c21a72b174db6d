/* mremap(2): growing, shrinking and moving one region. */
#include "map.h"

static bool free_behind(struct region_map *map, uint64_t from, uint64_t to)
{
    if (to > map->high)
        return false;
    struct region *next = tree_next(map->root, from);
    return !next || next->start >= to;
}

/* Lengthens the part that ends at `end`. Needs no record: equal neighbours need not be split. */
static jn_status_t grow(struct region_map *map, uint64_t address, uint64_t length, uint64_t more)
{
    struct region *region = tree_find(map->root, address);
    if (region_end(region) != address + length || !free_behind(map, address + length,
                                                               address + length + more))
        return JN_NO_SPACE;
    if (region->flags & REGION_CHARGED && map->ops->charge) {
        jn_status_t status = map->ops->charge(map->ctx, (int64_t)(more / REGION_PAGE));
        if (status != JN_OK)
            return status;
    }
    map_uncount(map, region);
    region->length += more;
    tree_update(map->root, region);
    map_count(map, region);
    map_merge(map, address, length + more);
    return JN_OK;
}

/* The new place: what is there is removed. */
static jn_status_t choose(struct region_map *map, uint64_t new_length, uint32_t flags,
                          uint64_t new_address, uint64_t *place)
{
    if (flags & REGION_MOVE_FIXED) {
        *place = new_address;
        return region_map_remove(map, new_address, new_length);
    }
    if (!tree_find_gap(map->root, new_length, REGION_PAGE, map->low, map->high, true, place))
        return JN_NO_SPACE;
    return JN_OK;
}

static jn_status_t carry(struct region_map *map, uint64_t address, uint64_t old_length,
                         uint64_t new_length, uint32_t flags, uint64_t place)
{
    jn_status_t status = map_prepare(map, 3);
    if (status != JN_OK)
        return status;
    map_split(map, address);
    map_split(map, address + old_length);
    struct region *old = tree_find(map->root, address);
    bool keep = flags & REGION_MOVE_KEEP;
    uint64_t added = keep ? new_length : new_length - old_length;
    if (old->flags & REGION_CHARGED && added && map->ops->charge) {
        status = map->ops->charge(map->ctx, (int64_t)(added / REGION_PAGE));
        if (status != JN_OK)
            return status;
    }
    if (old->touched) {
        status = map->ops->unmap(map->ctx, address, old_length, JN_R | JN_W | JN_X);
        if (status == JN_OK && region_has_private_pages(old))
            status = map->ops->memory_move(map->ctx, map->memory, address, place, old_length);
        if (status != JN_OK)
            return status;
    }
    struct region *region = map_new_record(map);
    uint32_t priority = region->priority;
    *region = *old;
    region->priority = priority;
    region->left = region->right = NULL;
    region->start = place;
    region->length = new_length;
    region->fault_run = 0;
    region->overlay_begin = place;
    region->overlay_end = place + new_length;
    map_insert(map, region);
    if (keep)
        old->touched = old->overlaid = false;
    else
        map_drop(map, old);
    map_merge(map, place, new_length);
    return JN_OK;
}

jn_status_t region_map_move(struct region_map *map, uint64_t address, uint64_t old_length,
                            uint64_t new_length, uint32_t flags, uint64_t new_address,
                            uint64_t *result)
{
    if (!map_range_ok(map, address, old_length) || !new_length || new_length & (REGION_PAGE - 1))
        return JN_BAD_ARG;
    if (flags & REGION_MOVE_FIXED) {
        if (!map_range_ok(map, new_address, new_length))
            return JN_BAD_ARG;
        if (new_address < address + old_length && address < new_address + new_length)
            return JN_BAD_ARG;
    }
    struct region *region = tree_find(map->root, address);
    if (!region || region_end(region) - address < old_length)
        return JN_FAULT;
    if (region->flags & REGION_LOCKED)
        return JN_ACCESS;
    *result = address;
    jn_status_t status;
    if (new_length < old_length) {
        status = region_map_remove(map, address + new_length, old_length - new_length);
        if (status != JN_OK)
            return status;
        old_length = new_length;
    }
    if (!(flags & (REGION_MOVE_FIXED | REGION_MOVE_KEEP))) {
        if (new_length == old_length)
            return JN_OK;
        status = grow(map, address, old_length, new_length - old_length);
        if (status != JN_NO_SPACE || !(flags & REGION_MOVE_MAY))
            return status;
    }
    uint64_t place;
    status = choose(map, new_length, flags, new_address, &place);
    if (status == JN_OK)
        status = carry(map, address, old_length, new_length, flags, place);
    /* carry() makes the old range a region of its own, which it may have left. */
    map_merge(map, address, old_length);
    if (status == JN_OK)
        *result = place;
    return status;
}

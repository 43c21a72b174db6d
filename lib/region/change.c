/* Making, removing and changing regions. Every operation first puts aside the records it may need,
 * then takes pages away, then changes the records: it cannot stop half-way for lack of memory. */
#include "map.h"

jn_status_t map_memory(struct region_map *map, uint64_t *ds)
{
    if (!map->memory_made) {
        jn_status_t status = map->ops->memory_create(map->ctx, &map->memory);
        if (status != JN_OK)
            return status;
        map->memory_made = true;
    }
    *ds = map->memory;
    return JN_OK;
}

/* Pages of a touched private region: the pager takes them away, mapped or not. */
static jn_status_t release(struct region_map *map, uint64_t address, uint64_t length)
{
    bool left;
    jn_status_t status = map->ops->memory_release(map->ctx, map->memory, address, length, &left);
    if (status == JN_OK && left)
        status = map->ops->unmap(map->ctx, address, length, JN_R | JN_W | JN_X);
    return status;
}

static jn_status_t release_region(struct region_map *map, struct region *region)
{
    jn_status_t status = release(map, region->start, region->length);
    if (status == JN_OK)
        region->touched = region->overlaid = false;
    return status;
}

jn_status_t map_empty(struct region_map *map, uint64_t address, uint64_t length)
{
    uint64_t end = address + length;
    struct region *region = tree_next(map->root, address);
    /* One unmap from the first touched region to the last one, whatever lies between. */
    uint64_t first = 0, last = 0;
    for (; region && region->start < end; region = tree_next(map->root, region_end(region))) {
        if (!region->touched)
            continue;
        if (!last)
            first = region->start;
        last = region_end(region);
    }
    if (!last)
        return JN_OK;
    region = tree_find(map->root, first);
    if (region->kind == REGION_PRIVATE && region_end(region) == last)
        return release_region(map, region);
    jn_status_t status = map->ops->unmap(map->ctx, first, last - first, JN_R | JN_W | JN_X);
    if (status != JN_OK)
        return status;
    for (region = tree_next(map->root, first); region && region->start < last;
         region = tree_next(map->root, region_end(region))) {
        if (region_has_private_pages(region)) {
            status = map->ops->memory_discard(map->ctx, map->memory, region->start, region->length);
            if (status != JN_OK)
                return status;
        }
        region->touched = region->overlaid = false;
    }
    return JN_OK;
}

jn_status_t region_map_vacate(struct region_map *map)
{
    uint64_t first = 0, last = 0; /* to be unmapped at once, whatever lies between */
    jn_status_t status = JN_OK;
    for (struct region *region = tree_next(map->root, 0); region && status == JN_OK;
         region = tree_next(map->root, region_end(region))) {
        bool stays = region->kind == REGION_SPECIAL ||
                     (region->kind == REGION_RESERVED && region->flags & REGION_LOCKED);
        if (region->touched && !stays) {
            if (!last)
                first = region->start;
            last = region_end(region);
        } else if (stays && last) {
            status = map->ops->unmap(map->ctx, first, last - first, JN_R | JN_W | JN_X);
            last = 0;
        }
    }
    if (status == JN_OK && last)
        status = map->ops->unmap(map->ctx, first, last - first, JN_R | JN_W | JN_X);
    return status;
}

void region_map_close_memory(struct region_map *map)
{
    if (!map->memory_made)
        return;
    jn_status_t ignored = map->ops->memory_close(map->ctx, map->memory);
    (void)ignored; /* a number that the server no longer knows needs no closing */
    map->memory_made = false;
}

static void give_back_charge(struct region_map *map, uint64_t pages)
{
    if (!map->ops->charge || !pages)
        return;
    jn_status_t ignored = map->ops->charge(map->ctx, -(int64_t)pages);
    (void)ignored;
}

static jn_status_t take_charge(struct region_map *map, uint64_t pages)
{
    if (!map->ops->charge || !pages)
        return JN_OK;
    return map->ops->charge(map->ctx, (int64_t)pages);
}

jn_status_t region_map_remove(struct region_map *map, uint64_t address, uint64_t length)
{
    if (!map_range_ok(map, address, length))
        return JN_BAD_ARG;
    struct region *region = tree_find(map->root, address);
    bool one = region && region->start == address && region->length == length &&
               region->kind == REGION_PRIVATE && !(region->flags & REGION_LOCKED);
    jn_status_t status = JN_OK;
    if (one) { /* what was made as one, mostly */
        if (region->touched)
            status = release_region(map, region);
    } else {
        if (map_range_has(map, address, length, REGION_LOCKED))
            return JN_ACCESS;
        status = map_prepare(map, 2);
        if (status != JN_OK)
            return status;
        map_split(map, address);
        map_split(map, address + length);
        status = map_empty(map, address, length);
    }
    if (status != JN_OK)
        return status;
    uint64_t charged = map->totals.charged;
    if (one)
        map_drop(map, region);
    while (!one && (region = tree_next(map->root, address)) && region->start < address + length)
        map_drop(map, region);
    give_back_charge(map, charged - map->totals.charged);
    return JN_OK;
}

static jn_status_t choose_place(struct region_map *map, const struct region_request *request,
                                uint64_t *address)
{
    uint64_t low = request->low > map->low ? request->low : map->low;
    uint64_t high = request->high && request->high < map->high ? request->high : map->high;
    uint64_t alignment = request->alignment ? request->alignment : REGION_PAGE;
    if (alignment & (alignment - 1) || alignment < REGION_PAGE)
        return JN_BAD_ARG;
    enum region_place place = request->place;
    if (place == REGION_FIXED || place == REGION_FIXED_NOREPLACE || place == REGION_HINT) {
        bool ok = map_range_ok(map, request->address, request->length);
        struct region *there = ok ? tree_next(map->root, request->address) : NULL;
        bool empty = ok && (!there || there->start >= request->address + request->length);
        *address = request->address;
        if (place == REGION_FIXED || (place == REGION_FIXED_NOREPLACE && !empty))
            return !ok ? JN_BAD_ARG : place == REGION_FIXED ? JN_OK : JN_EXISTS;
        if (empty && !(request->address & (alignment - 1)))
            return JN_OK;
        if (place == REGION_FIXED_NOREPLACE)
            return JN_BAD_ARG;
    }
    if (!request->length || request->length & (REGION_PAGE - 1))
        return JN_BAD_ARG;
    bool top = place != REGION_ANYWHERE_LOW;
    if (!tree_find_gap(map->root, request->length, alignment, low, high, top, address))
        return JN_NO_SPACE;
    return JN_OK;
}

static jn_status_t check_source(const struct region_request *request)
{
    bool none = request->kind == REGION_RESERVED || request->kind == REGION_PRIVATE;
    if (none != !request->source || request->offset & (REGION_PAGE - 1))
        return JN_BAD_ARG;
    if (request->source && request->offset > UINT64_MAX - request->length)
        return JN_BAD_ARG;
    bool shared = request->kind == REGION_SHARED || request->kind == REGION_FILE;
    if (shared && request->access & ~request->source->maximum)
        return JN_ACCESS;
    if (request->flags & REGION_CHARGED && request->kind != REGION_PRIVATE)
        return JN_BAD_ARG;
    return JN_OK;
}

jn_status_t region_map_add(struct region_map *map, const struct region_request *request,
                           uint64_t *address)
{
    jn_status_t status = check_source(request);
    if (status != JN_OK)
        return status;
    status = choose_place(map, request, address);
    if (status != JN_OK)
        return status;
    status = map_prepare(map, 3);
    if (status != JN_OK)
        return status;
    uint64_t charge = request->flags & REGION_CHARGED ? request->length / REGION_PAGE : 0;
    status = take_charge(map, charge);
    if (status != JN_OK)
        return status;
    struct region *there = tree_next(map->root, *address);
    if (request->place == REGION_FIXED && there && there->start < *address + request->length) {
        status = region_map_remove(map, *address, request->length);
        if (status == JN_OK)
            status = map_prepare(map, 1);
        if (status != JN_OK) {
            give_back_charge(map, charge);
            return status;
        }
    }
    struct region *region = map_new_record(map);
    region->start = *address;
    region->length = request->length;
    region->kind = request->kind;
    region->access = access_normal(request->access);
    region->flags = request->flags;
    region->user = request->user;
    region->tag = request->tag;
    region->source = request->source;
    region->offset = request->source ? request->offset : 0;
    map_insert(map, region);
    map_merge(map, *address, request->length);
    return JN_OK;
}

/* The end of the range without holes that starts at address, at most `end`. */
static uint64_t solid_end(struct region_map *map, uint64_t address, uint64_t end)
{
    struct region *region;
    while (address < end && (region = tree_find(map->root, address)))
        address = region_end(region);
    return address < end ? address : end;
}

static jn_status_t check_change(struct region_map *map, uint64_t address, uint64_t end,
                                const struct region_change *change, uint64_t *more)
{
    *more = 0;
    for (uint64_t at = address; at < end;) {
        struct region *region = tree_find(map->root, at);
        if (region->flags & REGION_LOCKED)
            return JN_ACCESS;
        bool shared = region->kind == REGION_SHARED || region->kind == REGION_FILE;
        if (change->mask & REGION_SET_ACCESS && shared &&
            change->access & ~region->source->maximum)
            return JN_ACCESS;
        if (change->mask & REGION_SET_KIND && region->kind != REGION_RESERVED &&
            region->kind != REGION_PRIVATE)
            return JN_BAD_ARG;
        uint64_t stop = region_end(region) < end ? region_end(region) : end;
        bool sets_charge = change->mask & REGION_SET_FLAGS && change->set_flags & REGION_CHARGED;
        if (sets_charge && !(region->flags & REGION_CHARGED))
            *more += (stop - at) / REGION_PAGE;
        at = stop;
    }
    return JN_OK;
}

/* Rights that a region loses are taken from what is mapped; those it gains come by faults. */
static jn_status_t lower_access(struct region_map *map, struct region *region, uint32_t access)
{
    uint32_t lost = region->access & ~access;
    region->access = access;
    region->fault_run = 0;
    if (!lost || !region->touched)
        return JN_OK;
    return map->ops->unmap(map->ctx, region->start, region->length, lost);
}

static jn_status_t change_region(struct region_map *map, struct region *region,
                                 const struct region_change *change)
{
    jn_status_t status = JN_OK;
    if (change->mask & REGION_SET_KIND && change->kind != region->kind) {
        if (change->kind == REGION_RESERVED)
            status = map_empty(map, region->start, region->length);
        if (status != JN_OK)
            return status;
        region->kind = change->kind;
        region->touched = false;
    }
    if (change->mask & REGION_SET_FLAGS)
        region->flags = (region->flags & ~change->clear_flags) | change->set_flags;
    if (change->mask & REGION_SET_USER)
        region->user = change->user;
    if (change->mask & REGION_SET_ACCESS)
        status = lower_access(map, region, access_normal(change->access));
    return status;
}

/* Loaders ask for the access that there is: a range within one region that keeps what it has. */
static bool changes_nothing(struct region_map *map, uint64_t address, uint64_t length,
                            const struct region_change *change)
{
    const struct region *region = tree_find(map->root, address);
    return change->mask == REGION_SET_ACCESS && region && !(region->flags & REGION_LOCKED) &&
           length <= region_end(region) - address && region->access == access_normal(change->access);
}

jn_status_t region_map_change(struct region_map *map, uint64_t address, uint64_t length,
                              const struct region_change *change)
{
    if (!map_range_ok(map, address, length))
        return JN_BAD_ARG;
    if (change->mask & REGION_SET_KIND && change->kind != REGION_RESERVED &&
        change->kind != REGION_PRIVATE)
        return JN_BAD_ARG;
    if (changes_nothing(map, address, length, change))
        return JN_OK;
    uint64_t end = solid_end(map, address, address + length), more;
    if (end == address)
        return JN_NOT_FOUND;
    jn_status_t status = check_change(map, address, end, change, &more);
    if (status == JN_OK)
        status = map_prepare(map, 2);
    if (status == JN_OK)
        status = take_charge(map, more);
    if (status != JN_OK)
        return status;
    map_split(map, address);
    map_split(map, end);
    struct region_totals before = map->totals;
    for (uint64_t at = address; at < end && status == JN_OK;) {
        struct region *region = tree_find(map->root, at);
        at = region_end(region);
        map_uncount(map, region);
        status = change_region(map, region, change);
        map_count(map, region);
    }
    if (before.charged + more > map->totals.charged)
        give_back_charge(map, before.charged + more - map->totals.charged);
    map_merge(map, address, end - address);
    if (status != JN_OK)
        return status;
    return end < address + length ? JN_NOT_FOUND : JN_OK;
}

jn_status_t region_map_discard(struct region_map *map, uint64_t address, uint64_t length)
{
    if (!map_range_ok(map, address, length))
        return JN_BAD_ARG;
    if (map_range_has(map, address, length, REGION_LOCKED))
        return JN_ACCESS;
    uint64_t end = address + length, solid = address;
    bool hole = false;
    struct region *region = tree_next(map->root, address);
    for (; region && region->start < end; region = tree_next(map->root, region_end(region))) {
        uint64_t from = region->start > address ? region->start : address;
        uint64_t to = region_end(region) < end ? region_end(region) : end;
        hole |= from > solid;
        solid = to;
        if (!region->touched)
            continue;
        bool private = region->kind == REGION_PRIVATE;
        jn_status_t status = private ? release(map, from, to - from)
                                     : map->ops->unmap(map->ctx, from, to - from,
                                                       JN_R | JN_W | JN_X);
        if (status == JN_OK && !private && region_has_private_pages(region))
            status = map->ops->memory_discard(map->ctx, map->memory, from, to - from);
        if (status != JN_OK)
            return status;
    }
    return hole || solid < end ? JN_NOT_FOUND : JN_OK;
}

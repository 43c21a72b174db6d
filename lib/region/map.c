/* A region map's records: life, splitting, merging, looking up. */
#include "map.h"

#include <stdlib.h>

struct region_map *region_map_create(const struct region_ops *ops, void *ctx, uint64_t low,
                                     uint64_t high)
{
    struct region_map *map = calloc(1, sizeof *map);
    if (!map)
        return NULL;
    map->ops = ops;
    map->ctx = ctx;
    map->low = low;
    map->high = high;
    map->seed = 0x9e3779b9u;
    return map;
}

void region_map_set_context(struct region_map *map, void *ctx)
{
    map->ctx = ctx;
}

jn_status_t map_prepare(struct region_map *map, unsigned count)
{
    while (map->spare_count < count) {
        struct region *record = calloc(1, sizeof *record);
        if (!record)
            return JN_NO_MEMORY;
        record->right = map->spare;
        map->spare = record;
        map->spare_count++;
    }
    return JN_OK;
}

struct region *map_new_record(struct region_map *map)
{
    struct region *record = map->spare;
    map->spare = record->right;
    map->spare_count--;
    *record = (struct region){0};
    map->seed ^= map->seed << 13;
    map->seed ^= map->seed >> 17;
    map->seed ^= map->seed << 5;
    record->priority = map->seed;
    return record;
}

/* Adds the region to the totals, or takes it out (sign -1). */
static void count(struct region_map *map, const struct region *region, int64_t sign)
{
    int64_t pages = sign * (int64_t)(region->length / REGION_PAGE);
    map->totals.regions += (uint64_t)sign;
    if (region->kind != REGION_RESERVED)
        map->totals.pages += (uint64_t)pages;
    if (region->flags & REGION_CHARGED)
        map->totals.charged += (uint64_t)pages;
}

void map_count(struct region_map *map, const struct region *region)
{
    count(map, region, 1);
}

void map_uncount(struct region_map *map, const struct region *region)
{
    count(map, region, -1);
}

void map_insert(struct region_map *map, struct region *region)
{
    if (region->source)
        region->source->users++;
    count(map, region, 1);
    tree_insert(&map->root, region);
}

void map_drop(struct region_map *map, struct region *region)
{
    tree_remove(&map->root, region);
    count(map, region, -1);
    if (region->source)
        region_source_release(map, region->source);
    if (map->spare_count < 4) {
        region->right = map->spare;
        map->spare = region;
        map->spare_count++;
    } else {
        free(region);
    }
}

/* ---- sources ---- */

static void source_link(struct region_map *map, struct region_source *source)
{
    source->next = map->sources;
    source->link = &map->sources;
    if (source->next)
        source->next->link = &source->next;
    map->sources = source;
}

struct region_source *region_source_create(struct region_map *map, uint32_t file, uint64_t number,
                                           uint64_t identity, uint32_t maximum)
{
    struct region_source *source = calloc(1, sizeof *source);
    if (!source)
        return NULL;
    source->number = number;
    source->identity = identity;
    source->file = file;
    source->maximum = maximum;
    source->users = 1;
    source_link(map, source);
    return source;
}

void region_source_release(struct region_map *map, struct region_source *source)
{
    if (--source->users)
        return;
    *source->link = source->next;
    if (source->next)
        source->next->link = source->link;
    /* A number that the server no longer knows needs no closing. */
    jn_status_t ignored = JN_OK;
    if (source->file == REGION_SOURCE_FILE)
        ignored = map->ops->file_close(map->ctx, source->number);
    else if (source->file == REGION_SOURCE_MEMORY)
        ignored = map->ops->memory_close(map->ctx, source->number);
    (void)ignored;
    free(source);
}

/* ---- the whole map ---- */

static void free_tree(struct region *node)
{
    while (node) {
        struct region *left = node->left;
        free_tree(node->right);
        free(node);
        node = left;
    }
}

void region_map_destroy(struct region_map *map, bool close_files)
{
    if (!map)
        return;
    free_tree(map->root);
    while (map->sources) {
        struct region_source *source = map->sources;
        map->sources = source->next;
        if (close_files && source->file == REGION_SOURCE_FILE) {
            jn_status_t ignored = map->ops->file_close(map->ctx, source->number);
            (void)ignored;
        }
        free(source);
    }
    while (map->spare) {
        struct region *record = map->spare;
        map->spare = record->right;
        free(record);
    }
    free(map);
}

static jn_status_t clone_region(struct region_map *copy, const struct region *region)
{
    if (region->flags & REGION_NO_FORK) {
        if (!region_has_private_pages(region))
            return JN_OK;
        return copy->ops->memory_discard(copy->ctx, copy->memory, region->start, region->length);
    }
    jn_status_t status = map_prepare(copy, 1);
    if (status != JN_OK)
        return status;
    struct region *record = map_new_record(copy);
    uint32_t priority = record->priority;
    *record = *region;
    record->priority = priority;
    record->left = record->right = NULL;
    record->fault_next = record->fault_below = 0;
    if (region->source) {
        if (!region->source->copy) {
            struct region_source *source = region->source;
            source->copy = region_source_create(copy, source->file, source->number,
                                                source->identity, source->maximum);
            if (!source->copy) {
                record->right = copy->spare;
                copy->spare = record;
                copy->spare_count++;
                return JN_NO_MEMORY;
            }
            source->copy->tag = source->tag;
        }
        record->source = region->source->copy;
    }
    map_insert(copy, record);
    if (region->flags & REGION_WIPE && region_has_private_pages(region))
        return copy->ops->memory_discard(copy->ctx, copy->memory, region->start, region->length);
    return JN_OK;
}

bool region_map_forked(struct region_map *map)
{
    struct region *region = tree_next(map->root, 0);
    for (; region; region = tree_next(map->root, region_end(region))) {
        if (region->flags & (REGION_NO_FORK | REGION_WIPE))
            return false;
        region->fault_next = region->fault_below = 0;
    }
    return true;
}

jn_status_t region_map_clone(const struct region_map *map, void *ctx, struct region_map **clone)
{
    struct region_map *copy = region_map_create(map->ops, ctx, map->low, map->high);
    if (!copy)
        return JN_NO_MEMORY;
    copy->memory = map->memory;
    copy->memory_made = map->memory_made;
    copy->seed = map->seed ^ 0x5bd1e995u;
    for (struct region_source *source = map->sources; source; source = source->next)
        source->copy = NULL;
    jn_status_t status = JN_OK;
    for (struct region *region = tree_next(map->root, 0); region && status == JN_OK;
         region = tree_next(map->root, region_end(region)))
        status = clone_region(copy, region);
    /* The creator's uses go; sources that only REGION_NO_FORK regions or the parent's personality use
     * were not copied, the child's numbers of those are closed with its clients. */
    for (struct region_source *source = map->sources; source; source = source->next) {
        if (source->copy)
            source->copy->users--;
        source->copy = NULL;
    }
    if (status != JN_OK) {
        region_map_destroy(copy, false);
        return status;
    }
    *clone = copy;
    return JN_OK;
}

/* ---- ranges ---- */

bool map_range_ok(const struct region_map *map, uint64_t address, uint64_t length)
{
    return !((address | length) & (REGION_PAGE - 1)) && length && address >= map->low &&
           address < map->high && length <= map->high - address;
}

bool map_range_has(const struct region_map *map, uint64_t address, uint64_t length, uint32_t flag)
{
    struct region *region = tree_next(map->root, address);
    for (; region && region->start < address + length;
         region = tree_next(map->root, region_end(region)))
        if (region->flags & flag)
            return true;
    return false;
}

void map_split(struct region_map *map, uint64_t address)
{
    struct region *region = tree_find(map->root, address);
    if (!region || region->start == address)
        return;
    struct region *upper = map_new_record(map);
    uint32_t priority = upper->priority;
    *upper = *region;
    upper->priority = priority;
    upper->left = upper->right = NULL;
    upper->start = address;
    upper->length = region_end(region) - address;
    if (upper->source)
        upper->offset += address - region->start;
    count(map, region, -1);
    region->length = address - region->start;
    tree_update(map->root, region);
    count(map, region, 1);
    map_insert(map, upper);
}

static bool can_join(const struct region *a, const struct region *b)
{
    return region_end(a) == b->start && a->kind == b->kind && a->access == b->access &&
           a->flags == b->flags && a->user == b->user && a->tag == b->tag &&
           a->source == b->source && (!a->source || a->offset + a->length == b->offset);
}

void map_merge(struct region_map *map, uint64_t address, uint64_t length)
{
    uint64_t end = address + length;
    struct region *region = tree_before(map->root, address);
    if (!region)
        region = tree_next(map->root, address);
    while (region && region->start <= end) {
        struct region *next = tree_next(map->root, region_end(region));
        if (!next || next->start > end)
            return;
        if (!can_join(region, next)) {
            region = next;
            continue;
        }
        uint64_t more = next->length;
        region->touched |= next->touched;
        if (next->overlaid)
            region_overlay(region, next->overlay_begin, next->overlay_end);
        map_drop(map, next);
        count(map, region, -1);
        region->length += more;
        tree_update(map->root, region);
        count(map, region, 1);
    }
}

/* ---- looking ---- */

const struct region *region_map_find(const struct region_map *map, uint64_t address)
{
    return tree_find(map->root, address);
}

const struct region *region_map_next(const struct region_map *map, uint64_t address)
{
    return tree_next(map->root, address);
}

const struct region *region_map_previous(const struct region_map *map, uint64_t address)
{
    return tree_before(map->root, address);
}

void region_map_totals(const struct region_map *map, struct region_totals *totals)
{
    *totals = map->totals;
}

jn_status_t region_map_key(const struct region_map *map, uint64_t address, uint64_t *identity,
                           uint64_t *offset, bool *shared)
{
    const struct region *region = tree_find(map->root, address);
    if (!region)
        return JN_NOT_FOUND;
    *shared = region->kind == REGION_SHARED || region->kind == REGION_FILE;
    *identity = *shared ? region->source->identity : 0;
    *offset = *shared ? region->offset + (address - region->start) : address;
    return JN_OK;
}

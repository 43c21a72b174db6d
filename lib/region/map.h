/* The parts of a region map that its files share. */
#ifndef LIB_REGION_MAP_H
#define LIB_REGION_MAP_H

#include "janus/region.h"
#include "tree.h"

struct region_map {
    const struct region_ops *ops;
    void *ctx;
    uint64_t low, high;
    struct region *root;
    struct region_source *sources;
    uint64_t memory; /* the private dataspace */
    bool memory_made;
    uint32_t seed;
    struct region_totals totals;
    /* Records put aside before a change begins, so that it cannot fail in the middle. */
    struct region *spare;
    unsigned spare_count;
};

/* Makes sure that map_new_record will succeed `count` times. NO_MEMORY. */
JN_CHECKED jn_status_t map_prepare(struct region_map *map, unsigned count);
struct region *map_new_record(struct region_map *map);

/* Insertion and removal, with sources and totals. map_drop frees the record. */
void map_insert(struct region_map *map, struct region *region);
void map_drop(struct region_map *map, struct region *region);

/* Around a change of a region's kind or flags in place: takes it out of the totals and back. */
void map_uncount(struct region_map *map, const struct region *region);
void map_count(struct region_map *map, const struct region *region);

/* Makes address the border of regions: what contains it is split. Needs one prepared record. */
void map_split(struct region_map *map, uint64_t address);
/* Joins equal neighbours in and around [address, +length). */
void map_merge(struct region_map *map, uint64_t address, uint64_t length);

/* Is [address, +length) a range inside the map? */
bool map_range_ok(const struct region_map *map, uint64_t address, uint64_t length);
/* Does a region with the flag stand in the range? */
bool map_range_has(const struct region_map *map, uint64_t address, uint64_t length, uint32_t flag);

/* Takes away what is mapped and resident of the regions in the range, which begins and ends at
 * borders. The records stay. */
JN_CHECKED jn_status_t map_empty(struct region_map *map, uint64_t address, uint64_t length);
/* The private dataspace; made at the first use. */
JN_CHECKED jn_status_t map_memory(struct region_map *map, uint64_t *ds);

/* Gives a REGION_FILE_PRIVATE page its private copy, if it has none yet; the page is not mapped
 * writable by that. */
JN_CHECKED jn_status_t map_copy_file_page(struct region_map *map, struct region *region, uint64_t page);

/* Between a file and who wants a part of its page: for one piece of work, nothing in it survives. */
extern uint8_t map_page_buffer[REGION_PAGE];

/* May the page be in the private dataspace? */
static inline bool region_overlaid_at(const struct region *region, uint64_t page)
{
    return region->overlaid && page >= region->overlay_begin && page < region->overlay_end;
}

/* [begin, end) may be from now on: no file page is mapped there any more around a fault. */
static inline void region_overlay(struct region *region, uint64_t begin, uint64_t end)
{
    if (!region->overlaid || begin < region->overlay_begin)
        region->overlay_begin = begin;
    if (!region->overlaid || end > region->overlay_end)
        region->overlay_end = end;
    region->overlaid = true;
}

static inline bool region_has_private_pages(const struct region *region)
{
    return region->touched &&
           (region->kind == REGION_PRIVATE ||
            (region->kind == REGION_FILE_PRIVATE && region->overlaid));
}

/* x86 has no writable or executable page that cannot be read. */
static inline uint32_t access_normal(uint32_t access)
{
    access &= JN_R | JN_W | JN_X;
    return access & (JN_W | JN_X) ? access | JN_R : access;
}

#endif

#include "world.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "janus/idl/dataspace.h"

static struct frame zero_frame;

void world_init(struct world *world, struct frame *files, struct frame *shared)
{
    memset(world, 0, sizeof *world);
    world->files = files;
    world->shared = shared;
    world->charge_limit = INT64_MAX;
}

void world_clone(struct world *copy, const struct world *world)
{
    *copy = *world;
    memset(copy->table, 0, sizeof copy->table);
    for (unsigned i = 0; i < WORLD_PAGES; i++)
        if (world->private_pages[i]) {
            copy->private_pages[i] = malloc(sizeof(struct frame));
            *copy->private_pages[i] = *world->private_pages[i];
        }
}

void world_free(struct world *world)
{
    for (unsigned i = 0; i < WORLD_PAGES; i++)
        free(world->private_pages[i]);
}

static void check_range(uint64_t address, uint64_t length)
{
    assert(length && !((address | length) & (REGION_PAGE - 1)));
    assert(address >= WORLD_LOW && address + length <= WORLD_HIGH);
}

static void enter(struct world *world, uint64_t address, struct frame *frame, uint32_t rights)
{
    assert(rights & JN_R);
    world->table[world_page(address)].frame = frame;
    world->table[world_page(address)].rights = rights;
}

static jn_status_t memory_create(void *ctx, uint64_t *ds)
{
    (void)ctx;
    *ds = 100;
    return JN_OK;
}

static struct frame *private_page(struct world *world, uint64_t offset, bool make)
{
    struct frame **slot = &world->private_pages[world_page(offset)];
    if (!*slot && make)
        *slot = calloc(1, sizeof **slot);
    return *slot;
}

static jn_status_t map_private(struct world *world, uint64_t offset, uint64_t address,
                               uint64_t length, uint32_t access, uint32_t flags, uint64_t *mapped)
{
    assert(offset == address);
    check_range(address, length);
    for (*mapped = 0; *mapped < length; *mapped += REGION_PAGE) {
        uint64_t at = offset + *mapped;
        bool first = *mapped == 0;
        bool make = access & JN_W && !(flags & (DS_MAP_PRESENT | DS_MAP_READ)) && (first || flags & DS_MAP_FILL);
        struct frame *frame = private_page(world, at, make);
        if (!frame && flags & DS_MAP_PRESENT)
            return first ? JN_NOT_FOUND : JN_OK;
        if (!frame && !first)
            return JN_OK;
        if (access)
            enter(world, at, frame ? frame : &zero_frame, frame ? access : access & ~JN_W);
    }
    return JN_OK;
}

static jn_status_t memory_map(void *ctx, uint64_t ds, uint64_t offset, uint64_t address,
                              uint64_t length, uint32_t access, uint32_t flags, uint64_t *mapped)
{
    struct world *world = ctx;
    if (world->fail_maps) {
        world->fail_maps--;
        return JN_NO_MEMORY;
    }
    if (ds == 100)
        return map_private(world, offset, address, length, access, flags, mapped);
    assert(ds < WORLD_SHARED && !world->closed_shared[ds]);
    check_range(address, length);
    for (*mapped = 0; *mapped < length; *mapped += REGION_PAGE) {
        uint64_t page = (offset + *mapped) / REGION_PAGE;
        if (page >= FILE_PAGES)
            return *mapped ? JN_OK : JN_RANGE;
        enter(world, address + *mapped, &world->shared[ds * FILE_PAGES + page], access);
    }
    return JN_OK;
}

static jn_status_t memory_overlay(void *ctx, uint64_t ds, uint64_t offset, uint64_t address,
                                  uint32_t access, cap_t reply)
{
    struct world *world = ctx;
    assert(ds == 100 && offset == address && reply);
    check_range(address, REGION_PAGE);
    assert(!private_page(world, offset, false));
    struct frame *visible = world->table[world_page(address)].frame;
    assert(visible); /* the window's copy would stop here */
    *private_page(world, offset, true) = *visible;
    enter(world, address, private_page(world, offset, false), access);
    return JN_OK;
}

static void *bytes(struct world *world, uint64_t ds, uint64_t offset, bool write)
{
    if (ds == 100) {
        struct frame *frame = private_page(world, offset, write);
        /* The pager takes the page of zeroes away from whoever sees it. */
        if (write && world->table[world_page(offset)].frame == &zero_frame)
            world->table[world_page(offset)].frame = NULL;
        return frame ? (char *)frame + offset % REGION_PAGE : (char *)&zero_frame;
    }
    assert(ds < WORLD_SHARED && offset < FILE_PAGES * REGION_PAGE);
    return (char *)&world->shared[ds * FILE_PAGES] + offset;
}

static jn_status_t memory_fill(void *ctx, uint64_t ds, uint64_t offset, const void *data,
                               uint64_t length)
{
    for (uint64_t i = 0; i < length; i++)
        *(char *)bytes(ctx, ds, offset + i, true) = ((const char *)data)[i];
    return JN_OK;
}

static jn_status_t memory_extract(void *ctx, uint64_t ds, uint64_t offset, void *data,
                                  uint64_t length)
{
    for (uint64_t i = 0; i < length; i++)
        ((char *)data)[i] = *(char *)bytes(ctx, ds, offset + i, false);
    return JN_OK;
}

static jn_status_t memory_discard(void *ctx, uint64_t ds, uint64_t offset, uint64_t length)
{
    struct world *world = ctx;
    assert(ds == 100);
    check_range(offset, length);
    for (unsigned i = world_page(offset); i < world_page(offset + length); i++) {
        assert(!world->private_pages[i] || world->table[i].frame != world->private_pages[i]);
        free(world->private_pages[i]);
        world->private_pages[i] = NULL;
    }
    return JN_OK;
}

/* The pager leaves the page of zeroes to the caller. */
static jn_status_t memory_release(void *ctx, uint64_t ds, uint64_t offset, uint64_t length,
                                  bool *left)
{
    struct world *world = ctx;
    *left = false;
    check_range(offset, length);
    for (unsigned i = world_page(offset); i < world_page(offset + length); i++) {
        struct frame *frame = world->table[i].frame;
        assert(!frame || frame == &zero_frame || frame == world->private_pages[i]);
        if (frame == &zero_frame)
            *left = true;
        else
            world->table[i].frame = NULL;
    }
    return memory_discard(ctx, ds, offset, length);
}

static jn_status_t memory_move(void *ctx, uint64_t ds, uint64_t from, uint64_t to, uint64_t length)
{
    struct world *world = ctx;
    check_range(from, length);
    check_range(to, length);
    assert(ds == 100 && (from + length <= to || to + length <= from));
    for (uint64_t i = 0; i < length / REGION_PAGE; i++) {
        unsigned a = world_page(from) + i, b = world_page(to) + i;
        assert(!world->table[a].frame && !world->table[b].frame);
        free(world->private_pages[b]);
        world->private_pages[b] = world->private_pages[a];
        world->private_pages[a] = NULL;
    }
    return JN_OK;
}

static jn_status_t memory_close(void *ctx, uint64_t ds)
{
    struct world *world = ctx;
    if (ds != 100) {
        assert(!world->closed_shared[ds]);
        world->closed_shared[ds] = 1;
    }
    return JN_OK;
}

static jn_status_t charge(void *ctx, int64_t pages)
{
    struct world *world = ctx;
    if (pages > 0 && world->charged + pages > world->charge_limit)
        return JN_QUOTA;
    world->charged += pages;
    assert(world->charged >= 0);
    return JN_OK;
}

static jn_status_t file_map(void *ctx, uint64_t open, uint64_t offset, uint64_t address,
                            uint64_t length, uint32_t access, uint64_t *mapped)
{
    struct world *world = ctx;
    assert(open < WORLD_FILES && !world->closed_files[open]);
    check_range(address, length);
    for (*mapped = 0; *mapped < length; *mapped += REGION_PAGE) {
        uint64_t page = (offset + *mapped) / REGION_PAGE;
        if (page >= FILE_PAGES)
            return *mapped ? JN_OK : JN_RANGE;
        enter(world, address + *mapped, &world->files[open * FILE_PAGES + page], access);
    }
    return JN_OK;
}

static jn_status_t file_read(void *ctx, uint64_t open, uint64_t offset, void *data, uint64_t length)
{
    struct world *world = ctx;
    assert(length == REGION_PAGE && !(offset & (REGION_PAGE - 1)));
    if (offset / REGION_PAGE >= FILE_PAGES)
        return JN_RANGE;
    memcpy(data, &world->files[open * FILE_PAGES + offset / REGION_PAGE], length);
    return JN_OK;
}

static jn_status_t file_close(void *ctx, uint64_t open)
{
    struct world *world = ctx;
    assert(!world->closed_files[open]);
    world->closed_files[open] = 1;
    return JN_OK;
}

static jn_status_t unmap(void *ctx, uint64_t address, uint64_t length, uint32_t rights)
{
    struct world *world = ctx;
    check_range(address, length);
    for (unsigned i = world_page(address); i < world_page(address + length); i++) {
        world->table[i].rights &= ~rights;
        if (rights & JN_R)
            world->table[i].frame = NULL;
    }
    return JN_OK;
}

const struct region_ops world_ops = {
    .memory_create = memory_create, .memory_map = memory_map, .memory_overlay = memory_overlay,
    .memory_fill = memory_fill, .memory_extract = memory_extract,
    .memory_discard = memory_discard, .memory_release = memory_release,
    .memory_move = memory_move, .memory_close = memory_close,
    .charge = charge, .file_map = file_map, .file_read = file_read, .file_close = file_close,
    .unmap = unmap,
};

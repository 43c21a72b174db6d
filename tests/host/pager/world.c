#undef NDEBUG
#include "world.h"

#include <assert.h>
#include <string.h>

#include "frame.h"

struct world_entry world_table[WORLD_SPACES][WORLD_PAGES];
bool world_alive[WORLD_SPACES];
uint32_t world_left;
unsigned world_map_limit = UINT32_MAX;

static uint8_t ram[WORLD_FRAMES][PAGE_BYTES];
static struct frame records[WORLD_FRAMES];
static uint32_t chunks[WORLD_FRAMES >> CHUNK_ORDER]; /* 1: the pager's */

void world_reset(void)
{
    world_left = (WORLD_FRAMES >> CHUNK_ORDER) - 1; /* chunk 0 stays the root pager's */
    memset(ram, 0xa5, sizeof ram);
}

uint8_t *platform_contents(uint32_t frame)
{
    assert(frame && frame < WORLD_FRAMES && chunks[frame >> CHUNK_ORDER]);
    return ram[frame];
}

struct frame *platform_record(uint32_t frame)
{
    assert(frame < WORLD_FRAMES);
    return &records[frame];
}

jn_status_t platform_obtain(unsigned order, uint32_t *frame, uint32_t *used)
{
    if (order < CHUNK_ORDER)
        return JN_NO_MEMORY;
    uint32_t count = 1u << (order - CHUNK_ORDER);
    for (uint32_t first = count; first + count <= WORLD_FRAMES >> CHUNK_ORDER; first += count) {
        uint32_t i = 0;
        while (i < count && !chunks[first + i])
            i++;
        if (i < count || world_left < count)
            continue;
        world_left -= count;
        for (i = 0; i < count; i++)
            chunks[first + i] = 1;
        *frame = first << CHUNK_ORDER;
        uint32_t spare; /* as the guest's does, which keeps its records in frames that are free now */
        if (frame_alloc_present(2, &spare) == JN_OK)
            for (i = 0; i < 4; i++)
                frame_free(spare + i);
        *used = first == 3 ? 2 : 0; /* once, the records take frames of the chunk itself */
        return JN_OK;
    }
    return JN_NO_MEMORY;
}

void platform_zero(uint32_t frame, uint64_t pages)
{
    memset(platform_contents(frame), 0, pages << PAGE_BITS);
}

uint64_t platform_untouched(void)
{
    return 0;
}

void platform_return(uint32_t frame, unsigned order)
{
    assert(order >= CHUNK_ORDER && frame % (1u << order) == 0);
    for (uint32_t i = 0; i < 1u << (order - CHUNK_ORDER); i++) {
        assert(chunks[(frame >> CHUNK_ORDER) + i]);
        chunks[(frame >> CHUNK_ORDER) + i] = 0;
        world_left++;
    }
    for (uint32_t i = frame; i < frame + (1u << order); i++)
        for (unsigned s = 0; s < WORLD_SPACES; s++)
            for (unsigned p = 0; world_alive[s] && p < WORLD_PAGES; p++)
                assert(world_table[s][p].frame != i);
}

jn_status_t platform_map(cap_t space, uint32_t frame, uint64_t address, uint64_t pages,
                         uint32_t access, uint64_t *done)
{
    static uint32_t serial;
    assert(space < WORLD_SPACES && access & JN_R);
    for (*done = 0; *done < pages; ++*done) {
        if (!world_map_limit)
            return JN_NO_MEMORY;
        if (world_map_limit != UINT32_MAX)
            world_map_limit--;
        uint64_t page = (address >> PAGE_BITS) + *done;
        assert(page < WORLD_PAGES);
        world_table[space][page] = (struct world_entry){frame + (uint32_t)*done, access,
                                                          ++serial};
    }
    return JN_OK;
}

void platform_revoke(uint32_t frame, uint64_t pages, uint32_t rights)
{
    for (unsigned s = 0; s < WORLD_SPACES; s++)
        for (unsigned p = 0; p < WORLD_PAGES; p++) {
            struct world_entry *entry = &world_table[s][p];
            if (entry->frame < frame || entry->frame - frame >= pages)
                continue;
            entry->access &= ~rights;
            if (rights & JN_R)
                entry->frame = 0;
        }
}

bool platform_space_alive(cap_t space)
{
    return world_alive[space];
}

void platform_forget_space(cap_t space)
{
    (void)space;
}

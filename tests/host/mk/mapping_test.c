/* The mapping database against the model of tests/kernel/mapping_model.h, stopped in the middle at
 * random. Space 0 is the root task's, and exchanges frames with the root Pool; or, `received`, one
 * that was given its memory, as in the self-test, whose sequence it then is.
 *
 * usage: mapping_test [steps] [seed] [received] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../kernel/mapping_model.h"
#include "kernel.h"
#include "memory/layout.h"
#include "memory/mapping.h"
#include "memory/pool.h"
#include "memory/space.h"
#include "object.h"

#define WINDOW_PAGES (4 * (unsigned)LEVEL_PAGES(TABLE_BITS == 9 ? 1 : 2))
#define BASE         0x600000ull /* aligned to the largest page used */
#define GIVER        MODEL_SPACES
#ifndef COMPARE_EVERY
#define COMPARE_EVERY 64
#endif

static struct space spaces[MODEL_SPACES + 1];
static struct pool *pools[MODEL_SPACES + 1];
static bool received;

void backend_failed(const char *what, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    fail("%s: %lu %lu %lu %lu", what, a, b, c, d);
}

static uint64_t address_of(unsigned page)
{
    return BASE + ((uint64_t)page << 12);
}

void backend_create(unsigned s)
{
    CHECK(pool_create(&root_pool, 1000, &pools[s]) == JN_OK);
    memset(&spaces[s], 0, sizeof spaces[s]);
    CHECK(space_init(&spaces[s], pools[s]) == JN_OK);
    if (s == 1) {
        void *frame = phys_to_virt(0x3000);
        CHECK(space_map_kernel_page(&spaces[s], address_of(MODEL_KERNEL_AT), frame, JN_R | JN_W) ==
              JN_OK);
    }
}

void backend_destroy(unsigned s)
{
    while (space_destroy(&spaces[s]) == STATUS_RESTART)
        ;
    object_destroy(&pools[s]->object);
}

void backend_fill(void)
{
    static bool given;
    uint64_t done = 0;
    unsigned owner = received ? GIVER : 0;

    if (!received || !given) {
        if (received)
            backend_create(GIVER);
        CHECK(space_map_root(&spaces[owner], BASE, BASE, (uint64_t)WINDOW_PAGES << 12,
                             JN_REGION_RAM) == JN_OK);
        given = true;
    }
    while (received && space_map(&spaces[GIVER], BASE, &spaces[0], BASE, WINDOW_PAGES,
                                 JN_R | JN_W | JN_X, false, &done) == STATUS_RESTART)
        ;
    CHECK(spaces[0].pages == WINDOW_PAGES);
}

int64_t backend_map(unsigned from, unsigned at, unsigned to, unsigned where, unsigned count,
                    unsigned rights, bool grant, uint64_t *done)
{
    status_t status;

    do
        status = space_map(&spaces[from], address_of(at), &spaces[to], address_of(where), count,
                           rights, grant, done);
    while (status == STATUS_RESTART);
    return status;
}

int64_t backend_unmap(unsigned s, unsigned first, unsigned count, unsigned rights,
                      bool derived_only, uint64_t *seen, uint64_t *bits)
{
    struct unmap_progress progress = {0};
    status_t status;

    do
        status = space_unmap(&spaces[s], address_of(first), count, rights,
                             derived_only ? JN_UNMAP_DERIVED_ONLY : 0, &progress);
    while (status == STATUS_RESTART);
    CHECK(progress.done == count);
    *seen = progress.seen;
    *bits = progress.bits;
    return status;
}

unsigned backend_page(unsigned s, unsigned p, unsigned *bits)
{
    unsigned rights, order;

    space_page(&spaces[s], address_of(p), &rights, &order, bits);
    return rights;
}

uint64_t backend_count(unsigned s)
{
    return spaces[s].pages;
}

int backend_access(unsigned s, unsigned p, unsigned access)
{
    void *memory = space_access(&spaces[s], address_of(p) + 123, access);

    return memory ? (int)((virt_to_phys(memory) - 123 - BASE) >> 12) : -1;
}

bool backend_frames(unsigned p, unsigned order, bool may, bool writable)
{
    uint64_t owned = root_pool.owned, address;
    status_t status = space_give_frames(&spaces[0], address_of(p), order);

    if (status == JN_BAD_ARG) {
        CHECK(!writable);
        return false;
    }
    if (status == JN_BUSY) /* on account of a superpage around it, too */
        return false;
    CHECK(status == JN_OK && writable && may && root_pool.owned == owned + (1u << order));
    /* The allocator hands out the block that was freed last. */
    CHECK(space_take_frames(&spaces[0], order, &address) == JN_OK);
    CHECK(address == address_of(p) && root_pool.owned == owned);
    return true;
}

void backend_preempt(bool often)
{
    preempt_one_in = often ? 3 : 0;
}

int main(int argc, char **argv)
{
    unsigned long steps = argc > 1 ? strtoul(argv[1], NULL, 0) : 100000;
    struct model_options options = {
        .seed = argc > 2 ? strtoul(argv[2], NULL, 0) : 1,
        .pages = WINDOW_PAGES,
        .levels = TABLE_BITS == 9 ? 2 : 3,
        .per_table = TABLE_ENTRIES,
        .every = COMPARE_EVERY,
    };

    received = argc > 3;
    options.frames = !received;
    random_seed(options.seed);
    kernel_reset();
    uint64_t digest = model_run(&options, steps);
    if (received)
        backend_destroy(GIVER);
    kernel_check_empty();
    printf("%lu steps agree with the model, digest %lx\n", steps, digest);
    return 0;
}

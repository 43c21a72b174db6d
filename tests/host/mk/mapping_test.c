/* The mapping database against a model that knows, of every 4 KiB page of every space, which page
 * it was mapped from. Random maps, grants, unmaps, accesses, destructions, with preemption.
 *
 * usage: mapping_test [steps] [seed] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel.h"
#include "memory/layout.h"
#include "memory/mapping.h"
#include "memory/pool.h"
#include "memory/space.h"
#include "object.h"

#define SPACES         6
#define WINDOW_PAGES   (4 * (unsigned)LEVEL_PAGES(TABLE_BITS == 9 ? 1 : 2))
#define WINDOW_MAX     2048
#define BASE           0x600000ull /* aligned to the largest page used */
#define KERNEL_PAGE_AT 37
#ifndef COMPARE_EVERY
#define COMPARE_EVERY 64
#endif

/* ---- the model ---- */

struct page {
    bool mapped, kernel;
    unsigned rights, bits;
    unsigned frame; /* page number in the root's window */
    struct page *parent, *child, *next;
};

static struct page pages[SPACES][WINDOW_MAX];
static struct space spaces[SPACES];
static struct pool *pools[SPACES];

static void unlink_page(struct page *page)
{
    if (!page->parent)
        return;
    struct page **at = &page->parent->child;
    while (*at != page)
        at = &(*at)->next;
    *at = page->next;
    page->parent = page->next = NULL;
}

static void link_page(struct page *page, struct page *parent)
{
    page->parent = parent;
    if (!parent)
        return;
    page->next = parent->child;
    parent->child = page;
}

/* Takes rights from a page and what is derived from it; the bits found. */
static unsigned model_lower(struct page *page, unsigned rights, bool derived_only)
{
    unsigned bits = 0;
    struct page *child = page->child;

    while (child) {
        struct page *next = child->next;
        bits |= model_lower(child, rights, false);
        child = next;
    }
    if (derived_only)
        return bits;
    bits |= page->bits;
    page->bits = 0;
    if (rights & JN_R) {
        unlink_page(page);
        *page = (struct page){0};
    } else {
        page->rights &= ~rights;
    }
    return bits;
}

static unsigned model_unmap(struct page *page, unsigned rights, bool derived_only)
{
    struct page *parent = page->parent;
    unsigned bits = model_lower(page, rights, derived_only);

    if (parent)
        parent->bits |= bits;
    return bits;
}

/* ---- comparing ---- */

static uint64_t address_of(unsigned page)
{
    return BASE + ((uint64_t)page << 12);
}

static void compare_page(unsigned s, unsigned p)
{
    struct page *page = &pages[s][p];
    unsigned rights, order, bits;

    space_page(&spaces[s], address_of(p), &rights, &order, &bits);
    if (!page->mapped && !page->kernel) {
        if (rights)
            fail("space %u page %u is mapped, the model has nothing", s, p);
        return;
    }
    if (rights != page->rights)
        fail("space %u page %u: rights %u, model %u", s, p, rights, page->rights);
    if ((bits & page->bits) != page->bits)
        fail("space %u page %u: bits %u, model %u: lost", s, p, bits, page->bits);
    if (page->kernel)
        return;
    struct path path;
    table_walk(&spaces[s], address_of(p), &path);
    uint64_t physical =
        (*path.entry[path.level] & PTE_ADDRESS) + (address_of(p) & (LEVEL_SIZE(path.level) - 1));
    CHECK(physical == address_of(page->frame));
}

static void compare_all(void)
{
    for (unsigned s = 0; s < SPACES; s++) {
        uint64_t count = 0;
        for (unsigned p = 0; p < WINDOW_PAGES; p++) {
            compare_page(s, p);
            count += pages[s][p].mapped;
        }
        if (count != spaces[s].pages)
            fail("space %u counts %lu pages, model %lu", s, spaces[s].pages, count);
    }
}

/* ---- operations ---- */

static void map_root(void)
{
    CHECK(space_map_root(&spaces[0], BASE, BASE, (uint64_t)WINDOW_PAGES << 12, JN_REGION_RAM) ==
          JN_OK);
    for (unsigned p = 0; p < WINDOW_PAGES; p++)
        pages[0][p] = (struct page){.mapped = true, .rights = JN_R | JN_W | JN_X, .frame = p};
}

static void create(unsigned s)
{
    CHECK(pool_create(&root_pool, 1000, &pools[s]) == JN_OK);
    memset(&spaces[s], 0, sizeof spaces[s]);
    CHECK(space_init(&spaces[s], pools[s]) == JN_OK);
    if (s == 1) {
        void *frame = phys_to_virt(0x3000);
        CHECK(space_map_kernel_page(&spaces[s], address_of(KERNEL_PAGE_AT), frame, JN_R) == JN_OK);
        pages[s][KERNEL_PAGE_AT] = (struct page){.kernel = true, .rights = JN_R};
    }
}

static void destroy(unsigned s)
{
    while (space_destroy(&spaces[s]) == STATUS_RESTART)
        ;
    for (unsigned p = 0; p < WINDOW_PAGES; p++) {
        if (pages[s][p].mapped)
            model_unmap(&pages[s][p], JN_R, false);
        pages[s][p] = (struct page){0};
    }
    object_destroy(&pools[s]->object);
}

static unsigned random_below(unsigned limit)
{
    return (unsigned)(random_next() % limit);
}

/* Lengths and places that are often those of superpages. */
static void random_range(unsigned *first, unsigned *count)
{
    unsigned level = random_below(TABLE_BITS == 9 ? 2 : 3);
    unsigned unit = (unsigned)LEVEL_PAGES(level);

    *count = unit * (1 + random_below(3));
    if (random_below(4) == 0)
        *count += random_below(5);
    if (*count > WINDOW_PAGES)
        *count = WINDOW_PAGES;
    *first = random_below((WINDOW_PAGES - *count) / unit + 1) * unit;
    if (random_below(4) == 0)
        *first = random_below(WINDOW_PAGES - *count + 1);
}

/* What the database has for a page of the model: rights and bits. */
static unsigned look(const struct page *page, unsigned *bits)
{
    unsigned rights, order, at = (unsigned)(page - &pages[0][0]);

    space_page(&spaces[at / WINDOW_MAX], address_of(at % WINDOW_MAX), &rights, &order, bits);
    return rights;
}

/* Mapping a page anew from where it was mapped from may leave it with all that was derived from it,
 * or replace it: the model follows the database. */
static bool is_kept(struct page *page)
{
    unsigned bits;

    if (page->child)
        return look(page->child, &bits) != 0;
    look(page, &bits);
    return (bits & page->bits) == page->bits;
}

static void model_map(struct page *source, struct page *page, unsigned rights, bool grant)
{
    if (!source->mapped || source == page)
        return;
    rights &= source->rights;
    bool same =
        page->mapped && page->parent == source && !(page->rights & ~rights) && is_kept(page);
    if (same) {
        page->rights = rights;
    } else {
        if (page->mapped)
            model_unmap(page, JN_R, false);
        if (!source->mapped)
            return; /* the source was derived from what stood there */
        *page = (struct page){.mapped = true, .rights = rights, .frame = source->frame};
        link_page(page, source);
    }
    if (!grant)
        return;
    struct page *parent = source->parent;
    unlink_page(page);
    while (source->child) {
        struct page *child = source->child;
        unlink_page(child);
        link_page(child, page);
    }
    unlink_page(source);
    link_page(page, parent);
    if (parent)
        parent->bits |= source->bits;
    *source = (struct page){0};
}

static bool derives_from_range(const struct page *page, const struct page *first, unsigned count)
{
    for (page = page->parent; page; page = page->parent)
        if (page >= first && page < first + count)
            return true;
    return false;
}

/* Ranges that a page-wise model and one that works on superpages understand differently. */
static bool entangled(unsigned from, unsigned at, unsigned to, unsigned where, unsigned count)
{
    if (from == to && at < where + count && where < at + count && at != where)
        return true;
    for (unsigned i = 0; i < count; i++) {
        if (derives_from_range(&pages[from][at + i], &pages[to][where], count) ||
            derives_from_range(&pages[to][where + i], &pages[to][where], count))
            return true;
    }
    return false;
}

static void step_map(void)
{
    unsigned from = random_below(SPACES), to = random_below(SPACES), at, where, count;
    unsigned rights = JN_R | (unsigned)random_below(8);
    bool grant = random_below(10) == 0;
    uint64_t done = 0;
    status_t status;

    random_range(&at, &count);
    where = at;
    if (random_below(3)) {
        unsigned align = (unsigned)LEVEL_PAGES(random_below(TABLE_BITS == 9 ? 2 : 3));
        where = (at % align + align * random_below(WINDOW_PAGES / align)) % WINDOW_PAGES;
        if (where + count > WINDOW_PAGES)
            where = at;
    }
    if (entangled(from, at, to, where, count))
        return;
    do
        status = space_map(&spaces[from], address_of(at), &spaces[to], address_of(where), count,
                           rights, grant, &done);
    while (status == STATUS_RESTART);
    if (status != JN_OK && status != JN_BUSY && status != JN_NOT_SUPPORTED)
        fail("map: status %d", status);
    CHECK(status != JN_OK || done == count);
    for (unsigned i = 0; i < done; i++)
        model_map(&pages[from][at + i], &pages[to][where + i], rights, grant);
    for (unsigned i = 0; i < count; i++) {
        compare_page(from, at + i);
        compare_page(to, where + i);
    }
}

static void step_unmap(void)
{
    unsigned s = random_below(SPACES), first, count, seen = 0, bits = 0;
    unsigned rights = random_below(8);
    bool derived_only = random_below(2);
    struct unmap_progress progress = {0};
    status_t status;

    random_range(&first, &count);
    do
        status = space_unmap(&spaces[s], address_of(first), count, rights,
                             derived_only ? JN_UNMAP_DERIVED_ONLY : 0, &progress);
    while (status == STATUS_RESTART);
    CHECK(status == JN_OK && progress.done == count);
    for (unsigned i = 0; i < count; i++) {
        struct page *page = &pages[s][first + i];
        if (!page->mapped)
            continue;
        seen++;
        bits |= model_unmap(page, rights, derived_only);
    }
    CHECK((progress.bits & bits) == bits);
    (void)seen; /* a page that an earlier one of the range was the parent of is not counted twice */
    CHECK(progress.seen <= count);
    for (unsigned i = 0; i < count; i++)
        compare_page(s, first + i);
}

static void step_access(void)
{
    unsigned s = random_below(SPACES), p = random_below(WINDOW_PAGES);
    unsigned access = 1u << random_below(3);
    struct page *page = &pages[s][p];
    bool may = page->rights & access;
    void *memory = space_access(&spaces[s], address_of(p) + 123, access);

    CHECK(!memory == !may);
    if (!memory || page->kernel)
        return;
    CHECK(virt_to_phys(memory) == address_of(page->frame) + 123);
    page->bits |= JN_PAGE_ACCESSED | (access == JN_ACCESS_WRITE ? JN_PAGE_DIRTY : 0u);
}

/* The root pager exchanges frames with the root Pool. */
static void step_frames(void)
{
    unsigned p = random_below(WINDOW_PAGES), order = random_below(3);
    uint64_t owned = root_pool.owned, address;

    p &= ~((1u << order) - 1);
    status_t status = space_give_frames(&spaces[0], address_of(p), order);
    bool may = true, writable = true;
    for (unsigned i = 0; i < 1u << order; i++) {
        struct page *page = &pages[0][p + i];
        writable &= page->mapped && !page->parent && page->frame == p + i && (page->rights & JN_W);
        may &= !page->child;
    }
    if (status == JN_BAD_ARG) {
        CHECK(!writable);
        return;
    }
    if (status == JN_BUSY) /* on account of a superpage around it, too */
        return;
    CHECK(status == JN_OK && writable && may && root_pool.owned == owned + (1u << order));
    for (unsigned i = 0; i < 1u << order; i++)
        pages[0][p + i] = (struct page){0};
    /* The allocator hands out the block that was freed last. */
    CHECK(space_take_frames(&spaces[0], order, &address) == JN_OK);
    CHECK(address == address_of(p) && root_pool.owned == owned);
    for (unsigned i = 0; i < 1u << order; i++)
        pages[0][p + i] =
            (struct page){.mapped = true, .rights = JN_R | JN_W | JN_X, .frame = p + i};
}

int main(int argc, char **argv)
{
    unsigned long steps = argc > 1 ? strtoul(argv[1], NULL, 0) : 100000;
    unsigned long seed = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;

    random_seed(seed);
    kernel_reset();
    for (unsigned s = 0; s < SPACES; s++)
        create(s);
    map_root();
    for (unsigned long step = 0; step < steps; step++) {
        unsigned what = random_below(200);

        preempt_one_in = random_below(2) ? 3 : 0;
        if (what == 0) {
            unsigned s = 1 + random_below(SPACES - 1);
            destroy(s);
            create(s);
        } else if (what < 80) {
            step_map();
        } else if (what < 120) {
            step_unmap();
        } else if (what < 130) {
            step_frames();
        } else {
            step_access();
        }
        /* The root's memory is granted away or unmapped in time: begin again. */
        if (spaces[0].pages < WINDOW_PAGES / 4) {
            for (unsigned s = 0; s < SPACES; s++)
                destroy(s);
            for (unsigned s = 0; s < SPACES; s++)
                create(s);
            map_root();
        }
        if (step % COMPARE_EVERY == 0)
            compare_all();
    }
    compare_all();
    for (unsigned s = 0; s < SPACES; s++)
        destroy(s);
    kernel_check_empty();
    printf("%lu steps agree with the model\n", steps);
    return 0;
}

#include "mapping_model.h"

struct page {
    struct page *parent, *child, *next;
    uint16_t frame; /* page number in space 0's window */
    uint8_t rights, bits;
    bool mapped, kernel;
};

static struct page pages[MODEL_SPACES][MODEL_PAGES_MAX];
static struct model_options o;
static uint64_t state, digest;

static unsigned below(unsigned limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)((state * 0x2545f4914f6cdd1dull >> 16) % limit);
}

static void check(bool condition, const char *what, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    if (!condition)
        backend_failed(what, a, b, c, d);
}

static void note(uint64_t value)
{
    digest = (digest ^ value) * 0x100000001b3ull;
}

/* ---- the model ---- */

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

/* Takes rights from a page and what is derived from it; the bits found. Leaves first, without
 * recursion: a derivation may be as long as all spaces have pages. */
static unsigned model_lower(struct page *top, unsigned rights, bool derived_only)
{
    unsigned bits = 0;
    struct page *page = top;

    for (;;) {
        while (page->child)
            page = page->child;
        for (;;) {
            struct page *parent = page->parent, *next = page->next;
            bool last = page == top;
            if (last && derived_only)
                return bits;
            bits |= page->bits;
            page->bits = 0;
            if (rights & JN_R) {
                unlink_page(page);
                *page = (struct page){0};
                next = last ? NULL : parent->child;
            } else {
                page->rights &= (uint8_t)~rights;
            }
            if (last)
                return bits;
            page = next ? next : parent;
            if (next)
                break; /* down again */
        }
    }
}

static unsigned model_unmap(struct page *page, unsigned rights, bool derived_only)
{
    struct page *parent = page->parent;
    unsigned bits = model_lower(page, rights, derived_only);

    if (parent)
        parent->bits |= (uint8_t)bits;
    return bits;
}

/* ---- comparing ---- */

static void compare_page(unsigned s, unsigned p)
{
    const struct page *page = &pages[s][p];
    unsigned bits, rights = backend_page(s, p, &bits);

    if (!page->mapped && !page->kernel) {
        check(!rights, "mapped, the model has nothing", s, p, rights, 0);
        return;
    }
    check(rights == page->rights, "rights; model", s, p, rights, page->rights);
    check((bits & page->bits) == page->bits, "bits lost; model", s, p, bits, page->bits);
}

static void compare_range(unsigned s, unsigned first, unsigned count)
{
    unsigned step = o.look_at && count > o.look_at ? count / o.look_at : 1;

    for (unsigned i = 0; i < count; i += step)
        compare_page(s, first + i);
    compare_page(s, first + count - 1);
}

static void compare_all(void)
{
    for (unsigned s = 0; s < MODEL_SPACES; s++) {
        uint64_t count = 0;
        for (unsigned p = 0; p < o.pages; p++) {
            compare_page(s, p);
            count += pages[s][p].mapped;
        }
        check(count == backend_count(s), "number of pages; model", s, backend_count(s), count, 0);
    }
}

/* ---- operations ---- */

static void create(unsigned s)
{
    backend_create(s);
    if (s == 1)
        pages[s][MODEL_KERNEL_AT] = (struct page){.kernel = true, .rights = JN_R | JN_W};
}

static void destroy(unsigned s)
{
    backend_destroy(s);
    for (unsigned p = 0; p < o.pages; p++) {
        if (pages[s][p].mapped)
            model_unmap(&pages[s][p], JN_R, false);
        pages[s][p] = (struct page){0};
    }
}

static void fill(void)
{
    backend_fill();
    for (unsigned p = 0; p < o.pages; p++)
        pages[0][p] =
            (struct page){.mapped = true, .rights = JN_R | JN_W | JN_X, .frame = (uint16_t)p};
}

static unsigned level_pages(unsigned level)
{
    unsigned count = 1;

    while (level--)
        count *= o.per_table;
    return count;
}

/* Lengths and places that are often those of superpages. */
static void random_range(unsigned *first, unsigned *count)
{
    unsigned unit = level_pages(below(o.levels));

    *count = unit * (1 + below(3));
    if (below(4) == 0)
        *count += below(5);
    if (*count > o.pages)
        *count = o.pages;
    *first = below((o.pages - *count) / unit + 1) * unit;
    if (below(4) == 0)
        *first = below(o.pages - *count + 1);
}

/* Mapping a page anew from where it was mapped from may leave it with all that was derived from it,
 * or replace it: the model follows the kernel. */
static bool is_kept(const struct page *page)
{
    unsigned at = (unsigned)(page - &pages[0][0]), bits;

    if (page->child) {
        at = (unsigned)(page->child - &pages[0][0]);
        return backend_page(at / MODEL_PAGES_MAX, at % MODEL_PAGES_MAX, &bits) != 0;
    }
    backend_page(at / MODEL_PAGES_MAX, at % MODEL_PAGES_MAX, &bits);
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
        page->rights = (uint8_t)rights;
    } else {
        if (page->mapped)
            model_unmap(page, JN_R, false);
        if (!source->mapped)
            return; /* the source was derived from what stood there */
        *page = (struct page){.mapped = true, .rights = (uint8_t)rights, .frame = source->frame};
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
    unsigned from = below(MODEL_SPACES), to = below(MODEL_SPACES), at, where, count;
    unsigned rights = JN_R | below(8);
    bool grant = below(10) == 0;
    uint64_t done = 0;

    random_range(&at, &count);
    where = at;
    if (below(3)) {
        unsigned align = level_pages(below(o.levels));
        where = (at % align + align * below(o.pages / align)) % o.pages;
        if (where + count > o.pages)
            where = at;
    }
    note((uint64_t)from << 60 | (uint64_t)to << 56 | (uint64_t)at << 40 | (uint64_t)where << 24 |
         (uint64_t)count << 8 | rights << 1 | grant);
    if (entangled(from, at, to, where, count))
        return;
    int64_t status = backend_map(from, at, to, where, count, rights, grant, &done);
    check(status == JN_OK || status == JN_BUSY || status == JN_NOT_SUPPORTED, "map", from, to,
          (uint64_t)status, done);
    check(status != JN_OK || done == count, "map passed over", from, to, done, count);
    for (unsigned i = 0; i < done; i++)
        model_map(&pages[from][at + i], &pages[to][where + i], rights, grant);
    compare_range(from, at, count);
    compare_range(to, where, count);
}

static void step_unmap(void)
{
    unsigned s = below(MODEL_SPACES), first, count;
    unsigned rights = below(8), bits = 0;
    bool derived_only = below(2);
    uint64_t seen, found;

    random_range(&first, &count);
    note(1ull << 63 | (uint64_t)s << 56 | (uint64_t)first << 40 | (uint64_t)count << 8 |
         rights << 1 | derived_only);
    int64_t status = backend_unmap(s, first, count, rights, derived_only, &seen, &found);
    check(status == JN_OK, "unmap", s, first, count, (uint64_t)status);
    for (unsigned i = 0; i < count; i++)
        if (pages[s][first + i].mapped)
            bits |= model_unmap(&pages[s][first + i], rights, derived_only);
    check((found & bits) == bits, "unmap found bits; model", s, first, found, bits);
    check(seen <= count, "unmap saw", s, first, seen, count);
    compare_range(s, first, count);
}

static void step_access(void)
{
    unsigned s = below(MODEL_SPACES), p = below(o.pages), access = 1u << below(3);
    struct page *page = &pages[s][p];

    note(3ull << 62 | s << 24 | p << 8 | access);
    if (page->kernel)
        return;
    int frame = backend_access(s, p, access);
    bool may = page->rights & access;
    check((frame >= 0) == may, "access; model", s, p, access, page->rights);
    if (!may)
        return;
    check(frame == page->frame, "frame; model", s, p, (uint64_t)frame, page->frame);
    page->bits |= JN_PAGE_ACCESSED;
    if (access == JN_W)
        page->bits |= JN_PAGE_DIRTY;
}

/* Frames that nobody else has go out of the window and come back as new ones. */
static void step_frames(void)
{
    unsigned p = below(o.pages), order = below(3);

    p &= ~((1u << order) - 1);
    note(7ull << 61 | p << 8 | order);
    if (!o.frames)
        return;
    bool may = true, writable = true;
    for (unsigned i = 0; i < 1u << order; i++) {
        const struct page *page = &pages[0][p + i];
        writable &= page->mapped && !page->parent && page->frame == p + i && (page->rights & JN_W);
        may &= !page->child;
    }
    if (!backend_frames(p, order, may, writable))
        return;
    for (unsigned i = 0; i < 1u << order; i++)
        pages[0][p + i] =
            (struct page){.mapped = true, .rights = JN_R | JN_W | JN_X, .frame = (uint16_t)(p + i)};
}

static void everything_anew(bool first)
{
    for (unsigned s = 0; s < MODEL_SPACES && !first; s++)
        destroy(s);
    for (unsigned s = 0; s < MODEL_SPACES; s++)
        create(s);
    fill();
}

uint64_t model_run(const struct model_options *options, uint64_t steps)
{
    o = *options;
    state = o.seed * 2 + 1;
    digest = 0xcbf29ce484222325ull;
    everything_anew(true);
    for (uint64_t step = 0; step < steps; step++) {
        unsigned what = below(200);

        backend_preempt(below(2));
        if (what == 0) {
            unsigned s = 1 + below(MODEL_SPACES - 1);
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
        /* Space 0's memory is granted away or unmapped in time: begin again. */
        if (backend_count(0) < o.pages / 4)
            everything_anew(false);
        if (step % o.every == 0)
            compare_all();
    }
    compare_all();
    for (unsigned s = 0; s < MODEL_SPACES; s++)
        destroy(s);
    return digest;
}

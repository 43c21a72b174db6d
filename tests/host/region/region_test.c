/* The region map against a model that knows every page: random operations, then everything that can
 * be seen is compared. Also checks that what is mapped is never more than what is allowed. */
#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "janus/region_prefault.h"
#include "world.h"

struct page {
    enum region_kind kind; /* 0: nothing */
    uint32_t access, flags, user;
    uint64_t tag, offset;
    int source; /* index into sources; -1 */
    bool changed; /* private: `value` counts, else the file's page or zero */
    uint64_t value;
};

struct state {
    struct world world;
    struct region_map *map;
    struct page model[WORLD_PAGES];
    struct region_source *sources[WORLD_FILES + WORLD_SHARED];
};

static struct frame files[WORLD_FILES * FILE_PAGES], shared[WORLD_SHARED * FILE_PAGES];
static uint32_t seed = 12345;

static uint32_t draw(uint32_t bound)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % bound;
}

static uint32_t normal(uint32_t access)
{
    return access & (JN_W | JN_X) ? access | JN_R : access;
}

static struct frame *source_frame(const struct page *page)
{
    uint64_t index = page->offset / REGION_PAGE;
    if (index >= FILE_PAGES)
        return NULL;
    return page->source < WORLD_FILES ? &files[page->source * FILE_PAGES + index]
                                      : &shared[(page->source - WORLD_FILES) * FILE_PAGES + index];
}

static uint64_t model_value(const struct page *page, bool *valid)
{
    *valid = true;
    if (page->kind == REGION_PRIVATE || (page->kind == REGION_FILE_PRIVATE && page->changed))
        return page->changed ? page->value : 0;
    struct frame *frame = source_frame(page);
    *valid = frame != NULL;
    return frame ? frame->word[0] : 0;
}

static void compare(struct state *s)
{
    struct region_totals totals, expect = {0};
    const struct region *last = NULL;
    for (unsigned i = 0; i < WORLD_PAGES; i++) {
        uint64_t address = WORLD_LOW + i * REGION_PAGE;
        const struct region *r = region_map_find(s->map, address);
        const struct page *p = &s->model[i];
        assert((r != NULL) == (p->kind != 0));
        if (s->world.table[i].frame && p->kind)
            assert(!(s->world.table[i].rights & ~p->access));
        if (!r) {
            assert(!s->world.table[i].frame);
            assert(!s->world.private_pages[i]);
            continue;
        }
        assert(r->kind == p->kind && r->access == p->access && r->flags == p->flags);
        assert(r->user == p->user && r->tag == p->tag);
        assert(r->source == (p->source < 0 ? NULL : s->sources[p->source]));
        if (r->source)
            assert(r->offset + (address - r->start) == p->offset);
        bool valid;
        if (s->world.table[i].frame)
            assert(s->world.table[i].frame->word[0] == model_value(p, &valid));
        if (r != last) {
            expect.regions++;
            if (last && last->start + last->length == r->start)
                assert(last->kind != r->kind || last->access != r->access ||
                       last->flags != r->flags || last->user != r->user || last->tag != r->tag ||
                       last->source != r->source ||
                       (r->source && last->offset + last->length != r->offset));
            assert(region_map_next(s->map, address) == r);
            assert(region_map_previous(s->map, r->start + 1) == r);
        }
        last = r;
        expect.pages += p->kind != REGION_RESERVED;
        expect.charged += (p->flags & REGION_CHARGED) != 0;
    }
    region_map_totals(s->map, &totals);
    assert(!memcmp(&totals, &expect, sizeof totals));
    assert((uint64_t)s->world.charged == totals.charged);
}

static bool model_free(const struct state *s, unsigned first, unsigned count)
{
    for (unsigned i = first; i < first + count; i++)
        if (i >= WORLD_PAGES || s->model[i].kind)
            return false;
    return true;
}

static void model_clear(struct state *s, unsigned first, unsigned count)
{
    for (unsigned i = first; i < first + count; i++)
        s->model[i] = (struct page){.source = -1};
}

static void do_add(struct state *s)
{
    struct region_request q = {0};
    unsigned count = 1 + draw(draw(4) ? 8 : 40), first = draw(WORLD_PAGES);
    q.place = draw(5);
    q.address = WORLD_LOW + first * REGION_PAGE;
    q.length = count * REGION_PAGE;
    q.alignment = draw(4) ? 0 : 0x10000;
    q.kind = 1 + draw(5);
    q.access = draw(8);
    q.user = draw(2);
    q.tag = draw(2);
    int source = -1;
    if (q.kind == REGION_SHARED)
        source = WORLD_FILES + (int)draw(WORLD_SHARED);
    else if (q.kind == REGION_FILE || q.kind == REGION_FILE_PRIVATE)
        source = (int)draw(WORLD_FILES);
    if (source >= 0) {
        q.source = s->sources[source];
        q.offset = draw(FILE_PAGES) * REGION_PAGE;
    } else if (q.kind == REGION_PRIVATE && draw(2)) {
        q.flags = REGION_CHARGED;
    }
    uint64_t address = 0;
    jn_status_t status = region_map_add(s->map, &q, &address);
    bool inside = first + count <= WORLD_PAGES;
    if (q.place == REGION_FIXED || q.place == REGION_FIXED_NOREPLACE) {
        if (!inside) {
            assert(status == JN_BAD_ARG || status == JN_EXISTS);
            return;
        }
        if (q.place == REGION_FIXED_NOREPLACE && !model_free(s, first, count)) {
            assert(status == JN_EXISTS);
            return;
        }
        if (q.place == REGION_FIXED_NOREPLACE && status == JN_BAD_ARG) {
            assert(q.alignment && q.address & (q.alignment - 1));
            return;
        }
        assert(status == JN_OK && address == q.address);
    } else {
        unsigned step = q.alignment ? 16 : 1, found = WORLD_PAGES;
        /* WORLD_LOW is a multiple of 64 KiB. */
        if (q.place == REGION_HINT && model_free(s, first, count) && first % step == 0) {
            found = first;
        } else if (q.place == REGION_ANYWHERE_LOW) {
            for (unsigned i = 0; i < WORLD_PAGES && found == WORLD_PAGES; i += step)
                if (model_free(s, i, count))
                    found = i;
        } else {
            for (unsigned i = 0; i < WORLD_PAGES; i += step)
                if (model_free(s, i, count))
                    found = i;
        }
        assert(status == (found == WORLD_PAGES ? JN_NO_SPACE : JN_OK));
        if (status != JN_OK)
            return;
        assert(address == WORLD_LOW + found * REGION_PAGE);
        first = found;
    }
    model_clear(s, first, count);
    for (unsigned i = 0; i < count; i++)
        s->model[first + i] = (struct page){.kind = q.kind, .access = normal(q.access),
            .flags = q.flags, .user = q.user, .tag = q.tag, .source = source,
            .offset = source < 0 ? 0 : q.offset + i * REGION_PAGE};
}

static void do_remove(struct state *s, unsigned first, unsigned count)
{
    jn_status_t status = region_map_remove(s->map, WORLD_LOW + first * REGION_PAGE,
                                           count * REGION_PAGE);
    assert(status == JN_OK);
    model_clear(s, first, count);
}

static void do_change(struct state *s, unsigned first, unsigned count)
{
    struct region_change c = {.mask = 1 + draw(7), .access = draw(8), .user = draw(2)};
    unsigned solid = 0;
    while (solid < count && s->model[first + solid].kind)
        solid++;
    bool commit = draw(3) == 0;
    if (commit) {
        bool release = draw(2);
        c.mask = REGION_SET_KIND | REGION_SET_FLAGS | REGION_SET_ACCESS;
        c.kind = release ? REGION_RESERVED : REGION_PRIVATE;
        c.set_flags = release ? 0 : REGION_CHARGED;
        c.clear_flags = release ? REGION_CHARGED : 0;
    } else if (c.mask & REGION_SET_FLAGS) {
        c.set_flags = draw(2) ? REGION_USER : 0;
        c.clear_flags = c.set_flags ? 0 : REGION_USER;
    }
    bool bad_kind = false;
    for (unsigned i = first; commit && i < first + solid; i++)
        bad_kind |= s->model[i].kind != REGION_RESERVED && s->model[i].kind != REGION_PRIVATE;
    jn_status_t status = region_map_change(s->map, WORLD_LOW + first * REGION_PAGE,
                                           count * REGION_PAGE, &c);
    if (!solid) {
        assert(status == JN_NOT_FOUND);
        return;
    }
    if (bad_kind) {
        assert(status == JN_BAD_ARG);
        return;
    }
    assert(status == (solid < count ? JN_NOT_FOUND : JN_OK));
    for (unsigned i = first; i < first + solid; i++) {
        struct page *p = &s->model[i];
        if (c.mask & REGION_SET_KIND && p->kind != c.kind) {
            p->kind = c.kind;
            p->changed = false;
        }
        if (c.mask & REGION_SET_FLAGS)
            p->flags = (p->flags & ~c.clear_flags) | c.set_flags;
        if (c.mask & REGION_SET_USER)
            p->user = c.user;
        if (c.mask & REGION_SET_ACCESS)
            p->access = normal(c.access);
    }
}

static void do_discard(struct state *s, unsigned first, unsigned count)
{
    bool hole = !model_free(s, first, 0);
    jn_status_t status = region_map_discard(s->map, WORLD_LOW + first * REGION_PAGE,
                                            count * REGION_PAGE);
    for (unsigned i = first; i < first + count; i++) {
        hole |= !s->model[i].kind;
        s->model[i].changed = false;
    }
    assert(status == (hole ? JN_NOT_FOUND : JN_OK));
}

static void do_move(struct state *s, unsigned first, unsigned count)
{
    unsigned grown = 1 + draw(24), target = draw(WORLD_PAGES);
    uint32_t flags = draw(2) ? REGION_MOVE_MAY : 0;
    if (draw(3) == 0)
        flags |= REGION_MOVE_FIXED;
    if (draw(4) == 0 && grown == count)
        flags |= REGION_MOVE_KEEP;
    uint64_t from = WORLD_LOW + first * REGION_PAGE, result = 0;
    const struct region *r = region_map_find(s->map, from);
    bool whole = r && r->start + r->length - from >= count * REGION_PAGE;
    jn_status_t status = region_map_move(s->map, from, count * REGION_PAGE, grown * REGION_PAGE,
                                         flags, WORLD_LOW + target * REGION_PAGE, &result);
    if (flags & REGION_MOVE_FIXED && (target + grown > WORLD_PAGES ||
                                      (target < first + count && first < target + grown))) {
        assert(status == JN_BAD_ARG);
        return;
    }
    if (!whole) {
        assert(status == JN_FAULT);
        return;
    }
    struct page old[WORLD_PAGES];
    memcpy(old, s->model + first, count * sizeof *old);
    if (grown < count) {
        model_clear(s, first + grown, count - grown);
        count = grown;
    }
    if (status != JN_OK) {
        assert(status == JN_NO_SPACE);
        assert(!(flags & REGION_MOVE_FIXED));
        if (!(flags & (REGION_MOVE_KEEP | REGION_MOVE_MAY)))
            assert(!model_free(s, first + count, grown - count));
        return;
    }
    if (flags & REGION_MOVE_FIXED)
        assert(result == WORLD_LOW + target * REGION_PAGE);
    target = world_page(result);
    if (target != first) {
        if (!(flags & REGION_MOVE_FIXED))
            assert(model_free(s, target, grown));
        model_clear(s, target, grown);
        if (!(flags & REGION_MOVE_KEEP))
            model_clear(s, first, count);
        else
            for (unsigned i = first; i < first + count; i++)
                s->model[i].changed = false;
    }
    for (unsigned i = 0; i < grown; i++) {
        struct page *p = &s->model[target + i];
        if (i < count) {
            *p = old[i];
        } else {
            *p = old[0];
            p->changed = false;
            if (p->source >= 0)
                p->offset = old[0].offset + i * REGION_PAGE;
        }
    }
}

/* A thread of the address space reads or writes a word. */
static void do_fault(struct state *s, unsigned page, uint32_t access)
{
    uint64_t address = WORLD_LOW + page * REGION_PAGE + draw(4096);
    struct page *p = &s->model[page];
    jn_status_t status = JN_OK;
    if (!s->world.table[page].frame || access & ~s->world.table[page].rights) {
        if (draw(8) == 0)
            s->world.fail_maps = 1;
        status = region_map_resolve(s->map, address, access, draw(2) ? 5 : 0);
        if (status == JN_NO_MEMORY)
            status = region_map_resolve(s->map, address, access, draw(2) ? 5 : 0);
        s->world.fail_maps = 0;
    }
    bool valid = true;
    if (!p->kind) {
        assert(status == JN_NOT_FOUND);
        return;
    }
    if (p->kind == REGION_RESERVED || access & ~p->access) {
        assert(status == JN_ACCESS);
        return;
    }
    uint64_t value = model_value(p, &valid);
    if (!valid) {
        assert(status == JN_RANGE);
        return;
    }
    assert(status == JN_OK);
    assert(s->world.table[page].frame && !(access & ~s->world.table[page].rights));
    assert(s->world.table[page].frame->word[0] == value);
    if (access & JN_W) {
        value = seed;
        s->world.table[page].frame->word[0] = value;
        if (p->kind == REGION_PRIVATE || p->kind == REGION_FILE_PRIVATE) {
            p->changed = true;
            p->value = value;
        }
    }
}

static void do_outside(struct state *s, unsigned first, unsigned count)
{
    static uint64_t buffer[WORLD_PAGES * 512];
    uint64_t done, address = WORLD_LOW + first * REGION_PAGE;
    jn_status_t status = region_map_read(s->map, address, buffer, count * REGION_PAGE, &done);
    for (unsigned i = 0; i < done / REGION_PAGE; i++) {
        bool valid;
        assert(buffer[i * 512] == model_value(&s->model[first + i], &valid));
    }
    assert(status == JN_OK || done < count * REGION_PAGE);
    struct page *p = &s->model[first];
    uint64_t value = seed;
    bool force = draw(2), valid = true;
    status = region_map_write(s->map, address, &value, 8, force, &done);
    if (!p->kind) {
        assert(status == JN_NOT_FOUND);
        return;
    }
    if (p->kind == REGION_RESERVED || p->kind == REGION_FILE || (!force && !(p->access & JN_W))) {
        assert(status == JN_ACCESS);
        return;
    }
    if (p->kind == REGION_SHARED && p->offset / REGION_PAGE >= FILE_PAGES)
        assert(!"the test does not write beyond shared memory");
    model_value(p, &valid);
    if (!valid) {
        assert(status == JN_RANGE);
        return;
    }
    assert(status == JN_OK);
    if (p->kind == REGION_SHARED) {
        assert(source_frame(p)->word[0] == value);
    } else {
        p->changed = true;
        p->value = value;
    }
}

/* Whole pages before anybody touches them; the comparison shows that they are the right ones. */
static void do_prefault(struct state *s, unsigned first, unsigned count)
{
    uint64_t done, address = WORLD_LOW + first * REGION_PAGE;
    jn_status_t status = region_map_prefault(s->map, address, count * REGION_PAGE, &done);
    assert(status == JN_OK ? done == count * REGION_PAGE : status == JN_RANGE);
    for (unsigned i = 0; status == JN_OK && i < count; i++)
        if (s->model[first + i].kind == REGION_PRIVATE && s->model[first + i].access & JN_W)
            assert(s->world.table[first + i].frame);
}

/* Contents for pages of which there are none. */
static void do_fill(struct state *s, unsigned first, unsigned count)
{
    static uint64_t buffer[WORLD_PAGES * 512];
    bool all = true;
    do_discard(s, first, count);
    for (unsigned i = 0; i < count; i++) {
        struct page *p = &s->model[first + i];
        all &= p->kind == REGION_PRIVATE || p->kind == REGION_FILE_PRIVATE;
        buffer[i * 512] = seed + i;
    }
    jn_status_t status = region_map_fill(s->map, WORLD_LOW + first * REGION_PAGE, buffer,
                                         count * REGION_PAGE);
    assert(status == (all ? JN_OK : JN_BAD_ARG));
    for (unsigned i = 0; all && i < count; i++) {
        s->model[first + i].changed = true;
        s->model[first + i].value = buffer[i * 512];
    }
}

/* Fork: the child goes on (or the parent), the other one is given back. */
static void do_clone(struct state *s)
{
    static struct world other;
    struct region_map *copy;
    world_clone(&other, &s->world);
    jn_status_t status = region_map_clone(s->map, &other, &copy);
    assert(status == JN_OK);
    struct region_source *sources[WORLD_FILES + WORLD_SHARED] = {0};
    for (const struct region *r = region_map_next(copy, 0); r;
         r = region_map_next(copy, r->start + r->length))
        for (int i = 0; r->source && i < WORLD_FILES + WORLD_SHARED; i++)
            if (r->source->file == s->sources[i]->file &&
                r->source->number == s->sources[i]->number)
                sources[i] = r->source;
    region_map_destroy(s->map, draw(2));
    world_free(&s->world);
    s->world = other;
    region_map_set_context(copy, &s->world);
    s->map = copy;
    for (int i = 0; i < WORLD_FILES + WORLD_SHARED; i++) {
        s->world.closed_files[i < WORLD_FILES ? i : 0] = 0;
        s->world.closed_shared[i < WORLD_FILES ? 0 : i - WORLD_FILES] = 0;
        if (sources[i])
            sources[i]->users++;
        else
            sources[i] = region_source_create(copy, i < WORLD_FILES ? REGION_SOURCE_FILE
                                                                    : REGION_SOURCE_MEMORY,
                                              (uint64_t)(i < WORLD_FILES ? i : i - WORLD_FILES),
                                              (uint64_t)i, 7);
        s->sources[i] = sources[i];
    }
}

static void prepare(struct state *s)
{
    world_init(&s->world, files, shared);
    s->map = region_map_create(&world_ops, &s->world, WORLD_LOW, WORLD_HIGH);
    model_clear(s, 0, WORLD_PAGES);
    for (int i = 0; i < WORLD_FILES + WORLD_SHARED; i++)
        s->sources[i] = region_source_create(s->map, i < WORLD_FILES ? REGION_SOURCE_FILE
                                                                     : REGION_SOURCE_MEMORY,
                                             (uint64_t)(i < WORLD_FILES ? i : i - WORLD_FILES),
                                             (uint64_t)i, 7);
}

static uint64_t add_fixed(struct region_map *map, unsigned page, enum region_kind kind, uint32_t flags)
{
    struct region_request request = {.place = REGION_FIXED, .length = 4 * REGION_PAGE, .kind = kind,
                                     .address = WORLD_LOW + page * REGION_PAGE, .flags = flags,
                                     .access = kind == REGION_RESERVED ? 0 : JN_R | JN_W};
    uint64_t at;
    assert(region_map_add(map, &request, &at) == JN_OK);
    return at;
}

/* The end of an image whose Task stays: what regions show goes, what lies in a locked reservation stays. */
static void check_vacate(void)
{
    static struct world world;
    static struct frame another;
    world_init(&world, files, shared);
    struct region_map *map = region_map_create(&world_ops, &world, WORLD_LOW, WORLD_HIGH);
    uint64_t low = add_fixed(map, 0, REGION_PRIVATE, 0);
    add_fixed(map, 4, REGION_RESERVED, REGION_LOCKED);
    uint64_t high = add_fixed(map, 8, REGION_PRIVATE, 0), last = add_fixed(map, 14, REGION_PRIVATE, 0);
    world.table[5].frame = &another;
    assert(region_map_resolve(map, low + REGION_PAGE, JN_W, JN_CAP_NULL) == JN_OK);
    assert(region_map_resolve(map, high, JN_W, JN_CAP_NULL) == JN_OK);
    assert(region_map_resolve(map, last, JN_W, JN_CAP_NULL) == JN_OK);
    assert(world.table[1].frame && world.table[8].frame && world.table[14].frame);
    assert(region_map_vacate(map) == JN_OK);
    for (unsigned i = 0; i < WORLD_PAGES; i++)
        assert(world.table[i].frame == (i == 5 ? &another : NULL));
    assert(world.private_pages[1]);
    region_map_close_memory(map);
    region_map_destroy(map, true);
    world_free(&world);
}

int main(int argc, char **argv)
{
    static struct state state;
    struct state *s = &state;
    unsigned steps = argc > 1 ? (unsigned)atoi(argv[1]) : 60000;
    for (unsigned i = 0; i < WORLD_FILES * FILE_PAGES; i++)
        files[i].word[0] = 1000 + i;
    check_vacate();
    prepare(s);
    for (unsigned step = 0; step < steps; step++) {
        unsigned first = draw(WORLD_PAGES), count = 1 + draw(draw(4) ? 6 : 60);
        if (first + count > WORLD_PAGES)
            count = WORLD_PAGES - first;
        switch (draw(20)) {
        case 0: case 1: case 2:
            do_add(s);
            break;
        case 3:
            do_remove(s, first, count);
            break;
        case 4: case 5:
            do_change(s, first, count);
            break;
        case 6:
            do_discard(s, first, count);
            break;
        case 7:
            do_move(s, first, count);
            break;
        case 8:
            /* Reads of shared memory beyond its end would be the fake's own errors. */
            for (unsigned i = 0; i < count; i++)
                if (s->model[first + i].kind == REGION_SHARED &&
                    s->model[first + i].offset / REGION_PAGE >= FILE_PAGES)
                    count = 0;
            if (count)
                do_outside(s, first, count);
            break;
        case 9:
            if (draw(10) == 0)
                do_clone(s);
            break;
        case 12: /* nothing that a program could see but by the time it takes */
            region_map_populate(s->map, WORLD_LOW + first * REGION_PAGE, count * REGION_PAGE);
            break;
        case 10: case 11: /* in order, up or down */
            for (unsigned i = 0; i < count; i++)
                do_fault(s, draw(2) ? first + i : first + count - 1 - i, JN_W);
            break;
        case 13:
            do_prefault(s, first, count);
            break;
        case 14:
            do_fill(s, first, count);
            break;
        default:
            do_fault(s, first, 1u << draw(3));
        }
        compare(s);
    }
    for (int i = 0; i < WORLD_FILES + WORLD_SHARED; i++)
        region_source_release(s->map, s->sources[i]);
    assert(region_map_remove(s->map, WORLD_LOW, WORLD_HIGH - WORLD_LOW) == JN_OK);
    region_map_destroy(s->map, true);
    for (unsigned i = 0; i < WORLD_PAGES; i++)
        assert(!s->world.table[i].frame);
    for (int i = 0; i < WORLD_FILES; i++)
        assert(s->world.closed_files[i]);
    world_free(&s->world);
    printf("%u steps\n", steps);
    return 0;
}

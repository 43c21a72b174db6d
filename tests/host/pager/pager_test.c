/* The default pager's memory against a model: processes fork, write, discard, move and end in random
 * order; each must always see exactly its own contents, and no page table may show more than that. */
#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "janus/idl/dataspace.h"
#include "world.h"

#define PROCESSES 12
#define PAGES 128 /* of the private dataspace at number 1; offset = address, as region maps do it */
#define SHARED_PAGES 16 /* number 2, seen at address PAGES.. */

struct process {
    struct client *client; /* NULL: unused */
    unsigned space;
    uint64_t value[PAGES]; /* what its private pages hold */
    uint32_t stale[PAGES]; /* mapping that outlived a discard, and what was seen there then */
    uint64_t stale_value[PAGES];
    struct shared *shared;
};

struct shared {
    uint64_t value[SHARED_PAGES];
    unsigned users;
};

static struct process processes[PROCESSES];
static uint32_t seed = 99;
static unsigned next_space = 1;
static uint32_t zero_frame;

static uint32_t draw(uint32_t bound)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % bound;
}

static uint64_t word_of(uint32_t frame)
{
    uint64_t word;
    memcpy(&word, platform_contents(frame), sizeof word);
    return word;
}

/* Clears a page table; the Task is new, or destroyed. */
static unsigned new_space(void)
{
    do
        next_space = next_space % (WORLD_SPACES - 1) + 1;
    while (world_alive[next_space]);
    memset(world_table[next_space], 0, sizeof world_table[next_space]);
    world_alive[next_space] = true;
    return next_space;
}

static void end_space(unsigned space)
{
    memset(world_table[space], 0, sizeof world_table[space]);
    world_alive[space] = false;
}

/* A thread of the process uses the page: from its page table, else through a fault. */
static void touch(struct process *p, unsigned page, bool write)
{
    struct world_entry *entry = &world_table[p->space][page];
    if (page < PAGES && p->stale[page] && p->stale[page] == entry->serial) {
        entry->frame = 0;
        p->stale[page] = 0;
    }
    uint32_t access = write ? JN_R | JN_W : JN_R;
    bool is_shared = page >= PAGES;
    uint64_t *value = is_shared ? &p->shared->value[page - PAGES] : &p->value[page], mapped;
    if (!entry->frame || access & ~entry->access) {
        struct open *open = user_find(p->client, is_shared ? 2 : 1);
        uint64_t offset = (uint64_t)(is_shared ? page - PAGES : page) << PAGE_BITS;
        uint64_t length = (1 + draw(8)) << PAGE_BITS;
        uint64_t end = (uint64_t)(is_shared ? SHARED_PAGES : PAGES) << PAGE_BITS;
        if (length > end - offset)
            length = end - offset;
        if (draw(16) == 0)
            world_map_limit = draw(3);
        bool reads = !write && draw(2); /* W where it costs nothing: check() says where it may be */
        jn_status_t status = ds_map(open, offset, (uint64_t)page << PAGE_BITS, length,
                                    reads ? JN_R | JN_W : access,
                                    (reads ? DS_MAP_READ : 0) | (draw(2) ? DS_MAP_FILL : 0),
                                    &mapped);
        world_map_limit = UINT32_MAX;
        if (status == JN_NO_MEMORY || status == JN_QUOTA)
            return;
        assert(status == JN_OK && mapped && mapped <= length);
    }
    assert(entry->frame && !(access & ~entry->access));
    assert(word_of(entry->frame) == *value);
    if (write) {
        *value = seed | 1;
        memcpy(platform_contents(entry->frame), value, sizeof *value);
    }
}

/* The pager writes into the dataspace itself, as for interface dataspace.fill. */
static void fill(struct process *p, unsigned page)
{
    struct open *open = user_find(p->client, 1);
    uint32_t frame, before;
    bool whole = draw(2);
    jn_status_t status = ds_page(open->ds, page, PAGE_LOOK, &before);
    assert(status == JN_OK);
    status = ds_fill_page(open->ds, page, whole, &frame);
    if (status != JN_OK)
        return;
    if (!whole)
        assert(word_of(frame) == p->value[page]);
    p->value[page] = seed | 1;
    memcpy(platform_contents(frame), &p->value[page], 8);
}

static void discard(struct process *p, unsigned page, unsigned count)
{
    struct open *open = user_find(p->client, 1);
    /* The region map has unmapped the range before, or it has not: the pager must not care. */
    if (draw(2))
        memset(&world_table[p->space][page], 0, count * sizeof(struct world_entry));
    bool gone = ds_discard(open->ds, page, count, true);
    /* The page of zeroes may still be seen, and frames that others have; nothing else. */
    for (unsigned i = page; i < page + count; i++) {
        uint32_t frame = world_table[p->space][i].frame;
        assert(!gone || !frame || p->stale[i]); /* of an earlier discard */
        assert(!frame || frame == zero_frame || platform_record(frame)->users);
        /* What stays mapped must never show anything that others write later. */
        p->stale[i] = frame ? world_table[p->space][i].serial : 0;
        p->stale_value[i] = frame ? word_of(frame) : 0;
        p->value[i] = 0;
    }
}

static void move(struct process *p, unsigned from, unsigned to, unsigned count)
{
    struct open *open = user_find(p->client, 1);
    if ((from < to + count && to < from + count) || from + count > PAGES || to + count > PAGES)
        return;
    memset(&world_table[p->space][from], 0, count * sizeof(struct world_entry));
    memset(&world_table[p->space][to], 0, count * sizeof(struct world_entry));
    memset(&p->stale[from], 0, count * sizeof *p->stale);
    memset(&p->stale[to], 0, count * sizeof *p->stale);
    jn_status_t status = ds_move(open->ds, from, to, count);
    assert(status == JN_OK);
    memcpy(&p->value[to], &p->value[from], count * sizeof *p->value);
    memset(&p->value[from], 0, count * sizeof *p->value);
}

static struct process *unused(void)
{
    for (unsigned i = 0; i < PROCESSES; i++)
        if (!processes[i].client)
            return &processes[i];
    return NULL;
}

static void make(void)
{
    struct process *p = unused();
    uint64_t number;
    if (!p)
        return;
    memset(p, 0, sizeof *p);
    p->client = user_create(NULL, draw(4) ? UINT64_MAX : 64, 1, true);
    p->space = new_space();
    user_set_space(p->client, p->space);
    struct dataspace *ds = ds_make(p->client, PAGES << PAGE_BITS, 0);
    jn_status_t status = user_enter(p->client, ds, 7, &number);
    assert(status == JN_OK && number == 1);
    ds = ds_make(p->client, SHARED_PAGES << PAGE_BITS, DS_SHARED);
    status = user_enter(p->client, ds, 7, &number);
    assert(status == JN_OK && number == 2);
    p->shared = calloc(1, sizeof *p->shared);
    p->shared->users = 1;
}

static void fork_process(struct process *p)
{
    struct process *child = unused();
    if (!child)
        return;
    struct client *client;
    jn_status_t status = user_clone(p->client, 2, &client);
    if (status != JN_OK) {
        assert(status == JN_QUOTA || status == JN_NO_MEMORY);
        return;
    }
    *child = *p;
    child->client = client;
    child->space = new_space();
    memset(child->stale, 0, sizeof child->stale);
    user_set_space(client, child->space);
    p->shared->users++;
}

static void end(struct process *p)
{
    if (draw(4)) { /* mostly the Task is gone before the client */
        end_space(p->space);
        user_destroy(p->client);
    } else {
        user_destroy(p->client);
        for (unsigned i = 0; i < WORLD_PAGES; i++) {
            uint32_t frame = world_table[p->space][i].frame;
            assert(!frame || frame == zero_frame || platform_record(frame)->users);
        }
        end_space(p->space);
    }
    if (--p->shared->users == 0)
        free(p->shared);
    p->client = NULL;
}

/* exec: a new Task for the same client; the old one goes some time later. */
static void exec(struct process *p)
{
    unsigned old = p->space;
    p->space = new_space();
    memset(p->stale, 0, sizeof p->stale);
    user_set_space(p->client, p->space);
    end_space(old);
}

static void check(void)
{
    uint64_t users = 0, writable = 0;
    for (unsigned i = 0; i < PROCESSES; i++) {
        struct process *p = &processes[i];
        if (!p->client)
            continue;
        for (unsigned page = 0; page < PAGES + SHARED_PAGES; page++) {
            struct world_entry *entry = &world_table[p->space][page];
            if (!entry->frame)
                continue;
            uint64_t value = page < PAGES ? p->value[page] : p->shared->value[page - PAGES];
            if (page < PAGES && p->stale[page] == entry->serial) {
                value = p->stale_value[page];
                assert(!(entry->access & JN_W));
            }
            assert(word_of(entry->frame) == value);
            if (entry->access & JN_W && page < PAGES) {
                assert(platform_record(entry->frame)->users == 1);
                writable++;
            }
        }
        users += p->client->account->used;
    }
    (void)users;
    (void)writable;
}

static void check_contiguous(void)
{
    struct client *client = user_create(NULL, UINT64_MAX, 0, false);
    struct dataspace *ds = ds_make(client, 5 * 512 * PAGE_BYTES / 4, DS_CONTIGUOUS);
    uint32_t first, frame;
    jn_status_t status = ds_populate(ds);
    assert(status == JN_OK && ds->pages.count == 640);
    status = ds_page(ds, 0, PAGE_LOOK, &first);
    assert(status == JN_OK && first % 1024 == 0);
    for (unsigned i = 0; i < 640; i++) {
        status = ds_page(ds, i, PAGE_LOOK, &frame);
        assert(status == JN_OK && frame == first + i && word_of(frame) == 0);
    }
    assert(client->account->used == 640);
    ds_drop(ds, false);
    assert(client->account->used == 0);
    /* More than the machine has: nothing is left behind. */
    uint64_t free_before = frame_totals.owned - frame_totals.free;
    ds = ds_make(client, (uint64_t)WORLD_FRAMES * 2 * PAGE_BYTES, DS_PINNED);
    status = ds_populate(ds);
    assert(status == JN_NO_MEMORY);
    ds_drop(ds, false);
    assert(client->account->used == 0 && frame_totals.owned - frame_totals.free == free_before);
    user_destroy(client);
}

static void check_accounts(void)
{
    struct account *top = account_create(NULL, 10), *a = account_create(top, UINT64_MAX);
    assert(account_charge(a, 8) == JN_OK && top->used == 8);
    assert(account_charge(a, 3) == JN_QUOTA && top->used == 8 && a->used == 8);
    assert(account_move(top, a) == JN_BAD_ARG);
    struct account *b = account_create(NULL, 100);
    assert(account_move(a, b) == JN_OK && top->used == 0 && b->used == 8);
    assert(account_commit(a, 92) == JN_OK && account_commit(a, 9) == JN_QUOTA);
    account_refund(a, 8);
    account_release(b);
    account_release(a);
    account_release(top);
}

static uint32_t frame_of(struct client *client, unsigned page)
{
    uint32_t frame;
    jn_status_t status = ds_page(user_find(client, 1)->ds, page, PAGE_LOOK, &frame);
    assert(status == JN_OK);
    return frame;
}

static void write_page(struct client *client, unsigned page)
{
    uint64_t mapped, at = (uint64_t)page << PAGE_BITS;
    jn_status_t status =
        ds_map(user_find(client, 1), at, at, PAGE_BYTES, JN_R | JN_W, 0, &mapped);
    assert(status == JN_OK && mapped == PAGE_BYTES);
}

/* A page that is written after one clone is not in common after the next, and the original keeps it writable. */
static void check_rewritten(void)
{
    struct client *client = user_create(NULL, UINT64_MAX, 2, false), *first, *second;
    struct dataspace *ds = ds_make(client, 4 * PAGE_BYTES, 0);
    uint64_t number;
    unsigned space = new_space();
    jn_status_t status = user_enter(client, ds, JN_R | JN_W | JN_X, &number);
    assert(status == JN_OK && number == 1);
    user_set_space(client, space);
    write_page(client, 1), write_page(client, 2);
    status = user_clone(client, 3, &first);
    assert(status == JN_OK && frame_of(first, 1) == frame_of(client, 1));
    write_page(client, 1);
    user_destroy(first);
    uint32_t own = frame_of(client, 1);
    memcpy(platform_contents(own), "here", 5);
    status = user_clone(client, 4, &second);
    assert(status == JN_OK && frame_of(second, 2) == frame_of(client, 2));
    assert(frame_of(second, 1) != own && !memcmp(platform_contents(frame_of(second, 1)), "here", 5));
    assert(frame_of(client, 1) == own && platform_record(own)->users == 1);
    assert(world_table[space][1].frame == own && world_table[space][1].access & JN_W);
    assert(!(world_table[space][2].access & JN_W));
    user_destroy(second);
    end_space(space);
    user_destroy(client);
}

int main(int argc, char **argv)
{
    unsigned steps = argc > 1 ? (unsigned)atoi(argv[1]) : 60000;
    world_reset();
    jn_status_t status = frame_alloc(true, false, &zero_frame);
    assert(status == JN_OK);
    ds_init(zero_frame);
    map_init(zero_frame);
    check_accounts();
    check_contiguous();
    check_rewritten();
    frame_totals.program_limit = 1000;
    for (unsigned step = 0; step < steps; step++) {
        struct process *p = &processes[draw(PROCESSES)];
        unsigned page = draw(PAGES), count = 1 + draw(PAGES - page);
        if (!p->client) {
            if (draw(4) == 0)
                make();
            continue;
        }
        switch (draw(24)) {
        case 0:
            fork_process(p);
            break;
        case 1:
            if (draw(2))
                end(p);
            break;
        case 2:
            discard(p, page, count);
            break;
        case 3:
            move(p, page, draw(PAGES), 1 + draw(20));
            break;
        case 4:
            if (draw(4) == 0)
                exec(p);
            break;
        case 5: case 6:
            fill(p, page);
            break;
        case 7: case 8: case 9:
            touch(p, PAGES + draw(SHARED_PAGES), draw(2));
            break;
        default:
            touch(p, page, draw(2));
        }
        check();
    }
    for (unsigned i = 0; i < PROCESSES; i++)
        if (processes[i].client)
            end(&processes[i]);
    assert(frame_totals.program == 0);
    /* Only the page of zeroes is in use, and the frames that the records took. */
    assert(frame_totals.owned - frame_totals.free <= 3);
    printf("%u steps\n", steps);
    return 0;
}

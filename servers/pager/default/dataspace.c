/* Pages of dataspaces: allocation, copy-on-write, clones, discarding. */
#include "dataspace.h"

#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "janus/idl/dataspace.h"

static uint32_t zero_frame;
static uint64_t next_identity = 1;

void ds_init(uint32_t frame)
{
    zero_frame = frame;
}

struct dataspace *ds_make(struct client *payer, uint64_t size, uint32_t flags)
{
    struct dataspace *ds = calloc(1, sizeof *ds);
    if (!ds)
        return NULL;
    ds->size = size;
    ds->flags = flags;
    ds->payer = payer;
    ds->identity = next_identity++;
    return ds;
}

static bool is_shared(const struct dataspace *ds)
{
    return ds->flags & (DS_SHARED | DS_PINNED | DS_CONTIGUOUS);
}

/* ---- giving frames up ---- */

/* A run of contiguous frames that go at once, so that one revocation serves them all. */
struct run {
    uint32_t first, count;
    uint32_t rights;
};

static void run_flush(struct run *run)
{
    if (run->count)
        platform_revoke(run->first, run->count, run->rights);
    run->count = 0;
}

static void run_add(struct run *run, uint32_t frame)
{
    if (run->count && run->first + run->count != frame)
        run_flush(run);
    if (!run->count)
        run->first = frame;
    run->count++;
}

/* The frames of a run are freed when nothing is mapped from them any more: they are kept in a list
 * through `next` until then. */
static void free_list(uint32_t list)
{
    while (list) { /* what was contiguous stands there from its end to its begin */
        uint32_t first = list, count = 1, next = platform_record(list)->next;
        while (next && next == first - 1) {
            first = next;
            count++;
            next = platform_record(next)->next;
        }
        frame_free_run(first, count);
        list = next;
    }
}

/* One user less. If it was the last, the frame joins *list, and the run when something may be mapped
 * from it; false: it was not. */
static bool give_up(uint32_t number, bool alive, struct run *run, uint32_t *list)
{
    struct frame *frame = platform_record(number);
    if (--frame->users) {
        if (alive)
            frame->flags |= FRAME_SPREAD;
        return false;
    }
    if (frame->flags & FRAME_MAPPED && (alive || frame->flags & FRAME_SPREAD))
        run_add(run, number);
    frame->next = *list;
    *list = number;
    return true;
}

bool ds_discard(struct dataspace *ds, uint64_t page, uint64_t count, bool alive)
{
    struct run run = {.rights = JN_R | JN_W | JN_X};
    uint64_t end = page + count, dropped = 0;
    uint32_t frame, list = 0;
    bool own = true;
    while (page < end) {
        uint64_t cut = page_tree_cut(&ds->pages, page, end - page, &frame);
        if (!cut && !page_tree_next(&ds->pages, page, &page, &frame))
            break;
        for (uint64_t i = 0; i < cut; i++)
            own &= give_up(frame + (uint32_t)i, alive, &run, &list);
        dropped += cut;
        page += cut;
    }
    run_flush(&run);
    free_list(list);
    if (ds->payer)
        account_refund(ds->payer->account, dropped);
    return own && (dropped == count || !ds->zeroes_seen);
}

/* The end of all pages of a dataspace. */
struct ending {
    struct run run;
    uint32_t list;
    bool alive;
};

static void end_page(void *context, uint32_t frame)
{
    struct ending *ending = context;
    give_up(frame, ending->alive, &ending->run, &ending->list);
}

struct jn_offers ds_offers;

void ds_drop(struct dataspace *ds, bool alive)
{
    struct ending ending = {.run.rights = JN_R | JN_W | JN_X, .alive = alive};
    if (ds->payer)
        account_refund(ds->payer->account, ds->pages.count);
    page_tree_free(&ds->pages, end_page, &ending);
    run_flush(&ending.run);
    free_list(ending.list);
    if (ds->token)
        jn_offers_remove(&ds_offers, ds->token);
    free(ds);
}

void ds_change_payer(struct dataspace *ds, struct client *payer)
{
    account_refund(ds->payer->account, ds->pages.count);
    ds->payer = payer;
    account_force(payer->account, ds->pages.count);
}

/* ---- getting them ---- */

static jn_status_t add_page(struct dataspace *ds, uint64_t page, bool zero, uint32_t *frame)
{
    jn_status_t status = account_charge(ds->payer->account, 1);
    if (status != JN_OK)
        return status;
    status = frame_alloc(zero, ds->payer->program, frame);
    if (status == JN_OK) {
        status = page_tree_set(&ds->pages, page, *frame);
        if (status == JN_OK)
            return JN_OK;
        frame_free(*frame);
    }
    account_refund(ds->payer->account, 1);
    return status;
}

jn_status_t ds_make_run(struct dataspace *ds, uint64_t page, uint64_t most, bool zero,
                        uint32_t *first, uint64_t *count)
{
    uint64_t gap = page_tree_gap(&ds->pages, page, most);
    struct account *account = ds->payer->account;
    unsigned order = gap > 1 ? 63 - (unsigned)__builtin_clzll(gap) : 0, paid = order;
    jn_status_t status = account_charge(account, 1ull << paid);
    if (status != JN_OK && order) { /* the quota may end in the middle */
        order = paid = 0;
        status = account_charge(account, 1);
    }
    if (status != JN_OK)
        return status;
    status = frame_alloc_some(&order, ds->payer->program, first);
    if (status == JN_OK) {
        *count = 1ull << order;
        if (zero)
            platform_zero(*first, *count);
        status = page_tree_set_run(&ds->pages, page, *first, *count);
        if (status != JN_OK)
            frame_free_run(*first, (uint32_t)*count);
    }
    account_refund(account, (1ull << paid) - (status == JN_OK ? *count : 0));
    return status;
}

static void note_rewritten(struct dataspace *ds, uint64_t page)
{
    for (unsigned i = 0; i < DS_REWRITTEN; i++)
        if (ds->rewritten[i] == page + 1)
            return;
    ds->rewritten[ds->rewritten_next++ % DS_REWRITTEN] = page + 1;
}

/* A frame that only this page uses. */
static jn_status_t own_frame(struct dataspace *ds, uint64_t page, uint32_t *number)
{
    struct frame *frame = platform_record(*number);
    if (frame->users == 1) {
        if (frame->flags & FRAME_SPREAD) {
            note_rewritten(ds, page);
            platform_revoke(*number, 1, JN_R | JN_W | JN_X);
            frame->flags &= (uint8_t)~(FRAME_SPREAD | FRAME_MAPPED | FRAME_WRITABLE);
        }
        return JN_OK;
    }
    uint32_t copy;
    note_rewritten(ds, page);
    jn_status_t status = frame_alloc(false, ds->payer->program, &copy);
    if (status != JN_OK)
        return status;
    memcpy(platform_contents(copy), platform_contents(*number), PAGE_BYTES);
    status = page_tree_set(&ds->pages, page, copy); /* the page is present: cannot fail */
    if (status != JN_OK) {
        frame_free(copy);
        return status;
    }
    frame->users--;
    frame->flags |= FRAME_SPREAD; /* this client still has it mapped, read-only */
    *number = copy;
    return JN_OK;
}

jn_status_t ds_page(struct dataspace *ds, uint64_t page, enum page_need need,
                           uint32_t *frame)
{
    *frame = page_tree_get(&ds->pages, page);
    if (need == PAGE_LOOK)
        return JN_OK;
    if (!*frame) {
        if (need == PAGE_READ && !is_shared(ds))
            return JN_OK;
        return add_page(ds, page, need != PAGE_WHOLE, frame);
    }
    return need == PAGE_READ ? JN_OK : own_frame(ds, page, frame);
}

jn_status_t ds_fill_page(struct dataspace *ds, uint64_t page, bool whole, uint32_t *frame)
{
    uint32_t before = page_tree_get(&ds->pages, page);
    jn_status_t status = ds_page(ds, page, whole ? PAGE_WHOLE : PAGE_WRITE, frame);
    if (status != JN_OK)
        return status;
    if (!before && ds->zeroes_seen)
        platform_revoke(zero_frame, 1, JN_R | JN_W | JN_X);
    else if (before && before != *frame)
        platform_revoke(before, 1, JN_R | JN_W | JN_X);
    return JN_OK;
}

bool ds_page_own(struct dataspace *ds, uint64_t page)
{
    uint32_t frame = page_tree_get(&ds->pages, page);
    return frame && platform_record(frame)->users == 1 &&
           !(platform_record(frame)->flags & FRAME_SPREAD);
}

uint64_t ds_own_run(struct dataspace *ds, uint64_t page, uint64_t most, uint32_t *first)
{
    uint64_t run = page_tree_run(&ds->pages, page, most, first), count = 0;
    for (; count < run; count++) {
        const struct frame *frame = platform_record(*first + (uint32_t)count);
        if (frame->users != 1 || frame->flags & FRAME_SPREAD)
            break;
    }
    return count;
}

/* ---- all at once ---- */

static unsigned order_of(uint64_t pages)
{
    unsigned order = 0;
    while (1ull << order < pages)
        order++;
    return order;
}

static jn_status_t enter_block(struct dataspace *ds, uint64_t page, uint32_t first, uint64_t used,
                               uint64_t all)
{
    jn_status_t status = JN_OK;
    uint64_t i = 0;
    for (; i < used && status == JN_OK; i++)
        status = page_tree_set(&ds->pages, page + i, first + (uint32_t)i);
    if (status != JN_OK)
        i--;
    for (; i < all; i++) /* what is not in the tree goes; the rest with the dataspace */
        frame_free(first + (uint32_t)i);
    return status;
}

jn_status_t ds_populate(struct dataspace *ds)
{
    uint64_t pages = ds->size >> PAGE_BITS;
    jn_status_t status = account_charge(ds->payer->account, pages);
    if (status != JN_OK)
        return status;
    for (uint64_t page = 0; page < pages && status == JN_OK;) {
        uint64_t left = pages - page, part = left;
        uint32_t first;
        if (!(ds->flags & DS_CONTIGUOUS))
            part = left >= 512 ? 512 : 1ull << (63 - __builtin_clzll(left));
        unsigned order = order_of(part);
        if (order >= FRAME_ORDERS)
            status = JN_NO_MEMORY;
        while (status == JN_OK) {
            status = frame_alloc_block(order, ds->payer->program, &first);
            if (status != JN_NO_MEMORY || ds->flags & DS_CONTIGUOUS || !order)
                break;
            order--; /* memory is in pieces: smaller ones will do */
            part = 1ull << order;
            status = JN_OK;
        }
        if (status == JN_OK) {
            platform_zero(first, part);
            status = enter_block(ds, page, first, part, 1ull << order);
        }
        page += part;
    }
    /* What is in the tree is refunded when the dataspace is dropped. */
    if (status != JN_OK)
        account_refund(ds->payer->account, pages - ds->pages.count);
    return status;
}

/* ---- clones ---- */

static void share_frame(void *context, uint32_t number)
{
    struct frame *frame = platform_record(number);
    frame->users++;
    if (frame->flags & FRAME_WRITABLE) {
        frame->flags &= (uint8_t)~FRAME_WRITABLE;
        run_add(context, number);
    }
}

/* The copy pays for its pages as it gets them. */
static jn_status_t copy_pages(struct dataspace *ds, struct dataspace *made)
{
    uint64_t page = 0, count, run;
    uint32_t from, to;
    while (page_tree_next(&ds->pages, page, &page, &from)) {
        uint64_t row = page_tree_row(&ds->pages, page, UINT64_MAX);
        jn_status_t status = ds_make_run(made, page, row, false, &to, &count);
        if (status != JN_OK)
            return status;
        for (uint64_t i = 0; i < count; i += run) {
            run = page_tree_run(&ds->pages, page + i, count - i, &from);
            memcpy(platform_contents(to + (uint32_t)i), platform_contents(from), run << PAGE_BITS);
        }
        page += count;
    }
    return JN_OK;
}

/* What the two halves of a clone are not to have in common. */
struct parted {
    uint64_t page;
    uint32_t frame, copy;
    uint8_t writable; /* FRAME_WRITABLE, kept from share_frame() */
};

static unsigned part_begin(struct dataspace *ds, struct parted parted[DS_REWRITTEN])
{
    unsigned count = 0;
    for (unsigned i = 0; i < DS_REWRITTEN; i++) {
        struct parted *at = &parted[count];
        at->page = ds->rewritten[i] - 1;
        if (!ds->rewritten[i] || !ds_page_own(ds, at->page))
            continue;
        at->frame = page_tree_get(&ds->pages, at->page);
        struct frame *frame = platform_record(at->frame);
        if (!(frame->flags & FRAME_WRITABLE) || /* it has not been written since */
            frame_alloc(false, ds->payer->program, &at->copy) != JN_OK)
            continue;
        at->writable = frame->flags & FRAME_WRITABLE;
        frame->flags &= (uint8_t)~FRAME_WRITABLE;
        memcpy(platform_contents(at->copy), platform_contents(at->frame), PAGE_BYTES);
        count++;
    }
    return count;
}

/* share_frame() has counted the frames for both. */
static void part_end(struct dataspace *made, const struct parted *parted, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct frame *frame = platform_record(parted[i].frame);
        bool shared = page_tree_get(&made->pages, parted[i].page) == parted[i].frame;
        jn_status_t status = shared ? page_tree_set(&made->pages, parted[i].page, parted[i].copy)
                                    : JN_NO_MEMORY;
        if (status != JN_OK)
            frame_free(parted[i].copy);
        else
            frame->users--;
        frame->flags |= parted[i].writable;
    }
}

jn_status_t ds_copy(struct dataspace *ds, struct client *payer, struct dataspace **copy)
{
    struct run run = {.rights = JN_W};
    struct dataspace *made = ds_make(payer, ds->size, ds->flags);
    if (!made)
        return JN_NO_MEMORY;
    if (ds->flags & DS_EAGER) {
        jn_status_t copied = copy_pages(ds, made);
        if (copied != JN_OK)
            ds_drop(made, false);
        else
            *copy = made;
        return copied;
    }
    jn_status_t status = account_charge(payer->account, ds->pages.count);
    if (status != JN_OK) {
        free(made);
        return status;
    }
    struct parted parted[DS_REWRITTEN];
    unsigned count = part_begin(ds, parted);
    bool all = page_tree_copy(&ds->pages, &made->pages, share_frame, &run);
    run_flush(&run);
    part_end(made, parted, count);
    memcpy(made->rewritten, ds->rewritten, sizeof made->rewritten);
    made->rewritten_next = ds->rewritten_next;
    if (!all) {
        account_refund(payer->account, ds->pages.count - made->pages.count);
        ds_drop(made, false);
        return JN_NO_MEMORY;
    }
    *copy = made;
    return JN_OK;
}

jn_status_t ds_move(struct dataspace *ds, uint64_t from, uint64_t to, uint64_t count)
{
    uint64_t page = from;
    uint32_t frame;
    ds_discard(ds, to, count, true);
    while (page_tree_next(&ds->pages, page, &page, &frame) && page < from + count) {
        jn_status_t status = page_tree_set(&ds->pages, to + (page - from), frame);
        if (status != JN_OK)
            return status;
        page_tree_remove(&ds->pages, page);
        page++;
    }
    return JN_OK;
}

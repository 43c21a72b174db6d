/* Operations on address spaces, page by page over the mapping database. */
#include "memory/space.h"

#include "cpu.h"
#include "lib/string.h"
#include "memory/mapping.h"
#include "memory/pool.h"
#include "memory/range_operation.h"
#include "memory/tlb.h"
#include "object.h"

#define RUN         16  /* pages that are looked at together */
#define KERNEL_HALF 256 /* first entry of the top table that all spaces share */

status_t space_init(struct space *space, struct pool *pool)
{
    const uint64_t *kernel = phys_to_virt(kernel_cr3);

    space->top = pool_alloc_frames(pool, 0);
    if (!space->top)
        return JN_NO_MEMORY;
    memcpy(space->top + KERNEL_HALF, kernel + KERNEL_HALF, PAGE_SIZE / 2);
    table_frame(space->top)->kind = FRAME_TABLE;
    table_frame(space->top)->used = 0;
    space->cr3 = virt_to_phys(space->top);
    space->pool = pool;
    tlb_init(space);
    list_init(&space->interrupted);
    return JN_OK;
}

static bool range_is_valid(uint64_t address, uint64_t pages)
{
    return !(address & PAGE_MASK) && address < USER_END &&
           pages <= (USER_END - address) >> PAGE_SHIFT;
}

/* Pages from `address` to the end of the entry that contains it, at most `limit`. */
static uint64_t rest_of_entry(uint64_t address, unsigned level, uint64_t limit)
{
    uint64_t rest = (LEVEL_SIZE(level) - (address & (LEVEL_SIZE(level) - 1))) >> PAGE_SHIFT;

    return rest < limit ? rest : limit;
}

/* The same when that entry holds nothing for users: on to the next that does, in the same table. So
 * a step of an operation costs little more for a gap than for a page, and one that begins again
 * finds what it has behind it short. */
static uint64_t rest_of_gap(const struct path *path, uint64_t address, uint64_t limit)
{
    uint64_t rest = rest_of_entry(address, path->level, limit);
    const uint64_t *entry = path->entry[path->level];

    for (unsigned index = level_index(address, path->level) + 1;
         index < TABLE_ENTRIES && rest < limit && !*++entry; index++)
        rest += LEVEL_PAGES(path->level);
    return rest < limit ? rest : limit;
}

/* Is the leaf, at `address`, larger than what is left of an operation? */
static bool leaf_sticks_out(uint64_t address, unsigned level, uint64_t pages)
{
    return (address & (LEVEL_SIZE(level) - 1)) || pages < LEVEL_PAGES(level);
}

static bool entry_is_user(uint64_t entry, unsigned level)
{
    return entry_is_leaf(entry, level) && !(entry & PTE_KERNEL);
}

/* ---- taking away ---- */

/* One leaf, or one gap. */
static status_t unmap_step(struct space *space, uint64_t address, uint64_t pages,
                           struct sweep *sweep, bool derived_only, struct unmap_progress *progress)
{
    struct path path;
    uint64_t passed;

    table_walk(space, address, &path);
    if (!entry_is_user(*path.entry[path.level], path.level)) {
        progress->done += rest_of_gap(&path, address, pages);
        return JN_OK;
    }
    if (!path.level && !progress->epoch) {
        uint64_t limit = TABLE_ENTRIES - level_index(address, 0);
        limit = limit < pages ? limit : pages;
        sweep->bits = 0;
        passed = mapping_sweep_pages(sweep, path.entry[0], limit < RUN ? limit : RUN, derived_only,
                                     &progress->seen);
        progress->bits |= sweep->bits;
        progress->done += passed;
        if (passed)
            return JN_OK;
    }
    while (leaf_sticks_out(address, path.level, pages)) {
        if (derived_only && !mapping_has_derived(&path))
            break; /* nothing to do: no reason to split */
        status_t status = mapping_split(space, &path, address);
        if (status != JN_OK)
            return status;
    }
    passed = rest_of_entry(address, path.level, pages);
    /* An attempt that was preempted left a mark: the sweep has to end it. */
    bool nothing = derived_only && !progress->epoch && !mapping_has_derived(&path);
    if (!progress->epoch)
        progress->epoch = mapping_epoch();
    sweep->epoch = progress->epoch;
    sweep->bits = 0;
    bool done = nothing || mapping_sweep(sweep, &path, address, derived_only);
    progress->bits |= sweep->bits;
    if (!done)
        return STATUS_RESTART;
    progress->epoch = 0;
    progress->seen += passed;
    progress->done += passed;
    return JN_OK;
}

static status_t unmap_range(struct space *space, uint64_t address, uint64_t pages, unsigned rights,
                            bool derived_only, struct unmap_progress *progress)
{
    struct sweep sweep = {.rights = rights, .budget = SWEEP_BUDGET};
    status_t status = JN_OK;
    uint64_t cost = 0;

    while (status == JN_OK && progress->done < pages) {
        uint64_t seen = progress->seen;

        status = unmap_step(space, address + (progress->done << PAGE_SHIFT), pages - progress->done,
                            &sweep, derived_only, progress);
        seen = progress->seen - seen;
        cost += seen <= RUN ? seen + 1 : 1;
        if (status != JN_OK || cost < SWEEP_BUDGET || progress->done == pages)
            continue;
        cost = 0;
        tlb_flush();
        if (preempt_point())
            status = STATUS_RESTART;
    }
    tlb_flush();
    return status;
}

status_t space_unmap(struct space *space, uint64_t address, uint64_t pages, unsigned rights,
                     unsigned flags, struct unmap_progress *progress)
{
    if (!range_is_valid(address, pages) || (rights & ~(unsigned)(JN_R | JN_W | JN_X)) ||
        (flags & ~(unsigned)JN_UNMAP_DERIVED_ONLY))
        return JN_BAD_ARG;
    return unmap_range(space, address, pages, rights, flags & JN_UNMAP_DERIVED_ONLY, progress);
}

void space_unmap_abandon(struct space *space, uint64_t address,
                         const struct unmap_progress *progress)
{
    struct path path;

    if (!progress->epoch)
        return;
    table_walk(space, address + (progress->done << PAGE_SHIFT), &path);
    if (entry_is_user(*path.entry[path.level], path.level))
        mapping_unmark(mapping_nearest(&path));
}

/* ---- giving ---- */

static unsigned entry_rights(uint64_t entry)
{
    return JN_R | (entry & PTE_WRITE ? JN_W : 0u) | (entry & PTE_NX ? 0u : JN_X);
}

static uint64_t rights_bits(unsigned rights)
{
    return PTE_PRESENT | PTE_USER | (rights & JN_W ? PTE_WRITE : 0) | (rights & JN_X ? 0 : PTE_NX);
}

/* The largest page that source and destination allow. */
static unsigned common_level(unsigned level, uint64_t source_address, uint64_t address,
                             uint64_t pages)
{
    while (level &&
           (((source_address | address) & (LEVEL_SIZE(level) - 1)) || pages < LEVEL_PAGES(level)))
        level--;
    return level;
}

/* The kernel's pages stay where they are. */
static bool holds_kernel_page(const struct space *space, uint64_t address, unsigned level)
{
    struct path path;

    for (uint64_t at = address; at < address + LEVEL_SIZE(level);
         at += rest_of_entry(at, path.level, UINT64_MAX) << PAGE_SHIFT) {
        table_walk(space, at, &path);
        if (*path.entry[path.level] & PTE_KERNEL)
            return true;
    }
    return false;
}

struct transfer {
    struct space *source, *space;
    uint64_t source_address, address; /* of the page at hand */
    uint64_t pages;                   /* left */
    unsigned rights;
    bool grant;
};

/* Makes the destination's entry at `level` empty. */
static status_t clear_destination(const struct transfer *t, unsigned level)
{
    struct unmap_progress progress = {0};

    if (holds_kernel_page(t->space, t->address, level))
        return JN_BUSY;
    status_t status = unmap_range(t->space, t->address, LEVEL_PAGES(level), JN_R, false, &progress);
    /* No mark stays: the source may be derived from what goes here, and would only say RETRY. */
    if (status != JN_OK)
        space_unmap_abandon(t->space, t->address, &progress);
    return status;
}

/* The destination holds this page from this source already, with no more rights than it shall have.
 * So a fault that two threads had, or a write after a read, does not cost the page's subtree. */
static bool raise_rights(const struct transfer *t, const struct path *from, const struct path *to,
                         uint64_t value)
{
    uint64_t *entry = to->entry[to->level];
    const struct mapping *source = node_of(from->entry[from->level]);
    const struct mapping *node = node_of(entry);

    if (to->level != from->level || !source || !node || node->parent != source || node->piece ||
        (entry_rights(*entry) & ~entry_rights(value)))
        return false;
    __atomic_fetch_or(entry, value & PTE_WRITE, __ATOMIC_RELAXED);
    __atomic_fetch_and(entry, ~PTE_NX | value, __ATOMIC_RELAXED);
    tlb_changed(t->space, t->address, to->level);
    return true;
}

static status_t insert_page(const struct transfer *t, struct path *from, struct path *to,
                            uint64_t value)
{
    struct mapping *parent = mapping_get(t->source, from, t->source_address);
    status_t status = parent ? JN_OK : JN_NO_MEMORY;

    if (status == JN_OK)
        status = table_grow(t->space, t->address, to, from->level);
    if (status == JN_OK)
        status = mapping_insert(t->space, to, t->address, value, parent);
    if (status != JN_OK && to->level < LEVELS - 1)
        table_release(t->space, t->address, to->level);
    return status;
}

/* As many pages of 4 KiB as lie in one table on both sides and are nothing special; may be none. */
static uint64_t transfer_run(const struct transfer *t)
{
    struct path from, to;

    table_walk(t->source, t->source_address, &from);
    if (from.level || mapping_marked_count)
        return 0;
    table_walk(t->space, t->address, &to);
    if (to.level)
        return 0;
    unsigned source_index = level_index(t->source_address, 0), index = level_index(t->address, 0);
    uint64_t limit = TABLE_ENTRIES - (index > source_index ? index : source_index);
    uint64_t keep = PTE_ADDRESS | PTE_MEMORY_TYPE | PTE_PRESENT | PTE_USER |
                    (t->rights & JN_W ? PTE_WRITE : 0) | (t->rights & JN_X ? PTE_NX : 0);
    if (limit > t->pages)
        limit = t->pages;
    if (limit > SWEEP_BUDGET)
        limit = SWEEP_BUDGET;
    return mapping_insert_pages(t->space, t->address, to.entry[0], from.entry[0], limit, keep,
                                t->rights & JN_X ? 0 : PTE_NX);
}

/* One page of the source, or one gap; `*passed` pages are behind. */
static status_t transfer_step(const struct transfer *t, uint64_t *passed)
{
    struct path from, to;
    status_t status;

    table_walk(t->source, t->source_address, &from);
    uint64_t entry = *from.entry[from.level];
    *passed = 0;
    if (!entry_is_user(entry, from.level)) {
        *passed = rest_of_gap(&from, t->source_address, t->pages);
        return JN_OK;
    }
    if (mapping_revoked(&from))
        return JN_RETRY;
    if (t->source == t->space && t->source_address == t->address) {
        *passed = rest_of_entry(t->source_address, from.level, t->pages);
        return JN_OK;
    }

    unsigned level = common_level(from.level, t->source_address, t->address, t->pages);
    if (level && holds_kernel_page(t->space, t->address, level))
        level = 0;
    while (from.level > level) {
        status = mapping_split(t->source, &from, t->source_address);
        if (status != JN_OK)
            return status;
    }
    if (t->grant && (status = mapping_grant_allowed(&from)) != JN_OK)
        return status;
    *passed = LEVEL_PAGES(level);
    entry = *from.entry[level];
    uint64_t value = (entry & (PTE_ADDRESS | PTE_MEMORY_TYPE | PTE_LARGE)) |
                     rights_bits(t->rights & entry_rights(entry));

    table_walk(t->space, t->address, &to);
    if (!raise_rights(t, &from, &to, value)) {
        if (*to.entry[to.level] || to.level < level) {
            status = clear_destination(t, level);
            *passed = 0; /* look again: what went may have been the source */
            return status;
        }
        status = insert_page(t, &from, &to, value);
        if (status != JN_OK)
            return status;
    }
    if (!t->grant)
        return JN_OK;
    status = mapping_grant(t->source, &from, t->source_address, node_of(to.entry[level]));
    if (status != JN_OK)
        *passed = 0;
    return status;
}

status_t space_map(struct space *source, uint64_t source_address, struct space *space,
                   uint64_t address, uint64_t pages, unsigned rights, bool grant, uint64_t *done)
{
    status_t status = JN_OK;
    int64_t budget = SWEEP_BUDGET;

    if (!range_is_valid(source_address, pages) || !range_is_valid(address, pages) ||
        !(rights & JN_R) || (rights & ~(unsigned)(JN_R | JN_W | JN_X)))
        return JN_BAD_ARG;
    if (source->dying || space->dying)
        return JN_DEAD;
    while (status == JN_OK && *done < pages) {
        struct transfer t = {source,
                             space,
                             source_address + (*done << PAGE_SHIFT),
                             address + (*done << PAGE_SHIFT),
                             pages - *done,
                             rights,
                             grant};
        uint64_t passed = grant ? 0 : transfer_run(&t), cost = passed;

        if (!passed) {
            status = transfer_step(&t, &passed);
            cost = 1;
        }
        if (status == JN_OK)
            *done += passed;
        if (status == JN_OK && (budget -= (int64_t)cost) <= 0 && *done < pages) {
            budget = SWEEP_BUDGET;
            tlb_flush();
            if (preempt_point())
                status = STATUS_RESTART;
        }
    }
    tlb_flush();
    return status;
}

/* ---- looking ---- */

void space_page(struct space *space, uint64_t address, unsigned *rights, unsigned *order,
                unsigned *bits)
{
    struct path path;

    *rights = *order = *bits = 0;
    if (address >= USER_END)
        return;
    table_walk(space, address, &path);
    uint64_t entry = *path.entry[path.level];
    if (!entry_is_leaf(entry, path.level))
        return;
    *rights = entry_rights(entry);
    *order = LEVEL_SHIFT(path.level);
    *bits =
        (entry & PTE_ACCESSED ? JN_PAGE_ACCESSED : 0u) | (entry & PTE_DIRTY ? JN_PAGE_DIRTY : 0u);
}

void *space_access(struct space *space, uint64_t address, unsigned access)
{
    struct path path;

    if (address >= USER_END)
        return NULL;
    table_walk(space, address, &path);
    uint64_t *entry = path.entry[path.level];
    /* What is not write-back is no RAM, and the direct map does not show it. */
    if (!entry_is_leaf(*entry, path.level) || (*entry & PTE_MEMORY_TYPE))
        return NULL;
    if (((access & JN_ACCESS_WRITE) && !(*entry & PTE_WRITE)) ||
        ((access & JN_ACCESS_EXEC) && (*entry & PTE_NX)))
        return NULL;
    uint64_t bits = PTE_ACCESSED | (access & JN_ACCESS_WRITE ? PTE_DIRTY : 0);
    if ((*entry & bits) != bits)
        __atomic_fetch_or(entry, bits, __ATOMIC_RELAXED);
    return phys_to_virt((*entry & PTE_ADDRESS) + (address & (LEVEL_SIZE(path.level) - 1)));
}

/* ---- the kernel's pages ---- */

status_t space_map_kernel_page(struct space *space, uint64_t address, void *frame, unsigned rights)
{
    struct path path;

    if (!range_is_valid(address, 1))
        return JN_BAD_ARG;
    table_walk(space, address, &path);
    if (*path.entry[path.level])
        return JN_BUSY;
    status_t status = table_grow(space, address, &path, 0);
    if (status == JN_OK)
        entry_set(path.entry[0], virt_to_phys(frame) | rights_bits(rights) | PTE_KERNEL);
    return status;
}

void space_unmap_kernel_page(struct space *space, uint64_t address)
{
    struct path path;

    table_walk(space, address, &path);
    if (path.level || !(*path.entry[0] & PTE_KERNEL))
        return;
    tlb_changed(space, address, 0);
    entry_clear(path.entry[0]);
    table_release(space, address, 0);
    tlb_flush();
}

/* ---- the end ---- */

static void drop_kernel_pages(struct space *space)
{
    struct path path;

    for (uint64_t at = 0; at < USER_END;
         at += rest_of_entry(at, path.level, UINT64_MAX) << PAGE_SHIFT) {
        table_walk(space, at, &path);
        if (*path.entry[path.level] & PTE_KERNEL)
            space_unmap_kernel_page(space, at);
    }
}

status_t space_destroy(struct space *space)
{
    struct unmap_progress progress = {.done = space->destroyed};

    if (!space->top)
        return JN_OK;
    space->dying = true;
    range_operations_forget(space);
    status_t status = unmap_range(space, 0, USER_END >> PAGE_SHIFT, JN_R, false, &progress);
    space->destroyed = progress.done;
    if (status != JN_OK)
        return status;
    drop_kernel_pages(space);
    tlb_leave(space);
    assert(!table_frame(space->top)->used && !space->pages);
    struct frame *frame = table_frame(space->top);
    if (frame->next)
        pool_free_zero_frames(space->pool, phys_to_virt((uint64_t)frame->next << PAGE_SHIFT), 0);
    frame->next = 0;
    pool_free_frames(space->pool, space->top, 0);
    space->top = NULL;
    return JN_OK;
}

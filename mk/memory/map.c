/* Mapping ranges of one space into another. */
#include "cpu.h"
#include "memory/mapping_tree.h"
#include "memory/pool.h"
#include "memory/range.h"
#include "memory/tlb.h"
#include "object.h"

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
    __atomic_fetch_and(entry, ~(PTE_NX | PTE_HIDDEN) | value, __ATOMIC_RELAXED);
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
    uint64_t keep = PTE_ADDRESS | PTE_MEMORY_TYPE | PTE_PRESENT | PTE_USER | PTE_HIDDEN |
                    (t->rights & JN_W ? PTE_WRITE : 0) | (t->rights & JN_X ? PTE_NX : 0);
    if (limit > t->pages)
        limit = t->pages;
    if (limit > SWEEP_BUDGET)
        limit = SWEEP_BUDGET;
    return mapping_insert_pages(t->space, t->address, to.entry[0], from.entry[0], limit, keep,
                                (t->rights & JN_R ? 0 : PTE_HIDDEN) |
                                    (t->rights & JN_X ? 0 : PTE_NX));
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

/* One page that is nothing special on either side, which is what nearly every answer to a fault is:
 * the same as transfer_run() and mapping_insert_pages() do, in one piece. */
bool space_map_page(const struct space *source, uint64_t source_address, struct space *space,
                    uint64_t address, unsigned rights)
{
    if (((source_address | address) & PAGE_MASK) || source_address >= USER_END ||
        address >= USER_END || (rights & ~(unsigned)(JN_W | JN_X)) != JN_R ||
        mapping_marked_count || source->dying || space->dying)
        return false;
    const uint64_t *from = table_page_entry(source, source_address);
    uint64_t *to = table_page_entry(space, address);
    if (!from || !to || *to || (*from & (PTE_PRESENT | PTE_KERNEL | PTE_HIDDEN)) != PTE_PRESENT)
        return false;
    struct mapping *parent = node_of(from);
    struct mapping **cell = node_cell(to);
    if (!parent || !cell)
        return false;
    struct mapping *node = pool_alloc_line(space->pool);
    if (!node)
        return false;
    *cell = node;
    mapping_fill(node, space, to, address, parent);
    uint64_t keep = PTE_ADDRESS | PTE_MEMORY_TYPE | PTE_PRESENT | PTE_USER | PTE_NX |
                    (rights & JN_W ? PTE_WRITE : 0);
    entry_set(to, (*from & keep) | (rights & JN_X ? 0 : PTE_NX));
    space->pages++;
    return true;
}

static __attribute__((noinline)) status_t map_range(struct space *source, uint64_t source_address,
                                                    struct space *space, uint64_t address,
                                                    uint64_t pages, unsigned rights, bool grant,
                                                    uint64_t *done)
{
    status_t status = JN_OK;
    int64_t budget = SWEEP_BUDGET;

    if (!range_is_valid(source_address, pages) || !range_is_valid(address, pages) ||
        (rights & ~(unsigned)(JN_R | JN_W | JN_X)) || (!(rights & JN_R) && rights != JN_X))
        return JN_BAD_ARG;
    if (rights == JN_X && !cpu_keys_enable())
        return JN_NOT_SUPPORTED;
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

status_t space_map(struct space *source, uint64_t source_address, struct space *space,
                   uint64_t address, uint64_t pages, unsigned rights, bool grant, uint64_t *done)
{
    if (pages == 1 && !grant && space_map_page(source, source_address, space, address, rights)) {
        *done = 1;
        return JN_OK;
    }
    return map_range(source, source_address, space, address, pages, rights, grant, done);
}

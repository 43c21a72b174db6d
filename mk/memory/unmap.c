/* Taking mappings, rights, or accessed and dirty bits away from ranges. */
#include "cpu.h"
#include "memory/range.h"
#include "memory/tlb.h"
#include "object.h"

#define RUN 16 /* pages that are looked at together */

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
    if (!path.level && !progress->epoch && !(derived_only && mapping_super_has_derived(&path))) {
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

status_t unmap_range(struct space *space, uint64_t address, uint64_t pages, unsigned rights,
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

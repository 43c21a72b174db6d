/* Work on what was derived from a page: taking it away, lowering its rights, reading its accessed
 * and dirty bits. The idea stands in mapping.h.
 *
 * A *region* of a node is a naturally aligned part of it: an offset and a level, at most its own.
 */
#include "cpu.h"
#include "memory/mapping_tree.h"
#include "memory/pool.h"
#include "memory/tlb.h"

#define BITS       (PTE_ACCESSED | PTE_DIRTY)
#define EPOCH_MASK 0xffffffffffffull

enum outcome { KEPT, GONE, PREEMPTED };

static uint64_t page_bits(uint64_t entry)
{
    return (entry & PTE_ACCESSED ? JN_PAGE_ACCESSED : 0) | (entry & PTE_DIRTY ? JN_PAGE_DIRTY : 0);
}

static uint64_t entry_bits(uint64_t bits)
{
    return (bits & JN_PAGE_ACCESSED ? PTE_ACCESSED : 0) | (bits & JN_PAGE_DIRTY ? PTE_DIRTY : 0);
}

/* After each node: may the sweep go on? */
static bool go_on(struct sweep *sweep)
{
    if (--sweep->budget)
        return true;
    sweep->budget = SWEEP_BUDGET;
    tlb_flush();
    return !preempt_point();
}

/* Takes bits and rights of a leaf that stays. */
static void lower_leaf(struct sweep *sweep, struct space *space, uint64_t *entry, uint64_t address,
                       unsigned level)
{
    uint64_t before = *entry, clear = BITS | (sweep->rights & JN_W ? PTE_WRITE : 0);

    if (before & clear)
        before = __atomic_fetch_and(entry, ~clear, __ATOMIC_RELAXED);
    if ((sweep->rights & JN_X) && !(before & PTE_NX))
        __atomic_fetch_or(entry, PTE_NX, __ATOMIC_RELAXED);
    if (*entry != before)
        tlb_changed(space, address, level);
    sweep->bits |= page_bits(before);
}

static enum outcome sweep_leaf(struct sweep *sweep, struct mapping *node)
{
    if (!(sweep->rights & JN_R)) {
        lower_leaf(sweep, node->space, node->entry, node->address, node->level);
        return KEPT;
    }
    /* Read once and for all: the processor may still set bits until the flush, but then it has
     * used the translation before this operation returned, which is before it took effect. */
    uint64_t last = __atomic_fetch_and(node->entry, ~(PTE_PRESENT | BITS), __ATOMIC_RELAXED);
    sweep->bits |= page_bits(last);
    tlb_changed(node->space, node->address, node->level);
    mapping_drop_node(node);
    return GONE;
}

static void sweep_bare_piece(struct sweep *sweep, struct mapping *super, uint64_t *entry,
                             uint64_t address)
{
    if (!(sweep->rights & JN_R)) {
        lower_leaf(sweep, super->space, entry, address, super->level - 1u);
        return;
    }
    uint64_t last = __atomic_fetch_and(entry, ~(PTE_PRESENT | BITS), __ATOMIC_RELAXED);
    sweep->bits |= page_bits(last);
    tlb_changed(super->space, address, super->level - 1u);
    mapping_drop_bare_piece(super, entry, address);
}

static bool sweep_derived(struct sweep *sweep, struct mapping *top, uint64_t offset,
                          unsigned level);
static enum outcome sweep_node(struct sweep *sweep, struct mapping *node, uint64_t offset,
                               unsigned level);

/* The region's part of one piece of `super`. False: preempted. */
static bool sweep_piece(struct sweep *sweep, struct mapping *super, uint64_t *entry,
                        uint64_t offset, unsigned level)
{
    unsigned piece_level = super->level - 1u;
    struct mapping *node = node_of(entry);
    uint64_t address = align_down(super->address + offset, LEVEL_SIZE(piece_level));

    if (!node && level == piece_level) {
        sweep_bare_piece(sweep, super, entry, address);
        return true;
    }
    if (!node) {
        /* A part of a 2 MiB piece of a 1 GiB page: it must be split, and for that needs a node. */
        struct path path = {.level = piece_level, .entry[0] = NULL};
        path.entry[piece_level] = entry;
        path.entry[piece_level + 1] = super->entry;
        node = mapping_get(super->space, &path, address);
        if (!node) {
            sweep_bare_piece(sweep, super, entry, address);
            return true;
        }
    }
    if (node->epoch == sweep->epoch)
        return true;
    uint64_t inside = offset & (LEVEL_SIZE(piece_level) - 1);
    if (!sweep_derived(sweep, node, inside, level))
        return false;
    enum outcome outcome = sweep_node(sweep, node, inside, level);
    if (outcome == PREEMPTED)
        return false;
    if (outcome == KEPT)
        node->epoch = sweep->epoch & EPOCH_MASK;
    return go_on(sweep);
}

/* The region of a split superpage. */
static enum outcome sweep_pieces(struct sweep *sweep, struct mapping *super, uint64_t offset,
                                 unsigned level)
{
    unsigned piece_level = super->level - 1u;
    uint64_t *table = entry_table(*super->entry);
    bool whole = level == super->level, done = true;
    unsigned first = whole ? 0 : level_index(offset, piece_level);
    unsigned last = whole ? TABLE_ENTRIES - 1 : first;

    mapping_pin(super);
    for (unsigned i = first; i <= last && done; i++) {
        if (!(table[i] & PTE_PIECE))
            continue;
        uint64_t at = whole ? i * LEVEL_SIZE(piece_level) : offset;
        done = sweep_piece(sweep, super, &table[i], at, whole ? piece_level : level);
    }
    bool gone = super->pieces == 1;
    mapping_unpin(super);
    return !done ? PREEMPTED : gone ? GONE : KEPT;
}

/* The region of a node itself; what was derived from it is done. */
static enum outcome sweep_node(struct sweep *sweep, struct mapping *node, uint64_t offset,
                               unsigned level)
{
    if (!node->pieces && level < node->level && mapping_split_node(node) != JN_OK) {
        /* Its account cannot pay. Losing too much is safe: whoever maps for it will be asked again.
         * But bits of the rest must not be cleared. */
        if (!sweep->rights) {
            sweep->bits |= page_bits(*node->entry);
            return KEPT;
        }
        level = node->level;
    }
    return node->pieces ? sweep_pieces(sweep, node, offset, level) : sweep_leaf(sweep, node);
}

/* The region of all that is derived from `top`, leaves first. False: preempted. Nodes that are done
 * and stay carry the epoch and are turned to the ring's end. */
static bool sweep_derived(struct sweep *sweep, struct mapping *top, uint64_t offset, unsigned level)
{
    struct mapping *at = top;

    for (;;) {
        if (at->child && at->child->epoch != sweep->epoch) {
            at = at->child;
            continue;
        }
        if (at == top)
            return true;
        struct mapping *parent = at->parent;
        switch (sweep_node(sweep, at, offset, level)) {
        case PREEMPTED:
            return false;
        case KEPT:
            at->epoch = sweep->epoch & EPOCH_MASK;
            parent->child = at->next;
            break;
        case GONE:
            break;
        }
        at = parent;
        if (!go_on(sweep))
            return false;
    }
}

/* ---- the common case ---- */

#define CHILDREN_SIMPLE 8

/* Few children, none of which has any. Pages of 4 KiB have no pieces. */
static bool family_is_simple(const struct mapping *node)
{
    const struct mapping *child = node->child;

    for (unsigned count = 0; count < CHILDREN_SIMPLE; count++) {
        if (child->child)
            return false;
        child = child->next;
        if (child == node->child)
            return true;
    }
    return false;
}

static void drop_page(struct sweep *sweep, struct mapping *node)
{
    struct space *space = node->space;
    uint64_t *entry = node->entry, address = node->address;

    sweep->bits |= page_bits(__atomic_exchange_n(entry, 0, __ATOMIC_RELAXED));
    tlb_changed(space, address, 0);
    mapping_unlink(node);
    mapping_unmark(node);
    *node_cell(entry) = NULL;
    pool_free_line(space->pool, node);
    space->pages--;
    if (!--table_frame(entry)->used)
        table_release(space, address, 0);
}

static void sweep_family(struct sweep *sweep, struct mapping *node)
{
    if (sweep->rights & JN_R) {
        while (node->child)
            drop_page(sweep, node->child);
        return;
    }
    struct mapping *child = node->child;
    do {
        lower_leaf(sweep, child->space, child->entry, child->address, 0);
        child = child->next;
    } while (child != node->child);
}

static void set_bits(struct mapping *node, uint64_t offset, unsigned level, uint64_t bits);

/* Accessed and dirty bits of what was derived from a page that is a piece: to where its superpage is from. */
static void piece_bits_up(const struct mapping *piece, uint64_t bits)
{
    const struct mapping *super = piece->parent;

    while (super->piece)
        super = super->parent;
    if (bits && super->parent)
        set_bits(super->parent, piece->address & (LEVEL_SIZE(super->level) - 1), 0,
                 entry_bits(bits));
}

uint64_t mapping_sweep_pages(struct sweep *sweep, uint64_t *entry, uint64_t limit,
                             bool derived_only, uint64_t *seen)
{
    struct mapping **cells = node_cell(entry);
    const struct frame *table = table_frame(entry);
    uint64_t done = 0, bits = sweep->bits;

    for (; cells && done < limit; done++) {
        struct mapping *node = cells[done];

        if (!entry[done])
            continue;
        if (derived_only && !node && (entry[done] & PTE_PIECE)) {
            ++*seen; /* nothing was mapped from it */
            continue;
        }
        if (!node || (node->piece && !derived_only) || (node->child && !family_is_simple(node)))
            break;
        sweep->bits = 0;
        if (node->child)
            sweep_family(sweep, node);
        struct mapping *parent = node->parent;
        ++*seen;
        if (node->piece) {
            piece_bits_up(node, sweep->bits);
            bits |= sweep->bits;
            continue;
        }
        if (!derived_only) {
            if (sweep->rights & JN_R)
                drop_page(sweep, node);
            else
                lower_leaf(sweep, node->space, node->entry, node->address, 0);
        }
        if (parent && sweep->bits)
            __atomic_fetch_or(parent->entry, entry_bits(sweep->bits), __ATOMIC_RELAXED);
        bits |= sweep->bits;
        if (!table->used) {
            done++; /* the table went with its last page */
            break;
        }
    }
    sweep->bits = bits;
    return done;
}

/* ---- bits upwards ---- */

static void set_bits(struct mapping *node, uint64_t offset, unsigned level, uint64_t bits)
{
    if (!node->pieces) {
        __atomic_fetch_or(node->entry, bits, __ATOMIC_RELAXED);
        return;
    }
    unsigned piece_level = node->level - 1u;
    uint64_t *table = entry_table(*node->entry);
    bool whole = level == node->level;
    unsigned first = whole ? 0 : level_index(offset, piece_level);
    unsigned last = whole ? TABLE_ENTRIES - 1 : first;

    for (unsigned i = first; i <= last; i++) {
        if (!(table[i] & PTE_PIECE))
            continue;
        if (entry_is_leaf(table[i], piece_level))
            __atomic_fetch_or(&table[i], bits, __ATOMIC_RELAXED);
        else
            set_bits(node_of(&table[i]), offset & (LEVEL_SIZE(piece_level) - 1),
                     whole ? piece_level : level, bits);
    }
}

void mapping_bits_up(const struct path *path, uint64_t address, uint64_t bits)
{
    unsigned level = path->level;

    while (*path->entry[level] & PTE_PIECE)
        level++;
    struct mapping *parent = node_of(path->entry[level])->parent;
    if (parent)
        set_bits(parent, address & (LEVEL_SIZE(level) - 1) & ~(LEVEL_SIZE(path->level) - 1),
                 path->level, bits);
}

/* ---- from the owner's side ---- */

bool mapping_sweep(struct sweep *sweep, const struct path *path, uint64_t address,
                   bool derived_only)
{
    unsigned level = path->level;
    uint64_t *entry = path->entry[level];
    struct mapping *node = node_of(entry);
    uint64_t before = sweep->bits;

    sweep->bits = 0;
    bool done = !node || sweep_derived(sweep, node, 0, level);
    for (unsigned up = level; done && (*path->entry[up] & PTE_PIECE);) {
        struct mapping *super = node_of(path->entry[++up]);
        uint64_t inside = address & (LEVEL_SIZE(up) - 1) & ~(LEVEL_SIZE(level) - 1);
        if (super->child)
            done = sweep_derived(sweep, super, inside, level);
    }
    if (done)
        mapping_unmark(mapping_nearest(path));
    else
        mapping_mark(mapping_nearest(path));
    /* Before the leaf may go, and its node with it. */
    uint64_t own = done && !derived_only ? page_bits(*entry) : 0;
    if (sweep->bits | own)
        mapping_bits_up(path, address, entry_bits(sweep->bits | own));
    if (done && !derived_only) {
        if (node)
            sweep_leaf(sweep, node);
        else
            sweep_bare_piece(sweep, node_of(path->entry[level + 1]), entry,
                             align_down(address, LEVEL_SIZE(level)));
    }
    sweep->bits |= before;
    return done;
}

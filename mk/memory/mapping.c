/* Nodes of the mapping database: making, splitting, granting and dropping them. */
#include "memory/mapping.h"

#include "cpu.h"
#include "memory/mapping_tree.h"
#include "memory/pool.h"
#include "memory/tlb.h"

#define CLIMB_MAX 64 /* further up than this a node counts as revoked while any revocation is */

static uint64_t last_epoch;
uint64_t mapping_marked_count;

uint64_t mapping_epoch(void)
{
    return ++last_epoch;
}

/* ---- nodes ---- */

static struct mapping *node_make(struct space *space, const struct path *path, uint64_t address)
{
    struct mapping **cell = node_cell_make(space, path->entry[path->level]);
    struct mapping *node = cell ? pool_alloc(space->pool, sizeof *node) : NULL;

    if (!node)
        return NULL;
    *cell = node;
    node->entry = path->entry[path->level];
    node->space = space;
    node->address = align_down(address, LEVEL_SIZE(path->level));
    node->level = path->level & 3;
    return node;
}

struct mapping *mapping_get(struct space *space, const struct path *path, uint64_t address)
{
    uint64_t *entry = path->entry[path->level];
    struct mapping *node = node_of(entry);

    if (node)
        return node;
    assert(*entry & PTE_PIECE);
    node = node_make(space, path, address);
    if (node) {
        node->piece = 1;
        node->parent = node_of(path->entry[path->level + 1]);
    }
    return node;
}

status_t mapping_insert(struct space *space, const struct path *path, uint64_t address,
                        uint64_t value, struct mapping *parent)
{
    struct mapping *node = node_make(space, path, address);

    if (!node)
        return JN_NO_MEMORY;
    mapping_link(parent, node);
    entry_set(node->entry, value);
    space->pages += LEVEL_PAGES(node->level);
    return JN_OK;
}

uint64_t mapping_insert_pages(struct space *space, uint64_t address, uint64_t *to, uint64_t *from,
                              uint64_t limit, uint64_t keep, uint64_t force)
{
    struct mapping **parents = node_cell(from), **cells = node_cell(to);
    uint64_t done = 0;

    if (!parents || !cells)
        return 0;
    for (; done < limit; done++, address += PAGE_SIZE) {
        uint64_t entry = from[done];
        struct mapping *parent = parents[done];

        if ((entry & (PTE_PRESENT | PTE_KERNEL)) != PTE_PRESENT || !parent || to[done])
            break;
        struct mapping *node = pool_alloc_line(space->pool);
        if (!node)
            break;
        cells[done] = node;
        mapping_fill(node, space, &to[done], address, parent);
        to[done] = (entry & keep) | force;
    }
    table_frame(to)->used = (uint16_t)(table_frame(to)->used + done);
    space->pages += done;
    return done;
}

status_t mapping_split(struct space *space, struct path *path, uint64_t address)
{
    struct mapping *node = mapping_get(space, path, address);
    status_t status = node ? mapping_split_node(node) : JN_NO_MEMORY;

    if (status == JN_OK) {
        path->level--;
        path->entry[path->level] = &entry_table(*node->entry)[level_index(address, path->level)];
    }
    return status;
}

status_t mapping_split_node(struct mapping *node)
{
    uint64_t *table = pool_alloc_frames(node->space->pool, 0);
    unsigned level = node->level - 1u;

    if (!table)
        return JN_NO_MEMORY;
    uint64_t value = *node->entry;
    uint64_t piece = (value & ~(level ? 0 : PTE_LARGE)) | PTE_PIECE;
    for (unsigned i = 0; i < TABLE_ENTRIES; i++)
        table[i] = piece + i * LEVEL_SIZE(level);
    struct frame *frame = table_frame(table);
    frame->kind = FRAME_TABLE;
    frame->used = TABLE_ENTRIES;
    frame->next = frame->previous = 0;
    node->pieces = TABLE_ENTRIES;

    uint64_t last = __atomic_exchange_n(
        node->entry, virt_to_phys(table) | PTE_PRESENT | PTE_WRITE | PTE_USER | (value & PTE_PIECE),
        __ATOMIC_RELAXED);
    uint64_t late = last & ~value & (PTE_ACCESSED | PTE_DIRTY);
    for (unsigned i = 0; late && i < TABLE_ENTRIES; i++)
        __atomic_fetch_or(&table[i], late, __ATOMIC_RELAXED);
    tlb_changed(node->space, node->address, node->level);
    return JN_OK;
}

/* The node is out of the tree: its memory goes. */
static void node_free(struct mapping *node)
{
    assert(!node->child && !node->pieces);
    mapping_unmark(node);
    *node_cell(node->entry) = NULL;
    pool_free_line(node->space->pool, node);
}

/* One piece less; with the last one the superpage's node goes too, and so on upwards. */
static void piece_gone(struct mapping *super)
{
    while (--super->pieces == 0) {
        struct mapping *above = super->parent;
        bool piece = super->piece;

        /* The table below stays if others have mapped into the gaps; its entry is no piece then. */
        __atomic_fetch_and(super->entry, ~PTE_PIECE, __ATOMIC_RELAXED);
        mapping_unlink(super);
        node_free(super);
        if (!piece)
            return;
        super = above;
    }
}

void mapping_drop_node(struct mapping *node)
{
    struct space *space = node->space;
    struct mapping *super = node->piece ? node->parent : NULL;
    uint64_t address = node->address;
    unsigned level = node->level;

    const struct frame *table = table_frame(node->entry);
    entry_clear(node->entry);
    space->pages -= LEVEL_PAGES(level);
    mapping_unlink(node);
    node_free(node);
    if (super)
        piece_gone(super);
    if (!table->used)
        table_release(space, address, level);
}

void mapping_drop_bare_piece(struct mapping *super, uint64_t *entry, uint64_t address)
{
    struct space *space = super->space;
    unsigned level = super->level - 1u;

    const struct frame *table = table_frame(entry);
    entry_clear(entry);
    space->pages -= LEVEL_PAGES(level);
    piece_gone(super);
    if (!table->used)
        table_release(space, address, level);
}

void mapping_unpin(struct mapping *super)
{
    struct space *space = super->space;
    uint64_t address = super->address;
    unsigned level = super->level - 1u;

    if (super->pieces == 1) {
        piece_gone(super);
        table_release(space, address, level);
    } else {
        super->pieces--;
    }
}

/* ---- granting ---- */

bool mapping_super_has_derived(const struct path *path)
{
    unsigned level = path->level;
    const struct mapping *super;

    do {
        super = node_of(path->entry[++level]);
        if (super && super->child)
            return true;
    } while (super && (*path->entry[level] & PTE_PIECE));
    return false;
}

bool mapping_has_derived(const struct path *path)
{
    const struct mapping *node = node_of(path->entry[path->level]);

    return (node && node->child) ||
           ((*path->entry[path->level] & PTE_PIECE) && mapping_super_has_derived(path));
}

status_t mapping_grant_allowed(const struct path *path)
{
    unsigned level = path->level;

    while (*path->entry[level] & PTE_PIECE) {
        const struct mapping *super = node_of(path->entry[++level]);

        if (super->child)
            return JN_BUSY;
        if (!super->piece && super->parent)
            return JN_NOT_SUPPORTED;
    }
    return JN_OK;
}

status_t mapping_grant(struct space *space, const struct path *path, uint64_t address,
                       struct mapping *receiver)
{
    struct mapping *node = receiver->parent;
    unsigned budget = SWEEP_BUDGET;

    assert(node->entry == path->entry[path->level]);
    /* What was derived before moves to the receiver one by one: each step leaves a valid tree. */
    while (node->child->next != node->child) {
        struct mapping *other = node->child == receiver ? receiver->next : node->child;

        mapping_unlink(other);
        mapping_link(receiver, other);
        if (--budget == 0) {
            tlb_flush();
            if (preempt_point())
                return STATUS_RESTART;
            budget = SWEEP_BUDGET;
        }
    }
    mapping_unlink(receiver);
    mapping_link(node->piece ? NULL : node->parent, receiver);
    uint64_t bits = *node->entry & (PTE_ACCESSED | PTE_DIRTY);
    if (bits)
        mapping_bits_up(path, address, bits);
    tlb_changed(space, address, node->level);
    mapping_drop_node(node);
    return JN_OK;
}

/* ---- marks ---- */

struct mapping *mapping_nearest(const struct path *path)
{
    unsigned level = path->level;

    while (!node_of(path->entry[level]))
        level++;
    return node_of(path->entry[level]);
}

void mapping_mark(struct mapping *node)
{
    if (!node->marked) {
        node->marked = 1;
        mapping_marked_count++;
    }
}

void mapping_unmark(struct mapping *node)
{
    if (node->marked) {
        node->marked = 0;
        mapping_marked_count--;
    }
}

bool mapping_revoked(const struct path *path)
{
    unsigned climbed = 0;

    if (likely(!mapping_marked_count))
        return false;
    for (const struct mapping *node = mapping_nearest(path); node; node = node->parent)
        if (node->marked || ++climbed == CLIMB_MAX)
            return true;
    return false;
}

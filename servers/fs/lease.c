/* Cells of leased files: who has which, and what the server writes into them. */
#include "lease.h"

#include <stdlib.h>

#include "client.h"
#include "description.h"
#include "mode.h"
#include "node.h"
#include "pipe_ring.h"
#include "platform.h"
#include "sharing.h"

#define CELLS (PAGE_BYTES / sizeof(struct jn_lease_cell))
_Static_assert(CELLS == 64, "one bit each");

struct lease {
    struct list in_node;
    struct client *client;
    uint32_t index; /* of the cell */
    uint64_t begun; /* the position at the beginning */
    struct description *description;
    struct jn_lease_cell *cell;
};

static struct jn_lease_cell *cell_at(const struct lease_cells *cells, uint32_t index)
{
    return (struct jn_lease_cell *)page_address(cells->pages[index / CELLS].page) + index % CELLS;
}

/* One more page of cells, mapped into the client. */
static jn_status_t add_page(struct client *client, uint64_t address)
{
    struct lease_cells *cells = &client->cells;
    if (cells->count == cells->capacity) {
        uint32_t capacity = cells->capacity ? cells->capacity * 2 : 1;
        struct lease_page *pages = realloc(cells->pages, capacity * sizeof(*pages));
        if (!pages)
            return JN_NO_MEMORY;
        cells->pages = pages;
        cells->capacity = capacity;
    }
    page_t page = page_allocate_zeroed(0);
    if (!page)
        return JN_NO_MEMORY;
    uint64_t mapped;
    jn_status_t status =
        platform_map(client->space, page_address(page), address, 1, JN_R | JN_W, &mapped);
    if (status != JN_OK) {
        page_free(page);
        return status;
    }
    page_set_mapped(page);
    cells->pages[cells->count++] = (struct lease_page){page, 0};
    return JN_OK;
}

static jn_status_t take_cell(struct client *client, uint64_t address, uint32_t *index, bool *added)
{
    struct lease_cells *cells = &client->cells;
    *added = false;
    while (cells->hint < cells->count && cells->pages[cells->hint].used == UINT64_MAX)
        cells->hint++;
    if (cells->hint == cells->count) {
        jn_status_t status = add_page(client, address);
        if (status != JN_OK)
            return status;
        *added = true;
    }
    struct lease_page *page = &cells->pages[cells->hint];
    uint32_t bit = (uint32_t)__builtin_ctzll(~page->used);
    page->used |= 1ull << bit;
    *index = cells->hint * CELLS + bit;
    return JN_OK;
}

static void give_cell(struct lease_cells *cells, uint32_t index)
{
    cells->pages[index / CELLS].used &= ~(1ull << index % CELLS);
    if (index / CELLS < cells->hint)
        cells->hint = index / CELLS;
}

jn_status_t lease_grant(struct client *client, struct description *description, uint64_t address,
                       uint32_t *index, bool *added)
{
    struct node *node = description->node;
    struct node_sharing *sharing = sharing_of(node);
    *added = false;
    if (!sharing)
        return JN_NO_MEMORY;
    if (description->references != 1 || description->lease || sharing->mandatory)
        return JN_BUSY;
    struct lease *lease = malloc(sizeof(*lease));
    if (!lease)
        return JN_NO_MEMORY;
    jn_status_t status = take_cell(client, address, index, added);
    if (status != JN_OK) {
        free(lease);
        return status;
    }
    struct jn_lease_cell *cell = cell_at(&client->cells, *index);
    *lease = (struct lease){.client = client,
                            .index = *index,
                            .begun = description->position,
                            .description = description,
                            .cell = cell};
    list_append(&sharing->leases, &lease->in_node);
    *cell = (struct jn_lease_cell){.position = description->position, .size = node->size};
    __atomic_store_n(&cell->state, JN_LEASE_HELD, __ATOMIC_RELEASE);
    description->lease = lease;
    node_read_now(node);
    return JN_OK;
}

static uint64_t position_in(const struct jn_lease_cell *cell)
{
    uint64_t position = __atomic_load_n(&cell->position, __ATOMIC_RELAXED);
    return position > INT64_MAX ? 0 : position; /* only its own client can have written that */
}

static void end_file(struct lease *lease)
{
    struct description *description = lease->description;
    __atomic_store_n(&lease->cell->state, 0, __ATOMIC_SEQ_CST);
    description->position = position_in(lease->cell);
    if (description->position != lease->begun)
        node_read_now(description->node);
    description->lease = NULL;
    list_remove(&lease->in_node);
    give_cell(&lease->client->cells, lease->index);
    free(lease);
}

void lease_drop(struct description *description)
{
    if (description->kind == OPEN_PIPE)
        pipe_ring_end(description);
    else if (description->lease)
        end_file(description->lease);
}

void lease_drop_all(struct node *node)
{
    while (node->sharing && !list_empty(&node->sharing->leases))
        end_file(list_entry(node->sharing->leases.next, struct lease, in_node));
}

void lease_set_size(struct node *node)
{
    struct list *leases = &node->sharing->leases;
    for (struct list *link = leases->next; link != leases; link = link->next) {
        struct lease *lease = list_entry(link, struct lease, in_node);
        __atomic_store_n(&lease->cell->size, node->size, __ATOMIC_RELEASE);
    }
}

void lease_cells_free(struct lease_cells *cells)
{
    for (uint32_t i = 0; i < cells->count; i++)
        page_free(cells->pages[i].page);
    free(cells->pages);
    *cells = (struct lease_cells){0};
}

uint64_t lease_position(const struct description *description)
{
    return description->lease ? position_in(description->lease->cell) : description->position;
}

void lease_set_position(struct description *description, uint64_t position)
{
    if (description->lease)
        __atomic_store_n(&description->lease->cell->position, position, __ATOMIC_RELAXED);
    else
        description->position = position;
}

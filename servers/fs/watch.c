/* Generations. They are bumped in the operation that changes something, which is answered later; so whoever
 * has heard of the change, from whomever, finds the new generation. A node's slot is shared with others'. */
#include "watch.h"

#include "client.h"
#include "janus/idl/lease.h"
#include "platform.h"

static uint64_t *generations;
static page_t page;

static bool have_page(void)
{
    if (!generations && (page = page_allocate_zeroed(0)))
        generations = page_address(page);
    return generations != NULL;
}

static void bump(uint32_t slot)
{
    __atomic_store_n(&generations[slot], generations[slot] + 1, __ATOMIC_SEQ_CST);
}

jn_status_t watch_map(cap_t space, uint64_t address)
{
    uint64_t mapped;
    if (address % PAGE_BYTES)
        return JN_BAD_ARG;
    if (!have_page())
        return JN_NO_MEMORY;
    jn_status_t status = platform_map(space, generations, address, 1, JN_R, &mapped);
    if (status == JN_OK)
        page_set_mapped(page);
    return status;
}

static uint32_t slot_of(const struct node *node)
{
    return 1 + (uint32_t)(node->inode % (LEASE_GENERATIONS - 1));
}

void watch_node(struct node *node, uint32_t *slot, uint64_t *generation)
{
    *slot = 0;
    *generation = 0;
    if (node->ops || node_is(node, MODE_FIFO) || !have_page())
        return; /* made up on demand, or changed without the server */
    node->watched = true;
    *slot = slot_of(node);
    *generation = generations[*slot];
}

bool watch_entry(struct client *client, struct entry *entry, uint64_t *names)
{
    *names = 0;
    for (const struct entry *at = entry; at; at = at->parent)
        if (at->node->ops)
            return false;
    if (!have_page())
        return false;
    for (; entry; entry = entry->parent)
        entry->watched = true;
    client->watches = true;
    *names = generations[0];
    return true;
}

void watch_node_changed(struct node *node)
{
    node->watched = false; /* until it is asked about again */
    bump(slot_of(node));
}

void watch_names_changed(void)
{
    if (generations)
        bump(0);
}

void watch_client_changed(struct client *client)
{
    if (client->watches)
        watch_names_changed();
    client->watches = false;
}

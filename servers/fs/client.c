/* The client table and the tables of opens. */
#include "client.h"

#include <stdlib.h>
#include <string.h>

#include "description.h"
#include "directory.h"
#include "idle.h"
#include "janus/object.h"
#include "lock.h"

#define INDEX_BITS 24

static struct {
    struct client **clients;
    uint32_t capacity, count;
    uint32_t *free_indices;
    uint32_t free_count;
    uint64_t generation; /* never used twice in a label: an old one can never come back */
} all;

struct client *client_find(uint64_t label)
{
    uint64_t index = (label - LABEL_FIRST) & ((1u << INDEX_BITS) - 1);
    if (label < LABEL_FIRST || index >= all.count)
        return NULL;
    struct client *client = all.clients[index];
    return client && client->label == label ? client : NULL;
}

struct client *client_next(struct client *client)
{
    for (uint32_t i = client ? client->index + 1 : 0; i < all.count; i++)
        if (all.clients[i])
            return all.clients[i];
    return NULL;
}

static bool take_index(uint32_t *index)
{
    if (all.free_count) {
        *index = all.free_indices[--all.free_count];
        return true;
    }
    if (all.count == all.capacity) {
        uint32_t capacity = all.capacity ? all.capacity * 2 : 64;
        if (capacity > 1u << INDEX_BITS)
            return false;
        struct client **clients = realloc(all.clients, capacity * sizeof(*clients));
        if (!clients)
            return false;
        all.clients = clients;
        uint32_t *indices = realloc(all.free_indices, capacity * sizeof(*indices));
        if (!indices)
            return false;
        all.free_indices = indices;
        all.capacity = capacity;
    }
    *index = all.count++;
    all.clients[*index] = NULL;
    return true;
}

struct client *client_new(uint64_t pid, uint32_t uid, uint32_t gid, struct entry *root)
{
    struct client *client = calloc(1, sizeof(*client));
    if (!client)
        return NULL;
    if (!take_index(&client->index)) {
        free(client);
        return NULL;
    }
    client->label = LABEL_FIRST + (all.generation++ << INDEX_BITS | client->index);
    client->pid = pid;
    client->uid = uid;
    client->gid = gid;
    client->root = entry_get(root);
    list_init(&client->waiters);
    list_init(&client->locks);
    all.clients[client->index] = client;
    return client;
}

struct client *client_copy(struct client *old, uint64_t pid)
{
    struct client *client = client_new(pid, old->uid, old->gid, old->root);
    if (!client)
        return NULL;
    client->group_count = old->group_count;
    memcpy(client->groups, old->groups, sizeof(client->groups));
    if (old->capacity) {
        client->table = malloc(old->capacity * sizeof(*client->table));
        if (!client->table) {
            client_destroy(client);
            return NULL;
        }
        memcpy(client->table, old->table, old->capacity * sizeof(*client->table));
        client->capacity = old->capacity;
        client->free_head = old->free_head;
        client->opens = old->opens;
        for (uint32_t i = 1; i < client->capacity; i++)
            if (!(client->table[i] & 1)) {
                lease_drop((struct description *)client->table[i]);
                description_get((struct description *)client->table[i]);
            }
    }
    client->ring = old->ring;
    if (client->ring)
        client->ring->references++;
    return client;
}

void client_empty(struct client *client)
{
    wait_drop_client(client);
    lock_drop_client(client);
    idle_close(client);
    /* The table is put aside first: closing can come back here through delete-on-close. */
    uintptr_t *table = client->table;
    uint32_t capacity = client->capacity;
    client->table = NULL;
    client->capacity = client->free_head = client->opens = 0;
    for (uint32_t i = 1; i < capacity; i++)
        if (!(table[i] & 1))
            description_put((struct description *)table[i]);
    free(table);
    while (client->offers) {
        client->offers--;
        description_put(jn_offers_take_owned(&description_offers, client));
    }
    lease_cells_free(&client->cells);
    if (client->space)
        jn_cap_delete(client->space);
    client->space = JN_CAP_NULL;
}

void client_drop_leases(struct client *client)
{
    for (uint32_t i = 1; i < client->capacity; i++)
        if (!(client->table[i] & 1))
            lease_drop((struct description *)client->table[i]);
    lease_cells_free(&client->cells);
    idle_close(client);
}

void client_destroy(struct client *client)
{
    client_empty(client);
    wait_ring_put(client->ring);
    entry_put(client->root);
    all.clients[client->index] = NULL;
    all.free_indices[all.free_count++] = client->index;
    free(client);
}

bool client_in_group(const struct client *client, uint32_t gid)
{
    if (client->gid == gid)
        return true;
    for (uint32_t i = 0; i < client->group_count; i++)
        if (client->groups[i] == gid)
            return true;
    return false;
}

static bool grow(struct client *client)
{
    uint32_t capacity = client->capacity ? client->capacity * 2 : 16;
    uintptr_t *table = realloc(client->table, capacity * sizeof(*table));
    if (!table)
        return false;
    uint32_t first = client->capacity ? client->capacity : 1;
    table[0] = 1;
    for (uint32_t i = first; i < capacity; i++)
        table[i] = (i + 1 < capacity ? (uintptr_t)(i + 1) << 1 : 0) | 1;
    client->table = table;
    client->capacity = capacity;
    client->free_head = first;
    return true;
}

jn_status_t client_add(struct client *client, struct description *description, uint64_t *number)
{
    if (client->opens >= OPEN_LIMIT)
        return JN_TOO_MANY;
    if (!client->free_head && !grow(client))
        return JN_NO_MEMORY;
    uint32_t slot = client->free_head;
    client->free_head = (uint32_t)(client->table[slot] >> 1);
    client->table[slot] = (uintptr_t)description;
    client->opens++;
    *number = slot;
    return JN_OK;
}

struct description *client_take(struct client *client, uint64_t number)
{
    struct description *description = client_open(client, number);
    if (description) {
        idle_forget(client, number);
        client->table[number] = (uintptr_t)client->free_head << 1 | 1;
        client->free_head = (uint32_t)number;
        client->opens--;
    }
    return description;
}

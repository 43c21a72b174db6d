/* Clients: one process each. */
#include <stdlib.h>

#include "janus/idl/client.h"
#include "janus/idl/io.h"
#include "janus/object.h"
#include "janus/runtime.h"
#include "object.h"
#include "registry.h"

struct jn_labels server_labels;
struct jn_offers server_offers;

struct client *client_find(uint64_t label)
{
    return jn_labels_find(&server_labels, label);
}

static void ring_release(struct client *client)
{
    struct ring *ring = client->ring;
    client->ring = NULL;
    if (!ring || --ring->users)
        return;
    jn_ring_destroy(&ring->ring);
    free(ring);
}

static void ring_share(struct client *client, struct ring *ring)
{
    client->ring = ring;
    if (ring)
        ring->users++;
}

/* Everything the client has, but not the client itself. */
static void clear(struct client *client)
{
    waiter_disarm_all(client);
    list_for_each_safe(at, &client->mutexes)
        mutex_abandon(list_entry(at, struct object, owned));
    for (uint32_t i = 0; i < client->used; i++)
        if (client->table[i])
            object_release(client->table[i]);
    free(client->table);
    client->table = NULL;
    client->size = client->used = client->first_free = 0;
    registry_forget(client);
}

static void client_free(struct client *client)
{
    clear(client);
    ring_release(client);
    free(client);
}

static struct client *client_new(uint64_t pid)
{
    struct client *client = calloc(1, sizeof *client);
    if (!client)
        return NULL;
    client->pid = pid;
    list_init(&client->armed);
    list_init(&client->mutexes);
    return client;
}

void client_gone(uint64_t label)
{
    struct client *client = jn_labels_remove(&server_labels, label);
    if (client)
        client_free(client);
}

static jn_status_t op_create(struct jn_call *call, uint64_t pid, uint32_t uid, uint32_t gid,
                             cap_t *cap)
{
    (void)uid, (void)gid; /* objects carry no permissions yet: all run as uid 0 */
    if (call->label != JN_LABEL_ADMIN)
        return JN_NO_RIGHT;
    struct client *client = client_new(pid);
    if (!client)
        return JN_NO_MEMORY;
    jn_status_t status = jn_labels_mint(&server_labels, client, &client->label, cap);
    if (status != JN_OK)
        client_free(client);
    return status;
}

/* Fork: the same objects under the same numbers. Mutexes stay with the parent. */
static jn_status_t op_clone(struct jn_call *call, uint64_t pid, cap_t *cap)
{
    struct client *from = client_find(call->label), *client;
    if (!from)
        return JN_NO_RIGHT;
    client = client_new(pid);
    if (!client)
        return JN_NO_MEMORY;
    if (from->used) {
        client->table = malloc(from->used * sizeof *client->table);
        if (!client->table) {
            client_free(client);
            return JN_NO_MEMORY;
        }
        client->size = client->used = from->used;
        client->first_free = from->first_free;
        for (uint32_t i = 0; i < from->used; i++) {
            client->table[i] = from->table[i];
            if (client->table[i])
                client->table[i]->references++;
        }
    }
    ring_share(client, from->ring);
    jn_status_t status = registry_clone(client, from);
    if (status == JN_OK)
        status = jn_labels_mint(&server_labels, client, &client->label, cap);
    if (status != JN_OK)
        client_free(client);
    return status;
}

static jn_status_t op_end(struct jn_call *call)
{
    struct client *client = client_find(call->label);
    if (!client)
        return JN_NO_RIGHT;
    clear(client);
    return JN_OK;
}

static jn_status_t op_set_space(struct jn_call *call, cap_t task)
{
    jn_cap_delete(task); /* nothing here is ever mapped */
    return client_find(call->label) ? JN_OK : JN_NO_RIGHT;
}

static jn_status_t op_open_ring(struct jn_call *call, uint32_t entries, uint64_t bits, cap_t signal,
                                struct jn_pages *pages, uint32_t *count)
{
    struct client *client = client_find(call->label);
    jn_status_t status = !client                      ? JN_NO_RIGHT
                         : list_empty(&client->armed) ? JN_OK
                                                      : JN_BUSY;
    if (status == JN_OK && !entries) { /* none any more */
        jn_cap_delete(signal);
        ring_release(client);
        return JN_OK;
    }
    struct ring *ring = status == JN_OK ? calloc(1, sizeof *ring) : NULL;
    if (status == JN_OK)
        status = ring ? jn_ring_create(&ring->ring, entries, signal, bits, pages) : JN_NO_MEMORY;
    if (status != JN_OK) {
        jn_cap_delete(signal);
        free(ring);
        return status;
    }
    ring_release(client);
    ring_share(client, ring);
    ring->ring.opener = call->label;
    *count = ring->ring.count;
    return JN_OK;
}

static jn_status_t op_grow_ring(struct jn_call *call, uint32_t entries, struct jn_pages *pages,
                                uint32_t *count)
{
    struct client *client = client_find(call->label);
    if (!client || !client->ring)
        return JN_NO_RIGHT;
    return jn_ring_grow(&client->ring->ring, call->label, entries, pages, count);
}

static jn_status_t op_join_ring(struct jn_call *call, cap_t other)
{
    void *from;
    jn_status_t status = jn_labels_identify(&server_labels, other, &from);
    struct client *client = client_find(call->label);
    if (status != JN_OK)
        return status;
    if (!client)
        return JN_NO_RIGHT;
    struct ring *ring = ((struct client *)from)->ring;
    if (!ring)
        return JN_BUSY;
    if (ring != client->ring) {
        waiter_disarm_all(client);
        ring->users++; /* before the old one goes: it may be the same client's */
        ring_release(client);
        client->ring = ring;
    }
    return JN_OK;
}

static jn_status_t op_offer(struct jn_call *call, uint64_t number, uint32_t flags, uint64_t *token)
{
    struct object *object = table_get(client_find(call->label), number);

    if (flags)
        return JN_NOT_SUPPORTED;
    if (!object)
        return JN_BAD_HANDLE;
    if (!object->token) {
        jn_status_t status = jn_offers_add(&server_offers, object, NULL, &object->token);
        if (status != JN_OK)
            return status;
    }
    *token = object->token;
    return JN_OK;
}

static jn_status_t op_accept(struct jn_call *call, uint64_t token, uint64_t *number,
                             uint32_t *access)
{
    struct client *client = client_find(call->label);
    struct jn_offer *offer = jn_offers_find(&server_offers, token);

    if (!client)
        return JN_NO_RIGHT;
    *access = IO_ACCESS_READ | IO_ACCESS_WRITE;
    return offer ? table_add(client, offer->thing, number) : JN_NOT_FOUND;
}

const struct client_ops client_operations = {
    .create = op_create,
    .clone = op_clone,
    .end = op_end,
    .set_space = op_set_space,
    .open_ring = op_open_ring,
    .grow_ring = op_grow_ring,
    .join_ring = op_join_ring,
    .offer = op_offer,
    .accept = op_accept,
};

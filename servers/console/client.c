/* Clients: one process each. */
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "janus/object.h"

struct jn_labels console_labels;
struct jn_offers console_offers;

struct client *client_find(uint64_t label)
{
    return jn_labels_find(&console_labels, label);
}

static void ring_release(struct client *client)
{
    struct ring_share *share = client->ring;

    client->ring = NULL;
    if (!share || --share->users > 0)
        return;
    jn_ring_destroy(&share->ring);
    free(share);
}

static void ring_use(struct client *client, struct ring_share *share)
{
    client->ring = share;
    if (share)
        share->users++;
}

static void close_all(struct client *client)
{
    wait_disarm_client(client);
    for (uint32_t i = 0; i < client->size; i++)
        if (client->table[i])
            description_release(client->table[i]);
    free(client->table);
    client->table = NULL;
    client->size = 0;
}

static void client_free(struct client *client)
{
    close_all(client);
    ring_release(client);
    free(client);
}

static struct client *client_new(uint64_t pid, uint32_t uid, uint32_t gid)
{
    struct client *client = calloc(1, sizeof *client);

    if (!client)
        return NULL;
    client->pid = pid;
    client->uid = uid;
    client->gid = gid;
    list_init(&client->armed);
    return client;
}

void client_gone(uint64_t label)
{
    struct client *client = jn_labels_remove(&console_labels, label);

    if (client)
        client_free(client);
}

static jn_status_t mint(struct client *client, cap_t *cap)
{
    jn_status_t status = jn_labels_mint(&console_labels, client, &client->label, cap);

    if (status != JN_OK)
        client_free(client);
    return status;
}

static jn_status_t op_create(struct jn_call *call, uint64_t pid, uint32_t uid, uint32_t gid,
                             cap_t *cap)
{
    struct client *client;

    if (call->label != JN_LABEL_ADMIN)
        return JN_NO_RIGHT;
    client = client_new(pid, uid, gid);
    return client ? mint(client, cap) : JN_NO_MEMORY;
}

static jn_status_t op_clone(struct jn_call *call, uint64_t pid, cap_t *cap)
{
    struct client *from = client_find(call->label), *client;

    if (!from)
        return JN_NO_RIGHT;
    client = client_new(pid, from->uid, from->gid);
    if (!client)
        return JN_NO_MEMORY;
    client->detached = from->detached;
    if (from->size) {
        client->table = malloc(from->size * sizeof *client->table);
        if (!client->table) {
            client_free(client);
            return JN_NO_MEMORY;
        }
        client->size = from->size;
        for (uint32_t i = 0; i < from->size; i++) {
            client->table[i] = from->table[i];
            if (client->table[i])
                client->table[i]->references++;
        }
    }
    ring_use(client, from->ring);
    return mint(client, cap);
}

static jn_status_t op_end(struct jn_call *call)
{
    struct client *client = client_find(call->label);

    if (!client)
        return JN_NO_RIGHT;
    close_all(client);
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
    struct ring_share *share = NULL;
    jn_status_t status = client ? JN_OK : JN_NO_RIGHT;

    if (status == JN_OK && !list_empty(&client->armed))
        status = JN_BUSY;
    if (status == JN_OK && !entries) { /* none any more */
        jn_cap_delete(signal);
        ring_release(client);
        return JN_OK;
    }
    if (status == JN_OK) {
        share = calloc(1, sizeof *share);
        status = share ? jn_ring_create(&share->ring, entries, signal, bits, pages) : JN_NO_MEMORY;
    }
    if (status != JN_OK) {
        jn_cap_delete(signal);
        free(share);
        return status;
    }
    ring_release(client);
    ring_use(client, share);
    share->ring.opener = call->label;
    *count = share->ring.count;
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
    struct client *client = client_find(call->label);
    struct ring_share *share;
    void *from;
    jn_status_t status = jn_labels_identify(&console_labels, other, &from);

    if (status != JN_OK)
        return status;
    if (!client)
        return JN_NO_RIGHT;
    share = ((struct client *)from)->ring;
    if (!share)
        return JN_BUSY;
    if (share == client->ring)
        return JN_OK;
    wait_disarm_client(client);
    share->users++; /* before the old one goes */
    ring_release(client);
    client->ring = share;
    return JN_OK;
}

static jn_status_t op_set_credentials(struct jn_call *call, uint64_t pid, uint32_t uid,
                                      uint32_t gid)
{
    bool found = false;

    if (call->label != JN_LABEL_ADMIN)
        return JN_NO_RIGHT;
    for (size_t i = 0; i < console_labels.used; i++) {
        struct client *client = console_labels.table[i];

        if (client && client->pid == pid) {
            client->uid = uid;
            client->gid = gid;
            found = true;
        }
    }
    return found ? JN_OK : JN_NO_PROCESS;
}

static jn_status_t op_offer(struct jn_call *call, uint64_t open, uint32_t flags, uint64_t *token)
{
    struct client *client = client_find(call->label);
    struct description *d = client ? open_find(client, open) : NULL;

    if (flags)
        return JN_NOT_SUPPORTED;
    if (!d)
        return JN_BAD_HANDLE;
    if (!d->token) {
        jn_status_t status = jn_offers_add(&console_offers, d, NULL, &d->token);
        if (status != JN_OK)
            return status;
    }
    *token = d->token;
    return JN_OK;
}

static jn_status_t op_accept(struct jn_call *call, uint64_t token, uint64_t *open,
                             uint32_t *access)
{
    struct client *client = client_find(call->label);
    struct jn_offer *offer = jn_offers_find(&console_offers, token);
    struct description *d = offer ? offer->thing : NULL;
    jn_status_t status = !client ? JN_NO_RIGHT : d ? open_add(client, d, open) : JN_NOT_FOUND;

    if (status == JN_OK) {
        d->references++;
        *access = d->access;
    }
    return status;
}

const struct client_ops client_operations = {
    .create = op_create,
    .clone = op_clone,
    .end = op_end,
    .set_space = op_set_space,
    .open_ring = op_open_ring,
    .grow_ring = op_grow_ring,
    .join_ring = op_join_ring,
    .set_credentials = op_set_credentials,
    .offer = op_offer,
    .accept = op_accept,
};

/* Interface client. */
#include <string.h>

#include "janus/idl/client.h"
#include "janus/idl/task.h"
#include "janus/object.h"
#include "platform.h"
#include "request.h"
#include "watch.h"

/* A capability for the new client; the client goes if there can be none. */
static jn_status_t mint(struct client *client, cap_t *out)
{
    if (!client)
        return JN_NO_MEMORY;
    jn_status_t status =
        jn_gate_mint(JN_CAP_SELF_GATE, client->label, JN_RIGHT_SEND | JN_RIGHT_COPY, out);
    if (status != JN_OK)
        client_destroy(client);
    return status;
}

static jn_status_t op_create(struct jn_call *call, uint64_t pid, uint32_t uid, uint32_t gid,
                             cap_t *out)
{
    if (call->label != LABEL_ADMINISTRATOR)
        return JN_NO_RIGHT;
    return mint(client_new(pid, uid, gid, vfs_root), out);
}

static jn_status_t op_clone(struct jn_call *call, uint64_t pid, cap_t *out)
{
    struct client *client;
    jn_status_t status = request_client(call, &client);
    return status == JN_OK ? mint(client_copy(client, pid), out) : status;
}

static jn_status_t op_end(struct jn_call *call)
{
    struct client *client;
    jn_status_t status = request_client(call, &client);
    if (status == JN_OK)
        client_empty(client);
    return status;
}

static jn_status_t op_set_space(struct jn_call *call, cap_t task)
{
    struct client *client;
    jn_status_t status = request_client(call, &client);
    if (status != JN_OK) {
        jn_cap_delete(task);
        return status;
    }
    client_drop_leases(client); /* their memory was in the space before */
    if (client->space)
        jn_cap_delete(client->space);
    client->space = task;
    return JN_OK;
}

static jn_status_t op_open_ring(struct jn_call *call, uint32_t entries, uint64_t bits, cap_t signal,
                                struct jn_pages *pages, uint32_t *count)
{
    struct client *client;
    struct wait_ring *ring;
    jn_status_t status = request_client(call, &client);
    if (status == JN_OK && !list_empty(&client->waiters))
        status = JN_BUSY;
    if (status == JN_OK && !entries) { /* none any more */
        jn_cap_delete(signal);
        wait_drop_client(client);
        wait_ring_put(client->ring);
        client->ring = NULL;
        return JN_OK;
    }
    if (status == JN_OK)
        status = wait_ring_create(entries, signal, bits, pages, &ring);
    if (status != JN_OK) {
        jn_cap_delete(signal);
        return status;
    }
    wait_drop_client(client);
    wait_ring_put(client->ring);
    client->ring = ring;
    ring->ring.opener = call->label;
    *count = ring->ring.count;
    return JN_OK;
}

static jn_status_t op_grow_ring(struct jn_call *call, uint32_t entries, struct jn_pages *pages,
                                uint32_t *count)
{
    struct client *client;
    jn_status_t status = request_client(call, &client);
    if (status == JN_OK && !client->ring)
        status = JN_NO_RIGHT;
    return status == JN_OK ? wait_ring_grow(client->ring, call->label, entries, pages, count)
                           : status;
}

static jn_status_t op_join_ring(struct jn_call *call, cap_t other)
{
    struct client *client, *from;
    jn_status_t status = request_target(other, &from);
    if (status == JN_OK)
        status = request_client(call, &client);
    if (status != JN_OK)
        return status;
    if (!from->ring)
        return JN_BUSY;
    if (from->ring == client->ring)
        return JN_OK;
    wait_drop_client(client);
    from->ring->references++;
    wait_ring_put(client->ring);
    client->ring = from->ring;
    return JN_OK;
}

static jn_status_t op_set_credentials(struct jn_call *call, uint64_t pid, uint32_t uid,
                                      uint32_t gid)
{
    if (call->label != LABEL_ADMINISTRATOR)
        return JN_NO_RIGHT;
    jn_status_t status = JN_NO_PROCESS;
    for (struct client *client = client_next(NULL); client; client = client_next(client)) {
        if (client->pid != pid)
            continue;
        watch_client_changed(client);
        client->uid = uid;
        client->gid = gid;
        client->group_count = 0;
        status = JN_OK;
    }
    return status;
}

static jn_status_t op_use_credentials(struct jn_call *call, cap_t process)
{
    struct client *client;
    struct task_credentials credentials;
    uint64_t pid;
    jn_status_t status = request_client(call, &client);
    if (status != JN_OK) {
        jn_cap_delete(process);
        return status;
    }
    status = platform_process_credentials(process, &pid, &credentials);
    if (status != JN_OK)
        return status;
    watch_client_changed(client);
    client->pid = pid;
    client->uid = credentials.fsuid;
    client->gid = credentials.fsgid;
    client->group_count =
        credentials.group_count < GROUP_LIMIT ? credentials.group_count : GROUP_LIMIT;
    if (client->group_count > sizeof(credentials.groups) / sizeof(credentials.groups[0]))
        return JN_BAD_ARG;
    memcpy(client->groups, credentials.groups, client->group_count * sizeof(client->groups[0]));
    return JN_OK;
}

/* A description has one word at most; moved, its word goes with the first who takes it. */
static jn_status_t op_offer(struct jn_call *call, uint64_t number, uint32_t flags, uint64_t *token)
{
    struct client *client;
    jn_status_t status = request_client(call, &client);
    struct description *description = status == JN_OK ? client_open(client, number) : NULL;
    *token = 0;
    if (status != JN_OK)
        return status;
    if (!description)
        return JN_BAD_HANDLE;
    if (flags & ~(uint32_t)OFFER_MOVE)
        return JN_NOT_SUPPORTED;
    if (flags & OFFER_MOVE) {
        status = jn_offers_add(&description_offers, description, client, token);
        if (status != JN_OK)
            return status;
        client->offers++;
        lease_drop(description);
        (void)client_take(client, number); /* the reference is the offer's now */
        return JN_OK;
    }
    if (!description->token) {
        status = jn_offers_add(&description_offers, description, NULL, &description->token);
        if (status != JN_OK)
            return status;
    }
    *token = description->token;
    return JN_OK;
}

static jn_status_t op_accept(struct jn_call *call, uint64_t token, uint64_t *number,
                             uint32_t *access)
{
    struct client *client;
    jn_status_t status = request_client(call, &client);
    struct jn_offer *offer = status == JN_OK ? jn_offers_find(&description_offers, token) : NULL;
    *number = 0;
    *access = 0;
    if (status != JN_OK)
        return status;
    if (!offer)
        return JN_NOT_FOUND;
    struct description *description = offer->thing;
    status = client_add(client, description, number);
    if (status != JN_OK)
        return status;
    *access = description->access;
    if (offer->owner) {
        ((struct client *)offer->owner)->offers--;
        jn_offers_remove(&description_offers, token);
    } else {
        lease_drop(description);
        description_get(description);
    }
    return JN_OK;
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
    .use_credentials = op_use_credentials,
    .offer = op_offer,
    .accept = op_accept,
};

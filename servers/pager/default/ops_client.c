/* Interface client. */
#include "janus/idl/client.h"
#include "janus/idl/dataspace.h"

#include "janus/object.h"
#include "pager.h"

static jn_status_t publish(struct client *client, cap_t *cap)
{
    jn_status_t status = jn_labels_mint(&pager_labels, client, &client->label, cap);
    if (status != JN_OK)
        user_destroy(client);
    return status;
}

/* pid 0: a server, which does not count for the programs' share of memory. */
static jn_status_t op_create(struct jn_call *call, uint64_t pid, uint32_t uid, uint32_t gid,
                             cap_t *cap)
{
    (void)uid;
    (void)gid;
    if (call->label != JN_LABEL_ADMIN)
        return JN_NO_RIGHT;
    struct client *client = user_create(NULL, UINT64_MAX, pid, pid != 0);
    return client ? publish(client, cap) : JN_NO_MEMORY;
}

static jn_status_t op_clone(struct jn_call *call, uint64_t pid, cap_t *cap)
{
    struct client *client = jn_labels_find(&pager_labels, call->label), *copy; /* also a sealed one */
    if (!client)
        return JN_NO_RIGHT;
    jn_status_t status = user_clone(client, pid, &copy);
    return status == JN_OK ? publish(copy, cap) : status;
}

static jn_status_t op_end(struct jn_call *call)
{
    struct client *client = pager_client(call);
    if (!client)
        return JN_NO_RIGHT;
    user_clear(client);
    return JN_OK;
}

static jn_status_t op_set_space(struct jn_call *call, cap_t task)
{
    struct client *client = pager_client(call);
    uint32_t type = JN_TYPE_NONE, rights = 0;
    uint64_t identity, label;
    jn_status_t status = client ? jn_cap_info(task, &type, &rights, &identity, &label)
                                : JN_NO_RIGHT;
    if (status == JN_OK && type != JN_TYPE_TASK)
        status = JN_BAD_ARG;
    if (status == JN_OK && !(rights & JN_RIGHT_MAP))
        status = JN_NO_RIGHT;
    if (status != JN_OK) {
        jn_cap_delete(task);
        return status;
    }
    user_set_space(client, task);
    return JN_OK;
}

static jn_status_t op_set_credentials(struct jn_call *call, uint64_t pid, uint32_t uid,
                                      uint32_t gid)
{
    (void)call;
    (void)pid;
    (void)uid;
    (void)gid;
    return JN_NO_RIGHT; /* memory has no owner but the client, and a client is not to say who it is */
}

/* No operation of the pager waits, so there is no readiness ring. */
static jn_status_t op_open_ring(struct jn_call *call, uint32_t entries, uint64_t bits,
                                cap_t signal, struct jn_pages *ring, uint32_t *count)
{
    (void)call;
    (void)entries;
    (void)bits;
    (void)ring;
    (void)count;
    jn_cap_delete(signal);
    return JN_NOT_SUPPORTED;
}

static jn_status_t op_join_ring(struct jn_call *call, cap_t other)
{
    (void)call;
    jn_cap_delete(other);
    return JN_NOT_SUPPORTED;
}

static jn_status_t op_offer(struct jn_call *call, uint64_t number, uint32_t flags, uint64_t *token)
{
    struct client *client = pager_client(call);
    struct open *open = client ? user_find(client, number) : NULL;
    *token = 0;
    if (!open)
        return JN_BAD_HANDLE;
    if (open->access != (JN_R | JN_W | JN_X))
        return JN_ACCESS; /* who accepts may do all */
    if (flags || !(open->ds->flags & (DS_SHARED | DS_PINNED | DS_CONTIGUOUS)))
        return JN_NOT_SUPPORTED; /* private memory has one client */
    if (!open->ds->token) {
        jn_status_t status = jn_offers_add(&ds_offers, open->ds, NULL, &open->ds->token);
        if (status != JN_OK)
            return status;
    }
    *token = open->ds->token;
    return JN_OK;
}

static jn_status_t op_accept(struct jn_call *call, uint64_t token, uint64_t *number,
                             uint32_t *access)
{
    struct client *client = pager_client(call);
    struct jn_offer *offer = jn_offers_find(&ds_offers, token);
    *number = 0;
    *access = JN_R | JN_W | JN_X;
    if (!client)
        return JN_NO_RIGHT;
    return offer ? user_enter(client, offer->thing, *access, number) : JN_NOT_FOUND;
}

const struct client_ops pager_client_ops = {
    .create = op_create,
    .clone = op_clone,
    .end = op_end,
    .set_space = op_set_space,
    .open_ring = op_open_ring,
    .join_ring = op_join_ring,
    .set_credentials = op_set_credentials,
    .offer = op_offer,
    .accept = op_accept,
};

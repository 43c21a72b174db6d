#include "janus/backend/clients.h"

#include "janus/idl/client.h"
#include "janus/object.h"

bool (*backend_ring_missing)(uint32_t server, cap_t client);
bool (*backend_ring_full)(uint32_t server);

/* What stands in an agreed place belongs to the task itself: an adapter's own (janus/adapter.h). */
void backend_cap_drop(cap_t cap)
{
    if (cap >= JN_CAP_FIRST_FREE)
        jn_cap_delete(cap);
}

jn_status_t backend_clients_clone(const struct backend_clients *from, uint64_t pid,
                                  cap_t child_task, struct backend_clients *child)
{
    *child = (struct backend_clients){0};
    jn_status_t status = client_clone(from->fs, pid, &child->fs);
    if (status == JN_OK)
        status = client_clone(from->console, pid, &child->console);
    if (status == JN_OK && from->object)
        status = client_clone(from->object, pid, &child->object);
    if (status == JN_OK && from->pager)
        status = client_clone(from->pager, pid, &child->pager);
    if (status != JN_OK) {
        backend_clients_drop(child);
        return status;
    }
    child->task = child_task;
    return JN_OK;
}

void backend_clients_drop(struct backend_clients *clients)
{
    backend_cap_drop(clients->task);
    backend_cap_drop(clients->pager);
    backend_cap_drop(clients->fs);
    backend_cap_drop(clients->console);
    backend_cap_drop(clients->object);
    *clients = (struct backend_clients){0};
}

static void end(cap_t *client)
{
    /* The table may be gone with the server: then there is nothing left to end. */
    jn_status_t status = *client ? client_end(*client) : JN_OK;
    (void)status;
    backend_cap_drop(*client);
    *client = JN_CAP_NULL;
}

void backend_clients_drop_files(struct backend_clients *clients)
{
    end(&clients->fs);
    end(&clients->console);
    end(&clients->object);
}

jn_status_t backend_pager_fresh(cap_t template, uint64_t pid, cap_t *pager)
{
    return client_clone(template, pid, pager);
}

#define SERVERS 5

static uint64_t gates[SERVERS];

static uint64_t gate_of(cap_t cap)
{
    uint32_t type = JN_TYPE_NONE, rights;
    uint64_t identity = 0, label;
    if (!cap || jn_cap_info(cap, &type, &rights, &identity, &label) != JN_OK)
        return 0;
    return type == JN_TYPE_GATE ? identity : 0;
}

void backend_servers_learn(const struct backend_clients *own)
{
    const cap_t caps[SERVERS] = {own->task, own->fs, own->console, own->pager, own->object};
    for (int i = 0; i < SERVERS; i++)
        gates[i] = gate_of(caps[i]);
}

bool backend_servers_have(const struct backend_clients *clients)
{
    const cap_t caps[SERVERS] = {clients->task, clients->fs, clients->console, clients->pager,
                                 clients->object};
    for (int i = 0; i < SERVERS; i++) {
        bool optional = i >= 3;
        if ((caps[i] || !optional) && gate_of(caps[i]) != gates[i])
            return false;
    }
    return true;
}

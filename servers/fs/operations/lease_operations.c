/* Interface lease. */
#include "janus/idl/lease.h"

#include "client.h"
#include "dev/device.h"
#include "idle.h"
#include "janus/idl/io.h"
#include "janus/object.h"
#include "lease.h"
#include "pipe.h"
#include "pipe_ring.h"
#include "request.h"
#include "watch.h"

static jn_status_t leasable(const struct jn_call *call, uint64_t open, uint64_t address,
                            struct client **client, struct description **description)
{
    jn_status_t status = request_usable(call, open, client, description);
    if (status == JN_OK && address % PAGE_BYTES)
        return JN_BAD_ARG;
    return status == JN_OK && !(*client)->space ? JN_ACCESS : status;
}

static jn_status_t op_file(struct jn_call *call, uint64_t open, uint64_t address, uint32_t *kind,
                           uint32_t *cell, uint32_t *added)
{
    struct client *client;
    struct description *description;
    bool new_page = false;
    *kind = *cell = *added = 0;
    jn_status_t status = leasable(call, open, address, &client, &description);
    if (status != JN_OK)
        return status;
    if (description->kind == OPEN_DEVICE) {
        uint64_t id = description->device->id;
        *kind = id == DEVICE_NULL ? LEASE_NULL : id == DEVICE_ZERO ? LEASE_ZERO : 0;
        return *kind ? JN_OK : JN_NOT_SUPPORTED;
    }
    if (description->kind != OPEN_FILE)
        return JN_NOT_SUPPORTED;
    if (!(description->access & IO_ACCESS_READ))
        return JN_ACCESS;
    status = lease_grant(client, description, address, cell, &new_page);
    *added = new_page;
    if (status == JN_OK)
        *kind = LEASE_FILE;
    return status;
}

static jn_status_t op_pipe(struct jn_call *call, uint64_t open, uint64_t address, uint32_t *kind,
                           cap_t *wait, cap_t *wake)
{
    struct client *client;
    struct description *description;
    *kind = 0;
    *wait = *wake = JN_CAP_NULL;
    jn_status_t status = leasable(call, open, address, &client, &description);
    if (status != JN_OK)
        return status;
    if (description->kind != OPEN_PIPE)
        return JN_NOT_SUPPORTED;
    status = pipe_ring_lease(client, description, address, wait, wake);
    if (status == JN_OK)
        *kind = description->access & IO_ACCESS_READ ? LEASE_PIPE_READ : LEASE_PIPE_WRITE;
    return status;
}

static jn_status_t op_kick(struct jn_call *call, uint64_t open)
{
    struct client *client;
    struct description *description;
    jn_status_t status = request_usable(call, open, &client, &description);
    if (status == JN_OK && description->kind != OPEN_PIPE)
        return JN_BAD_HANDLE;
    if (status == JN_OK)
        pipe_ring_kick(description->node->pipe, description->access);
    return status;
}

static jn_status_t op_end(struct jn_call *call, uint64_t open)
{
    struct client *client;
    struct description *description;
    jn_status_t status = request_usable(call, open, &client, &description);
    if (status == JN_OK)
        lease_drop(description);
    return status;
}

static jn_status_t op_watch(struct jn_call *call, uint64_t address, cap_t task)
{
    struct client *client;
    jn_status_t status = request_client(call, &client);
    if (status == JN_OK)
        status = watch_map(task, address);
    jn_cap_delete(task);
    return status;
}

static jn_status_t op_stat(struct jn_call *call, uint64_t open, struct io_stat *stat,
                           uint32_t *slot, uint64_t *generation)
{
    struct client *client;
    struct description *description;
    *slot = 0;
    *generation = 0;
    jn_status_t status = request_open(call, open, &client, &description);
    if (status != JN_OK)
        return status;
    node_stat(client, description->node, stat);
    watch_node(description->node, slot, generation);
    return JN_OK;
}

static jn_status_t op_stat_path(struct jn_call *call, uint64_t dir, uint64_t length, uint32_t lookup,
                                struct io_stat *stat, uint32_t *slot, uint64_t *generation,
                                uint64_t *names)
{
    struct client *client;
    struct place place;
    struct entry *entry;
    bool straight;
    *slot = 0;
    *generation = *names = 0;
    jn_status_t status = request_client(call, &client);
    if (status == JN_OK)
        status = request_place(call, client, dir, length, 0, &place);
    if (status == JN_OK)
        status = vfs_find_straight(client, place, lookup, &entry, &straight);
    if (status != JN_OK)
        return status;
    node_stat(client, entry->node, stat);
    if (straight && watch_entry(client, entry, names))
        watch_node(entry->node, slot, generation);
    entry_put(entry);
    return JN_OK;
}

static jn_status_t op_idle(struct jn_call *call, uint64_t address)
{
    struct client *client;
    jn_status_t status = request_client(call, &client);
    if (status != JN_OK)
        return status;
    if (address % PAGE_BYTES)
        return JN_BAD_ARG;
    return client->space ? idle_open(client, address) : JN_ACCESS;
}

const struct lease_ops lease_operations = {
    .file = op_file,
    .pipe = op_pipe,
    .kick = op_kick,
    .end = op_end,
    .watch = op_watch,
    .stat = op_stat,
    .stat_path = op_stat_path,
    .idle = op_idle,
};

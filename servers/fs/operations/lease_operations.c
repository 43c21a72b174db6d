/* Interface lease. */
#include "janus/idl/lease.h"

#include "dev/device.h"
#include "janus/idl/io.h"
#include "lease.h"
#include "pipe.h"
#include "pipe_ring.h"
#include "request.h"

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

const struct lease_ops lease_operations = {
    .file = op_file,
    .pipe = op_pipe,
    .kick = op_kick,
    .end = op_end,
};

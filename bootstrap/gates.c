/* What bootstrap holds for a server for all its lives: gate, labels; and where kernel memory comes from. */
#include "bootstrap.h"

#include "janus/idl/root.h"
#include "janus/object.h"

jn_status_t kernel_memory_pool(uint64_t frames, cap_t *pool)
{
    uint64_t more;
    jn_status_t status = jn_pool_create(JN_CAP_POOL, frames, pool);
    if (status == JN_NO_MEMORY)
        status = root_fund(JN_CAP_SUPERVISOR, frames + 1, &more); /* the Pool itself costs a frame */
    else
        return status;
    return status == JN_OK ? jn_pool_create(JN_CAP_POOL, frames, pool) : status;
}

jn_status_t kernel_memory_fund(cap_t pool, uint64_t frames)
{
    uint64_t more;
    jn_status_t status = jn_pool_fund(JN_CAP_POOL, pool, (int64_t)frames);
    if (status != JN_NO_MEMORY)
        return status;
    status = root_fund(JN_CAP_SUPERVISOR, frames, &more);
    return status == JN_OK ? jn_pool_fund(JN_CAP_POOL, pool, (int64_t)frames) : status;
}

jn_status_t server_make_gate(struct server *server)
{
    jn_status_t status = kernel_memory_pool(server->manifest->label_pages, &server->gate_pool);
    if (status == JN_OK)
        status = jn_gate_create(server->gate_pool, &server->gate);
    if (status == JN_OK)
        status = jn_gate_mint(server->gate, 1, JN_RIGHT_SEND | JN_RIGHT_COPY, &server->admin);
    if (status == JN_OK)
        status = jn_gate_mint(own_gate, LABEL_SERVER + server->index,
                              JN_RIGHT_SEND | JN_RIGHT_COPY, &server->client);
    return status;
}

/* What bootstrap holds for a server for all its lives: gate, labels. */
#include "bootstrap.h"

#include "janus/object.h"

jn_status_t server_make_gate(struct server *server)
{
    jn_status_t status = jn_pool_create(JN_CAP_POOL, server->manifest->label_pages,
                                        &server->gate_pool);
    if (status == JN_OK)
        status = jn_gate_create(server->gate_pool, &server->gate);
    if (status == JN_OK)
        status = jn_gate_mint(server->gate, 1, JN_RIGHT_SEND | JN_RIGHT_COPY, &server->admin);
    if (status == JN_OK)
        status = jn_gate_mint(own_gate, LABEL_SERVER + server->index,
                              JN_RIGHT_SEND | JN_RIGHT_COPY, &server->client);
    return status;
}

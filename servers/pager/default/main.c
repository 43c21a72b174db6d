/* The default pager: anonymous memory for every other task. Started by the root pager, from which it has
 * its frames; calls nobody else. */
#include "janus/boot_layout.h"
#include "janus/idl/client.h"
#include "janus/idl/dataspace.h"
#include "janus/runtime.h"
#include "pager.h"

struct jn_labels pager_labels = {.gate = JN_CAP_SELF_GATE};

struct client *pager_client(const struct jn_call *call)
{
    struct client *client = jn_labels_find(&pager_labels, call->label);
    return client && !client->sealed ? client : NULL;
}

jn_status_t pager_target(cap_t capability, struct client **client)
{
    void *found;
    jn_status_t status = jn_labels_identify(&pager_labels, capability, &found);
    *client = found;
    return status == JN_OK && (*client)->sealed ? JN_NOT_PERMITTED : status;
}

static jn_status_t kernel_message(struct jn_server *server, struct jn_call *call, uint32_t kind)
{
    (void)server;
    if (kind != JN_KM_LABEL_GONE)
        return JN_BAD_CALL;
    struct client *client = jn_labels_remove(&pager_labels, call->label);
    if (client)
        user_destroy(client);
    return JN_OK;
}

int main(void)
{
    static struct jn_interface interfaces[2];
    static struct jn_server server;
    uint32_t zero_frame;
    jn_log_set_name("pager");
    platform_init();
    jn_status_t status = frame_alloc(true, false, &zero_frame);
    if (status != JN_OK)
        jn_panic("no memory to start with: %s", jn_status_text(status));
    ds_init(zero_frame);
    map_init(zero_frame);
    struct client *bootstrap = user_create(NULL, UINT64_MAX, 0, false);
    status = bootstrap ? jn_labels_adopt(&pager_labels, bootstrap, PAGER_LABEL_BOOTSTRAP)
                       : JN_NO_MEMORY;
    if (status != JN_OK)
        jn_panic("no client for bootstrap: %s", jn_status_text(status));
    interfaces[0] = dataspace_interface(&pager_dataspace_ops);
    interfaces[1] = client_interface(&pager_client_ops);
    server = (struct jn_server){
        .gate = JN_CAP_SELF_GATE,
        .interfaces = interfaces,
        .interface_count = 2,
        .kernel_message = kernel_message,
    };
    jn_server_run(&server);
}

/* servers/object: named and shared objects, shared futexes, event descriptors, the registry. */
#include "janus/idl/client.h"
#include "janus/idl/io.h"
#include "janus/idl/supervisor.h"
#include "janus/runtime.h"
#include "object.h"
#include "registry.h"

static jn_status_t kernel_message(struct jn_server *server, struct jn_call *call, uint32_t kind)
{
    (void)server;
    jn_begin_answer(&call->message);
    if (kind == JN_KM_LABEL_GONE)
        client_gone(call->label);
    return JN_OK;
}

static uint64_t deadline(struct jn_server *server)
{
    (void)server;
    return timer_next();
}

static void on_timeout(struct jn_server *server)
{
    (void)server;
    timer_expire(jn_time_monotonic());
}

int main(void)
{
    jn_log_set_name("object");
    server_labels.gate = JN_CAP_SELF_GATE;
    struct jn_interface interfaces[] = {
        object_interface(&object_operations),
        io_interface(&io_operations),
        client_interface(&client_operations),
        registry_interface(&registry_operations),
    };
    struct jn_server server = {
        .grows = true,
        .gate = JN_CAP_SELF_GATE,
        .interfaces = interfaces,
        .interface_count = sizeof interfaces / sizeof *interfaces,
        .kernel_message = kernel_message,
        .deadline = deadline,
        .on_timeout = on_timeout,
    };
    jn_status_t status = supervisor_ready(JN_CAP_SUPERVISOR);
    if (status != JN_OK)
        jn_log(JN_LOG_WARNING, "the supervisor does not answer: %s", jn_status_text(status));
    jn_server_run(&server);
}

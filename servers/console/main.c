/* The console server's start and loop. */
#include "console.h"
#include "janus/idl/supervisor.h"
#include "janus/object.h"
#include "janus/runtime.h"

enum { HANGUP_BIT = 1 };

static void on_signal(struct jn_server *server, uint64_t bits)
{
    (void)server;
    if (bits & HANGUP_BIT)
        job_hangups();
}

static jn_status_t kernel_message(struct jn_server *server, struct jn_call *call, uint32_t kind)
{
    (void)server;
    if (kind == JN_KM_LABEL_GONE)
        client_gone(call->label);
    return JN_OK;
}

static uint64_t deadline(struct jn_server *server)
{
    (void)server;
    return wait_deadline();
}

static void on_timeout(struct jn_server *server)
{
    (void)server;
    wait_timeout();
}

/* Whatever the last message changed, the waiters hear of it before the next one is taken. */
static void before_wait(struct jn_server *server)
{
    (void)server;
    terminals_wake();
}

static void check(jn_status_t status, const char *what)
{
    if (status != JN_OK)
        jn_panic("%s: %s", what, jn_status_text(status));
}

int main(void)
{
    struct jn_interface interfaces[] = {
        io_interface(&io_operations),
        console_interface(&console_operations),
        client_interface(&client_operations),
    };
    struct jn_server server = {
        .grows = true,
        .gate = JN_CAP_SELF_GATE, .interfaces = interfaces,
        .interface_count = sizeof interfaces / sizeof *interfaces,
        .on_signal = on_signal, .kernel_message = kernel_message, .deadline = deadline,
        .on_timeout = on_timeout, .before_wait = before_wait,
    };

    jn_log_set_name("console");
    console_labels.gate = JN_CAP_SELF_GATE;
    check(jn_signal_create(JN_CAP_POOL, &server.signal), "signal");
    check(job_start(server.signal, HANGUP_BIT), "svc/task");
    check(supervisor_ready(JN_CAP_SUPERVISOR), "ready");
    jn_server_run(&server);
}

/* servers/trace: the kernel's trace rings, kept and given away. */
#include "janus/idl/supervisor.h"
#include "janus/idl/trace.h"
#include "janus/object.h"
#include "janus/runtime.h"
#include "janus/server.h"
#include "trace.h"

#define BIT_FULL 1

static cap_t signal;

static jn_status_t op_start(struct jn_call *call)
{
    (void)call;
    return rings_start(signal, BIT_FULL);
}

static jn_status_t op_stop(struct jn_call *call, uint64_t *records, uint64_t *lost)
{
    (void)call;
    jn_status_t status = rings_stop();
    *records = store_count();
    *lost = store_lost();
    return status;
}

static jn_status_t op_read(struct jn_call *call, uint64_t from, uint64_t capacity, uint64_t *bytes)
{
    uint64_t count;
    const struct jn_trace_record *records = store_at(from, &count);
    size_t done = 0;
    jn_status_t status = JN_OK;

    if (count > capacity / JN_TRACE_RECORD)
        count = capacity / JN_TRACE_RECORD;
    if (count)
        status = jn_copy_out(call, 0, 0, records, count * JN_TRACE_RECORD, &done);
    *bytes = done;
    return status;
}

static void on_signal(struct jn_server *server, uint64_t bits)
{
    (void)server;
    (void)bits;
    rings_empty();
}

static void check(jn_status_t status, const char *what)
{
    if (status != JN_OK)
        jn_panic("%s: %s", what, jn_status_text(status));
}

int main(void)
{
    static const struct trace_ops ops = {.start = op_start, .stop = op_stop, .read = op_read};
    struct jn_interface interface = trace_interface(&ops);
    cap_t console;

    jn_log_set_name("trace");
    check(jn_signal_create(JN_CAP_POOL, &signal), "signal");
    check(supervisor_grant(JN_CAP_SUPERVISOR, "console", 7, &console), "the kernel's Console");
    check(rings_open(console), "trace rings");
    check(supervisor_ready(JN_CAP_SUPERVISOR), "ready");
    struct jn_server server = {
        .grows = true, /* the store is mapped, and that is paid for */
        .gate = JN_CAP_SELF_GATE,
        .signal = signal,
        .interfaces = &interface,
        .interface_count = 1,
        .on_signal = on_signal,
    };
    jn_server_run(&server);
}

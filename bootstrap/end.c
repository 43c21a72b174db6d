/* The end of servers: faults, exits, restarts. */
#include "bootstrap.h"
#include "janus/crash.h"
#include "janus/object.h"
#include "janus/runtime.h"

bool server_has_ended(const struct server *server)
{
    uint64_t threads, pages, cpu;
    if (server->task == JN_CAP_NULL)
        return false;
    return jn_task_info(server->task, &threads, &pages, &cpu) != JN_OK || !threads;
}

static void forget(cap_t *cap)
{
    jn_cap_delete(*cap);
    *cap = JN_CAP_NULL;
}

/* Takes everything back that one life of the server had. */
static void clear(struct server *server)
{
    forget(&server->thread);
    forget(&server->task);
    if (server->pool != JN_CAP_NULL && jn_cap_destroy(server->pool) != JN_OK)
        jn_cap_delete(server->pool);
    server->pool = JN_CAP_NULL;
}

static void give_up(struct server *server)
{
    server->state = SERVER_GONE;
    if (server->manifest->essential) {
        jn_log(JN_LOG_ERROR, "%s has ended for good; nothing can go on without it", server->name);
        leave(125);
    }
    names_withdraw(server);
    /* Who waits at the gate, or comes later, hears that it is gone. */
    if (jn_cap_destroy(server->gate_pool) != JN_OK)
        jn_cap_delete(server->gate_pool);
    server->gate_pool = JN_CAP_NULL;
    forget(&server->gate);
    forget(&server->admin);
}

void server_ended(struct server *server)
{
    if (server->state != SERVER_RUNNING && server->state != SERVER_READY)
        return;
    clear(server);
    bool again = server->manifest->restarts == MANIFEST_ALWAYS ||
                 server->starts <= server->manifest->restarts;
    jn_log(JN_LOG_WARNING, "%s has ended%s", server->name, again ? "; it is started again" : "");
    if (again) {
        jn_status_t status = server_start(server);
        if (status == JN_OK)
            return;
        jn_log(JN_LOG_ERROR, "%s cannot be started: %s", server->name, jn_status_text(status));
        clear(server);
    }
    give_up(server);
}

/* A thread of a server faulted. That is its end: servers have all their memory from the start. */
jn_status_t report_fault(struct server *server, struct jn_call *call, uint32_t kind)
{
    char path[128];
    bool ended;
    server_path(server, path, sizeof path);
    jn_status_t status = jn_crash_native(call, kind, server->name, path, &ended);
    if (ended)
        server_ended(server);
    return status; /* JN_HELD: nobody is left to answer */
}

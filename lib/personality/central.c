/* The central placement: one task that serves all programs of the personality. */
#include <stdlib.h>

#include "janus/backend/gate.h"
#include "janus/backend/process.h"
#include "janus/idl/client.h"
#include "janus/idl/personality.h"
#include "janus/idl/supervisor.h"
#include "janus/object.h"
#include "janus/personality.h"
#include "janus/runtime.h"
#include "loop.h"

#define PROGRAM_PRIORITY 100 /* below every server */
#define RING_ENTRIES 4096

static const char *const names[RING_COUNT] = {"svc/fs", "svc/console", "svc/task"};
static cap_t own[RING_COUNT]; /* this server's own clients; those of programs join their rings */
static cap_t pager_template;  /* an empty client of the pager, of which those of programs are made */

static void must(const char *what, jn_status_t status)
{
    if (status != JN_OK)
        jn_panic("%s: %s", what, jn_status_text(status));
}

static cap_t make_client(const char *name)
{
    cap_t admin, client;
    must(name, jn_name_wait(name, &admin));
    must(name, client_create(admin, 0, 0, 0, &client));
    jn_cap_delete(admin);
    return client;
}

jn_status_t personality_prepare(const struct backend_clients *clients, uint64_t pid,
                                struct personality_task *task)
{
    jn_status_t status = backend_pager_fresh(pager_template, pid, &task->pager);
    if (status != JN_OK)
        return status;
    status = backend_process_prepare(clients->task, &task->task, &task->pool);
    if (status != JN_OK)
        backend_cap_drop(task->pager);
    return status;
}

void personality_abandon(const struct backend_clients *clients)
{
    backend_process_abandon(clients->task);
}

static jn_status_t take(struct jn_call *call, uint64_t length, cap_t task, cap_t pager, cap_t fs,
                        cap_t console, cap_t object)
{
    struct backend_clients clients = {task, pager, fs, console, object};
    const cap_t joining[RING_COUNT] = {fs, console, task};
    void *record = length <= HANDOVER_MAX ? malloc(length + 1) : NULL;
    struct handover h;
    size_t done = 0;
    /* Of svc/object nothing is asked: whatever stands for it is not called. */
    struct backend_clients called = {task, pager, fs, console, JN_CAP_NULL};
    jn_status_t status = backend_servers_have(&called) ? JN_OK : JN_BAD_ARG;
    if (status == JN_OK)
        status = record ? jn_copy_in(call, 0, 0, record, length, &done) : JN_NO_MEMORY;
    if (status == JN_OK)
        status = handover_decode(record, length, &h);
    if (status == JN_OK)
        status = personality_core.check(&h, &clients);
    for (int i = 0; i < RING_COUNT && status == JN_OK; i++)
        status = client_join_ring(joining[i], own[i]);
    if (status == JN_OK)
        status = personality_core.take(&h, &clients);
    free(record);
    if (status != JN_OK)
        backend_clients_drop(&clients); /* our copies; the caller keeps the process */
    return status;
}

int main(void)
{
    static const struct personality_ops ops = {.take = take};
    static struct jn_interface interface;
    jn_log_set_name(personality_core.name);
    loop_begin();
    backend_gate_initialize(JN_CAP_SELF_GATE, PROGRAM_PRIORITY);
    for (unsigned i = 0; i < RING_COUNT; i++) {
        own[i] = make_client(names[i]);
        must(names[i], loop_open_ring(i, own[i], RING_ENTRIES));
    }
    pager_template = make_client("svc/pager");
    backend_servers_learn(&(struct backend_clients){
        .task = own[RING_TASK], .pager = pager_template, .fs = own[RING_FS],
        .console = own[RING_CONSOLE]});
    interface = personality_interface(&ops);
    must("supervisor", supervisor_ready(JN_CAP_SUPERVISOR));
    loop_run(JN_CAP_SELF_GATE, &interface, 1, true, NULL);
}

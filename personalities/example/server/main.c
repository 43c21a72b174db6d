/* The central placement: one task that serves the messages of all programs of this personality, and
 * takes processes over from others. */
#include <stdlib.h>

#include "../core/core.h"
#include "janus/backend/gate.h"
#include "janus/idl/client.h"
#include "janus/idl/personality.h"
#include "janus/idl/supervisor.h"
#include "janus/object.h"
#include "janus/ring.h"
#include "janus/runtime.h"

#define PROGRAM_PRIORITY 100 /* below every server */
#define RING_ENTRIES 256
#define TAKE_MAX (8u << 20)

enum { RING_FS, RING_CONSOLE, RING_TASK, RING_COUNT };
static struct {
    const char *name;
    cap_t client; /* this server's own there; the clients of programs join its ring */
    struct jn_ring_reader ring;
} rings[RING_COUNT] = {{.name = "svc/fs"}, {.name = "svc/console"}, {.name = "svc/task"}};
static cap_t ring_signal;

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
    return client;
}

static void on_signal(struct jn_server *server, uint64_t bits)
{
    struct jn_ring_entry entry;
    (void)server;
    for (int i = 0; i < RING_COUNT; i++)
        while (bits & 1ull << i && jn_ring_next(&rings[i].ring, &entry))
            core_event(i == RING_TASK, entry.cookie, entry.events);
}

static jn_status_t kernel_message(struct jn_server *server, struct jn_call *call, uint32_t kind)
{
    (void)server;
    backend_call_begin(call);
    if (kind == JN_KM_SYSCALL || kind == JN_KM_PAGE_FAULT || kind == JN_KM_EXCEPTION)
        core_message(call->label, kind, call->message.words);
    return backend_call_end();
}

static jn_status_t take(struct jn_call *call, uint64_t length, cap_t task, cap_t pager, cap_t fs,
                        cap_t console, cap_t object)
{
    struct backend_clients clients = {task, pager, fs, console, object};
    const cap_t joining[RING_COUNT] = {fs, console, task};
    void *record = length <= TAKE_MAX ? malloc(length + 1) : NULL;
    struct handover h;
    size_t done = 0;
    jn_status_t status = record ? jn_copy_in(call, 0, 0, record, length, &done) : JN_NO_MEMORY;
    if (status == JN_OK)
        status = handover_decode(record, length, &h);
    if (status == JN_OK)
        status = core_check(&h, &clients);
    for (int i = 0; i < RING_COUNT && status == JN_OK; i++)
        status = client_join_ring(joining[i], rings[i].client);
    if (status == JN_OK)
        status = core_take(&h, &clients);
    free(record);
    if (status != JN_OK)
        backend_clients_drop(&clients); /* our copies; the caller keeps the process */
    return status;
}

int main(void)
{
    static const struct personality_ops ops = {.take = take};
    struct jn_interface interfaces[] = {personality_interface(&ops)};
    struct jn_server server = {.grows = true, .gate = JN_CAP_SELF_GATE, .interfaces = interfaces,
                               .interface_count = 1, .on_signal = on_signal,
                               .kernel_message = kernel_message};
    jn_log_set_name("example");
    must("signal", jn_signal_create(JN_CAP_POOL, &ring_signal));
    server.signal = ring_signal;
    backend_gate_initialize(JN_CAP_SELF_GATE, PROGRAM_PRIORITY);
    for (int i = 0; i < RING_COUNT; i++) {
        rings[i].client = make_client(rings[i].name);
        must(rings[i].name, jn_ring_open(rings[i].client, RING_ENTRIES, ring_signal, 1ull << i,
                                         &rings[i].ring));
    }
    core_pager_template = make_client("svc/pager");
    must("supervisor", supervisor_ready(JN_CAP_SUPERVISOR));
    jn_server_run(&server);
}

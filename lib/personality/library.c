/* The library placement: the core in the process that it serves, started by its launcher (docs/library.md).
 * Without fork: the handler begins with a take. */
#include <stdlib.h>

#include "janus/adapter_runtime.h"
#include "janus/backend/gate.h"
#include "janus/object.h"
#include "janus/personality.h"
#include "janus/runtime.h"
#include "loop.h"

#define RING_ENTRIES 64

/* No call is answered on the program's own thread: all of them go to the handler. */
__attribute__((visibility("hidden"))) uint32_t adapter_fast_count;
__attribute__((visibility("hidden"))) uint64_t adapter_fast[1];
__attribute__((visibility("hidden"))) uint32_t adapter_sample;

/* The launcher has made them. */
jn_status_t personality_prepare(const struct backend_clients *clients, uint64_t pid,
                                struct personality_task *task)
{
    (void)clients, (void)pid;
    *task = (struct personality_task){JN_CAP_TASK, JN_CAP_POOL, JN_CAP_PAGER};
    return JN_OK;
}

void personality_abandon(const struct backend_clients *clients)
{
    (void)clients; /* the answer to the take does that */
}

static jn_status_t take(uint64_t length)
{
    const struct backend_clients clients = adapter_clients();
    const cap_t ours[RING_COUNT] = {clients.fs, clients.console, clients.task};
    struct handover h;
    void *record;
    jn_status_t status = adapter_take_record(length, &record);
    if (status != JN_OK)
        return status;
    status = handover_decode(record, length, &h);
    if (status == JN_OK)
        status = personality_core.check(&h, &clients);
    for (unsigned i = 0; i < RING_COUNT && status == JN_OK; i++)
        status = loop_open_ring(i, ours[i], RING_ENTRIES);
    if (status == JN_OK)
        status = personality_core.take(&h, &clients);
    free(record);
    return status;
}

_Noreturn void adapter_main(enum adapter_kind kind, uint64_t length, uint64_t settings)
{
    static const struct backend_door door = {adapter_utcb_alloc, adapter_utcb_free,
                                             ADAPTER_PATIENCE_NS};
    cap_t gate;
    (void)settings;
    jn_log_set_name(personality_core.name);
    jn_status_t status = kind == ADAPTER_TAKE ? jn_gate_create(JN_CAP_POOL, &gate) : JN_NOT_SUPPORTED;
    if (status != JN_OK)
        jn_panic("no gate: %s", jn_status_text(status));
    loop_begin();
    backend_gate_initialize(gate, ADAPTER_PRIORITY);
    backend_gate_door(&door);
    adapter_answer(take(length));
    loop_run(gate, NULL, 0, false, adapter_keep_pool);
}

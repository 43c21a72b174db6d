/* The POSIX adapter: the core in the process that it serves. docs/library.md. */
#include <stdlib.h>

#include "janus/adapter_runtime.h"
#include "janus/backend/gate.h"
#include "janus/heap.h"
#include "janus/object.h"
#include "janus/runtime.h"
#include "library.h"
#include "loop.h"

extern const char posix_vdso_page[]; /* vdso/carry.asm */

/* The handler's gate and Signal are made anew in every process, the child of a fork too. */
static cap_t begin(void)
{
    static const struct backend_door door = {adapter_utcb_alloc, adapter_utcb_free,
                                             ADAPTER_PATIENCE_NS};
    cap_t gate;
    jn_status_t status = jn_gate_create(JN_CAP_POOL, &gate);
    if (status == JN_OK)
        status = loop_begin();
    if (status != JN_OK)
        jn_panic("no gate: %s", jn_status_text(status));
    backend_gate_initialize(gate, ADAPTER_PRIORITY);
    backend_gate_door(&door);
    return gate;
}

static void take(uint64_t length)
{
    struct backend_clients clients = adapter_clients();
    void *record;
    core_initialize();
    core_pager_template = ADAPTER_CAP_EMPTY_PAGER;
    backend_set_vdso(posix_vdso_page);
    jn_status_t status = adapter_take_record(length, &record);
    if (status == JN_OK) {
        status = core_take(record, length, &clients);
        free(record);
    }
    adapter_answer(status);
}

_Noreturn void adapter_main(enum adapter_kind kind, uint64_t length, uint64_t settings)
{
    (void)settings;
    jn_log_set_name("posix");
    jn_heap_keep(0); /* fork would copy them */
    cap_t gate = begin();
    if (kind == ADAPTER_FORKED)
        library_forked();
    else
        take(length);
    loop_run(gate, NULL, 0, false, adapter_keep_pool);
}

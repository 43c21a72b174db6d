/* The Win32 adapter: the core in the process that it serves. docs/library.md. */
#include <stdlib.h>

#include "clock.h"
#include "fast.h"
#include "guest.h"
#include "janus/adapter_runtime.h"
#include "janus/backend/gate.h"
#include "janus/object.h"
#include "leases.h"
#include "library.h"
#include "loop.h"
#include "nt_image.h"
#include "nt_lease.h"
#include "nt_remote.h"

uint32_t library_defaults[2];

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

static bool threads_run(void)
{
    return *(volatile uint32_t *)&guest_running > park_count();
}

/* The process's own pages at 0x7ffe0000: the clock cells, and the dispatcher's address. */
static void make_shared_pages(void)
{
    guest_shared_page = jn_map_pages(1);
    library_dispatcher_page = jn_map_pages(1);
    if (!guest_shared_page || !library_dispatcher_page)
        jn_panic("no page for the shared data");
    nt_kuser_fill(guest_shared_page);
    ((uint8_t *)guest_shared_page)[NT_KUSER_SYSTEM_CALL] = 1;
    *(uint64_t *)library_dispatcher_page = (uint64_t)(uintptr_t)win32_dispatcher;
    jn_status_t status = clock_begin(adapter_utcb_alloc(), ADAPTER_PRIORITY, threads_run);
    if (status != JN_OK)
        jn_panic("no clock: %s", jn_status_text(status));
}

static void take(uint64_t length)
{
    struct backend_clients clients = adapter_clients();
    void *record;
    jn_status_t status = adapter_take_record(length, &record);

    if (status == JN_OK) {
        status = guest_take(record, length, &clients);
        free(record);
    }
    adapter_answer(status);
}

_Noreturn void adapter_main(enum adapter_kind kind, uint64_t length, uint64_t settings)
{
    jn_log_set_name("win32");
    if (kind != ADAPTER_TAKE)
        jn_panic("no process is made by fork here");
    cap_t gate = begin();
    library_defaults[0] = ADAPTER_PLACE(settings, ADAPTER_POSIX);
    library_defaults[1] = ADAPTER_PLACE(settings, ADAPTER_WIN32);
    nt_core_init();
    nt_lease_enabled = true;
    nt_image_keep_own = false;
    park_begin();
    leases_begin();
    make_shared_pages();
    take(length);
    fast_begin(nt_service_number);
    loop_run(gate, NULL, 0, false, adapter_keep_pool, NULL);
}

#include "loop.h"

#include "janus/backend/gate.h"
#include "janus/object.h"
#include "janus/personality.h"
#include "janus/ring.h"
#include "janus/runtime.h"

static struct jn_ring_reader rings[RING_COUNT];
static cap_t ring_signal;
static void (*before_message)(void);

void loop_begin(void)
{
    jn_status_t status = jn_signal_create(JN_CAP_POOL, &ring_signal);
    if (status != JN_OK)
        jn_panic("no signal: %s", jn_status_text(status));
}

jn_status_t loop_open_ring(unsigned ring, cap_t client, uint32_t entries)
{
    return jn_ring_open(client, entries, ring_signal, 1ull << ring, &rings[ring]);
}

static void on_signal(struct jn_server *server, uint64_t bits)
{
    struct jn_ring_entry entry;
    (void)server;
    for (unsigned i = 0; i < RING_COUNT; i++)
        while (bits & 1ull << i && jn_ring_next(&rings[i], &entry))
            personality_core.event(i == RING_TASK, entry.cookie, entry.events);
}

static jn_status_t kernel_message(struct jn_server *server, struct jn_call *call, uint32_t kind)
{
    (void)server;
    if (before_message)
        before_message();
    backend_call_begin(call);
    if (kind == JN_KM_SYSCALL || kind == JN_KM_PAGE_FAULT || kind == JN_KM_EXCEPTION ||
        kind == JN_KM_ATTENTION)
        personality_core.message(call->label, kind, call->message.words);
    return backend_call_end();
}

_Noreturn void loop_run(cap_t gate, const struct jn_interface *interfaces, size_t count, bool grows,
                        void (*before)(void))
{
    static struct jn_server server;
    before_message = before;
    server = (struct jn_server){.grows = grows, .gate = gate, .signal = ring_signal,
                                .interfaces = interfaces, .interface_count = count,
                                .on_signal = on_signal, .kernel_message = kernel_message};
    jn_server_run(&server);
}

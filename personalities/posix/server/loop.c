#include "loop.h"

#include "placement.h"
#include "quick.h"

#include "janus/backend/gate.h"
#include "janus/object.h"
#include "janus/ring.h"
#include "janus/runtime.h"

const char *const ring_names[RING_COUNT] = {"svc/fs", "svc/console", "svc/object", "svc/task"};

/* As core_event names the servers. */
static const uint32_t ring_servers[RING_COUNT] = {BACKEND_FS, BACKEND_CONSOLE, BACKEND_OBJECT,
                                                  WAIT_TASK};
static struct jn_ring_reader rings[RING_COUNT];
static cap_t ring_openers[RING_COUNT]; /* clients */
static cap_t ring_signal;
const struct jn_alarm *loop_alarm;
static void (*first)(void);

/* More waits at once than the ring has entries. */
static bool ring_full(uint32_t server)
{
    for (int i = 0; i < RING_COUNT; i++)
        if (ring_servers[i] == server)
            return rings[i].header && jn_ring_enlarge(ring_openers[i], &rings[i]) == JN_OK;
    return false;
}

jn_status_t loop_begin(void)
{
    backend_ring_full = ring_full;
    for (int i = 0; i < RING_COUNT; i++)
        rings[i] = (struct jn_ring_reader){0};
    return jn_signal_create(JN_CAP_POOL, &ring_signal);
}

jn_status_t loop_open_ring(unsigned ring, cap_t client, uint32_t entries)
{
    ring_openers[ring] = client;
    return jn_ring_open(client, entries, ring_signal, 1ull << ring, &rings[ring]);
}

bool loop_has_ring(unsigned ring)
{
    return rings[ring].header;
}

static void on_signal(struct jn_server *server, uint64_t bits)
{
    (void)server;
    struct jn_ring_entry entry;
    if (bits & 1ull << RING_TASK && !rings[RING_TASK].header)
        placement_task_event();
    for (int i = 0; i < RING_COUNT; i++)
        if (bits & (1ull << i))
            while (jn_ring_next(&rings[i], &entry))
                core_event(ring_servers[i], entry.cookie, entry.events);
}

static jn_status_t kernel_message(struct jn_server *server, struct jn_call *call, uint32_t kind)
{
    const uint64_t *words = call->message.words;
    if (first)
        first();
    backend_call_begin(call);
    switch (kind) {
    case JN_KM_SYSCALL:
        core_syscall(call->label, words);
        /* A signal that the call itself brought about comes before its return (kill(3)); a program
         * on another CPU runs on while this server looks at its rings. */
        if (loop_has_ring(RING_TASK) && jn_ring_waits(&rings[RING_TASK]))
            on_signal(server, 1ull << RING_TASK);
        break;
    case JN_KM_PAGE_FAULT:
        core_page_fault(call->label, words);
        break;
    case JN_KM_EXCEPTION:
        core_exception(call->label, words);
        break;
    case JN_KM_ATTENTION:
        core_attention(call->label, words);
        break;
    default: /* gone callers and labels: whoever ended them has cleaned up */
        break;
    }
    return backend_call_end();
}

static uint64_t deadline(struct jn_server *server)
{
    (void)server;
    return timer_next();
}

static void on_timeout(struct jn_server *server)
{
    (void)server;
    timer_run(jn_time_monotonic());
}

static void before_wait(struct jn_server *server)
{
    (void)server;
    core_idle();
}

_Noreturn void loop_run(cap_t gate, const struct jn_interface *interfaces, size_t count,
                        bool grows, void (*before_message)(void))
{
    static struct jn_server server;
    server = (struct jn_server){
        .grows = grows,
        .gate = gate,
        .signal = ring_signal,
        .interfaces = interfaces,
        .interface_count = count,
        .on_signal = on_signal,
        .kernel_message = kernel_message,
        .deadline = deadline,
        .on_timeout = on_timeout,
        .before_wait = before_wait,
    };
    first = before_message;
    if (!first) { /* the central server: nothing stands before a message, and programs are many */
        server.quick = &core_quick;
        server.alarm = loop_alarm;
    }
    jn_server_run(&server);
}

#include "loop.h"

#include <string.h>

#include "guest.h"
#include "placement.h"
#include "janus/backend/gate.h"
#include "janus/idl/task.h"
#include "janus/object.h"
#include "janus/ring.h"
#include "janus/runtime.h"

const char *const ring_names[RING_COUNT] = {"svc/fs", "svc/console", "svc/object", "svc/task"};

static struct jn_ring_reader rings[RING_COUNT];
static cap_t ring_signal;
const struct jn_alarm *loop_alarm;
static void (*first)(void);
uint32_t guest_running;

jn_status_t loop_begin(void)
{
    return jn_signal_create(JN_CAP_POOL, &ring_signal);
}

jn_status_t loop_open_ring(unsigned ring, cap_t client, uint32_t entries)
{
    return jn_ring_open(client, entries, ring_signal, 1ull << ring, &rings[ring]);
}

bool loop_has_ring(unsigned ring)
{
    return rings[ring].header;
}

static struct nt_process *core_of(struct world_process *p)
{
    struct nt_process *core = nt_process_next(NULL);

    while (core && core->world != p)
        core = nt_process_next(core);
    return core;
}

/* servers/task tells of signals and of an end by SIGKILL. */
static void process_event(uint64_t cookie, uint32_t events)
{
    struct world_process *p = guest_process_by_cookie(cookie);
    struct nt_process *core = p ? core_of(p) : NULL;

    if (!core)
        return;
    if (events & TASK_EVENT_KILLED) {
        nt_core_killed(core);
        return;
    }
    if (events & TASK_EVENT_REQUEST) {
        guest_take_requests(p, core);
        if (guest_process_by_cookie(cookie) != p)
            return;
    }
    if (!(events & TASK_EVENT_SIGNAL))
        return;
    for (;;) {
        struct task_siginfo info;
        uint32_t number = 0;
        uint64_t pending;
        if (backend_process_take_signal(p->clients.task, UINT64_MAX, &number, &info, &pending) !=
                JN_OK ||
            !number)
            return;
        nt_core_signal(core, number);
        if (guest_process_by_cookie(cookie) != p) /* it ended */
            return;
    }
}

static void on_signal(struct jn_server *server, uint64_t bits)
{
    struct jn_ring_entry entry;

    (void)server;
    for (int i = 0; i < RING_COUNT; i++)
        if (bits & (1ull << i) && rings[i].header)
            while (jn_ring_next(&rings[i], &entry)) {
                if (entry.cookie & GUEST_PROCESS_COOKIE)
                    process_event(entry.cookie, entry.events);
                else {
                    guest_unarmed(entry.cookie, (unsigned)i);
                    nt_core_woken(entry.cookie);
                }
            }
}

static void dispatch(struct nt_thread *t, uint32_t kind, const uint64_t *w)
{
    switch (kind) {
    case JN_KM_SYSCALL: {
        struct nt_syscall call = {w[4], w[1], w[0], w[2], w[3], w[7], w[8]};
        nt_core_syscall(t, &call);
        break;
    }
    case JN_KM_PAGE_FAULT:
        if (w[0] - NT_ADAPTER_BASE < NT_ADAPTER_SIZE && placement_fault(t->world, w[0]))
            break;
        nt_core_fault(t, w[0],
                      w[1] & JN_ACCESS_WRITE  ? JN_ACCESS_WRITE
                      : w[1] & JN_ACCESS_EXEC ? JN_ACCESS_EXEC
                                              : JN_ACCESS_READ);
        break;
    case JN_KM_EXCEPTION: nt_core_exception(t, (uint32_t)w[0], w[1], w[4]); break;
    }
}

static jn_status_t kernel_message(struct jn_server *server, struct jn_call *call, uint32_t kind)
{
    struct nt_thread *t = nt_thread_by_cookie(call->label);
    uint64_t words[10];

    (void)server;
    if (kind != JN_KM_SYSCALL && kind != JN_KM_PAGE_FAULT && kind != JN_KM_EXCEPTION &&
        kind != JN_KM_ATTENTION)
        return JN_HELD;
    if (first)
        first();
    backend_call_begin(call);
    if (t && t->world) {
        uint64_t cookie = call->label;
        memcpy(words, call->message.words, sizeof words);
        guest_running -= !t->world->stopped;
        t->world->stopped = true;
        t->world->call = kind == JN_KM_SYSCALL;
        if (kind == JN_KM_ATTENTION)
            world_thread_resume(t->world);
        else
            dispatch(t, kind, words);
        t = nt_thread_by_cookie(cookie);
        if (t && t->world->stopped) {
            /* Its answer comes later. */
            jn_status_t status = backend_thread_hold(&t->world->thread);
            if (status != JN_OK)
                jn_log(JN_LOG_ERROR, "a call cannot be held: %s", jn_status_text(status));
        }
    }
    return backend_call_end();
}

static uint64_t deadline(struct jn_server *server)
{
    uint64_t next = nt_core_deadline();

    (void)server;
    return next == UINT64_MAX ? 0 : next ? next : 1;
}

static void on_timeout(struct jn_server *server)
{
    (void)server;
    nt_core_timeout();
}

_Noreturn void loop_run(cap_t gate, const struct jn_interface *interfaces, size_t count,
                        bool grows, void (*before_message)(void), struct jn_quick *quick)
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
    };
    first = before_message;
    server.quick = quick;
    server.alarm = loop_alarm;
    jn_server_run(&server);
}

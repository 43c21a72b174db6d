/* The central Win32 server: one gate for the messages of all program threads and for
 * personality.take, one ring at each server for what waiting threads wait for, and the housekeeping
 * of KUSER_SHARED_DATA while programs run. */
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "janus/backend/gate.h"
#include "janus/idl/client.h"
#include "janus/idl/personality.h"
#include "janus/idl/supervisor.h"
#include "janus/idl/task.h"
#include "janus/object.h"
#include "janus/ring.h"
#include "janus/server.h"
#include "nt_remote.h"

#define PROGRAM_PRIORITY 100 /* below every server */
#define RING_ENTRIES 4096
#define TICK_NS 15625000ull /* 64 Hz: what programs expect of the shared clock cells */

enum { RING_FS, RING_CONSOLE, RING_OBJECT, RING_TASK, RING_COUNT };

static struct {
    const char *name;
    cap_t client;
    struct jn_ring_reader ring;
    bool open;
} rings[RING_COUNT] = {
    [RING_FS] = {.name = "svc/fs"},
    [RING_CONSOLE] = {.name = "svc/console"},
    [RING_OBJECT] = {.name = "svc/object"},
    [RING_TASK] = {.name = "svc/task"},
};
static cap_t ring_signal;
static uint64_t next_tick;
cap_t guest_pager_template;
void *guest_shared_page;

jn_status_t guest_take(const void *record, size_t length, const struct backend_clients *clients);

static jn_status_t make_client(const char *name, cap_t *client)
{
    cap_t admin;
    jn_status_t status = jn_name_wait(name, &admin);

    if (status == JN_OK) {
        status = client_create(admin, 0, 0, 0, client);
        jn_cap_delete(admin);
    }
    return status;
}

static void open_rings(void)
{
    jn_status_t status;

    for (int i = 0; i < RING_COUNT; i++) {
        status = make_client(rings[i].name, &rings[i].client);
        if (status == JN_OK)
            status = jn_ring_open(rings[i].client, RING_ENTRIES, ring_signal, 1ull << i,
                                  &rings[i].ring);
        rings[i].open = status == JN_OK;
        if (status != JN_OK)
            jn_log(JN_LOG_ERROR, "no ring at %s: %s", rings[i].name, jn_status_text(status));
    }
    status = make_client("svc/pager", &guest_pager_template);
    if (status != JN_OK)
        jn_log(JN_LOG_ERROR, "no memory for programs: %s", jn_status_text(status));
}

jn_status_t guest_join_rings(const struct backend_clients *clients)
{
    const cap_t theirs[RING_COUNT] = {clients->fs, clients->console, clients->object,
                                      clients->task};

    for (int i = 0; i < RING_COUNT; i++) {
        if (!theirs[i] || !rings[i].open)
            continue;
        jn_status_t status = client_join_ring(theirs[i], rings[i].client);
        if (status != JN_OK)
            return status;
    }
    return JN_OK;
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
        if (bits & (1ull << i) && rings[i].open)
            while (jn_ring_next(&rings[i].ring, &entry)) {
                if (entry.cookie & GUEST_PROCESS_COOKIE)
                    process_event(entry.cookie, entry.events);
                else
                    nt_core_woken(entry.cookie);
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
    backend_call_begin(call);
    if (t && t->world) {
        uint64_t cookie = call->label;
        memcpy(words, call->message.words, sizeof words);
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

static jn_status_t take(struct jn_call *call, uint64_t length, cap_t task, cap_t pager, cap_t fs,
                        cap_t console, cap_t object)
{
    struct backend_clients clients = {task, pager, fs, console, object};
    size_t done = 0;
    jn_status_t status = length > (8u << 20) ? JN_TOO_BIG : JN_OK;
    void *record = status == JN_OK ? malloc(length ? length : 1) : NULL;

    if (status == JN_OK && !record)
        status = JN_NO_MEMORY;
    if (status == JN_OK)
        status = jn_copy_in(call, 0, 0, record, length, &done);
    if (status == JN_OK)
        status = guest_take(record, length, &clients);
    free(record);
    if (status != JN_OK)
        backend_clients_drop(&clients); /* our copies; the caller keeps the process */
    return status;
}

static uint64_t deadline(struct jn_server *server)
{
    uint64_t next = nt_core_deadline();

    (void)server;
    if (guest_process_any()) {
        if (!next_tick)
            next_tick = jn_time_monotonic();
        if (next_tick < next)
            next = next_tick;
    } else {
        next_tick = 0;
    }
    return next == UINT64_MAX ? 0 : next ? next : 1;
}

static void on_timeout(struct jn_server *server)
{
    uint64_t now = jn_time_monotonic();

    (void)server;
    if (next_tick && next_tick <= now) {
        nt_kuser_tick(guest_shared_page);
        next_tick = now + TICK_NS;
    }
    nt_core_timeout();
}

/* `win32.requests=always`, for tests: the processes of this server reach each other as those of
 * different cores do. */
static void read_settings(void)
{
    static const char key[] = "win32.requests";
    char value[16];
    size_t length;

    if (supervisor_setting(JN_CAP_SUPERVISOR, key, sizeof key - 1, value, sizeof value, &length) ==
        JN_OK)
        nt_remote_always = length == 6 && !memcmp(value, "always", 6);
}

int main(void)
{
    static const struct personality_ops ops = {.take = take};
    jn_status_t status;

    jn_log_set_name("win32");
    status = jn_signal_create(JN_CAP_POOL, &ring_signal);
    if (status != JN_OK)
        jn_panic("no signal: %s", jn_status_text(status));
    backend_gate_initialize(JN_CAP_SELF_GATE, PROGRAM_PRIORITY);
    nt_core_init();
    guest_shared_page = jn_map_pages(1);
    if (!guest_shared_page)
        jn_panic("no page for the shared data");
    nt_kuser_fill(guest_shared_page);
    open_rings();
    read_settings();
    struct jn_interface interfaces[] = {personality_interface(&ops)};
    struct jn_server server = {
        .grows = true,
        .gate = JN_CAP_SELF_GATE,
        .signal = ring_signal,
        .interfaces = interfaces,
        .interface_count = 1,
        .on_signal = on_signal,
        .kernel_message = kernel_message,
        .deadline = deadline,
        .on_timeout = on_timeout,
    };
    status = supervisor_ready(JN_CAP_SUPERVISOR);
    if (status != JN_OK)
        jn_log(JN_LOG_WARNING, "the supervisor does not answer: %s", jn_status_text(status));
    jn_server_run(&server);
}

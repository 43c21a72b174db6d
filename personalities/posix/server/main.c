/* The central POSIX server: one gate for the messages of all program threads and for personality.take,
 * one ring at each server for what waiting threads wait for. */
#include <stdlib.h>

#include "core.h"
#include "quick.h"
#include "janus/backend/gate.h"
#include "janus/idl/client.h"
#include "janus/idl/personality.h"
#include "janus/idl/supervisor.h"
#include "janus/object.h"
#include "janus/ring.h"
#include "janus/runtime.h"
#include "janus/server.h"

#define PROGRAM_PRIORITY 100 /* below every server */
#define RING_ENTRIES 4096
#define TAKE_MAX (8u << 20)

enum { RING_FS, RING_CONSOLE, RING_OBJECT, RING_TASK, RING_COUNT };

/* `client` is this server's own at each of the others; the clients of processes join its ring. */
static struct {
    const char *name;
    uint32_t server; /* as core_event names it */
    cap_t client;
    struct jn_ring_reader ring;
    bool open;
} rings[RING_COUNT] = {
    [RING_FS] = {.name = "svc/fs", .server = BACKEND_FS},
    [RING_CONSOLE] = {.name = "svc/console", .server = BACKEND_CONSOLE},
    [RING_OBJECT] = {.name = "svc/object", .server = BACKEND_OBJECT},
    [RING_TASK] = {.name = "svc/task", .server = 4 /* WAIT_TASK */},
};

static cap_t ring_signal;
extern const char posix_vdso_page[]; /* vdso/carry.asm */

/* A client of our own at a server, without a process; `admin` is what names give. */
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
    for (int i = 0; i < RING_COUNT; i++) {
        jn_status_t status = make_client(rings[i].name, &rings[i].client);
        if (status == JN_OK)
            status = jn_ring_open(rings[i].client, RING_ENTRIES, ring_signal, 1ull << i,
                                  &rings[i].ring);
        rings[i].open = status == JN_OK;
        if (status != JN_OK)
            jn_log(JN_LOG_ERROR, "no ring at %s: %s", rings[i].name, jn_status_text(status));
    }
    /* The empty client of which all address spaces' are cloned. */
    jn_status_t status = make_client("svc/pager", &core_pager_template);
    if (status != JN_OK)
        jn_log(JN_LOG_ERROR, "no memory for programs: %s", jn_status_text(status));
}

static void on_signal(struct jn_server *server, uint64_t bits)
{
    (void)server;
    struct jn_ring_entry entry;
    for (int i = 0; i < RING_COUNT; i++)
        if (bits & (1ull << i) && rings[i].open)
            while (jn_ring_next(&rings[i].ring, &entry))
                core_event(rings[i].server, entry.cookie, entry.events);
}

static jn_status_t kernel_message(struct jn_server *server, struct jn_call *call, uint32_t kind)
{
    const uint64_t *words = call->message.words;
    backend_call_begin(call);
    switch (kind) {
    case JN_KM_SYSCALL:
        core_syscall(call->label, words);
        /* A signal that the call itself brought about comes before its return (kill(3)); a program
         * on another CPU runs on while this server looks at its rings. */
        if (rings[RING_TASK].open && jn_ring_waits(&rings[RING_TASK].ring))
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

/* The process's clients send their readiness to our rings from now on. */
static jn_status_t join_rings(const struct backend_clients *clients)
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

static jn_status_t take(struct jn_call *call, uint64_t length, cap_t task, cap_t pager, cap_t fs,
                        cap_t console, cap_t object)
{
    struct backend_clients clients = {task, pager, fs, console, object};
    size_t done = 0;
    jn_status_t status = length > TAKE_MAX ? JN_TOO_BIG : JN_OK;
    void *record = status == JN_OK ? malloc(length ? length : 1) : NULL;
    if (status == JN_OK && !record)
        status = JN_NO_MEMORY;
    if (status == JN_OK)
        status = jn_copy_in(call, 0, 0, record, length, &done);
    if (status == JN_OK)
        status = join_rings(&clients);
    if (status == JN_OK)
        status = core_take(record, length, &clients);
    free(record);
    if (status != JN_OK)
        backend_clients_drop(&clients); /* our copies; the caller keeps the process */
    return status;
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

int main(void)
{
    jn_log_set_name("posix");
    jn_status_t status = jn_signal_create(JN_CAP_POOL, &ring_signal);
    if (status != JN_OK)
        jn_panic("no signal: %s", jn_status_text(status));
    backend_gate_initialize(JN_CAP_SELF_GATE, PROGRAM_PRIORITY);
    core_initialize();
    backend_set_vdso(posix_vdso_page);
    open_rings();
    static const struct personality_ops ops = {.take = take};
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
        .before_wait = before_wait,
        .quick = &core_quick,
    };
    status = supervisor_ready(JN_CAP_SUPERVISOR);
    if (status != JN_OK)
        jn_log(JN_LOG_WARNING, "the supervisor does not answer: %s", jn_status_text(status));
    jn_server_run(&server);
}

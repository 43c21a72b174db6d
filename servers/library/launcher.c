/* Starts adapters: personality.take for processes that are to have their core in themselves. */
#include <stdio.h>
#include <string.h>

#include "janus/handover.h"
#include "janus/idl/client.h"
#include "janus/idl/personality.h"
#include "janus/idl/supervisor.h"
#include "janus/idl/task.h"
#include "janus/object.h"
#include "janus/runtime.h"
#include "janus/server.h"
#include "launcher.h"

#define FUND 48 /* kernel frames beside what task.prepare gives: tables, UTCBs, nodes of pages */
#define GIVE_RIGHTS (JN_RIGHT_SEND | JN_RIGHT_COPY)

static struct template template;
static uint64_t settings;
static char programs[ADAPTER_PROGRAMS_MAX]; /* the setting */

/* ---- the process ---- */

struct start {
    struct backend_clients clients; /* pager: the new one */
    cap_t task, pool, thread;
};

static void start_end(struct start *start)
{
    jn_cap_delete(start->clients.pager);
    jn_cap_delete(start->thread);
    jn_cap_delete(start->pool);
    jn_cap_delete(start->task);
}

static jn_status_t make_task(struct start *start)
{
    uint64_t added;
    jn_status_t status = task_prepare(start->clients.task, &start->task, &start->pool);
    if (status == JN_OK)
        status = task_fund(start->clients.task, FUND, &added);
    if (status == JN_OK)
        status = jn_task_door(start->task, ADAPTER_BASE,
                              ADAPTER_BASE + template.header.text_bytes, template.header.door);
    return status;
}

static jn_status_t make_memory(struct start *start)
{
    cap_t pager;
    struct adapter_range memory = {ADAPTER_STACK_LOW,
                                   template.header.memory_end + ADAPTER_HEAP_FIRST};
    jn_status_t status = client_clone(template.full, 1, &pager);
    if (status != JN_OK)
        return status;
    start->clients.pager = pager;
    status = client_set_space(pager, start->task);
    if (status == JN_OK)
        status = adapter_map_text(pager);
    if (status == JN_OK)
        status = adapter_map_range(pager, memory);
    return status;
}

static jn_status_t make_handler(struct start *start, uint64_t length)
{
    static struct jn_state state;
    jn_status_t status = jn_thread_create(start->pool, start->task, ADAPTER_UTCBS, JN_CAP_NULL, 0,
                                          &start->thread);
    if (status != JN_OK)
        return status;
    state = (struct jn_state){.rip = template.header.start, .rflags = 0x202};
    state.r[JN_REG_RSP] = ADAPTER_STACK;
    state.r[JN_REG_RDI] = ADAPTER_TAKE;
    state.r[JN_REG_RSI] = length;
    state.r[JN_REG_RDX] = settings;
    status = jn_thread_write(start->thread, JN_STATE_REGS, &state);
    if (status == JN_OK)
        status = jn_thread_set_priority(start->thread, ADAPTER_PRIORITY);
    /* Its exceptions are heard by servers/task under the process's own name. */
    if (status == JN_OK)
        status = jn_thread_set_gates(start->thread, start->clients.task, 0, JN_CAP_NULL, 0);
    return status;
}

/* Personalities' gates. They start in any order, so each is looked for until it is there; and they may
 * end: what is gone is left out of the table, and looked for again the next time. */
static void give_takers(cap_t task)
{
    static cap_t gates[ADAPTER_TAKERS];
    char name[ADAPTER_TAKER_MAX];
    for (cap_t i = 0; i < ADAPTER_TAKERS; i++) {
        if (!ADAPTER_PLACE(settings, i / 2)) /* off */
            continue;
        if (!gates[i] && (!adapter_taker_name((unsigned)i, programs, name) ||
                          jn_name_lookup(name, &gates[i]) != JN_OK))
            gates[i] = JN_CAP_NULL;
        if (gates[i] && jn_cap_copy_to(task, gates[i], ADAPTER_CAP_TAKERS + i * JN_CAP_STEP,
                                       GIVE_RIGHTS) != JN_OK) {
            jn_cap_delete(gates[i]);
            gates[i] = JN_CAP_NULL;
        }
    }
}

static jn_status_t fill_table(const struct start *start)
{
    const struct {
        cap_t source, slot;
        uint32_t rights;
    } list[] = {
        {start->task, JN_CAP_TASK, JN_RIGHT_ALL & ~JN_RIGHT_DESTROY},
        {start->thread, JN_CAP_THREAD, JN_RIGHT_ALL},
        {start->pool, JN_CAP_POOL, JN_RIGHT_ALL & ~JN_RIGHT_DESTROY},
        {JN_CAP_LOG, JN_CAP_LOG, GIVE_RIGHTS},
        {start->clients.pager, JN_CAP_PAGER, GIVE_RIGHTS},
        {start->clients.task, ADAPTER_CAP_CLIENT_TASK, GIVE_RIGHTS},
        {start->clients.fs, ADAPTER_CAP_CLIENT_FS, GIVE_RIGHTS},
        {start->clients.console, ADAPTER_CAP_CLIENT_CONSOLE, GIVE_RIGHTS},
        {start->clients.object, ADAPTER_CAP_CLIENT_OBJECT, GIVE_RIGHTS},
        {template.empty, ADAPTER_CAP_EMPTY_PAGER, GIVE_RIGHTS},
    };
    jn_status_t status = JN_OK;
    for (size_t i = 0; i < sizeof list / sizeof *list && status == JN_OK; i++)
        if (list[i].source)
            status = jn_cap_copy_to(start->task, list[i].source, list[i].slot, list[i].rights);
    if (status == JN_OK)
        give_takers(start->task);
    return status;
}

/* ---- the interface ---- */

/* Success: the adapter answers. */
static jn_status_t launch(struct jn_call *call, uint64_t length, struct start *start)
{
    cap_t reply;
    jn_status_t status = make_task(start);
    if (status == JN_OK)
        status = make_memory(start);
    if (status == JN_OK)
        status = make_handler(start, length);
    if (status == JN_OK)
        status = fill_table(start);
    if (status == JN_OK)
        status = jn_call_hold(call, &reply);
    if (status != JN_OK)
        return status;
    status = jn_cap_move_to(start->task, reply, ADAPTER_CAP_REPLY);
    if (status == JN_OK) {
        status = jn_thread_resume(start->thread);
        if (status != JN_OK) /* the Reply goes with the Task: its caller hears AGAIN */
            jn_log(JN_LOG_ERROR, "an adapter does not start: %s", jn_status_text(status));
    } else {
        status = personality_take_reply(reply, status);
    }
    return JN_HELD;
}

static jn_status_t take(struct jn_call *call, uint64_t length, cap_t task, cap_t pager, cap_t fs,
                        cap_t console, cap_t object)
{
    struct backend_clients clients = {task, pager, fs, console, object};
    jn_status_t status = length > HANDOVER_MAX ? JN_TOO_BIG : JN_OK;
    if (status == JN_OK && !backend_servers_have(&clients))
        status = JN_BAD_ARG;
    if (status == JN_OK) {
        struct start start = {.clients = clients};
        start.clients.pager = JN_CAP_NULL;
        status = launch(call, length, &start);
        if (status != JN_OK && status != JN_HELD && start.task) {
            jn_status_t abandoned = task_abandon(task);
            (void)abandoned;
        }
        start_end(&start);
    }
    jn_cap_delete(task);
    jn_cap_delete(pager);
    jn_cap_delete(fs);
    jn_cap_delete(console);
    jn_cap_delete(object);
    return status;
}

/* ---- the start ---- */

static uint32_t placement(const char *personality)
{
    char value[16] = {0};
    size_t length = 0;
    if (supervisor_setting(JN_CAP_SUPERVISOR, personality, strlen(personality), value,
                           sizeof value - 1, &length) != JN_OK)
        return 0;
    return !strcmp(value, "central")   ? HANDOVER_PLACE_CENTRAL
           : !strcmp(value, "library") ? HANDOVER_PLACE_LIBRARY
                                       : 0;
}

/* What adapters are told of this boot. */
static void read_settings(void)
{
    char name[ADAPTER_TAKER_MAX], behind[ADAPTER_TAKER_MAX];
    size_t length = 0;
    if (supervisor_setting(JN_CAP_SUPERVISOR, "programs", 8, programs, sizeof programs - 1,
                           &length) != JN_OK)
        length = 0;
    programs[length] = 0;
    settings = ADAPTER_SETTING(ADAPTER_POSIX, placement("posix")) |
               ADAPTER_SETTING(ADAPTER_WIN32, placement("win32"));
    for (unsigned i = 0; i < ADAPTER_OTHERS; i++)
        if (adapter_taker_name(2 * (ADAPTER_OTHER + i), programs, name))
            settings |= ADAPTER_SETTING(ADAPTER_OTHER + i, placement(name + 4));
    if (adapter_taker_name(ADAPTER_TAKERS, programs, behind))
        jn_log(JN_LOG_WARNING, "%s and what follows in the setting `programs` is not told to library processes",
               behind + 4);
}

static void know_servers(void)
{
    static const struct {
        const char *name;
        size_t place;
    } servers[] = {
        {"svc/task", offsetof(struct backend_clients, task)},
        {"svc/pager", offsetof(struct backend_clients, pager)},
        {"svc/fs", offsetof(struct backend_clients, fs)},
        {"svc/console", offsetof(struct backend_clients, console)},
        {"svc/object", offsetof(struct backend_clients, object)},
    };
    struct backend_clients admin;
    for (size_t i = 0; i < sizeof servers / sizeof *servers; i++) {
        jn_status_t status =
            jn_name_wait(servers[i].name, (cap_t *)((char *)&admin + servers[i].place));
        if (status != JN_OK)
            jn_panic("%s: %s", servers[i].name, jn_status_text(status));
    }
    jn_status_t status = template_make(admin.pager, programs, &template);
    if (status != JN_OK)
        jn_panic("svc/pager: %s", jn_status_text(status));
    backend_servers_learn(&admin);
    backend_clients_drop(&admin);
}

int main(void)
{
    char name[32];
    snprintf(name, sizeof name, "%s-library", launcher_personality);
    jn_log_set_name(name);
    read_settings();
    know_servers();
    static const struct personality_ops ops = {.take = take};
    struct jn_interface interfaces[] = {personality_interface(&ops)};
    struct jn_server server = {
        .grows = true,
        .gate = JN_CAP_SELF_GATE,
        .interfaces = interfaces,
        .interface_count = 1,
    };
    jn_status_t status = supervisor_ready(JN_CAP_SUPERVISOR);
    if (status != JN_OK)
        jn_log(JN_LOG_WARNING, "the supervisor does not answer: %s", jn_status_text(status));
    jn_server_run(&server);
}

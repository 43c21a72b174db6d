/* servers/task: processes over all personalities. */
#include <stdlib.h>

#include "janus/crash.h"
#include "janus/idl/client.h"
#include "janus/idl/supervisor.h"
#include "janus/object.h"
#include "janus/runtime.h"
#include "janus/server.h"
#include "process.h"

static size_t read_caller(void *context, uint64_t address, void *buffer, size_t length)
{
    uint64_t fault[2];
    size_t done = 0;
    (void)context;
    jn_status_t status = jn_space_copy_in(JN_CAP_NULL, address, buffer, length, &done, fault);
    return status == JN_OK || status == JN_FAULT ? done : 0;
}

/* The report of lib/crash of the handler of a process's adapter. */
static void report_adapter(uint64_t label, const uint64_t *words, const struct jn_state *state)
{
    const struct process *process = client_process(label);
    if (!process)
        return;
    bool win32 = process->personality == TASK_PERSONALITY_WIN32;
    jn_log(JN_LOG_WARNING,
           "crash: adapter of process %lu, its handler: %s (error %lx, address %lx) at rip %lx",
           (unsigned long)process->pid, jn_crash_vector(words[0]), (unsigned long)words[1],
           (unsigned long)words[4], (unsigned long)state->rip);
    jn_crash_registers(state);
    jn_log(JN_LOG_INFO, "crash: program %s", win32 ? "win32-adapter" : "posix-adapter");
    jn_crash_end(state->r[JN_REG_RSP], read_caller, NULL);
}

static jn_status_t kernel_message(struct jn_server *server, struct jn_call *call, uint32_t kind)
{
    (void)server;
    const uint64_t *words = call->message.words;
    if (kind == JN_KM_EXCEPTION) {
        const struct jn_state state = jn_utcb()->state; /* log lines go through the UTCB */
        report_adapter(call->label, words, &state);
        client_adapter_failed(call->label, words);
        return JN_HELD; /* it went with its process; else it stays where it is */
    }
    jn_begin_answer(&call->message);
    if (kind == JN_KM_LABEL_GONE)
        client_gone(call->label);
    return JN_OK;
}

/* Events that found a ring full go out as soon as its reader, whose calls end here, has read. */
static void before_wait(struct jn_server *server)
{
    (void)server;
    rings_drain();
}

/* Asks for a good piece at once; the supervisor takes it out of RAM when it has none. */
bool kernel_memory_more(uint64_t frames)
{
    uint64_t added, owned, left, bytes, lacking = frames + 1;
    /* What ended processes had is here already, and RAM never comes back from here. */
    if (jn_pool_info(JN_CAP_POOL, &owned, &left, &bytes) == JN_OK)
        lacking = left < lacking ? lacking - left : 1;
    if (lacking < 1024 && supervisor_fund(JN_CAP_SUPERVISOR, 1024, &added) == JN_OK)
        return true;
    return supervisor_fund(JN_CAP_SUPERVISOR, lacking, &added) == JN_OK;
}

static void read_settings(void)
{
    char value[256];
    size_t length;
    static const char key[] = "processes";
    if (supervisor_setting(JN_CAP_SUPERVISOR, key, sizeof key - 1, value, sizeof value - 1,
                           &length) != JN_OK)
        return;
    value[length < sizeof value ? length : sizeof value - 1] = 0;
    int limit = atoi(value);
    if (limit > 0)
        process_limit = (uint32_t)limit;
}

int main(void)
{
    jn_log_set_name("task");
    server_labels.gate = JN_CAP_SELF_GATE;
    process_init();
    read_settings();
    struct jn_interface interfaces[] = {
        task_interface(&task_operations),
        client_interface(&client_operations),
    };
    struct jn_server server = {
        .gate = JN_CAP_SELF_GATE,
        .interfaces = interfaces,
        .interface_count = sizeof interfaces / sizeof *interfaces,
        .kernel_message = kernel_message,
        .before_wait = before_wait,
    };
    jn_status_t status = supervisor_ready(JN_CAP_SUPERVISOR);
    if (status != JN_OK)
        jn_log(JN_LOG_WARNING, "the supervisor does not answer: %s", jn_status_text(status));
    jn_server_run(&server);
}

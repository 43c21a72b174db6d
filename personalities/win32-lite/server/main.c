/* The central Win32 server: one gate for the messages of all program threads and for
 * personality.take, one ring at each server for what waiting threads wait for. */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "guest.h"
#include "janus/backend/gate.h"
#include "janus/idl/client.h"
#include "janus/idl/personality.h"
#include "janus/idl/supervisor.h"
#include "janus/object.h"
#include "janus/server.h"
#include "loop.h"
#include "nt_remote.h"
#include "placement.h"
#include "quick.h"

#define PROGRAM_PRIORITY 100 /* below every server */
#define CLOCK_PRIORITY 170 /* as this server */
#define RING_ENTRIES 4096

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

    for (unsigned i = 0; i < RING_COUNT; i++) {
        status = make_client(ring_names[i], &central_ring_clients[i]);
        if (status == JN_OK)
            status = loop_open_ring(i, central_ring_clients[i], RING_ENTRIES);
        if (status != JN_OK)
            jn_log(JN_LOG_ERROR, "no ring at %s: %s", ring_names[i], jn_status_text(status));
    }
    status = make_client("svc/pager", &guest_pager_template);
    if (status != JN_OK)
        jn_log(JN_LOG_ERROR, "no memory for programs: %s", jn_status_text(status));
}

static jn_status_t take(struct jn_call *call, uint64_t length, cap_t task, cap_t pager, cap_t fs,
                        cap_t console, cap_t object)
{
    struct backend_clients clients = {task, pager, fs, console, object};
    size_t done = 0;
    jn_status_t status = length > (8u << 20) ? JN_TOO_BIG : JN_OK;
    if (status == JN_OK && !backend_servers_have(&clients))
        status = JN_BAD_ARG;
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

static bool programs_run(void)
{
    return guest_process_any() != NULL;
}

int main(void)
{
    static const struct personality_ops ops = {.take = take};
    jn_status_t status;

    jn_log_set_name("win32");
    status = loop_begin();
    if (status != JN_OK)
        jn_panic("no signal: %s", jn_status_text(status));
    backend_gate_initialize(JN_CAP_SELF_GATE, PROGRAM_PRIORITY);
    nt_core_init();
    quick_begin();
    guest_shared_page = jn_map_pages(1);
    if (!guest_shared_page)
        jn_panic("no page for the shared data");
    nt_kuser_fill(guest_shared_page);
    ((uint8_t *)guest_shared_page)[NT_KUSER_SYSTEM_CALL] = 1;
    status = clock_begin(jn_reserve(JN_UTCB_SIZE, 12), CLOCK_PRIORITY, programs_run);
    if (status != JN_OK)
        jn_panic("no clock: %s", jn_status_text(status));
    open_rings();
    backend_servers_learn(&(struct backend_clients){.task = central_ring_clients[RING_TASK],
                                                    .pager = guest_pager_template,
                                                    .fs = central_ring_clients[RING_FS],
                                                    .console = central_ring_clients[RING_CONSOLE],
                                                    .object = central_ring_clients[RING_OBJECT]});
    read_settings();
    struct jn_interface interfaces[] = {personality_interface(&ops)};
    status = supervisor_ready(JN_CAP_SUPERVISOR);
    if (status != JN_OK)
        jn_log(JN_LOG_WARNING, "the supervisor does not answer: %s", jn_status_text(status));
    loop_alarm = &jn_alarm;
    loop_run(JN_CAP_SELF_GATE, interfaces, 1, true, NULL, &quick_calls);
}

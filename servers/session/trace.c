/* The trace of a run, if this boot has one: from before the program starts until it has ended, and sent
 * to the command when all else was. */
#include "janus/idl/supervisor.h"
#include "janus/idl/trace.h"
#include "janus/object.h"
#include "janus/runtime.h"
#include "session.h"

static cap_t server;
static uint64_t next, records;

static bool wanted(void)
{
    char value[8];
    size_t length;

    return supervisor_setting(JN_CAP_SUPERVISOR, "trace", 5, value, sizeof value, &length) ==
               JN_OK && length == 2 && value[0] == 'o' && value[1] == 'n';
}

void trace_begin(void)
{
    jn_status_t status;

    if (!wanted())
        return;
    status = jn_name_wait("svc/trace", &server);
    if (status == JN_OK)
        status = trace_start(server);
    if (status == JN_OK)
        return;
    jn_log(JN_LOG_ERROR, "no trace: %s", jn_status_text(status));
    jn_cap_delete(server);
    server = JN_CAP_NULL;
}

void trace_end(void)
{
    uint64_t lost;

    if (server == JN_CAP_NULL || records)
        return;
    jn_status_t status = trace_stop(server, &records, &lost);
    if (status != JN_OK)
        jn_log(JN_LOG_ERROR, "the trace's end: %s", jn_status_text(status));
}

bool trace_next(struct session *s)
{
    uint64_t bytes = 0, room = CHANNEL_MAX_PAYLOAD / JN_TRACE_RECORD * JN_TRACE_RECORD;
    uint8_t *place;

    if (server == JN_CAP_NULL || next >= records)
        return false;
    place = core_reserve(&s->core);
    if (trace_read(server, next, room, jn_window(place, room), &bytes) != JN_OK || !bytes)
        return false;
    core_commit(&s->core, CHANNEL_TRACE, 0, bytes);
    next += bytes / JN_TRACE_RECORD;
    return true;
}

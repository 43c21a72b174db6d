/* The session server's start and loop: one run, then Janus ends. */
#include "janus/idl/client.h"
#include "janus/idl/name.h"
#include "janus/idl/supervisor.h"
#include "janus/object.h"
#include "janus/runtime.h"
#include "session.h"

static struct session session;

static void check(jn_status_t status, const char *what)
{
    if (status != JN_OK)
        jn_panic("%s: %s", what, jn_status_text(status));
}

/* This server's own client of a server, with a ring. */
static void connect(const char *name, cap_t *admin, cap_t *client, struct jn_ring_reader *ring,
                    uint64_t bit)
{
    cap_t signal;

    check(jn_name_wait(name, admin), name);
    if (!client)
        return;
    check(client_create(*admin, 0, 0, 0, client), name);
    check(jn_cap_copy(session.signal, JN_RIGHT_SEND | JN_RIGHT_COPY, &signal), "signal");
    check(jn_ring_open(*client, RING_ENTRIES, signal, bit, ring), name);
    jn_cap_delete(signal);
}

static void connect_all(void)
{
    cap_t signal;

    check(jn_signal_create(JN_CAP_POOL, &session.signal), "signal");
    check(jn_name_wait("svc/channel", &session.channel), "svc/channel");
    check(jn_cap_copy(session.signal, JN_RIGHT_SEND | JN_RIGHT_COPY, &signal), "signal");
    check(jn_ring_open(session.channel, RING_ENTRIES, signal, BIT_CHANNEL, &session.channel_ring),
          "svc/channel");
    jn_cap_delete(signal);
    connect("svc/pager", &session.pager_admin, NULL, NULL, 0);
    connect("svc/task", &session.task_admin, &session.task, &session.task_ring, BIT_TASK);
    connect("svc/fs", &session.fs_admin, &session.fs, &session.fs_ring, BIT_FS);
    connect("svc/console", &session.console_admin, &session.console, &session.console_ring,
            BIT_CONSOLE);
    connect("svc/object", &session.object_admin, NULL, NULL, 0);
}

static void channel_events(void)
{
    struct jn_ring_entry entry;

    while (jn_ring_next(&session.channel_ring, &entry))
        core_event(&session.core,
                   entry.cookie == COOKIE_READ ? CORE_CHANNEL_READ : CORE_CHANNEL_WRITE, 0);
}

/* True: the stream was read a moment ago and gave little; it is left alone until that is over. */
static bool rest(unsigned stream)
{
    uint64_t until = session.last_get_ns[stream] + REST_NS;

    if (session.last_get_ns[stream] == 0 || until <= jn_time_monotonic())
        return false;
    if (!session.resting || until < session.rest_until)
        session.rest_until = until;
    session.resting |= 1u << stream;
    return true;
}

static void end_rest(void)
{
    for (unsigned stream = 0; stream < CHANNEL_STREAM_END; stream++)
        if (session.resting & 1u << stream)
            core_event(&session.core, CORE_OUTPUT_READY, stream);
    session.resting = 0;
}

static void stream_events(struct jn_ring_reader *ring)
{
    struct jn_ring_entry entry;

    while (jn_ring_next(ring, &entry)) {
        uint64_t index = entry.cookie - COOKIE_STREAMS;
        unsigned stream = (unsigned)(index / 2);

        if (entry.cookie < COOKIE_STREAMS || stream >= CHANNEL_STREAM_END)
            continue;
        if (index % 2 == 0)
            core_event(&session.core, CORE_INPUT_READY, stream);
        else if (!rest(stream))
            core_event(&session.core, CORE_OUTPUT_READY, stream);
    }
}

static void task_events(void)
{
    struct jn_ring_entry entry;

    while (jn_ring_next(&session.task_ring, &entry))
        if (entry.cookie == COOKIE_ENDED) {
            end_rest();
            process_check_end(&session);
        }
}

/* The first of both times; 0: none. */
static uint64_t next_deadline(void)
{
    uint64_t deadline = session.deadline;

    if (session.resting && (deadline == 0 || session.rest_until < deadline))
        return session.rest_until;
    return deadline;
}

static void on_timeout(void)
{
    uint64_t now = jn_time_monotonic();

    if (session.resting && session.rest_until <= now)
        end_rest();
    if (session.deadline && session.deadline <= now) {
        session.deadline = 0;
        core_timeout(&session.core);
    }
    core_run(&session.core);
}

/* The command ends the machine when it has read EXIT; going down here could overtake what is still on
 * its way through the device. */
_Noreturn static void leave(void)
{
    for (;;) {
        uint64_t bits;
        jn_status_t status = jn_signal_wait(session.signal, 0, &bits);

        (void)status;
    }
}

int main(void)
{
    jn_log_set_name("session");
    connect_all();
    if (!core_init(&session.core, &session_world, &session))
        jn_panic("no memory for the channel's buffers");
    check(supervisor_ready(JN_CAP_SUPERVISOR), "ready");
    core_run(&session.core);
    while (!session.finished) {
        uint64_t bits = 0;
        jn_status_t status = jn_signal_wait(session.signal, next_deadline(), &bits);

        if (status == JN_TIMEOUT) {
            on_timeout();
            continue;
        }
        check(status, "waiting");
        channel_events();
        stream_events(&session.fs_ring);
        stream_events(&session.console_ring);
        task_events();
        core_run(&session.core);
    }
    leave();
}

/* The first process: its clients at every server, its descriptors, and the hand-over. */
#include "process.h"

#include <stdlib.h>
#include <string.h>

#include "janus/handover.h"
#include "janus/idl/client.h"
#include "janus/idl/console.h"
#include "janus/idl/fs.h"
#include "janus/idl/io.h"
#include "janus/idl/name.h"
#include "janus/idl/personality.h"
#include "janus/idl/supervisor.h"
#include "janus/idl/task.h"
#include "janus/object.h"
#include "janus/runtime.h"

enum {
    SHARE_ALL = IO_ACCESS_READ | IO_ACCESS_WRITE | IO_ACCESS_EXECUTE | IO_ACCESS_DELETE,
    ERRNO_NO_ENTRY = 2, ERRNO_NO_MEMORY = 12, ERRNO_NO_PERSONALITY = 38, ERRNO_NO_EXEC = 8, ERRNO_INVALID = 22,
    KILL = 9, KILL_ROUNDS = 1000,
};
#define PERSONALITY_PATIENCE_NS (20ull * 1000000000)

/* Everything of the process while it is being made. */
struct making {
    struct session *s;
    const struct run_record *record;
    cap_t task, pager, fs, console, object;
    uint64_t directory;
    struct handover_descriptor descriptors[3];
    uint32_t descriptor_count;
    const char *text; /* why it failed */
};

static void drop_clients(struct making *m)
{
    jn_cap_delete(m->pager);
    jn_cap_delete(m->fs);
    jn_cap_delete(m->console);
    jn_cap_delete(m->object);
}

static jn_status_t make_client(cap_t admin, uint64_t pid, cap_t *client)
{
    *client = JN_CAP_NULL;
    return admin == JN_CAP_NULL ? JN_OK : client_create(admin, pid, 0, 0, client);
}

static bool make_clients(struct making *m)
{
    struct session *s = m->s;
    uint64_t session;
    jn_status_t status = task_create(s->task_admin, 0, 0, &s->pid, &m->task);

    if (status == JN_OK) {
        s->process = m->task;
        status = task_set_session(m->task, &session);
    }
    if (status == JN_OK)
        status = make_client(s->pager_admin, s->pid, &m->pager);
    if (status == JN_OK)
        status = make_client(s->fs_admin, s->pid, &m->fs);
    if (status == JN_OK)
        status = make_client(s->console_admin, s->pid, &m->console);
    if (status == JN_OK)
        status = make_client(s->object_admin, s->pid, &m->object);
    if (status != JN_OK)
        m->text = session_text("no process: %s", jn_status_text(status));
    return status == JN_OK;
}

static jn_status_t open_path(cap_t fs, const char *path, uint32_t flags, uint32_t access,
                             uint64_t *open)
{
    uint32_t kind, created, node_mode;
    uint64_t device;

    return fs_open(fs, 0, strlen(path), 0, flags, access, SHARE_ALL, 0, 0,
                   jn_window(path, strlen(path)), open, &kind, &created, &device, &node_mode);
}

static void add_descriptor(struct making *m, uint32_t fd, uint32_t server, uint64_t number,
                           uint32_t access)
{
    m->descriptors[m->descriptor_count++] = (struct handover_descriptor){
        .fd = fd, .server = server, .number = number, .access = access,
    };
}

static jn_status_t add_file(struct making *m, uint32_t fd, const struct channel_fd *d)
{
    const char *path = m->record->fd_paths[fd];
    uint64_t open;
    int64_t position;
    jn_status_t status = open_path(m->fs, path, 0, IO_ACCESS_READ, &open);

    if (status == JN_OK && d->offset)
        status = io_seek(m->fs, open, (int64_t)d->offset, IO_SEEK_SET, &position);
    if (status != JN_OK)
        return status;
    add_descriptor(m, fd, HANDOVER_FS, open, IO_ACCESS_READ);
    /* The file is the descriptor's alone from here on. */
    return fs_remove(m->fs, 0, strlen(path), 0, FS_REMOVE_FILE, jn_window(path, strlen(path)));
}

static jn_status_t add_stream(struct making *m, uint32_t fd, unsigned stream)
{
    const struct stream_end *end = &m->s->theirs[stream];
    bool terminal = stream == CHANNEL_TTY;
    uint32_t access = terminal                  ? IO_ACCESS_READ | IO_ACCESS_WRITE
                      : stream == CHANNEL_STDIN ? IO_ACCESS_READ
                                                : IO_ACCESS_WRITE;
    uint64_t number;
    jn_status_t status =
        io_transfer(end->server, end->number, terminal ? m->console : m->fs, &number);

    if (status == JN_OK)
        add_descriptor(m, fd, terminal ? HANDOVER_CONSOLE : HANDOVER_FS, number, access);
    return status;
}

static jn_status_t add_fd(struct making *m, uint32_t fd)
{
    const struct channel_fd *d = &m->record->fds[fd];
    uint64_t open;
    jn_status_t status;

    switch (d->kind) {
    case CHANNEL_FD_NULL:
        status = open_path(m->fs, "/dev/null", 0, IO_ACCESS_READ | IO_ACCESS_WRITE, &open);
        if (status == JN_OK)
            add_descriptor(m, fd, HANDOVER_FS, open, IO_ACCESS_READ | IO_ACCESS_WRITE);
        return status;
    case CHANNEL_FD_PIPE:
        return add_stream(m, fd, d->stream);
    case CHANNEL_FD_TTY:
        return add_stream(m, fd, CHANNEL_TTY);
    case CHANNEL_FD_FILE:
        return add_file(m, fd, d);
    default:
        return JN_OK;
    }
}

static bool make_descriptors(struct making *m)
{
    uint64_t result;
    jn_status_t status = open_path(m->fs, m->record->directory, FS_OPEN_DIRECTORY, IO_ACCESS_READ,
                                   &m->directory);

    if (status != JN_OK) {
        m->text = session_text("%s: %s", m->record->directory, jn_status_text(status));
        return false;
    }
    for (uint32_t fd = 0; fd < 3; fd++) {
        status = add_fd(m, fd);
        if (status != JN_OK) {
            m->text = session_text("descriptor %u: %s", fd, jn_status_text(status));
            return false;
        }
    }
    for (uint32_t i = 0; i < m->descriptor_count; i++) {
        if (m->descriptors[i].server != HANDOVER_CONSOLE)
            continue;
        status = io_control(m->console, m->descriptors[i].number, CONSOLE_SET_CONTROLLING, 0, 0,
                            jn_window(NULL, 0), jn_window(NULL, 0), &result);
        if (status != JN_OK)
            m->text = session_text("controlling terminal: %s", jn_status_text(status));
        return status == JN_OK;
    }
    return true;
}

static bool is_off(const char *personality)
{
    char value[32];
    size_t length;

    return supervisor_setting(JN_CAP_SUPERVISOR, personality, strlen(personality), value,
                              sizeof value, &length) == JN_OK &&
           length == 3 && memcmp(value, "off", 3) == 0;
}

/* The personality's server. It may still be starting. */
static jn_status_t find_personality(const char *name, uint32_t placement, cap_t *server)
{
    char path[HANDOVER_NAME_MAX + 16] = "svc/";

    if (is_off(name))
        return JN_NO_SERVICE;
    strcat(path, name);
    if (placement == HANDOVER_PLACE_LIBRARY)
        strcat(path, "-library");
    return name_lookup(JN_CAP_NAMES, path, strlen(path), NAME_WAIT,
                       jn_time_monotonic() + PERSONALITY_PATIENCE_NS, server);
}

/* JANUS_PLACE in the environment, else the manifest's. */
static bool placement(struct making *m, const char *personality, uint32_t *place)
{
    const struct string_list *environment = &m->record->environment;
    char value[32] = {0};
    const char *wrong;
    size_t length = 0;
    uint32_t fallback = HANDOVER_PLACE_CENTRAL;

    if (supervisor_setting(JN_CAP_SUPERVISOR, personality, strlen(personality), value,
                           sizeof value - 1, &length) == JN_OK &&
        !strcmp(value, "library"))
        fallback = HANDOVER_PLACE_LIBRARY;
    if (handover_place(environment->bytes, environment->count, fallback, place, &wrong) == JN_OK)
        return true;
    m->text = session_text("%s: JANUS_PLACE=%s is no placement", m->record->arguments.bytes, wrong);
    jn_log(JN_LOG_ERROR, "%s", m->text);
    return false;
}

static jn_status_t hand_over(struct making *m, const struct program *program, cap_t server)
{
    const struct run_record *record = m->record;
    struct handover h = {0};
    jn_status_t status = JN_NO_MEMORY;
    size_t size, length;
    void *bytes;

    handover_init(&h);
    h.header.pid = h.header.group = h.header.session = m->s->pid;
    h.header.parent = 1;
    h.header.directory = m->directory;
    h.header.program = program->open;
    h.header.descriptor_count = m->descriptor_count;
    h.header.argument_count = record->arguments.count;
    h.header.arguments_length = record->arguments.length;
    h.header.environment_count = record->environment.count;
    h.header.environment_length = record->environment.length;
    h.descriptors = m->descriptors;
    h.arguments = record->arguments.bytes;
    h.environment = record->environment.bytes ? record->environment.bytes : "";
    h.path = program->path;
    size = handover_size(&h);
    bytes = malloc(size);
    if (bytes)
        status = handover_encode(&h, bytes, size, &length);
    if (status == JN_OK)
        status = personality_take(server, length, m->task, m->pager, m->fs, m->console, m->object,
                                  jn_window(bytes, length));
    free(bytes);
    return status;
}

static bool refuse(uint32_t exit_kind, uint32_t errno_value, const char *message, uint32_t *kind,
                   uint32_t *value, const char **text)
{
    *kind = exit_kind;
    *value = errno_value;
    *text = message;
    return false;
}

/* Why the personality did not take it, as an exit status. */
static bool refused(const struct making *m, jn_status_t status, uint32_t *kind, uint32_t *value,
                    const char **text)
{
    const char *typed = m->record->arguments.bytes;

    switch (status) {
    case JN_NO_MEMORY:
    case JN_QUOTA:
        return refuse(CHANNEL_NOT_STARTABLE, ERRNO_NO_MEMORY,
                      session_text("%s: Cannot allocate memory", typed), kind, value, text);
    case JN_NOT_FOUND: /* its interpreter or a library */
        return refuse(CHANNEL_NOT_STARTABLE, ERRNO_NO_ENTRY,
                      session_text("%s: its interpreter or loader was not found", typed), kind,
                      value, text);
    default:
        return refuse(CHANNEL_NOT_STARTABLE, ERRNO_NO_EXEC,
                      session_text("%s: %s", typed, jn_status_text(status)), kind, value, text);
    }
}

static bool start(struct making *m, uint32_t *kind, uint32_t *value, const char **text)
{
    struct program program = {0};
    bool done = false;
    uint32_t place;
    cap_t server;
    jn_status_t status;

    if (!make_clients(m) || !make_descriptors(m))
        return refuse(WORLD_FATAL, 0, m->text, kind, value, text);
    if (program_find(m->s, m->fs, m->record, &program, kind, value, text)) {
        const char *name = !strcmp(program.personality, "win32")   ? "Win32"
                           : !strcmp(program.personality, "posix") ? "POSIX"
                                                                   : program.personality;

        if (!placement(m, program.personality, &place))
            return refuse(CHANNEL_NOT_STARTABLE, ERRNO_INVALID, m->text, kind, value, text);
        status = find_personality(program.personality, place, &server);
        if (status != JN_OK) {
            refuse(CHANNEL_NOT_STARTABLE, ERRNO_NO_PERSONALITY,
                   session_text("%s: a %s program, and the %s personality is not in this boot",
                                m->record->arguments.bytes, name, program.personality), kind, value,
                   text);
        } else {
            status = hand_over(m, &program, server);
            jn_cap_delete(server);
            done = status == JN_OK || refused(m, status, kind, value, text);
        }
    }
    free(program.path);
    return done;
}

bool process_start(struct session *s, const struct run_record *record, uint32_t *kind,
                   uint32_t *value, const char **text)
{
    struct making m = {.s = s, .record = record};
    bool started;

    *text = is_off("posix") && is_off("win32") ? "both personalities are switched off" : NULL;
    if (!*text)
        *text = streams_open(s, record);
    if (!*text)
        *text = share_snapshot(s, record);
    if (*text)
        return refuse(WORLD_FATAL, 0, *text, kind, value, text);
    trace_begin();
    started = start(&m, kind, value, text);
    drop_clients(&m);
    if (!started) {
        jn_cap_delete(s->process);
        s->process = JN_CAP_NULL;
        s->pid = 0;
        return false;
    }
    streams_handed_over(s);
    notes_begin();
    process_check_end(s);
    return true;
}

/* ---- afterwards ---- */

void process_check_end(struct session *s)
{
    uint32_t kind, code;
    jn_status_t status;

    if (s->pid == 0)
        return;
    status = task_watch(s->task, s->pid, COOKIE_ENDED, &kind, &code);
    if (status == JN_WOULD_BLOCK)
        return;
    s->pid = 0;
    trace_end();
    notes_send(s);
    /* Behind all that was logged for it: who shows the log waits for this line (tools/host). */
    jn_log(JN_LOG_INFO, "the program has ended");
    if (status != JN_OK)
        core_fatal(&s->core, session_text("the program's end is unknown: %s",
                                          jn_status_text(status)));
    else if (kind == TASK_SIGNALLED)
        core_ended(&s->core, CHANNEL_SIGNALED, code & 0x7f);
    else
        core_ended(&s->core, CHANNEL_EXITED, code);
}

static void signal_process(struct session *s, uint64_t pid, uint32_t number)
{
    enum { FROM_KERNEL = 0x80 };
    struct task_siginfo info = {.number = (int32_t)number, .code = FROM_KERNEL};
    jn_status_t status =
        task_signal(s->task_admin, (int64_t)pid, number, TASK_SIGNAL_FROM_KERNEL, &info);

    if (status != JN_OK && status != JN_NO_PROCESS)
        jn_log(JN_LOG_WARNING, "signal %u to %llu: %s", number, (unsigned long long)pid,
               jn_status_text(status));
}

void process_signal_session(struct session *s, uint32_t number)
{
    struct task_status process;
    uint64_t session = s->pid;

    for (uint64_t from = 2; session && task_next(s->task_admin, from, &process) == JN_OK;
         from = process.pid + 1)
        if (process.session == session)
            signal_process(s, process.pid, number);
    if (number == KILL && s->pid)
        signal_process(s, s->pid, number);
}

/* Round after round, because what is not dead yet may fork. */
void process_kill_all(struct session *s)
{
    for (int round = 0; round < KILL_ROUNDS; round++) {
        struct task_status process;
        bool any = false;

        for (uint64_t from = 2; task_next(s->task_admin, from, &process) == JN_OK;
             from = process.pid + 1) {
            if (process.exit_kind != 0)
                continue;
            any = true;
            signal_process(s, process.pid, KILL);
        }
        if (!any)
            return;
    }
    jn_log(JN_LOG_WARNING, "processes are left that cannot be killed");
}

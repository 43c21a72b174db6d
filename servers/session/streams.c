/* The guest's ends of the streams: pipes of fs and a terminal of console. */
#include "janus/idl/console.h"
#include "janus/idl/fs.h"
#include "janus/idl/io.h"
#include "janus/runtime.h"
#include "session.h"

void streams_close(struct stream_end *end)
{
    jn_status_t status;

    if (!end->open)
        return;
    end->open = false;
    status = io_close(end->server, end->number);
    if (status != JN_OK)
        jn_log(JN_LOG_WARNING, "closing a stream: %s", jn_status_text(status));
}

static const char *open_pipe(struct session *s, unsigned stream)
{
    uint64_t reader, writer;
    jn_status_t status;

    if (s->theirs[stream].open)
        return NULL; /* two descriptors, one stream */
    status = fs_pipe(s->fs, 0, &reader, &writer);
    if (status != JN_OK)
        return session_text("no pipe for stream %u: %s", stream, jn_status_text(status));
    if (stream == CHANNEL_STDIN) {
        s->inputs[stream] = (struct stream_end){true, s->fs, writer};
        s->theirs[stream] = (struct stream_end){true, s->fs, reader};
    } else {
        s->outputs[stream] = (struct stream_end){true, s->fs, reader};
        s->theirs[stream] = (struct stream_end){true, s->fs, writer};
    }
    return NULL;
}

void streams_resize(struct session *s, const struct channel_winsize *size)
{
    struct console_size to = {size->rows, size->columns, size->x_pixels, size->y_pixels};
    uint64_t result;
    jn_status_t status;

    if (!s->inputs[CHANNEL_TTY].open)
        return;
    status = io_control(s->console, s->inputs[CHANNEL_TTY].number, CONSOLE_SET_SIZE, 0, 0,
                        jn_window(&to, sizeof to), jn_window(NULL, 0), &result);
    if (status != JN_OK)
        jn_log(JN_LOG_WARNING, "window size: %s", jn_status_text(status));
}

/* channel.md asks for UTF-8 input on top of Linux's default mode. */
static jn_status_t set_utf8(struct session *s, uint64_t terminal)
{
    enum { IUTF8 = 0x4000 };
    struct console_attributes attributes;
    uint64_t result;
    jn_status_t status = io_control(s->console, terminal, CONSOLE_GET_ATTRIBUTES, 0, 0,
                                    jn_window(NULL, 0), jn_window(&attributes, sizeof attributes),
                                    &result);

    if (status != JN_OK)
        return status;
    attributes.input |= IUTF8;
    return io_control(s->console, terminal, CONSOLE_SET_ATTRIBUTES, 0, 0,
                      jn_window(&attributes, sizeof attributes), jn_window(NULL, 0), &result);
}

static const char *open_terminal(struct session *s, const struct run_record *record)
{
    uint64_t master, slave, result;
    jn_status_t status;

    if (s->theirs[CHANNEL_TTY].open)
        return NULL;
    if (s->console == JN_CAP_NULL)
        return "a terminal is needed, and this boot has no console server";
    status = console_open(s->console, CONSOLE_PTMX, IO_ACCESS_READ | IO_ACCESS_WRITE, 0, &master);
    if (status != JN_OK)
        return session_text("no terminal: %s", jn_status_text(status));
    s->inputs[CHANNEL_TTY] = s->outputs[CHANNEL_TTY] =
        (struct stream_end){true, s->console, master};
    status = io_control(s->console, master, CONSOLE_SET_LOCK, 0, 0, jn_window(NULL, 0),
                        jn_window(NULL, 0), &result);
    if (status == JN_OK)
        status = set_utf8(s, master);
    if (status == JN_OK)
        status = console_open_peer(s->console, master, IO_ACCESS_READ | IO_ACCESS_WRITE, &slave);
    if (status != JN_OK)
        return session_text("no terminal: %s", jn_status_text(status));
    s->theirs[CHANNEL_TTY] = (struct stream_end){true, s->console, slave};
    if (record->has_size)
        streams_resize(s, &record->size);
    return NULL;
}

const char *streams_open(struct session *s, const struct run_record *record)
{
    const char *text = NULL;

    for (int fd = 0; fd < 3 && !text; fd++) {
        const struct channel_fd *d = &record->fds[fd];

        if (d->kind == CHANNEL_FD_PIPE)
            text = open_pipe(s, d->stream);
        else if (d->kind == CHANNEL_FD_TTY)
            text = open_terminal(s, record);
    }
    return text;
}

/* The terminal's slave stays open here until the end: a program that closes its terminal and opens
 * it again must not meet a hang-up in between. */
void streams_handed_over(struct session *s)
{
    for (unsigned i = 0; i < CHANNEL_TTY; i++)
        streams_close(&s->theirs[i]);
}

void streams_hang_up(struct session *s)
{
    for (unsigned i = 0; i < CHANNEL_STREAM_END; i++)
        streams_close(&s->theirs[i]);
}

enum world_status streams_put(struct session *s, unsigned stream, const void *bytes, size_t length,
                              size_t *done)
{
    struct stream_end *end = &s->inputs[stream];
    uint64_t count = 0;
    jn_status_t status;

    *done = 0;
    if (!end->open)
        return WORLD_GONE;
    status = io_write(end->server, end->number, -1, length, 0, cookie_input(stream),
                      jn_window(bytes, length), &count);
    if (status == JN_OK) {
        *done = count;
        return WORLD_OK;
    }
    return status == JN_WOULD_BLOCK ? WORLD_BLOCKED : WORLD_GONE;
}

enum world_status streams_get(struct session *s, unsigned stream, void *bytes, size_t capacity,
                              size_t *done)
{
    struct stream_end *end = &s->outputs[stream];
    uint64_t count = 0;
    jn_status_t status;

    *done = 0;
    if (!end->open)
        return WORLD_GONE;
    status = io_read(end->server, end->number, -1, capacity, 0, cookie_output(stream),
                     jn_window(bytes, capacity), &count);
    if (status == JN_OK && count > 0) {
        *done = count;
        s->last_get_ns[stream] = count < SMALL_GET ? jn_time_monotonic() : 0;
        return WORLD_OK;
    }
    return status == JN_WOULD_BLOCK ? WORLD_BLOCKED : WORLD_GONE;
}

/* struct world for the guest as it is. */
#include <stdarg.h>
#include <stdio.h>

#include "janus/idl/io.h"
#include "janus/idl/supervisor.h"
#include "janus/runtime.h"
#include "session.h"

const char *session_text(const char *format, ...)
{
    static char text[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return text;
}

static enum world_status moved(jn_status_t status, uint64_t count, size_t *done)
{
    *done = 0;
    if (status == JN_WOULD_BLOCK)
        return WORLD_BLOCKED;
    if (status != JN_OK)
        jn_panic("the channel's driver: %s", jn_status_text(status));
    *done = count;
    return WORLD_OK;
}

static enum world_status channel_read(void *context, void *bytes, size_t capacity, size_t *done)
{
    struct session *s = context;
    uint64_t count = 0;
    jn_status_t status = io_read(s->channel, 0, -1, capacity, 0, COOKIE_READ,
                                 jn_window(bytes, capacity), &count);

    return moved(status, count, done);
}

static enum world_status channel_write(void *context, const void *bytes, size_t length,
                                       size_t *done)
{
    struct session *s = context;
    uint64_t count = 0;
    jn_status_t status = io_write(s->channel, 0, -1, length, 0, COOKIE_WRITE,
                                  jn_window(bytes, length), &count);

    return moved(status, count, done);
}

static enum world_status put(void *context, unsigned stream, const void *bytes, size_t length,
                             size_t *done)
{
    return streams_put(context, stream, bytes, length, done);
}

static enum world_status get(void *context, unsigned stream, void *bytes, size_t capacity,
                             size_t *done)
{
    return streams_get(context, stream, bytes, capacity, done);
}

static void close_input(void *context, unsigned stream)
{
    struct session *s = context;

    streams_close(&s->inputs[stream]);
    if (stream == CHANNEL_TTY)
        s->outputs[stream].open = false; /* the same open: the terminal is hung up */
}

static void close_output(void *context, unsigned stream)
{
    struct session *s = context;

    streams_close(&s->outputs[stream]);
    if (stream == CHANNEL_TTY)
        s->inputs[stream].open = false;
}

static const char *file_begin(void *context, const struct channel_file *file)
{
    return files_begin(context, file);
}

static const char *file_data(void *context, const void *bytes, size_t length)
{
    return files_data(context, bytes, length);
}

static const char *file_end(void *context)
{
    return files_end(context);
}

static bool start(void *context, const struct run_record *record, uint32_t *kind, uint32_t *value,
                  const char **text)
{
    return process_start(context, record, kind, value, text);
}

static void resize(void *context, const struct channel_winsize *size)
{
    streams_resize(context, size);
}

static void world_signal(void *context, uint32_t number)
{
    process_signal_session(context, number);
}

static void set_timer(void *context, uint64_t after_ms)
{
    struct session *s = context;

    s->deadline = after_ms ? jn_time_monotonic() + after_ms * 1000000 : 0;
}

static void kill_rest(void *context)
{
    process_kill_all(context);
    streams_hang_up(context);
}

static bool world_share_next(void *context)
{
    return share_next(context);
}

static bool world_trace_next(void *context)
{
    return trace_next(context);
}

static void finished(void *context)
{
    ((struct session *)context)->finished = true;
}

const struct world session_world = {
    .channel_read = channel_read, .channel_write = channel_write, .put = put, .get = get,
    .close_input = close_input, .close_output = close_output, .file_begin = file_begin,
    .file_data = file_data, .file_end = file_end, .start = start, .resize = resize,
    .signal = world_signal, .set_timer = set_timer, .kill_rest = kill_rest,
    .share_next = world_share_next, .trace_next = world_trace_next, .finished = finished,
};

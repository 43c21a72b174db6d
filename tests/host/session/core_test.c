/* The session's state machine against a command and a guest that exist only here: every byte has to
 * arrive once and in order, whatever blocks, under credit; ends, closed readers and errors follow
 * docs/channel.md. `cat` of stdin to stdout with every byte counted on stderr is the program. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../servers/session/core.h"

enum { PIPE = 65536, WIRE = 1 << 22 };

struct buffer {
    uint8_t *bytes;
    size_t start, end;
    bool closed; /* no more will come / nobody reads */
};

struct fake {
    struct core core;
    struct buffer to_guest, to_host; /* the channel */
    struct buffer in, out, err;      /* the program's pipes */
    bool started, program_done, finished, killed;
    uint64_t files_bytes, timer_ms;
    uint32_t files;
    uint32_t signal;
    /* the command's side */
    uint64_t sent, total, sent_credit;
    uint64_t received, err_received;
    uint64_t granted_out;
    bool saw_eof_out, saw_eof_err, saw_exit, saw_fatal, saw_closed_in;
    uint32_t exit_kind, exit_value;
    bool host_closes_out;
};

static uint64_t seed;

static uint32_t dice(uint32_t n)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(seed >> 33) % n;
}

static uint8_t pattern(uint64_t i)
{
    return (uint8_t)(i * 2654435761u >> 13);
}

static void buffer_put(struct buffer *b, const void *bytes, size_t n)
{
    if (b->start == b->end)
        b->start = b->end = 0;
    assert(b->end + n <= WIRE);
    if (n)
        memcpy(b->bytes + b->end, bytes, n);
    b->end += n;
}

static size_t buffer_take(struct buffer *b, void *bytes, size_t n)
{
    if (n > b->end - b->start)
        n = b->end - b->start;
    memcpy(bytes, b->bytes + b->start, n);
    b->start += n;
    return n;
}

/* ---- the world ---- */

static enum world_status channel_read(void *context, void *bytes, size_t capacity, size_t *done)
{
    struct fake *f = context;
    size_t n = 1 + dice((uint32_t)capacity);

    *done = dice(5) ? buffer_take(&f->to_guest, bytes, n) : 0;
    return *done ? WORLD_OK : WORLD_BLOCKED;
}

static enum world_status channel_write(void *context, const void *bytes, size_t length, size_t *done)
{
    struct fake *f = context;
    size_t n = dice(4) ? 1 + dice((uint32_t)length) : 0;

    if (f->to_host.end - f->to_host.start > 200000)
        n = 0;
    buffer_put(&f->to_host, bytes, n);
    *done = n;
    return n ? WORLD_OK : WORLD_BLOCKED;
}

static enum world_status put(void *context, unsigned stream, const void *bytes, size_t length,
                             size_t *done)
{
    struct fake *f = context;
    size_t room = PIPE - (f->in.end - f->in.start);

    assert(stream == CHANNEL_STDIN && f->started);
    *done = 0;
    if (f->in.closed)
        return WORLD_GONE;
    if (length > room)
        length = room;
    buffer_put(&f->in, bytes, length);
    *done = length;
    return length ? WORLD_OK : WORLD_BLOCKED;
}

static enum world_status get(void *context, unsigned stream, void *bytes, size_t capacity,
                             size_t *done)
{
    struct fake *f = context;
    struct buffer *b = stream == CHANNEL_STDOUT ? &f->out : &f->err;

    assert(f->started && (stream == CHANNEL_STDOUT || stream == CHANNEL_STDERR));
    *done = buffer_take(b, bytes, 1 + dice((uint32_t)capacity));
    if (*done)
        return WORLD_OK;
    return f->killed ? WORLD_GONE : WORLD_BLOCKED;
}

static void close_input(void *context, unsigned stream)
{
    assert(stream == CHANNEL_STDIN);
    ((struct fake *)context)->in.closed = true;
}

static void close_output(void *context, unsigned stream)
{
    struct fake *f = context;

    (stream == CHANNEL_STDOUT ? &f->out : &f->err)->closed = true;
}

static const char *file_begin(void *context, const struct channel_file *file)
{
    struct fake *f = context;

    f->files++;
    return memcmp(file->path.data, "/bad", 4) == 0 ? "no such place" : NULL;
}

static const char *file_data(void *context, const void *bytes, size_t length)
{
    (void)bytes;
    ((struct fake *)context)->files_bytes += length;
    return NULL;
}

static const char *file_end(void *context)
{
    (void)context;
    return NULL;
}

static bool start(void *context, const struct run_record *record, uint32_t *kind, uint32_t *value,
                  const char **text)
{
    struct fake *f = context;

    if (strcmp(record->arguments.bytes, "missing") == 0) {
        *kind = CHANNEL_NOT_FOUND;
        *value = 2;
        *text = "missing: not found";
        return false;
    }
    assert(strcmp(string_list_value(&record->environment, "HOME"), "/root") == 0);
    assert(!string_list_value(&record->environment, "HOM"));
    f->started = true;
    return true;
}

static void resize(void *context, const struct channel_winsize *size)
{
    (void)context;
    (void)size;
}

static void world_signal(void *context, uint32_t number)
{
    ((struct fake *)context)->signal = number;
}

static void set_timer(void *context, uint64_t after_ms)
{
    ((struct fake *)context)->timer_ms = after_ms;
}

static void kill_rest(void *context)
{
    ((struct fake *)context)->killed = true;
}

static bool share_next(void *context)
{
    (void)context;
    return false;
}

static void finished(void *context)
{
    ((struct fake *)context)->finished = true;
}

static const struct world world = {
    .channel_read = channel_read, .channel_write = channel_write, .put = put, .get = get,
    .close_input = close_input, .close_output = close_output, .file_begin = file_begin,
    .file_data = file_data, .file_end = file_end, .start = start, .resize = resize,
    .signal = world_signal, .set_timer = set_timer, .kill_rest = kill_rest,
    .share_next = share_next, .finished = finished,
};

/* ---- the program: cat, with a count on stderr ---- */

static void program(struct fake *f)
{
    uint8_t bytes[5000];
    size_t n = dice(sizeof bytes) + 1;

    if (!f->started || f->program_done)
        return;
    if (f->out.closed || f->signal == 9) {
        f->program_done = true;
        core_ended(&f->core, CHANNEL_SIGNALED, f->signal == 9 ? 9 : 13);
        return;
    }
    if (f->out.end - f->out.start + n > PIPE)
        return;
    n = buffer_take(&f->in, bytes, n);
    buffer_put(&f->out, bytes, n);
    if (n && f->err.end - f->err.start < PIPE)
        buffer_put(&f->err, "!", 1);
    if (n == 0 && f->in.closed) {
        f->program_done = true;
        core_ended(&f->core, CHANNEL_EXITED, 7);
    }
}

/* ---- the command ---- */

static void host_frame(struct fake *f, enum channel_type type, uint16_t stream, const void *payload,
                       size_t length)
{
    uint8_t header[CHANNEL_HEADER_SIZE];

    channel_put_header(header, type, stream, (uint32_t)length);
    buffer_put(&f->to_guest, header, sizeof header);
    buffer_put(&f->to_guest, payload, length);
}

static void host_u32(struct fake *f, enum channel_type type, uint16_t stream, uint32_t value)
{
    uint8_t payload[8];
    struct channel_writer to = {.data = payload, .capacity = sizeof payload};

    channel_put_u32(&to, value);
    if (type == CHANNEL_HELLO || type == CHANNEL_SIGNAL)
        channel_put_u32(&to, 65536);
    host_frame(f, type, stream, payload, to.length);
}

static void host_file(struct fake *f, const char *path, size_t size)
{
    static uint8_t payload[65536];
    struct channel_writer to = {.data = payload, .capacity = sizeof payload};
    struct channel_file file = {.mode = 0100755, .size = size,
                                .path = {path, (uint32_t)strlen(path)}};

    channel_put_file(&to, &file);
    host_frame(f, CHANNEL_FILE, 0, payload, to.length);
    host_frame(f, CHANNEL_FILE_DATA, 0, payload, size);
    host_frame(f, CHANNEL_FILE_END, 0, NULL, 0);
}

static void host_run(struct fake *f, const char *program_name)
{
    static uint8_t record[4096];
    struct channel_writer to = {.data = record, .capacity = sizeof record};

    channel_put_field(&to, CHANNEL_FIELD_ARG, program_name, strlen(program_name));
    channel_put_field(&to, CHANNEL_FIELD_ENV, "PATH=/bin", 9);
    channel_put_field(&to, CHANNEL_FIELD_ENV, "HOME=/root", 10);
    channel_put_field(&to, CHANNEL_FIELD_CWD, "/root", 5);
    for (uint32_t fd = 0; fd < 3; fd++) {
        uint8_t small[64];
        struct channel_writer field = {.data = small, .capacity = sizeof small};
        struct channel_fd d = {.fd = fd, .kind = CHANNEL_FD_PIPE, .stream = fd};

        channel_put_fd(&field, &d);
        channel_put_field(&to, CHANNEL_FIELD_FD, small, field.length);
    }
    channel_put_field(&to, 0x8123, "skip me", 7);
    host_frame(f, CHANNEL_RUN, 0, record, to.length / 2);
    host_frame(f, CHANNEL_RUN, 1, record + to.length / 2, to.length - to.length / 2);
}

static void host_send(struct fake *f)
{
    uint8_t bytes[65536];
    uint64_t left = f->total - f->sent;
    uint64_t n = f->sent_credit < left ? f->sent_credit : left;

    if (f->to_guest.end > WIRE / 2 && f->to_guest.start != f->to_guest.end)
        return;
    if (n > sizeof bytes)
        n = dice(sizeof bytes) + 1;
    if (n) {
        for (uint64_t i = 0; i < n; i++)
            bytes[i] = pattern(f->sent + i);
        host_frame(f, CHANNEL_DATA, 0, bytes, n);
        f->sent += n;
        f->sent_credit -= n;
        if (f->sent == f->total)
            host_frame(f, CHANNEL_EOF, 0, NULL, 0);
    }
}

static void host_take(struct fake *f, const struct channel_frame *frame)
{
    uint32_t value = 0;

    assert(!f->saw_exit && !f->saw_fatal);
    switch (frame->type) {
    case CHANNEL_DATA:
        assert(frame->stream == CHANNEL_STDOUT || frame->stream == CHANNEL_STDERR);
        assert(!(frame->stream == CHANNEL_STDOUT ? f->saw_eof_out : f->saw_eof_err));
        if (frame->stream == CHANNEL_STDERR) {
            f->err_received += frame->length;
            host_u32(f, CHANNEL_CREDIT, CHANNEL_STDERR, frame->length);
            break;
        }
        assert(frame->length <= f->granted_out);
        f->granted_out -= frame->length;
        for (uint32_t i = 0; i < frame->length; i++)
            assert(frame->payload[i] == pattern(f->received + i));
        f->received += frame->length;
        if (f->host_closes_out && f->received > 100000) {
            host_frame(f, CHANNEL_CLOSED, CHANNEL_STDOUT, NULL, 0);
            f->host_closes_out = false;
        }
        f->granted_out += frame->length;
        host_u32(f, CHANNEL_CREDIT, CHANNEL_STDOUT, frame->length);
        break;
    case CHANNEL_CREDIT:
        assert(channel_read_u32(frame->payload, frame->length, 0, &value) == CHANNEL_OK);
        assert(frame->stream == CHANNEL_STDIN);
        f->sent_credit += value;
        break;
    case CHANNEL_EOF:
        *(frame->stream == CHANNEL_STDOUT ? &f->saw_eof_out : &f->saw_eof_err) = true;
        break;
    case CHANNEL_CLOSED:
        f->saw_closed_in = true;
        break;
    case CHANNEL_EXIT:
        assert(channel_read_u32(frame->payload, frame->length, 0, &f->exit_kind) == CHANNEL_OK);
        assert(channel_read_u32(frame->payload, frame->length, 1, &f->exit_value) == CHANNEL_OK);
        f->saw_exit = true;
        break;
    case CHANNEL_FATAL:
        f->saw_fatal = true;
        break;
    default:
        assert(frame->type == CHANNEL_HELLO);
    }
}

static void host_receive(struct fake *f)
{
    struct channel_frame frame;

    while (channel_parse(f->to_host.bytes + f->to_host.start, f->to_host.end - f->to_host.start,
                         &frame) == CHANNEL_OK) {
        f->to_host.start += CHANNEL_HEADER_SIZE + frame.length;
        host_take(f, &frame);
    }
    memmove(f->to_host.bytes, f->to_host.bytes + f->to_host.start,
            f->to_host.end - f->to_host.start);
    f->to_host.end -= f->to_host.start;
    f->to_host.start = 0;
}

static struct fake *fake_new(void)
{
    struct fake *f = calloc(1, sizeof *f);
    struct buffer *all[] = {&f->to_guest, &f->to_host, &f->in, &f->out, &f->err};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        all[i]->bytes = malloc(WIRE);
    assert(core_init(&f->core, &world, f));
    return f;
}

static void fake_free(struct fake *f)
{
    struct buffer *all[] = {&f->to_guest, &f->to_host, &f->in, &f->out, &f->err};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]->bytes);
    core_free(&f->core);
    free(f);
}

/* The channel and pipes may always go on in this world: an event for each, then a step of all. */
static void steps(struct fake *f, bool with_data)
{
    for (int i = 0; i < 200000 && !f->finished; i++) {
        core_event(&f->core, CORE_CHANNEL_READ, 0);
        core_event(&f->core, CORE_CHANNEL_WRITE, 0);
        if (dice(2))
            core_event(&f->core, CORE_INPUT_READY, CHANNEL_STDIN);
        if (dice(2)) {
            core_event(&f->core, CORE_OUTPUT_READY, CHANNEL_STDOUT);
            core_event(&f->core, CORE_OUTPUT_READY, CHANNEL_STDERR);
        }
        core_run(&f->core);
        for (int k = 0; k < 8; k++)
            program(f);
        host_receive(f);
        if (with_data)
            host_send(f);
    }
    host_receive(f);
}

static void begin(struct fake *f, const char *name)
{
    host_u32(f, CHANNEL_HELLO, 0, CHANNEL_VERSION);
    host_file(f, "/run/carried/x", 60000);
    host_run(f, name);
    f->granted_out = 1 << 18;
    host_u32(f, CHANNEL_CREDIT, CHANNEL_STDOUT, 1 << 18);
    host_u32(f, CHANNEL_CREDIT, CHANNEL_STDERR, 1 << 18);
}

static void test_unchanged(void)
{
    struct fake *f = fake_new();

    f->total = 3 << 20;
    begin(f, "cat");
    steps(f, true);
    assert(f->finished && f->saw_exit && f->exit_kind == CHANNEL_EXITED && f->exit_value == 7);
    assert(f->received == f->total && f->saw_eof_out && f->saw_eof_err && f->err_received > 0);
    assert(f->files == 1 && f->files_bytes == 60000 && !f->saw_closed_in);
    fake_free(f);
}

static void test_reader_gone(void)
{
    struct fake *f = fake_new();

    f->total = 3 << 20;
    f->host_closes_out = true;
    begin(f, "cat");
    steps(f, true);
    assert(f->finished && f->saw_exit && f->exit_kind == CHANNEL_SIGNALED && f->exit_value == 13);
    assert(!f->saw_eof_out && f->saw_eof_err);
    fake_free(f);
}

static void test_not_found(void)
{
    struct fake *f = fake_new();

    begin(f, "missing");
    steps(f, false);
    assert(f->finished && f->saw_exit && f->exit_kind == CHANNEL_NOT_FOUND);
    assert(f->saw_eof_out && f->saw_eof_err);
    fake_free(f);
}

static void test_signal(void)
{
    struct fake *f = fake_new();

    begin(f, "cat");
    steps(f, false); /* nothing comes: the program waits */
    assert(!f->finished);
    host_u32(f, CHANNEL_SIGNAL, 0, 15);
    for (int i = 0; i < 100 && !f->signal; i++) {
        core_event(&f->core, CORE_CHANNEL_READ, 0);
        core_run(&f->core);
    }
    assert(f->signal == 15 && f->timer_ms == 65536);
    core_timeout(&f->core);
    assert(f->signal == 9);
    steps(f, false);
    assert(f->finished && f->exit_kind == CHANNEL_SIGNALED && f->exit_value == 9);
    fake_free(f);
}

static void test_too_much(void)
{
    struct fake *f = fake_new();
    static uint8_t bytes[65536];

    begin(f, "cat");
    /* The window and a full pipe, then more, while the program reads nothing. */
    for (int i = 0; i < 6; i++)
        host_frame(f, CHANNEL_DATA, 0, bytes, sizeof bytes);
    for (int i = 0; i < 1000 && !f->finished; i++) {
        core_event(&f->core, CORE_CHANNEL_READ, 0);
        core_event(&f->core, CORE_CHANNEL_WRITE, 0);
        core_run(&f->core);
        host_receive(f);
    }
    assert(f->finished && f->saw_fatal && !f->saw_exit);
    fake_free(f);
}

static void test_garbage(void)
{
    for (int round = 0; round < 300; round++) {
        struct fake *f = fake_new();

        if (dice(3))
            begin(f, "cat");
        for (int i = 0; i < 20; i++) {
            uint8_t bytes[300];
            size_t n = dice(sizeof bytes);

            for (size_t k = 0; k < n; k++)
                bytes[k] = dice(3) ? (uint8_t)dice(4) : (uint8_t)dice(256);
            if (dice(6))
                host_frame(f, dice(CHANNEL_TYPE_END), (uint16_t)dice(5), bytes, n);
            else
                buffer_put(&f->to_guest, bytes, n);
        }
        for (int i = 0; i < 200 && !f->finished; i++) {
            core_event(&f->core, CORE_CHANNEL_READ, 0);
            core_event(&f->core, CORE_CHANNEL_WRITE, 0);
            core_event(&f->core, CORE_INPUT_READY, CHANNEL_STDIN);
            core_run(&f->core);
            f->to_host.start = f->to_host.end = 0;
        }
        fake_free(f);
    }
}

int main(void)
{
    for (seed = 1; seed < 6; seed++) {
        uint64_t kept = seed;

        seed *= 0x9e3779b97f4a7c15ull;
        test_unchanged();
        test_reader_gone();
        test_not_found();
        test_signal();
        test_too_much();
        seed = kept;
    }
    test_garbage();
    puts("session: ok");
    return 0;
}

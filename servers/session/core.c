/* The run's state machine: what arrives, and the order of the end. The streams are in core_streams.c. */
#include "core.h"

#include <stdlib.h>
#include <string.h>

#include "core_streams.h"

bool core_init(struct core *core, const struct world *world, void *context)
{
    memset(core, 0, sizeof *core);
    core->world = world;
    core->context = context;
    core->in = malloc(CORE_INPUT);
    core->out = malloc(CORE_OUTPUT);
    if (!core->in || !core->out) {
        core_free(core);
        return false;
    }
    return true;
}

void core_free(struct core *core)
{
    for (unsigned i = 0; i < CHANNEL_STREAM_END; i++) {
        free(core->inputs[i].bytes);
        core->inputs[i].bytes = NULL;
    }
    run_record_free(&core->record);
    free(core->run_bytes);
    free(core->in);
    free(core->out);
    core->run_bytes = core->in = core->out = NULL;
}

/* ---- output ---- */

uint8_t *core_reserve(struct core *core)
{
    return core->out + core->out_end + CHANNEL_HEADER_SIZE;
}

void core_commit(struct core *core, enum channel_type type, uint16_t stream, size_t length)
{
    channel_put_header(core->out + core->out_end, type, stream, (uint32_t)length);
    core->out_end += CHANNEL_HEADER_SIZE + length;
}

void core_append_frame(struct core *core, enum channel_type type, uint16_t stream,
                       const void *payload, size_t length)
{
    if (length)
        memcpy(core_reserve(core), payload, length);
    core_commit(core, type, stream, length);
}

void core_append_u32(struct core *core, enum channel_type type, uint16_t stream, uint32_t value)
{
    uint8_t payload[4];
    struct channel_writer to = {.data = payload, .capacity = sizeof payload};

    channel_put_u32(&to, value);
    core_append_frame(core, type, stream, payload, sizeof payload);
}

size_t core_output_room(const struct core *core)
{
    size_t used = core->out_end + CHANNEL_HEADER_SIZE + CORE_CONTROL_ROOM;

    return used < CORE_OUTPUT ? CORE_OUTPUT - used : 0;
}

/* Moves what is left to the front when the end has come near. */
static void output_compact(struct core *core)
{
    size_t left = core->out_end - core->out_start;

    if (core->out_start == 0 || (left && core->out_end < CORE_OUTPUT / 2))
        return;
    memmove(core->out, core->out + core->out_start, left);
    core->out_start = 0;
    core->out_end = left;
}

static bool output_flush(struct core *core)
{
    bool moved = false;

    while (core->out_start < core->out_end && !core->channel_write_blocked) {
        size_t done = 0;
        enum world_status status =
            core->world->channel_write(core->context, core->out + core->out_start,
                                       core->out_end - core->out_start, &done);

        core->out_start += done;
        moved |= done > 0;
        if (status != WORLD_OK)
            core->channel_write_blocked = true;
    }
    output_compact(core);
    return moved;
}

/* ---- the end ---- */

void core_fatal(struct core *core, const char *text)
{
    if (core->state >= CORE_LEAVING)
        return;
    /* What waits in the output is whole frames: FATAL may stand behind it. */
    core_append_frame(core, CHANNEL_FATAL, 0, text, strnlen(text, 512));
    core->state = CORE_LEAVING;
    core->world->kill_rest(core->context);
}

static void set_exit(struct core *core, uint32_t kind, uint32_t value, const char *text)
{
    core->exit_kind = kind;
    core->exit_value = value;
    strncpy(core->exit_text, text ? text : "", sizeof core->exit_text - 1);
}

static void send_exit(struct core *core)
{
    struct channel_writer to = {.data = core_reserve(core), .capacity = 8 + sizeof core->exit_text};

    channel_put_u32(&to, core->exit_kind);
    channel_put_u32(&to, core->exit_value);
    channel_put_bytes(&to, core->exit_text, strlen(core->exit_text));
    core_commit(core, CHANNEL_EXIT, 0, to.length);
    core->state = CORE_LEAVING;
}

void core_ended(struct core *core, uint32_t kind, uint32_t value)
{
    if (core->state != CORE_RUNNING)
        return;
    set_exit(core, kind, value, NULL);
    core->state = CORE_DRAINING;
    core->world->set_timer(core->context, CORE_DRAIN_MS);
    core->world->kill_rest(core->context);
}

/* Draining ends when every output has sent its EOF; then the shared tree, then EXIT. */
static bool advance_end(struct core *core)
{
    switch (core->state) {
    case CORE_DRAINING:
        if (!core_streams_drained(core))
            return false;
        core->world->set_timer(core->context, 0);
        core->state = CORE_SHARING;
        return true;
    case CORE_SHARING:
        if (core_output_room(core) < CORE_OUTPUT / 2)
            return false;
        if (core->record.shared && !core->record.share_read_only) {
            if (core->world->share_next(core->context))
                return true;
            if (core->state != CORE_SHARING)
                return true; /* it failed */
            core_append_frame(core, CHANNEL_SHARE_END, 0, NULL, 0);
        }
        core->state = CORE_TRACING;
        return true;
    case CORE_TRACING:
        if (core_output_room(core) < CORE_OUTPUT / 2)
            return false;
        if (core->world->trace_next && core->world->trace_next(core->context))
            return true;
        send_exit(core);
        return true;
    case CORE_LEAVING:
        if (core->out_start != core->out_end)
            return false;
        core->state = CORE_DONE;
        core->world->finished(core->context);
        return false;
    default:
        return false;
    }
}

/* ---- frames that arrive ---- */

static void start_program(struct core *core)
{
    uint32_t kind = WORLD_FATAL, value = 0;
    const char *text = "the run cannot be started";

    if (!run_record_parse(core->run_bytes, core->run_length, &core->record, &text)) {
        core_fatal(core, text);
        return;
    }
    free(core->run_bytes);
    core->run_bytes = NULL;
    if (!core_streams_open(core)) {
        core_fatal(core, "out of memory for the streams");
        return;
    }
    core->state = CORE_RUNNING;
    if (core->early_signal) {
        core_streams_abandon(core);
        core_ended(core, CHANNEL_SIGNALED, core->early_signal);
        return;
    }
    if (core->world->start(core->context, &core->record, &kind, &value, &text)) {
        core_streams_grant(core);
        return;
    }
    core_streams_abandon(core);
    if (kind == WORLD_FATAL) {
        core_fatal(core, text);
        return;
    }
    set_exit(core, kind, value, text);
    core->state = CORE_DRAINING;
}

static void take_run(struct core *core, const struct channel_frame *frame)
{
    size_t length = core->run_length + frame->length;

    if (core->state != CORE_WAITING || core->in_file || length > CHANNEL_MAX_RUN) {
        core_fatal(core, "channel: RUN out of place");
        return;
    }
    if (length > core->run_capacity) {
        size_t capacity = length * 2;
        uint8_t *grown = realloc(core->run_bytes, capacity);

        if (!grown) {
            core_fatal(core, "out of memory for the run record");
            return;
        }
        core->run_bytes = grown;
        core->run_capacity = capacity;
    }
    memcpy(core->run_bytes + core->run_length, frame->payload, frame->length);
    core->run_length = length;
    if (frame->stream == 1)
        start_program(core);
}

static void take_file(struct core *core, const struct channel_frame *frame)
{
    enum { FORMAT = 0170000, REGULAR = 0100000 };
    struct channel_file file;
    const char *text = NULL;

    if (core->state != CORE_WAITING) {
        core_fatal(core, "channel: FILE out of place");
        return;
    }
    switch (frame->type) {
    case CHANNEL_FILE:
        if (core->in_file || channel_read_file(frame->payload, frame->length, &file) != CHANNEL_OK ||
            !channel_path_is_plain(file.path)) {
            core_fatal(core, "channel: bad FILE");
            return;
        }
        text = core->world->file_begin(core->context, &file);
        core->in_file = (file.mode & FORMAT) == REGULAR;
        break;
    case CHANNEL_FILE_DATA:
    default:
        if (!core->in_file) {
            core_fatal(core, "channel: file data without a file");
            return;
        }
        if (frame->type == CHANNEL_FILE_DATA) {
            text = core->world->file_data(core->context, frame->payload, frame->length);
        } else {
            core->in_file = false;
            text = core->world->file_end(core->context);
        }
    }
    if (text)
        core_fatal(core, text);
}

static void take_signal(struct core *core, const struct channel_frame *frame)
{
    enum { KILL = 9 };
    uint32_t number, grace;

    if (channel_read_u32(frame->payload, frame->length, 0, &number) != CHANNEL_OK ||
        channel_read_u32(frame->payload, frame->length, 1, &grace) != CHANNEL_OK || number == 0 ||
        number > 64) {
        core_fatal(core, "channel: bad SIGNAL");
        return;
    }
    if (core->state == CORE_WAITING) {
        core->early_signal = number;
    } else if (core->state == CORE_RUNNING) {
        core->world->signal(core->context, number);
        if (number != KILL)
            core->world->set_timer(core->context, grace ? grace : 1);
    }
}

void core_timeout(struct core *core)
{
    enum { KILL = 9 };

    if (core->state == CORE_RUNNING) {
        core->world->signal(core->context, KILL);
    } else if (core->state == CORE_DRAINING) {
        core_streams_give_up(core);
        core->world->set_timer(core->context, CORE_DRAIN_MS);
    }
    core_run(core);
}

static void take_hello(struct core *core, const struct channel_frame *frame)
{
    uint32_t version;

    if (channel_read_u32(frame->payload, frame->length, 0, &version) != CHANNEL_OK ||
        version != CHANNEL_VERSION)
        core_fatal(core, "channel: the command speaks another version");
}

static void take_frame(struct core *core, const struct channel_frame *frame)
{
    struct channel_winsize size;

    switch (frame->type) {
    case CHANNEL_HELLO:
        take_hello(core, frame);
        break;
    case CHANNEL_RUN:
        take_run(core, frame);
        break;
    case CHANNEL_FILE:
    case CHANNEL_FILE_DATA:
    case CHANNEL_FILE_END:
        take_file(core, frame);
        break;
    case CHANNEL_DATA:
    case CHANNEL_CREDIT:
    case CHANNEL_EOF:
    case CHANNEL_CLOSED:
        core_stream_frame(core, frame);
        break;
    case CHANNEL_WINSIZE:
        if (channel_read_winsize(frame->payload, frame->length, &size) == CHANNEL_OK)
            core->world->resize(core->context, &size);
        break;
    case CHANNEL_SIGNAL:
        take_signal(core, frame);
        break;
    default:
        core_fatal(core, "channel: a frame that only the guest sends");
    }
}

static bool input_read(struct core *core)
{
    bool moved = false;

    while (!core->channel_read_blocked && core->state < CORE_LEAVING) {
        struct channel_frame frame;
        enum channel_status status = CHANNEL_AGAIN;
        size_t done = 0;

        if (CORE_INPUT - core->in_end < CHANNEL_MAX_FRAME || core->in_start == core->in_end) {
            memmove(core->in, core->in + core->in_start, core->in_end - core->in_start);
            core->in_end -= core->in_start;
            core->in_start = 0;
        }
        if (core->world->channel_read(core->context, core->in + core->in_end,
                                      CORE_INPUT - core->in_end, &done) != WORLD_OK)
            core->channel_read_blocked = true;
        core->in_end += done;
        moved |= done > 0;
        while (core->state < CORE_LEAVING &&
               (status = channel_parse(core->in + core->in_start, core->in_end - core->in_start,
                                       &frame)) == CHANNEL_OK) {
            core->in_start += CHANNEL_HEADER_SIZE + frame.length;
            take_frame(core, &frame);
        }
        if (status == CHANNEL_BAD)
            core_fatal(core, "channel: what came is no frame");
        if (core_output_room(core) == 0)
            break; /* answers must get out first */
    }
    return moved;
}

void core_run(struct core *core)
{
    bool moved;

    if (!core->greeted) {
        uint8_t hello[8];
        struct channel_writer to = {.data = hello, .capacity = sizeof hello};

        channel_put_u32(&to, CHANNEL_VERSION);
        channel_put_u32(&to, CHANNEL_MAX_PAYLOAD);
        core_append_frame(core, CHANNEL_HELLO, 0, hello, sizeof hello);
        core->greeted = true;
    }
    do {
        moved = input_read(core);
        moved |= core_streams_move(core);
        moved |= output_flush(core);
        moved |= advance_end(core);
    } while (moved && core->state != CORE_DONE);
}

void core_event(struct core *core, enum core_event event, unsigned stream)
{
    switch (event) {
    case CORE_CHANNEL_READ:
        core->channel_read_blocked = false;
        break;
    case CORE_CHANNEL_WRITE:
        core->channel_write_blocked = false;
        break;
    case CORE_INPUT_READY:
        core->inputs[stream].blocked = false;
        break;
    case CORE_OUTPUT_READY:
        core->outputs[stream].blocked = false;
        break;
    }
}

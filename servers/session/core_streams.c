/* Moving the bytes of a run's streams, under credit in both directions. */
#include "core_streams.h"

#include <stdlib.h>
#include <string.h>

/* ---- opening ---- */

bool core_streams_open(struct core *core)
{
    for (int fd = 0; fd < 3; fd++) {
        const struct channel_fd *d = &core->record.fds[fd];

        if (d->kind == CHANNEL_FD_TTY) {
            core->inputs[CHANNEL_TTY].used = true;
            core->outputs[CHANNEL_TTY].used = true;
        } else if (d->kind == CHANNEL_FD_PIPE && d->stream == CHANNEL_STDIN) {
            core->inputs[CHANNEL_STDIN].used = true;
        } else if (d->kind == CHANNEL_FD_PIPE) {
            core->outputs[d->stream].used = true;
        }
    }
    for (unsigned i = 0; i < CHANNEL_STREAM_END; i++) {
        struct core_input *input = &core->inputs[i];

        if (!input->used)
            continue;
        input->bytes = malloc(CORE_WINDOW);
        if (!input->bytes)
            return false;
    }
    return true;
}

void core_streams_grant(struct core *core)
{
    for (unsigned i = 0; i < CHANNEL_STREAM_END; i++) {
        struct core_input *input = &core->inputs[i];

        if (!input->used || input->closed)
            continue;
        input->granted = CORE_WINDOW;
        core_append_u32(core, CHANNEL_CREDIT, (uint16_t)i, CORE_WINDOW);
    }
}

void core_streams_abandon(struct core *core)
{
    for (unsigned i = 0; i < CHANNEL_STREAM_END; i++) {
        struct core_output *output = &core->outputs[i];

        core->inputs[i].closed = true;
        if (output->used && !output->closed && !output->ended)
            core_append_frame(core, CHANNEL_EOF, (uint16_t)i, NULL, 0);
        output->ended = true;
    }
}

/* ---- frames ---- */

static void take_data(struct core *core, unsigned stream, const uint8_t *bytes, uint32_t length)
{
    struct core_input *input = &core->inputs[stream];
    uint32_t at, first;

    if (!input->used || input->ended || length > input->granted) {
        core_fatal(core, "channel: more data than was granted");
        return;
    }
    input->granted -= length;
    if (input->closed)
        return; /* was under way when CLOSED was sent */
    at = (input->start + input->count) % CORE_WINDOW;
    first = CORE_WINDOW - at < length ? CORE_WINDOW - at : length;
    memcpy(input->bytes + at, bytes, first);
    memcpy(input->bytes, bytes + first, length - first);
    input->count += length;
}

static void take_closed(struct core *core, unsigned stream)
{
    struct core_output *output = &core->outputs[stream];

    if (output->used && !output->closed) {
        output->closed = true;
        if (core->state == CORE_RUNNING || core->state == CORE_DRAINING)
            core->world->close_output(core->context, stream);
    }
    if (stream == CHANNEL_TTY && core->inputs[stream].used)
        core->inputs[stream].closed = true;
}

void core_stream_frame(struct core *core, const struct channel_frame *frame)
{
    unsigned stream = frame->stream;
    uint32_t value;

    if (stream >= CHANNEL_STREAM_END) {
        core_fatal(core, "channel: no such stream");
        return;
    }
    switch (frame->type) {
    case CHANNEL_DATA:
        take_data(core, stream, frame->payload, frame->length);
        break;
    case CHANNEL_CREDIT:
        if (channel_read_u32(frame->payload, frame->length, 0, &value) != CHANNEL_OK) {
            core_fatal(core, "channel: bad CREDIT");
            return;
        }
        core->outputs[stream].credit += value;
        break;
    case CHANNEL_EOF:
        core->inputs[stream].ended = true;
        break;
    default:
        take_closed(core, stream);
    }
}

/* ---- moving ---- */

static void give_credit(struct core *core, unsigned stream)
{
    struct core_input *input = &core->inputs[stream];
    uint32_t give = CORE_WINDOW - input->count - input->granted;

    if (input->ended || input->closed || give < CORE_WINDOW / 4)
        return;
    input->granted += give;
    core_append_u32(core, CHANNEL_CREDIT, (uint16_t)stream, give);
}

static bool move_input(struct core *core, unsigned stream)
{
    struct core_input *input = &core->inputs[stream];
    bool moved = false;

    if (!input->used || input->closed || core->state != CORE_RUNNING)
        return false;
    while (input->count > 0 && !input->blocked) {
        uint32_t run = CORE_WINDOW - input->start;
        enum world_status status;
        size_t done = 0;

        if (run > input->count)
            run = input->count;
        status = core->world->put(core->context, stream, input->bytes + input->start, run, &done);
        input->start = (input->start + (uint32_t)done) % CORE_WINDOW;
        input->count -= (uint32_t)done;
        moved |= done > 0;
        if (status == WORLD_BLOCKED) {
            input->blocked = true;
        } else if (status == WORLD_GONE) {
            input->closed = true;
            input->count = 0;
            core->world->close_input(core->context, stream);
            if (!input->ended)
                core_append_frame(core, CHANNEL_CLOSED, (uint16_t)stream, NULL, 0);
            return true;
        }
    }
    if (input->ended && input->count == 0) {
        input->closed = true;
        core->world->close_input(core->context, stream);
        return true;
    }
    if (moved)
        give_credit(core, stream);
    return moved;
}

static bool move_output(struct core *core, unsigned stream)
{
    struct core_output *output = &core->outputs[stream];
    bool moved = false;

    if (!output->used || output->closed || output->ended || core->state == CORE_WAITING)
        return false;
    while (!output->blocked && output->credit > 0) {
        size_t room = core_output_room(core);
        size_t n = output->credit < CHANNEL_MAX_PAYLOAD ? output->credit : CHANNEL_MAX_PAYLOAD;
        enum world_status status;
        size_t done = 0;

        if (room < n)
            break; /* whole frames; the room comes back with the next flush */
        status = core->world->get(core->context, stream, core_reserve(core), n, &done);
        if (done > 0) {
            core_commit(core, CHANNEL_DATA, (uint16_t)stream, done);
            output->credit -= done;
            moved = true;
        }
        if (status == WORLD_BLOCKED) {
            output->blocked = true;
        } else if (status == WORLD_GONE) {
            core_append_frame(core, CHANNEL_EOF, (uint16_t)stream, NULL, 0);
            output->ended = true;
            return true;
        }
    }
    return moved;
}

bool core_streams_move(struct core *core)
{
    bool moved = false;

    if (core->state >= CORE_SHARING || core_output_room(core) == 0)
        return false;
    for (unsigned stream = 0; stream < CHANNEL_STREAM_END; stream++) {
        moved |= move_input(core, stream);
        moved |= move_output(core, stream);
    }
    return moved;
}

void core_streams_give_up(struct core *core)
{
    for (unsigned stream = 0; stream < CHANNEL_STREAM_END; stream++) {
        struct core_output *output = &core->outputs[stream];

        if (!output->used || output->ended || output->closed || !output->blocked)
            continue;
        core_append_frame(core, CHANNEL_EOF, (uint16_t)stream, NULL, 0);
        output->ended = true;
    }
}

bool core_streams_drained(const struct core *core)
{
    for (unsigned stream = 0; stream < CHANNEL_STREAM_END; stream++) {
        const struct core_output *output = &core->outputs[stream];

        if (output->used && !output->ended && !output->closed)
            return false;
    }
    return true;
}

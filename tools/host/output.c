/* Frames waiting for the guest. */
#include "host.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Make room for `length` bytes in one piece, letting the loop run while there is none. */
void output_reserve(size_t length)
{
    struct buffer *out = &host.out;

    while (out->capacity - (out->end - out->start) < length)
        loop_step();
    if (out->capacity - out->end < length) {
        memmove(out->data, out->data + out->start, out->end - out->start);
        out->end -= out->start;
        out->start = 0;
    }
}

void output_frame(enum channel_type type, uint16_t stream, const void *payload, size_t length)
{
    struct buffer *out = &host.out;

    output_reserve(CHANNEL_HEADER_SIZE + length);
    channel_put_header(out->data + out->end, type, stream, (uint32_t)length);
    out->end += CHANNEL_HEADER_SIZE;
    if (length)
        memcpy(out->data + out->end, payload, length);
    out->end += length;
}

void output_u32(enum channel_type type, uint16_t stream, unsigned count, const uint32_t *values)
{
    uint8_t payload[16];
    struct channel_writer to = {.data = payload, .capacity = sizeof payload};

    for (unsigned i = 0; i < count; i++)
        channel_put_u32(&to, values[i]);
    output_frame(type, stream, payload, to.length);
}

/* Read what the caller has for the guest, as far as credit and room go; poll said there is some. */
void output_from_source(void)
{
    struct source *source = &host.source;
    struct buffer *out = &host.out;
    size_t wanted = source->credit < CHANNEL_MAX_PAYLOAD ? source->credit : CHANNEL_MAX_PAYLOAD;
    ssize_t n;

    output_reserve(CHANNEL_HEADER_SIZE + wanted);
    n = read(source->fd, out->data + out->end + CHANNEL_HEADER_SIZE, wanted);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n <= 0) {
        source->fd = -1;
        output_frame(CHANNEL_EOF, source->stream, NULL, 0);
        return;
    }
    channel_put_header(out->data + out->end, CHANNEL_DATA, source->stream, (uint32_t)n);
    out->end += CHANNEL_HEADER_SIZE + (size_t)n;
    source->credit -= (uint64_t)n;
}

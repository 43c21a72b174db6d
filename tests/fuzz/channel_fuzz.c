/* Hostile bytes into every parser of lib/channel; ASan and UBSan watch. What parses is encoded
 * again and must come out the same. */
#include "fuzz.h"

#include <janus/channel.h>

#include <stdlib.h>
#include <string.h>

static void same(const struct channel_writer *to, const void *data, size_t length)
{
    if (to->full || to->length != length || memcmp(to->data, data, length) != 0)
        abort();
}

static void record(const uint8_t *data, size_t length)
{
    struct channel_field field;
    size_t at = 0;

    while (channel_next_field(data, length, &at, &field) == CHANNEL_OK)
        if (field.length && field.data[0] + field.data[field.length - 1] < 0)
            abort();
}

static void payloads(const uint8_t *data, size_t length)
{
    uint8_t *again = malloc(length + 1);
    struct channel_writer to = {.data = again, .capacity = length + 1};
    struct channel_file file;
    struct channel_fd fd;
    struct channel_winsize size;
    uint32_t value;

    if (channel_read_file(data, length, &file) == CHANNEL_OK) {
        channel_put_file(&to, &file);
        same(&to, data, length);
        channel_path_is_plain(file.path);
    }
    to.length = 0;
    if (channel_read_fd(data, length, &fd) == CHANNEL_OK) {
        channel_put_fd(&to, &fd);
        same(&to, data, length);
    }
    to.length = 0;
    if (channel_read_winsize(data, length, &size) == CHANNEL_OK) {
        channel_put_winsize(&to, &size);
        same(&to, data, length);
    }
    channel_read_u32(data, length, length ? data[0] : 0, &value);
    channel_path_is_plain((struct channel_text){(const char *)data, (uint32_t)length});
    free(again);
}

int fuzz_one(const uint8_t *data, size_t length)
{
    struct channel_frame frame;
    size_t at = 0;

    while (channel_parse(data + at, length - at, &frame) == CHANNEL_OK) {
        payloads(frame.payload, frame.length);
        record(frame.payload, frame.length);
        at += CHANNEL_HEADER_SIZE + frame.length;
    }
    payloads(data, length);
    record(data, length);
    return 0;
}

/* A valid file, descriptor and record to start from. */
size_t fuzz_seed(unsigned number, uint8_t *data, size_t capacity)
{
    struct channel_writer to = {.data = data + CHANNEL_HEADER_SIZE,
                                .capacity = capacity - CHANNEL_HEADER_SIZE};
    enum channel_type type = CHANNEL_RUN;

    if (number % 3 == 0) {
        type = CHANNEL_FILE;
        channel_put_file(&to, &(struct channel_file){.mode = 0100644, .path = {"/host/x", 7}});
    } else {
        channel_put_field(&to, CHANNEL_FIELD_ARG, "true", 4);
        channel_put_fd(&to, &(struct channel_fd){.kind = CHANNEL_FD_PIPE});
    }
    channel_put_header(data, type, 0, (uint32_t)to.length);
    return to.length + CHANNEL_HEADER_SIZE;
}

/* Hostile run records into the session server's parser. */
#include "fuzz.h"

#include "record.h"

#include <stdlib.h>
#include <string.h>

int fuzz_one(const uint8_t *data, size_t length)
{
    struct run_record record;
    const char *text = NULL;

    if (run_record_parse(data, length, &record, &text)) {
        if (record.arguments.count == 0 || !record.directory)
            abort();
        string_list_value(&record.environment, "PATH");
        for (uint32_t i = 0, at = 0; i < record.arguments.count; i++)
            at += (uint32_t)strlen(record.arguments.bytes + at) + 1;
    } else if (!text) {
        abort();
    }
    run_record_free(&record);
    return 0;
}

size_t fuzz_seed(unsigned number, uint8_t *data, size_t capacity)
{
    struct channel_writer to = {.data = data, .capacity = capacity};
    uint8_t small[64];

    channel_put_field(&to, CHANNEL_FIELD_ARG, "sh", 2);
    channel_put_field(&to, CHANNEL_FIELD_ARG, "-c", 2);
    channel_put_field(&to, CHANNEL_FIELD_ENV, "PATH=/bin", 9);
    channel_put_field(&to, CHANNEL_FIELD_CWD, "/root", 5);
    if (number % 2)
        channel_put_field(&to, CHANNEL_FIELD_PROGRAM, "/bin/sh", 7);
    for (uint32_t fd = 0; fd < 3; fd++) {
        struct channel_writer field = {.data = small, .capacity = sizeof small};
        struct channel_fd as = {.fd = fd,
                                .kind = (number >> fd) % 5,
                                .stream = fd,
                                .path = {"/run/stdin", number % 3 ? 0 : 10}};
        if (as.kind == CHANNEL_FD_TTY)
            as.stream = CHANNEL_TTY;
        channel_put_fd(&field, &as);
        channel_put_field(&to, CHANNEL_FIELD_FD, small, field.length);
    }
    if (number % 4 == 0) {
        struct channel_writer field = {.data = small, .capacity = sizeof small};
        channel_put_u32(&field, number % 8 == 0);
        channel_put_bytes(&field, "/host", 5);
        channel_put_field(&to, CHANNEL_FIELD_SHARE, small, field.length);
    }
    struct channel_writer field = {.data = small, .capacity = sizeof small};
    channel_put_winsize(&field, &(struct channel_winsize){24, 80, 0, 0});
    channel_put_field(&to, CHANNEL_FIELD_WINSIZE, small, field.length);
    return to.length;
}

/* The RUN record: program, arguments, environment, descriptors. */
#include "host.h"

#include <stdlib.h>
#include <string.h>

static void put_text(struct channel_writer *to, uint16_t tag, const char *text)
{
    channel_put_field(to, tag, text, strlen(text));
}

void run_record_send(void)
{
    const struct options *options = &host.options;
    struct channel_writer to = {.data = malloc(CHANNEL_MAX_RUN), .capacity = CHANNEL_MAX_RUN};
    uint8_t small[64];
    struct channel_writer field;
    size_t sent = 0;

    if (!to.data)
        host_fail("out of memory");
    for (size_t i = 0; i < options->arguments.count; i++)
        put_text(&to, CHANNEL_FIELD_ARG, options->arguments.items[i]);
    for (size_t i = 0; i < options->environment.count; i++)
        put_text(&to, CHANNEL_FIELD_ENV, options->environment.items[i]);
    put_text(&to, CHANNEL_FIELD_CWD, options->directory);
    if (options->program)
        put_text(&to, CHANNEL_FIELD_PROGRAM, options->program);
    for (int fd = 0; fd < 3; fd++) {
        field = (struct channel_writer){.data = small, .capacity = sizeof small};
        channel_put_fd(&field, &host.fds[fd]);
        channel_put_field(&to, CHANNEL_FIELD_FD, small, field.length);
    }
    if (host.has_tty) {
        struct channel_winsize size = terminal_size(host.sinks[CHANNEL_TTY].fd);
        field = (struct channel_writer){.data = small, .capacity = sizeof small};
        channel_put_winsize(&field, &size);
        channel_put_field(&to, CHANNEL_FIELD_WINSIZE, small, field.length);
    }
    if (options->share) {
        field = (struct channel_writer){.data = small, .capacity = sizeof small};
        channel_put_u32(&field, options->share_read_only ? CHANNEL_SHARE_READ_ONLY : 0);
        channel_put_bytes(&field, "/host", 5);
        channel_put_field(&to, CHANNEL_FIELD_SHARE, small, field.length);
    }
    if (to.full)
        host_fail("arguments and environment are longer than 4 MiB");
    do {
        size_t length = to.length - sent;
        if (length > CHANNEL_MAX_PAYLOAD)
            length = CHANNEL_MAX_PAYLOAD;
        output_frame(CHANNEL_RUN, sent + length == to.length, to.data + sent, length);
        sent += length;
    } while (sent < to.length);
    free(to.data);
}

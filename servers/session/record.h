/* The RUN record: what the command wants started. */
#ifndef SESSION_RECORD_H
#define SESSION_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "janus/channel.h"

/* Strings one after the other, each with its final zero, as hand-over records have them. */
struct string_list {
    char *bytes;
    size_t length;
    uint32_t count;
};

struct run_record {
    struct string_list arguments, environment;
    char *directory; /* absolute */
    char *program;   /* NULL: look argument 0 up */
    struct channel_fd fds[3];
    char *fd_paths[3];
    bool has_fd[3];
    bool has_size;
    struct channel_winsize size;
    bool shared, share_read_only;
    char *share_path;
};

/* Takes the record apart; `text` says why when it is refused. All memory of *record is its own;
 * release it with run_record_free in either case. */
bool run_record_parse(const uint8_t *bytes, size_t length, struct run_record *record,
                      const char **text);
void run_record_free(struct run_record *record);

/* The value of NAME in an environment, or NULL. */
const char *string_list_value(const struct string_list *environment, const char *name);

#endif

/* Taking a RUN record apart. Nothing in it is trusted. */
#include "record.h"

#include <stdlib.h>
#include <string.h>

static bool has_zero(const void *bytes, size_t length)
{
    return length > 0 && memchr(bytes, 0, length) != NULL;
}

/* The list grows by doubling; its capacity follows from its length. */
static bool list_add(struct string_list *list, const uint8_t *bytes, size_t length)
{
    size_t capacity = 64;
    char *grown = list->bytes;

    while (capacity < list->length)
        capacity *= 2;
    if (!grown || list->length + length + 1 > capacity) {
        while (capacity < list->length + length + 1)
            capacity *= 2;
        grown = realloc(list->bytes, capacity);
        if (!grown)
            return false;
    }
    list->bytes = grown;
    memcpy(grown + list->length, bytes, length);
    grown[list->length + length] = 0;
    list->length += length + 1;
    list->count++;
    return true;
}

static bool take_string(char **to, const void *bytes, size_t length)
{
    free(*to);
    *to = malloc(length + 1);
    if (!*to)
        return false;
    memcpy(*to, bytes, length);
    (*to)[length] = 0;
    return true;
}

static bool take_fd(struct run_record *record, const struct channel_field *field,
                    const char **text)
{
    struct channel_fd fd;

    if (channel_read_fd(field->data, field->length, &fd) != CHANNEL_OK || fd.fd > 2) {
        *text = "run record: bad descriptor";
        return false;
    }
    record->fds[fd.fd] = fd;
    record->fds[fd.fd].path = (struct channel_text){0};
    record->has_fd[fd.fd] = true;
    return take_string(&record->fd_paths[fd.fd], fd.path.data, fd.path.length);
}

static bool take_share(struct run_record *record, const struct channel_field *field)
{
    uint32_t flags;
    struct channel_text path;

    if (channel_read_u32(field->data, field->length, 0, &flags) != CHANNEL_OK)
        return false;
    path = (struct channel_text){(const char *)field->data + 4, field->length - 4};
    if (flags & ~(uint32_t)CHANNEL_SHARE_READ_ONLY || !channel_path_is_plain(path))
        return false;
    record->shared = true;
    record->share_read_only = flags & CHANNEL_SHARE_READ_ONLY;
    return take_string(&record->share_path, path.data, path.length);
}

static bool take_field(struct run_record *record, const struct channel_field *field,
                       const char **text)
{
    *text = "run record: out of memory";
    switch (field->tag) {
    case CHANNEL_FIELD_ARG:
    case CHANNEL_FIELD_ENV:
    case CHANNEL_FIELD_CWD:
    case CHANNEL_FIELD_PROGRAM:
        if (has_zero(field->data, field->length)) {
            *text = "run record: a string holds a zero byte";
            return false;
        }
        if (field->tag == CHANNEL_FIELD_ARG)
            return list_add(&record->arguments, field->data, field->length);
        if (field->tag == CHANNEL_FIELD_ENV)
            return list_add(&record->environment, field->data, field->length);
        return take_string(field->tag == CHANNEL_FIELD_CWD ? &record->directory : &record->program,
                           field->data, field->length);
    case CHANNEL_FIELD_FD:
        return take_fd(record, field, text);
    case CHANNEL_FIELD_WINSIZE:
        *text = "run record: bad window size";
        record->has_size = true;
        return channel_read_winsize(field->data, field->length, &record->size) == CHANNEL_OK;
    case CHANNEL_FIELD_SHARE:
        *text = "run record: bad share";
        return take_share(record, field);
    default:
        *text = "run record: a field that this system does not know";
        return field->tag & CHANNEL_FIELD_OPTIONAL;
    }
}

bool run_record_parse(const uint8_t *bytes, size_t length, struct run_record *record,
                      const char **text)
{
    struct channel_field field;
    enum channel_status status;
    size_t offset = 0;

    memset(record, 0, sizeof *record);
    while ((status = channel_next_field(bytes, length, &offset, &field)) == CHANNEL_OK)
        if (!take_field(record, &field, text))
            return false;
    *text = "run record: damaged";
    if (status != CHANNEL_AGAIN)
        return false;
    *text = "run record: no program, directory or descriptor";
    if (record->arguments.count == 0 || !record->directory || record->directory[0] != '/')
        return false;
    for (int fd = 0; fd < 3; fd++)
        if (!record->has_fd[fd])
            return false;
    *text = NULL;
    return true;
}

void run_record_free(struct run_record *record)
{
    free(record->arguments.bytes);
    free(record->environment.bytes);
    free(record->directory);
    free(record->program);
    free(record->share_path);
    for (int fd = 0; fd < 3; fd++)
        free(record->fd_paths[fd]);
    memset(record, 0, sizeof *record);
}

const char *string_list_value(const struct string_list *environment, const char *name)
{
    size_t length = strlen(name);
    const char *at = environment->bytes;

    for (uint32_t i = 0; i < environment->count; i++, at += strlen(at) + 1)
        if (strncmp(at, name, length) == 0 && at[length] == '=')
            return at + length + 1;
    return NULL;
}

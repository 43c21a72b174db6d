/* /proc/PID/fd: what the process's core has published as TASK_INFO_DESCRIPTORS, lines of the form
 * "FD TARGET". Of the own process every number is tried: the core knows better than the last text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "janus/idl/task.h"
#include "proc.h"

#define DESCRIPTOR_SHIFT 32
#define FIRST_NUMBER 0x1000 /* inodes of links, after those of the items */

static jn_status_t link_target(struct client *client, uint64_t tag, char *target, size_t capacity,
                               size_t *length, uint64_t *descriptor);

static const struct made_item link = {
    .name = "", .mode = MODE_LINK | 0700, .link = link_target, .number = FIRST_NUMBER};

struct line {
    uint64_t fd;
    const char *target;
    size_t length;
};

/* The line after `at`; NULL: none. */
static const char *next_line(const char *at, const char *end, struct line *line)
{
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop)
            stop = end;
        const char *space = memchr(at, ' ', (size_t)(stop - at));
        const char *next = stop < end ? stop + 1 : end;
        if (space && made_number(at, (size_t)(space - at), &line->fd)) {
            line->target = space + 1;
            line->length = (size_t)(stop - space - 1);
            return next;
        }
        at = next;
    }
    return NULL;
}

static jn_status_t load(uint64_t pid, struct text *text)
{
    return proc_append_info(pid, TASK_INFO_DESCRIPTORS, text);
}

/* The line with the least fd >= from. */
static bool find_line(const struct text *text, uint64_t from, struct line *found)
{
    const char *at = text->bytes, *end = text->bytes + text->length;
    struct line line;
    bool any = false;
    while (text->length && (at = next_line(at, end, &line)))
        if (line.fd >= from && (!any || line.fd < found->fd)) {
            *found = line;
            any = true;
        }
    return any;
}

static jn_status_t link_target(struct client *client, uint64_t tag, char *target, size_t capacity,
                               size_t *length, uint64_t *descriptor)
{
    uint64_t pid = tag & UINT32_MAX, fd = (tag >> DESCRIPTOR_SHIFT) - 1;
    *descriptor = fd;
    if (pid == client->pid)
        return JN_REDIRECT;
    struct text text = {0};
    struct line line;
    jn_status_t status = load(pid, &text);
    if (status == JN_OK)
        status = find_line(&text, fd, &line) && line.fd == fd
                     ? made_target(line.target, line.length, target, capacity, length)
                     : JN_NOT_FOUND;
    free(text.bytes);
    return status;
}

static jn_status_t find(struct client *client, uint64_t tag, const char *name, size_t length,
                        const struct made_item **item, uint64_t *new_tag)
{
    uint64_t fd;
    if (!made_number(name, length, &fd) || fd >= INT32_MAX)
        return JN_NOT_FOUND;
    struct text text = {0};
    struct line line;
    bool known = load(tag, &text) == JN_OK && find_line(&text, fd, &line) && line.fd == fd;
    free(text.bytes);
    if (!known && tag != client->pid)
        return JN_NOT_FOUND;
    *item = &link;
    *new_tag = tag | (fd + 1) << DESCRIPTOR_SHIFT;
    return JN_OK;
}

static bool next(struct client *client, uint64_t tag, uint64_t *position, char *name,
                 const struct made_item **item, uint64_t *new_tag)
{
    (void)client;
    struct text text = {0};
    struct line line;
    bool found = load(tag, &text) == JN_OK && find_line(&text, *position, &line);
    if (found) {
        snprintf(name, 32, "%llu", (unsigned long long)line.fd);
        *position = line.fd + 1;
        *item = &link;
        *new_tag = tag | (line.fd + 1) << DESCRIPTOR_SHIFT;
    }
    free(text.bytes);
    return found;
}

const struct made_directory proc_descriptors = {NULL, 0, find, next};

/* /proc/PID: its files and links. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "janus/idl/task.h"
#include "platform.h"
#include "proc.h"

#define INFO_STEP 4096
#define INFO_LIMIT (4u << 20)

jn_status_t proc_append_info(uint64_t pid, uint32_t field, struct text *text)
{
    size_t capacity = INFO_STEP, length = 0;
    char *buffer = malloc(capacity);
    for (;;) {
        if (!buffer)
            return JN_NO_MEMORY;
        jn_status_t status = platform_process_info(pid, field, buffer, capacity, &length);
        if (status != JN_OK || length <= capacity || length > INFO_LIMIT) {
            if (status == JN_OK)
                text_append(text, buffer, length < capacity ? length : capacity);
            free(buffer);
            return status;
        }
        free(buffer);
        capacity = length;
        buffer = malloc(capacity);
    }
}

static PROC_TEXT(command_line)
{
    (void)client;
    return proc_append_info(tag, TASK_INFO_COMMAND_LINE, text);
}

static PROC_TEXT(environment)
{
    struct task_status status;
    jn_status_t result = platform_process_status(tag, &status);
    if (result == JN_OK && client->uid != 0 && client->uid != status.uid)
        result = JN_ACCESS;
    return result == JN_OK ? proc_append_info(tag, TASK_INFO_ENVIRONMENT, text) : result;
}

static PROC_TEXT(maps)
{
    (void)client;
    return proc_append_info(tag, TASK_INFO_MAPS, text);
}

static PROC_TEXT(name)
{
    (void)client;
    struct task_status status;
    jn_status_t result = platform_process_status(tag, &status);
    if (result != JN_OK)
        return result;
    status.name[sizeof(status.name) - 1] = 0;
    text_print(text, "%.15s\n", (const char *)status.name);
    return JN_OK;
}

/* A link to a path that the core has given. */
static jn_status_t info_link(uint64_t pid, uint32_t field, char *target, size_t capacity,
                             size_t *length)
{
    jn_status_t status = platform_process_info(pid, field, target, capacity, length);
    if (status != JN_OK)
        return JN_NOT_FOUND;
    if (*length > capacity)
        return JN_NAME_TOO_LONG;
    while (*length && target[*length - 1] == 0)
        --*length;
    return *length ? JN_OK : JN_NOT_FOUND;
}

static jn_status_t executable_link(struct client *client, uint64_t tag, char *target,
                                   size_t capacity, size_t *length, uint64_t *descriptor)
{
    (void)client;
    (void)descriptor;
    return info_link(tag, TASK_INFO_EXECUTABLE, target, capacity, length);
}

static jn_status_t directory_link(struct client *client, uint64_t tag, char *target,
                                  size_t capacity, size_t *length, uint64_t *descriptor)
{
    (void)client;
    (void)descriptor;
    return info_link(tag, TASK_INFO_DIRECTORY, target, capacity, length);
}

static jn_status_t root_link(struct client *client, uint64_t tag, char *target, size_t capacity,
                             size_t *length, uint64_t *descriptor)
{
    (void)client;
    (void)tag;
    (void)descriptor;
    return made_target("/", 1, target, capacity, length);
}

static PROC_TEXT(score)
{
    (void)client;
    (void)tag;
    text_print(text, "0\n");
    return JN_OK;
}

#define FILE_MODE (MODE_FILE | 0444)
#define OWN_MODE (MODE_FILE | 0400)
#define LINK_MODE (MODE_LINK | 0777)
#define DIRECTORY_MODE (MODE_DIRECTORY | 0555)

#define PROCESS_ITEMS                                                                             \
    {.name = "cmdline", .mode = FILE_MODE, .text = command_line, .number = 2},                    \
    {.name = "comm", .mode = MODE_FILE | 0644, .text = name, .number = 3},                        \
    {.name = "cwd", .mode = LINK_MODE, .link = directory_link, .number = 4},                      \
    {.name = "environ", .mode = OWN_MODE, .text = environment, .number = 5},                      \
    {.name = "exe", .mode = LINK_MODE, .link = executable_link, .number = 6},                     \
    {.name = "fd", .mode = MODE_DIRECTORY | 0500, .directory = &proc_descriptors, .number = 7},   \
    {.name = "limits", .mode = FILE_MODE, .text = proc_process_limits, .number = 8},              \
    {.name = "maps", .mode = FILE_MODE, .text = maps, .number = 9},                               \
    {.name = "mountinfo", .mode = FILE_MODE, .text = proc_mountinfo, .number = 10},               \
    {.name = "mounts", .mode = FILE_MODE, .text = proc_mounts, .number = 11},                     \
    {.name = "net", .mode = DIRECTORY_MODE, .directory = &proc_network, .number = 12},            \
    {.name = "oom_score", .mode = FILE_MODE, .text = score, .number = 13},                        \
    {.name = "oom_score_adj", .mode = FILE_MODE, .text = score, .number = 14},                    \
    {.name = "root", .mode = LINK_MODE, .link = root_link, .number = 15},                         \
    {.name = "stat", .mode = FILE_MODE, .text = proc_process_stat, .number = 16},                 \
    {.name = "statm", .mode = FILE_MODE, .text = proc_process_statm, .number = 17},               \
    {.name = "status", .mode = FILE_MODE, .text = proc_process_status, .number = 18}

static const struct made_item thread_items[] = {PROCESS_ITEMS};
static const struct made_directory thread_directory = MADE_DIRECTORY(thread_items);
static const struct made_item thread = {
    .name = "", .mode = DIRECTORY_MODE, .directory = &thread_directory, .number = 20};

/* Threads are the core's; what is known here is the first one, whose id is the pid. */
static jn_status_t find_thread(struct client *client, uint64_t tag, const char *text, size_t length,
                               const struct made_item **item, uint64_t *new_tag)
{
    (void)client;
    uint64_t id;
    if (!made_number(text, length, &id) || id != tag)
        return JN_NOT_FOUND;
    *item = &thread;
    *new_tag = tag;
    return JN_OK;
}

static bool next_thread(struct client *client, uint64_t tag, uint64_t *position, char *text,
                        const struct made_item **item, uint64_t *new_tag)
{
    (void)client;
    if (*position)
        return false;
    *position = 1;
    snprintf(text, 32, "%llu", (unsigned long long)tag);
    *item = &thread;
    *new_tag = tag;
    return true;
}

static const struct made_directory threads_directory = {NULL, 0, find_thread, next_thread};

static const struct made_item process_items[] = {
    PROCESS_ITEMS,
    {.name = "task", .mode = DIRECTORY_MODE, .directory = &threads_directory, .number = 19},
};
const struct made_directory proc_process_directory = MADE_DIRECTORY(process_items);
const struct made_item proc_process = {
    .name = "", .mode = DIRECTORY_MODE, .directory = &proc_process_directory, .number = 1};

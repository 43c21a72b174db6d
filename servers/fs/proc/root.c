/* The top of /proc. */
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "janus/idl/fs.h"
#include "janus/idl/task.h"
#include "platform.h"
#include "proc.h"
#include "volume.h"

struct volume volume_proc = {
    .device = FS_DEVICE_PROC, .magic = 0x9fa0, .next_inode = 1, .type = "proc"};

static jn_status_t self_link(struct client *client, uint64_t tag, char *target, size_t capacity,
                             size_t *length, uint64_t *descriptor)
{
    (void)tag;
    (void)descriptor;
    char text[24];
    if (!client->pid)
        return JN_NOT_FOUND; /* a native program is no process */
    int size = snprintf(text, sizeof(text), "%llu", (unsigned long long)client->pid);
    return made_target(text, (size_t)size, target, capacity, length);
}

static jn_status_t thread_self_link(struct client *client, uint64_t tag, char *target,
                                    size_t capacity, size_t *length, uint64_t *descriptor)
{
    (void)tag;
    (void)descriptor;
    char text[48];
    if (!client->pid)
        return JN_NOT_FOUND;
    int size = snprintf(text, sizeof(text), "%llu/task/%llu", (unsigned long long)client->pid,
                        (unsigned long long)client->pid);
    return made_target(text, (size_t)size, target, capacity, length);
}

static jn_status_t mounts_link(struct client *client, uint64_t tag, char *target, size_t capacity,
                               size_t *length, uint64_t *descriptor)
{
    (void)client;
    (void)tag;
    (void)descriptor;
    return made_target("self/mounts", 11, target, capacity, length);
}

static jn_status_t net_link(struct client *client, uint64_t tag, char *target, size_t capacity,
                            size_t *length, uint64_t *descriptor)
{
    (void)client;
    (void)tag;
    (void)descriptor;
    return made_target("self/net", 8, target, capacity, length);
}

#define FILE_MODE (MODE_FILE | 0444)
#define LINK_MODE (MODE_LINK | 0777)
#define DIRECTORY_MODE (MODE_DIRECTORY | 0555)

static const struct made_item kernel_directory[] = {
    {.name = "kernel", .mode = DIRECTORY_MODE, .directory = &proc_kernel, .number = 33},
};
static const struct made_directory sys_directory = MADE_DIRECTORY(kernel_directory);

static const struct made_item items[] = {
    {.name = "cmdline", .mode = FILE_MODE, .text = proc_command_line, .number = 2},
    {.name = "cpuinfo", .mode = FILE_MODE, .text = proc_cpuinfo, .number = 3},
    {.name = "devices", .mode = FILE_MODE, .text = proc_devices, .number = 4},
    {.name = "filesystems", .mode = FILE_MODE, .text = proc_filesystems, .number = 5},
    {.name = "janus", .mode = FILE_MODE, .text = proc_janus, .number = 17},
    {.name = "loadavg", .mode = FILE_MODE, .text = proc_loadavg, .number = 6},
    {.name = "meminfo", .mode = FILE_MODE, .text = proc_meminfo, .number = 7},
    {.name = "mounts", .mode = LINK_MODE, .link = mounts_link, .number = 8},
    {.name = "net", .mode = LINK_MODE, .link = net_link, .number = 9},
    {.name = "self", .mode = LINK_MODE, .link = self_link, .number = 10},
    {.name = "stat", .mode = FILE_MODE, .text = proc_stat, .number = 11},
    {.name = "swaps", .mode = FILE_MODE, .text = proc_swaps, .number = 12},
    {.name = "sys", .mode = DIRECTORY_MODE, .directory = &sys_directory, .number = 13},
    {.name = "thread-self", .mode = LINK_MODE, .link = thread_self_link, .number = 14},
    {.name = "uptime", .mode = FILE_MODE, .text = proc_uptime, .number = 15},
    {.name = "version", .mode = FILE_MODE, .text = proc_version, .number = 16},
    {.name = "vmstat", .mode = FILE_MODE, .text = proc_vmstat, .number = 18},
};

static jn_status_t find_process(struct client *client, uint64_t tag, const char *name,
                                size_t length, const struct made_item **item, uint64_t *new_tag)
{
    (void)client;
    (void)tag;
    struct task_status status;
    uint64_t pid;
    if (!made_number(name, length, &pid) || pid == 0 || pid > UINT32_MAX)
        return JN_NOT_FOUND;
    if (platform_process_status(pid, &status) != JN_OK)
        return JN_NOT_FOUND;
    *item = &proc_process;
    *new_tag = pid;
    return JN_OK;
}

static bool next_process(struct client *client, uint64_t tag, uint64_t *position, char *name,
                         const struct made_item **item, uint64_t *new_tag)
{
    (void)client;
    (void)tag;
    struct task_status status;
    if (platform_process_next(*position, &status) != JN_OK)
        return false;
    snprintf(name, 32, "%llu", (unsigned long long)status.pid);
    *position = status.pid + 1;
    *item = &proc_process;
    *new_tag = status.pid;
    return true;
}

static const struct made_directory directory = {items, sizeof(items) / sizeof(items[0]),
                                                find_process, next_process};
static const struct made_item root = {
    .name = "", .mode = DIRECTORY_MODE, .directory = &directory, .number = 1};

jn_status_t proc_init(void)
{
    return made_mount("/proc", &volume_proc, &root);
}

/* /sys: only what C libraries read to count processors. */
#include "janus/abi/info.h"
#include "janus/idl/fs.h"
#include "janus/runtime.h"
#include "proc/proc.h"
#include "volume.h"

struct volume volume_sys = {
    .device = FS_DEVICE_SYS, .magic = 0x62656572, .next_inode = 1, .type = "sysfs"};

static PROC_TEXT(processors)
{
    (void)client;
    (void)tag;
    uint32_t cpus = jn_info()->cpus;
    if (cpus > 1)
        text_print(text, "0-%u\n", cpus - 1);
    else
        text_print(text, "0\n");
    return JN_OK;
}

#define FILE_MODE (MODE_FILE | 0444)
#define DIRECTORY_MODE (MODE_DIRECTORY | 0755)

static const struct made_item cpu_items[] = {
    {.name = "online", .mode = FILE_MODE, .text = processors, .number = 5},
    {.name = "possible", .mode = FILE_MODE, .text = processors, .number = 6},
    {.name = "present", .mode = FILE_MODE, .text = processors, .number = 7},
};
static const struct made_directory cpu = MADE_DIRECTORY(cpu_items);
static const struct made_item system_items[] = {
    {.name = "cpu", .mode = DIRECTORY_MODE, .directory = &cpu, .number = 4},
};
static const struct made_directory system_directory = MADE_DIRECTORY(system_items);
static const struct made_item device_items[] = {
    {.name = "system", .mode = DIRECTORY_MODE, .directory = &system_directory, .number = 3},
};
static const struct made_directory devices = MADE_DIRECTORY(device_items);
static const struct made_item top_items[] = {
    {.name = "devices", .mode = DIRECTORY_MODE, .directory = &devices, .number = 2},
};
static const struct made_directory top = MADE_DIRECTORY(top_items);
static const struct made_item root = {
    .name = "", .mode = MODE_DIRECTORY | 0555, .directory = &top, .number = 1};

jn_status_t sys_init(void)
{
    return made_mount("/sys", &volume_sys, &root);
}

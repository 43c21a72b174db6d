/* /proc: processes as servers/task knows them, and the system, in Linux 6.1's formats (proc(5)). */
#ifndef FS_PROC_H
#define FS_PROC_H

#include "made.h"

JN_CHECKED jn_status_t proc_init(void);
JN_CHECKED jn_status_t sys_init(void);

struct task_status;

/* The items below /proc/PID; its tag is the pid. */
extern const struct made_item proc_process;
extern const struct made_directory proc_process_directory;
/* /proc/PID/fd: tag is pid | (fd + 1) << 32 in the links. */
extern const struct made_directory proc_descriptors;
extern const struct made_directory proc_network;
extern const struct made_directory proc_kernel;

/* Texts of the system (tag 0). */
#define PROC_TEXT(name) jn_status_t name(struct client *client, uint64_t tag, struct text *text)
PROC_TEXT(proc_stat);
PROC_TEXT(proc_janus);
PROC_TEXT(proc_loadavg);
PROC_TEXT(proc_uptime);
PROC_TEXT(proc_meminfo);
PROC_TEXT(proc_cpuinfo);
PROC_TEXT(proc_version);
PROC_TEXT(proc_vmstat);
PROC_TEXT(proc_filesystems);
PROC_TEXT(proc_swaps);
PROC_TEXT(proc_command_line);
PROC_TEXT(proc_devices);
PROC_TEXT(proc_mounts);
PROC_TEXT(proc_mountinfo);
/* And of a process. */
PROC_TEXT(proc_process_stat);
PROC_TEXT(proc_process_statm);
PROC_TEXT(proc_process_status);
PROC_TEXT(proc_process_limits);

/* Appends a text that the process's core has given to task.set_info. */
jn_status_t proc_append_info(uint64_t pid, uint32_t field, struct text *text);

#define PROC_RELEASE "6.1.0"
#define PROC_TICK_NS 10000000ull /* USER_HZ 100 */
#define PROC_PID_MAX 4194304

#endif

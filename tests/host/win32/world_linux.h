/* A world of Linux for the Win32 core: programs are traced processes, files those below a folder. */
#ifndef WORLD_LINUX_H
#define WORLD_LINUX_H

#include <sys/types.h>
#include <sys/user.h>

#include "core.h"

#define GADGET 0x7fffffff0000ull /* `syscall` and a page for strings, in every process */
#define GADGET_DATA (GADGET + 4096)

struct world_process {
    pid_t pid;
    struct world_process *next;
    struct world_thread *threads;
    uint64_t parent;
    bool ended, released;
    uint32_t kind, code;
    bool first_used;
    uint8_t owned[4096]; /* descriptors that end with the process */
};
struct world_thread {
    pid_t tid;
    uint64_t cookie;
    struct world_process *process;
    struct world_thread *next;
    bool stopped;    /* in a ptrace stop */
    bool in_call;    /* the stop is a system call or fault that the core works on */
    bool frozen;
    bool started;
    bool pending;    /* a stop was reaped by somebody who waited for something else */
    int pending_status;
};

extern const char *world_root;
extern int world_trace;
extern struct world_process *world_processes;

struct world_process *world_spawn(uint64_t parent);
long world_inject(struct world_process *p, long number, long a, long b, long c, long d, long e,
                  long f);
struct nt_process *world_core_process(struct world_process *p);
int world_host_path(const char *path, size_t length, char *host, size_t capacity);
/* The loop: until the process with this pid has ended. */
int world_run(pid_t pid);
void world_arm(int fd, short events, uint64_t cookie);
void world_poll_armed(int timeout_ms, int signal_fd);
void world_watchers_wake(struct world_process *p);
void nt_core_woken_later(uint64_t cookie);

#endif

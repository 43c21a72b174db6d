/* Runs a PE program of a folder as Janus's Win32 core would:
 * run [-t] --root FOLDER --registry FILE --directory PATH PROGRAM ARGUMENTS
 * with 0, 1, 2 as its streams and the environment of the caller. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "world_linux.h"

void world_registry_load(const char *path);
extern char **environ;

int main(int argc, char **argv)
{
    struct nt_start start = {.directory = "/c/case"};
    struct nt_process *process;
    struct world_process *world;
    char arguments[65536], environment[65536];
    size_t at = 0, end = 0;
    sigset_t set;
    int i = 1;

    if (!getenv("GLIBC_TUNABLES")) { /* the kernel must not write into memory that goes away */
        setenv("GLIBC_TUNABLES", "glibc.pthread.rseq=0", 1);
        execv("/proc/self/exe", argv);
    }
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (!strcmp(argv[i], "-t"))
            world_trace = 1;
        else if (!strcmp(argv[i], "--root"))
            world_root = argv[++i];
        else if (!strcmp(argv[i], "--registry"))
            world_registry_load(argv[++i]);
        else if (!strcmp(argv[i], "--directory"))
            start.directory = argv[++i];
    }
    if (i >= argc)
        return 2;
    start.path = argv[i];
    for (; i < argc; i++, start.argument_count++)
        at += (size_t)snprintf(arguments + at, sizeof arguments - at, "%s", argv[i]) + 1;
    for (char **v = environ; *v; v++)
        if (strncmp(*v, "GLIBC_TUNABLES", 14)) {
            end += (size_t)snprintf(environment + end, sizeof environment - end, "%s", *v) + 1;
            start.environment_count++;
        }
    start.arguments = arguments;
    start.environment = environment;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    for (int fd = 0; fd < 3; fd++) {
        int copy = fcntl(fd, F_DUPFD_CLOEXEC, 10);
        if (copy >= 0)
            start.standard[fd] = (struct world_open){WORLD_FS, WORLD_READ | WORLD_WRITE,
                                                     (uint64_t)copy};
    }
    nt_core_init();
    world = world_spawn((uint64_t)getpid());
    start.pid = (uint64_t)world->pid;
    nt_status status = nt_process_start(world, &start, &process);
    if (NT_FAILED(status)) {
        fprintf(stderr, "run: %s cannot be started: %08x\n", start.path, status);
        return 126;
    }
    return world_run(world->pid) & 255;
}

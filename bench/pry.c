/* pry PID: what a process of an ordinary user (1000) can learn or take from process PID of another user, one
 * line an attempt: "pry NAME refused ERRNO" or "pry NAME allowed". Attempts that Linux refuses too. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *error_name(int error)
{
    return error == EPERM    ? "EPERM"
           : error == EACCES ? "EACCES"
           : error == ENOENT ? "ENOENT"
           : error == ENOSYS ? "ENOSYS"
           : error == ESRCH  ? "ESRCH"
           : error == EIO    ? "EIO"
                             : strerror(error);
}

static void report(const char *name, long result)
{
    if (result < 0)
        printf("pry %s refused %s\n", name, error_name(errno));
    else
        printf("pry %s allowed\n", name);
}

static long open_of(const char *pid, const char *name, int flags)
{
    char path[64], byte;
    snprintf(path, sizeof path, "/proc/%s/%s", pid, name);
    int file = open(path, flags);
    return file < 0 ? -1 : flags == O_RDONLY && pread(file, &byte, 1, 0x400000) < 0 ? -1 : 0;
}

int main(int argc, char **argv)
{
    char byte = 0;
    if (argc != 2 || setgid(1000) || setuid(1000))
        return 125;
    pid_t pid = atoi(argv[1]);
    struct iovec own = {&byte, 1}, other = {(void *)0x400000, 1};
    report("read-its-memory", open_of(argv[1], "mem", O_RDONLY));
    report("write-its-memory", open_of(argv[1], "mem", O_RDWR));
    report("process_vm_readv", process_vm_readv(pid, &own, 1, &other, 1, 0));
    report("trace-it", ptrace(PTRACE_ATTACH, pid, 0, 0));
    report("read-its-environment", open_of(argv[1], "environ", O_RDONLY));
    report("stop-it", kill(pid, SIGSTOP));
    report("kill-it", kill(pid, SIGKILL));
    report("lower-its-priority", setpriority(PRIO_PROCESS, (id_t)pid, 19));
    report("become-root", setuid(0));
    report("write-passwd", open("/etc/passwd", O_WRONLY));
    report("make-a-file-in-root", open("/root/pry", O_WRONLY | O_CREAT, 0600));
    report("open-its-memory-as-kmem", open("/dev/mem", O_RDONLY));
    return 0;
}

/* What a process may not do to one of another user. Oracle: Linux, but for ptrace, which nobody may. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int end[2];
    char byte;
    pid_t victim = pipe(end) ? -1 : fork();
    if (victim == 0) {
        close(end[1]);
        return (int)read(end[0], &byte, 1); /* until its parent has ended */
    }
    printf("own child %d\n", setpriority(PRIO_PROCESS, (id_t)victim, 5));
    if (setgid(1000) || setuid(1000))
        return 1;
    long result = setpriority(PRIO_PROCESS, (id_t)victim, 19);
    printf("setpriority %ld %s\n", result, strerror(errno));
    result = kill(victim, SIGKILL);
    printf("kill %ld %s\n", result, strerror(errno));
    result = ptrace(PTRACE_ATTACH, victim, 0, 0);
    printf("ptrace %ld %s\n", result, strerror(errno));
    return 0;
}

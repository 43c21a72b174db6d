/* What execve keeps: pending signals, the thread's own and the process's, and no_new_privs.
 * t-carry PLACE...: execs itself once for each, with JANUS_PLACE, which only Janus looks at. */
#include "t.h"
#include <sys/prctl.h>
#include <sys/syscall.h>

static void queue(int value, int thread)
{
    siginfo_t info = {.si_code = SI_QUEUE, .si_pid = getpid(), .si_value.sival_int = value};
    if (thread)
        syscall(SYS_rt_tgsigqueueinfo, getpid(), getpid(), SIGRTMIN, &info);
    else
        syscall(SYS_rt_sigqueueinfo, getpid(), SIGRTMIN + 1, &info);
}

int main(int argc, char **argv)
{
    sigset_t set;
    siginfo_t info;
    struct timespec now = {0, 0};
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1), sigaddset(&set, SIGUSR2), sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGRTMIN), sigaddset(&set, SIGRTMIN + 1);
    if (getenv("CARRIED")) {
        sigset_t pending;
        sigpending(&pending);
        for (int n = 1; n <= 64; n++)
            if (n != 32 && n != 33 && sigismember(&pending, n))
                printf("pending %d\n", n - (n > 31 ? SIGRTMIN - 100 : 0));
        while (sigtimedwait(&set, &info, &now) > 0)
            printf("took %d code %d mine %d value %d\n",
                   info.si_signo - (info.si_signo > 31 ? SIGRTMIN - 100 : 0), info.si_code,
                   info.si_pid == getpid(), info.si_code == SI_QUEUE ? info.si_value.sival_int : 0);
        printf("no_new_privs %d dumpable %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0),
               prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
    }
    if (argc < 2)
        return 0;
    sigprocmask(SIG_BLOCK, &set, NULL);
    syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1);
    kill(getpid(), SIGUSR2);
    signal(SIGCHLD, SIG_IGN); /* blocked: stays pending all the same */
    syscall(SYS_tgkill, getpid(), getpid(), SIGCHLD);
    queue(1, 1), queue(2, 1), queue(3, 0), queue(4, 0);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_DUMPABLE, 0);
    setenv("CARRIED", "1", 1);
    setenv("JANUS_PLACE", argv[1], 1);
    fflush(stdout);
    execv("/proc/self/exe", argv + 1);
    printf("exec %d\n", errno);
    return 1;
}

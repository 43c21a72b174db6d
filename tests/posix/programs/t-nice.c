/* getpriority(2) and setpriority(2) on oneself, others, groups and users, across fork and exec; and
 * PR_SET_PDEATHSIG. */
#include "t.h"
#include <sys/prctl.h>
#include <sys/resource.h>

static pid_t sleeper(void)
{
    pid_t pid = fork();
    if (!pid)
        for (;;)
            pause();
    return pid;
}

static void others(void)
{
    pid_t a = sleeper(), b = sleeper();
    setpgid(a, a), setpgid(b, a);
    SAY(setpriority(PRIO_PROCESS, a, 7));
    SAY(getpriority(PRIO_PROCESS, a));
    SAY(getpriority(PRIO_PROCESS, b));
    SAY(getpriority(PRIO_PGRP, a));
    SAY(setpriority(PRIO_PGRP, a, 40));
    SAY(getpriority(PRIO_PROCESS, b));
    SAY(setpriority(PRIO_PROCESS, 4194300, 1));
    SAY(getpriority(PRIO_PGRP, 4194300));
    SAY(getpriority(3, 0));
    pid_t c = fork();
    if (!c) {
        setresuid(1000, 1000, 1000);
        SAY(setpriority(PRIO_PROCESS, a, 19));
        SAY(setpriority(PRIO_PROCESS, 0, 3));
        SAY(setpriority(PRIO_PROCESS, 0, 9));
        SAY(getpriority(PRIO_USER, 0));
        SAY(setpriority(PRIO_USER, 0, 11));
        SAY(getpriority(PRIO_PROCESS, 0));
        _exit(0);
    }
    waitpid(c, NULL, 0);
    kill(a, SIGKILL), kill(b, SIGKILL);
    while (wait(NULL) > 0)
        ;
}

/* A child of a parent that ends: what it gets is said through the pipe. number 0: nothing is asked for. */
static void death(int number, char *const argv[])
{
    int ready[2], said[2];
    char got[32] = "";
    pipe(ready), pipe(said);
    pid_t parent = fork();
    if (!parent) {
        pid_t child = fork();
        if (!child) {
            sigset_t set;
            siginfo_t info = {0};
            sigemptyset(&set), sigaddset(&set, SIGUSR1), sigprocmask(SIG_BLOCK, &set, NULL);
            prctl(PR_SET_PDEATHSIG, number);
            close(ready[0]), close(said[0]);
            if (number == SIGKILL && !fork()) { /* not inherited: it outlives its parent */
                int none = -1;
                prctl(PR_GET_PDEATHSIG, &none);
                write(ready[1], "r", 1);
                while (getppid() != 1)
                    usleep(1000);
                dprintf(said[1], "grandchild has %d", none);
                _exit(0);
            }
            if (argv) {
                dup2(ready[1], 60), dup2(said[1], 61);
                close(ready[1]), close(said[1]);
                execv("/proc/self/exe", argv);
            }
            if (number != SIGKILL)
                write(ready[1], "r", 1);
            if (number == SIGKILL)
                for (;;)
                    pause();
            sigwaitinfo(&set, &info);
            dprintf(said[1], "signal %d code %d", info.si_signo, info.si_code);
            _exit(0);
        }
        close(ready[1]);
        read(ready[0], got, 1);
        _exit(0);
    }
    close(ready[1]), close(said[1]);
    waitpid(parent, NULL, 0);
    for (ssize_t n, at = 0; (n = read(said[0], got + at, sizeof got - 1 - at)) > 0; at += n)
        ;
    printf("parent's death: %s\n", got);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    sigset_t set;
    siginfo_t info = {0};
    int number = -1;
    if (argc > 1 && !strcmp(argv[1], "nice")) {
        printf("nice after exec %d\n", getpriority(PRIO_PROCESS, 0));
        return 0;
    }
    if (argc > 1) { /* after exec: the signal still comes */
        sigemptyset(&set), sigaddset(&set, SIGUSR1);
        prctl(PR_GET_PDEATHSIG, &number);
        write(60, "r", 1);
        sigwaitinfo(&set, &info);
        dprintf(61, "%d kept, signal %d", number, info.si_signo);
        return 0;
    }
    SAY(getpriority(PRIO_PROCESS, 0));
    others();
    SAY(setpriority(PRIO_PROCESS, 0, 5));
    if (!fork())
        execl("/proc/self/exe", "t-nice", "nice", NULL);
    wait(NULL);
    if (!fork()) {
        setenv("JANUS_PLACE", "library", 1);
        execl("/proc/self/exe", "t-nice", "nice", NULL);
    }
    wait(NULL);
    SAY(prctl(PR_SET_PDEATHSIG, 65));
    death(SIGUSR1, NULL);
    death(SIGUSR1, (char *[]){"t-nice", "death", NULL});
    death(SIGKILL, NULL);
    return 0;
}

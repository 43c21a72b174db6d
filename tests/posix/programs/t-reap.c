/* Children of a process that ignores SIGCHLD, or has SA_NOCLDWAIT, are nobody's to wait for. */
#include "t.h"

static pid_t child(int code, unsigned pause_us)
{
    pid_t pid = fork();
    if (!pid) {
        usleep(pause_us);
        _exit(code);
    }
    return pid;
}

static void waits(void)
{
    siginfo_t info = {0};
    int status = -1;
    child(1, 0), child(2, 20000);
    pid_t last = child(3, 40000);
    SAY(waitpid(last, &status, 0));
    child(4, 20000);
    SAY(wait(&status));
    child(5, 20000);
    SAY(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT));
    SAY(waitpid(-1, &status, WNOHANG));
    printf("status %d\n", status);
    fflush(stdout);
}

static void heard(int number)
{
    write(1, "heard\n", 6);
}

int main(void)
{
    int status;
    signal(SIGCHLD, SIG_IGN);
    waits();
    SAY(system("exit 3"));
    struct sigaction action = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT};
    sigaction(SIGCHLD, &action, NULL);
    waits();
    action.sa_handler = heard, action.sa_flags = SA_NOCLDWAIT | SA_RESTART;
    sigaction(SIGCHLD, &action, NULL);
    child(6, 0);
    SAY(wait(&status));
    signal(SIGCHLD, SIG_DFL);
    pid_t pid = child(7, 0);
    printf("%d\n", waitpid(pid, &status, 0) == pid);
    say_status("child", status);
    return 0;
}

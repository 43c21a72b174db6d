/* fork, wait, vfork, exec, exit statuses, orphans, process groups. */
#include "t.h"
#include <spawn.h>
#include <sys/resource.h>

extern char **environ;

int main(int argc, char **argv)
{
    static int shared_by_vfork;
    int status, fds[2];
    pid_t child;

    if (argc > 1) {
        printf("again as %s with %s\n", argv[0], argv[1]);
        return 7;
    }
    setvbuf(stdout, NULL, _IONBF, 0);
    int value = 1;
    if ((child = fork()) == 0) {
        value = 2;
        _exit(value + 40);
    }
    printf("%d ", waitpid(child, &status, 0) == child);
    say_status("fork", status);
    printf("value %d\n", value);
    SAY(waitpid(child, &status, 0));
    SAY(wait(NULL));
    if ((child = vfork()) == 0) {
        shared_by_vfork = 5;
        _exit(1);
    }
    waitpid(child, &status, 0);
    printf("vfork %d\n", shared_by_vfork);
    if ((child = vfork()) == 0) {
        execl("/no/such/program", "x", NULL);
        shared_by_vfork = errno;
        _exit(127);
    }
    waitpid(child, &status, 0);
    printf("vfork exec %d\n", shared_by_vfork);
    if ((child = fork()) == 0) {
        execl("/proc/self/exe", "other-name", "argument", NULL);
        _exit(99);
    }
    waitpid(child, &status, 0);
    say_status("exec", status);
    char *words[] = {"sh", "-c", "exit 6", NULL};
    printf("spawn %d\n", posix_spawnp(&child, "sh", NULL, NULL, words, environ));
    waitpid(child, &status, 0);
    say_status("spawn", status);
    printf("spawn missing %d\n", posix_spawn(&child, "/no/such", NULL, NULL, words, environ));
    if ((child = fork()) == 0) {
        raise(SIGSEGV);
        _exit(0);
    }
    waitpid(child, &status, 0);
    say_status("segv", status);
    /* The child ends only when it was seen to go on: until then waitpid() could find the end. */
    int go_on[2];
    pipe(go_on);
    if ((child = fork()) == 0) {
        close(go_on[1]);
        raise(SIGSTOP);
        read(go_on[0], &value, 1);
        _exit(3);
    }
    close(go_on[0]);
    waitpid(child, &status, WUNTRACED);
    say_status("stop", status);
    SAY(waitpid(child, &status, WNOHANG));
    kill(child, SIGCONT);
    waitpid(child, &status, WCONTINUED);
    say_status("cont", status);
    close(go_on[1]);
    waitpid(child, &status, 0);
    say_status("end", status);
    siginfo_t info;
    if ((child = fork()) == 0)
        _exit(9);
    printf("waitid %d", waitid(P_PID, child, &info, WEXITED | WNOWAIT));
    printf(" code %d status %d pid %d\n", info.si_code, info.si_status, info.si_pid == child);
    struct rusage usage;
    printf("wait4 %d\n", wait4(child, &status, 0, &usage) == child);

    /* A grandchild whose parent ends gets a new parent. */
    pipe(fds);
    if (fork() == 0) {
        pid_t old = getpid();
        if (fork() == 0) {
            while (getppid() == old)
                usleep(1000);
            dprintf(fds[1], "%s", getppid() != old ? "adopted" : "not adopted");
            _exit(0);
        }
        usleep(10000);
        _exit(0);
    }
    close(fds[1]);
    char text[32] = "";
    int n = 0, more;
    while ((more = read(fds[0], text + n, sizeof text - 1 - n)) > 0)
        n += more;
    wait(NULL);
    printf("%s\n", text);
    if ((child = fork()) == 0) {
        SAY(setpgid(0, 0));
        printf("%d\n", getpgrp() == getpid());
        SAY(setsid());
        _exit(0);
    }
    wait(&status);
    if ((child = fork()) == 0) {
        printf("%d\n", setsid() == getpid() && getsid(0) == getpid() && getpgrp() == getpid());
        _exit(0);
    }
    wait(&status);
    SAY(kill(999999, 0));
    SAY(kill(getpid(), 0));
    SAY(kill(getpid(), 999));
    for (int i = 0; i < 50; i++) {
        if ((child = fork()) == 0)
            _exit(i);
        waitpid(child, &status, 0);
        if (WEXITSTATUS(status) != i)
            printf("child %d: %x\n", i, status);
    }
    printf("done\n");
    return 0;
}

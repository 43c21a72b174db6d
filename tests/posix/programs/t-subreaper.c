/* Who gets the children of a process that has ended: the nearest ancestor that asked for them
 * (PR_SET_CHILD_SUBREAPER), living or dead. Oracle: Linux. */
#include "t.h"

#include <sys/prctl.h>

static pid_t main_pid;

/* A grandchild whose parent has ended; it ends when `go` is closed, or at once. */
static pid_t orphan(int go[2], int at_once)
{
    int ends[2];
    pid_t grandchild = 0, child;
    pipe(ends);
    if ((child = fork()) == 0) {
        if ((grandchild = fork()) == 0) {
            char byte;
            close(go[1]);
            if (!at_once && read(go[0], &byte, 1) == 0)
                printf("its parent is the first: %d\n", getppid() == main_pid);
            fflush(stdout);
            _exit(7);
        }
        if (at_once) { /* a zombie that nobody has waited for */
            siginfo_t info;
            waitid(P_PID, (id_t)grandchild, &info, WEXITED | WNOWAIT);
        }
        write(ends[1], &grandchild, sizeof grandchild);
        _exit(0);
    }
    read(ends[0], &grandchild, sizeof grandchild);
    waitpid(child, NULL, 0);
    close(ends[0]), close(ends[1]);
    return grandchild;
}

int main(void)
{
    int go[2], on = -1, status;
    main_pid = getpid();
    SAY(prctl(PR_SET_CHILD_SUBREAPER, 1));
    prctl(PR_GET_CHILD_SUBREAPER, &on);
    printf("on %d\n", on);
    fflush(stdout);
    pipe(go);
    pid_t grandchild = orphan(go, 0);
    close(go[1]);
    printf("waited: %d", waitpid(grandchild, &status, 0) == grandchild);
    printf(" status %#x\n", status);
    fflush(stdout);
    pipe(go);
    grandchild = orphan(go, 1);
    printf("a dead one: %d", waitpid(-1, &status, 0) == grandchild);
    printf(" status %#x\n", status);
    fflush(stdout);
    if (fork() == 0) { /* not inherited */
        prctl(PR_GET_CHILD_SUBREAPER, &on);
        printf("child: on %d\n", on);
        fflush(stdout);
        _exit(0);
    }
    while (wait(&status) > 0)
        ;
    SAY(prctl(PR_SET_CHILD_SUBREAPER, 0));
    pipe(go);
    grandchild = orphan(go, 1);
    SAY(waitpid(grandchild, &status, 0));
    return 0;
}

/* What one process does to the threads of another: tgkill, tkill, rt_tgsigqueueinfo.
 * t-peer PLACE: the other one runs with JANUS_PLACE=PLACE, which only Janus looks at. */
#include "t.h"
#include <pthread.h>
#include <sys/syscall.h>

/* What the other process tells: one of these for each signal, and to begin with. */
struct note {
    int number, code, from, value;
    long tid;
};

static int notes[2], go[2];

static void heard(int number, siginfo_t *info, void *context)
{
    (void)context;
    struct note note = {number, info->si_code, info->si_pid, info->si_value.sival_int,
                        syscall(SYS_gettid)};
    write(1, &note, sizeof note);
}

static void *waits(void *argument)
{
    struct note note = {.tid = syscall(SYS_gettid)};
    sigset_t set, pending;
    char order;
    (void)argument;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    write(1, &note, sizeof note);
    for (;;) {
        if (read(0, &order, 1) != 1)
            continue;
        sigpending(&pending);
        note.value = sigismember(&pending, SIGUSR2);
        write(1, &note, sizeof note);
        if (order == 'x')
            pthread_exit(NULL);
        pthread_sigmask(SIG_UNBLOCK, &set, NULL);
        pthread_sigmask(SIG_BLOCK, &set, NULL);
    }
    return NULL;
}

static int other(void)
{
    struct sigaction action = {.sa_sigaction = heard, .sa_flags = SA_SIGINFO | SA_RESTART};
    struct note note = {.tid = getpid()};
    pthread_t thread;
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    sigaction(SIGRTMIN, &action, NULL);
    write(1, &note, sizeof note);
    pthread_create(&thread, NULL, waits, NULL);
    pthread_join(thread, NULL);
    note.number = 99;
    write(1, &note, sizeof note);
    for (;;)
        pause();
}

static struct note next(void)
{
    struct note note = {0};
    if (read(notes[0], &note, sizeof note) != sizeof note)
        printf("nothing came\n");
    return note;
}

static void expect(const char *what, int number, int code, int value, long tid)
{
    struct note note = next();
    printf("%s: %d %d from %d value %d thread %d\n", what, note.number == number,
           note.code == code, note.from == getpid(), note.value == value, note.tid == tid);
}

static const char *result(long value)
{
    return value ? strerror(errno) : "sent";
}

int main(int argc, char **argv)
{
    int status;
    if (argc > 1 && !strcmp(argv[1], "other"))
        return other();
    pipe(notes), pipe(go);
    pid_t pid = fork();
    if (!pid) {
        dup2(go[0], 0), dup2(notes[1], 1);
        close(go[0]), close(go[1]), close(notes[0]), close(notes[1]);
        if (argc > 1)
            setenv("JANUS_PLACE", argv[1], 1);
        execl("/proc/self/exe", "t-peer", "other", NULL);
        _exit(9);
    }
    close(notes[1]);
    long leader = next().tid, thread = next().tid;
    printf("%d %d\n", leader == pid, thread != pid);
    printf("%s\n", result(syscall(SYS_tgkill, pid, thread, 0)));
    syscall(SYS_tgkill, pid, thread, SIGUSR1);
    expect("tgkill", SIGUSR1, SI_TKILL, 0, thread);
    syscall(SYS_tkill, thread, SIGUSR1);
    expect("tkill", SIGUSR1, SI_TKILL, 0, thread);
    syscall(SYS_tgkill, pid, pid, SIGUSR1);
    expect("leader", SIGUSR1, SI_TKILL, 0, pid);
    for (int i = 1; i < 4; i++) {
        siginfo_t info = {.si_code = SI_QUEUE, .si_pid = getpid(), .si_value.sival_int = i};
        syscall(SYS_rt_tgsigqueueinfo, pid, thread, SIGRTMIN, &info);
    }
    /* Several at once run innermost last: the order of the handlers' writes is not what counts. */
    int sum = 0;
    for (int i = 1; i < 4; i++)
        sum += next().value;
    printf("queued %d\n", sum);
    siginfo_t kernel = {.si_code = SI_KERNEL};
    printf("forged %s\n", result(syscall(SYS_rt_tgsigqueueinfo, pid, thread, SIGUSR1, &kernel)));
    /* Blocked there: stays with that thread, though another would take it. */
    syscall(SYS_tgkill, pid, thread, SIGUSR2);
    syscall(SYS_tgkill, pid, thread, SIGUSR2);
    write(go[1], "p", 1);
    printf("pending %d\n", next().value);
    expect("unblocked", SIGUSR2, SI_TKILL, 0, thread);
    syscall(SYS_tgkill, pid, thread, SIGSTOP);
    printf("%d", waitpid(pid, &status, WUNTRACED) == pid);
    printf(" stopped %d\n", WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    syscall(SYS_tgkill, pid, thread, SIGUSR1);
    syscall(SYS_tgkill, pid, thread, SIGCONT);
    printf("%d", waitpid(pid, &status, WCONTINUED) == pid);
    printf(" continued %d\n", WIFCONTINUED(status));
    expect("after it", SIGUSR1, SI_TKILL, 0, thread);
    printf("wrong group: %s\n", result(syscall(SYS_tgkill, getpid(), thread, SIGUSR1)));
    printf("no thread: %s\n", result(syscall(SYS_tgkill, pid, getpid(), SIGUSR1)));
    printf("nobody: %s\n", result(syscall(SYS_tkill, 4194303, SIGUSR1)));
    printf("number: %s\n", result(syscall(SYS_tgkill, pid, thread, 65)));
    fflush(stdout);
    if (!fork()) {
        setuid(1000);
        printf("stranger: %s\n", result(syscall(SYS_tgkill, pid, thread, SIGUSR1)));
        printf("stranger: %s\n", result(syscall(SYS_tkill, pid, 0)));
        printf("stranger continues: %s\n", result(syscall(SYS_tgkill, pid, thread, SIGCONT)));
        fflush(stdout);
        _exit(0);
    }
    wait(NULL);
    write(go[1], "x", 1);
    next();
    printf("joined %d\n", next().number);
    printf("ended: %s\n", result(syscall(SYS_tgkill, pid, thread, SIGUSR1)));
    syscall(SYS_tgkill, pid, pid, SIGKILL);
    printf("%d", waitpid(pid, &status, 0) == pid);
    printf(" killed %d\n", WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    printf("reaped: %s\n", result(syscall(SYS_tgkill, pid, pid, SIGUSR1)));
    return 0;
}

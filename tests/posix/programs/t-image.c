/* What execve leaves of the old image: nothing but what the standard names.
 * t-image: execs itself in stages. t-image chain N: N times, and then waits for its input's end. */
#include "t.h"
#include <fenv.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/sysinfo.h>

#define PLACE ((char *)0x10000000)
#define PIECE 65536

static int initial = 7, zero;
static char large[3 * 4096] = {1};

static void handler(int number)
{
    (void)number;
}

static int is_mapped(const void *address)
{
    int ends[2];
    if (pipe(ends))
        return -1;
    int there = write(ends[1], address, 1) == 1;
    close(ends[0]), close(ends[1]);
    return there;
}

static int is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static void look(void)
{
    struct sigaction action;
    stack_t alternate;
    sigset_t mask;
    struct epoll_event event = {0};
    sigaction(SIGUSR1, NULL, &action);
    sigaltstack(NULL, &alternate);
    sigprocmask(SIG_BLOCK, NULL, &mask);
    printf("data %d %d %d %d\n", initial, zero, large[0], large[8192]);
    printf("page there %d\n", is_mapped(PLACE));
    printf("rounding %s\n", fegetround() == FE_TONEAREST ? "nearest" : "other");
    printf("action %s, alternate stack %s, mask %d\n",
           action.sa_handler == SIG_DFL ? "default" : "other",
           alternate.ss_flags & SS_DISABLE ? "none" : "some", sigismember(&mask, SIGUSR2));
    printf("open %d %d %d\n", is_open(20), is_open(21), is_open(22));
    if (is_open(22)) {
        int events = epoll_wait(22, &event, 1, 0);
        printf("epoll %d %u\n", events, (unsigned)event.data.u32);
    }
}

/* Everything that the next image is not to find. */
static void leave(int with_set)
{
    static char stack[65536];
    int ends[2];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = 99};
    sigset_t mask;
    initial = zero = 5;
    memset(large, 3, sizeof large);
    if (mmap(PLACE, PIECE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
        PLACE)
        printf("mmap %d\n", errno);
    memset(PLACE, 9, PIECE);
    fesetround(FE_UPWARD);
    signal(SIGUSR1, handler);
    sigaltstack(&alternate, NULL);
    sigemptyset(&mask), sigaddset(&mask, SIGUSR2);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    if (pipe(ends) || write(ends[1], "x", 1) != 1)
        printf("pipe %d\n", errno);
    dup3(ends[0], 20, O_CLOEXEC);
    dup2(ends[0], 21);
    close(22);
    int set = with_set ? epoll_create1(0) : -1;
    epoll_ctl(set, EPOLL_CTL_ADD, 21, &event);
    dup2(set, 22);
    close(set);
    for (int i = 0; i < 1000; i++) /* call sites that are used a lot */
        getppid();
}

static void fail_first(void)
{
    char *arguments[] = {"x", NULL};
    memset(PLACE, 8, PIECE);
    errno = 0;
    execv("/etc/passwd", arguments);
    printf("not a program: %d\n", errno);
    execv("/nowhere", arguments);
    printf("no program: %d, %d %d %d\n", errno, PLACE[0], PLACE[PIECE - 1], large[5000]);
}

static void *exec_thread(void *argument)
{
    execv("/proc/self/exe", argument);
    printf("exec %d\n", errno);
    exit(1);
}

static void start(const char *stage, int by_thread)
{
    char *arguments[] = {"t-image", (char *)stage, NULL};
    pthread_t thread;
    fflush(stdout);
    if (by_thread && !pthread_create(&thread, NULL, exec_thread, arguments))
        pthread_join(thread, NULL);
    exec_thread(arguments);
}

static int chain(long left)
{
    char number[24], byte;
    char *arguments[] = {"t-image", "chain", number, NULL};
    char *memory = malloc(200000);
    memset(memory, 1, 200000);
    snprintf(number, sizeof number, "%ld", left - 1);
    if (left)
        execv("/proc/self/exe", arguments);
    return read(0, &byte, 1) == 0 ? 0 : 1;
}

/* Free memory while a process waits that has been `count` images. */
static long left_after(const char *count)
{
    char *arguments[] = {"t-image", "chain", (char *)count, NULL};
    int ends[2];
    struct sysinfo info;
    if (pipe2(ends, O_CLOEXEC))
        return 0;
    pid_t child = fork();
    if (!child) {
        dup2(ends[0], 0);
        execv("/proc/self/exe", arguments);
        _exit(1);
    }
    close(ends[0]);
    char path[64], name[32] = "";
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)child);
    for (;;) { /* until it is the last of them */
        int fd = open(path, O_RDONLY);
        ssize_t length = read(fd, name, sizeof name);
        close(fd);
        if (length > 0 && !memcmp(name, "t-image\0chain\0" "0", 16))
            break;
        usleep(1000);
    }
    usleep(20000); /* it may not wait yet: that is a page or two */
    sysinfo(&info);
    close(ends[1]);
    waitpid(child, NULL, 0);
    return (long)(info.freeram * info.mem_unit / 1024);
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "chain"))
        return chain(atol(argv[2]));
    int stage = argc > 1 ? atoi(argv[1]) : 0;
    if (stage) {
        printf("stage %d\n", stage);
        look();
    }
    if (stage < 2) {
        leave(!stage); /* a thread's exec loses it in the library placement */
        fail_first();
        start(stage ? "2" : "1", stage);
    }
    for (int i = 20; i < 23; i++)
        close(i);
    long few = left_after("2"), many = left_after("150");
    if (few - many > 1024)
        printf("148 images cost %ld KiB\n", few - many);
    puts("end");
    return 0;
}

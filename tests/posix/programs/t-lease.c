/* Descriptors that were used often (an adapter may lease them, and redirect the calls): every way in which
 * somebody else comes into the picture afterwards. Oracle: Linux. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t.h"

#define OFTEN 1000

static char page[4096];

/* The result and, of a failure, errno. */
static void say(const char *what, long result)
{
    printf("%s %ld %d\n", what, result, result < 0 ? errno : 0);
}

/* Reads single bytes: their sum. */
static long use(int fd, int times)
{
    long sum = 0;
    for (int i = 0; i < times; i++) {
        unsigned char c;
        if (read(fd, &c, 1) == 1)
            sum += c;
    }
    return sum;
}

static int make(const char *name, size_t size)
{
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
    for (size_t i = 0; i < size; i++)
        page[i % sizeof page] = (char)(i * 7);
    for (size_t done = 0; done < size; done += sizeof page)
        write(fd, page, size - done < sizeof page ? size - done : sizeof page);
    lseek(fd, 0, SEEK_SET);
    return fd;
}

static void files(void)
{
    int fd = make("lease.tmp", 10000);
    say("sum", use(fd, OFTEN));
    say("at", lseek(fd, 0, SEEK_CUR));
    say("set", lseek(fd, 10, SEEK_SET));
    say("back", lseek(fd, -3, SEEK_CUR));
    say("end", lseek(fd, -1, SEEK_END));
    say("before", lseek(fd, -20000, SEEK_CUR));
    /* A second number shares the position. */
    lseek(fd, 100, SEEK_SET);
    int copy = dup(fd);
    use(copy, 5);
    printf("dup %ld\n", (long)lseek(fd, 0, SEEK_CUR));
    close(copy);
    use(fd, 20);
    /* So does a child, in both directions. */
    if (!fork()) {
        use(fd, 50);
        _exit(0);
    }
    wait(NULL);
    printf("fork %ld\n", (long)lseek(fd, 0, SEEK_CUR));
    use(fd, 20);
    /* Another open writes: seen at once. */
    int other = open("lease.tmp", O_RDWR);
    pwrite(other, "ABC", 3, 500);
    char text[8] = {0};
    pread(fd, text, 3, 500);
    printf("written %s\n", text);
    ftruncate(other, 600);
    lseek(fd, 598, SEEK_SET);
    say("cut", read(fd, text, 8));
    say("nothing", read(fd, text, 8));
    ftruncate(other, 5000);
    say("longer", read(fd, text, 8));
    /* A bad address takes nothing. */
    lseek(fd, 40, SEEK_SET);
    use(fd, 10);
    say("fault", read(fd, (void *)1, 4));
    say("at", lseek(fd, 0, SEEK_CUR));
    char *two = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(two + 4096, 4096);
    say("half", read(fd, two + 4094, 4));
    say("at", lseek(fd, 0, SEEK_CUR));
    say("non-canonical", read(fd, (void *)0x8000000000000000, 4));
    close(fd);
    say("closed", read(fd, text, 1));
    /* The number means something else now. */
    fd = open("/dev/zero", O_RDWR);
    use(fd, 20);
    say("zeroes", read(fd, page, 4096));
    say("swallowed", write(fd, page, 10));
    dup2(other, fd);
    lseek(fd, 500, SEEK_SET);
    say("replaced", read(fd, text, 3));
    printf("%.3s\n", text);
    close(fd);
    close(other);
    unlink("lease.tmp");
}

static volatile int signals;
static void on_signal(int number)
{
    (void)number;
    signals++;
}

static void *late_byte(void *fd)
{
    usleep(20000);
    write((int)(intptr_t)fd, "l", 1);
    return NULL;
}

static void *reader(void *fd)
{
    long got = 0, n;
    char buffer[100];
    while ((n = read((int)(intptr_t)fd, buffer, sizeof buffer)) > 0)
        got += n;
    return (void *)got;
}

static void pipes(void)
{
    int ends[2];
    char c, buffer[8192];
    long sum = 0;
    pipe(ends);
    for (int i = 0; i < OFTEN; i++) {
        write(ends[1], &(char){(char)i}, 1);
        read(ends[0], &c, 1);
        sum += c;
    }
    printf("pipe %ld\n", sum);
    for (int i = 0; i < 200; i++) { /* around the ring, in pieces that do not divide it */
        memset(buffer, i, sizeof buffer);
        write(ends[1], buffer, 7001);
        memset(buffer, 0, sizeof buffer);
        ssize_t n = read(ends[0], buffer, sizeof buffer);
        if (n != 7001 || buffer[0] != (char)i || buffer[7000] != (char)i || buffer[7001])
            printf("wrong %d: %zd\n", i, n);
    }
    /* Somebody waits. */
    pthread_t thread;
    pthread_create(&thread, NULL, late_byte, (void *)(intptr_t)ends[1]);
    ssize_t late = read(ends[0], &c, 1);
    printf("late %zd %c\n", late, c);
    pthread_join(thread, NULL);
    /* Interrupted, and begun again. */
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGALRM, &action, NULL);
    ualarm(20000, 20000); /* again and again: the first may come before the read has begun */
    late = read(ends[0], &c, 1);
    int error = errno;
    ualarm(0, 0);
    printf("interrupted %zd %d %d\n", late, error, signals > 0);
    signals = 1;
    action.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &action, NULL);
    ualarm(10000, 0);
    pthread_create(&thread, NULL, late_byte, (void *)(intptr_t)ends[1]);
    late = read(ends[0], &c, 1);
    printf("restarted %zd %d\n", late, signals);
    pthread_join(thread, NULL);
    /* poll agrees. */
    struct pollfd p[2] = {{ends[0], POLLIN}, {ends[1], POLLOUT}};
    poll(p, 2, 0);
    printf("poll %d %d", p[0].revents, p[1].revents);
    write(ends[1], "x", 1);
    poll(p, 2, 0);
    printf(" %d\n", p[0].revents);
    read(ends[0], &c, 1);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    say("empty", read(ends[0], &c, 1));
    fcntl(ends[0], F_SETFL, 0);
    for (int i = 0; i < 10; i++)
        write(ends[1], "y", 1), read(ends[0], &c, 1);
    /* A child takes an end over, and goes. */
    if (!fork()) {
        close(ends[0]);
        for (int i = 0; i < 300; i++)
            write(ends[1], "child", 5);
        _exit(0);
    }
    long got = 0;
    while (got < 1500)
        got += read(ends[0], buffer, 100);
    wait(NULL);
    close(ends[1]);
    say("child", got);
    say("then", read(ends[0], buffer, 100));
    close(ends[0]);
    /* Many threads at one end. */
    pthread_t threads[4];
    void *part;
    pipe(ends);
    for (int i = 0; i < 20; i++)
        write(ends[1], "z", 1), read(ends[0], &c, 1);
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, reader, (void *)(intptr_t)ends[0]);
    for (int i = 0; i < 2000; i++)
        write(ends[1], buffer, 1 + i % 50);
    close(ends[1]);
    got = 0;
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], &part);
        got += (long)part;
    }
    printf("threads %ld\n", got);
    close(ends[0]);
    /* The reader goes. */
    pipe(ends);
    for (int i = 0; i < 20; i++)
        write(ends[1], "z", 1), read(ends[0], &c, 1);
    signal(SIGPIPE, on_signal);
    signals = 0;
    close(ends[0]);
    say("broken", write(ends[1], "a", 1));
    say("signals", signals);
    close(ends[1]);
    /* A writer that is killed in the middle of everything. */
    for (int round = 0; round < 20; round++) {
        pipe(ends);
        pid_t child = fork();
        if (!child) {
            close(ends[0]);
            for (;;)
                write(ends[1], buffer, 77);
        }
        close(ends[1]);
        long rest = 0, n;
        for (int i = 0; i < 20 + round; i++)
            rest += read(ends[0], page, 64);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        while ((n = read(ends[0], page, sizeof page)) > 0)
            rest += n;
        if (n || rest % 77)
            printf("torn: %ld %ld\n", rest, n);
        close(ends[0]);
    }
    printf("killed\n");
}

/* Programs that look at their own code see it as it was built. */
__attribute__((noinline)) static long site(void)
{
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(SYS_getpid) : "rcx", "r11", "memory");
    return result;
}

static void code(void)
{
    pid_t pid = getpid();
    long wrong = 0;
    for (int i = 0; i < 3000; i++)
        wrong += site() != pid;
    for (int i = 0; i < 3000; i++)
        wrong += syscall(SYS_getpid) != pid || syscall(SYS_gettid) != pid || getppid() < 1;
    printf("wrong pids %ld\n", wrong);
    if (!fork()) {
        wrong = 0;
        pid = getpid();
        for (int i = 0; i < 1000; i++)
            wrong += site() != pid || syscall(SYS_getpid) != pid;
        _exit(pid == getppid() || wrong ? 1 : 0);
    }
    int status;
    wait(&status);
    printf("child %d\n", status);
    /* Code made at run time. */
    static const unsigned char made[] = {0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xc3};
    unsigned char *text = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(text, made, sizeof made);
    wrong = 0;
    for (int i = 0; i < 1000; i++)
        wrong += ((long (*)(void))text)() != pid;
    printf("made %ld %d\n", wrong, memcmp(text, made, sizeof made));
}

/* A file that becomes much larger, and smaller, while it is read. */
static void grown(void)
{
    int fd = make("grown.tmp", 100), other = open("grown.tmp", O_WRONLY);
    static char big[100000];
    long sum = use(fd, 50);
    for (int i = 0; i < 8; i++) {
        memset(big, 'a' + i, sizeof big);
        pwrite(other, big, sizeof big, 100 + i * (long)sizeof big);
        for (int j = 0; j < 10; j++) {
            char c = 0;
            pread(fd, &c, 1, 99 + (i + 1) * (long)sizeof big);
            sum += c;
        }
    }
    long done = 0, got;
    while ((got = read(fd, big, 65536)) > 0)
        for (long i = 0; i < got; i++)
            done++, sum += big[i];
    printf("grown %ld %ld\n", done, sum);
    ftruncate(other, 60);
    lseek(fd, 50, SEEK_SET);
    say("shrunk", read(fd, big, 65536));
    close(other), close(fd);
    unlink("grown.tmp");
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    files();
    grown();
    pipes();
    code();
    return 0;
}

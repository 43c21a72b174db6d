/* Waiting for very many descriptors at once: poll and epoll on 1,000 pipes and eventfds. */
#include "t.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

enum { MANY = 1000 };

static struct pollfd all[MANY];
static int in[MANY], out[MANY];

/* A child that writes after a while; what waits here must be armed by then. */
static pid_t writes(int which)
{
    pid_t pid = fork();
    if (!pid) {
        uint64_t one = 1;
        usleep(200000);
        write(out[which], &one, sizeof one);
        _exit(0);
    }
    return pid;
}

static void take(int which)
{
    uint64_t data;
    printf("read %zd\n", read(in[which], &data, sizeof data));
}

static void with_poll(const char *what, int which)
{
    pid_t pid;
    for (int i = 0; i < MANY; i++)
        all[i] = (struct pollfd){in[i], POLLIN, 0};
    printf("%s: idle %d\n", what, poll(all, MANY, 20));
    pid = writes(which);
    int ready = poll(all, MANY, 20000), others = 0;
    for (int i = 0; i < MANY; i++)
        others += i != which && all[i].revents;
    printf("%s: poll %d, events %d, others %d\n", what, ready, all[which].revents, others);
    take(which);
    waitpid(pid, NULL, 0);
}

static void with_epoll(const char *what, int which)
{
    struct epoll_event event;
    int epoll = epoll_create1(0);
    for (int i = 0; i < MANY; i++) {
        event = (struct epoll_event){.events = EPOLLIN, .data.u32 = i};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, in[i], &event))
            printf("add %d\n", errno);
    }
    pid_t pid = writes(which);
    int ready = epoll_wait(epoll, &event, 1, 20000);
    printf("%s: epoll %d, events %u, right %d\n", what, ready, event.events, event.data.u32 == which);
    take(which);
    waitpid(pid, NULL, 0);
    close(epoll);
}

int main(void)
{
    struct rlimit limit = {2100, 2100};
    setrlimit(RLIMIT_NOFILE, &limit);
    for (int i = 0; i < MANY; i++) {
        int ends[2];
        if (pipe(ends))
            printf("pipe %d: %d\n", i, errno);
        in[i] = ends[0], out[i] = ends[1];
    }
    with_poll("pipes", 777);
    with_epoll("pipes", 333);
    with_poll("pipes", 999);
    for (int i = 0; i < MANY; i++) {
        close(in[i]), close(out[i]);
        in[i] = out[i] = eventfd(0, 0);
    }
    with_poll("eventfds", 555);
    with_epoll("eventfds", 0);
    return 0;
}

/* Waiting: pipes with poll, select and epoll, non-blocking descriptors, timeouts, eventfd, timerfd. */
#include "t.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/timerfd.h>

static long elapsed(struct timespec *from)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - from->tv_sec) * 1000 + (now.tv_nsec - from->tv_nsec) / 1000000;
}

int main(void)
{
    struct timespec start;
    int fds[2];
    char byte, block[65536];

    pipe2(fds, O_NONBLOCK);
    struct pollfd polls[2] = {{fds[0], POLLIN, 0}, {fds[1], POLLOUT, 0}};
    SAY(poll(polls, 2, 0));
    printf("%x %x\n", polls[0].revents, polls[1].revents);
    SAY(read(fds[0], &byte, 1));
    long total = 0, n;
    while ((n = write(fds[1], block, sizeof block)) > 0)
        total += n;
    printf("pipe holds %ld, then %d\n", total, errno);
    SAY(poll(polls, 2, 0));
    printf("%x %x\n", polls[0].revents, polls[1].revents);
    while (read(fds[0], block, sizeof block) > 0)
        ;
    clock_gettime(CLOCK_MONOTONIC, &start);
    SAY(poll(polls, 1, 50));
    printf("waited %d\n", elapsed(&start) >= 49 && elapsed(&start) < 2000);
    if (fork() == 0) {
        usleep(30000);
        write(fds[1], "x", 1);
        _exit(0);
    }
    SAY(poll(polls, 1, -1));
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fds[0], &set);
    SAY(select(fds[0] + 1, &set, NULL, NULL, NULL));
    read(fds[0], &byte, 1);
    wait(NULL);
    struct timeval timeout = {0, 30000};
    SAY(select(fds[0] + 1, &set, NULL, NULL, &timeout));

    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = 77}, got;
    SAY(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[0], &event));
    SAY(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[0], &event));
    SAY(epoll_wait(epoll, &got, 1, 20));
    write(fds[1], "y", 1);
    SAY(epoll_wait(epoll, &got, 1, -1));
    printf("%x %u\n", got.events, got.data.u32);
    read(fds[0], &byte, 1);
    event.events = EPOLLIN | EPOLLET;
    SAY(epoll_ctl(epoll, EPOLL_CTL_MOD, fds[0], &event));
    write(fds[1], "z", 1);
    SAY(epoll_wait(epoll, &got, 1, 0));
    SAY(epoll_wait(epoll, &got, 1, 0));
    SAY(epoll_ctl(epoll, EPOLL_CTL_DEL, fds[0], NULL));
    close(fds[1]);
    read(fds[0], &byte, 1);
    SAY(poll(polls, 1, -1));
    printf("%x\n", polls[0].revents);
    SAY(read(fds[0], &byte, 1));
    polls[1] = (struct pollfd){99, POLLIN, 0};
    SAY(poll(polls + 1, 1, -1));
    printf("%x\n", polls[1].revents);

    int event_fd = eventfd(3, EFD_NONBLOCK);
    uint64_t value;
    SAY(read(event_fd, &value, 8));
    printf("%lu\n", (unsigned long)value);
    SAY(read(event_fd, &value, 8));
    int timer = timerfd_create(CLOCK_MONOTONIC, 0);
    struct itimerspec at = {.it_value.tv_nsec = 20000000};
    timerfd_settime(timer, 0, &at, NULL);
    SAY(read(timer, &value, 8));
    printf("%lu\n", (unsigned long)value);
    clock_gettime(CLOCK_MONOTONIC, &start);
    usleep(50000);
    printf("slept %d\n", elapsed(&start) >= 50 && elapsed(&start) < 2000);
    return 0;
}

/* Victims that fork, exec, wait, sleep and signal; and what they share of memory. */
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/time.h>

#include "kills.h"

/* ---- fork, vfork, threads ---- */

static void *idle(void *unused)
{
    (void)unused;
    getpid();
    return NULL;
}

static void live_forks(void)
{
    char *nothing[] = {(char *)kills_program, "nothing", NULL};
    for (unsigned i = 0;; i++) {
        pid_t child = i % 3 == 1 ? vfork() : fork();
        if (child == 0) {
            if (i % 3)
                execv(kills_program, nothing);
            _exit(0);
        }
        pthread_t thread;
        if (i % 2 && !pthread_create(&thread, NULL, idle, NULL))
            pthread_join(thread, NULL);
        waitpid(child, NULL, 0);
    }
}

/* ---- exec, over and over ---- */

static void live_exec(void)
{
    char text[32];
    snprintf(text, sizeof text, "%llu", (unsigned long long)kills_deadline);
    char *again[] = {(char *)kills_program, "exec", text, (char *)kills_program, NULL};
    execv(kills_program, again);
    _exit(errno);
}

/* ---- all ways to wait ---- */

static void caught(int number)
{
    if (number == SIGUSR1)
        raise(SIGUSR2);
}

static void live_waits(void)
{
    struct sigaction action = {.sa_handler = caught};
    struct itimerval interval = {{0, 700}, {0, 300}};
    int ends[2], set = epoll_create1(EPOLL_CLOEXEC), event = eventfd(0, 0);
    sigaction(SIGALRM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    pipe(ends);
    struct epoll_event entry = {.events = EPOLLIN};
    epoll_ctl(set, EPOLL_CTL_ADD, event, &entry);
    setitimer(ITIMER_REAL, &interval, NULL);
    for (uint64_t one = 1;;) {
        struct timespec short_time = {0, 20000};
        struct pollfd list[] = {{ends[0], POLLIN, 0}, {event, POLLIN, 0}};
        poll(list, 2, 1);
        nanosleep(&short_time, NULL);
        write(event, &one, sizeof one);
        epoll_wait(set, &entry, 1, 1);
        read(event, &one, sizeof one);
        one = 1;
        raise(SIGUSR1);
        write(ends[1], "x", 1);
        poll(list, 2, 0);
        read(ends[0], &entry, 1);
    }
}

static const char *check_nothing(void)
{
    return NULL;
}

/* ---- a mutex in shared memory that says who died with it ---- */

static struct {
    pthread_mutex_t mutex;
    volatile int inside;
} *shared;

static void prepare_robust(void)
{
    pthread_mutexattr_t attributes;
    shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&shared->mutex, &attributes);
}

static void live_robust(void)
{
    for (;;) {
        pthread_mutex_lock(&shared->mutex);
        shared->inside++;
        getpid();
        sched_yield();
        shared->inside--;
        pthread_mutex_unlock(&shared->mutex);
    }
}

static const char *check_robust(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 2;
    int result = pthread_mutex_timedlock(&shared->mutex, &until);
    if (result == EOWNERDEAD) {
        pthread_mutex_consistent(&shared->mutex);
        shared->inside = 0;
        result = 0;
    }
    if (result)
        return "the mutex of a dead owner";
    int bad = shared->inside;
    pthread_mutex_unlock(&shared->mutex);
    return bad ? "the mutex let in who was not alone" : NULL;
}

const struct kind kinds_of_processes[] = {
    {"forks", NULL, NULL, live_forks, NULL, check_nothing},
    {"exec", NULL, NULL, live_exec, NULL, check_nothing},
    {"waits", NULL, NULL, live_waits, NULL, check_nothing},
    {0},
};

/* Not judged: a library process that is killed cannot mark what it held (docs/library.md). */
const struct kind kinds_by_name[] = {
    {"robust-mutex", prepare_robust, NULL, live_robust, NULL, check_robust},
    {0},
};

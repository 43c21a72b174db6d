/* Victims at a terminal: readers, and jobs in the foreground that change its settings. The parent is the
 * shell: the leader of the terminal's session. */
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "kills.h"

static int master = -1, slave = -1;
static struct termios sane;

static void prepare_terminal(void)
{
    int unlock = 0, number = 0;
    char path[32];
    setsid();
    signal(SIGTTOU, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
    ioctl(master, TIOCSPTLCK, &unlock);
    ioctl(master, TIOCGPTN, &number);
    snprintf(path, sizeof path, "/dev/pts/%d", number);
    slave = open(path, O_RDWR);
    tcgetattr(slave, &sane);
}

static void live_job(void)
{
    struct termios raw = sane;
    char block[64];
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    for (unsigned i = 0;; i++) {
        setpgid(0, 0);
        tcsetpgrp(slave, getpid());
        tcsetattr(slave, TCSADRAIN, &raw);
        write(slave, "output\n", 7);
        read(slave, block, sizeof block);
        tcsetattr(slave, TCSAFLUSH, &sane);
        struct winsize size = {25, (unsigned short)(80 + i % 2), 0, 0};
        ioctl(slave, TIOCSWINSZ, &size);
        tcsetpgrp(slave, getppid());
    }
}

static void live_reader(void)
{
    char block[64];
    for (;;)
        read(slave, block, sizeof block);
}

static void beside_reader(void)
{
    struct timespec short_time = {0, 10000};
    for (int i = 0; i < 10; i++) {
        write(master, "line\n", 5);
        nanosleep(&short_time, NULL);
    }
}

static ssize_t read_soon(int fd, char *block, size_t size)
{
    struct pollfd list = {fd, POLLIN, 0};
    return poll(&list, 1, 2000) == 1 ? read(fd, block, size) : 0;
}

static const char *check_terminal(void)
{
    char block[8192];
    if (tcsetpgrp(slave, getpid()))
        return "the terminal is not given back";
    if (tcsetattr(slave, TCSAFLUSH, &sane))
        return "the settings are not taken";
    fcntl(master, F_SETFL, O_NONBLOCK);
    while (read(master, block, sizeof block) > 0)
        ;
    fcntl(master, F_SETFL, 0);
    tcflush(slave, TCIFLUSH);
    write(master, "ping\n", 5);
    if (read_soon(slave, block, sizeof block) != 5 || memcmp(block, "ping\n", 5))
        return "a line is not read";
    if (read_soon(master, block, sizeof block) != 6 || memcmp(block, "ping\r\n", 6))
        return "a line is not echoed";
    write(slave, "pong\n", 5);
    if (read_soon(master, block, sizeof block) != 6 || memcmp(block, "pong\r\n", 6))
        return "a line is not written";
    return NULL;
}

const struct kind kinds_of_terminals[] = {
    {"job", prepare_terminal, NULL, live_job, NULL, check_terminal},
    {"terminal-reader", NULL, NULL, live_reader, beside_reader, check_terminal},
    {0},
};

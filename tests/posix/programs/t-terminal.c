/* Pseudo-terminals as a program sees them: pairs, settings, canonical and raw reads, packet mode,
 * readiness, sessions, foreground and background, hang-ups. */
#include "t.h"
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

static int master, slave;
static char name[64];

static void settle(void)
{
    /* Linux passes bytes on from a work queue. */
    usleep(20000);
}

static void show(const char *what, const char *bytes, long count)
{
    printf("%s %ld", what, count);
    if (count < 0)
        printf(" (%d)", errno);
    for (long i = 0; i < count; i++)
        printf(bytes[i] > 32 && bytes[i] < 127 ? " %c" : " %02x", (unsigned char)bytes[i]);
    printf("\n");
    fflush(stdout);
}

static void read_from(const char *what, int fd, size_t size)
{
    char bytes[8192];

    errno = 0;
    show(what, bytes, read(fd, bytes, size));
}

static void type(const char *text)
{
    if (write(master, text, strlen(text)) != (ssize_t)strlen(text))
        printf("typing failed\n");
    settle();
}

static void events(const char *what, int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT | POLLPRI};
    int n = poll(&p, 1, 0);

    printf("%s: poll %d%s%s%s%s%s\n", what, n, p.revents & POLLIN ? " in" : "",
           p.revents & POLLOUT ? " out" : "", p.revents & POLLPRI ? " pri" : "",
           p.revents & POLLHUP ? " hup" : "", p.revents & POLLERR ? " err" : "");
    fflush(stdout);
}

static void open_pair(void)
{
    unsigned number = 0;
    int lock = 0;

    master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
    ioctl(master, TIOCGPTN, &number);
    snprintf(name, sizeof name, "/dev/pts/%u", number);
    ioctl(master, TIOCSPTLCK, &lock);
    slave = open(name, O_RDWR | O_NOCTTY);
}

static void close_pair(void)
{
    close(slave);
    close(master);
}

static void set(tcflag_t lflag_off, int min, int time)
{
    struct termios t;

    tcgetattr(slave, &t);
    t.c_lflag &= ~lflag_off;
    t.c_cc[VMIN] = min;
    t.c_cc[VTIME] = time;
    tcsetattr(slave, TCSANOW, &t);
}

static void test_open(void)
{
    struct termios t;
    struct winsize size;
    struct stat st, by_name;
    unsigned number;
    int lock = 1, fd;

    printf("- open\n");
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
    SAY(ioctl(master, TIOCGPTN, &number));
    SAY(ioctl(master, TIOCGPTLCK, &lock));
    printf("locked %d\n", lock);
    snprintf(name, sizeof name, "/dev/pts/%u", number);
    SAY(open(name, O_RDWR | O_NOCTTY));
    lock = 0;
    SAY(ioctl(master, TIOCSPTLCK, &lock));
    slave = open(name, O_RDWR | O_NOCTTY);
    printf("slave %d isatty %d %d\n", slave >= 0, isatty(slave), isatty(master));
    printf("name %d\n", ttyname(slave) && strcmp(ttyname(slave), name) == 0);
    fstat(slave, &st);
    stat(name, &by_name);
    printf("type %d same %d\n", S_ISCHR(st.st_mode),
           st.st_ino == by_name.st_ino && st.st_dev == by_name.st_dev &&
               st.st_rdev == by_name.st_rdev);
    printf("device %d\n", (int)(st.st_rdev >> 8));
    tcgetattr(slave, &t);
    printf("%o %o %o %o speed %d\n", t.c_iflag, t.c_oflag, t.c_cflag, t.c_lflag,
           (int)cfgetospeed(&t));
    for (int i = 0; i < 17; i++)
        printf("%d ", t.c_cc[i]);
    printf("\n");
    SAY(ioctl(slave, TIOCGWINSZ, &size));
    printf("size %d %d\n", size.ws_row, size.ws_col);
    size.ws_row = 30;
    size.ws_col = 90;
    SAY(ioctl(master, TIOCSWINSZ, &size));
    memset(&size, 0, sizeof size);
    SAY(ioctl(slave, TIOCGWINSZ, &size));
    printf("size %d %d\n", size.ws_row, size.ws_col);
    SAY(lseek(slave, 0, SEEK_SET));
    SAY(ftruncate(slave, 0));
    SAY(ioctl(slave, TIOCGPTN, &number));
    SAY(ioctl(slave, TIOCSTI, "x") == -1 || 1);
    fd = open("/dev/null", O_RDWR);
    SAY(ioctl(fd, TCGETS, &t));
    close(fd);
    fd = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
    printf("peer %d\n", fd >= 0);
    close(fd);
    close_pair();
    SAY(open(name, O_RDWR | O_NOCTTY));
}

static void test_canonical(void)
{
    static char big[6000], echo[6000];
    int n;

    printf("- canonical\n");
    open_pair();
    fcntl(slave, F_SETFL, O_NONBLOCK);
    read_from("empty", slave, 10);
    type("abc");
    read_from("no line", slave, 10);
    SAY(ioctl(slave, FIONREAD, &n));
    printf("waiting %d\n", n);
    type("d\r");
    SAY(ioctl(slave, FIONREAD, &n));
    printf("waiting %d\n", n);
    read_from("part", slave, 2);
    read_from("rest", slave, 10);
    type("one\rtwo\r");
    read_from("first", slave, 100);
    read_from("second", slave, 100);
    type("ef\x04\x04");
    read_from("ended", slave, 100);
    read_from("end of file", slave, 100);
    read_from("nothing", slave, 100);
    type("er\x7f\x7fx\x15kill\x17word\r");
    read_from("edited", slave, 100);
    read_from("screen", master, 500);
    memset(big, 'y', sizeof big);
    fcntl(master, F_SETFL, O_NONBLOCK);
    for (int i = 0; i < 6; i++) {
        write(master, big, 1000);
        settle();
        while (read(master, echo, sizeof echo) > 0)
            ;
    }
    type("z\r");
    read_from("big", slave, 1);
    n = read(slave, big, sizeof big);
    printf("long line %d ends %02x %02x\n", n, big[n - 2], big[n - 1]);
    read_from("its end", master, 100);
    write(slave, "a\nb\tc", 5);
    settle();
    read_from("output", master, 100);
    type("gone\rhalf");
    SAY(tcflush(slave, TCIFLUSH));
    read_from("flushed", slave, 100);
    close_pair();
}

static long milliseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void timed_read(const char *what, size_t size, long least, long most)
{
    long before = milliseconds(), after;

    read_from(what, slave, size);
    after = milliseconds() - before;
    printf("%s in time %d\n", what, after >= least && after <= most);
    fflush(stdout);
}

static void type_later(const char *first, const char *second)
{
    if (fork() == 0) {
        usleep(300000);
        write(master, first, strlen(first));
        if (second) {
            usleep(300000);
            write(master, second, strlen(second));
        }
        _exit(0);
    }
}

static void test_raw(void)
{
    printf("- raw\n");
    open_pair();
    set(ICANON | ECHO, 1, 0);
    type("ab");
    read_from("at once", slave, 10);
    type_later("c", NULL);
    timed_read("waits", 10, 200, 3000);
    wait(NULL);
    set(0, 0, 0);
    timed_read("polls", 10, 0, 250);
    set(0, 0, 3);
    timed_read("times out", 10, 250, 3000);
    type_later("d", NULL);
    set(0, 0, 20);
    timed_read("comes in time", 10, 200, 1900);
    wait(NULL);
    set(0, 3, 0);
    type("ef");
    events("too few", slave);
    type_later("gh", NULL);
    timed_read("three", 10, 200, 3000);
    wait(NULL);
    set(0, 5, 2);
    type_later("i", NULL);
    timed_read("between bytes", 10, 450, 3000);
    wait(NULL);
    set(0, 5, 10);
    type_later("jk", "lmn");
    timed_read("all five", 10, 500, 3000);
    wait(NULL);
    set(0, 4, 0);
    type("op");
    fcntl(slave, F_SETFL, O_NONBLOCK);
    read_from("without waiting", slave, 10);
    read_from("nothing", slave, 10);
    close_pair();
}

static void test_ready(void)
{
    printf("- ready\n");
    open_pair();
    events("new slave", slave);
    events("new master", master);
    type("x\r");
    events("line", slave);
    events("echo", master);
    read_from("echo", master, 10);
    close(slave);
    settle();
    events("no slave", master);
    read_from("no slave", master, 10);
    slave = open(name, O_RDWR | O_NOCTTY);
    events("slave again", master);
    write(slave, "bye", 3);
    close(slave);
    settle();
    events("data then end", master);
    read_from("data", master, 10);
    read_from("end", master, 10);
    slave = open(name, O_RDWR | O_NOCTTY);
    close(master);
    settle();
    events("no master", slave);
    read_from("no master", slave, 10);
    SAY(write(slave, "x", 1));
    struct termios t;
    SAY(tcgetattr(slave, &t));
    close(slave);
}

static void test_packet(void)
{
    struct termios t;
    int on = 1;

    printf("- packet\n");
    open_pair();
    SAY(ioctl(master, TIOCPKT, &on));
    write(slave, "hi", 2);
    settle();
    read_from("data", master, 10);
    tcflush(slave, TCIOFLUSH);
    read_from("flush", master, 10);
    tcgetattr(slave, &t);
    t.c_iflag &= ~IXON;
    tcsetattr(slave, TCSANOW, &t);
    events("no flow", master);
    read_from("no flow", master, 10);
    t.c_iflag |= IXON;
    tcsetattr(slave, TCSANOW, &t);
    read_from("flow", master, 10);
    tcflow(slave, TCOOFF);
    read_from("stopped", master, 10);
    tcflow(slave, TCOON);
    read_from("started", master, 10);
    close_pair();
}

static void handled(int number)
{
    printf("signal %d\n", number);
    fflush(stdout);
}

static void leader(void (*body)(void))
{
    int status;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        setsid();
        body();
        fflush(stdout);
        _exit(0);
    }
    waitpid(pid, &status, 0);
    say_status("leader", status);
}

static void catch(int number)
{
    struct sigaction action = {.sa_handler = handled};

    sigaction(number, &action, NULL);
}

static void body_controlling(void)
{
    struct winsize size = {.ws_row = 11, .ws_col = 22};
    pid_t group;
    int fd;

    SAY(open("/dev/tty", O_RDWR));
    SAY(tcgetpgrp(slave));
    SAY(ioctl(slave, TIOCSCTTY, 0));
    fd = open("/dev/tty", O_RDWR);
    printf("tty %d %d\n", fd >= 0, isatty(fd));
    printf("group %d session %d\n", tcgetpgrp(slave) == getpid(), tcgetsid(fd) == getpid());
    catch (SIGWINCH);
    ioctl(master, TIOCSWINSZ, &size);
    settle();
    ioctl(master, TIOCSWINSZ, &size);
    settle();
    catch (SIGINT);
    catch (SIGQUIT);
    catch (SIGTSTP);
    type("\x03");
    type("\x1c");
    type("\x1a");
    SAY(tcsetpgrp(slave, 99999));
    SAY(tcsetpgrp(slave, 1));
    SAY(ioctl(slave, TIOCGPGRP, &group));
    catch (SIGHUP);
    catch (SIGCONT);
    SAY(ioctl(fd, TIOCNOTTY));
    settle();
    SAY(open("/dev/tty", O_RDWR));
    fd = open(name, O_RDWR);
    printf("by open %d\n", tcgetpgrp(fd) == getpid());
    fd = open(name, O_RDWR | O_NOCTTY);
    SAY(tcgetpgrp(fd) == getpid());
}

static void child_in_group(const char *what, void (*act)(void))
{
    int status;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        act();
        _exit(0);
    }
    setpgid(pid, pid);
    waitpid(pid, &status, WUNTRACED);
    say_status(what, status);
    if (WIFSTOPPED(status)) {
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
    }
}

static void act_read(void)
{
    read_from("background", slave, 10);
}

static void act_read_ignored(void)
{
    signal(SIGTTIN, SIG_IGN);
    read_from("ignored", slave, 10);
}

static void act_read_blocked(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTTIN);
    sigprocmask(SIG_BLOCK, &set, NULL);
    read_from("blocked", slave, 10);
}

static void act_write(void)
{
    SAY(write(slave, "w", 1));
}

static void act_set(void)
{
    struct termios t;

    tcgetattr(slave, &t);
    SAY(tcsetattr(slave, TCSANOW, &t));
}

static void act_set_ignored(void)
{
    signal(SIGTTOU, SIG_IGN);
    act_set();
    SAY(tcsetpgrp(slave, getpgrp()));
    printf("foreground %d\n", tcgetpgrp(slave) == getpgrp());
    fflush(stdout);
}

static void act_orphan(void)
{
    /* The parent ends: the group has nobody to continue it. */
    if (fork() == 0) {
        usleep(200000);
        read_from("orphaned", slave, 10);
        SAY(write(slave, "w", 1));
        _exit(0);
    }
    _exit(0);
}

static void body_background(void)
{
    struct termios t;

    ioctl(slave, TIOCSCTTY, 0);
    child_in_group("read", act_read);
    child_in_group("read ignored", act_read_ignored);
    child_in_group("read blocked", act_read_blocked);
    child_in_group("write", act_write);
    child_in_group("set", act_set);
    signal(SIGTTOU, SIG_IGN);
    child_in_group("set ignored", act_set_ignored);
    tcsetpgrp(slave, getpgrp());
    signal(SIGTTOU, SIG_DFL);
    tcgetattr(slave, &t);
    t.c_lflag |= TOSTOP;
    tcsetattr(slave, TCSANOW, &t);
    child_in_group("write tostop", act_write);
    signal(SIGTTOU, SIG_IGN);
    child_in_group("write tostop ignored", act_write);
    signal(SIGTTOU, SIG_DFL);
    child_in_group("orphan", act_orphan);
    usleep(500000);
}

static int report[2];

static void told(int number)
{
    char c = (char)('0' + number);

    write(report[1], &c, 1);
}

/* The session's leader ends: its foreground group gets SIGHUP and the terminal is nobody's. */
static void body_leader_ends(void)
{
    struct sigaction action = {.sa_handler = told};
    sigset_t hangup, none;
    char c;

    ioctl(slave, TIOCSCTTY, 0);
    sigemptyset(&none);
    sigemptyset(&hangup);
    sigaddset(&hangup, SIGHUP);
    if (fork() == 0) {
        setpgid(0, 0);
        sigprocmask(SIG_BLOCK, &hangup, NULL);
        sigaction(SIGHUP, &action, NULL);
        signal(SIGTTOU, SIG_IGN);
        tcsetpgrp(slave, getpid());
        write(report[1], "r", 1);
        sigsuspend(&none);
        settle();
        fcntl(slave, F_SETFL, O_NONBLOCK);
        read_from("after the leader", slave, 10);
        SAY(write(slave, "x", 1));
        SAY(open("/dev/tty", O_RDWR));
        write(report[1], "e", 1);
        _exit(0);
    }
    read(report[0], &c, 1);
    printf("ready %c\n", c);
}

static void body_master_closes(void)
{
    struct sigaction action = {.sa_handler = handled};

    ioctl(slave, TIOCSCTTY, 0);
    sigaction(SIGHUP, &action, NULL);
    sigaction(SIGCONT, &action, NULL);
    close(master);
    settle();
    read_from("hung up", slave, 10);
    SAY(write(slave, "x", 1));
}

static void test_sessions(void)
{
    char c;

    printf("- controlling\n");
    open_pair();
    leader(body_controlling);
    close_pair();
    printf("- background\n");
    open_pair();
    leader(body_background);
    close_pair();
    printf("- leader ends\n");
    open_pair();
    pipe(report);
    leader(body_leader_ends);
    read(report[0], &c, 1);
    printf("child got %c\n", c);
    read(report[0], &c, 1);
    close_pair();
    printf("- master closes\n");
    open_pair();
    fflush(stdout);
    if (fork() == 0) {
        setsid();
        body_master_closes();
        fflush(stdout);
        _exit(0);
    }
    close(master);
    wait(NULL);
    close(slave);
}

static void test_much(void)
{
    static char bytes[65536];
    struct termios t;
    long total = 0, sum = 0;
    pid_t pid;

    printf("- much\n");
    open_pair();
    tcgetattr(slave, &t);
    cfmakeraw(&t);
    tcsetattr(slave, TCSANOW, &t);
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        for (int i = 0; i < 16; i++) {
            memset(bytes, 'a' + i, sizeof bytes);
            for (size_t done = 0; done < sizeof bytes;) {
                ssize_t n = write(slave, bytes + done, sizeof bytes - done);

                if (n < 0)
                    _exit(1);
                done += (size_t)n;
            }
        }
        _exit(0);
    }
    close(slave);
    for (;;) {
        ssize_t n = read(master, bytes, sizeof bytes);

        if (n <= 0)
            break;
        total += n;
        for (ssize_t i = 0; i < n; i++)
            sum += bytes[i];
    }
    printf("out %ld %ld\n", total, sum);
    waitpid(pid, NULL, 0);
    slave = open(name, O_RDWR | O_NOCTTY);
    tcgetattr(slave, &t);
    cfmakeraw(&t);
    tcsetattr(slave, TCSANOW, &t);
    pid = fork();
    if (pid == 0) {
        for (int i = 0; i < 4; i++) {
            memset(bytes, 'a' + i, sizeof bytes);
            for (size_t done = 0; done < sizeof bytes;) {
                ssize_t n = write(master, bytes + done, sizeof bytes - done);

                if (n < 0)
                    _exit(1);
                done += (size_t)n;
            }
        }
        _exit(0);
    }
    for (total = sum = 0; total < 4 * 65536;) {
        ssize_t n = read(slave, bytes, sizeof bytes);

        if (n <= 0)
            break;
        total += n;
        for (ssize_t i = 0; i < n; i++)
            sum += bytes[i];
    }
    printf("in %ld %ld\n", total, sum);
    waitpid(pid, NULL, 0);
    close_pair();
}

int main(void)
{
    signal(SIGHUP, SIG_DFL);
    test_open();
    test_canonical();
    test_raw();
    test_ready();
    test_packet();
    test_sessions();
    test_much();
    return 0;
}

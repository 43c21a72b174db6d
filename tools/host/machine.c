/* QEMU as a child that cannot outlive us, and the boot log it writes to its serial line. */
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOG_SIZE = 1 << 16, LOG_LINES = 20 };

/* The newest LOG_SIZE bytes of the boot log. */
static char log_text[LOG_SIZE];
static size_t log_length;

static void socket_pair(int *ours, int *theirs)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        host_fail("socketpair: %s", strerror(errno));
    *ours = pair[0];
    *theirs = pair[1];
    fcntl(*ours, F_SETFL, O_NONBLOCK);
}

/* A copy of the word with {channel} or {serial} replaced by a descriptor's number. */
static char *word_with_descriptor(const char *word, int channel, int serial)
{
    const char *at;
    char *text;
    int fd, skip;

    if ((at = strstr(word, "{channel}")))
        fd = channel, skip = 9;
    else if ((at = strstr(word, "{serial}")))
        fd = serial, skip = 8;
    else
        return strdup(word);
    if (asprintf(&text, "%.*s%d%s", (int)(at - word), word, fd, at + skip) < 0)
        return NULL;
    return text;
}

static _Noreturn void machine_exec(int channel, int serial, pid_t parent)
{
    const struct options *options = &host.options;
    char **words = calloc(options->machine.count + 1, sizeof *words);
    sigset_t none;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    setsid(); /* keys and signals for the caller's job are not for QEMU */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGTTOU, SIG_DFL);
    for (size_t i = 0; words && i < options->machine.count; i++)
        words[i] = word_with_descriptor(options->machine.items[i], channel, serial);
    /* What QEMU itself has to say goes where the boot log goes. */
    if (dup2(null, 0) < 0 || dup2(serial, 1) < 0 || dup2(serial, 2) < 0)
        _exit(127);
    fcntl(channel, F_SETFD, 0);
    fcntl(serial, F_SETFD, 0);
    if (options->machine_directory && chdir(options->machine_directory) < 0)
        dprintf(2, "%s: %s\n", options->machine_directory, strerror(errno));
    else if (words)
        execvp(words[0], words);
    dprintf(2, "%s: %s\n", options->machine.items[0], strerror(errno));
    _exit(127);
}

void machine_start(void)
{
    int channel, serial;
    pid_t parent = getpid();

    socket_pair(&host.channel, &channel);
    socket_pair(&host.serial, &serial);
    int large = 1 << 20;
    setsockopt(host.channel, SOL_SOCKET, SO_SNDBUF, &large, sizeof large);
    setsockopt(channel, SOL_SOCKET, SO_SNDBUF, &large, sizeof large);
    host.machine = fork();
    if (host.machine < 0)
        host_fail("fork: %s", strerror(errno));
    if (host.machine == 0)
        machine_exec(channel, serial, parent);
    close(channel);
    close(serial);
}

void machine_kill(void)
{
    if (host.machine > 0) {
        kill(host.machine, SIGKILL);
        while (waitpid(host.machine, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    host.machine = 0;
}

static void log_keep(const char *text, size_t length)
{
    if (length > LOG_SIZE / 2) {
        text += length - LOG_SIZE / 2;
        length = LOG_SIZE / 2;
    }
    if (log_length + length > LOG_SIZE) {
        size_t kept = LOG_SIZE / 2;
        memmove(log_text, log_text + log_length - kept, kept);
        log_length = kept;
    }
    memcpy(log_text + log_length, text, length);
    log_length += length;
}

/* A log's lines end in CR LF, LF or, from firmware, odd things; write them as lines. */
static void log_show(const char *text, size_t length)
{
    char out[8192];
    size_t n = 0;

    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\r')
            continue;
        if (text[i] == '\n')
            out[n++] = '\r';
        out[n++] = text[i];
        if (n > sizeof out - 4 || i + 1 == length) {
            if (write(STDERR_FILENO, out, n) < 0)
                return;
            n = 0;
        }
    }
}

/* Shows line by line, so that a crash report can be held back until it is complete. */
static void log_show_lines(const char *text, size_t length)
{
    static char line[8192];
    static size_t used;

    for (size_t i = 0; i < length; i++) {
        line[used++] = text[i];
        if (text[i] != '\n' && used < sizeof line)
            continue;
        if (!crash_take(line, used, log_show))
            log_show(line, used);
        used = 0;
    }
    if (!length && used) {
        log_show(line, used);
        used = 0;
    }
}

void machine_finish_log(void)
{
    static bool finished;
    static const char last[] = "session: the program has ended";

    if (finished)
        return;
    finished = true;
    if (host.serial >= 0)
        machine_read_log();
    /* EXIT is faster than what the program caused to be logged. */
    int64_t limit = now_ns() + INT64_C(3000000000);
    while (host.options.verbose && host.exited && !host.forced_status && host.serial >= 0 &&
           now_ns() < limit && !memmem(log_text, log_length, last, sizeof last - 1)) {
        struct pollfd one = {host.serial, POLLIN, 0};
        if (poll(&one, 1, 100) > 0)
            machine_read_log();
    }
    if (host.options.verbose) {
        log_show_lines(NULL, 0);
        crash_flush(log_show);
    }
}

void machine_read_log(void)
{
    char text[4096];
    ssize_t n;

    while ((n = read(host.serial, text, sizeof text)) > 0) {
        log_keep(text, (size_t)n);
        if (host.options.verbose)
            log_show_lines(text, (size_t)n);
    }
    if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        close(host.serial);
        host.serial = -1;
    }
}

void machine_show_log_end(void)
{
    size_t length = log_length, start;
    const char *text = log_text, *translated;
    int lines = 0;

    if (host.options.verbose)
        return;
    if (memmem(log_text, log_length, "crash: ", 7) &&
        (translated = crash_translate(log_text, log_length, &length)))
        text = translated;
    start = length;
    while (start > 0 && (text[start - 1] != '\n' || start == length || ++lines < LOG_LINES))
        start--;
    if (start == length)
        return;
    host_warn("the end of the boot log:");
    log_show(text + start, length - start);
    if (text[length - 1] != '\n')
        log_show("\n", 1);
}

/* janus-host: starts the machine, carries files in and streams both ways, and ends as PROGRAM did.
 *
 * Started by tools/command/runner.py, which has resolved the user's options; docs/channel.md says
 * what goes over the channel.
 */
#include "host.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

struct host host = {.channel = -1, .serial = -1, .signals = -1, .source.fd = -1};

int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

void host_end(int status)
{
    terminal_restore();
    machine_finish_log();
    machine_kill();
    _exit(status);
}

static void say(const char *format, va_list arguments)
{
    char text[1024];
    int n = vsnprintf(text, sizeof text - 1, format, arguments);

    if (n < 0)
        return;
    if ((size_t)n > sizeof text - 2)
        n = sizeof text - 2;
    text[n] = '\n';
    dprintf(STDERR_FILENO, "janus: %.*s", n + 1, text);
}

void host_warn(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
}

void host_fail(const char *format, ...)
{
    va_list arguments;

    terminal_restore();
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    host_end(STATUS_FAILED);
}

static void signals_open(void)
{
    static const int taken[] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGCHLD, SIGTSTP, SIGCONT};
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        struct sigaction now;
        /* What the caller ignores (nohup, `&` in a script) stays ignored. */
        if (sigaction(taken[i], NULL, &now) == 0 && now.sa_handler == SIG_IGN &&
            taken[i] != SIGCHLD)
            continue;
        signal(taken[i], SIG_DFL);
        sigaddset(&set, taken[i]);
    }
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTTOU, SIG_IGN);
    host.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (host.signals < 0)
        host_fail("signalfd: %s", strerror(errno));
}

static void *buffer_memory(size_t size)
{
    void *memory = malloc(size);

    if (!memory)
        host_fail("out of memory");
    return memory;
}

static void send_everything(void)
{
    static const uint32_t hello[] = {CHANNEL_VERSION, CHANNEL_MAX_PAYLOAD};

    output_u32(CHANNEL_HELLO, 0, 2, hello);
    for (size_t i = 0; i + 1 < host.options.carried.count; i += 2)
        carry_path(host.options.carried.items[i], host.options.carried.items[i + 1], 0100755);
    if (host.options.share)
        carry_tree(host.options.share, "/host");
    if (host.fds[0].kind == CHANNEL_FD_FILE)
        carry_fd(STDIN_FILENO, "/run/stdin");
    run_record_send();
    for (uint16_t stream = CHANNEL_STDOUT; stream < CHANNEL_STREAM_END; stream++)
        if (host.sinks[stream].fd >= 0)
            output_u32(CHANNEL_CREDIT, stream, 1, &(uint32_t){WINDOW});
    host.started = true;
}

int main(int argc, char **argv)
{
    options_parse(&host.options, argc, argv);
    host.in.data = buffer_memory(host.in.capacity = 4 * CHANNEL_MAX_FRAME);
    host.out.data = buffer_memory(host.out.capacity = OUT_SIZE);
    streams_open();
    signals_open();
    machine_start();
    if (host.options.timeout > 0)
        host.deadline = now_ns() + (int64_t)(host.options.timeout * 1e9);
    terminal_make_raw();
    send_everything();
    loop_run();
}

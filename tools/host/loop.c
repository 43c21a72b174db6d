/* The event loop: frames from the guest, the caller's descriptors, signals, time, QEMU's end. */
#include "host.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    GRACE_MS = 1000,
    TRACE_SECONDS = 10, /* that a trace may pause while it comes, when the run is ended early */
};

static bool share_comes_back(void)
{
    return host.options.share && !host.options.share_read_only;
}

/* Ask the guest to end the run, and end it ourselves if that takes too long. */
static void end_early(int status, uint32_t signal)
{
    int64_t seconds = share_comes_back() ? 10 : 3;

    if (host.forced_status || !host.started || !host.guest_up)
        host_end(status);
    if (host.options.trace)
        seconds = TRACE_SECONDS;
    else if (signal == SIGKILL && !share_comes_back())
        seconds = 1;
    host.forced_status = status;
    host.deadline = now_ns() + seconds * 1000000000;
    output_u32(CHANNEL_SIGNAL, 0, 2, (uint32_t[]){signal, signal == SIGKILL ? 0 : GRACE_MS});
}

static void stop_and_continue(void)
{
    terminal_restore();
    kill(host.machine, SIGSTOP);
    raise(SIGSTOP);
    kill(host.machine, SIGCONT);
    terminal_make_raw();
}

static void take_signals(void)
{
    struct signalfd_siginfo info;

    while (read(host.signals, &info, sizeof info) == sizeof info) {
        switch (info.ssi_signo) {
        case SIGINT:
        case SIGTERM:
        case SIGHUP:
            end_early(128 + (int)info.ssi_signo, info.ssi_signo);
            break;
        case SIGWINCH:
            if (host.has_tty && host.started) {
                uint8_t payload[8];
                struct channel_writer to = {.data = payload, .capacity = sizeof payload};
                struct channel_winsize size = terminal_size(host.sinks[CHANNEL_TTY].fd);
                channel_put_winsize(&to, &size);
                output_frame(CHANNEL_WINSIZE, 0, payload, to.length);
            }
            break;
        case SIGTSTP:
            stop_and_continue();
            break;
        case SIGCONT:
            terminal_make_raw();
            break;
        case SIGCHLD:
            if (host.machine > 0 && waitpid(host.machine, NULL, WNOHANG) == host.machine) {
                host.machine = 0;
                host.machine_gone = true;
            }
            break;
        }
    }
}

static void take_exit(const struct channel_frame *frame)
{
    uint32_t kind, value;
    int text = frame->length > 8 ? (int)frame->length - 8 : 0;

    if (channel_read_u32(frame->payload, frame->length, 0, &kind) != CHANNEL_OK ||
        channel_read_u32(frame->payload, frame->length, 1, &value) != CHANNEL_OK ||
        kind > CHANNEL_NOT_STARTABLE)
        host_fail("the guest sent a malformed EXIT");
    if (kind == CHANNEL_EXITED)
        host.exit_status = value & 255;
    else if (kind == CHANNEL_SIGNALED)
        host.exit_status = 128 + (int)(value & 127);
    else
        host.exit_status = kind == CHANNEL_NOT_FOUND ? STATUS_NOT_FOUND : STATUS_NOT_STARTABLE;
    if (text)
        host_warn("%.*s", text, (const char *)frame->payload + 8);
    share_end();
    host.exited = true;
}

static void take_trace(const struct channel_frame *frame)
{
    static FILE *file;

    if (!host.options.trace)
        return;
    if (!file && !(file = fopen(host.options.trace, "wb")))
        host_fail("%s: %s", host.options.trace, strerror(errno));
    if (fwrite(frame->payload, 1, frame->length, file) != frame->length || fflush(file))
        host_fail("%s: %s", host.options.trace, strerror(errno));
    if (host.forced_status)
        host.deadline = now_ns() + TRACE_SECONDS * INT64_C(1000000000);
}

static void take_frame(const struct channel_frame *frame)
{
    uint32_t value;

    switch (frame->type) {
    case CHANNEL_HELLO:
        if (channel_read_u32(frame->payload, frame->length, 0, &value) != CHANNEL_OK ||
            value != CHANNEL_VERSION)
            host_fail("the guest speaks another version of the channel");
        host.guest_up = true;
        break;
    case CHANNEL_DATA:
        sink_take(frame->stream, frame->payload, frame->length);
        break;
    case CHANNEL_CREDIT:
        if (channel_read_u32(frame->payload, frame->length, 0, &value) != CHANNEL_OK)
            host_fail("the guest sent a malformed CREDIT");
        if (frame->stream == host.source.stream)
            host.source.credit += value;
        break;
    case CHANNEL_EOF:
        sink_eof(frame->stream);
        break;
    case CHANNEL_CLOSED:
        if (frame->stream == host.source.stream)
            host.source.fd = -1;
        break;
    case CHANNEL_FILE:
        share_file(frame);
        break;
    case CHANNEL_FILE_DATA:
        share_data(frame);
        break;
    case CHANNEL_FILE_END:
        share_file_end();
        break;
    case CHANNEL_REMOVE:
        share_remove(frame);
        break;
    case CHANNEL_SHARE_END:
        share_end();
        break;
    case CHANNEL_EXIT:
        take_exit(frame);
        break;
    case CHANNEL_FATAL:
        host_warn("%.*s", (int)frame->length, (const char *)frame->payload);
        machine_show_log_end();
        host_end(STATUS_FAILED);
    case CHANNEL_NOTE:
        if (host.options.notes)
            dprintf(STDERR_FILENO, "note: %.*s\n", (int)frame->length,
                    (const char *)frame->payload);
        break;
    case CHANNEL_TRACE:
        take_trace(frame);
        break;
    default:
        host_fail("the guest sent a frame of type %u", frame->type);
    }
}

static void take_frames(void)
{
    struct buffer *in = &host.in;
    struct channel_frame frame;
    enum channel_status status = CHANNEL_OK;
    ssize_t n = read(host.channel, in->data + in->end, in->capacity - in->end);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        host.machine_gone = true;
        return;
    }
    in->end += (size_t)n;
    while (!host.exited) {
        status = channel_parse(in->data + in->start, in->end - in->start, &frame);
        if (status != CHANNEL_OK)
            break;
        /* Consumed first: handling may run the loop again while it waits for room. */
        in->start += CHANNEL_HEADER_SIZE + frame.length;
        take_frame(&frame);
    }
    if (status == CHANNEL_BAD)
        host_fail("what came over the channel is not its protocol");
    memmove(in->data, in->data + in->start, in->end - in->start);
    in->end -= in->start;
    in->start = 0;
}

static void send_frames(void)
{
    struct buffer *out = &host.out;
    ssize_t n = write(host.channel, out->data + out->start, out->end - out->start);

    if (n < 0 && errno != EAGAIN && errno != EINTR)
        host.machine_gone = true;
    if (n > 0)
        out->start += (size_t)n;
    if (out->start == out->end)
        out->start = out->end = 0;
}

static void check_time(void)
{
    if (!host.deadline || now_ns() < host.deadline)
        return;
    if (host.forced_status)
        host_end(host.forced_status);
    end_early(STATUS_TIMEOUT, SIGKILL);
}

static int poll_timeout(void)
{
    int64_t left;

    if (!host.deadline)
        return -1;
    left = (host.deadline - now_ns() + 999999) / 1000000;
    return left < 0 ? 0 : left > 1000000 ? 1000000 : (int)left;
}

static void check_machine(void)
{
    if (!host.machine_gone || host.exited)
        return;
    if (host.serial >= 0)
        machine_read_log();
    if (host.forced_status)
        host_end(host.forced_status);
    terminal_restore();
    host_warn("the machine stopped before the program ended");
    machine_show_log_end();
    host_end(STATUS_FAILED);
}

void loop_step(void)
{
    enum { CHANNEL, SERIAL, SIGNALS, SOURCE, SINKS, COUNT = SINKS + CHANNEL_STREAM_END };
    static bool inside_frames;
    struct pollfd polls[COUNT];
    const struct source *source = &host.source;
    size_t room = host.out.capacity - (host.out.end - host.out.start);

    for (int i = 0; i < COUNT; i++)
        polls[i] = (struct pollfd){.fd = -1};
    polls[CHANNEL].fd = host.exited ? -1 : host.channel;
    polls[CHANNEL].events = inside_frames ? 0 : POLLIN;
    if (host.out.start < host.out.end)
        polls[CHANNEL].events |= POLLOUT;
    polls[SERIAL] = (struct pollfd){host.serial, POLLIN, 0};
    polls[SIGNALS] = (struct pollfd){host.signals, POLLIN, 0};
    if (host.started && !host.exited && source->fd >= 0 && source->credit &&
        room >= CHANNEL_MAX_FRAME && (source->stream != CHANNEL_TTY || terminal_is_ours()))
        polls[SOURCE] = (struct pollfd){source->fd, POLLIN, 0};
    for (int i = CHANNEL_STDOUT; i < CHANNEL_STREAM_END; i++)
        if (host.sinks[i].held.start < host.sinks[i].held.end)
            polls[SINKS + i] = (struct pollfd){host.sinks[i].fd, POLLOUT, 0};

    if (poll(polls, COUNT, poll_timeout()) < 0) {
        if (errno != EINTR)
            host_fail("poll: %s", strerror(errno));
        return;
    }
    if (polls[SIGNALS].revents)
        take_signals();
    if (polls[SERIAL].revents)
        machine_read_log();
    if (polls[CHANNEL].revents & POLLOUT)
        send_frames();
    if (polls[CHANNEL].revents & (POLLIN | POLLHUP | POLLERR) && !inside_frames) {
        inside_frames = true;
        take_frames();
        inside_frames = false;
    }
    for (int i = CHANNEL_STDOUT; i < CHANNEL_STREAM_END; i++)
        if (polls[SINKS + i].revents && host.sinks[i].held.start < host.sinks[i].held.end)
            sink_write((uint16_t)i);
    if (polls[SOURCE].revents && source->fd >= 0 && !inside_frames)
        output_from_source();
    check_time();
    check_machine();
}

void loop_run(void)
{
    while (!host.exited || !sinks_are_empty())
        loop_step();
    if (host.forced_status)
        host_end(host.forced_status);
    if (share_failed)
        host_end(STATUS_FAILED);
    if (host.sinks[CHANNEL_STDOUT].reader_gone || host.sinks[CHANNEL_STDERR].reader_gone)
        host_end(STATUS_READER_GONE);
    host_end(host.exit_status);
}

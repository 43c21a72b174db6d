/* The caller's standard descriptors: what each is, and passing the guest's output on to them. */
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static enum channel_fd_kind kind_of(int fd, struct stat *status)
{
    if (fstat(fd, status) < 0) {
        /* Keep the number taken, so that nothing of ours is opened under it. */
        int null = open("/dev/null", O_RDWR);
        if (null >= 0 && null != fd) {
            dup2(null, fd);
            close(null);
        }
        return CHANNEL_FD_CLOSED;
    }
    if (isatty(fd))
        return CHANNEL_FD_TTY;
    if (S_ISCHR(status->st_mode) && status->st_rdev == makedev(1, 3))
        return CHANNEL_FD_NULL;
    return CHANNEL_FD_PIPE;
}

static void sink_open(struct sink *sink, int fd, const struct stat *status)
{
    char path[32];
    int flags = O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

    sink->fd = fd;
    sink->granted = WINDOW;
    sink->held.data = malloc(sink->held.capacity = WINDOW);
    if (!sink->held.data)
        host_fail("out of memory");
    if (S_ISREG(status->st_mode) || S_ISSOCK(status->st_mode))
        return;
    /* A description of our own: O_NONBLOCK on the caller's would be seen by the caller. */
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    sink->fd = open(path, flags);
    if (sink->fd < 0) {
        sink->fd = fd;
        sink->may_block = true;
    }
}

void streams_open(void)
{
    struct stat status[3];
    int tty = -1;

    for (int fd = 0; fd < CHANNEL_STREAM_END; fd++)
        host.sinks[fd].fd = -1;
    for (unsigned fd = 0; fd < 3; fd++) {
        struct channel_fd *as = &host.fds[fd];
        as->fd = fd;
        as->kind = kind_of((int)fd, &status[fd]);
        as->stream = as->kind == CHANNEL_FD_TTY ? CHANNEL_TTY : fd;
        if (as->kind == CHANNEL_FD_TTY && (tty < 0 || fd == 1))
            tty = (int)fd;
    }
    if (tty >= 0) {
        host.has_tty = true;
        sink_open(&host.sinks[CHANNEL_TTY], tty, &status[tty]);
    }
    if (host.fds[0].kind == CHANNEL_FD_PIPE && S_ISREG(status[0].st_mode) &&
        (uint64_t)status[0].st_size <= host.options.stdin_limit) {
        off_t at = lseek(0, 0, SEEK_CUR);
        host.fds[0].kind = CHANNEL_FD_FILE;
        host.fds[0].offset = at < 0 ? 0 : (uint64_t)at;
        host.fds[0].path = (struct channel_text){"/run/stdin", 10};
    }
    if (host.fds[0].kind == CHANNEL_FD_PIPE || host.fds[0].kind == CHANNEL_FD_TTY) {
        host.source.fd = 0;
        host.source.stream = (uint16_t)host.fds[0].stream;
    }
    for (int fd = 1; fd < 3; fd++)
        if (host.fds[fd].kind == CHANNEL_FD_PIPE)
            sink_open(&host.sinks[fd], fd, &status[fd]);
    /* `2>&1`: one pipe in the guest as well, so that the order of writes is kept. */
    if (host.fds[1].kind == CHANNEL_FD_PIPE && host.fds[2].kind == CHANNEL_FD_PIPE &&
        status[1].st_dev == status[2].st_dev && status[1].st_ino == status[2].st_ino) {
        host.fds[2].stream = CHANNEL_STDOUT;
        host.sinks[CHANNEL_STDERR].fd = -1;
    }
}

static void sink_close(uint16_t stream)
{
    struct sink *sink = &host.sinks[stream];

    sink->held.start = sink->held.end = 0;
    if (sink->fd > STDERR_FILENO)
        close(sink->fd);
    sink->fd = -1;
    /* The reader gets end-of-file now, not when the run ends. Standard error stays open: what Janus
     * itself has to say goes there. */
    if (stream == CHANNEL_STDOUT) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (null >= 0) {
            dup2(null, STDOUT_FILENO);
            close(null);
        }
    }
}

/* Pass on what is held, without waiting. */
void sink_write(uint16_t stream)
{
    struct sink *sink = &host.sinks[stream];
    struct buffer *held = &sink->held;
    size_t before = held->end - held->start;

    while (held->start < held->end) {
        size_t length = held->end - held->start;
        if (sink->may_block && length > 512)
            length = 512;
        ssize_t n = send(sink->fd, held->data + held->start, length, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == ENOTSOCK)
            n = write(sink->fd, held->data + held->start, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            break;
        if (n < 0 && (errno == EPIPE || errno == ECONNRESET || errno == EIO)) {
            sink->reader_gone = true;
            sink_close(stream);
            if (!host.exited)
                output_frame(CHANNEL_CLOSED, stream, NULL, 0);
            return;
        }
        if (n < 0)
            host_fail("standard %s: %s", stream == CHANNEL_STDERR ? "error" : "output",
                      strerror(errno));
        held->start += (size_t)n;
        if (sink->may_block)
            break;
    }
    sink->owed += before - (held->end - held->start);
    if (sink->owed >= WINDOW / 4 && !sink->at_eof && !host.exited) {
        uint32_t credit = (uint32_t)sink->owed;
        sink->owed = 0;
        sink->granted += credit;
        output_u32(CHANNEL_CREDIT, stream, 1, &credit);
    }
    if (held->start == held->end) {
        held->start = held->end = 0;
        if (sink->at_eof && stream != CHANNEL_TTY)
            sink_close(stream);
    }
}

void sink_take(uint16_t stream, const void *data, size_t length)
{
    struct sink *sink = stream < CHANNEL_STREAM_END ? &host.sinks[stream] : NULL;
    struct buffer *held;

    if (!sink || stream == CHANNEL_STDIN)
        host_fail("the guest sent data on stream %u", stream);
    if (sink->reader_gone)
        return;
    if (sink->fd < 0 || sink->at_eof)
        host_fail("the guest sent data on stream %u, which is not open", stream);
    if (length > sink->granted)
        host_fail("the guest sent more than its credit on stream %u", stream);
    sink->granted -= length;
    held = &sink->held;
    if (held->capacity - held->end < length) {
        memmove(held->data, held->data + held->start, held->end - held->start);
        held->end -= held->start;
        held->start = 0;
    }
    memcpy(held->data + held->end, data, length);
    held->end += length;
}

void sink_eof(uint16_t stream)
{
    if (stream == CHANNEL_STDIN || stream >= CHANNEL_STREAM_END)
        host_fail("the guest ended stream %u", stream);
    host.sinks[stream].at_eof = true;
    if (host.sinks[stream].fd >= 0)
        sink_write(stream);
}

bool sinks_are_empty(void)
{
    for (int stream = CHANNEL_STDOUT; stream < CHANNEL_STREAM_END; stream++)
        if (host.sinks[stream].held.start < host.sinks[stream].held.end)
            return false;
    return true;
}

/* Carrying files in: a program, standard input, the shared tree. */
#include "host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void send_file(const char *to, uint32_t mode, const struct stat *status, const char *target)
{
    uint8_t payload[64 + 2 * CHANNEL_MAX_PATH];
    struct channel_writer writer = {.data = payload, .capacity = sizeof payload};
    struct channel_file file = {
        .mode = mode,
        .mtime_ns = status->st_mtim.tv_sec * INT64_C(1000000000) + status->st_mtim.tv_nsec,
        .size = S_ISREG(mode) ? (uint64_t)status->st_size : 0,
        .path = {to, (uint32_t)strlen(to)},
        .target = {target, (uint32_t)strlen(target)},
    };

    if (file.path.length > CHANNEL_MAX_PATH)
        host_fail("%s: path too long", to);
    channel_put_file(&writer, &file);
    output_frame(CHANNEL_FILE, 0, payload, writer.length);
}

static void send_contents(int fd, const char *name)
{
    off_t at = 0;

    for (;;) {
        struct buffer *out = &host.out;
        ssize_t n;
        output_reserve(CHANNEL_MAX_FRAME);
        n = pread(fd, out->data + out->end + CHANNEL_HEADER_SIZE, CHANNEL_MAX_PAYLOAD, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            host_fail("%s: %s", name, strerror(errno));
        if (n == 0)
            break;
        channel_put_header(out->data + out->end, CHANNEL_FILE_DATA, 0, (uint32_t)n);
        out->end += CHANNEL_HEADER_SIZE + (size_t)n;
        at += n;
    }
    output_frame(CHANNEL_FILE_END, 0, NULL, 0);
}

void carry_fd(int fd, const char *to)
{
    struct stat status;

    if (fstat(fd, &status) < 0)
        host_fail("standard input: %s", strerror(errno));
    send_file(to, status.st_mode, &status, "");
    send_contents(fd, "standard input");
}

void carry_path(const char *from, const char *to, uint32_t mode)
{
    struct stat status;
    int fd = open(from, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (fd < 0 || fstat(fd, &status) < 0)
        host_fail("%s: %s", from, strerror(errno));
    send_file(to, mode, &status, "");
    send_contents(fd, from);
    close(fd);
}

static void carry_entry(int directory, const char *name, const char *to);

/* The entries of an open directory in the order of their names. Takes the descriptor over. */
static void carry_entries(int directory, const char *to)
{
    struct dirent **entries;
    int count = scandirat(directory, ".", &entries, NULL, alphasort);

    if (count < 0)
        host_fail("--share: %s: %s", to, strerror(errno));
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        char *path;
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
            if (asprintf(&path, "%s/%s", to, name) < 0)
                host_fail("out of memory");
            carry_entry(directory, name, path);
            free(path);
        }
        free(entries[i]);
    }
    free(entries);
    close(directory);
}

static void carry_directory(int fd, const char *to)
{
    struct stat status;

    if (fd < 0 || fstat(fd, &status) < 0)
        host_fail("--share: %s: %s", to, strerror(errno));
    send_file(to, status.st_mode, &status, "");
    carry_entries(fd, to);
    send_file(to, status.st_mode, &status, "");
}

static void carry_entry(int directory, const char *name, const char *to)
{
    char target[CHANNEL_MAX_PATH + 1];
    struct stat status;
    ssize_t n;
    int fd;

    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
        if (errno == ENOENT)
            return;
        host_fail("--share: %s: %s", to, strerror(errno));
    }
    if (S_ISDIR(status.st_mode)) {
        carry_directory(openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
                        to);
    } else if (S_ISLNK(status.st_mode)) {
        n = readlinkat(directory, name, target, sizeof target - 1);
        if (n < 0)
            host_fail("--share: %s: %s", to, strerror(errno));
        target[n] = 0;
        send_file(to, status.st_mode, &status, target);
    } else if (S_ISREG(status.st_mode)) {
        fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
            host_fail("--share: %s: %s", to, strerror(errno));
        send_file(to, status.st_mode, &status, "");
        send_contents(fd, to);
        close(fd);
    }
}

void carry_tree(const char *from, const char *to)
{
    carry_directory(open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC), to);
}

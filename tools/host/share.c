/* Changes of the shared tree coming back. The guest is not trusted: no path leaves the directory
 * and no link is followed. A regular file is written under a temporary name and renamed. */
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool share_failed;

/* A directory's mode and time are set when everything below it is in place. */
struct late_directory {
    char *path;
    uint32_t mode;
    int64_t mtime_ns;
    struct late_directory *next;
};

static struct late_directory *late;

/* The regular file being received. */
static struct {
    int directory, fd;
    uint32_t mode;
    int64_t mtime_ns;
    char temporary[32];
    char *name, *path;
} incoming = {.directory = -1, .fd = -1};

static void share_error(const char *path)
{
    host_warn("--share: %s: %s", path, strerror(errno));
    share_failed = true;
}

static struct timespec *times_of(int64_t mtime_ns, struct timespec times[2])
{
    times[0] = (struct timespec){.tv_nsec = UTIME_OMIT};
    times[1].tv_sec = mtime_ns / 1000000000;
    times[1].tv_nsec = mtime_ns % 1000000000;
    if (times[1].tv_nsec < 0) {
        times[1].tv_nsec += 1000000000;
        times[1].tv_sec--;
    }
    return times;
}

/* Open the directory that holds PATH; *name is its last component, "." for the shared tree. */
static int open_parent(char *path, char **name)
{
    int directory = open(host.options.share, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char *at = path + strlen("/host");

    *name = ".";
    while (directory >= 0 && *at == '/') {
        char *end = strchrnul(++at, '/');
        int next;
        *name = at;
        if (!*end)
            break;
        *end = 0;
        next = openat(directory, at, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        *end = '/';
        close(directory);
        directory = next;
        at = end;
    }
    return directory;
}

/* A copy of a path that lies in the shared tree; anything else ends the run. */
static char *checked_path(struct channel_text path)
{
    if (!host.options.share || host.options.share_read_only || !channel_path_is_plain(path) ||
        path.length < 5 || memcmp(path.data, "/host", 5) != 0 ||
        (path.length > 5 && path.data[5] != '/'))
        host_fail("the guest sent a change outside the shared directory");
    return strndup(path.data, path.length);
}

static void make_directory(int directory, const char *name, char *path,
                           const struct channel_file *file)
{
    struct late_directory *entry = malloc(sizeof *entry);
    struct stat status;

    if (strcmp(name, ".") != 0 && mkdirat(directory, name, 0700) < 0 &&
        (errno != EEXIST || fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
         !S_ISDIR(status.st_mode)))
        share_error(path);
    if (!entry)
        host_fail("out of memory");
    *entry = (struct late_directory){path, file->mode & 07777, file->mtime_ns, late};
    late = entry;
}

static void make_link(int directory, const char *name, const char *path,
                      const struct channel_file *file)
{
    char *target = strndup(file->target.data, file->target.length);
    char temporary[32];
    struct timespec times[2];

    snprintf(temporary, sizeof temporary, ".janus-%d-link", getpid());
    unlinkat(directory, temporary, 0);
    if (!target || symlinkat(target, directory, temporary) < 0 ||
        utimensat(directory, temporary, times_of(file->mtime_ns, times), AT_SYMLINK_NOFOLLOW) < 0 ||
        renameat(directory, temporary, directory, name) < 0) {
        share_error(path);
        unlinkat(directory, temporary, 0);
    }
    free(target);
}

void share_file(const struct channel_frame *frame)
{
    struct channel_file file;
    char *path, *name;
    int directory;

    if (channel_read_file(frame->payload, frame->length, &file) != CHANNEL_OK || incoming.path)
        host_fail("the guest sent a malformed file");
    path = checked_path(file.path);
    directory = open_parent(path, &name);
    if (directory < 0)
        share_error(path);
    if (S_ISREG(file.mode)) {
        incoming.directory = directory;
        incoming.path = path;
        incoming.name = name;
        incoming.mode = file.mode & 07777;
        incoming.mtime_ns = file.mtime_ns;
        snprintf(incoming.temporary, sizeof incoming.temporary, ".janus-%d-file", getpid());
        if (directory >= 0) {
            unlinkat(directory, incoming.temporary, 0);
            incoming.fd = openat(directory, incoming.temporary,
                                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
            if (incoming.fd < 0)
                share_error(path);
        }
        return;
    }
    if (directory >= 0 && S_ISDIR(file.mode)) {
        make_directory(directory, name, path, &file);
        path = NULL;
    } else if (directory >= 0 && S_ISLNK(file.mode)) {
        make_link(directory, name, path, &file);
    } else if (directory >= 0) {
        host_fail("the guest sent a file of an unknown kind");
    }
    if (directory >= 0)
        close(directory);
    free(path);
}

static void incoming_drop(void)
{
    if (incoming.fd >= 0) {
        close(incoming.fd);
        unlinkat(incoming.directory, incoming.temporary, 0);
    }
    incoming.fd = -1;
}

void share_data(const struct channel_frame *frame)
{
    const uint8_t *data = frame->payload;
    size_t left = frame->length;

    if (!incoming.path)
        host_fail("the guest sent contents without a file");
    while (left && incoming.fd >= 0) {
        ssize_t n = write(incoming.fd, data, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            share_error(incoming.path);
            incoming_drop();
            return;
        }
        data += n;
        left -= (size_t)n;
    }
}

void share_file_end(void)
{
    struct timespec times[2];

    if (!incoming.path)
        host_fail("the guest ended a file that it had not begun");
    if (incoming.fd >= 0) {
        if (fchmod(incoming.fd, incoming.mode) < 0 ||
            futimens(incoming.fd, times_of(incoming.mtime_ns, times)) < 0 ||
            renameat(incoming.directory, incoming.temporary, incoming.directory, incoming.name) < 0)
            share_error(incoming.path);
        else
            incoming.temporary[0] = 0;
        if (incoming.temporary[0])
            incoming_drop();
        else
            close(incoming.fd);
        incoming.fd = -1;
    }
    if (incoming.directory >= 0)
        close(incoming.directory);
    incoming.directory = -1;
    free(incoming.path);
    incoming.path = NULL;
}

void share_remove(const struct channel_frame *frame)
{
    char *path = checked_path((struct channel_text){(const char *)frame->payload, frame->length});
    char *name;
    int directory = open_parent(path, &name);

    if (directory < 0 || strcmp(name, ".") == 0) {
        share_error(path);
    } else if (unlinkat(directory, name, 0) < 0 && errno != ENOENT) {
        if ((errno != EISDIR && errno != EPERM) || unlinkat(directory, name, AT_REMOVEDIR) < 0)
            share_error(path);
    }
    if (directory >= 0)
        close(directory);
    free(path);
}

/* Deepest last-sent first: `late` is a stack. */
void share_end(void)
{
    while (late) {
        struct late_directory *entry = late;
        struct timespec times[2];
        char *name;
        int directory = open_parent(entry->path, &name);
        int fd = directory < 0
                     ? -1
                     : openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fchmod(fd, entry->mode) < 0 ||
            futimens(fd, times_of(entry->mtime_ns, times)) < 0)
            share_error(entry->path);
        if (fd >= 0)
            close(fd);
        if (directory >= 0)
            close(directory);
        late = entry->next;
        free(entry->path);
        free(entry);
    }
    incoming_drop();
}

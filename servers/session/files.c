/* Files that are carried in. Each goes straight to fs; nothing is kept here but the open file. */
#include <stdlib.h>
#include <string.h>

#include "janus/idl/fs.h"
#include "janus/idl/io.h"
#include "janus/runtime.h"
#include "session.h"

enum {
    FORMAT = 0170000, REGULAR = 0100000, DIRECTORY = 0040000, SYMLINK = 0120000, PERMISSIONS = 07777,
    SHARE_ALL = IO_ACCESS_READ | IO_ACCESS_WRITE | IO_ACCESS_EXECUTE | IO_ACCESS_DELETE,
};

jn_status_t files_open(struct session *s, const char *path, uint32_t lookup, uint32_t flags,
                       uint32_t access, uint64_t *open)
{
    uint32_t kind, created, node_mode;
    uint64_t device;

    return fs_open(s->fs, 0, strlen(path), lookup, flags, access, SHARE_ALL, 0644, 0,
                   jn_window(path, strlen(path)), open, &kind, &created, &device, &node_mode);
}

/* An existing directory is kept. */
static jn_status_t make_directory(struct session *s, const char *path, size_t length, uint32_t mode)
{
    jn_status_t status = fs_make_directory(s->fs, 0, length, 0, mode, jn_window(path, length));

    return status == JN_EXISTS ? JN_OK : status;
}

static jn_status_t make_parents(struct session *s, const char *path)
{
    for (const char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
        jn_status_t status = make_directory(s, path, (size_t)(at - path), 0755);

        if (status != JN_OK)
            return status;
    }
    return JN_OK;
}

static jn_status_t set_mode_and_time(struct session *s, const struct channel_file *file)
{
    uint32_t mask = FS_SET_ACCESS_TIME | FS_SET_MODIFY_TIME;

    if ((file->mode & FORMAT) != SYMLINK)
        mask |= FS_SET_MODE;
    return fs_set_attributes(s->fs, 0, strlen(s->file_path), FS_LOOKUP_NOFOLLOW, mask,
                             file->mode & PERMISSIONS, 0, 0, file->mtime_ns, file->mtime_ns, 0, 0,
                             jn_window(s->file_path, strlen(s->file_path)));
}

static jn_status_t make_symlink(struct session *s, const struct channel_file *file)
{
    size_t length = strlen(s->file_path);
    struct jn_window path = jn_window(s->file_path, length);
    struct jn_window target = jn_window(file->target.data, file->target.length);
    jn_status_t status = fs_make_symlink(s->fs, file->target.length, 0, length, 0, target, path);

    if (status != JN_EXISTS)
        return status;
    status = fs_remove(s->fs, 0, length, FS_LOOKUP_NOFOLLOW, FS_REMOVE_FILE, path);
    if (status != JN_OK)
        return status;
    return fs_make_symlink(s->fs, file->target.length, 0, length, 0, target, path);
}

static const char *failed(struct session *s, jn_status_t status)
{
    return session_text("%s cannot be stored: %s", s->file_path, jn_status_text(status));
}

static const char *finish(struct session *s)
{
    jn_status_t status;

    if (s->file) {
        status = io_close(s->fs, s->file);
        s->file = 0;
        if (status != JN_OK)
            return failed(s, status);
    }
    status = set_mode_and_time(s, &s->file_data);
    return status == JN_OK ? NULL : failed(s, status);
}

const char *files_begin(struct session *s, const struct channel_file *file)
{
    jn_status_t status;

    free(s->file_path);
    s->file_path = malloc(file->path.length + 1);
    if (!s->file_path)
        return "out of memory for a file's name";
    memcpy(s->file_path, file->path.data, file->path.length);
    s->file_path[file->path.length] = 0;
    s->file_data = *file;
    status = make_parents(s, s->file_path);
    if (status != JN_OK)
        return failed(s, status);
    switch (file->mode & FORMAT) {
    case DIRECTORY:
        status = make_directory(s, s->file_path, file->path.length, file->mode & PERMISSIONS);
        break;
    case SYMLINK:
        status = make_symlink(s, file);
        break;
    case REGULAR:
        status = files_open(s, s->file_path, FS_LOOKUP_NOFOLLOW,
                            FS_OPEN_CREATE | FS_OPEN_TRUNCATE | FS_OPEN_NOT_DIRECTORY,
                            IO_ACCESS_WRITE, &s->file);
        return status == JN_OK ? NULL : failed(s, status);
    default:
        return session_text("%s: neither a file, a directory nor a link", s->file_path);
    }
    return status == JN_OK ? finish(s) : failed(s, status);
}

const char *files_data(struct session *s, const void *bytes, size_t length)
{
    const char *at = bytes;

    while (length > 0) {
        uint64_t done = 0;
        jn_status_t status = io_write(s->fs, s->file, -1, length, 0, 0, jn_window(at, length),
                                      &done);

        if (status != JN_OK || done == 0)
            return failed(s, status);
        at += done;
        length -= done;
    }
    return NULL;
}

const char *files_end(struct session *s)
{
    return finish(s);
}

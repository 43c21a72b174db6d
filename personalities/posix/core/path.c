#include "path.h"

#include <stdlib.h>
#include <string.h>

#include "descriptors.h"
#include "linux/file.h"
#include "process.h"
#include "status.h"
#include "user.h"

static char buffers[2][LX_PATH_MAX];

long path_directory(struct thread *t, uint64_t dirfd, const char *path, uint64_t *dir)
{
    struct process *p = t->process;
    *dir = p->directory;
    if (path[0] == '/' || (int32_t)dirfd == LX_AT_FDCWD)
        return 0;
    struct descriptor *d = descriptor_get(p, dirfd);
    if (!d)
        return -LX_EBADF;
    if ((d->kind != DESCRIPTOR_OPEN && d->kind != DESCRIPTOR_PATH) ||
        d->open.server != BACKEND_FS)
        return -LX_ENOTDIR;
    *dir = d->open.number;
    return 0;
}

static bool starts(const char *path, const char *prefix)
{
    return !strncmp(path, prefix, strlen(prefix));
}

/* Only what the path asks for: most paths below /proc do not show what the core alone knows. */
static long refresh_proc(struct thread *t, const char *path)
{
    struct process *p = t->process;
    bool absolute = path[0] == '/';
    if (absolute && !starts(path, "/proc/") && !starts(path, "/dev/"))
        return 0;
    const char *last = strrchr(path, '/');
    last = last ? last + 1 : path;
    bool maps = !strcmp(last, "maps") || !strcmp(last, "smaps");
    bool files = strstr(path, "fd") || !strcmp(last, "cwd");
    if (!maps && !files)
        return 0;
    struct process *shown = p;
    if (starts(path, "/proc/") && path[6] >= '0' && path[6] <= '9') {
        uint64_t pid = (uint64_t)atol(path + 6);
        struct process *other = process_find(pid);
        if (!other)
            return process_ask_to_show(t, pid, (maps ? SHOW_MAPS : 0) | (files ? SHOW_FILES : 0));
        shown = other;
    }
    if (maps)
        process_push_maps(shown);
    if (files)
        process_push_files(shown);
    return 0;
}

long path_get(struct thread *t, uint64_t dirfd, uint64_t address, uint32_t flags, uint32_t lookup,
              int which, struct backend_path *path)
{
    char *text = buffers[which];
    long length = user_string(t, text, address, LX_PATH_MAX);
    if (length < 0)
        return length;
    if (!length && !(flags & LX_AT_EMPTY_PATH))
        return -LX_ENOENT;
    path->path = text;
    path->length = (size_t)length;
    path->lookup = lookup;
    if (!length) {
        path->lookup |= FS_LOOKUP_EMPTY;
        if ((int32_t)dirfd == LX_AT_FDCWD) {
            path->dir = t->process->directory;
            return 0;
        }
        struct descriptor *d = descriptor_get(t->process, dirfd);
        if (!d)
            return -LX_EBADF;
        path->dir = d->open.number;
        return d->open.server == BACKEND_FS ? 0 : -LX_EINVAL;
    }
    long waiting = refresh_proc(t, text);
    return waiting ? waiting : path_directory(t, dirfd, text, &path->dir);
}

long path_descriptor(struct thread *t, const struct backend_path *path)
{
    struct backend_open open;
    uint32_t created;
    struct backend_path followed = *path;
    followed.lookup &= ~(uint32_t)FS_LOOKUP_NOFOLLOW;
    jn_status_t status = backend_fs_open(&t->process->clients, &followed, FS_OPEN_PATH, 0, 7, 0,
                                         0, &open, &created);
    if (status != JN_OK)
        return -1;
    if (open.server == BACKEND_DESCRIPTOR)
        return (long)open.number;
    backend_io_close(&t->process->clients, open);
    return -1;
}

long path_open(struct process *p, const struct backend_path *path, uint32_t flags, uint32_t access,
               struct backend_open *open)
{
    uint32_t created;
    jn_status_t status =
        backend_fs_open(&p->clients, path, flags, access, 7, 0, 0, open, &created);
    if (status == JN_OK && open->server == BACKEND_DESCRIPTOR) {
        struct descriptor *d = descriptor_get(p, open->number);
        if (!d || d->open.server != BACKEND_FS)
            return -LX_ENXIO;
        struct backend_path again = {d->open.number, "", 0, FS_LOOKUP_EMPTY};
        status = backend_fs_open(&p->clients, &again, flags, access, 7, 0, 0, open, &created);
    }
    if (status == JN_OK && open->server != BACKEND_FS) {
        backend_io_close(&p->clients, *open);
        return -LX_ENXIO;
    }
    return errno_of(status);
}

/* The mount tree: interface fs. */
#include "janus/backend/io.h"
#include "janus/idl/lease.h"
#include "janus/object.h"
#include "janus/runtime.h"

#define PATH(p) (p)->dir, (p)->length, (p)->lookup
#define WINDOW(p) backend_path_window(p)

static struct jn_window backend_path_window(const struct backend_path *path)
{
    return (struct jn_window){(uint64_t)(uintptr_t)path->path, path->length, 0, 0};
}

static struct jn_window window(const void *address, uint64_t length)
{
    return (struct jn_window){(uint64_t)(uintptr_t)address, length, 0, 0};
}

jn_status_t backend_fs_open(const struct backend_clients *c, const struct backend_path *path,
                            uint32_t flags, uint32_t access, uint32_t share, uint32_t mode,
                            uint64_t cookie, struct backend_open *open, uint32_t *created)
{
    uint32_t node_mode;
    return backend_fs_open_node(c, path, flags, access, share, mode, cookie, open, created,
                                &node_mode);
}

jn_status_t backend_fs_open_node(const struct backend_clients *c, const struct backend_path *path,
                                 uint32_t flags, uint32_t access, uint32_t share, uint32_t mode,
                                 uint64_t cookie, struct backend_open *open, uint32_t *created,
                                 uint32_t *node_mode)
{
    uint32_t kind = 0;
    uint64_t device_id = 0;
    jn_status_t status =
        BACKEND_ARMED(BACKEND_FS, c->fs, cookie,
                      fs_open(c->fs, PATH(path), flags & ~BACKEND_OPEN_NO_CONTROLLING, access,
                              share, mode, cookie, WINDOW(path), &open->number, &kind, created,
                              &device_id, node_mode));
    open->server = BACKEND_FS;
    if (status != JN_OK && status != JN_REDIRECT)
        return status;
    switch (kind) {
    case FS_SERVER_FS:
        return status;
    case FS_SERVER_DESCRIPTOR:
        open->server = BACKEND_DESCRIPTOR;
        return JN_OK;
    case FS_SERVER_CONSOLE: {
        uint32_t console_flags =
            (flags & BACKEND_OPEN_NO_CONTROLLING ? CONSOLE_OPEN_NO_CONTROLLING : 0) |
            (flags & FS_OPEN_NONBLOCK ? CONSOLE_OPEN_NONBLOCK : 0);
        open->server = BACKEND_CONSOLE;
        return console_open(c->console, open->number, access, console_flags, &open->number);
    }
    default:
        return JN_NO_DEVICE;
    }
}

jn_status_t backend_fs_stat(const struct backend_clients *c, const struct backend_path *path,
                            struct io_stat *stat)
{
    return fs_stat_path(c->fs, PATH(path), WINDOW(path), stat);
}

jn_status_t backend_io_stat_watched(const struct backend_clients *c, struct backend_open open,
                                    struct io_stat *stat, struct backend_watch *watch)
{
    watch->names = 0;
    return lease_stat(c->fs, open.number, stat, &watch->slot, &watch->generation);
}

jn_status_t backend_fs_stat_watched(const struct backend_clients *c, const struct backend_path *path,
                                    struct io_stat *stat, struct backend_watch *watch)
{
    return lease_stat_path(c->fs, PATH(path), WINDOW(path), stat, &watch->slot, &watch->generation,
                           &watch->names);
}

static uint64_t generations; /* its address */
static bool generations_mapped;

const uint64_t *backend_fs_generations(const struct backend_clients *c)
{
    if (!generations)
        generations = jn_reserve(4096, 12);
    if (generations && !generations_mapped)
        generations_mapped = lease_watch(c->fs, generations, JN_CAP_TASK) == JN_OK;
    return generations_mapped ? (const uint64_t *)generations : NULL;
}

void backend_fs_generations_child(void)
{
    generations_mapped = false;
}

jn_status_t backend_fs_access(const struct backend_clients *c, const struct backend_path *path,
                              uint32_t mode)
{
    return fs_access(c->fs, PATH(path), mode, WINDOW(path));
}

jn_status_t backend_fs_make_directory(const struct backend_clients *c,
                                      const struct backend_path *path, uint32_t mode)
{
    return fs_make_directory(c->fs, PATH(path), mode, WINDOW(path));
}

jn_status_t backend_fs_make_node(const struct backend_clients *c, const struct backend_path *path,
                                 uint32_t mode, uint64_t device_id)
{
    return fs_make_node(c->fs, PATH(path), mode, device_id, WINDOW(path));
}

jn_status_t backend_fs_remove(const struct backend_clients *c, const struct backend_path *path,
                              uint32_t kind)
{
    return fs_remove(c->fs, PATH(path), kind, WINDOW(path));
}

jn_status_t backend_fs_rename(const struct backend_clients *c, const struct backend_path *from,
                              const struct backend_path *to, uint32_t flags)
{
    return fs_rename(c->fs, from->dir, from->length, to->dir, to->length, from->lookup, flags,
                     WINDOW(from), WINDOW(to));
}

jn_status_t backend_fs_link(const struct backend_clients *c, const struct backend_path *from,
                            const struct backend_path *to)
{
    return fs_link(c->fs, from->dir, from->length, to->dir, to->length, from->lookup,
                   WINDOW(from), WINDOW(to));
}

jn_status_t backend_fs_link_open(const struct backend_clients *c, uint64_t open,
                                 const struct backend_path *to)
{
    return fs_link_open(c->fs, open, to->dir, to->length, to->lookup, WINDOW(to));
}

jn_status_t backend_fs_make_symlink(const struct backend_clients *c, const char *target,
                                    size_t target_length, const struct backend_path *path)
{
    return fs_make_symlink(c->fs, target_length, PATH(path), window(target, target_length),
                           WINDOW(path));
}

jn_status_t backend_fs_read_symlink(const struct backend_clients *c,
                                    const struct backend_path *path, char *target,
                                    size_t capacity, size_t *length)
{
    return fs_read_symlink(c->fs, PATH(path), capacity, WINDOW(path), window(target, capacity),
                           length);
}

jn_status_t backend_fs_set_attributes(const struct backend_clients *c,
                                      const struct backend_path *path,
                                      const struct backend_attributes *a)
{
    return fs_set_attributes(c->fs, PATH(path), a->mask, a->mode, a->uid, a->gid, a->access_ns,
                             a->modify_ns, a->birth_ns, a->attributes, WINDOW(path));
}

jn_status_t backend_fs_read_directory(const struct backend_clients *c, uint64_t open,
                                      uint64_t position, uint64_t capacity,
                                      struct jn_window entries, uint64_t *done, uint64_t *next)
{
    return fs_read_directory(c->fs, open, position, capacity, entries, done, next);
}

jn_status_t backend_fs_pipe(const struct backend_clients *c, uint32_t flags,
                            struct backend_open *read, struct backend_open *write)
{
    read->server = write->server = BACKEND_FS;
    return fs_pipe(c->fs, flags, &read->number, &write->number);
}

jn_status_t backend_fs_temporary(const struct backend_clients *c, uint32_t mode,
                                 struct backend_open *open)
{
    open->server = BACKEND_FS;
    return fs_temporary(c->fs, mode, &open->number);
}

jn_status_t backend_fs_path_of(const struct backend_clients *c, uint64_t open, char *path,
                               size_t capacity, size_t *length)
{
    return fs_path_of(c->fs, open, capacity, window(path, capacity), length);
}

jn_status_t backend_fs_statfs(const struct backend_clients *c, uint64_t open,
                              struct fs_statfs *stat)
{
    return fs_statfs(c->fs, open, stat);
}

jn_status_t backend_fs_set_root(const struct backend_clients *c, uint64_t open)
{
    return fs_set_root(c->fs, open);
}

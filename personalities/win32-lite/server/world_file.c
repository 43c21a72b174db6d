/* Files by name: interface fs, without regard to case and with share modes. */
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "janus/idl/fs.h"
#include "loop.h"
#include "stat_cache.h"

_Static_assert(WORLD_OPEN_MAKE_DIRECTORY == FS_OPEN_MAKE_DIRECTORY &&
                   WORLD_OPEN_DELETE_ON_CLOSE == FS_OPEN_DELETE_ON_CLOSE &&
                   WORLD_OPEN_PATH == FS_OPEN_PATH && WORLD_OPEN_CREATE == FS_OPEN_CREATE,
               "one set of flags");
_Static_assert(WORLD_READ == IO_ACCESS_READ && WORLD_DELETE == IO_ACCESS_DELETE, "access");
_Static_assert(WORLD_READABLE == IO_READABLE && WORLD_HANGUP == IO_HANGUP, "events");

static struct backend_path path_of(const char *path, size_t length)
{
    return (struct backend_path){0, path, length, FS_LOOKUP_CASELESS};
}

static struct backend_path empty(uint64_t open)
{
    return (struct backend_path){open, "", 0, FS_LOOKUP_EMPTY};
}

world_status world_file_open_node(struct world_process *p, const char *path, size_t length,
                                  uint32_t flags, uint32_t access, uint32_t share, uint64_t cookie,
                                  struct world_open *open, bool *created, uint32_t *node_mode)
{
    struct backend_path where = path_of(path, length);
    struct backend_open result = {0, 0};
    uint32_t made = 0;
    uint32_t mode = flags & WORLD_OPEN_MAKE_DIRECTORY ? 0755 : 0644;
    jn_status_t status =
        backend_fs_open_node(&p->clients, &where, flags | FS_OPEN_SHARE_MODES, access, share, mode,
                             cookie, &result, &made, node_mode);

    if (status == JN_WOULD_BLOCK && cookie)
        guest_armed(cookie, RING_FS);
    if (status != JN_OK)
        return status;
    if (result.server == BACKEND_DESCRIPTOR)
        return JN_NO_DEVICE;
    *open = (struct world_open){result.server, access & (WORLD_READ | WORLD_WRITE), result.number};
    *created = made != 0;
    return JN_OK;
}

world_status world_file_stat_path(struct world_process *p, const char *path, size_t length,
                                  struct world_stat *out)
{
    struct backend_path where = path_of(path, length);

    return stat_cache_ask(p, &where, out);
}

world_status world_file_stat(struct world_process *p, struct world_open open,
                             struct world_stat *out)
{
    struct io_stat stat;
    jn_status_t status = backend_io_stat(&p->clients, guest_open(open), &stat);

    if (status == JN_OK)
        stat_cache_fill(&stat, out);
    return status;
}

world_status world_file_list(struct world_process *p, struct world_open open, uint64_t position,
                             struct world_entry *entries, size_t capacity, size_t *count,
                             uint64_t *next)
{
    static _Alignas(8) uint8_t buffer[16384];
    uint64_t done = 0, after = position, at = 0;
    jn_status_t status =
        backend_fs_read_directory(&p->clients, open.number, position, sizeof buffer,
                                  backend_window(buffer, sizeof buffer), &done, &after);

    *count = 0;
    *next = position;
    if (status != JN_OK)
        return status == JN_END_OF_FILE ? JN_OK : status;
    while (at + sizeof(struct fs_entry) <= done && *count < capacity) {
        struct fs_entry entry;
        struct world_entry *e = &entries[*count];
        memcpy(&entry, buffer + at, sizeof entry);
        if (entry.entry_length < sizeof entry || entry.entry_length > done - at)
            break;
        e->name_length = entry.name_length < sizeof e->name ? entry.name_length : 0;
        memcpy(e->name, buffer + at + sizeof entry, e->name_length);
        e->inode = entry.inode;
        e->mode = entry.mode;
        e->attributes = entry.attributes;
        e->size = entry.size;
        e->modify_ns = entry.modify_ns;
        e->birth_ns = entry.birth_ns;
        *next = entry.next;
        at += entry.entry_length;
        if (e->name_length)
            ++*count;
    }
    return JN_OK;
}

world_status world_file_path(struct world_process *p, struct world_open open, char *path,
                             size_t capacity, size_t *length)
{
    jn_status_t status;

    if (open.server != WORLD_FS)
        return JN_NOT_FOUND;
    status = backend_fs_path_of(&p->clients, open.number, path, capacity - 1, length);
    if (status == JN_OK)
        path[*length] = 0;
    return status;
}

world_status world_file_set_delete(struct world_process *p, struct world_open open, bool on)
{
    return fs_set_delete(p->clients.fs, open.number, on);
}

world_status world_file_rename(struct world_process *p, struct world_open open, const char *path,
                               size_t length, bool replace)
{
    return fs_rename_open(p->clients.fs, open.number, 0, length, FS_LOOKUP_CASELESS,
                          replace ? 0 : FS_RENAME_NO_REPLACE, backend_window(path, length));
}

world_status world_file_link(struct world_process *p, struct world_open open, const char *path,
                             size_t length)
{
    struct backend_path where = path_of(path, length);

    return backend_fs_link_open(&p->clients, open.number, &where);
}

world_status world_file_set_attributes(struct world_process *p, struct world_open open,
                                       uint32_t attributes, int64_t access_ns, int64_t modify_ns,
                                       int64_t birth_ns)
{
    struct backend_path where = empty(open.number);
    struct backend_attributes a = {.attributes = attributes,
                                   .access_ns = access_ns,
                                   .modify_ns = modify_ns,
                                   .birth_ns = birth_ns};

    a.mask = (attributes != UINT32_MAX ? FS_SET_ATTRIBUTES : 0) |
             (access_ns != INT64_MIN ? FS_SET_ACCESS_TIME : 0) |
             (modify_ns != INT64_MIN ? FS_SET_MODIFY_TIME : 0) |
             (birth_ns != INT64_MIN ? FS_SET_BIRTH_TIME : 0);
    return a.mask ? backend_fs_set_attributes(&p->clients, &where, &a) : JN_OK;
}

world_status world_file_space(struct world_process *p, struct world_open open, uint64_t *block,
                              uint64_t *total, uint64_t *available)
{
    struct fs_statfs stat;
    jn_status_t status = backend_fs_statfs(&p->clients, open.number, &stat);

    if (status == JN_OK) {
        *block = stat.block_size;
        *total = stat.blocks;
        *available = stat.free;
    }
    return status;
}

world_status world_file_pipe(struct world_process *p, bool messages, struct world_open *reading,
                             struct world_open *writing)
{
    struct backend_open in, out;
    jn_status_t status = backend_fs_pipe(&p->clients, messages ? FS_PIPE_MESSAGES : 0, &in,
                                         &out);

    if (status == JN_OK) {
        *reading = (struct world_open){in.server, WORLD_READ, in.number};
        *writing = (struct world_open){out.server, WORLD_WRITE, out.number};
    }
    return status;
}

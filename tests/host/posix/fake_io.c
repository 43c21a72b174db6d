/* Files, pipes and address spaces. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "janus/backend/io.h"
#include "janus/backend/memory.h"
#include "linux/file.h"

#define OBJECTS 8192
#define PIPE_BYTES 65536

void fake_event(uint32_t server, uint64_t cookie, uint32_t bits);

struct pipe {
    uint8_t bytes[PIPE_BYTES];
    uint32_t length, readers, writers;
    uint64_t armed[64];
    uint32_t armed_count;
};

static struct {
    char *path;
    uint8_t *data;
    size_t length;
    uint32_t mode;
} files[64];
static uint32_t file_count;

static struct open {
    uint32_t users; /* numbers cloned by fork count once more */
    int file; /* -1: a pipe */
    struct pipe *pipe;
    bool writes;
    uint32_t flags;
    int64_t position;
} opens[OBJECTS];
static uint64_t next_open = 1;

static jn_status_t get(struct backend_open open, struct open **out)
{
    if (open.number >= OBJECTS || !opens[open.number].users)
        return JN_BAD_HANDLE;
    *out = &opens[open.number];
    return JN_OK;
}

static void *window(struct jn_window w)
{
    return w.reply ? fake_user(w.address) : (void *)(uintptr_t)w.address;
}

/* A lent window that is not there: the copy stops at once, as a server answers it. */
static bool is_missing(struct jn_window w, uint64_t length, uint64_t *done)
{
    if (!w.reply || !length || fake_accessible(w.address, length) == length)
        return false;
    *done = w.address;
    return true;
}

void fake_file(const char *path, const void *data, size_t length, uint32_t mode)
{
    uint32_t i = 0;
    while (i < file_count && strcmp(files[i].path, path))
        i++;
    if (i == file_count) {
        assert(file_count < 64);
        files[file_count++].path = strdup(path);
    }
    free(files[i].data);
    files[i].data = malloc(length + 1);
    memcpy(files[i].data, data, length);
    files[i].length = length;
    files[i].mode = LX_S_IFREG | mode;
}

static void wake(struct pipe *pipe)
{
    uint32_t count = pipe->armed_count;
    pipe->armed_count = 0;
    for (uint32_t i = 0; i < count; i++)
        fake_event(BACKEND_FS, pipe->armed[i], IO_READABLE | IO_WRITABLE);
}

static jn_status_t would_block(struct pipe *pipe, uint64_t cookie)
{
    if (cookie) {
        assert(pipe->armed_count < 64);
        pipe->armed[pipe->armed_count++] = cookie;
    }
    return JN_WOULD_BLOCK;
}

jn_status_t backend_io_read(const struct backend_clients *c, struct backend_open open,
                            int64_t offset, uint64_t length, uint32_t flags, uint64_t cookie,
                            struct jn_window data, uint64_t *done)
{
    struct open *o;
    (void)c, (void)flags;
    *done = 0;
    if (get(open, &o) != JN_OK)
        return JN_BAD_HANDLE;
    if (o->file >= 0) {
        int64_t at = offset < 0 ? o->position : offset;
        if ((size_t)at < files[o->file].length) {
            *done = files[o->file].length - (size_t)at;
            if (*done > length)
                *done = length;
            if (is_missing(data, *done, done))
                return JN_FAULT_AT;
            memcpy(window(data), files[o->file].data + at, *done);
        }
        if (offset < 0)
            o->position += (int64_t)*done;
        return JN_OK;
    }
    if (o->writes)
        return JN_ACCESS;
    struct pipe *p = o->pipe;
    if (!p->length)
        return p->writers ? would_block(p, cookie) : JN_OK;
    *done = p->length < length ? p->length : length;
    if (is_missing(data, *done, done))
        return JN_FAULT_AT;
    memcpy(window(data), p->bytes, *done);
    memmove(p->bytes, p->bytes + *done, p->length - *done);
    p->length -= (uint32_t)*done;
    wake(p);
    return JN_OK;
}

jn_status_t backend_io_write(const struct backend_clients *c, struct backend_open open,
                             int64_t offset, uint64_t length, uint32_t flags, uint64_t cookie,
                             struct jn_window data, uint64_t *done)
{
    struct open *o;
    (void)c, (void)flags, (void)offset;
    *done = 0;
    if (get(open, &o) != JN_OK)
        return JN_BAD_HANDLE;
    if (o->file >= 0)
        return JN_READ_ONLY;
    if (!o->writes)
        return JN_ACCESS;
    struct pipe *p = o->pipe;
    if (!p->readers)
        return JN_BROKEN_PIPE;
    if (p->length == PIPE_BYTES)
        return would_block(p, cookie);
    *done = PIPE_BYTES - p->length < length ? PIPE_BYTES - p->length : length;
    if (is_missing(data, *done, done))
        return JN_FAULT_AT;
    memcpy(p->bytes + p->length, window(data), *done);
    p->length += (uint32_t)*done;
    wake(p);
    return JN_OK;
}

jn_status_t backend_io_seek(const struct backend_clients *c, struct backend_open open,
                            int64_t offset, uint32_t whence, int64_t *position)
{
    struct open *o;
    (void)c;
    if (get(open, &o) != JN_OK)
        return JN_BAD_HANDLE;
    if (o->file < 0)
        return JN_NOT_SEEKABLE;
    o->position = offset + (whence == IO_SEEK_CUR   ? o->position
                            : whence == IO_SEEK_END ? (int64_t)files[o->file].length
                                                    : 0);
    *position = o->position;
    return JN_OK;
}

jn_status_t backend_io_stat(const struct backend_clients *c, struct backend_open open,
                            struct io_stat *stat)
{
    struct open *o;
    (void)c;
    if (get(open, &o) != JN_OK)
        return JN_BAD_HANDLE;
    memset(stat, 0, sizeof *stat);
    stat->mode = o->file >= 0 ? files[o->file].mode : LX_S_IFIFO | 0600;
    stat->size = o->file >= 0 ? files[o->file].length : 0;
    stat->inode = open.number;
    return JN_OK;
}

jn_status_t backend_io_poll_many(const struct backend_clients *c, uint32_t server, uint64_t cookie,
                                 const uint64_t *items, size_t count, uint16_t *ready)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t now = 0;
        struct backend_open open = {.server = server, .number = (uint32_t)items[i]};
        if (backend_io_poll(c, open, (uint32_t)(items[i] >> 32), cookie, &now) != JN_OK)
            now = IO_ERROR;
        ready[i] = (uint16_t)now;
        if (now)
            cookie = 0;
    }
    return JN_OK;
}

jn_status_t backend_io_poll(const struct backend_clients *c, struct backend_open open,
                            uint32_t events, uint64_t cookie, uint32_t *ready)
{
    struct open *o;
    (void)c;
    if (get(open, &o) != JN_OK)
        return JN_BAD_HANDLE;
    if (o->file >= 0) {
        *ready = events & (IO_READABLE | IO_WRITABLE);
        return JN_OK;
    }
    struct pipe *p = o->pipe;
    uint32_t now = o->writes ? (p->length < PIPE_BYTES ? IO_WRITABLE : 0) |
                                   (p->readers ? 0 : IO_ERROR)
                             : (p->length ? IO_READABLE : 0) | (p->writers ? 0 : IO_HANGUP);
    *ready = now & (events | IO_ERROR | IO_HANGUP);
    if (!*ready && cookie)
        (void)would_block(p, cookie);
    return JN_OK;
}

uint64_t fake_disarms;

uint32_t fake_armed(uint64_t open)
{
    return opens[open].pipe->armed_count;
}

void backend_io_disarm(const struct backend_clients *c, uint32_t server, uint64_t cookie)
{
    (void)c, (void)server;
    fake_disarms++;
    for (uint64_t n = 1; n < next_open; n++) {
        struct pipe *p = opens[n].users ? opens[n].pipe : NULL;
        for (uint32_t i = 0; p && i < p->armed_count;)
            if (p->armed[i] == cookie)
                p->armed[i] = p->armed[--p->armed_count];
            else
                i++;
    }
}

jn_status_t backend_io_control(const struct backend_clients *c, struct backend_open open,
                               uint32_t code, uint64_t argument, uint64_t cookie,
                               struct jn_window input, struct jn_window output, uint64_t *result)
{
    (void)c, (void)open, (void)code, (void)argument, (void)cookie, (void)input, (void)output;
    (void)result;
    return JN_NOT_TERMINAL;
}

static uint64_t new_open(struct open from)
{
    assert(next_open < OBJECTS);
    opens[next_open] = from;
    opens[next_open].users = 1;
    if (from.pipe && from.writes)
        from.pipe->writers++;
    else if (from.pipe)
        from.pipe->readers++;
    return next_open++;
}

jn_status_t backend_io_duplicate(const struct backend_clients *c, struct backend_open open,
                                 struct backend_open *copy)
{
    struct open *o;
    (void)c;
    if (get(open, &o) != JN_OK)
        return JN_BAD_HANDLE;
    *copy = (struct backend_open){open.server, new_open(*o)};
    return JN_OK;
}

void backend_io_close(const struct backend_clients *c, struct backend_open open)
{
    struct open *o;
    (void)c;
    assert(get(open, &o) == JN_OK);
    struct pipe *p = o->pipe;
    o->users = 0;
    if (!p)
        return;
    if (o->writes)
        p->writers--;
    else
        p->readers--;
    wake(p);
    if (!p->readers && !p->writers)
        free(p);
}

jn_status_t backend_io_truncate(const struct backend_clients *c, struct backend_open open,
                                uint64_t size)
{
    (void)c, (void)open, (void)size;
    return JN_READ_ONLY;
}

jn_status_t backend_io_allocate(const struct backend_clients *c, struct backend_open open,
                                uint32_t mode, int64_t offset, int64_t length)
{
    (void)c, (void)open, (void)mode, (void)offset, (void)length;
    return JN_NOT_SUPPORTED;
}

jn_status_t backend_io_sync(const struct backend_clients *c, struct backend_open open)
{
    (void)c, (void)open;
    return JN_OK;
}

jn_status_t backend_io_get_flags(const struct backend_clients *c, struct backend_open open,
                                 uint32_t *flags, uint32_t *access)
{
    struct open *o;
    (void)c;
    if (get(open, &o) != JN_OK)
        return JN_BAD_HANDLE;
    *flags = o->flags;
    *access = o->writes ? IO_ACCESS_WRITE : IO_ACCESS_READ;
    return JN_OK;
}

jn_status_t backend_io_set_flags(const struct backend_clients *c, struct backend_open open,
                                 uint32_t flags)
{
    struct open *o;
    (void)c;
    if (get(open, &o) != JN_OK)
        return JN_BAD_HANDLE;
    o->flags = flags;
    return JN_OK;
}

jn_status_t backend_io_lock(const struct backend_clients *c, struct backend_open open,
                            uint32_t kind, uint32_t scope, uint64_t start, uint64_t length,
                            uint64_t cookie)
{
    (void)c, (void)open, (void)kind, (void)scope, (void)start, (void)length, (void)cookie;
    return JN_OK;
}

jn_status_t backend_io_test_lock(const struct backend_clients *c, struct backend_open open,
                                 uint32_t *kind, uint32_t scope, uint64_t *start,
                                 uint64_t *length, uint64_t *pid)
{
    (void)c, (void)open, (void)scope, (void)start, (void)length, (void)pid;
    *kind = IO_LOCK_NONE;
    return JN_OK;
}

jn_status_t backend_io_transfer(const struct backend_clients *c, struct backend_open open,
                                const struct backend_clients *target,
                                struct backend_open *target_open)
{
    (void)target;
    return backend_io_duplicate(c, open, target_open);
}

jn_status_t backend_console_open_peer(const struct backend_clients *c, struct backend_open open,
                                      uint32_t access, struct backend_open *peer)
{
    (void)c, (void)open, (void)access, (void)peer;
    return JN_NO_DEVICE;
}

/* ---- the mount tree: a flat list of absolute paths ---- */

static int find(const struct backend_path *path)
{
    for (uint32_t i = 0; i < file_count; i++)
        if (strlen(files[i].path) == path->length &&
            !memcmp(files[i].path, path->path, path->length))
            return (int)i;
    return -1;
}

jn_status_t backend_fs_open(const struct backend_clients *c, const struct backend_path *path,
                            uint32_t flags, uint32_t access, uint32_t share, uint32_t mode,
                            uint64_t cookie, struct backend_open *open, uint32_t *created)
{
    (void)c, (void)flags, (void)share, (void)mode, (void)cookie;
    int file = find(path);
    *created = 0;
    if (file < 0)
        return JN_NOT_FOUND;
    if (access & IO_ACCESS_EXECUTE && !(files[file].mode & 0111))
        return JN_ACCESS;
    *open = (struct backend_open){BACKEND_FS, new_open((struct open){.file = file})};
    return JN_OK;
}

jn_status_t backend_fs_stat(const struct backend_clients *c, const struct backend_path *path,
                            struct io_stat *stat)
{
    int file = find(path);
    (void)c;
    if (file < 0)
        return JN_NOT_FOUND;
    memset(stat, 0, sizeof *stat);
    stat->mode = files[file].mode;
    stat->size = files[file].length;
    return JN_OK;
}

/* Kept until the test says otherwise. */
uint64_t fake_generations[512];
unsigned fake_stats; /* how often the server was asked */

jn_status_t backend_fs_stat_watched(const struct backend_clients *c, const struct backend_path *path,
                                    struct io_stat *stat, struct backend_watch *watch)
{
    *watch = (struct backend_watch){1, fake_generations[1], fake_generations[0]};
    return backend_fs_stat(c, path, stat);
}

jn_status_t backend_io_stat_watched(const struct backend_clients *c, struct backend_open open,
                                    struct io_stat *stat, struct backend_watch *watch)
{
    *watch = (struct backend_watch){1, fake_generations[1], 0};
    return backend_io_stat(c, open, stat);
}

const uint64_t *backend_fs_generations(const struct backend_clients *c)
{
    (void)c;
    return fake_generations;
}

void backend_fs_generations_child(void)
{
}

jn_status_t backend_fs_access(const struct backend_clients *c, const struct backend_path *path,
                              uint32_t mode)
{
    (void)c, (void)mode;
    return find(path) < 0 ? JN_NOT_FOUND : JN_OK;
}

#define ABSENT(name, ...)                                                                \
    jn_status_t backend_fs_##name(const struct backend_clients *c, __VA_ARGS__)          \
    {                                                                                    \
        (void)c;                                                                         \
        return JN_READ_ONLY;                                                             \
    }
#pragma GCC diagnostic ignored "-Wunused-parameter"
ABSENT(make_directory, const struct backend_path *path, uint32_t mode)
ABSENT(make_node, const struct backend_path *path, uint32_t mode, uint64_t device_id)
ABSENT(remove, const struct backend_path *path, uint32_t kind)
ABSENT(rename, const struct backend_path *from, const struct backend_path *to, uint32_t flags)
ABSENT(link, const struct backend_path *from, const struct backend_path *to)
ABSENT(link_open, uint64_t open, const struct backend_path *to)
ABSENT(make_symlink, const char *target, size_t length, const struct backend_path *path)
ABSENT(read_symlink, const struct backend_path *path, char *target, size_t capacity,
       size_t *length)
ABSENT(set_attributes, const struct backend_path *path,
       const struct backend_attributes *attributes)
ABSENT(read_directory, uint64_t open, uint64_t position, uint64_t capacity,
       struct jn_window entries, uint64_t *done, uint64_t *next)
ABSENT(temporary, uint32_t mode, struct backend_open *open)
ABSENT(statfs, uint64_t open, struct fs_statfs *stat)
ABSENT(set_root, uint64_t open)

jn_status_t backend_fs_path_of(const struct backend_clients *c, uint64_t open, char *path,
                               size_t capacity, size_t *length)
{
    if (!opens[open].users || opens[open].file < 0)
        return JN_NOT_FOUND;
    *length = strlen(files[opens[open].file].path);
    memcpy(path, files[opens[open].file].path, *length);
    return JN_OK;
}

jn_status_t backend_fs_pipe(const struct backend_clients *c, uint32_t flags,
                            struct backend_open *read, struct backend_open *write)
{
    struct pipe *pipe = calloc(1, sizeof *pipe);
    (void)c;
    assert(pipe);
    struct open end = {.file = -1, .pipe = pipe, .flags = flags};
    *read = (struct backend_open){BACKEND_FS, new_open(end)};
    end.writes = true;
    *write = (struct backend_open){BACKEND_FS, new_open(end)};
    return JN_OK;
}

/* ---- address spaces: the region map over nothing ---- */

static jn_status_t create(void *ctx, uint64_t *ds)
{
    *ds = 1;
    return JN_OK;
}
static jn_status_t map(void *ctx, uint64_t ds, uint64_t offset, uint64_t address, uint64_t length,
                       uint32_t access, uint32_t flags, uint64_t *mapped)
{
    if (flags & 1) /* DS_MAP_PRESENT */
        return JN_NOT_FOUND;
    *mapped = 4096;
    return JN_OK;
}
static jn_status_t overlay(void *ctx, uint64_t ds, uint64_t offset, uint64_t address,
                           uint32_t access, cap_t reply)
{
    return JN_OK;
}
static jn_status_t fill(void *ctx, uint64_t ds, uint64_t offset, const void *data, uint64_t length)
{
    return JN_OK;
}
static jn_status_t extract(void *ctx, uint64_t ds, uint64_t offset, void *data, uint64_t length)
{
    memset(data, 0, length);
    return JN_OK;
}
static jn_status_t range(void *ctx, uint64_t ds, uint64_t offset, uint64_t length)
{
    return JN_OK;
}
static jn_status_t release(void *ctx, uint64_t ds, uint64_t offset, uint64_t length, bool *left)
{
    *left = false;
    return JN_OK;
}
static jn_status_t move(void *ctx, uint64_t ds, uint64_t from, uint64_t to, uint64_t length)
{
    return JN_OK;
}
static jn_status_t close_ds(void *ctx, uint64_t ds)
{
    return JN_OK;
}
static jn_status_t file_map(void *ctx, uint64_t open, uint64_t offset, uint64_t address,
                            uint64_t length, uint32_t access, uint64_t *mapped)
{
    *mapped = 4096;
    return offset < files[opens[open].file].length ? JN_OK : JN_RANGE;
}
static jn_status_t file_read(void *ctx, uint64_t open, uint64_t offset, void *data,
                             uint64_t length)
{
    memset(data, 0, length);
    return JN_OK;
}
static jn_status_t file_close(void *ctx, uint64_t open)
{
    backend_io_close(NULL, (struct backend_open){BACKEND_FS, open});
    return JN_OK;
}
static jn_status_t unmap(void *ctx, uint64_t address, uint64_t length, uint32_t rights)
{
    return JN_OK;
}

static const struct region_ops ops = {
    .memory_create = create, .memory_map = map, .memory_overlay = overlay, .memory_fill = fill,
    .memory_extract = extract, .memory_discard = range, .memory_release = release,
    .memory_move = move,
    .memory_close = close_ds, .file_map = file_map, .file_read = file_read,
    .file_close = file_close, .unmap = unmap,
};

jn_status_t backend_space_open(cap_t pager, cap_t fs, cap_t kernel_task,
                               struct backend_space *space)
{
    *space = (struct backend_space){&ops, NULL};
    return JN_OK;
}

jn_status_t backend_space_clone(const struct backend_space *parent, cap_t pager, cap_t fs,
                                cap_t kernel_task, struct backend_space *space)
{
    *space = *parent;
    return JN_OK;
}

jn_status_t backend_space_again(const struct backend_space *before, struct backend_space *space)
{
    *space = *before;
    return JN_OK;
}

void backend_space_attach(const struct backend_space *space)
{
}

void backend_space_close(struct backend_space *space)
{
}

jn_status_t backend_memory_shared(cap_t pager, uint64_t size, uint64_t *ds, uint64_t *identity)
{
    static uint64_t next = 100;
    *ds = *identity = next++;
    return JN_OK;
}

jn_status_t backend_memory_machine(cap_t pager, uint64_t *free_pages)
{
    (void)pager;
    *free_pages = 1000;
    return JN_OK;
}

const void *backend_vdso(uint64_t *information)
{
    *information = 0x7fffffffd000;
    return NULL;
}

jn_status_t backend_memory_quota(cap_t pager, uint64_t *limit, uint64_t *used, uint64_t *peak)
{
    *limit = *used = *peak = 1000;
    return JN_OK;
}

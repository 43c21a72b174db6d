/* The shared tree: what it looked like when it had been carried in, and what has changed since.
 *
 * Both looks are arrays sorted by path, so that a directory stands before what is in it. Changes go
 * out in three passes: what is gone, backwards; what is new or different, forwards, files with their
 * contents; then the directories once more, backwards, because filling them changed their times. */
#include <stdlib.h>
#include <string.h>

#include "janus/idl/fs.h"
#include "janus/idl/io.h"
#include "janus/runtime.h"
#include "session.h"

enum { FORMAT = 0170000, REGULAR = 0100000, DIRECTORY = 0040000, SYMLINK = 0120000 };

struct entry {
    char *path;
    uint32_t mode;
    uint64_t size, inode;
    int64_t mtime_ns, ctime_ns;
};

struct look {
    struct entry *entries;
    size_t count, capacity;
};

enum pass { PASS_LOOK, PASS_REMOVE, PASS_FILES, PASS_DIRECTORIES, PASS_DONE };

struct share {
    struct look before, after;
    enum pass pass;
    size_t next;    /* index of the pass, from the end in the backward ones */
    uint64_t open;  /* the file whose contents go out, 0: none */
    const char *failure;
};

/* ---- looking ---- */

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->path, ((const struct entry *)b)->path);
}

static const struct entry *find(const struct look *look, const char *path)
{
    struct entry key = {.path = (char *)path};

    return look->count ? bsearch(&key, look->entries, look->count, sizeof key, by_path) : NULL;
}

static bool add(struct look *look, char *path, const struct io_stat *stat)
{
    if (look->count == look->capacity) {
        size_t capacity = look->capacity ? 2 * look->capacity : 64;
        void *grown = realloc(look->entries, capacity * sizeof *look->entries);

        if (!grown)
            return false;
        look->entries = grown;
        look->capacity = capacity;
    }
    look->entries[look->count++] = (struct entry){
        .path = path, .mode = stat->mode, .size = stat->size, .inode = stat->inode,
        .mtime_ns = stat->modify_ns, .ctime_ns = stat->change_ns,
    };
    return true;
}

static bool is_carried(uint32_t mode)
{
    return (mode & FORMAT) == REGULAR || (mode & FORMAT) == DIRECTORY || (mode & FORMAT) == SYMLINK;
}

static bool look_at(struct session *s, struct look *look, const char *directory, const char *name,
                    size_t name_length)
{
    size_t length = strlen(directory) + 1 + name_length;
    char *path = malloc(length + 1);
    struct io_stat stat;

    if (!path)
        return false;
    strcpy(path, directory);
    strcat(path, "/");
    strncat(path, name, name_length);
    if (fs_stat_path(s->fs, 0, length, FS_LOOKUP_NOFOLLOW, jn_window(path, length), &stat) != JN_OK ||
        !is_carried(stat.mode)) {
        free(path);
        return true; /* gone meanwhile, or a device, pipe or socket, which stays behind */
    }
    if (add(look, path, &stat))
        return true;
    free(path);
    return false;
}

static bool is_dot(const char *name, size_t length)
{
    return (length == 1 && name[0] == '.') || (length == 2 && name[0] == '.' && name[1] == '.');
}

static bool look_into(struct session *s, struct look *look, const char *directory)
{
    static _Alignas(8) char entries[32768];
    uint64_t open, position = 0, done, next;
    bool ok = files_open(s, directory, 0, FS_OPEN_DIRECTORY, IO_ACCESS_READ, &open) == JN_OK;

    if (!ok)
        return true;
    while (ok && fs_read_directory(s->fs, open, position, sizeof entries,
                                   jn_window(entries, sizeof entries), &done, &next) == JN_OK &&
           done > 0) {
        for (uint64_t at = 0; ok && at + sizeof(struct fs_entry) <= done;) {
            const struct fs_entry *entry = (const struct fs_entry *)(entries + at);
            const char *name = (const char *)(entry + 1);

            if (entry->entry_length == 0)
                break;
            if (!is_dot(name, entry->name_length))
                ok = look_at(s, look, directory, name, entry->name_length);
            at += entry->entry_length;
        }
        position = next;
    }
    return io_close(s->fs, open) == JN_OK && ok;
}

/* Breadth first: the array is its own queue of directories. */
static bool look_all(struct session *s, struct look *look, const char *root)
{
    if (!look_into(s, look, root))
        return false;
    for (size_t i = 0; i < look->count; i++)
        if ((look->entries[i].mode & FORMAT) == DIRECTORY &&
            !look_into(s, look, look->entries[i].path))
            return false;
    if (look->count)
        qsort(look->entries, look->count, sizeof *look->entries, by_path);
    return true;
}

static const char *make_read_only(struct session *s, const char *root)
{
    jn_status_t status = fs_mount(s->fs, 0, strlen(root), FS_MOUNT_AGAIN, FS_MOUNT_READ_ONLY,
                                  s->fs, jn_window(root, strlen(root)));

    return status == JN_OK ? NULL
                           : session_text("%s cannot be made read-only: %s", root,
                                          jn_status_text(status));
}

const char *share_snapshot(struct session *s, const struct run_record *record)
{
    jn_status_t status;

    if (!record->shared)
        return NULL;
    status = fs_make_directory(s->fs, 0, strlen(record->share_path), 0, 0755,
                               jn_window(record->share_path, strlen(record->share_path)));
    if (status != JN_OK && status != JN_EXISTS)
        return session_text("%s: %s", record->share_path, jn_status_text(status));
    if (record->share_read_only)
        return make_read_only(s, record->share_path);
    s->share = calloc(1, sizeof *s->share);
    if (!s->share || !look_all(s, &s->share->before, record->share_path))
        return "out of memory for the shared directory";
    return NULL;
}

/* ---- sending ---- */

static bool same_kind(const struct entry *a, const struct entry *b)
{
    return (a->mode & FORMAT) == (b->mode & FORMAT);
}

static bool changed(const struct entry *old, const struct entry *now)
{
    if (!old || old->mode != now->mode || old->mtime_ns != now->mtime_ns)
        return true;
    if ((now->mode & FORMAT) == DIRECTORY)
        return false;
    return old->ctime_ns != now->ctime_ns || old->size != now->size || old->inode != now->inode;
}

static void send_file(struct session *s, const struct entry *entry)
{
    char target[CHANNEL_MAX_PATH];
    size_t length = strlen(entry->path);
    uint64_t target_length = 0;
    struct channel_file file = {
        .mode = entry->mode, .mtime_ns = entry->mtime_ns,
        .path = {entry->path, (uint32_t)length},
    };
    struct channel_writer to = {.data = core_reserve(&s->core), .capacity = CHANNEL_MAX_PAYLOAD};

    if ((entry->mode & FORMAT) == SYMLINK &&
        fs_read_symlink(s->fs, 0, length, 0, sizeof target, jn_window(entry->path, length),
                        jn_window(target, sizeof target), &target_length) != JN_OK)
        return;
    if ((entry->mode & FORMAT) == REGULAR) {
        file.size = entry->size;
        if (files_open(s, entry->path, FS_LOOKUP_NOFOLLOW, 0, IO_ACCESS_READ, &s->share->open) !=
            JN_OK) {
            jn_log(JN_LOG_WARNING, "%s cannot be carried back", entry->path);
            s->share->open = 0;
            return;
        }
    }
    file.target = (struct channel_text){target, (uint32_t)target_length};
    channel_put_file(&to, &file);
    core_commit(&s->core, CHANNEL_FILE, 0, to.length);
}

static void send_contents(struct session *s)
{
    uint64_t done = 0;
    jn_status_t status = io_read(s->fs, s->share->open, -1, CHANNEL_MAX_PAYLOAD, 0, 0,
                                 jn_window(core_reserve(&s->core), CHANNEL_MAX_PAYLOAD), &done);

    if (status == JN_OK && done > 0) {
        core_commit(&s->core, CHANNEL_FILE_DATA, 0, done);
        return;
    }
    if (status != JN_OK)
        jn_log(JN_LOG_ERROR, "a shared file cannot be read: %s", jn_status_text(status));
    core_commit(&s->core, CHANNEL_FILE_END, 0, 0);
    status = io_close(s->fs, s->share->open);
    s->share->open = 0;
}

static void next_pass(struct share *share, enum pass pass, size_t start)
{
    share->pass = pass;
    share->next = start;
}

static void step_remove(struct session *s)
{
    struct share *share = s->share;
    const struct entry *old, *now;

    if (share->next == 0) {
        next_pass(share, PASS_FILES, 0);
        return;
    }
    old = &share->before.entries[--share->next];
    now = find(&share->after, old->path);
    if (!now || !same_kind(old, now))
        core_append_frame(&s->core, CHANNEL_REMOVE, 0, old->path, strlen(old->path));
}

static void step_file(struct session *s)
{
    struct share *share = s->share;
    const struct entry *old, *now;

    if (share->next == share->after.count) {
        next_pass(share, PASS_DIRECTORIES, share->after.count);
        return;
    }
    now = &share->after.entries[share->next++];
    old = find(&share->before, now->path);
    if (old && !same_kind(old, now))
        old = NULL;
    if (changed(old, now))
        send_file(s, now);
}

static void step_directory(struct session *s)
{
    struct share *share = s->share;
    const struct entry *old, *now;

    if (share->next == 0) {
        share->pass = PASS_DONE;
        return;
    }
    now = &share->after.entries[--share->next];
    old = find(&share->before, now->path);
    if ((now->mode & FORMAT) == DIRECTORY && changed(old, now))
        send_file(s, now);
}

bool share_next(struct session *s)
{
    struct share *share = s->share;

    if (!share)
        return false;
    if (share->open) {
        send_contents(s);
        return true;
    }
    switch (share->pass) {
    case PASS_LOOK:
        if (!look_all(s, &share->after, s->core.record.share_path)) {
            core_fatal(&s->core, "out of memory for the shared directory");
            return false;
        }
        next_pass(share, PASS_REMOVE, share->before.count);
        return true;
    case PASS_REMOVE:
        step_remove(s);
        return true;
    case PASS_FILES:
        step_file(s);
        return true;
    case PASS_DIRECTORIES:
        step_directory(s);
        return true;
    default:
        return false;
    }
}

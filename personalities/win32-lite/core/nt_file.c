/* Opening, reading and writing files and devices. */
#include <stdlib.h>
#include <string.h>

#include "nt_lease.h"
#include "nt_pipe.h"

struct nt_file *nt_file_create(struct nt_process *p, enum nt_file_kind kind,
                               struct world_open open, uint32_t access, uint32_t options)
{
    struct nt_file *file = nt_object_create(p, NT_TYPE_FILE, sizeof *file);

    if (file) {
        file->kind = kind;
        file->open = open;
        file->access = access;
        file->options = options;
        file->signaled = true;
        nt_list_init(&file->asyncs);
    }
    return file;
}

static enum nt_file_kind kind_of(struct world_open open, uint32_t mode)
{
    if (open.server == WORLD_CONSOLE)
        return NT_FILE_CONSOLE;
    switch (mode & WORLD_IFMT) {
    case WORLD_IFREG: return NT_FILE_DISK;
    case WORLD_IFDIR: return NT_FILE_DIRECTORY;
    case WORLD_IFIFO: return NT_FILE_PIPE;
    }
    return NT_FILE_CHARACTER;
}

enum nt_file_kind nt_file_kind_of(struct nt_process *p, struct world_open open)
{
    struct world_stat stat = {0};

    if (open.server != WORLD_CONSOLE && world_file_stat(p->world, open, &stat) != JN_OK)
        return NT_FILE_CHARACTER;
    return kind_of(open, stat.mode);
}

nt_status nt_file_handle(struct nt_process *p, struct world_open open, uint32_t flags,
                         uint64_t *handle)
{
    uint32_t access = NT_SYNCHRONIZE | NT_FILE_READ_ATTRIBUTES | NT_READ_CONTROL;
    struct nt_file *file;
    nt_status status;

    if (open.access & WORLD_READ)
        access |= 0x120089;
    if (open.access & WORLD_WRITE)
        access |= 0x120116;
    file = nt_file_create(p, nt_file_kind_of(p, open), open, access,
                          NT_FILE_SYNCHRONOUS_NONALERT);
    if (!file)
        return NT_NO_MEMORY;
    if (file->kind == NT_FILE_DISK || file->kind == NT_FILE_DIRECTORY) {
        char path[4096];
        size_t length, units;
        if (world_file_path(p->world, open, path, sizeof path, &length) == JN_OK) {
            file->path = nt_path_to_dos(path, length, &units);
            file->path_length = file->path ? (uint32_t)units : 0;
        }
    }
    status = nt_handle_insert(p, &file->object, access, flags, handle);
    nt_object_release(&file->object);
    return status;
}

nt_status nt_attributes_path(struct nt_thread *t, struct nt_attributes *a, uint16_t **name,
                             size_t *length)
{
    static const uint16_t prefix[] = {'\\', '?', '?', '\\'};
    struct nt_file *root;
    nt_status status;

    if (!a->root) {
        *name = a->name.units;
        *length = a->name.length;
        a->name = (struct nt_text){0};
        return NT_SUCCESS;
    }
    status = nt_handle_object(t, a->root, NT_TYPE_FILE, 0, &root);
    if (NT_FAILED(status))
        return status;
    if (a->name.length && a->name.units[0] == '\\')
        return NT_OBJECT_PATH_SYNTAX_BAD;
    if (root->kind == NT_FILE_CONDRV) {
        static const char device[] = "\\Device\\ConDrv\\";
        *length = sizeof device - 1 + a->name.length;
        *name = malloc((*length + 1) * 2);
        if (!*name)
            return NT_NO_MEMORY;
        for (size_t i = 0; i < sizeof device - 1; i++)
            (*name)[i] = (uint8_t)device[i];
        memcpy(*name + sizeof device - 1, a->name.units, a->name.length * 2);
        return NT_SUCCESS;
    }
    if (!root->path)
        return NT_OBJECT_PATH_SYNTAX_BAD;
    size_t n = root->path_length;
    *name = malloc((4 + n + 1 + a->name.length + 1) * 2);
    if (!*name)
        return NT_NO_MEMORY;
    memcpy(*name, prefix, sizeof prefix);
    memcpy(*name + 4, root->path, n * 2);
    n += 4;
    if (a->name.length && (*name)[n - 1] != '\\')
        (*name)[n++] = '\\';
    memcpy(*name + n, a->name.units, a->name.length * 2);
    *length = n + a->name.length;
    return NT_SUCCESS;
}

/* NOT_FOUND says which part: the name or the path to it. */
static nt_status missing(struct nt_process *p, const struct nt_path *path)
{
    struct world_stat stat;
    size_t length = path->length;

    while (length > 1 && path->path[length - 1] != '/')
        length--;
    if (length > 1)
        length--;
    if (world_file_stat_path(p->world, path->path, length ? length : 1, &stat) == JN_OK &&
        (stat.mode & WORLD_IFMT) == WORLD_IFDIR)
        return NT_OBJECT_NAME_NOT_FOUND;
    return NT_OBJECT_PATH_NOT_FOUND;
}

static nt_status open_status(struct nt_process *p, const struct nt_path *path, world_status got)
{
    struct world_stat stat;

    switch (got) {
    case JN_NOT_FOUND: return missing(p, path);
    case JN_NOT_DIRECTORY:
        return world_file_stat_path(p->world, path->path, path->length, &stat) == JN_OK
                   ? NT_NOT_A_DIRECTORY
                   : NT_OBJECT_PATH_NOT_FOUND;
    case JN_READ_ONLY: return NT_ACCESS_DENIED;
    default: return nt_status_from(got);
    }
}

static nt_status open_file(struct nt_thread *t, const struct nt_path *path, uint32_t access,
                           uint32_t attributes, uint32_t share, uint32_t disposition,
                           uint32_t options, struct nt_file **result, uint32_t *information)
{
    static const uint32_t dispositions[6] = {
        WORLD_OPEN_CREATE | WORLD_OPEN_TRUNCATE,  0,
        WORLD_OPEN_CREATE | WORLD_OPEN_EXCLUSIVE, WORLD_OPEN_CREATE,
        WORLD_OPEN_TRUNCATE,                      WORLD_OPEN_CREATE | WORLD_OPEN_TRUNCATE};
    struct nt_process *p = t->process;
    struct world_open open;
    struct nt_file *file;
    uint32_t flags, rights = 0, wanted_share = 0, mode;
    bool created = false;
    world_status got;

    if (disposition > 5)
        return NT_INVALID_PARAMETER;
    if ((options & NT_FILE_DIRECTORY_FILE) &&
        (disposition == NT_FILE_SUPERSEDE || disposition == NT_FILE_OVERWRITE ||
         disposition == NT_FILE_OVERWRITE_IF))
        return NT_INVALID_PARAMETER;
    if ((options & NT_FILE_DELETE_ON_CLOSE) && !(access & NT_DELETE))
        return NT_INVALID_PARAMETER;
    flags = dispositions[disposition];
    if (access & (NT_FILE_READ_DATA | NT_FILE_EXECUTE))
        rights |= WORLD_READ;
    if (access & (NT_FILE_WRITE_DATA | NT_FILE_APPEND_DATA))
        rights |= WORLD_WRITE;
    if (access & NT_DELETE)
        rights |= WORLD_DELETE;
    if (share & 1)
        wanted_share |= WORLD_READ | WORLD_EXECUTE;
    if (share & 2)
        wanted_share |= WORLD_WRITE;
    if (share & 4)
        wanted_share |= WORLD_DELETE;
    if (options & NT_FILE_DIRECTORY_FILE) {
        rights = (rights & ~WORLD_WRITE) | WORLD_READ;
        flags = (flags & ~WORLD_OPEN_TRUNCATE) | WORLD_OPEN_DIRECTORY;
        if (flags & WORLD_OPEN_CREATE)
            flags |= WORLD_OPEN_MAKE_DIRECTORY;
    }
    if (options & NT_FILE_NON_DIRECTORY_FILE)
        flags |= WORLD_OPEN_NOT_DIRECTORY;
    if (options & NT_FILE_DELETE_ON_CLOSE)
        flags |= WORLD_OPEN_DELETE_ON_CLOSE;
    if (path->directory && !(options & NT_FILE_DIRECTORY_FILE) && (flags & WORLD_OPEN_CREATE))
        return NT_OBJECT_NAME_INVALID;
    if ((options & NT_FILE_DELETE_ON_CLOSE) && disposition == NT_FILE_OPEN) {
        struct world_stat stat;
        if (world_file_stat_path(p->world, path->path, path->length, &stat) == JN_OK &&
            (stat.mode & WORLD_IFMT) != WORLD_IFDIR && !(stat.mode & 0222))
            return NT_CANNOT_DELETE;
    }
    got = world_file_open_node(p->world, path->path, path->length, flags, rights, wanted_share,
                               t->cookie, &open, &created, &mode);
    if (got == JN_IS_DIRECTORY && !(options & NT_FILE_NON_DIRECTORY_FILE)) {
        if (disposition != NT_FILE_OPEN && disposition != NT_FILE_OPEN_IF)
            return NT_OBJECT_NAME_COLLISION;
        flags = (flags & ~(WORLD_OPEN_CREATE | WORLD_OPEN_TRUNCATE)) | WORLD_OPEN_DIRECTORY;
        rights = (rights & ~WORLD_WRITE) | WORLD_READ;
        got = world_file_open_node(p->world, path->path, path->length, flags, rights, wanted_share,
                                   0, &open, &created, &mode);
    }
    if (got == JN_WOULD_BLOCK) { /* a FIFO without its other end */
        t->armed = true;
        return NT_HELD;
    }
    if (got == JN_EXISTS && disposition == NT_FILE_OPEN_IF)
        got = world_file_open_node(p->world, path->path, path->length,
                                   flags & ~(WORLD_OPEN_CREATE | WORLD_OPEN_MAKE_DIRECTORY), rights,
                                   wanted_share, 0, &open, &created, &mode);
    if (got != JN_OK)
        return open_status(p, path, got);
    file = nt_file_create(p, kind_of(open, mode), open, access, options);
    if (!file) {
        world_io_close(p->world, open);
        return NT_NO_MEMORY;
    }
    if (path->directory && file->kind == NT_FILE_DISK) {
        nt_object_release(&file->object);
        return NT_OBJECT_NAME_INVALID;
    }
    if (created && (attributes & (NT_ATTRIBUTE_READONLY | NT_ATTRIBUTE_HIDDEN |
                                  NT_ATTRIBUTE_SYSTEM)))
        (void)world_file_set_attributes(p->world, open,
                                        attributes & (NT_ATTRIBUTE_READONLY | NT_ATTRIBUTE_HIDDEN |
                                                      NT_ATTRIBUTE_SYSTEM),
                                        INT64_MIN, INT64_MIN, INT64_MIN);
    file->path = nt_text_dup(path->nt, path->nt_length);
    file->path_length = file->path ? path->nt_length : 0;
    while (file->path_length > 3 && file->path[file->path_length - 1] == '\\')
        file->path_length--;
    *information = created                               ? NT_FILE_CREATED
                   : disposition == NT_FILE_SUPERSEDE    ? NT_FILE_SUPERSEDED
                   : disposition >= NT_FILE_OVERWRITE    ? NT_FILE_OVERWRITTEN
                                                         : NT_FILE_OPENED;
    *result = file;
    return NT_SUCCESS;
}

nt_status nt_file_open(struct nt_thread *t, struct nt_attributes *a, uint32_t access,
                       uint32_t attributes, uint32_t share, uint32_t disposition,
                       uint32_t options, struct nt_file **file, uint32_t *information)
{
    struct nt_path path;
    uint16_t *name;
    size_t length;
    nt_status status;

    access = nt_access_map(NT_TYPE_FILE, access);
    if (a->root && !a->name.length) { /* another open of the same file */
        struct nt_file *root;
        status = nt_handle_object(t, a->root, NT_TYPE_FILE, 0, &root);
        if (NT_FAILED(status))
            return status;
        if (!root->path)
            return NT_OBJECT_NAME_INVALID;
    }
    status = nt_attributes_path(t, a, &name, &length);
    if (NT_FAILED(status))
        return status;
    status = nt_path_translate(name, length, &path);
    if (NT_FAILED(status)) {
        free(name);
        return status;
    }
    *information = NT_FILE_OPENED;
    switch (path.kind) {
    case NT_PATH_FILE:
    case NT_PATH_VOLUME:
        status = open_file(t, &path, access, attributes, share, disposition, options, file,
                           information);
        break;
    case NT_PATH_NULL: {
        *file = nt_file_create(t->process, NT_FILE_NULL, (struct world_open){0}, access, options);
        status = *file ? NT_SUCCESS : NT_NO_MEMORY;
        break;
    }
    case NT_PATH_PIPE: status = nt_pipe_open(t, &path, access, options, file); break;
    default: status = nt_console_open(t, &path, access, options, file); break;
    }
    nt_path_free(&path);
    free(name);
    return status;
}

static nt_status create_file(struct nt_thread *t, const uint64_t *a, uint32_t attributes,
                             uint32_t share, uint32_t disposition, uint32_t options)
{
    struct nt_attributes object;
    struct nt_file *file;
    uint32_t information;
    nt_status status = nt_read_attributes(t, a[2], &object);

    if (NT_FAILED(status))
        return status;
    if (!object.present || !object.name.units)
        status = NT_INVALID_PARAMETER;
    else
        status = nt_file_open(t, &object, (uint32_t)a[1], attributes, share, disposition, options,
                              &file, &information);
    nt_attributes_free(&object);
    if (status == NT_HELD || NT_FAILED(status))
        return status;
    if (NT_FAILED(nt_write_iosb(t, a[3], NT_SUCCESS, information))) {
        nt_object_release(&file->object);
        return NT_ACCESS_VIOLATION;
    }
    return nt_handle_give(t, a[0], file, (uint32_t)a[1] | NT_FILE_READ_ATTRIBUTES, object.flags,
                          NT_SUCCESS);
}

nt_status NtCreateFile(struct nt_thread *t, const uint64_t *a)
{
    return create_file(t, a, (uint32_t)a[5], (uint32_t)a[6], (uint32_t)a[7], (uint32_t)a[8]);
}

nt_status NtOpenFile(struct nt_thread *t, const uint64_t *a)
{
    return create_file(t, a, 0, (uint32_t)a[4], NT_FILE_OPEN, (uint32_t)a[5]);
}

/* An operation has ended: status block, event, APC or completion entry, the file as an event. */
nt_status nt_file_finish(struct nt_thread *t, struct nt_file *file, const uint64_t *a,
                         nt_status status, uint64_t information)
{
    extern nt_status nt_object_signal(struct nt_thread *, struct nt_object *);
    struct nt_object *event;

    if (NT_FAILED(status) && status != NT_END_OF_FILE && status != NT_PIPE_BROKEN &&
        status != (uint32_t)NT_BUFFER_OVERFLOW)
        return status;
    if (NT_FAILED(nt_write_iosb(t, a[4], status, information)))
        return NT_ACCESS_VIOLATION;
    if (a[1] && !NT_FAILED(nt_handle_object(t, a[1], NT_TYPE_EVENT, 2, &event)))
        nt_object_signal(t, event);
    if (a[2])
        nt_apc_queue(t, a[2], a[3], a[4], 0);
    else if (file->completion && a[3] && !(file->completion_flags & 1))
        nt_completion_add(file->completion, file->completion_key, a[3], status, information);
    return status;
}

/* Where an operation takes place: -1 = at the position. */
static nt_status file_offset(struct nt_thread *t, const struct nt_file *file, uint64_t address,
                             bool write, int64_t *offset)
{
    *offset = -1;
    if (!address) {
        if (!(file->options & NT_FILE_SYNC) && file->kind == NT_FILE_DISK)
            return NT_INVALID_PARAMETER;
        return NT_SUCCESS;
    }
    if (NT_FAILED(nt_read(t, address, offset, 8)))
        return NT_ACCESS_VIOLATION;
    if (file->kind != NT_FILE_DISK) {
        *offset = -1;
        return NT_SUCCESS;
    }
    if (*offset == -2 && (file->options & NT_FILE_SYNC))
        *offset = -1;
    else if (*offset == -1 && write)
        *offset = -3; /* at the end */
    else if (*offset < 0)
        return NT_INVALID_PARAMETER;
    return NT_SUCCESS;
}

static nt_status hold_io(struct nt_thread *t)
{
    t->armed = true;
    return NT_HELD;
}

static nt_status io_read(struct nt_thread *t, struct nt_file *file, int64_t offset,
                         uint64_t address, uint32_t length, uint64_t *done)
{
    world_status got = world_io_read(t->process->world, file->open, offset, address, length, false,
                                     t->cookie, done);

    if (got == JN_WOULD_BLOCK)
        return NT_PENDING;
    if (got == JN_HANGUP || got == JN_END_OF_FILE) {
        *done = 0;
        got = JN_OK;
    }
    if (got != JN_OK)
        return nt_status_from(got);
    if (*done || !length)
        return NT_SUCCESS;
    switch (file->kind) {
    case NT_FILE_DISK: return NT_END_OF_FILE;
    case NT_FILE_PIPE: return NT_PIPE_BROKEN;
    default: return NT_SUCCESS;
    }
}

nt_status NtReadFile(struct nt_thread *t, const uint64_t *a)
{
    struct nt_file *file;
    uint32_t length = (uint32_t)a[6];
    uint64_t done = 0;
    int64_t offset;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_FILE, NT_FILE_READ_DATA, &file);

    if (NT_FAILED(status))
        return status;
    if (file->kind == NT_FILE_CONDRV)
        return NT_INVALID_DEVICE_REQUEST;
    if (file->kind == NT_FILE_DIRECTORY)
        return NT_INVALID_DEVICE_REQUEST;
    status = file_offset(t, file, a[7], false, &offset);
    if (NT_FAILED(status))
        return status;
    if (file->kind == NT_FILE_NULL)
        return nt_file_finish(t, file, a, NT_END_OF_FILE, 0);
    if (file->kind == NT_FILE_PIPE) {
        status = nt_pipe_usable(file);
        if (NT_FAILED(status))
            return status;
        if (!(file->options & NT_FILE_SYNC))
            return nt_async_start(t, file, a, NT_ASYNC_READ, a[5], length);
    }
    if (file->kind == NT_FILE_CONSOLE) {
        extern nt_status nt_console_read(struct nt_thread *, struct nt_file *, uint64_t, uint32_t,
                                         uint64_t *);
        status = nt_console_read(t, file, a[5], length, &done);
    } else if (file->pipe_mode & NT_PIPE_READ_MESSAGES) {
        status = nt_pipe_receive(file, a[5], length,
                                 file->pipe_mode & NT_PIPE_NOWAIT ? 0 : t->cookie, &done);
    } else {
        status = io_read(t, file, offset, a[5], length, &done);
    }
    if (status == NT_PENDING)
        return file->pipe_mode & NT_PIPE_NOWAIT ? NT_PIPE_EMPTY : hold_io(t);
    if (status == NT_SUCCESS && offset >= 0 && (file->options & NT_FILE_SYNC)) {
        int64_t position;
        (void)world_io_seek(t->process->world, file->open, offset + (int64_t)done, 0, &position);
    }
    if (status == NT_SUCCESS && nt_open_used)
        nt_open_used(t, a[0], file, false, length);
    return nt_file_finish(t, file, a, status, done);
}

nt_status NtWriteFile(struct nt_thread *t, const uint64_t *a)
{
    struct nt_file *file;
    uint32_t length = (uint32_t)a[6];
    uint64_t done = 0;
    int64_t offset;
    bool append;
    world_status got = JN_OK;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_FILE, 0, &file);

    if (NT_FAILED(status))
        return status;
    if (!(nt_handle_entry(t->process, a[0])->access & (NT_FILE_WRITE_DATA | NT_FILE_APPEND_DATA)))
        return NT_ACCESS_DENIED;
    if (file->kind == NT_FILE_CONDRV || file->kind == NT_FILE_DIRECTORY)
        return NT_INVALID_DEVICE_REQUEST;
    status = file_offset(t, file, a[7], true, &offset);
    if (NT_FAILED(status))
        return status;
    append = offset == -3 ||
             !(nt_handle_entry(t->process, a[0])->access & NT_FILE_WRITE_DATA);
    if (append)
        offset = -1;
    if (file->kind == NT_FILE_NULL)
        return nt_file_finish(t, file, a, NT_SUCCESS, length);
    if (file->kind == NT_FILE_CONSOLE) {
        extern nt_status nt_console_write(struct nt_thread *, struct nt_file *, uint64_t, uint32_t,
                                          uint64_t *);
        status = nt_console_write(t, file, a[5], length, &done);
        if (status == NT_PENDING)
            return hold_io(t);
        return nt_file_finish(t, file, a, status, done);
    }
    if (file->kind == NT_FILE_PIPE) {
        status = nt_pipe_usable(file);
        if (NT_FAILED(status))
            return status;
        if (!(file->options & NT_FILE_SYNC))
            return nt_async_start(t, file, a, NT_ASYNC_WRITE, a[5], length);
    }
    if (file->pipe_mode & NT_PIPE_TYPE_MESSAGE) {
        status = nt_pipe_send(file, a[5], length,
                              file->pipe_mode & NT_PIPE_NOWAIT ? 0 : t->cookie, &done);
        if (status == NT_PENDING && !(file->pipe_mode & NT_PIPE_NOWAIT))
            return hold_io(t);
        return nt_file_finish(t, file, a, status == NT_PENDING ? NT_SUCCESS : status, done);
    }
    while (t->call.progress < length || !length) {
        uint64_t part = 0, at = t->call.progress;
        got = world_io_write(t->process->world,
                             file->write_open.server ? file->write_open : file->open, offset < 0 ? -1 : offset + (int64_t)at,
                             a[5] + at, length - at, append, t->cookie, &part);
        if (got != JN_OK || !length || (!part && file->kind == NT_FILE_DISK))
            break;
        t->call.progress += part;
    }
    done = t->call.progress;
    if (got == JN_WOULD_BLOCK) {
        if (file->pipe_mode & 2) /* PIPE_NOWAIT */
            return nt_file_finish(t, file, a, NT_SUCCESS, done);
        return hold_io(t);
    }
    if (got == JN_BROKEN_PIPE || got == JN_HANGUP)
        return NT_PIPE_CLOSING;
    if (got != JN_OK && !done)
        return nt_status_from(got);
    if (offset >= 0 && (file->options & NT_FILE_SYNC)) {
        int64_t position;
        (void)world_io_seek(t->process->world, file->open, offset + (int64_t)done, 0, &position);
    }
    if (nt_open_used)
        nt_open_used(t, a[0], file, true, length);
    return nt_file_finish(t, file, a, NT_SUCCESS, done);
}

/* Pages one after the other: {buffer pointers} and a length in bytes. */
static nt_status scatter(struct nt_thread *t, const uint64_t *a, bool write)
{
    struct nt_file *file;
    uint32_t length = (uint32_t)a[6];
    uint64_t total = 0;
    int64_t offset;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_FILE, write ? 2 : 1, &file);

    if (NT_FAILED(status))
        return status;
    if (file->kind != NT_FILE_DISK || (length & NT_MASK_PAGE))
        return NT_INVALID_PARAMETER;
    status = file_offset(t, file, a[7], write, &offset);
    if (NT_FAILED(status))
        return status;
    while (total < length) {
        uint64_t page, done = 0;
        world_status got;
        if (NT_FAILED(nt_read_u64(t, a[5] + total / NT_PAGE * 8, &page)))
            return NT_ACCESS_VIOLATION;
        int64_t at = offset < 0 ? -1 : offset + (int64_t)total;
        got = write ? world_io_write(t->process->world, file->open, at, page, NT_PAGE, offset == -3,
                                     0, &done)
                    : world_io_read(t->process->world, file->open, at, page, NT_PAGE, false, 0,
                                    &done);
        if (got != JN_OK && !total)
            return nt_status_from(got);
        total += done;
        if (done < NT_PAGE)
            break;
    }
    return nt_file_finish(t, file, a, total || !length ? NT_SUCCESS : NT_END_OF_FILE, total);
}

nt_status NtReadFileScatter(struct nt_thread *t, const uint64_t *a)
{
    return scatter(t, a, false);
}

nt_status NtWriteFileGather(struct nt_thread *t, const uint64_t *a)
{
    return scatter(t, a, true);
}

nt_status NtFlushBuffersFile(struct nt_thread *t, const uint64_t *a)
{
    struct nt_file *file;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_FILE, 0, &file);

    if (NT_FAILED(status))
        return status;
    if (file->kind == NT_FILE_DISK)
        status = nt_status_from(world_io_sync(t->process->world, file->open));
    else if (file->kind == NT_FILE_CONSOLE || file->kind == NT_FILE_CONDRV)
        status = NT_SUCCESS;
    if (!NT_FAILED(status))
        nt_write_iosb(t, a[1], status, 0);
    return status;
}

nt_status NtCancelIoFile(struct nt_thread *t, const uint64_t *a)
{
    struct nt_file *file;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_FILE, 0, &file);

    if (NT_FAILED(status))
        return status;
    (void)nt_async_cancel(file, t, 0);
    return nt_write_iosb(t, a[1], NT_SUCCESS, 0);
}

nt_status NtCancelIoFileEx(struct nt_thread *t, const uint64_t *a)
{
    struct nt_file *file;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_FILE, 0, &file);

    if (NT_FAILED(status))
        return status;
    status = nt_async_cancel(file, NULL, a[1]) ? NT_SUCCESS : NT_NOT_FOUND;
    nt_write_iosb(t, a[2], status, 0);
    return status;
}

nt_status NtCancelSynchronousIoFile(struct nt_thread *t, const uint64_t *a)
{
    struct nt_thread_object *object;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_THREAD, 0, &object);
    struct nt_thread *target;

    if (NT_FAILED(status))
        return status;
    target = object->thread;
    if (target && nt_open_cancel && nt_open_cancel(target)) {
        nt_write_iosb(t, a[2], NT_SUCCESS, 0);
        return NT_SUCCESS;
    }
    if (target && target->held && target->armed && target->call.service &&
        (!strcmp(target->call.service->name, "NtReadFile") ||
         !strcmp(target->call.service->name, "NtWriteFile"))) {
        nt_thread_unhold(target);
        nt_thread_finish(target, NT_CANCELLED);
        nt_write_iosb(t, a[2], NT_SUCCESS, 0);
        return NT_SUCCESS;
    }
    nt_write_iosb(t, a[2], NT_NOT_FOUND, 0);
    return NT_NOT_FOUND;
}

static nt_status lock(struct nt_thread *t, uint64_t handle, uint64_t offset_address,
                      uint64_t length_address, uint32_t kind, bool wait, uint64_t iosb)
{
    struct nt_file *file;
    uint64_t offset, length;
    world_status got;
    nt_status status = nt_handle_object(t, handle, NT_TYPE_FILE, 0, &file);

    if (NT_FAILED(status))
        return status;
    if (NT_FAILED(nt_read_u64(t, offset_address, &offset)) ||
        NT_FAILED(nt_read_u64(t, length_address, &length)))
        return NT_ACCESS_VIOLATION;
    if (file->kind != NT_FILE_DISK)
        return NT_INVALID_DEVICE_REQUEST;
    if (!length || offset + length < offset)
        return NT_SUCCESS;
    got = world_io_lock(t->process->world, file->open, kind, offset, length, wait ? t->cookie : 0);
    if (got == JN_WOULD_BLOCK && wait)
        return hold_io(t);
    if (got == JN_WOULD_BLOCK || got == JN_LOCKED)
        return kind ? NT_LOCK_NOT_GRANTED : NT_RANGE_NOT_LOCKED;
    if (got == JN_NOT_FOUND)
        return NT_RANGE_NOT_LOCKED;
    if (got != JN_OK)
        return nt_status_from(got);
    return nt_write_iosb(t, iosb, NT_SUCCESS, 0);
}

nt_status NtLockFile(struct nt_thread *t, const uint64_t *a)
{
    extern nt_status nt_object_signal(struct nt_thread *, struct nt_object *);
    struct nt_object *event;
    nt_status status =
        lock(t, a[0], a[5], a[6], (uint8_t)a[9] ? 2 : 1, !(uint8_t)a[8], a[4]);

    if (status == NT_SUCCESS && a[1] &&
        !NT_FAILED(nt_handle_object(t, a[1], NT_TYPE_EVENT, 2, &event)))
        nt_object_signal(t, event);
    return status;
}

nt_status NtUnlockFile(struct nt_thread *t, const uint64_t *a)
{
    return lock(t, a[0], a[2], a[3], 0, false, a[1]);
}

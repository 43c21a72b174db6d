/* Named pipes: streams of bytes in one or two directions. Both ends are opens of pipes of the file
 * server, made with the server's end; the name is known to this core until the client end is opened.
 * Message boundaries are not kept. */
#include <stdlib.h>
#include <string.h>

#include "core.h"

struct nt_pipe {
    struct nt_list link; /* names */
    struct nt_process *process;
    char *name;
    size_t length;
    struct nt_file *server; /* NULL: closed */
    struct world_open client; /* the other end's open, until it is taken */
    struct world_open client_write; /* the same of a pipe with two directions */
    struct world_process *client_process;
    bool connected;
    uint32_t refs;
};

static struct nt_list names = {&names, &names};

static void pipe_put(struct nt_pipe *pipe)
{
    if (--pipe->refs)
        return;
    nt_list_remove(&pipe->link);
    free(pipe->name);
    free(pipe);
}

void nt_pipe_end_closed(struct nt_file *file)
{
    struct nt_pipe *pipe = file->pipe;

    if (pipe->server == file) {
        pipe->server = NULL;
        nt_list_remove(&pipe->link);
        if (pipe->client.server && !pipe->process->ended)
            world_io_close(pipe->process->world, pipe->client);
        if (pipe->client_write.server && !pipe->process->ended)
            world_io_close(pipe->process->world, pipe->client_write);
        pipe->client.server = pipe->client_write.server = 0;
    }
    file->pipe = NULL;
    pipe_put(pipe);
}

static struct nt_pipe *find(const char *name, size_t length, bool free_only)
{
    for (struct nt_list *at = names.next; at != &names; at = at->next) {
        struct nt_pipe *pipe = nt_container(at, struct nt_pipe, link);
        if (pipe->length == length && !memcmp(pipe->name, name, length) &&
            (!free_only || pipe->client.server))
            return pipe;
    }
    return NULL;
}

/* Names are compared without regard to case; ASCII is what programs use here. */
static char *fold(const char *name, size_t length)
{
    char *copy = malloc(length + 1);

    if (copy) {
        for (size_t i = 0; i < length; i++)
            copy[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] | 32) : name[i];
        copy[length] = 0;
    }
    return copy;
}

nt_status NtCreateNamedPipeFile(struct nt_thread *t, const uint64_t *a)
{
    /* handle, access, attributes, iosb, sharing, disposition, options, type, read mode,
     * completion mode, instances, inbound, outbound, timeout */
    uint32_t share = (uint32_t)a[4], options = (uint32_t)a[6];
    struct nt_process *p = t->process;
    struct nt_attributes object;
    struct world_open reading, writing, own;
    struct nt_path path;
    struct nt_pipe *pipe = NULL;
    struct nt_file *file = NULL;
    uint16_t *name;
    size_t length;
    char *folded = NULL;
    nt_status status = nt_read_attributes(t, a[2], &object);

    if (NT_FAILED(status))
        return status;
    status = nt_attributes_path(t, &object, &name, &length);
    nt_attributes_free(&object);
    if (NT_FAILED(status))
        return status;
    status = nt_path_translate(name, length, &path);
    free(name);
    if (NT_FAILED(status))
        return status;
    if (path.kind != NT_PATH_PIPE || !path.length) {
        nt_path_free(&path);
        return NT_OBJECT_NAME_INVALID;
    }
    /* share says what the client may do: FILE_SHARE_WRITE = it writes (inbound). */
    if (!(share & 3)) {
        nt_path_free(&path);
        return NT_INVALID_PARAMETER;
    }
    if ((uint32_t)a[7])
        world_log("win32: pid %u: message boundaries are not kept (%s)", (unsigned)p->pid,
                  path.path);
    folded = fold(path.path, path.length);
    length = path.length;
    nt_path_free(&path);
    if (!folded)
        return NT_NO_MEMORY;
    if ((uint32_t)a[5] == NT_FILE_CREATE && find(folded, length, false)) {
        free(folded);
        return NT_ACCESS_DENIED;
    }
    status = nt_status_from(world_file_pipe(p->world, &reading, &writing));
    if (NT_FAILED(status)) {
        free(folded);
        return status;
    }
    bool both = (share & 3) == 3;
    struct world_open back_reading = {0}, back_writing = {0};
    if (both)
        status = nt_status_from(world_file_pipe(p->world, &back_reading, &back_writing));
    if (NT_FAILED(status)) {
        world_io_close(p->world, reading);
        world_io_close(p->world, writing);
        free(folded);
        return status;
    }
    own = share & 2 ? reading : writing;
    pipe = calloc(1, sizeof *pipe);
    file = nt_file_create(p, NT_FILE_PIPE, own, nt_access_map(NT_TYPE_FILE, (uint32_t)a[1]),
                          options);
    if (!pipe || !file) {
        free(pipe);
        free(folded);
        world_io_close(p->world, share & 2 ? writing : reading);
        if (file)
            nt_object_release(&file->object);
        else
            world_io_close(p->world, own);
        return NT_NO_MEMORY;
    }
    pipe->process = p;
    pipe->name = folded;
    pipe->length = length;
    pipe->server = file;
    pipe->client = share & 2 ? writing : reading;
    if (both) { /* reading, writing: client to server; the other pair: server to client */
        file->write_open = back_writing;
        pipe->client = back_reading;
        pipe->client_write = writing;
    }
    pipe->refs = 1;
    nt_list_append(&names, &pipe->link);
    file->pipe = pipe;
    file->pipe_mode = ((uint32_t)a[8] & 1) | ((uint32_t)a[9] & 1) << 1;
    if (NT_FAILED(nt_write_iosb(t, a[3], NT_SUCCESS, NT_FILE_CREATED))) {
        nt_object_release(&file->object);
        return NT_ACCESS_VIOLATION;
    }
    return nt_handle_give(t, a[0], file, (uint32_t)a[1] | NT_FILE_READ_ATTRIBUTES, object.flags,
                          NT_SUCCESS);
}

nt_status nt_pipe_open(struct nt_thread *t, const struct nt_path *path, uint32_t access,
                       uint32_t options, struct nt_file **file)
{
    struct nt_process *p = t->process;
    struct world_open open;
    struct nt_pipe *pipe;
    char *folded;

    if (!path->length) { /* the file system itself: WaitNamedPipe */
        *file = nt_file_create(p, NT_FILE_PIPE, (struct world_open){0}, access, options);
        return *file ? NT_SUCCESS : NT_NO_MEMORY;
    }
    folded = fold(path->path, path->length);
    if (!folded)
        return NT_NO_MEMORY;
    pipe = find(folded, path->length, true);
    bool exists = pipe || find(folded, path->length, false);
    free(folded);
    if (!pipe)
        return exists ? NT_PIPE_NOT_AVAILABLE : NT_OBJECT_NAME_NOT_FOUND;
    uint32_t needs = access & NT_FILE_WRITE_DATA ? WORLD_WRITE : WORLD_READ;
    if (!pipe->client_write.server && !(pipe->client.access & needs))
        return NT_ACCESS_DENIED;
    open = pipe->client;
    struct world_open open_write = pipe->client_write;
    if (open_write.server && p != pipe->process) {
        nt_status status = nt_status_from(
            world_io_transfer(pipe->process->world, pipe->client_write, p->world, &open_write));
        if (NT_FAILED(status))
            return status;
        world_io_close(pipe->process->world, pipe->client_write);
    }
    if (p != pipe->process) {
        nt_status status = nt_status_from(
            world_io_transfer(pipe->process->world, pipe->client, p->world, &open));
        if (NT_FAILED(status))
            return status;
        world_io_close(pipe->process->world, pipe->client);
    }
    pipe->client.server = pipe->client_write.server = 0;
    pipe->connected = true;
    *file = nt_file_create(p, NT_FILE_PIPE, open, access, options);
    if (!*file)
        return NT_NO_MEMORY;
    (*file)->write_open = open_write;
    if (pipe->server) {
        nt_object_wake(&pipe->server->object);
        nt_async_wake_listener(pipe->server);
    }
    return NT_SUCCESS;
}

nt_status nt_pipe_control(struct nt_thread *t, struct nt_file *file, const uint64_t *a)
{
    uint32_t capacity = (uint32_t)a[9];

    switch ((uint32_t)a[5]) {
    case 0x110008: /* FSCTL_PIPE_LISTEN */
        if (!file->pipe || file->pipe->server != file)
            return NT_ILLEGAL_FUNCTION;
        if (file->pipe->connected)
            return t->call.again ? nt_file_finish(t, file, a, NT_SUCCESS, 0) : NT_PIPE_CONNECTED;
        if (!(file->options & NT_FILE_SYNC))
            return nt_async_start(t, file, a, NT_ASYNC_LISTEN, 0, 0);
        nt_thread_hold_on(t, &file->object);
        return NT_HELD;
    case 0x110004: /* FSCTL_PIPE_DISCONNECT */
        if (!file->pipe)
            return NT_ILLEGAL_FUNCTION;
        file->pipe->connected = false;
        world_log("win32: pid %u: a disconnected pipe cannot listen again",
                  (unsigned)t->process->pid);
        return NT_SUCCESS;
    case 0x11400c: { /* FSCTL_PIPE_PEEK */
        uint64_t available = 0, done = 0;
        uint32_t ready = 0, head[4];
        uint8_t buffer[4096];
        if (file->kind != NT_FILE_PIPE)
            return NT_INVALID_DEVICE_REQUEST;
        if (capacity < 16)
            return NT_BUFFER_TOO_SMALL;
        world_status got =
            world_io_readable_bytes(t->process->world, file->open, &available);
        if (got != JN_OK)
            return nt_status_from(got);
        (void)world_io_poll(t->process->world, file->open, WORLD_READABLE | WORLD_HANGUP, 0,
                            &ready);
        if (!available && (ready & WORLD_HANGUP))
            return NT_PIPE_BROKEN;
        uint32_t room = capacity - 16;
        if (room > sizeof buffer)
            room = sizeof buffer;
        if (room > available)
            room = (uint32_t)available;
        if (room && (world_io_get(t->process->world, file->open, -1, buffer, room, true, 0,
                                  &done) != JN_OK))
            done = 0;
        head[0] = 3; /* connected */
        head[1] = (uint32_t)available;
        head[2] = 0;
        head[3] = 0;
        nt_status status = done < available && capacity > 16 ? NT_BUFFER_OVERFLOW : NT_SUCCESS;
        if (NT_FAILED(nt_write(t, a[8], head, 16)) ||
            NT_FAILED(nt_write(t, a[8] + 16, buffer, done)) ||
            NT_FAILED(nt_write_iosb(t, a[4], status, 16 + done)))
            return NT_ACCESS_VIOLATION;
        return status;
    }
    case 0x110018: { /* FSCTL_PIPE_WAIT: {timeout, name length, specified, name} */
        uint8_t head[14];
        uint32_t bytes;
        if ((uint32_t)a[7] < 14 || NT_FAILED(nt_read(t, a[6], head, 14)))
            return NT_INVALID_PARAMETER;
        memcpy(&bytes, head + 8, 4);
        if (bytes > (uint32_t)a[7] - 14)
            return NT_INVALID_PARAMETER;
        uint16_t *units = malloc(bytes + 2);
        if (!units || NT_FAILED(nt_read(t, a[6] + 14, units, bytes))) {
            free(units);
            return NT_ACCESS_VIOLATION;
        }
        size_t length;
        char *utf8 = nt_text_to_utf8(units, bytes / 2, &length);
        char *folded = utf8 ? fold(utf8, length) : NULL;
        bool there = folded && find(folded, length, true);
        bool known = folded && find(folded, length, false);
        free(units);
        free(utf8);
        free(folded);
        if (there)
            return NT_SUCCESS;
        return known ? NT_IO_TIMEOUT : NT_OBJECT_NAME_NOT_FOUND;
    }
    }
    world_log("win32: pid %u: pipe control 0x%x", (unsigned)t->process->pid, (unsigned)a[5]);
    return NT_NOT_SUPPORTED;
}

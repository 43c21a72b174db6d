/* Named pipes: bytes or messages in one or two directions. Both ends are opens of pipes of the file
 * server. The server's end makes them and puts the client's ones aside there (world_offer, move); an
 * instance of the name at servers/object holds the words with which the first client takes them, and
 * is signalled by that. */
#include <stdlib.h>
#include <string.h>

#include "nt_pipe.h"

/* What an instance of a name holds. */
struct instance {
    /* Of the client: reading or only open; writing, in both. The first tells instances apart (world_claim). */
    uint64_t read_token, write_token;
    uint32_t read_access, write_access;
    uint32_t share; /* FILE_SHARE_.. of the server: what the client may do */
    uint32_t messages, instances, quota[2];
    uint64_t timeout_ns; /* of WaitNamedPipe, if that names none */
};

void nt_pipe_end_closed(struct nt_file *file)
{
    struct nt_process *p = file->object.process;
    uint64_t value, limit, owner, count;
    uint32_t kind;

    /* The last server's end takes back what no client has taken. */
    if (world_object_query(p->world, file->pipe_name, &kind, &value, &limit, &owner, &count) ==
            JN_OK &&
        count <= 1)
        for (int i = 0; i < 2; i++) {
            struct world_open open;
            if (file->pipe_tokens[i] &&
                world_accept(p->world, WORLD_FS, file->pipe_tokens[i], &open) == JN_OK)
                world_io_close(p->world, open);
        }
    world_object_close(p->world, file->pipe_name);
    file->pipe_name = 0;
}

nt_status nt_pipe_connected(struct nt_file *file, uint64_t cookie)
{
    uint32_t index;

    if (file->pipe_connected)
        return NT_SUCCESS;
    switch (world_object_wait(file->object.process->world, false, 0, cookie, &file->pipe_name, 1,
                              &index)) {
    case JN_OK: file->pipe_connected = true; return NT_SUCCESS;
    case JN_WOULD_BLOCK: return NT_PENDING;
    default: return NT_PIPE_BROKEN;
    }
}

#define PREFIX "\\Device\\NamedPipe\\"

/* The name at servers/object. Names are compared without regard to case; ASCII is what programs use. */
static char *full_name(const char *name, size_t length, size_t *total)
{
    static const char prefix[] = PREFIX;
    char *copy = malloc(sizeof prefix + length);

    *total = sizeof prefix - 1 + length;
    if (!copy)
        return NULL;
    memcpy(copy, prefix, sizeof prefix - 1);
    for (size_t i = 0; i < length; i++)
        copy[sizeof prefix - 1 + i] =
            name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] | 32) : name[i];
    copy[*total] = 0;
    return copy;
}

/* The pipes of one instance: the server's opens go into the file, the client's into `instance`. */
static nt_status make_pipes(struct nt_process *p, struct nt_file *file, struct instance *instance)
{
    struct world_open reading = {0}, writing = {0}, back_reading = {0}, back_writing = {0};
    struct world_open client, client_write = {0};
    bool both = (file->pipe_share & 3) == 3, inbound = file->pipe_share & 2;
    bool messages = file->pipe_mode & NT_PIPE_TYPE_MESSAGE;
    world_status status = world_file_pipe(p->world, messages, &reading, &writing);

    if (status == JN_OK && both) { /* reading, writing: client to server; the other pair: back */
        status = world_file_pipe(p->world, messages, &back_reading, &back_writing);
        if (status != JN_OK) {
            world_io_close(p->world, reading);
            world_io_close(p->world, writing);
        }
    }
    if (status != JN_OK)
        return nt_status_from(status);
    file->open = inbound ? reading : writing;
    file->write_open = back_writing;
    client = both ? back_reading : inbound ? writing : reading;
    if (both)
        client_write = writing;
    memset(instance, 0, sizeof *instance);
    instance->share = file->pipe_share;
    instance->messages = messages;
    instance->instances = file->pipe_instances;
    instance->quota[0] = file->pipe_quota[0];
    instance->quota[1] = file->pipe_quota[1];
    instance->timeout_ns = file->pipe_timeout_ns;
    instance->read_access = client.access;
    instance->write_access = client_write.access;
    status = world_offer(p->world, client, true, &instance->read_token);
    if (status == JN_OK && client_write.server)
        status = world_offer(p->world, client_write, true, &instance->write_token);
    file->pipe_tokens[0] = instance->read_token;
    file->pipe_tokens[1] = instance->write_token;
    return nt_status_from(status);
}

nt_status NtCreateNamedPipeFile(struct nt_thread *t, const uint64_t *a)
{
    /* handle, access, attributes, iosb, sharing, disposition, options, type, read mode,
     * completion mode, instances, inbound, outbound, timeout */
    uint32_t share = (uint32_t)a[4];
    struct nt_process *p = t->process;
    uint8_t found[WORLD_DATA_MAX];
    struct nt_attributes object;
    struct instance instance;
    struct nt_path path;
    struct nt_file *file;
    uint16_t *name;
    size_t length;
    char *full;
    bool existed;
    int64_t timeout = 0;
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
    /* share says what the client may do: FILE_SHARE_WRITE = it writes (inbound). */
    if (path.kind != NT_PATH_PIPE || !path.length)
        status = NT_OBJECT_NAME_INVALID;
    else if (!(share & 3) || (uint32_t)a[7] > 1 || (uint32_t)a[8] > (uint32_t)a[7] ||
             (uint32_t)a[9] > 1 || !(uint32_t)a[10])
        status = NT_INVALID_PARAMETER;
    else if (a[13] && NT_FAILED(nt_read(t, a[13], &timeout, 8)))
        status = NT_ACCESS_VIOLATION;
    if (NT_FAILED(status)) {
        nt_path_free(&path);
        return status;
    }
    full = full_name(path.path, path.length, &length);
    nt_path_free(&path);
    file = nt_file_create(p, NT_FILE_PIPE, (struct world_open){0},
                          nt_access_map(NT_TYPE_FILE, (uint32_t)a[1]), (uint32_t)a[6]);
    if (!full || !file) {
        free(full);
        if (file)
            nt_object_release(&file->object);
        return NT_NO_MEMORY;
    }
    file->pipe_share = share & 3;
    file->pipe_mode = (a[8] & 1 ? NT_PIPE_READ_MESSAGES : 0) | (a[9] & 1 ? NT_PIPE_NOWAIT : 0) |
                      (a[7] & 1 ? NT_PIPE_TYPE_MESSAGE : 0) | NT_PIPE_SERVER |
                      (share & 2 ? NT_PIPE_INBOUND : 0) | (share & 1 ? NT_PIPE_OUTBOUND : 0);
    file->pipe_instances = (uint32_t)a[10] == UINT32_MAX ? 0 : (uint32_t)a[10];
    file->pipe_quota[0] = (uint32_t)a[11];
    file->pipe_quota[1] = (uint32_t)a[12];
    file->pipe_timeout_ns = timeout < 0 ? (uint64_t)-timeout * 100 : 0;
    status = make_pipes(p, file, &instance);
    if (!NT_FAILED(status)) {
        uint32_t most = file->pipe_instances <= 255 ? file->pipe_instances : 0;
        world_status made = world_publish(
            p->world, WORLD_PIPE,
            (uint32_t)a[5] == NT_FILE_CREATE ? 0
                                             : WORLD_INSTANCE | most << WORLD_INSTANCES_SHIFT,
            &instance, sizeof instance, full, length, &file->pipe_name, &existed, found, &length);
        if (made != JN_OK)
            file->pipe_name = 0;
        status = made == JN_EXISTS ? NT_ACCESS_DENIED
                 : made == JN_BUSY ? NT_INSTANCE_NOT_AVAILABLE
                                   : nt_status_from(made);
    }
    free(full);
    if (!NT_FAILED(status))
        status = nt_write_iosb(t, a[3], NT_SUCCESS, NT_FILE_CREATED);
    if (NT_FAILED(status)) {
        nt_object_release(&file->object);
        return status;
    }
    return nt_handle_give(t, a[0], file, (uint32_t)a[1] | NT_FILE_READ_ATTRIBUTES, object.flags,
                          NT_SUCCESS);
}

/* Takes the opens of an instance; NOT_FOUND: its server is gone, or somebody was faster. What the server
 * reads from comes first: if this process ends before it has both, the server's reads end. */
static world_status take(struct nt_process *p, const struct instance *instance,
                         struct world_open *open, struct world_open *write_open)
{
    world_status status = JN_OK;

    *write_open = (struct world_open){0};
    if (instance->write_token)
        status = world_accept(p->world, WORLD_FS, instance->write_token, write_open);
    if (status != JN_OK)
        return status;
    write_open->access = instance->write_access;
    status = world_accept(p->world, WORLD_FS, instance->read_token, open);
    open->access = instance->read_access;
    if (status != JN_OK && instance->write_token)
        world_io_close(p->world, *write_open);
    return status;
}

nt_status nt_pipe_open(struct nt_thread *t, const struct nt_path *path, uint32_t access,
                       uint32_t options, struct nt_file **file)
{
    struct nt_process *p = t->process;
    struct world_open open, write_open;
    struct instance instance;
    uint8_t found[WORLD_DATA_MAX];
    size_t length, found_length = 0;
    world_status status;
    char *full;

    if (!path->length) { /* the file system itself: WaitNamedPipe */
        *file = nt_file_create(p, NT_FILE_PIPE, (struct world_open){0}, access, options);
        return *file ? NT_SUCCESS : NT_NO_MEMORY;
    }
    full = full_name(path->path, path->length, &length);
    if (!full)
        return NT_NO_MEMORY;
    /* The opens are taken first, then the instance: its server hears of a client when there are opens that
     * end with it, at whatever instruction the client ends. Who finds the opens taken takes the instance
     * for whoever has them; if that one is dead, the server sees a client that has come and gone. */
    do {
        status = world_claim(p->world, true, 0, full, length, found, &found_length);
        if (status == JN_OK && found_length != sizeof instance)
            status = JN_IO; /* somebody else's idea of a pipe */
        if (status != JN_OK)
            break;
        memcpy(&instance, found, sizeof instance);
        uint32_t needs = access & NT_FILE_WRITE_DATA ? WORLD_WRITE : WORLD_READ;
        if (!instance.write_token && !(instance.read_access & needs)) {
            status = JN_ACCESS;
            break;
        }
        status = take(p, &instance, &open, &write_open);
        if (status == JN_OK || status == JN_NOT_FOUND)
            (void)world_claim(p->world, false, instance.read_token, full, length, found,
                              &found_length);
    } while (status == JN_NOT_FOUND); /* each round leaves one instance less */
    free(full);
    if (status == JN_BUSY)
        return NT_PIPE_NOT_AVAILABLE;
    if (status != JN_OK)
        return nt_status_from(status);
    *file = nt_file_create(p, NT_FILE_PIPE, open, access, options);
    if (!*file) {
        world_io_close(p->world, open);
        if (write_open.server)
            world_io_close(p->world, write_open);
        return NT_NO_MEMORY;
    }
    (*file)->write_open = write_open;
    (*file)->pipe_mode = (instance.messages ? NT_PIPE_TYPE_MESSAGE : 0) |
                         (instance.share & 2 ? NT_PIPE_INBOUND : 0) |
                         (instance.share & 1 ? NT_PIPE_OUTBOUND : 0);
    (*file)->pipe_instances = instance.instances;
    (*file)->pipe_quota[0] = instance.quota[0];
    (*file)->pipe_quota[1] = instance.quota[1];
    return NT_SUCCESS;
}

static nt_status disconnect(struct nt_file *file)
{
    struct nt_process *p = file->object.process;

    if (file->pipe_idle)
        return NT_PIPE_DISCONNECTED;
    nt_async_cancel(file, NULL, 0);
    world_io_close(p->world, file->open);
    if (file->write_open.server)
        world_io_close(p->world, file->write_open);
    file->open = file->write_open = (struct world_open){0};
    file->pipe_connected = false;
    file->pipe_idle = true;
    return NT_SUCCESS;
}

/* After a disconnection the server's end starts anew: fresh pipes, and the instance can be taken again. */
static nt_status start_anew(struct nt_file *file)
{
    struct nt_process *p = file->object.process;
    struct instance instance;
    nt_status status = make_pipes(p, file, &instance);

    if (!NT_FAILED(status))
        status = nt_status_from(
            world_republish(p->world, file->pipe_name, &instance, sizeof instance));
    if (!NT_FAILED(status))
        file->pipe_idle = false;
    return status;
}

static nt_status listen(struct nt_thread *t, struct nt_file *file, const uint64_t *a)
{
    nt_status status;

    if (!file->pipe_name)
        return NT_ILLEGAL_FUNCTION;
    if (file->pipe_idle) {
        status = start_anew(file);
        if (NT_FAILED(status))
            return status;
    }
    if (!t->call.again && nt_pipe_connected(file, 0) == NT_SUCCESS) {
        uint32_t ready = 0;
        struct world_open open = nt_pipe_write_open(file);
        (void)world_io_poll(file->object.process->world, open, WORLD_HANGUP | WORLD_ERROR, 0,
                            &ready);
        return ready & (WORLD_HANGUP | WORLD_ERROR) ? NT_PIPE_CLOSING : NT_PIPE_CONNECTED;
    }
    if (file->pipe_mode & NT_PIPE_NOWAIT)
        return NT_PIPE_LISTENING;
    if (!(file->options & NT_FILE_SYNC))
        return nt_async_start(t, file, a, NT_ASYNC_LISTEN, 0, 0);
    status = nt_pipe_connected(file, t->cookie);
    if (status != NT_PENDING)
        return nt_file_finish(t, file, a, status, 0);
    t->armed = true;
    return NT_HELD;
}

/* WaitNamedPipe. Its input: {timeout, name length, whether there is a timeout, name} */
static nt_status await_instance(struct nt_thread *t, const uint64_t *a)
{
    uint8_t head[14], found[WORLD_DATA_MAX];
    size_t length = 0, found_length = 0;
    uint16_t *units;
    uint32_t bytes;
    char *utf8, *full;
    bool is_free = false;
    world_status there;

    if ((uint32_t)a[7] < 14)
        return NT_INVALID_PARAMETER;
    if (NT_FAILED(nt_read(t, a[6], head, 14)))
        return NT_ACCESS_VIOLATION;
    memcpy(&bytes, head + 8, 4);
    if (bytes > (uint32_t)a[7] - 14)
        return NT_INVALID_PARAMETER;
    units = malloc(bytes + 2ull);
    if (!units || NT_FAILED(nt_read(t, a[6] + 14, units, bytes))) {
        free(units);
        return NT_ACCESS_VIOLATION;
    }
    utf8 = nt_text_to_utf8(units, bytes / 2, &length);
    full = utf8 ? full_name(utf8, length, &length) : NULL;
    there = full ? world_await(t->process->world, full, length, t->cookie, &is_free, found,
                               &found_length)
                 : JN_NO_MEMORY;
    free(units);
    free(utf8);
    free(full);
    if (there != JN_OK || is_free)
        return nt_status_from(there);
    t->armed = true;
    if (!t->call.deadline && !head[12]) { /* as the server said */
        struct instance instance = {0};
        if (found_length == sizeof instance)
            memcpy(&instance, found, sizeof instance);
        t->call.deadline = world_time_monotonic() + instance.timeout_ns;
    }
    nt_status status = nt_call_deadline(t, a[6]);
    if (NT_FAILED(status))
        return status;
    if (nt_call_expired(t))
        return NT_IO_TIMEOUT;
    nt_thread_set_deadline(t, t->call.deadline);
    return NT_HELD;
}

nt_status nt_pipe_control(struct nt_thread *t, struct nt_file *file, const uint64_t *a)
{
    switch ((uint32_t)a[5]) {
    case 0x110008: /* FSCTL_PIPE_LISTEN */
        return listen(t, file, a);
    case 0x110004: /* FSCTL_PIPE_DISCONNECT */
        return file->pipe_name ? disconnect(file) : NT_ILLEGAL_FUNCTION;
    case 0x11400c: /* FSCTL_PIPE_PEEK */
        return file->kind == NT_FILE_PIPE ? nt_pipe_peek(t, file, a) : NT_INVALID_DEVICE_REQUEST;
    case 0x11c017: /* FSCTL_PIPE_TRANSCEIVE */
        return file->kind == NT_FILE_PIPE ? nt_pipe_transceive(t, file, a)
                                          : NT_INVALID_DEVICE_REQUEST;
    case 0x110018: /* FSCTL_PIPE_WAIT */
        return await_instance(t, a);
    }
    world_log("win32: pid %u: pipe control 0x%x", (unsigned)t->process->pid, (unsigned)a[5]);
    return NT_NOT_SUPPORTED;
}

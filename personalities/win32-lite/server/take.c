/* personality.take: a process of somebody else's goes on here with a PE program. */
#include <stdlib.h>
#include <string.h>

#include "janus/handover.h"
#include "placement.h"

static jn_status_t status_of(nt_status status)
{
    switch (status) {
    case NT_SUCCESS: return JN_OK;
    case NT_OBJECT_NAME_NOT_FOUND:
    case NT_OBJECT_PATH_NOT_FOUND: return JN_NOT_FOUND;
    case NT_DLL_NOT_FOUND: return JN_NOT_FOUND;
    case NT_ACCESS_DENIED: return JN_ACCESS;
    case NT_FILE_IS_A_DIRECTORY:
    case NT_INVALID_FILE_FOR_SECTION: return JN_ACCESS;
    case NT_NO_MEMORY:
    case NT_COMMITMENT_LIMIT: return JN_NO_MEMORY;
    case NT_NAME_TOO_LONG: return JN_TOO_BIG;
    case NT_INVALID_IMAGE_NOT_MZ: return JN_NOT_EXECUTABLE;
    case NT_INVALID_IMAGE_FORMAT:
    case NT_INVALID_IMAGE_PROTECT:
    case NT_INVALID_IMAGE_WIN_16:
    case NT_CONFLICTING_ADDRESSES: return JN_BAD_IMAGE;
    }
    return JN_IO;
}

/* The program's own path in the tree: of its open, else as the record says. */
static jn_status_t program_path(struct world_process *world, const struct handover *h,
                                const char *directory, char *path, size_t capacity,
                                struct world_open *program)
{
    size_t length;
    bool created;
    jn_status_t status;

    if (h->header.program) {
        *program = (struct world_open){WORLD_FS, WORLD_READ, h->header.program};
        return world_file_path(world, *program, path, capacity, &length);
    }
    length = strlen(h->path);
    if (h->path[0] == '/') {
        if (length >= capacity)
            return JN_NAME_TOO_LONG;
        memcpy(path, h->path, length + 1);
    } else {
        size_t n = strlen(directory);
        if (n + 1 + length >= capacity)
            return JN_NAME_TOO_LONG;
        memcpy(path, directory, n);
        path[n] = '/';
        memcpy(path + n + 1, h->path, length + 1);
        length += n + 1;
    }
    status = world_file_open(world, path, length, WORLD_OPEN_NOT_DIRECTORY,
                             WORLD_READ | WORLD_EXECUTE, 7, 0, program, &created);
    if (status != JN_OK)
        return status;
    /* Symbolic links and dots are resolved: the DLLs beside the program lie at its real place. */
    return world_file_path(world, *program, path, capacity, &length);
}

/* Descriptors 0 to 2 become the standard handles; a terminal shows its Win32 side. */
static void standard_handles(struct world_process *world, const struct handover *h,
                             struct nt_start *start)
{
    for (uint32_t i = 0; i < h->header.descriptor_count; i++) {
        const struct handover_descriptor *d = &h->descriptors[i];
        struct world_open open = {d->server, d->access & (WORLD_READ | WORLD_WRITE), d->number};
        if (d->fd > 2 || (d->flags & HANDOVER_CLOSE_ON_EXEC))
            continue;
        if (d->server == HANDOVER_CONSOLE && start->has_console) {
            struct world_open copy;
            if (world_io_duplicate(world, d->fd ? start->console_output : start->console_input,
                                   &copy) == JN_OK)
                open = copy;
        }
        start->standard[d->fd] = open;
    }
}

/* What a PE does not inherit; only after success, until then the caller needs them. */
static void close_others(struct world_process *world, const struct handover *h,
                         const struct nt_start *start)
{
    for (uint32_t i = 0; i < h->header.descriptor_count; i++) {
        const struct handover_descriptor *d = &h->descriptors[i];
        struct world_open open = {d->server, 0, d->number};
        bool used = false;
        for (int j = 0; j < 3; j++)
            used |= start->standard[j].server == d->server &&
                    start->standard[j].number == d->number;
        if (!used)
            world_io_close(world, open);
    }
    if (h->header.directory)
        world_io_close(world, (struct world_open){WORLD_FS, 0, h->header.directory});
    if (h->header.root)
        world_io_close(world, (struct world_open){WORLD_FS, 0, h->header.root});
}

static nt_status read_program(void *context, uint64_t offset, void *buffer, size_t length,
                              size_t *done)
{
    struct world_process *world = context;
    uint64_t n = 0;
    jn_status_t status =
        backend_io_read(&world->clients, (struct backend_open){BACKEND_FS, world->cookie},
                        (int64_t)offset, length, 0, 0, backend_window(buffer, length), &n);

    *done = n;
    return nt_status_from(status);
}

/* Whether the program can be run at all. Nothing of the process's clients is changed by asking: the
 * caller may have to go on with them. */
static jn_status_t check_program(const struct backend_clients *clients, const struct handover *h)
{
    struct world_process probe = {.clients = *clients};
    struct backend_path path = {h->header.directory, h->path, strlen(h->path), 0};
    struct backend_open open = {BACKEND_FS, h->header.program};
    struct nt_image *image;
    struct io_stat stat;
    uint32_t created;
    jn_status_t status = JN_OK;

    if (!h->header.program)
        status = backend_fs_open(clients, &path, FS_OPEN_NOT_DIRECTORY, IO_ACCESS_READ, 7, 0, 0,
                                 &open, &created);
    if (status != JN_OK)
        return status;
    probe.cookie = open.number;
    status = backend_io_stat(clients, open, &stat);
    if (status == JN_OK) {
        nt_status parsed = nt_image_parse(read_program, &probe, stat.size, &image);
        status = status_of(parsed);
        if (!NT_FAILED(parsed)) {
            if (image->characteristics & 0x2000)
                status = JN_BAD_IMAGE;
            nt_image_put(image);
        }
    }
    if (!h->header.program)
        backend_io_close(clients, open);
    return status;
}

jn_status_t guest_take(const void *record, size_t length, const struct backend_clients *clients)
{
    static char directory[4097], path[4097];
    struct world_process *world;
    struct nt_process *process;
    struct nt_start start;
    struct handover h;
    struct backend_ids ids;
    size_t n;
    jn_status_t status = handover_decode(record, length, &h);

    if (status != JN_OK)
        return status;
    status = backend_process_ids(clients->task, 0, &ids);
    if (status == JN_OK)
        status = check_program(clients, &h);
    if (status == JN_OK)
        status = placement_join(clients);
    if (status != JN_OK)
        return status;
    status = guest_process_create(clients, ids.pid, &world);
    if (status != JN_OK)
        return status;
    memset(&start, 0, sizeof start);
    if (!h.header.directory ||
        world_file_path(world, (struct world_open){WORLD_FS, 0, h.header.directory}, directory,
                        sizeof directory, &n) != JN_OK)
        strcpy(directory, "/");
    status = program_path(world, &h, directory, path, sizeof path, &start.program);
    nt_status started = NT_UNSUCCESSFUL;
    if (status == JN_OK) {
        start.path = path;
        start.directory = directory;
        start.arguments = h.arguments;
        start.argument_count = h.header.argument_count;
        start.environment = h.environment;
        start.environment_count = h.header.environment_count;
        start.pid = ids.pid;
        start.parent_pid = ids.parent;
        start.suspended = (h.header.flags & HANDOVER_SUSPENDED) != 0;
        if (h.header.own_length) {
            started = nt_process_born(world, &start, h.own, h.header.own_length, &process);
        } else {
            start.has_console =
                world_console_open(world, &start.console_input, &start.console_output) == JN_OK;
            standard_handles(world, &h, &start);
            started = nt_process_start(world, &start, &process);
        }
        status = status_of(started);
    }
    if (status != JN_OK) {
        jn_log(JN_LOG_WARNING, "pid %u: %s cannot be started: %s (%08x)", (unsigned)ids.pid,
               path[0] ? path : h.path, jn_status_text(status), started);
        /* The clients serve the new image already: there is no way back, as after execve's point of
         * no return. The process ends here, with the status of a program that cannot be run. */
        world_process_exit(world, 1, 126);
        world_process_release(world);
        backend_cap_drop(clients->pager);
        return JN_OK;
    }
    close_others(world, &h, &start);
    backend_cap_drop(clients->pager); /* the memory of the image before */
    return JN_OK;
}

/* Starting a server: Pool, Task, memory, capabilities, thread. */
#include <stdio.h>
#include <string.h>

#include "bootstrap.h"
#include "janus/boot_layout.h"
#include "janus/idl/client.h"
#include "janus/idl/dataspace.h"
#include "janus/object.h"
#include "janus/runtime.h"

#define PAGE 4096ull

/* A start under way. */
struct start {
    struct server *server;
    const uint8_t *file;
    cap_t pager; /* the server's client at the default pager */
    jn_status_t status;
};

/* Text comes straight out of the boot image. */
static jn_status_t map_file(void *ctx, cap_t task, uint64_t address, uint64_t file_offset,
                            uint64_t pages, uint32_t access)
{
    struct start *start = ctx;
    uint64_t done;
    return jn_task_map(task, start->file + file_offset, address, pages, access, false, &done);
}

static jn_status_t fill(struct start *start, uint64_t ds, uint64_t file_offset, uint64_t bytes)
{
    for (uint64_t done = 0, part = 0; done < bytes; done += part) {
        jn_status_t status = dataspace_fill(
            start->pager, ds, done, bytes - done,
            jn_window(start->file + file_offset + done, bytes - done), &part);
        if (status == JN_OK && !part)
            status = JN_FAULT;
        if (status != JN_OK)
            return status;
    }
    return JN_OK;
}

static jn_status_t map_memory(void *ctx, cap_t task, uint64_t address, uint64_t pages,
                              uint32_t access, uint64_t file_offset, uint64_t bytes)
{
    struct start *start = ctx;
    uint64_t ds, size = pages * PAGE;
    (void)task; /* the pager has it as the client's space */
    jn_status_t status = dataspace_create(start->pager, size, DS_PINNED, &ds);
    if (status == JN_OK)
        status = fill(start, ds, file_offset, bytes);
    for (uint64_t done = 0, part = 0; status == JN_OK && done < size; done += part) {
        status = dataspace_map(start->pager, ds, done, address + done, size - done, access, 0,
                               &part);
        if (status == JN_OK && !part)
            status = JN_NO_MEMORY;
    }
    return status;
}

static jn_status_t make_pool(struct server *server)
{
    uint64_t owned, unused, bytes;
    jn_status_t status = jn_pool_info(JN_CAP_POOL, &owned, &unused, &bytes);
    server->kernel_frames = server->manifest->kernel_pages;
    if (server->manifest->kernel_percent)
        server->kernel_frames = unused * server->manifest->kernel_percent / 100;
    if (status == JN_OK)
        status = kernel_memory_pool(server->kernel_frames, &server->pool);
    return status;
}

size_t server_path(const struct server *server, char *path, size_t capacity)
{
    struct text other = server->manifest->path;
    char key[sizeof server->name + 5];
    size_t key_length = (size_t)snprintf(key, sizeof key, "%s.path", server->name);
    (void)manifest_setting(&manifest, key, key_length, &other);
    int length = other.length
                     ? snprintf(path, capacity, "%.*s", (int)other.length, other.at)
                     : snprintf(path, capacity, "sbin/janus/%s", server->name);
    return (size_t)length < capacity ? (size_t)length : 0;
}

static jn_status_t open_file(struct start *start, struct loader_image *image)
{
    char path[128];
    size_t length = server_path(start->server, path, sizeof path);
    const void *file;
    uint64_t size;
    if (!length)
        return JN_NAME_TOO_LONG;
    jn_status_t status = bootimage_find(&boot_image, path, length, &file, &size);
    if (status != JN_OK)
        return status;
    start->file = file;
    return loader_parse(file, size, LOADER_NATIVE_LOW, LOADER_NATIVE_HIGH, image);
}

static jn_status_t make_client(struct start *start)
{
    jn_status_t status = client_create(BOOT_CAP_PAGER_ADMIN, 0, 0, 0, &start->pager);
    if (status == JN_OK)
        status = client_set_space(start->pager, start->server->task);
    uint64_t limit = start->server->manifest->memory_pages;
    if (start->server->manifest->memory_percent)
        limit = jn_info()->ram_bytes / PAGE * start->server->manifest->memory_percent / 100;
    if (status == JN_OK && limit != MANIFEST_UNLIMITED)
        status = dataspace_set_quota(BOOT_CAP_PAGER_ADMIN, start->pager, limit);
    return status;
}

/* A capability for the server's table; the first error stays. JN_CAP_NULL is nothing to give. */
static void give(struct start *start, cap_t source, cap_t slot, uint32_t rights)
{
    if (start->status == JN_OK && source != JN_CAP_NULL)
        start->status = jn_cap_copy_to(start->server->task, source, slot, rights);
}

static cap_t log_of(const struct server *server)
{
    struct server *logger = server->manifest->log.length ? server_named(server->manifest->log)
                                                         : NULL;
    return logger && logger->state != SERVER_LEFT_OUT && logger->state != SERVER_GONE
               ? logger->admin : JN_CAP_LOG;
}

static jn_status_t give_all(struct start *start)
{
    struct server *server = start->server;
    cap_t view, sched;
    start->status = names_view(server, &view);
    if (start->status == JN_OK)
        start->status = jn_sched_create(server->pool, server->manifest->priority, 0, 0, &sched);
    if (start->status == JN_OK) {
        start->status = jn_thread_set_sched(server->thread, sched);
        give(start, sched, JN_CAP_SCHED, JN_RIGHT_ALL);
        jn_cap_delete(sched);
    }
    give(start, server->task, JN_CAP_TASK, JN_RIGHT_ALL);
    give(start, server->thread, JN_CAP_THREAD, JN_RIGHT_ALL);
    give(start, server->pool, JN_CAP_POOL, JN_RIGHT_ALL & ~JN_RIGHT_DESTROY);
    give(start, view, JN_CAP_NAMES, JN_RIGHT_SEND | JN_RIGHT_COPY);
    give(start, log_of(server), JN_CAP_LOG, JN_RIGHT_SEND | JN_RIGHT_INFO | JN_RIGHT_COPY);
    give(start, start->pager, JN_CAP_PAGER, JN_RIGHT_SEND | JN_RIGHT_COPY);
    give(start, server->gate, JN_CAP_SELF_GATE, JN_RIGHT_ALL & ~JN_RIGHT_DESTROY);
    give(start, server->client, JN_CAP_SUPERVISOR, JN_RIGHT_SEND | JN_RIGHT_COPY);
    /* The view and the pager's client end with the server. */
    jn_cap_delete(view);
    return start->status;
}

static jn_status_t run(struct server *server)
{
    uint64_t label = LABEL_SERVER + server->index;
    jn_status_t status = jn_task_bind_end(server->task, end_signal, 1ull << (server->index % 63));
    if (status == JN_OK)
        status = jn_thread_set_gates(server->thread, own_gate, label, own_gate, label);
    if (status == JN_OK)
        status = jn_thread_resume(server->thread);
    return status;
}

jn_status_t server_start(struct server *server)
{
    static const struct loader_ops ops = {map_file, map_memory};
    static struct loader_image image;
    struct start start = {.server = server};
    server->starts++;
    jn_status_t status = open_file(&start, &image);
    if (status != JN_OK)
        return status;
    status = make_pool(server);
    if (status == JN_OK)
        status = jn_task_create(server->pool, JN_NATIVE_INFO, &server->task);
    if (status == JN_OK) {
        jn_task_name(server->task, server->manifest->name.at, server->manifest->name.length);
        status = make_client(&start);
    }
    if (status == JN_OK)
        status = loader_map(&image, &ops, &start, server->task);
    if (status == JN_OK)
        status = loader_make_thread(server->pool, server->task, JN_CAP_NULL, image.entry,
                                    &server->thread);
    if (status == JN_OK)
        status = give_all(&start);
    jn_cap_delete(start.pager);
    if (status == JN_OK)
        status = run(server);
    if (status == JN_OK)
        server->state = SERVER_RUNNING;
    return status;
}

/* Processes: clients, kernel Tasks, ends, lists. */
#include <stdlib.h>
#include <string.h>

#include "loop.h"
#include "placement.h"
#include "janus/idl/client.h"
#include "janus/idl/task.h"
#include "janus/object.h"

static struct world_process *processes;
static uint64_t next_cookie = GUEST_PROCESS_COOKIE;

struct world_process *guest_process_by_cookie(uint64_t cookie)
{
    for (struct world_process *p = processes; p; p = p->next)
        if (p->cookie == cookie)
            return p;
    return NULL;
}

struct world_process *guest_process_any(void)
{
    return processes;
}

/* Dataspaces and opens belong to the core, which closes them itself. */
static jn_status_t keep_open(void *ctx, uint64_t number)
{
    (void)ctx;
    (void)number;
    return JN_OK;
}

static const void *special_page(struct region_guest *guest, const struct region *region,
                                uint64_t address)
{
    (void)guest;
    (void)region;
    return placement_shared_page(address);
}

static struct region_ops space_ops;

static jn_status_t open_space(struct world_process *p)
{
    jn_status_t status;

    if (!space_ops.memory_map) {
        space_ops = region_guest_ops;
        space_ops.file_close = keep_open;
        space_ops.memory_close = keep_open;
    }
    p->guest = (struct region_guest){.task = p->kernel_task,
                                     .pager = p->clients.pager,
                                     .file = p->clients.fs,
                                     .special_page = special_page};
    status = client_set_space(p->clients.fs, p->kernel_task);
    if (status != JN_OK)
        return status;
    p->map = region_map_create(&space_ops, &p->guest, NT_LOWEST_ADDRESS, NT_HIGHEST_ADDRESS + 1);
    return p->map ? JN_OK : JN_NO_MEMORY;
}

jn_status_t guest_process_create(const struct backend_clients *clients, uint64_t pid,
                                 struct world_process **result)
{
    struct world_process *p = calloc(1, sizeof *p);
    jn_status_t status;

    if (!p)
        return JN_NO_MEMORY;
    p->clients = *clients;
    p->clients.pager = JN_CAP_NULL;
    p->pid = pid;
    p->cookie = next_cookie++;
    status = placement_prepare(p);
    if (status == JN_OK)
        status = open_space(p);
    if (status != JN_OK) {
        placement_abandon(p);
        guest_memory_drop(p);
        backend_cap_drop(p->kernel_task);
        backend_cap_drop(p->pool);
        backend_cap_drop(p->clients.pager);
        free(p);
        return status;
    }
    p->next = processes;
    processes = p;
    *result = p;
    return JN_OK;
}

/* Empty clients at fs, console and object for a child. */
static jn_status_t child_clients(struct world_process *p, uint64_t pid, cap_t task,
                                 struct backend_clients *clients)
{
    struct backend_clients from = p->clients;
    jn_status_t status;

    from.pager = JN_CAP_NULL;
    status = backend_clients_clone(&from, pid, task, clients);
    if (status != JN_OK)
        return status;
    status = client_end(clients->fs);
    if (status == JN_OK)
        status = client_end(clients->console);
    if (status == JN_OK && clients->object)
        status = client_end(clients->object);
    if (status == JN_OK)
        status = placement_join(clients);
    return status;
}

jn_status_t guest_child_clients(struct world_process *p, uint64_t *pid,
                                struct backend_clients *clients)
{
    cap_t task = JN_CAP_NULL;
    jn_status_t status = backend_process_create(
        p->clients.task, TASK_FORK | (p->breakaway ? TASK_BREAKAWAY : 0), 0, pid, &task);

    *clients = (struct backend_clients){0};
    if (status != JN_OK)
        return status;
    status = child_clients(p, *pid, task, clients);
    if (status != JN_OK) {
        jn_status_t ended = backend_process_exit(task, TASK_EXITED, 1);
        (void)ended;
        if (!clients->task)
            backend_cap_drop(task);
        backend_clients_drop(clients);
    }
    return status;
}

world_status world_process_create(struct world_process *p, uint64_t cookie, uint64_t *pid,
                                  struct world_process **child)
{
    struct backend_clients clients;
    jn_status_t status = guest_child_clients(p, pid, &clients);

    (void)cookie;
    if (status != JN_OK)
        return status;
    status = guest_process_create(&clients, *pid, child);
    if (status != JN_OK) {
        jn_status_t ended = backend_process_exit(clients.task, TASK_EXITED, 1);
        (void)ended;
        backend_clients_drop(&clients);
    }
    return status;
}

world_status world_process_commit(struct world_process *p)
{
    jn_status_t status = backend_process_commit(p->clients.task, TASK_PERSONALITY_WIN32);

    if (status == JN_OK) {
        p->prepared = false;
        p->committed = true;
        status = placement_committed(p);
    }
    return status;
}

void world_process_exit(struct world_process *p, uint32_t kind, uint32_t code)
{
    jn_status_t status = backend_process_exit(p->clients.task,
                                              kind == 2 ? TASK_SIGNALLED : TASK_EXITED, code);

    if (status != JN_OK)
        jn_log(JN_LOG_WARNING, "pid %u cannot end: %s", (unsigned)p->pid, jn_status_text(status));
    p->prepared = false;
}

void world_process_release(struct world_process *p)
{
    for (struct world_process **at = &processes; *at; at = &(*at)->next)
        if (*at == p) {
            *at = p->next;
            break;
        }
    while (p->threads) {
        struct world_thread *t = p->threads;
        p->threads = t->next;
        guest_running -= !t->stopped && !t->first;
        backend_thread_forget(&t->thread);
        free(t->first);
        free(t);
    }
    guest_foreign_drop(p);
    guest_memory_drop(p);
    backend_clients_drop_files(&p->clients);
    backend_clients_drop(&p->clients);
    backend_cap_drop(p->kernel_task);
    backend_cap_drop(p->pool);
    free(p);
}

/* ---- others ---- */
world_status world_process_watch(struct world_process *p, uint64_t pid, uint64_t cookie,
                                 uint32_t *kind, uint32_t *code)
{
    guest_armed(cookie, RING_TASK);
    return task_watch(p->clients.task, pid, cookie, kind, code);
}

world_status world_process_kill(struct world_process *p, uint64_t pid)
{
    struct task_siginfo info = {.number = 9};

    return backend_process_signal(p->clients.task, (int64_t)pid, 9, &info);
}

void world_process_stopped(struct world_process *p, uint32_t number)
{
    jn_status_t status = backend_process_stopped(p->clients.task, number);
    (void)status; /* it may have ended meanwhile */
}

void world_process_continued(struct world_process *p)
{
    jn_status_t status = backend_process_continued(p->clients.task);
    (void)status;
}

void world_process_background(struct world_process *p, uint32_t number)
{
    struct task_siginfo info = {.number = (int32_t)number};
    jn_status_t status = backend_process_signal(p->clients.task, 0, number, &info);
    (void)status; /* the group is the own one */
}

static void fill_info(const struct task_status *status, struct world_process_info *info)
{
    *info = (struct world_process_info){
        .pid = status->pid,
        .parent = status->parent,
        .group = status->group,
        .session = status->session,
        .start_ns = status->start_ns,
        .user_ns = status->user_ns,
        .system_ns = status->system_ns,
        .resident_pages = status->resident_pages,
        .virtual_pages = status->virtual_pages,
        .threads = status->threads,
        .state = status->state,
        .uid = status->uid,
        .personality = status->personality,
    };
    memcpy(info->name, status->name, sizeof info->name);
}

world_status world_process_next(struct world_process *p, uint64_t from,
                                struct world_process_info *info)
{
    struct task_status status;
    jn_status_t got = backend_process_next(p->clients.task, from, &status);

    if (got == JN_OK)
        fill_info(&status, info);
    return got;
}

world_status world_process_info(struct world_process *p, uint64_t pid,
                                struct world_process_info *info)
{
    struct task_status status;
    jn_status_t got = backend_process_status(p->clients.task, pid, &status);

    if (got == JN_OK)
        fill_info(&status, info);
    return got;
}

world_status world_thread_id(struct world_process *p, uint64_t *tid)
{
    return backend_process_new_thread_id(p->clients.task, 1, tid);
}

void world_thread_id_free(struct world_process *p, uint64_t tid)
{
    backend_process_free_thread_id(p->clients.task, tid);
}

void world_process_describe(struct world_process *p, const char *path, const char *arguments,
                            size_t length)
{
    const char *name = strrchr(path, '/');
    jn_status_t status;

    name = name ? name + 1 : path;
    status = backend_process_set_info(p->clients.task, TASK_INFO_NAME, name, strlen(name));
    if (status == JN_OK)
        status = backend_process_set_info(p->clients.task, TASK_INFO_EXECUTABLE, path,
                                          strlen(path));
    if (status == JN_OK && length)
        status = backend_process_set_info(p->clients.task, TASK_INFO_COMMAND_LINE, arguments,
                                          length);
    if (status != JN_OK)
        jn_log(JN_LOG_DEBUG, "pid %u has no description: %s", (unsigned)p->pid,
               jn_status_text(status));
}

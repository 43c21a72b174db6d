/* The library placement: this Task is the image's own, and a child of fork has an adapter of its own. */
#include "placement.h"

#include <stdlib.h>
#include <string.h>

#include "fast_files.h"
#include "fast_futex.h"
#include "fork.h"
#include "janus/adapter_runtime.h"
#include "janus/backend/process.h"
#include "janus/handover.h"
#include "janus/idl/client.h"
#include "janus/idl/task.h"
#include "janus/object.h"
#include "janus/runtime.h"
#include "library.h"
#include "loop.h"
#include "process.h"
#include "stat_cache.h"
#include "status.h"
#include "user.h"

#define RING_ENTRIES 256

uint32_t placement_own(void)
{
    return HANDOVER_PLACE_LIBRARY;
}

uint32_t placement_default(const char *personality)
{
    uint32_t place = adapter_default_place(personality);
    return place ? place : HANDOVER_PLACE_CENTRAL;
}

/* The launcher has made them. */
jn_status_t placement_prepare(struct process *p, cap_t *kernel_task, cap_t *pool, cap_t *pager)
{
    (void)p;
    *kernel_task = JN_CAP_TASK;
    *pool = JN_CAP_POOL;
    *pager = JN_CAP_PAGER;
    return JN_OK;
}

void placement_abandon(struct process *p)
{
    (void)p; /* the answer to the take does that */
}

/* Another thread could be anywhere in the adapter, and a child of vfork needs the old image. */
bool placement_keeps_task(const struct thread *t)
{
    const struct process *p = t->process;
    return p->thread_count == 1 && t->tid == p->pid && p->mm->owner == p && p->mm->users == 1;
}

void placement_image_gone(void)
{
    redirect_forget();
}

/* ---- readiness rings: opened when somebody first has to be armed ---- */

#define RING_OF(server) ((unsigned)(server) - 1)
_Static_assert(RING_OF(BACKEND_FS) == RING_FS && RING_OF(BACKEND_CONSOLE) == RING_CONSOLE &&
               RING_OF(BACKEND_OBJECT) == RING_OBJECT && RING_OF(BACKEND_TASK) == RING_TASK,
               "in one order");

/* Whose rings they are: the process of this Task. Children of vfork, which have their own clients, join. */
static struct process *owner;

static cap_t ring_client(const struct process *p, unsigned ring)
{
    const cap_t clients[RING_COUNT] = {p->clients.fs, p->clients.console, p->clients.object,
                                       p->clients.task};
    return clients[ring];
}

static jn_status_t open_task_ring(void)
{
    struct process *p;
    jn_status_t status = loop_open_ring(RING_TASK, owner->clients.task, RING_ENTRIES);
    /* What has happened is told now; the children of vfork have the same ring by their making. */
    if (status == JN_OK)
        list_for_each(p, struct process, &core_processes, link)
            if (status == JN_OK && p->clients.task)
                status = backend_process_set_cookie(p->clients.task, p->handle);
    return status;
}

static bool ring_missing(uint32_t server, cap_t client)
{
    unsigned ring = RING_OF(server);
    if (ring >= RING_COUNT || !owner || !ring_client(owner, ring))
        return false;
    jn_status_t status = JN_OK;
    bool opened = !loop_has_ring(ring);
    if (opened)
        status = ring == RING_TASK ? open_task_ring()
                                   : loop_open_ring(ring, ring_client(owner, ring), RING_ENTRIES);
    bool other = client != ring_client(owner, ring);
    if (status == JN_OK && other && ring != RING_TASK)
        status = client_join_ring(client, ring_client(owner, ring));
    return status == JN_OK && (opened || other);
}

void placement_task_event(void)
{
    if (owner && !loop_has_ring(RING_TASK) && open_task_ring() != JN_OK) {
        jn_log(JN_LOG_ERROR, "what happens to process %lu cannot be heard any more",
               (unsigned long)owner->pid);
        process_terminate(owner, TASK_SIGNALLED, LX_SIGKILL);
    }
}

uint32_t placement_ringless(void)
{
    uint32_t servers = 0;
    for (uint32_t server = BACKEND_FS; server <= BACKEND_OBJECT; server++)
        if (!loop_has_ring(RING_OF(server)))
            servers |= 1u << server;
    return servers;
}

jn_status_t placement_join(struct process *p, uint32_t ringless)
{
    jn_status_t status = JN_OK;
    owner = p;
    backend_ring_missing = ring_missing;
    for (uint32_t server = BACKEND_FS; server <= BACKEND_OBJECT && status == JN_OK; server++)
        if (!(ringless & 1u << server) && ring_client(p, RING_OF(server)))
            status = loop_open_ring(RING_OF(server), ring_client(p, RING_OF(server)), 0);
    if (status == JN_OK)
        status = loop_open_ring(RING_TASK, p->clients.task, 0);
    return status == JN_OK ? backend_process_set_cookie(p->clients.task, p->handle) : status;
}

/* ---- fork ---- */

/* What the child finds in its copy of this memory. */
static struct {
    struct thread *thread; /* the caller */
    struct clone_request request;
    uint64_t pid;
    uint32_t ringless; /* the parent's clients, and so their clones */
} birth;

static long create(struct thread *t, const struct clone_request *r, struct adapter_child *child)
{
    struct process *p = t->process;
    uint64_t pid;
    cap_t task;
    /* No cookie yet: what happens to the child is told when it asks for it. */
    jn_status_t status = backend_process_create(p->clients.task, TASK_FORK, 0, &pid, &task);
    if (status != JN_OK)
        return status == JN_NO_MEMORY ? -LX_ENOMEM : -LX_EAGAIN;
    birth.thread = t;
    birth.request = *r;
    birth.pid = pid;
    birth.ringless = placement_ringless();
    struct backend_clients from = p->clients;
    from.pager = p->mm->pager;
    status = adapter_fork(&from, pid, task, 0, child);
    if (status == JN_OK)
        return 0;
    struct backend_wait_result result;
    if (backend_process_exit(task, TASK_EXITED, 127) != JN_OK ||
        backend_process_wait(p->clients.task, (int64_t)pid, TASK_WAIT_NOHANG | TASK_WAIT_EXITED,
                             0, &result) != JN_OK)
        jn_log(JN_LOG_WARNING, "an unfinished process stays");
    backend_cap_drop(task);
    return -LX_ENOMEM;
}

long placement_fork(struct thread *t, const struct clone_request *r)
{
    struct adapter_child child;
    long error = fork_child_state(t, r);
    if (!error)
        error = create(t, r, &child);
    if (error)
        return error;
    uint64_t pid = child.pid;
    if (r->flags & LX_CLONE_PARENT_SETTID)
        error = user_write32(t, r->parent_tid, (uint32_t)pid);
    jn_status_t status = adapter_fork_start(&child, TASK_PERSONALITY_POSIX);
    adapter_fork_end(&child);
    if (status != JN_OK) /* it ends with its last capability */
        return -LX_EAGAIN;
    return error ? error : (long)pid;
}

/* What this Task's own map says holds for the child, in the same slots; it is copied only for the sake of
 * regions that a child does not have. */
static jn_status_t own_memory(struct process *p)
{
    struct mm *mm = p->mm;
    struct region_map *copy;
    struct backend_space space;
    mm->kernel_task = JN_CAP_TASK;
    mm->pool = JN_CAP_POOL;
    mm->pager = JN_CAP_PAGER;
    mm->fs = p->clients.fs;
    if (region_map_forked(mm->map)) {
        backend_space_set_file_client(&mm->space, mm->fs);
        return client_set_space(mm->fs, JN_CAP_TASK);
    }
    jn_status_t status =
        backend_space_clone(&mm->space, mm->pager, mm->fs, mm->kernel_task, &space);
    if (status == JN_OK)
        status = region_map_clone(mm->map, space.context, &copy);
    if (status != JN_OK)
        return status;
    region_map_destroy(mm->map, false);
    backend_space_close(&mm->space);
    mm->map = copy;
    mm->space = space;
    return JN_OK;
}

void library_forked(void)
{
    struct thread *t = birth.thread;
    struct process *p = t->process;
    fast_files_child();
    stat_cache_child();
    p->clients = adapter_clients();
    p->clients.pager = JN_CAP_NULL; /* the address space's */
    core_pager_template = ADAPTER_CAP_EMPTY_PAGER;
    fork_become_child(t, birth.pid, &birth.request);
    fast_futex_child(t);
    stat_cache_new_names(p);
    jn_status_t status = own_memory(p);
    if (status == JN_OK)
        status = placement_join(p, birth.ringless);
    if (status == JN_OK)
        status = backend_thread_create(JN_CAP_POOL, JN_CAP_TASK, t->handle, &t->backend);
    if (status == JN_OK)
        placement_thread(t);
    uint64_t done = 0;
    uint32_t tid = (uint32_t)birth.pid;
    if (birth.request.flags & LX_CLONE_CHILD_SETTID &&
        region_map_write(p->mm->map, birth.request.child_tid, &tid, 4, false, &done) != JN_OK)
        t->clear_tid = 0; /* Linux ignores the fault in the child as well */
    if (status != JN_OK || fork_start(t)) {
        jn_log(JN_LOG_ERROR, "a child does not start: %s", jn_status_text(status));
        process_terminate(p, TASK_SIGNALLED, LX_SIGKILL);
    }
}

/* personality.take: a process of somebody else's (the session server's, another personality's) goes on
 * here, with the program that its record names. */
#include <stdlib.h>
#include <string.h>

#include "descriptors.h"
#include "image.h"
#include "janus/backend/process.h"
#include "janus/handover.h"
#include "janus/runtime.h"
#include "placement.h"
#include "posix_timer.h"
#include "process.h"
#include "signals.h"
#include "stat_cache.h"
#include "status.h"

static jn_status_t status_of(long error)
{
    switch (-error) {
    case 0:
        return JN_OK;
    case LX_ENOENT:
        return JN_NOT_FOUND;
    case LX_EACCES:
        return JN_ACCESS;
    case LX_ENOTDIR:
        return JN_NOT_DIRECTORY;
    case LX_ENOEXEC:
        return JN_NOT_EXECUTABLE;
    case LX_EINVAL:
    case LX_ELIBBAD:
        return JN_BAD_IMAGE;
    case LX_ELOOP:
        return JN_LOOP;
    case LX_ENAMETOOLONG:
        return JN_NAME_TOO_LONG;
    case LX_E2BIG:
        return JN_TOO_BIG;
    case LX_ENOMEM:
    case LX_EAGAIN:
        return JN_NO_MEMORY;
    default:
        return JN_IO;
    }
}

static long copy_strings(struct strings *to, const char *from, uint32_t count)
{
    long error = 0;
    for (uint32_t i = 0; i < count && !error; i++, from = handover_next(from))
        error = strings_add(to, from, strlen(from));
    return error;
}

static long fill_process(struct process *p, const struct handover *h)
{
    p->directory = h->header.directory;
    stat_cache_new_names(p);
    p->root = h->header.root;
    p->umask = h->header.umask;
    p->placement = h->header.placement;
    for (int i = 0; i < HANDOVER_LIMITS; i++)
        p->limits[i] = (struct lx_rlimit){h->header.limits[i].soft, h->header.limits[i].hard};
    for (uint32_t n = 1; n <= LX_NSIG; n++)
        if (h->header.signals_ignored & LX_SIGBIT(n) & ~SIGNALS_UNBLOCKABLE)
            p->actions[n - 1].handler = LX_SIG_IGN;
    signal_recompute_ignored(p);
    for (uint32_t i = 0; i < h->header.descriptor_count; i++) {
        const struct handover_descriptor *from = &h->descriptors[i];
        if (from->flags & HANDOVER_SECOND) {
            struct descriptor *first = descriptor_get(p, from->fd);
            first->kind = DESCRIPTOR_PAIR;
            first->other = (struct backend_open){from->server, from->number};
            continue;
        }
        struct descriptor d = {.kind = from->flags & HANDOVER_NAMES_ONLY ? DESCRIPTOR_PATH
                                                                         : DESCRIPTOR_OPEN,
                               .close_on_exec = from->flags & HANDOVER_CLOSE_ON_EXEC,
                               .access = from->access,
                               .object = (from->flags & HANDOVER_KIND) >> HANDOVER_KIND_SHIFT,
                               .open = {from->server, from->number}};
        long fd = descriptor_add_at(p, &d, from->fd);
        if (fd < 0)
            return fd;
    }
    return 0;
}

static long open_program(struct image *image, const struct handover *h)
{
    struct process *p = image->process;
    size_t length = strlen(h->path);
    if (length >= sizeof image->path)
        return -LX_ENAMETOOLONG;
    memcpy(image->path, h->path, length + 1);
    const char *name = *h->name ? h->name : h->path;
    if (strlen(name) >= sizeof image->script)
        return -LX_ENAMETOOLONG;
    strcpy(image->script, name);
    long error = copy_strings(&image->arguments, h->arguments, h->header.argument_count);
    if (!error)
        error = copy_strings(&image->environment, h->environment, h->header.environment_count);
    if (!error && !image->arguments.count)
        error = strings_add(&image->arguments, h->path, length);
    if (error)
        return error;
    struct backend_path path = {p->directory, image->path, length, 0};
    if (h->header.program) /* the very file that the asker has looked at */
        path = (struct backend_path){h->header.program, "", 0, FS_LOOKUP_EMPTY};
    return image_open(image, &path);
}

jn_status_t core_take(const void *record, size_t length, const struct backend_clients *clients)
{
    struct handover h;
    jn_status_t status = handover_decode(record, length, &h);
    if (status != JN_OK)
        return status;
    if (h.header.flags & HANDOVER_SUSPENDED)
        return JN_NOT_SUPPORTED; /* Win32 hands over when its CreateProcess handle is resumed */
    struct backend_ids ids;
    status = backend_process_ids(clients->task, 0, &ids);
    if (status != JN_OK)
        return status;
    struct process *p = process_create(ids.pid);
    if (!p)
        return JN_NO_MEMORY;
    struct image *image = image_begin(p);
    p->clients = *clients;
    p->clients.pager = JN_CAP_NULL;
    long error = fill_process(p, &h);
    if (!error)
        error = open_program(image, &h);
    if (!error && image->is_other) {
        image_close(image);
        error = -LX_ENOEXEC;
    }
    uint64_t handle = p->handle;
    if (!error)
        error = image_start(image, NULL);
    image_done(image);
    p = core_handle_find(handle, CORE_PROCESS);
    if (error) {
        p->clients = (struct backend_clients){0}; /* they stay with the caller */
        descriptors_close_core(p);
        process_free(p);
        return status_of(error);
    }
    if (p && placement_join(p, h.header.flags / HANDOVER_RINGLESS) != JN_OK) {
        process_terminate(p, TASK_SIGNALLED, LX_SIGKILL);
        p = NULL;
    }
    if (p) {
        struct thread *t = list_entry(p->threads.next, struct thread, link);
        t->mask = h.header.signals_blocked & ~SIGNALS_UNBLOCKABLE;
        carry_unpack(t, h.own, h.header.own_length);
        affinity_inherit(t, h.header.cpus);
        if (h.header.program)
            backend_io_close(&p->clients,
                             (struct backend_open){BACKEND_FS, h.header.program});
        if (h.header.alarm_deadline)
            posix_alarm_set(p, h.header.alarm_deadline, h.header.alarm_interval);
        if (clients->pager != p->mm->pager)
            backend_cap_drop(clients->pager); /* the old image's memory */
    }
    return JN_OK;
}

void core_initialize(void)
{
}

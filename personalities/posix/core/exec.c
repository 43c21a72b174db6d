/* execve(2): the new image is built beside the old one; up to the commit every failure returns to the
 * caller, after it the old program is gone (PERSONALITIES 5). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "descriptors.h"
#include "image.h"
#include "janus/backend/process.h"
#include "janus/backend/time.h"
#include "janus/handover.h"
#include "janus/runtime.h"
#include "mm.h"
#include "path.h"
#include "placement.h"
#include "posix_timer.h"
#include "process.h"
#include "quick.h"
#include "signals.h"
#include "status.h"
#include "syscalls.h"
#include "user.h"
#include "wait.h"

#define STRING_MAX 131072 /* MAX_ARG_STRLEN */
#define HAND_OVER_BUSY (-LX_ETIME) /* not an error of exec */
#define HAND_OVER_RETRY_NS 2000000

/* ---- arguments ---- */

static uint64_t argument_limit(const struct process *p)
{
    uint64_t limit = p->limits[LX_RLIMIT_STACK].cur / 4;
    if (limit > 6u << 20)
        limit = 6u << 20;
    return limit < 131072 ? 131072 : limit;
}

static long read_strings(struct thread *t, uint64_t address, struct strings *strings,
                         uint64_t *total, uint64_t limit)
{
    while (address) {
        uint64_t pointer;
        if (user_read(t, &pointer, address, 8))
            return -LX_EFAULT;
        if (!pointer)
            break;
        size_t length = 0;
        for (;;) { /* in pieces: the scratch buffer is smaller than the longest string */
            long piece = user_string(t, core_scratch, pointer + length, CORE_SCRATCH);
            bool more = piece == -LX_ENAMETOOLONG;
            if (piece < 0 && !more)
                return piece;
            size_t have = more ? CORE_SCRATCH : (size_t)piece;
            if (length + have >= STRING_MAX)
                return -LX_E2BIG;
            if (length) { /* joins what strings_add ended with a zero */
                strings->length--;
                strings->count--;
            }
            long error = strings_add(strings, core_scratch, have);
            if (error)
                return error;
            length += have;
            if (!more)
                break;
        }
        *total += length + 1 + 8;
        if (*total > limit)
            return -LX_E2BIG;
        address += 8;
    }
    return 0;
}

/* ---- to other personalities and placements ---- */

/* What another core cannot have: descriptors that only this one knows. */
static bool stays_here(const struct descriptor *d, uint32_t fd, const struct thread *t)
{
    if (d->kind != DESCRIPTOR_EPOLL && d->kind != DESCRIPTOR_SIGNAL)
        return false;
    if (!d->close_on_exec)
        jn_log(JN_LOG_WARNING, "%s: descriptor %u (%s) is lost by exec", t->name, fd,
               d->kind == DESCRIPTOR_EPOLL ? "epoll" : "signalfd");
    return true;
}

static struct handover_descriptor *handover_descriptors(struct thread *t, uint32_t *count)
{
    struct process *p = t->process;
    struct handover_descriptor *list = calloc(2 * p->descriptors.count + 1, sizeof *list);
    *count = 0;
    for (uint32_t fd = 0; list && fd < p->descriptors.size; fd++) {
        const struct descriptor *d = &p->descriptors.table[fd];
        if (d->kind == DESCRIPTOR_FREE || stays_here(d, fd, t))
            continue;
        uint32_t flags = (d->close_on_exec ? HANDOVER_CLOSE_ON_EXEC : 0) |
                         (d->kind == DESCRIPTOR_PATH ? HANDOVER_NAMES_ONLY : 0) |
                         (uint32_t)d->object << HANDOVER_KIND_SHIFT;
        list[(*count)++] = (struct handover_descriptor){fd, d->open.server, d->open.number, flags,
                                                        d->access};
        if (d->kind == DESCRIPTOR_PAIR)
            list[(*count)++] = (struct handover_descriptor){
                fd, d->other.server, d->other.number, flags | HANDOVER_SECOND, d->access};
    }
    return list;
}

static long encode(struct image *image, struct thread *t, uint32_t placement, char **record,
                   size_t *length)
{
    struct process *p = image->process;
    struct handover h;
    handover_init(&h);
    uint64_t ignored = 0;
    for (uint32_t n = 1; n <= LX_NSIG; n++)
        if (p->actions[n - 1].handler == LX_SIG_IGN)
            ignored |= LX_SIGBIT(n);
    struct backend_ids ids;
    if (backend_process_ids(p->clients.task, 0, &ids) != JN_OK)
        return -LX_ESRCH;
    struct handover_header *header = &h.header;
    header->pid = p->pid, header->parent = ids.parent;
    header->group = ids.group, header->session = ids.session;
    header->uid = ids.uid, header->gid = ids.gid;
    header->directory = p->directory;
    header->root = p->root;
    header->program = image->file.number;
    header->signals_ignored = ignored;
    header->signals_blocked = t->mask;
    header->umask = p->umask;
    header->cpus = (uint32_t)t->cpus;
    header->placement = placement;
    header->flags = placement_ringless() * HANDOVER_RINGLESS;
    header->alarm_deadline = posix_alarm_deadline(p);
    header->alarm_interval = p->real_interval;
    for (int i = 0; i < HANDOVER_LIMITS; i++)
        header->limits[i].soft = p->limits[i].cur, header->limits[i].hard = p->limits[i].max;
    struct handover_descriptor *descriptors =
        handover_descriptors(t, &header->descriptor_count);
    if (!descriptors)
        return -LX_ENOMEM;
    h.descriptors = descriptors;
    h.arguments = image->arguments.bytes;
    header->arguments_length = image->arguments.length;
    header->argument_count = image->arguments.count;
    h.environment = image->environment.bytes ? image->environment.bytes : "";
    header->environment_length = image->environment.length;
    header->environment_count = image->environment.count;
    h.path = image->path;
    h.name = strcmp(image->script, image->path) ? image->script : "";
    void *own = NULL; /* another personality does not understand it */
    size_t own_length = 0;
    if (!image->is_other && carry_pack(t, &own, &own_length)) {
        free(descriptors);
        return -LX_ENOMEM;
    }
    h.own = own;
    header->own_length = own_length;
    size_t size = handover_size(&h);
    *record = malloc(size);
    int32_t status = *record ? handover_encode(&h, *record, size, length) : JN_NO_MEMORY;
    free(descriptors);
    free(own);
    if (status != JN_OK) {
        free(*record);
        return status == JN_TOO_BIG ? -LX_E2BIG : -LX_ENOMEM;
    }
    return 0;
}

/* The process is another personality's now: what we knew of it goes, its servers' state stays. */
static void forget(struct process *p)
{
    struct mm *old = p->mm;
    bool own = old && old->owner == p;
    struct thread *t;
    p->exiting = true;
    list_for_each(t, struct thread, &p->threads, link)
        thread_destroy(t, !own);
    process_release_vfork(p);
    for (uint32_t fd = 0; fd < p->descriptors.size; fd++)
        p->descriptors.table[fd].watched = 0;
    descriptors_close_core(p);
    p->mm = NULL;
    mm_release(old, false);
    process_free(p);
}

long image_hand_over(struct image *image, struct thread *t, uint32_t placement)
{
    struct process *p = image->process;
    char *record;
    size_t length;
    cap_t pager = JN_CAP_NULL;
    placement_take_back_all(p); /* the opens are the next image's */
    char name[HANDOVER_TAKER_MAX];
    const char *taker = handover_taker(image->is_other ? image->server : "svc/posix", placement,
                                       name);
    long error = encode(image, t, placement, &record, &length);
    if (error) {
        image_close(image);
        return error;
    }
    if (backend_pager_fresh(core_pager_template, p->pid, &pager) != JN_OK) {
        free(record);
        image_close(image);
        return -LX_ENOMEM;
    }
    struct backend_clients clients = p->clients;
    clients.pager = pager;
    jn_status_t status = backend_process_hand_over(taker, record, length, &clients);
    free(record);
    if (status != JN_OK) {
        backend_cap_drop(pager);
        mm_reattach(p->mm); /* the file server maps into our Task again */
        image_close(image);
        if (status == JN_TIMEOUT)
            return HAND_OVER_BUSY;
        if (status == JN_NO_SERVICE)
            jn_log(JN_LOG_ERROR, "%s: %s is not in this boot", image->path, taker + 4);
        return status == JN_NO_SERVICE ? -LX_ENOEXEC : errno_of(status);
    }
    p->clients = (struct backend_clients){0};
    forget(p);
    return 0;
}

/* The placement that the new program's environment asks for. */
static long choose_placement(const struct image *image, uint32_t *placement)
{
    const char *wrong;
    if (handover_place(image->environment.bytes, image->environment.count,
                       placement_default(image->is_other ? image->server + 4 : "posix"), placement, &wrong) == JN_OK)
        return 0;
    jn_log(JN_LOG_ERROR, "%s: JANUS_PLACE=%.40s is no placement", image->path, wrong);
    return -LX_EINVAL;
}

/* ---- the calls ---- */

static long do_exec(struct thread *t, uint64_t dirfd, uint64_t address, uint64_t argv,
                    uint64_t envp, uint32_t flags)
{
    struct process *p = t->process;
    struct backend_path path;
    long error = path_get(t, dirfd, address, flags,
                          flags & LX_AT_SYMLINK_NOFOLLOW ? FS_LOOKUP_NOFOLLOW : 0, 0, &path);
    if (error)
        return error;
    struct image *image = image_begin(p);
    uint64_t total = 0, limit = argument_limit(p);
    /* What the program is called by: a path relative to a descriptor goes through /dev/fd. */
    if (path.path[0] == '/' || (int32_t)dirfd == LX_AT_FDCWD)
        memcpy(image->path, path.path, path.length + 1);
    else if (!path.length)
        snprintf(image->path, sizeof image->path, "/dev/fd/%u", (unsigned)dirfd);
    else
        snprintf(image->path, sizeof image->path, "/dev/fd/%u/%s", (unsigned)dirfd, path.path);
    strcpy(image->script, image->path);
    error = read_strings(t, argv, &image->arguments, &total, limit);
    if (!error)
        error = read_strings(t, envp, &image->environment, &total, limit);
    if (!error && !image->arguments.count)
        error = strings_add(&image->arguments, "", 0); /* as Linux since 5.18 */
    if (!error)
        error = image_open(image, &path);
    uint32_t placement = 0;
    if (!error) {
        error = choose_placement(image, &placement);
        if (error)
            image_close(image);
    }
    if (!error)
        error = image->is_other || placement != placement_own() ? image_hand_over(image, t, placement)
                : placement == HANDOVER_PLACE_CENTRAL           ? image_start(image, t)
                : placement_keeps_task(t)                       ? image_replace(image, t)
                                                                : image_hand_over(image, t, placement);
    image_done(image);
    if (error == HAND_OVER_BUSY) /* all of it again, after we have served whom the other waits for */
        return wait_for(t, backend_time_monotonic() + HAND_OVER_RETRY_NS, -LX_ERESTARTNOINTR);
    return error ? error : CORE_GONE;
}

long sys_execve(struct thread *t, const uint64_t *a)
{
    return do_exec(t, (uint64_t)LX_AT_FDCWD, a[0], a[1], a[2], 0);
}

long sys_execveat(struct thread *t, const uint64_t *a)
{
    if (a[4] & ~(uint64_t)(LX_AT_EMPTY_PATH | LX_AT_SYMLINK_NOFOLLOW))
        return -LX_EINVAL;
    return do_exec(t, a[0], a[1], a[2], a[3], (uint32_t)a[4]);
}

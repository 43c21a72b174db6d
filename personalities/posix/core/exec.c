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
#define RFLAGS_FIRST 0x202
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

/* ---- the commit ---- */

/* For debugging: shown in docs/posix.md. */
static bool wants_trace(const struct strings *environment)
{
    const char *at = environment->bytes;
    for (uint32_t i = 0; i < environment->count; i++, at += strlen(at) + 1)
        if (!strcmp(at, "JANUS_TRACE=1"))
            return true;
    return false;
}


static void reset_signals(struct process *p)
{
    for (uint32_t n = 1; n <= LX_NSIG; n++) {
        struct lx_sigaction *action = &p->actions[n - 1];
        uint64_t handler = action->handler == LX_SIG_IGN ? LX_SIG_IGN : LX_SIG_DFL;
        *action = (struct lx_sigaction){.handler = handler};
    }
    signal_recompute_ignored(p);
}

static const char *last_component(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* What ps and /proc/PID show of the new program. */
static void push_program(struct process *p, struct thread *t, const struct image *image,
                         const char *executable, size_t executable_length)
{
    strncpy(t->name, last_component(image->script), sizeof t->name - 1);
    t->name[sizeof t->name - 1] = 0;
    process_push_name(p, t->name);
    process_push_info(p, TASK_INFO_COMMAND_LINE, image->arguments.bytes, image->arguments.length);
    process_push_info(p, TASK_INFO_ENVIRONMENT, image->environment.bytes,
                      image->environment.length);
    process_push_info(p, TASK_INFO_EXECUTABLE, executable, executable_length);
}

long image_start(struct image *image, struct thread *caller)
{
    struct process *p = image->process;
    struct mm *mm = NULL, *old = p->mm;
    struct image_start start = {0, 0};
    cap_t kernel_task = JN_CAP_NULL, pool = JN_CAP_NULL, pager = JN_CAP_NULL;
    static char executable[LX_PATH_MAX];
    size_t executable_length = 0;
    if (backend_fs_path_of(&p->clients, image->file.number, executable, sizeof executable,
                           &executable_length) != JN_OK) {
        strcpy(executable, image->path);
        executable_length = strlen(executable);
    }

    jn_status_t status = placement_prepare(p, &kernel_task, &pool, &pager);
    if (status == JN_OK)
        status = mm_create(p, kernel_task, pool, pager, &mm);
    if (status != JN_OK) {
        backend_cap_drop(kernel_task);
        backend_cap_drop(pool);
        backend_cap_drop(pager);
        placement_abandon(p);
        image_close(image);
        return -LX_ENOMEM;
    }

    long error = image_load(image, mm, &start);
    struct backend_thread first = {0};
    struct thread *t = caller;
    if (!error && caller) {
        status = backend_thread_create(pool, kernel_task, caller->handle, &first);
        error = status == JN_OK ? 0 : -LX_EAGAIN;
    } else if (!error) {
        p->mm = mm;
        error = thread_create(p, p->pid, &t);
        if (error)
            p->mm = NULL;
        else
            first = t->backend;
    }
    if (!error && backend_process_commit(p->clients.task, TASK_PERSONALITY_POSIX) != JN_OK)
        error = -LX_ENOMEM;
    if (error) {
        if (caller && first.thread)
            backend_thread_destroy(&first);
        else if (t && !caller)
            thread_destroy(t, true), p->mm = NULL;
        image_close(image);
        mm_release(mm, true);
        placement_abandon(p);
        if (old) /* the file server maps into the old Task again */
            mm_reattach(old);
        return error;
    }

    /* The point of no return. */
    if (caller) {
        process_end_threads(p, caller);
        wait_end(caller);
        if (old->owner == p)
            backend_thread_forget(&caller->backend); /* it went with the old Task */
        else
            backend_thread_destroy(&caller->backend); /* a vfork child's, in its parent's Task */
        caller->backend = first;
        affinity_inherit(caller, caller->cpus);
        caller->message = MESSAGE_NONE;
        caller->attention = false;
        caller->alternate = (struct lx_stack){.ss_flags = LX_SS_DISABLE};
        caller->clear_tid = caller->robust_list = 0;
        caller->restore_mask = false;
        if (caller->tid != p->pid) {
            backend_process_free_thread_id(p->clients.task, caller->tid);
            caller->tid = p->pid;
        }
        p->mm = mm;
        mm_release(old, old->owner == p);
    }
    p->dumpable = 1;
    p->keep_caps = 0;
    p->trace = wants_trace(&image->environment);
    if (p->trace)
        core_quick_stop();
    posix_timers_delete(p);
    descriptors_close_on_exec(p);
    reset_signals(p);
    free(p->path);
    p->path = strdup(image->script);
    push_program(p, t, image, executable, executable_length);
    image_close(image);
    process_release_vfork(p);

    memset(&core_state, 0, sizeof core_state);
    core_state.rip = start.entry;
    core_state.r[JN_REG_RSP] = start.stack;
    core_state.rflags = RFLAGS_FIRST;
    status = backend_thread_start(&t->backend, JN_STATE_REGS | JN_STATE_BASES, &core_state);
    if (status != JN_OK)
        process_terminate(p, TASK_SIGNALLED, LX_SIGKILL);
    else if (signal_deliverable(t))
        t->attention = backend_thread_attention(&t->backend) == JN_OK;
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
        error = !image->is_other && placement == HANDOVER_PLACE_CENTRAL &&
                        placement_own() == HANDOVER_PLACE_CENTRAL
                    ? image_start(image, t)
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

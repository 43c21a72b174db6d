/* The commit of an exec: the new image was built beside the old one, up to here every failure returns to the
 * caller, and from here on the old program is gone (PERSONALITIES 5). */
#include <stdlib.h>
#include <string.h>

#include "descriptors.h"
#include "image.h"
#include "janus/backend/process.h"
#include "janus/runtime.h"
#include "mm.h"
#include "placement.h"
#include "posix_timer.h"
#include "process.h"
#include "quick.h"
#include "signals.h"
#include "wait.h"

#define RFLAGS_FIRST 0x202
/* In an XSAVE area whose XSTATE_BV is 0; MXCSR counts all the same. */
#define XSAVE_FCW 0
#define FCW_FIRST 0x37f
#define XSAVE_MXCSR 24
#define MXCSR_FIRST 0x1f80

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

static char executable[LX_PATH_MAX]; /* of the image that is being started */
static size_t executable_length;

static void find_executable(const struct image *image)
{
    if (backend_fs_path_of(&image->process->clients, image->file.number, executable,
                           sizeof executable, &executable_length) == JN_OK)
        return;
    strcpy(executable, image->path);
    executable_length = strlen(executable);
}

/* What ps and /proc/PID show of the new program. */
static void push_program(struct process *p, struct thread *t, const struct image *image)
{
    strncpy(t->name, last_component(image->script), sizeof t->name - 1);
    t->name[sizeof t->name - 1] = 0;
    process_push_name(p, t->name);
    process_push_info(p, TASK_INFO_COMMAND_LINE, image->arguments.bytes, image->arguments.length);
    process_push_info(p, TASK_INFO_ENVIRONMENT, image->environment.bytes,
                      image->environment.length);
    process_push_info(p, TASK_INFO_EXECUTABLE, executable, executable_length);
}

/* The process belongs to the new program, which `t` is about to begin. */
static void begin_program(struct process *p, struct thread *t, const struct image *image)
{
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
    push_program(p, t, image);
    process_release_vfork(p);
}

/* What a thread that execs had from its old program. */
static void forget_image(struct thread *t)
{
    t->alternate = (struct lx_stack){.ss_flags = LX_SS_DISABLE};
    t->clear_tid = t->robust_list = 0;
    t->restore_mask = false;
}

static void first_state(const struct image_start *start)
{
    memset(&core_state, 0, sizeof core_state);
    core_state.rip = start->entry;
    core_state.r[JN_REG_RSP] = start->stack;
    core_state.rflags = RFLAGS_FIRST;
}

long image_start(struct image *image, struct thread *caller)
{
    struct process *p = image->process;
    struct mm *mm = NULL, *old = p->mm;
    struct image_start start = {0, 0};
    cap_t kernel_task = JN_CAP_NULL, pool = JN_CAP_NULL, pager = JN_CAP_NULL;
    find_executable(image);

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
        forget_image(caller);
        if (caller->tid != p->pid) {
            backend_process_free_thread_id(p->clients.task, caller->tid);
            caller->tid = p->pid;
        }
        p->mm = mm;
        mm_release(old, old->owner == p);
    }
    begin_program(p, t, image);
    image_close(image);
    image_show_first(mm, &start);
    first_state(&start);
    status = backend_thread_start(&t->backend, JN_STATE_REGS | JN_STATE_BASES, &core_state);
    if (status != JN_OK)
        process_terminate(p, TASK_SIGNALLED, LX_SIGKILL);
    else if (signal_deliverable(t))
        t->attention = backend_thread_attention(&t->backend) == JN_OK;
    return 0;
}

long image_replace(struct image *image, struct thread *t)
{
    struct process *p = image->process;
    struct mm *mm = NULL, *old = p->mm;
    struct image_start start = {0, 0};
    find_executable(image);
    long error = mm_again(old, &mm) == JN_OK ? 0 : -LX_ENOMEM;
    if (!error) {
        error = image_load(image, mm, &start);
        if (error)
            mm_drop_unseen(mm);
    }
    if (error) {
        image_close(image);
        return error;
    }

    /* The point of no return. */
    p->mm = mm;
    bool fine = mm_vacate(old);
    placement_image_gone();
    wait_end(t);
    forget_image(t);
    begin_program(p, t, image);
    image_close(image);
    image_show_first(mm, &start);
    first_state(&start);
    core_state.gs_base = t->backend.utcb;
    memcpy(core_state.xsave + XSAVE_FCW, &(uint16_t){FCW_FIRST}, 2);
    memcpy(core_state.xsave + XSAVE_MXCSR, &(uint32_t){MXCSR_FIRST}, 4);
    fine = fine && backend_thread_write(&t->backend,
                                        JN_STATE_REGS | JN_STATE_BASES | JN_STATE_XSAVE,
                                        &core_state) == JN_OK;
    if (fine)
        return CORE_STATE;
    process_terminate(p, TASK_SIGNALLED, LX_SIGKILL);
    return CORE_GONE;
}

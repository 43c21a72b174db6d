/* System calls that the server loop answers by one function (janus/server.h): they look at the thread
 * and its process only (and at its memory), wake nobody and wait for nothing. A signal or a stop that came meanwhile has
 * raised attention for a thread that, as far as the core knows, runs; the kernel delivers it before the
 * thread goes on, so nothing here looks for one. */
#include <string.h>

#include "core.h"
#include "linux/process.h"
#include "quick.h"
#include "signals.h"

static int64_t quick_getpid(void *object, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    (void)a, (void)b, (void)c, (void)d;
    return (int64_t)((struct thread *)object)->process->pid;
}

static int64_t quick_gettid(void *object, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    (void)a, (void)b, (void)c, (void)d;
    return (int64_t)((struct thread *)object)->tid;
}

static int64_t quick_sched_yield(void *object, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    (void)object, (void)a, (void)b, (void)c, (void)d;
    return 0; /* as sys_sched_yield() */
}

static int64_t quick_umask(void *object, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    (void)b, (void)c, (void)d;
    struct process *p = ((struct thread *)object)->process;
    uint32_t old = p->umask;
    p->umask = (uint32_t)a & 0777;
    return old;
}

/* Copies that meet no fault; with one the call is not quick, and begins again. */
static bool fetch(struct thread *t, uint64_t address, void *buffer, size_t length)
{
    size_t done = 0;
    uint64_t fault[2];
    return backend_copy_in(&t->backend, address, buffer, length, &done, fault) == JN_OK &&
           done == length;
}

static bool store(struct thread *t, uint64_t address, const void *buffer, size_t length)
{
    size_t done = 0;
    uint64_t fault[2];
    return backend_copy_out(&t->backend, address, buffer, length, &done, fault) == JN_OK &&
           done == length;
}

static int64_t quick_rt_sigaction(void *object, uint64_t number, uint64_t new, uint64_t old,
                                  uint64_t size)
{
    struct thread *t = object;
    struct process *p = t->process;
    struct lx_sigaction action;
    if (size != 8 || number < 1 || number > LX_NSIG || number == LX_SIGKILL ||
        number == LX_SIGSTOP || (new && !fetch(t, new, &action, sizeof action)))
        return JN_NOT_QUICK;
    /* What is ignored from now on drops what is pending. */
    if (new && action.handler <= LX_SIG_IGN)
        return JN_NOT_QUICK;
    if (old && !store(t, old, &p->actions[number - 1], sizeof action))
        return JN_NOT_QUICK;
    if (new)
        signal_set_action(p, (uint32_t)number, &action);
    return 0;
}

static int64_t quick_rt_sigprocmask(void *object, uint64_t how, uint64_t new, uint64_t old,
                                    uint64_t size)
{
    struct thread *t = object;
    uint64_t set = 0, mask = t->mask;
    /* With nothing pending, nobody has to hear of the new mask. */
    if (size != 8 || signal_pending(t) || (new && !fetch(t, new, &set, sizeof set)))
        return JN_NOT_QUICK;
    if (new && how == LX_SIG_BLOCK)
        mask |= set;
    else if (new && how == LX_SIG_UNBLOCK)
        mask &= ~set;
    else if (new && how == LX_SIG_SETMASK)
        mask = set;
    else if (new)
        return JN_NOT_QUICK;
    if (old && !store(t, old, &t->mask, sizeof t->mask))
        return JN_NOT_QUICK;
    signal_set_mask(t, mask);
    return 0;
}

struct jn_quick core_quick = {
    .call = {
        [13] = quick_rt_sigaction,
        [14] = quick_rt_sigprocmask,
        [0] = quick_read,
        [1] = quick_write,
        [4] = quick_stat,
        [5] = quick_fstat,
        [6] = quick_lstat,
        [17] = quick_pread64,
        [24] = quick_sched_yield,
        [39] = quick_getpid,
        [95] = quick_umask,
        [186] = quick_gettid,
        [262] = quick_newfstatat,
    },
};

void core_quick_stop(void)
{
    memset(core_quick.call, 0, sizeof core_quick.call);
}

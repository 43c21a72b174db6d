/* System calls that the server loop answers by one function (janus/server.h): they look at the thread
 * and its process only, wake nobody and wait for nothing. A signal or a stop that came meanwhile has
 * raised attention for a thread that, as far as the core knows, runs; the kernel delivers it before the
 * thread goes on, so nothing here looks for one. */
#include <string.h>

#include "core.h"
#include "linux/process.h"
#include "quick.h"

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

struct jn_quick core_quick = {
    .call = {
        [0] = quick_read,
        [1] = quick_write,
        [17] = quick_pread64,
        [24] = quick_sched_yield,
        [39] = quick_getpid,
        [95] = quick_umask,
        [186] = quick_gettid,
    },
};

void core_quick_stop(void)
{
    memset(core_quick.call, 0, sizeof core_quick.call);
}

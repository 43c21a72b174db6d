/* Which processors a thread may use, and which it uses: sched_setaffinity(2), getcpu(2). A thread's
 * mask goes to its children and survives exec; a new process of nobody's has the backend's default. */
#include "janus/backend/process.h"
#include "janus/backend/time.h"
#include "process.h"
#include "syscalls.h"
#include "user.h"

#define MASK_WORDS 16 /* of what a caller may pass: 1024 processors */

static uint64_t possible(void)
{
    struct backend_machine machine;
    backend_machine(&machine);
    return machine.cpus >= 64 ? ~0ull : (1ull << machine.cpus) - 1;
}

/* The thread named by `tid`, 0 for the caller. Its process may be another core's: EPERM. */
static long find(struct thread *t, uint64_t tid, struct thread **found)
{
    struct process *p;
    *found = t;
    if ((int32_t)tid < 0)
        return -LX_EINVAL;
    if (!tid || tid == t->tid)
        return 0;
    list_for_each(p, struct process, &core_processes, link)
        list_for_each(*found, struct thread, &p->threads, link)
            if ((*found)->tid == tid)
                return 0;
    struct task_status status;
    *found = NULL;
    return backend_process_status(t->process->clients.task, (uint32_t)tid, &status) == JN_OK
               ? -LX_EPERM
               : -LX_ESRCH;
}

void affinity_inherit(struct thread *t, uint64_t cpus)
{
    /* A mask that the backend refuses leaves the thread where all may run. */
    if (cpus && backend_thread_set_cpus(&t->backend, cpus) != JN_OK)
        cpus = 0;
    t->cpus = cpus;
}

long sys_sched_getaffinity(struct thread *t, const uint64_t *a)
{
    struct thread *of;
    long error = find(t, a[0], &of);
    if (error == -LX_EPERM)
        error = 0; /* everybody may ask; it has the default as far as is known here */
    if (error)
        return error;
    if (a[1] < sizeof(uint64_t) || a[1] & 7)
        return -LX_EINVAL;
    uint64_t mask = of && of->cpus ? of->cpus : backend_cpus();
    return user_write(t, a[2], &mask, sizeof mask) ? -LX_EFAULT : (long)sizeof mask;
}

long sys_sched_setaffinity(struct thread *t, const uint64_t *a)
{
    uint64_t mask[MASK_WORDS] = {0};
    struct thread *of;
    if (user_read(t, mask, a[2], a[1] < sizeof mask ? a[1] : sizeof mask))
        return -LX_EFAULT;
    long error = find(t, a[0], &of);
    if (error)
        return error;
    uint64_t cpus = mask[0] & possible();
    if (!cpus || backend_thread_set_cpus(&of->backend, cpus) != JN_OK)
        return -LX_EINVAL;
    of->cpus = cpus;
    return 0;
}

long sys_getcpu(struct thread *t, const uint64_t *a)
{
    uint32_t cpu = backend_thread_cpu(&t->backend);
    if ((a[0] && user_write32(t, a[0], cpu)) || (a[1] && user_write32(t, a[1], 0)))
        return -LX_EFAULT;
    return 0;
}

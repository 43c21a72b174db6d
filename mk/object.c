/* Kernel objects in general: begin, end, and the dispatch of invocations.
 *
 * Ending an object has two halves. object_destroy() detaches it at once: every capability is
 * killed, so that nobody finds it any more, and it goes on the work list. object_work() then takes
 * it apart in bounded steps, whoever dies meanwhile; it runs when the kernel is left, before any
 * thread of at most the destroyer's priority (KERNEL 3). Of an object with very many capabilities it
 * kills those, too.
 */
#include "object.h"

#include "cpu.h"
#include "ipc/ipc.h"
#include "memory/pool.h"
#include "operations.h"
#include "platform/irq.h"
#include "platform/ports.h"
#include "signal/signal.h"
#include "smp.h"
#include "task/task.h"

/* Objects that are detached and not finished, and the highest priority of those who ended them. */
struct list object_work_list = {&object_work_list, &object_work_list};
static unsigned work_priority;

void object_init(struct object *object, unsigned type, struct pool *pool, uint32_t size)
{
    object->type = (uint8_t)type;
    object->size = size;
    object->pool = pool;
    object->caps.first = object->caps.last = NULL;
    if (pool)
        list_insert(&pool->objects, &object->in_pool);
    else
        list_init(&object->in_pool);
}

void object_free(struct object *object)
{
    list_remove(&object->in_pool);
    pool_free(object->pool, object, object->size);
}

/* A permutation of 62 bits under a secret: distinct objects stay distinct, and no result is the
 * address of anything. */
uint64_t object_identity(const struct object *object)
{
    static uint64_t secret;
    const uint64_t mask = (1ull << 62) - 1;
    uint64_t value = (uint64_t)object / sizeof *object;

    if (!secret)
        __asm__ volatile("rdtsc\n\tshlq $32, %%rdx\n\torq %%rdx, %%rax" : "=a"(secret) : : "rdx");
    for (unsigned round = 0; round < 3; round++) {
        value = ((value ^ secret) * 0x9e3779b97f4a7c15ull) & mask;
        value ^= value >> 31;
    }
    return value;
}

/* False: it has more capabilities than are killed at once; call again. */
static bool detach(struct object *object)
{
    if (!caps_kill(object))
        return false;
    object->dying = DYING;
    if (object->type == JN_TYPE_THREAD)
        thread_detach(THREAD_OF(object));
    return true;
}

static void enqueue(struct object *object)
{
    struct cpu *cpu = cpu_self();
    unsigned priority = cpu->sched->priority;

    list_insert(&object_work_list, &object->work);
    /* What it ran on may be among the dead. */
    if (cpu->runner && cpu->runner->base->priority > priority)
        priority = cpu->runner->base->priority;
    if (priority > work_priority)
        work_priority = priority;
}

void object_destroy(struct object *object)
{
    if (object->dying == DYING || !object->pool)
        return;
    bool doomed = object->dying == DOOMED;
    if (!detach(object))
        object->dying = DOOMED;
    if (!doomed)
        enqueue(object);
}

void object_doom(struct object *object)
{
    if (object->dying)
        return;
    object->dying = DOOMED;
    enqueue(object);
}

static bool pool_finish(struct pool *pool)
{
    if (!pool_destroy(pool))
        return false;
    signal_end(&pool->end_signal, pool->end_bits);
    object_free(&pool->object);
    return true;
}

/* True when the object is gone, false when there is more to do for it. */
static bool finish(struct object *object)
{
    if (object->dying == DOOMED && !detach(object))
        return false;
    quiesce(quiesce_now());
    switch (object->type) {
    case JN_TYPE_TASK:
        return task_finish(container_of(object, struct task, object));
    case JN_TYPE_THREAD:
        return thread_finish(THREAD_OF(object));
    case JN_TYPE_GATE:
        return gate_finish(GATE_OF(object));
    case JN_TYPE_SIGNAL:
        signal_finish(container_of(object, struct signal, object));
        return true;
    case JN_TYPE_POOL:
        return pool_finish(container_of(object, struct pool, object));
    case JN_TYPE_SCHED:
        sched_end(&container_of(object, struct sched_object, object)->sched);
        object_free(object);
        return true;
    case JN_TYPE_IRQ:
        irq_destroy(container_of(object, struct irq, object));
        object_free(object);
        return true;
    default:
        object_free(object);
        return true;
    }
}

bool object_work_waits(unsigned priority)
{
    return !list_empty(&object_work_list) && priority <= work_priority;
}

void object_work(void)
{
    struct object *object = container_of(object_work_list.next, struct object, work);

    list_remove(&object->work);
    /* Behind the others: a Pool waits for its objects. */
    if (!finish(object))
        list_insert(&object_work_list, &object->work);
    if (list_empty(&object_work_list))
        work_priority = 0;
}

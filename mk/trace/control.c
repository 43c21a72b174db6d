/* Rings, and tracing on and off. One task at a time is the tracer: it owns the rings, and what its
 * threads do is not written down. */
#include "ipc/ipc.h"
#include "memory/pool.h"
#include "platform/time.h"
#include "signal/signal.h"
#include "smp.h"
#include "task/task.h"
#include "trace/trace.h"

#define ORDER_MAX 10 /* pages: what the frame allocator has in one piece */

bool trace_on;
static struct task *tracer;
static struct cap signal;
static uint64_t signal_bits;
static struct {
    uint64_t address; /* in the tracer */
    unsigned order;
} places[CPU_MAX];

static void switch_entries(bool on)
{
    trace_on = on;
    cpu_set_entries(on);
    for (unsigned i = 0; i < cpu_count; i++)
        if (&cpus[i] != cpu_self())
            cpu_ask(&cpus[i], ASK_TRACE, true);
}

/* ---- rings ---- */

static void free_ring(struct cpu *cpu)
{
    struct pool *pool = tracer->object.pool;
    uint64_t address = places[cpu->id].address;

    for (uint64_t i = 0; i <= 1ull << places[cpu->id].order; i++)
        space_unmap_kernel_page(&tracer->space, address + i * PAGE_SIZE);
    pool_free_frames(pool, cpu->trace_records, places[cpu->id].order);
    pool_free_frames(pool, cpu->trace, 0);
    cpu->trace = NULL;
}

static status_t map_ring(struct cpu *cpu)
{
    uint64_t pages = 1ull << places[cpu->id].order, address = places[cpu->id].address, done = 0;
    status_t status = JN_OK;

    while (!status && done <= pages) {
        void *page = done ? (char *)cpu->trace_records + (done - 1) * PAGE_SIZE : (void *)cpu->trace;
        status = space_map_kernel_page(&tracer->space, address + done * PAGE_SIZE, page, JN_R);
        done += !status;
    }
    while (status && done)
        space_unmap_kernel_page(&tracer->space, address + --done * PAGE_SIZE);
    return status;
}

status_t op_trace_ring(struct object *object, uint64_t *words)
{
    struct task *task = current_thread()->task;
    struct pool *pool = task->object.pool;
    uint64_t order = words[1], address = words[2];

    (void)object;
    if (words[0] >= cpu_count || order > ORDER_MAX || address & PAGE_MASK || address >= USER_END ||
        (PAGE_SIZE << order) + PAGE_SIZE > USER_END - address)
        return JN_BAD_ARG;
    struct cpu *cpu = &cpus[words[0]];
    if ((tracer && tracer != task) || cpu->trace)
        return JN_BUSY;
    struct jn_trace_ring *ring = pool_alloc_frames(pool, 0);
    void *records = ring ? pool_alloc_frames(pool, (unsigned)order) : NULL;
    status_t status = records ? JN_OK : JN_NO_MEMORY;
    if (!status) {
        *ring = (struct jn_trace_ring){JN_TRACE_MAGIC, (PAGE_SIZE << order) / JN_TRACE_RECORD,
                                       cpu->id, info_page->tsc_hz, 0};
        places[cpu->id].address = address;
        places[cpu->id].order = (unsigned)order;
        tracer = task;
        cpu->trace_records = records;
        cpu->trace = ring;
        status = map_ring(cpu);
    }
    if (status) {
        cpu->trace = NULL;
        if (records)
            pool_free_frames(pool, records, (unsigned)order);
        if (ring)
            pool_free_frames(pool, ring, 0);
    }
    return status;
}

static void end_rings(void)
{
    if (trace_on)
        switch_entries(false);
    cap_delete(&signal);
    for (unsigned i = 0; i < cpu_count; i++)
        if (cpus[i].trace)
            free_ring(&cpus[i]);
    tracer = NULL;
}

void trace_tracer_end(struct task *task)
{
    if (task == tracer)
        end_rings();
}

/* ---- on and off ---- */

static void tell_what_is_there(void)
{
    for (struct list *i = all_tasks.next; i != &all_tasks; i = i->next) {
        struct task *task = container_of(i, struct task, all);

        trace_task(task, JN_TRACE_TASK);
        for (struct list *j = task->threads.next; j != &task->threads; j = j->next)
            trace_thread(container_of(j, struct thread, in_task));
    }
}

status_t op_trace_control(struct object *object, uint64_t *words)
{
    status_t status = JN_OK;

    (void)object;
    if (words[0] > 2)
        return JN_BAD_ARG;
    if (words[1] && !own_object(words[1], JN_TYPE_SIGNAL, JN_RIGHT_SEND, &status))
        return status;
    if (tracer != current_thread()->task)
        return JN_BUSY;
    if (words[0] == 2) {
        end_rings();
        return JN_OK;
    }
    for (unsigned i = 0; i < cpu_count; i++)
        if (!cpus[i].trace)
            return JN_BUSY;
    bool begins = words[0] && !trace_on;
    cap_delete(&signal);
    if (words[1])
        cap_copy(own_slot(words[1]), &signal, JN_RIGHT_SEND);
    signal_bits = words[2];
    if (words[0] != trace_on)
        switch_entries(words[0]);
    if (begins)
        tell_what_is_there();
    return JN_OK;
}

void trace_wake(void)
{
    cpu_self()->trace_wake = false;
    if (!cap_empty(&signal))
        signal_raise(SIGNAL_OF(signal.object), signal_bits);
}

/* ---- records ---- */

static uint64_t tsc(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/* Readers on other CPUs see the record before the head that counts it: stores stay in order. */
void trace_write(const struct thread *by, const struct jn_trace_record *record)
{
    struct cpu *cpu = cpu_self();

    if (!trace_on || (by && by->task == tracer))
        return;
    uint64_t begin = tsc(), head = cpu->trace->head, size = cpu->trace->size;
    struct jn_trace_record *place = &cpu->trace_records[head & (size - 1)];
    *place = *record;
    place->tsc = begin;
    place->cpu = (uint8_t)cpu->id;
    if (record->kind != JN_TRACE_MORE) {
        if (by)
            place->thread = trace_identity(by);
        place->cost = (uint32_t)cpu->trace_cost;
        cpu->trace_cost = 0;
        if (cpu->trace_entry && by) {
            place->flags |= JN_TRACE_ENTRY;
            cpu->trace_entry = false;
        }
    }
    __asm__ volatile("" : : : "memory");
    cpu->trace->head = ++head;
    if (head % (size / 4) == 0)
        cpu->trace_wake = true;
    cpu->trace_cost += tsc() - begin;
}

status_t op_task_name(struct object *object, uint64_t *words)
{
    struct task *task = TASK_OF(object);

    for (unsigned i = 0; i < JN_NAME_WORDS; i++)
        task->name[i] = words[i];
    TRACE(trace_task(task, JN_TRACE_TASK));
    return JN_OK;
}

status_t op_thread_number(struct object *object, uint64_t *words)
{
    struct thread *thread = THREAD_OF(object);

    thread->number = words[0];
    TRACE(trace_thread(thread));
    return JN_OK;
}

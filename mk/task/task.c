/* Tasks: creation, information, and the end: threads, then capabilities, then memory. */
#include "task/task.h"

#include "cpu.h"
#include "memory/pool.h"
#include "signal/signal.h"
#include "thread/thread.h"
#include "trace/trace.h"

struct list all_tasks = {&all_tasks, &all_tasks};

status_t task_create(struct pool *pool, uint64_t info_address, struct task **result)
{
    struct task *task = pool_alloc(pool, sizeof *task);

    if (!task)
        return JN_NO_MEMORY;
    list_init(&task->threads);
    /* The table's and the space's frames are the Pool's that this object will belong to. */
    task->object.pool = pool;
    status_t status = space_init(&task->space, pool);
    if (status)
        goto fail_task;
    status = captable_create(task);
    if (status)
        goto fail_space;
    if (info_address)
        status = space_map_kernel_page(&task->space, info_address, info_page, JN_R);
    if (status)
        goto fail_table;
    task->info_address = info_address;
    object_init(&task->object, JN_TYPE_TASK, pool, sizeof *task);
    list_insert(&all_tasks, &task->all);
    TRACE(trace_task(task, JN_TRACE_TASK));
    *result = task;
    return JN_OK;

fail_table:
    while (!captable_finish(task))
        ;
fail_space:
    while (space_destroy(&task->space) == STATUS_RESTART)
        ;
fail_task:
    pool_free(pool, task, sizeof *task);
    return status;
}

bool task_finish(struct task *task)
{
    if (!list_empty(&task->threads)) {
        struct thread *thread = container_of(task->threads.next, struct thread, in_task);
        /* Those that are dying are on the work list, before this task or behind it. */
        object_destroy(&thread->object);
        list_remove(&thread->in_task);
        list_insert(&task->threads, &thread->in_task);
        return false;
    }
    if (!task->table_done) {
        task->table_done = captable_finish(task);
        return false;
    }
    trace_tracer_end(task);
    if (task->info_address) {
        space_unmap_kernel_page(&task->space, task->info_address);
        task->info_address = 0;
    }
    if (space_destroy(&task->space) == STATUS_RESTART)
        return false;
    TRACE(trace_task(task, JN_TRACE_TASK_END));
    list_remove(&task->all);
    signal_end(&task->end_signal, task->end_bits);
    object_free(&task->object);
    return true;
}

status_t op_task_bind_end(struct object *object, uint64_t *words)
{
    return signal_bind_end(&TASK_OF(object)->end_signal, &TASK_OF(object)->end_bits, words);
}

status_t op_task_info(struct object *object, uint64_t *words)
{
    struct task *task = TASK_OF(object);
    uint64_t time = 0;

    words[0] = task->thread_count;
    words[1] = task->space.pages;
    words[2] = object_identity(object);
    for (struct list *i = task->threads.next; i != &task->threads; i = i->next)
        time += sched_time(&container_of(i, struct thread, in_task)->own);
    words[3] = time + (uint64_t)(((unsigned __int128)task->time * info_page->tsc_mult) >>
                                 info_page->tsc_shift);
    return JN_OK;
}

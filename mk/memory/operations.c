/* Invocations on Pools and on the memory of Tasks: JN_OP_POOL_*, JN_OP_TASK_MAP, _UNMAP, _PAGE.
 * The dispatch table has checked type and rights of the subject. */
#include "cpu.h"
#include "memory/pool.h"
#include "memory/space.h"
#include "task/task.h"
#include "thread/thread.h"

static struct pool *pool_of(struct object *object)
{
    return container_of(object, struct pool, object);
}

status_t op_pool_create(struct object *object, uint64_t *words)
{
    struct cap *slot;
    struct pool *child;
    status_t status = own_slot_empty(words[0], &slot);

    if (status == JN_OK)
        status = pool_create(pool_of(object), words[1], &child);
    if (status == JN_OK)
        cap_create(slot, &child->object, JN_RIGHT_ALL);
    return status;
}

status_t op_pool_fund(struct object *object, uint64_t *words)
{
    status_t status;
    struct object *child = own_object(words[0], JN_TYPE_POOL, JN_RIGHT_CONTROL, &status);

    if (!child)
        return status;
    return child->pool == pool_of(object) ? pool_fund(pool_of(child), (int64_t)words[1])
                                          : JN_BAD_ARG;
}

status_t op_pool_info(struct object *object, uint64_t *words)
{
    pool_info(pool_of(object), words);
    return JN_OK;
}

status_t op_pool_add(struct object *object, uint64_t *words)
{
    if (object != &root_pool.object || words[1] > 63)
        return JN_BAD_ARG;
    return space_give_frames(&current_thread()->task->space, words[0], (unsigned)words[1]);
}

status_t op_pool_take(struct object *object, uint64_t *words)
{
    if (object != &root_pool.object || words[0] > 63)
        return JN_BAD_ARG;
    return space_take_frames(&current_thread()->task->space, (unsigned)words[0], &words[0]);
}

status_t op_task_map(struct object *object, uint64_t *words)
{
    struct thread *thread = current_thread();
    struct range_operation *operation = &thread->range_operation;

    if (words[4] > 1 || words[3] > (JN_R | JN_W | JN_X))
        return JN_BAD_ARG;
    range_operation_begin(operation, &TASK_OF(object)->space, words);
    uint64_t done = operation->progress.done;
    status_t status = space_map(&thread->task->space, words[0], &TASK_OF(object)->space, words[1],
                                words[2], (unsigned)words[3], words[4], &done);
    operation->progress.done = done;
    if (status == STATUS_RESTART)
        return status;
    operation->progress.epoch = 0;
    range_operation_end(operation);
    words[0] = done;
    return status;
}

status_t op_task_unmap(struct object *object, uint64_t *words)
{
    struct range_operation *operation = &current_thread()->range_operation;

    if (words[2] > (JN_R | JN_W | JN_X) || words[3] > JN_UNMAP_DERIVED_ONLY)
        return JN_BAD_ARG;
    /* The last word tells it from a map with the same words. */
    const uint64_t key[5] = {words[0], words[1], words[2], words[3], UINT64_MAX};
    range_operation_begin(operation, &TASK_OF(object)->space, key);
    status_t status = space_unmap(&TASK_OF(object)->space, words[0], words[1], (unsigned)words[2],
                                  (unsigned)words[3], &operation->progress);
    if (status == STATUS_RESTART)
        return status;
    uint64_t seen = operation->progress.seen, bits = operation->progress.bits;
    range_operation_end(operation);
    words[0] = seen;
    words[1] = bits;
    return status;
}

status_t op_task_page(struct object *object, uint64_t *words)
{
    unsigned rights, order, bits;

    space_page(&TASK_OF(object)->space, words[0], &rights, &order, &bits);
    words[0] = rights;
    words[1] = order;
    words[2] = bits;
    return JN_OK;
}

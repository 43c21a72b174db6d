/* JN_INVOKE: from a capability and a method to the operation, with type and rights checked here and
 * nowhere else. Handles in the words are checked by the operations. */
#include "cpu.h"
#include "ipc/ipc.h"
#include "memory/pool.h"
#include "operations.h"
#include "platform/console.h"
#include "platform/irq.h"
#include "platform/ports.h"
#include "signal/signal.h"
#include "task/task.h"
#include "trace/trace.h"

#define POOL_OF(object_) container_of(object_, struct pool, object)

/* ---- creation: w0 is the slot ---- */

static struct object *made(struct cap *slot, struct object *object)
{
    cap_create(slot, object, JN_RIGHT_ALL);
    return object;
}

static status_t op_create_task(struct object *object, uint64_t *words)
{
    struct cap *slot;
    struct task *task;
    status_t status = own_slot_empty(words[0], &slot);

    if (!status && !(status = task_create(POOL_OF(object), words[1], &task)))
        made(slot, &task->object);
    return status;
}

static status_t op_create_thread(struct object *object, uint64_t *words)
{
    struct cap *slot;
    struct thread *thread;
    struct sched *sched = NULL;
    status_t status = own_slot_empty(words[0], &slot);

    if (status)
        return status;
    struct object *task = own_object(words[1], JN_TYPE_TASK, JN_RIGHT_CONTROL, &status);
    if (!task)
        return status;
    if (words[3]) {
        struct object *context = own_object(words[3], JN_TYPE_SCHED, JN_RIGHT_CONTROL, &status);
        if (!context)
            return status;
        sched = &container_of(context, struct sched_object, object)->sched;
    }
    if (words[4] & ~(uint64_t)JN_THREAD_FOREIGN)
        return JN_BAD_ARG;
    status =
        thread_create(POOL_OF(object), TASK_OF(task), words[2], sched, (unsigned)words[4], &thread);
    if (!status)
        made(slot, &thread->object);
    return status;
}

static status_t op_create_gate(struct object *object, uint64_t *words)
{
    struct cap *slot;
    struct gate *gate;
    status_t status = own_slot_empty(words[0], &slot);

    if (!status && !(status = gate_create(POOL_OF(object), &gate)))
        made(slot, &gate->object);
    return status;
}

static status_t op_create_signal(struct object *object, uint64_t *words)
{
    struct cap *slot;
    struct signal *signal;
    status_t status = own_slot_empty(words[0], &slot);

    if (!status && !(status = signal_create(POOL_OF(object), &signal)))
        made(slot, &signal->object);
    return status;
}

static status_t op_create_sched(struct object *object, uint64_t *words)
{
    struct cap *slot;
    status_t status = own_slot_empty(words[0], &slot);

    if (status)
        return status;
    if (words[1] > sched_loaded()->priority)
        return JN_BAD_ARG;
    struct sched_object *sched = pool_alloc(POOL_OF(object), sizeof *sched);
    if (!sched)
        return JN_NO_MEMORY;
    object_init(&sched->object, JN_TYPE_SCHED, POOL_OF(object), sizeof *sched);
    sched_init(&sched->sched, (unsigned)words[1], cpu_self()->id);
    status = budget_set(sched, words[2], words[3]);
    if (status) {
        object_free(&sched->object);
        return status;
    }
    made(slot, &sched->object);
    return JN_OK;
}

static status_t op_pool_bind_end(struct object *object, uint64_t *words)
{
    return signal_bind_end(&POOL_OF(object)->end_signal, &POOL_OF(object)->end_bits, words);
}

status_t op_sched_set(struct object *object, uint64_t *words)
{
    struct sched_object *sched = container_of(object, struct sched_object, object);

    if (words[0] > sched_loaded()->priority)
        return JN_BAD_ARG;
    status_t status = budget_set(sched, words[1], words[2]);
    if (!status)
        sched_set_priority(&sched->sched, (unsigned)words[0]);
    return status;
}

static const struct {
    operation_t *operation;
    uint8_t type, rights;
    uint8_t results; /* words; the others come back as zeroes */
} operations[JN_OP_COUNT] = {
#define OP(number, type_, rights_, function, results_)                                             \
    [JN_OP_##number] = {function, JN_TYPE_##type_, JN_RIGHT_##rights_, results_}
    OP(CAP_COPY, TASK, CONTROL, op_cap_copy, 0),
    OP(CAP_MOVE, TASK, CONTROL, op_cap_move, 0),
    OP(CAP_DELETE, TASK, CONTROL, op_cap_delete, 0),
    OP(CAP_REVOKE, TASK, CONTROL, op_cap_revoke, 0),
    OP(CAP_INFO, TASK, CONTROL, op_cap_info, 4),
    OP(CAP_DESTROY, TASK, CONTROL, op_cap_destroy, 0),

    OP(POOL_CREATE, POOL, CONTROL, op_pool_create, 0),
    OP(POOL_FUND, POOL, CONTROL, op_pool_fund, 0),
    OP(POOL_INFO, POOL, INFO, op_pool_info, 3),
    OP(POOL_ADD, POOL, CONTROL, op_pool_add, 0),
    OP(POOL_TAKE, POOL, CONTROL, op_pool_take, 1),
    OP(POOL_BIND_END, POOL, CONTROL, op_pool_bind_end, 0),
    OP(CREATE_TASK, POOL, CONTROL, op_create_task, 0),
    OP(CREATE_THREAD, POOL, CONTROL, op_create_thread, 0),
    OP(CREATE_GATE, POOL, CONTROL, op_create_gate, 0),
    OP(CREATE_SIGNAL, POOL, CONTROL, op_create_signal, 0),
    OP(CREATE_SCHED, POOL, CONTROL, op_create_sched, 0),

    OP(TASK_MAP, TASK, MAP, op_task_map, 1),
    OP(TASK_UNMAP, TASK, CONTROL, op_task_unmap, 2),
    OP(TASK_PAGE, TASK, INFO, op_task_page, 3),
    OP(TASK_BIND_END, TASK, CONTROL, op_task_bind_end, 0),
    OP(TASK_INFO, TASK, INFO, op_task_info, 4),
    OP(TASK_DOOR, TASK, CONTROL, op_task_door, 0),

    OP(THREAD_RESUME, THREAD, CONTROL, op_thread_resume, 0),
    OP(THREAD_SUSPEND, THREAD, CONTROL, op_thread_suspend, 1),
    OP(THREAD_READ, THREAD, INFO, op_thread_read, 1),
    OP(THREAD_WRITE, THREAD, CONTROL, op_thread_write, 0),
    OP(THREAD_SET_GATES, THREAD, CONTROL, op_thread_set_gates, 0),
    OP(THREAD_SET_SCHED, THREAD, CONTROL, op_thread_set_sched, 0),
    OP(THREAD_SET_PRIORITY, THREAD, CONTROL, op_thread_set_priority, 0),
    OP(THREAD_SET_FOREIGN, THREAD, CONTROL, op_thread_set_foreign, 0),
    OP(THREAD_BIND_SIGNAL, THREAD, CONTROL, op_thread_bind_signal, 0),
    OP(THREAD_BIND_END, THREAD, CONTROL, op_thread_bind_end, 0),
    OP(THREAD_ATTENTION, THREAD, CONTROL, op_thread_attention, 0),
    OP(THREAD_CANCEL, THREAD, CONTROL, op_thread_cancel, 0),
    OP(THREAD_SET_CPU, THREAD, CONTROL, op_thread_set_cpu, 0),
    OP(THREAD_STEP, THREAD, CONTROL, op_thread_step, 0),
    OP(THREAD_INFO, THREAD, INFO, op_thread_info, 7),

    OP(GATE_MINT, GATE, RECV, op_gate_mint, 0),
    OP(GATE_BIND_END, GATE, CONTROL, op_gate_bind_end, 0),
    OP(SIGNAL_POLL, SIGNAL, RECV, op_signal_poll, 1),

    OP(IRQ_CREATE, IRQ_CONTROL, CONTROL, op_irq_create, 2),
    OP(IRQ_BIND, IRQ, CONTROL, op_irq_bind, 0),
    OP(IRQ_ACK, IRQ, CONTROL, op_irq_ack, 0),
    OP(PORTS_SPLIT, IOPORTS, CONTROL, op_ports_split, 0),
    OP(PORT_IN, IOPORTS, CONTROL, op_port_in, 1),
    OP(PORT_OUT, IOPORTS, CONTROL, op_port_out, 0),

    OP(SCHED_SET, SCHED, CONTROL, op_sched_set, 0),

    OP(CONSOLE_WRITE, CONSOLE, SEND, op_console_write, 0),
    OP(CONSOLE_SHUTDOWN, CONSOLE, CONTROL, op_console_shutdown, 0),
    OP(COUNTERS, CONSOLE, INFO, op_counters, 10),

    OP(TRACE_RING, CONSOLE, CONTROL, op_trace_ring, 0),
    OP(TRACE_CONTROL, CONSOLE, CONTROL, op_trace_control, 0),
    OP(TASK_NAME, TASK, CONTROL, op_task_name, 0),
    OP(THREAD_NUMBER, THREAD, CONTROL, op_thread_number, 0),
#undef OP
};

status_t invoke(struct thread *thread)
{
    uint64_t tag = thread->r[JN_REG_RSI], method = tag >> JN_TAG_METHOD_SHIFT;
    uint64_t words[JN_WORDS_REG];
    status_t status;

    if (method >= JN_OP_COUNT || !operations[method].operation)
        return JN_BAD_CALL;
    struct object *object = own_object(thread->r[JN_REG_RDI], operations[method].type,
                                       operations[method].rights, &status);
    if (!object)
        return status;
#pragma GCC unroll 10
    for (unsigned i = 0; i < JN_WORDS_REG; i++)
        words[i] = thread->r[word_register[i]];
    status = operations[method].operation(object, words);
    /* The thread may have ended itself. */
    if (thread_state(thread) == STATE_DEAD)
        return JN_OK;
    if (status < 0)
        return status;
    unsigned results = operations[method].results;
    if (status == STATUS_RESTART)
        results = JN_WORDS_REG;
    else if (thread->frame != FRAME_FULL) /* its state was not written */
        thread_return(thread, JN_OK);
    for (unsigned i = 0; i < results; i++)
        thread->r[word_register[i]] = words[i];
    return status;
}

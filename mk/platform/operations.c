/* Invocations on interrupts, ports and the Console: JN_OP_IRQ_*, JN_OP_PORT*, JN_OP_CONSOLE_*. */
#include "platform/console.h"

#include "cpu.h"
#include "lib/print.h"
#include "lib/string.h"
#include "memory/pool.h"
#include "platform/irq.h"
#include "platform/ports.h"
#include "platform/shutdown.h"
#include "task/task.h"
#include "thread/thread.h"

#define CONSOLE_TEXT 72

static struct pool *own_pool(void)
{
    return current_thread()->task->object.pool;
}

status_t op_irq_create(struct object *object, uint64_t *words)
{
    struct cap *slot;
    struct irq *irq;
    uint64_t address, data;
    status_t status = own_slot_empty(words[0], &slot);

    (void)object;
    if (status == JN_OK && (words[1] > UINT32_MAX || words[2] > UINT8_MAX))
        status = JN_BAD_ARG;
    if (status == JN_OK)
        status =
            irq_create(own_pool(), (uint32_t)words[1], (unsigned)words[2], &irq, &address, &data);
    if (status != JN_OK)
        return status;
    cap_create(slot, &irq->object, JN_RIGHT_ALL);
    words[0] = address;
    words[1] = data;
    return JN_OK;
}

status_t op_irq_bind(struct object *object, uint64_t *words)
{
    status_t status;

    if (words[0] && !own_object(words[0], JN_TYPE_SIGNAL, JN_RIGHT_SEND, &status))
        return status;
    irq_bind(container_of(object, struct irq, object), words[0] ? own_slot(words[0]) : NULL,
             words[1]);
    return JN_OK;
}

status_t op_irq_ack(struct object *object, uint64_t *words)
{
    (void)words;
    irq_acknowledge(container_of(object, struct irq, object));
    return JN_OK;
}

status_t op_ports_split(struct object *object, uint64_t *words)
{
    struct cap *slot;
    struct ioports *part;
    status_t status = own_slot_empty(words[0], &slot);

    if (status == JN_OK)
        status = ports_split(own_pool(), container_of(object, struct ioports, object), words[1],
                             words[2], &part);
    if (status == JN_OK)
        cap_create(slot, &part->object, JN_RIGHT_ALL);
    return status;
}

status_t op_port_in(struct object *object, uint64_t *words)
{
    return ports_in(container_of(object, struct ioports, object), words[0], words[1], &words[0]);
}

status_t op_port_out(struct object *object, uint64_t *words)
{
    return ports_out(container_of(object, struct ioports, object), words[0], words[1], words[2]);
}

status_t op_console_write(struct object *object, uint64_t *words)
{
    (void)object;
    if (words[0] > CONSOLE_TEXT)
        return JN_BAD_ARG;
    print_text((const char *)&words[1], words[0]);
    return JN_OK;
}

status_t op_console_shutdown(struct object *object, uint64_t *words)
{
    (void)object;
    machine_shutdown((uint32_t)words[0]);
}

status_t op_counters(struct object *object, uint64_t *words)
{
    uint64_t first = words[0] ? words[0] - 1 : 0, end = words[0] ? words[0] : cpu_count;

    (void)object;
    if (end > cpu_count)
        return JN_BAD_ARG;
    memset(words, 0, 10 * sizeof *words);
    for (uint64_t i = first; i < end; i++) {
        const struct cpu *cpu = &cpus[i];

        words[0] += cpu->entries + cpu->ipcs;
        words[1] += cpu->switches;
        words[2] += cpu->ipcs + cpu->slow_ipcs;
        words[3] += cpu->faults;
        words[4] += cpu->interrupts;
        words[6] += cpu->ipis;
        words[7] += cpu->holds;
        words[8] += cpu->shoot_downs;
        words[9] += cpu->copied;
    }
    words[5] = root_pool.used;
    return JN_OK;
}

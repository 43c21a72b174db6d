/* Interrupts as Signals. A vector belongs to one Irq; edges are acknowledged to the LAPIC and
 * raised as they come, a level line is masked until the driver says that it has served the device.
 */
#include "platform/irq.h"

#include "cpu.h"
#include "memory/pool.h"
#include "platform/ioapic.h"
#include "platform/lapic.h"

#define VECTORS     (VECTOR_IRQ_LAST - VECTOR_IRQ_FIRST + 1)
#define MSI_ADDRESS 0xfee00000ull /* Intel SDM Vol. 3A, 11.11.1 */

struct signal;
void signal_raise(struct signal *signal, uint64_t bits);

static struct irq *irqs[VECTORS]; /* under the kernel lock */

static void raise(struct irq *irq)
{
    if (cap_empty(&irq->signal))
        irq->pending = true;
    else
        signal_raise((struct signal *)irq->signal.object, irq->bits);
}

void irq_interrupt(unsigned vector)
{
    if (vector == VECTOR_SPURIOUS)
        return; /* takes no acknowledgement, Intel SDM Vol. 3A, 11.9 */

    struct irq *irq = irqs[vector - VECTOR_IRQ_FIRST];
    if (irq && (irq->flags & JN_IRQ_LEVEL)) {
        ioapic_mask(irq->gsi, true);
        irq->masked = true;
    }
    lapic_acknowledge();
    if (irq)
        raise(irq);
}

static bool gsi_taken(uint32_t gsi)
{
    for (unsigned i = 0; i < VECTORS; i++)
        if (irqs[i] && !(irqs[i]->flags & JN_IRQ_MSI) && irqs[i]->gsi == gsi)
            return true;
    return false;
}

status_t irq_create(struct pool *pool, uint32_t gsi, unsigned flags, struct irq **result,
                    uint64_t *msi_address, uint64_t *msi_data)
{
    bool msi = flags & JN_IRQ_MSI;
    unsigned slot = 0;

    if (flags & ~(unsigned)(JN_IRQ_LEVEL | JN_IRQ_LOW | JN_IRQ_MSI))
        return JN_BAD_ARG;
    if (msi ? flags != JN_IRQ_MSI : !ioapic_has(gsi))
        return JN_BAD_ARG;
    if (!msi && gsi_taken(gsi))
        return JN_EXISTS;
    while (slot < VECTORS && irqs[slot])
        slot++;
    if (slot == VECTORS)
        return JN_TOO_MANY;
    struct irq *irq = pool_alloc(pool, sizeof *irq);
    if (!irq)
        return JN_NO_MEMORY;
    irq->gsi = gsi;
    irq->flags = (uint8_t)flags;
    irq->vector = (uint8_t)(VECTOR_IRQ_FIRST + slot);
    object_init(&irq->object, JN_TYPE_IRQ, pool, sizeof *irq);
    irqs[slot] = irq;
    *msi_address = *msi_data = 0;
    if (msi) {
        *msi_address = MSI_ADDRESS | (uint64_t)cpu_self()->apic_id << 12;
        *msi_data = irq->vector;
    } else {
        ioapic_route(gsi, irq->vector, flags, cpu_self()->apic_id);
    }
    *result = irq;
    return JN_OK;
}

void irq_bind(struct irq *irq, struct cap *signal, uint64_t bits)
{
    if (!cap_empty(&irq->signal))
        cap_delete(&irq->signal);
    irq->bits = bits;
    if (!signal) {
        if (!(irq->flags & JN_IRQ_MSI))
            ioapic_mask(irq->gsi, true);
        return;
    }
    cap_copy(signal, &irq->signal, JN_RIGHT_SEND);
    if (irq->pending) {
        irq->pending = false;
        raise(irq);
    }
    if (!(irq->flags & JN_IRQ_MSI) && !irq->masked)
        ioapic_mask(irq->gsi, false);
}

void irq_acknowledge(struct irq *irq)
{
    if (!irq->masked)
        return;
    irq->masked = false;
    ioapic_mask(irq->gsi, false);
}

void irq_destroy(struct irq *irq)
{
    if (!(irq->flags & JN_IRQ_MSI))
        ioapic_mask(irq->gsi, true);
    if (!cap_empty(&irq->signal))
        cap_delete(&irq->signal);
    irqs[irq->vector - VECTOR_IRQ_FIRST] = NULL;
}

/* Interrupts: the vectors, and Irq objects bound to Signals. */
#ifndef MK_PLATFORM_IRQ_H
#define MK_PLATFORM_IRQ_H

#include "lib/types.h"
#include "object.h"

/* 0x20-0x2f are where a PIC that was never masked would send; 0x30-0xdf are Irq objects. */
#define VECTOR_IRQ_FIRST 0x30
#define VECTOR_IRQ_LAST  0xdf
#define VECTOR_TIMER     0xe0
#define VECTOR_MAILBOX   0xf0 /* another CPU posted to this one */
#define VECTOR_SPURIOUS  0xff

struct irq {
    struct object object;
    struct cap signal; /* raised with `bits`; empty: the line stays masked */
    uint64_t bits;
    uint32_t gsi;
    uint8_t vector;
    uint8_t flags; /* JN_IRQ_.. */
    bool pending;  /* came while it had no Signal */
    bool masked;   /* a level line between its interrupt and the acknowledgement */
};

/* The interrupt stubs of VECTOR_IRQ_FIRST to _LAST and VECTOR_SPURIOUS call it with interrupts off. */
void irq_interrupt(unsigned vector);

/* The line is masked until a Signal is bound. NO_MEMORY, EXISTS (the GSI is taken), BAD_ARG,
 * TOO_MANY (no vector left). For JN_IRQ_MSI `gsi` is ignored, and what the device has to write is
 * returned. */
MUST_CHECK status_t irq_create(struct pool *pool, uint32_t gsi, unsigned flags, struct irq **irq,
                               uint64_t *msi_address, uint64_t *msi_data);
/* From now on raises `bits` in the Signal (NULL: none, the line is masked); an interrupt that came
 * before is raised at once. */
void irq_bind(struct irq *irq, struct cap *signal, uint64_t bits);
void irq_acknowledge(struct irq *irq);
/* Masks the line and frees the vector; the caller (object_destroy) frees the struct. */
void irq_destroy(struct irq *irq);

operation_t op_irq_create, op_irq_bind, op_irq_ack;
#endif

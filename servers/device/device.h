/* Between the files of the device server. */
#ifndef DEVICE_DEVICE_H
#define DEVICE_DEVICE_H

#include "janus/types.h"
#include "pci.h"

/* Everything the server holds itself. */
struct device_rights {
    cap_t ports;       /* all I/O ports; drivers get parts */
    cap_t irq_control;
};

extern struct device_rights device_rights;
extern const struct pci_access device_pci; /* configuration mechanism #1 */

/* Maps physical device memory into this server; NULL: not granted or no address space left. */
void *device_map_physical(uint64_t physical, uint64_t length);

/* What the server knows of a function beyond the bus. */
struct function_state {
    uint64_t owner;                  /* label of its driver's client, 0: none */
    volatile uint32_t *msix_table;   /* mapped at the first interrupt */
    uint32_t msix_vectors;
    void *bars[PCI_BARS];            /* mapped when a driver asks for them */
};

/* MSI-X vector `vector` of the function, programmed and unmasked, as a new Irq. */
JN_CHECKED jn_status_t msix_interrupt(const struct pci_function *function,
                                      struct function_state *state, uint32_t vector, cap_t *irq);
/* Masks the whole function again. */
void msix_disable(const struct pci_function *function);

/* Ports and interrupt of a resource that no bus announces. */
JN_CHECKED jn_status_t legacy_find(const char *name, size_t length, cap_t *ports, cap_t *irq);

#endif

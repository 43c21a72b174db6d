/* MSI-X vectors (PCI Local Bus Specification 3.0, 6.8.2): the kernel chooses address and data, this
 * writes them into the function's table. The table's page stays in this server: a driver that could
 * write it could raise any interrupt of the machine. */
#include "device.h"

#include "janus/object.h"

enum {
    MSIX_CONTROL = 2, MSIX_TABLE = 4, MSIX_ENABLE = 0x8000, MSIX_MASK_ALL = 0x4000,
    MSIX_SIZE_MASK = 0x7ff, MSIX_BIR_MASK = 7, MSIX_ENTRY_WORDS = 4,
    ENTRY_ADDRESS = 0, ENTRY_ADDRESS_HIGH = 1, ENTRY_DATA = 2, ENTRY_CONTROL = 3, ENTRY_MASKED = 1,
};

static jn_status_t map_table(const struct pci_function *f, struct function_state *state)
{
    uint32_t control = pci_read(&device_pci, f, f->msix + MSIX_CONTROL, 2);
    uint32_t table = pci_read(&device_pci, f, f->msix + MSIX_TABLE, 4);
    uint32_t index = table & MSIX_BIR_MASK;
    uint32_t offset = table & ~(uint32_t)MSIX_BIR_MASK;
    uint32_t vectors = (control & MSIX_SIZE_MASK) + 1;
    uint64_t bytes = (uint64_t)vectors * MSIX_ENTRY_WORDS * 4;
    uint64_t first;
    char *mapped;

    if (index >= PCI_BARS || f->bars[index].kind != PCI_BAR_MEMORY ||
        offset + bytes > f->bars[index].size)
        return JN_IO;
    first = f->bars[index].address + offset;
    mapped = device_map_physical(first & ~4095ull, ((first & 4095) + bytes + 4095) & ~4095ull);
    if (!mapped)
        return JN_NO_MEMORY;
    state->msix_table = (volatile uint32_t *)(mapped + (first & 4095));
    state->msix_vectors = vectors;
    for (uint32_t i = 0; i < vectors; i++)
        state->msix_table[i * MSIX_ENTRY_WORDS + ENTRY_CONTROL] = ENTRY_MASKED;
    pci_write(&device_pci, f, f->msix + MSIX_CONTROL, 2, (control & ~MSIX_MASK_ALL) | MSIX_ENABLE);
    return JN_OK;
}

jn_status_t msix_interrupt(const struct pci_function *f, struct function_state *state,
                           uint32_t vector, cap_t *irq)
{
    volatile uint32_t *entry;
    uint64_t address, data;
    jn_status_t status;

    if (!state->msix_table) {
        status = map_table(f, state);
        if (status != JN_OK)
            return status;
    }
    if (vector >= state->msix_vectors)
        return JN_BAD_ARG;
    status = jn_irq_create(device_rights.irq_control, 0, JN_IRQ_MSI, irq, &address, &data);
    if (status != JN_OK)
        return status;
    entry = state->msix_table + vector * MSIX_ENTRY_WORDS;
    entry[ENTRY_CONTROL] = ENTRY_MASKED;
    entry[ENTRY_ADDRESS] = (uint32_t)address;
    entry[ENTRY_ADDRESS_HIGH] = (uint32_t)(address >> 32);
    entry[ENTRY_DATA] = (uint32_t)data;
    entry[ENTRY_CONTROL] = 0;
    return JN_OK;
}

void msix_disable(const struct pci_function *f)
{
    uint32_t control;

    if (!f->msix)
        return;
    control = pci_read(&device_pci, f, f->msix + MSIX_CONTROL, 2);
    pci_write(&device_pci, f, f->msix + MSIX_CONTROL, 2, control & ~(uint32_t)MSIX_ENABLE);
}

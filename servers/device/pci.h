/* The PCI bus tree: functions, their BARs and capabilities (PCI Local Bus Specification 3.0, 6). */
#ifndef DEVICE_PCI_H
#define DEVICE_PCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PCI_VENDOR = 0x00, PCI_COMMAND = 0x04, PCI_STATUS = 0x06, PCI_CLASS = 0x08, PCI_HEADER = 0x0e,
    PCI_BAR0 = 0x10, PCI_SECONDARY_BUS = 0x19, PCI_CAPABILITIES = 0x34, PCI_LINE = 0x3c,
    PCI_PIN = 0x3d,
    PCI_COMMAND_IO = 1, PCI_COMMAND_MEMORY = 2, PCI_COMMAND_MASTER = 4, PCI_COMMAND_NO_LINE = 0x400,
    PCI_STATUS_CAPABILITIES = 0x10,
    PCI_CAPABILITY_MSI = 0x05, PCI_CAPABILITY_VENDOR = 0x09, PCI_CAPABILITY_MSIX = 0x11,
    PCI_BARS = 6, PCI_CONFIG_SIZE = 256,
};

enum pci_bar_kind { PCI_BAR_NONE, PCI_BAR_MEMORY, PCI_BAR_PORTS };

struct pci_bar {
    uint64_t address, size; /* size 0: none */
    enum pci_bar_kind kind;
};

struct pci_function {
    uint8_t bus, device, function;
    uint8_t msix; /* offset of the capability, 0: none */
    uint16_t vendor, device_id;
    uint32_t class_code; /* 24 bits: class, subclass, interface */
    uint32_t parent;     /* index of the bridge, or PCI_ROOT */
    struct pci_bar bars[PCI_BARS];
};
#define PCI_ROOT UINT32_MAX

/* How configuration space is reached; bytes is 1, 2 or 4, offset a multiple of it. */
struct pci_access {
    uint32_t (*read)(void *context, uint8_t bus, uint8_t device, uint8_t function, uint32_t offset,
                     uint32_t bytes);
    void (*write)(void *context, uint8_t bus, uint8_t device, uint8_t function, uint32_t offset,
                  uint32_t bytes, uint32_t value);
    void *context;
};

struct pci_tree {
    struct pci_function *functions;
    size_t count, capacity;
};

/* Walks all buses from bus 0 through every bridge. False: no memory. */
bool pci_enumerate(struct pci_tree *tree, const struct pci_access *access);

uint32_t pci_read(const struct pci_access *access, const struct pci_function *function,
                  uint32_t offset, uint32_t bytes);
void pci_write(const struct pci_access *access, const struct pci_function *function,
               uint32_t offset, uint32_t bytes, uint32_t value);

/* Offset of the first capability with this number, 0: none. */
uint8_t pci_find_capability(const struct pci_access *access, const struct pci_function *function,
                            uint8_t number);

/* Whether a driver may write these bytes: nothing that decides what addresses the function answers
 * at (BARs, expansion ROM, bridge windows), nor its interrupt routing (MSI, MSI-X). */
bool pci_driver_may_write(const struct pci_access *access, const struct pci_function *function,
                          uint32_t offset, uint32_t bytes);

#endif

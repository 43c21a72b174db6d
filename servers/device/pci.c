/* Walking the bus tree. A bridge's secondary bus number was set by the firmware; one that was not
 * set, or leads back, is not followed. */
#include "pci.h"

#include <stdlib.h>
#include <string.h>

enum {
    PCI_DEVICES = 32, PCI_FUNCTIONS = 8, PCI_BUSES = 256,
    HEADER_BRIDGE = 1, HEADER_MULTIFUNCTION = 0x80, BRIDGE_BARS = 2,
};

struct walk {
    struct pci_tree *tree;
    const struct pci_access *access;
    uint8_t seen[PCI_BUSES];
    bool failed;
};

uint32_t pci_read(const struct pci_access *access, const struct pci_function *f, uint32_t offset,
                  uint32_t bytes)
{
    return access->read(access->context, f->bus, f->device, f->function, offset, bytes);
}

void pci_write(const struct pci_access *access, const struct pci_function *f, uint32_t offset,
               uint32_t bytes, uint32_t value)
{
    access->write(access->context, f->bus, f->device, f->function, offset, bytes, value);
}

uint8_t pci_find_capability(const struct pci_access *access, const struct pci_function *f,
                            uint8_t number)
{
    uint32_t at;

    if (!(pci_read(access, f, PCI_STATUS, 2) & PCI_STATUS_CAPABILITIES))
        return 0;
    at = pci_read(access, f, PCI_CAPABILITIES, 1) & ~3u;
    /* At most 48 capabilities fit: a longer list is a loop. */
    for (int i = 0; i < 48 && at >= 0x40; i++) {
        if (pci_read(access, f, at, 1) == number)
            return (uint8_t)at;
        at = pci_read(access, f, at + 1, 1) & ~3u;
    }
    return 0;
}

static bool is_bridge(const struct pci_access *access, const struct pci_function *f)
{
    return (pci_read(access, f, PCI_HEADER, 1) & 0x7f) == HEADER_BRIDGE;
}

/* Sizing writes all ones and reads back which bits hold (6.2.5.1); decoding is off meanwhile. */
static void read_bars(const struct pci_access *access, struct pci_function *f, unsigned count)
{
    uint32_t command = pci_read(access, f, PCI_COMMAND, 2);

    pci_write(access, f, PCI_COMMAND, 2, command & ~(uint32_t)(PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
    for (unsigned i = 0; i < count; i++) {
        uint32_t at = PCI_BAR0 + 4 * i;
        uint32_t low = pci_read(access, f, at, 4);
        struct pci_bar *bar = &f->bars[i];
        uint64_t mask;

        pci_write(access, f, at, 4, UINT32_MAX);
        mask = pci_read(access, f, at, 4);
        pci_write(access, f, at, 4, low);
        if (mask == 0)
            continue;
        if (low & 1) {
            bar->kind = PCI_BAR_PORTS;
            bar->address = low & ~3u;
            bar->size = ((uint32_t)~(mask & ~3u) + 1) & 0xffff;
            continue;
        }
        bar->kind = PCI_BAR_MEMORY;
        bar->address = low & ~15u;
        if ((low & 6) == 4 && i + 1 < count) {
            uint32_t high = pci_read(access, f, at + 4, 4);

            pci_write(access, f, at + 4, 4, UINT32_MAX);
            mask |= (uint64_t)pci_read(access, f, at + 4, 4) << 32;
            pci_write(access, f, at + 4, 4, high);
            bar->address |= (uint64_t)high << 32;
            i++; /* the second half is no BAR of its own */
        } else {
            mask |= 0xffffffff00000000ull;
        }
        bar->size = ~(mask & ~15ull) + 1;
    }
    pci_write(access, f, PCI_COMMAND, 2, command);
}

static struct pci_function *add_function(struct walk *walk, const struct pci_function *f)
{
    struct pci_tree *tree = walk->tree;

    if (tree->count == tree->capacity) {
        size_t capacity = tree->capacity ? tree->capacity * 2 : 16;
        void *grown = realloc(tree->functions, capacity * sizeof *tree->functions);

        if (!grown) {
            walk->failed = true;
            return NULL;
        }
        tree->functions = grown;
        tree->capacity = capacity;
    }
    tree->functions[tree->count] = *f;
    return &tree->functions[tree->count++];
}

static void walk_bus(struct walk *walk, uint8_t bus, uint32_t parent);

static void walk_function(struct walk *walk, struct pci_function probe)
{
    uint32_t id = pci_read(walk->access, &probe, PCI_VENDOR, 4);
    struct pci_function *f;
    bool bridge;

    probe.vendor = (uint16_t)id;
    probe.device_id = (uint16_t)(id >> 16);
    probe.class_code = pci_read(walk->access, &probe, PCI_CLASS, 4) >> 8;
    probe.msix = pci_find_capability(walk->access, &probe, PCI_CAPABILITY_MSIX);
    bridge = is_bridge(walk->access, &probe);
    f = add_function(walk, &probe);
    if (!f)
        return;
    read_bars(walk->access, f, bridge ? BRIDGE_BARS : PCI_BARS);
    if (bridge)
        walk_bus(walk, (uint8_t)pci_read(walk->access, f, PCI_SECONDARY_BUS, 1),
                 (uint32_t)(f - walk->tree->functions));
}

static void walk_bus(struct walk *walk, uint8_t bus, uint32_t parent)
{
    if (walk->seen[bus])
        return;
    walk->seen[bus] = 1;
    for (uint8_t device = 0; device < PCI_DEVICES; device++) {
        uint8_t functions = 1;

        for (uint8_t function = 0; function < functions && !walk->failed; function++) {
            struct pci_function probe = {
                .bus = bus, .device = device, .function = function, .parent = parent,
            };

            if ((pci_read(walk->access, &probe, PCI_VENDOR, 2) & 0xffff) == 0xffff)
                continue;
            if (function == 0 &&
                pci_read(walk->access, &probe, PCI_HEADER, 1) & HEADER_MULTIFUNCTION)
                functions = PCI_FUNCTIONS;
            walk_function(walk, probe);
        }
    }
}

bool pci_enumerate(struct pci_tree *tree, const struct pci_access *access)
{
    struct walk walk = {.tree = tree, .access = access};

    memset(tree, 0, sizeof *tree);
    walk_bus(&walk, 0, PCI_ROOT);
    return !walk.failed;
}

static bool overlaps(uint32_t offset, uint32_t bytes, uint32_t from, uint32_t to)
{
    return offset < to && offset + bytes > from;
}

bool pci_driver_may_write(const struct pci_access *access, const struct pci_function *f,
                          uint32_t offset, uint32_t bytes)
{
    uint8_t msi = pci_find_capability(access, f, PCI_CAPABILITY_MSI);

    if (is_bridge(access, f))
        return false;
    if (overlaps(offset, bytes, PCI_BAR0, 0x28) || overlaps(offset, bytes, 0x30, 0x34))
        return false;
    if (msi && overlaps(offset, bytes, msi, msi + 24u))
        return false;
    if (f->msix && overlaps(offset, bytes, f->msix, f->msix + 12u))
        return false;
    return true;
}

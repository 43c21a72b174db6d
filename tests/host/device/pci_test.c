/* The bus walk against a made-up configuration space: a bridge, a multi-function device, 64-bit
 * and port BARs, a looping capability list. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../servers/device/pci.h"

enum { FUNCTIONS = 8 };

struct fake {
    uint8_t bus, device, function;
    uint8_t config[256];
    uint32_t bar_mask[6]; /* bits that a write changes */
};

static struct fake fakes[FUNCTIONS];
static size_t fake_count;

static struct fake *find(uint8_t bus, uint8_t device, uint8_t function)
{
    for (size_t i = 0; i < fake_count; i++)
        if (fakes[i].bus == bus && fakes[i].device == device && fakes[i].function == function)
            return &fakes[i];
    return NULL;
}

static uint32_t fake_read(void *context, uint8_t bus, uint8_t device, uint8_t function,
                          uint32_t offset, uint32_t bytes)
{
    struct fake *f = find(bus, device, function);
    uint32_t value = UINT32_MAX;

    (void)context;
    assert(offset % bytes == 0 && offset + bytes <= 256);
    if (f) {
        value = 0;
        memcpy(&value, f->config + offset, bytes);
    }
    return bytes == 4 ? value : value & ((1u << 8 * bytes) - 1);
}

static void fake_write(void *context, uint8_t bus, uint8_t device, uint8_t function,
                       uint32_t offset, uint32_t bytes, uint32_t value)
{
    struct fake *f = find(bus, device, function);

    (void)context;
    assert(f);
    if (offset >= PCI_BAR0 && offset < PCI_BAR0 + 24) {
        uint32_t old, mask = f->bar_mask[(offset - PCI_BAR0) / 4];

        memcpy(&old, f->config + offset, 4);
        value = (old & ~mask) | (value & mask);
    }
    memcpy(f->config + offset, &value, bytes);
}

static struct fake *add(uint8_t bus, uint8_t device, uint8_t function, uint16_t vendor,
                        uint16_t id, uint8_t header)
{
    struct fake *f = &fakes[fake_count++];

    f->bus = bus;
    f->device = device;
    f->function = function;
    memcpy(f->config, &vendor, 2);
    memcpy(f->config + 2, &id, 2);
    f->config[PCI_HEADER] = header;
    return f;
}

static void set32(struct fake *f, uint32_t offset, uint32_t value)
{
    memcpy(f->config + offset, &value, 4);
}

int main(void)
{
    struct pci_access access = {fake_read, fake_write, NULL};
    struct pci_tree tree;
    struct fake *f;

    add(0, 0, 0, 0x8086, 0x1237, 0);
    f = add(0, 1, 0, 0x8086, 0x7000, 0x80);
    f = add(0, 1, 3, 0x8086, 0x7113, 0x80);
    f = add(0, 2, 0, 0x1b36, 1, 1); /* a bridge to bus 1, which leads back to bus 0 */
    f->config[PCI_SECONDARY_BUS] = 1;
    f = add(1, 0, 0, 0x1b36, 1, 1);
    f->config[PCI_SECONDARY_BUS] = 0;
    f = add(1, 4, 0, 0x1af4, 0x1043, 0);
    set32(f, PCI_CLASS, 0x07800001);
    set32(f, PCI_BAR0, 0xc041);
    f->bar_mask[0] = 0xffc0;
    set32(f, PCI_BAR0 + 4, 0xfebf1000);
    f->bar_mask[1] = 0xfffff000;
    set32(f, PCI_BAR0 + 16, 0xfe00000c);
    set32(f, PCI_BAR0 + 20, 0x2);
    f->bar_mask[4] = 0xffffc000;
    f->bar_mask[5] = 0xffffffff;
    f->config[PCI_STATUS] = PCI_STATUS_CAPABILITIES;
    f->config[PCI_CAPABILITIES] = 0x98;
    f->config[0x98] = PCI_CAPABILITY_MSIX;
    f->config[0x99] = 0x40;
    f->config[0x40] = PCI_CAPABILITY_VENDOR;
    f->config[0x41] = 0x40; /* a loop */

    assert(pci_enumerate(&tree, &access));
    assert(tree.count == 6);
    struct pci_function *v = &tree.functions[5];
    assert(v->vendor == 0x1af4 && v->device_id == 0x1043 && v->class_code == 0x078000);
    assert(v->bus == 1 && v->parent == 3 && tree.functions[3].parent == PCI_ROOT);
    assert(v->bars[0].kind == PCI_BAR_PORTS && v->bars[0].address == 0xc040 && v->bars[0].size == 64);
    assert(v->bars[1].kind == PCI_BAR_MEMORY && v->bars[1].size == 4096);
    assert(v->bars[1].address == 0xfebf1000);
    assert(v->bars[4].address == 0x2fe000000 && v->bars[4].size == 0x4000);
    assert(v->bars[2].size == 0 && v->bars[5].size == 0);
    assert(v->msix == 0x98);
    assert(pci_find_capability(&access, v, PCI_CAPABILITY_MSI) == 0);
    assert(pci_read(&access, v, PCI_BAR0 + 16, 4) == 0xfe00000c);
    assert(!pci_driver_may_write(&access, v, PCI_BAR0 + 8, 4));
    assert(!pci_driver_may_write(&access, v, 0x9a, 2));
    assert(!pci_driver_may_write(&access, v, 0x0c, 8));
    assert(!pci_driver_may_write(&access, &tree.functions[3], PCI_COMMAND, 2));
    assert(pci_driver_may_write(&access, v, PCI_COMMAND, 2));
    free(tree.functions);
    puts("pci: ok");
    return 0;
}

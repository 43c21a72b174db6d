/* The device server: interface device over the bus tree. A function's number is its index in the
 * tree plus one. Nothing here waits. */
#include <stdlib.h>

#include "device.h"
#include "janus/idl/device.h"
#include "janus/idl/supervisor.h"
#include "janus/object.h"
#include "janus/runtime.h"
#include "janus/server.h"

struct device_rights device_rights;
static struct pci_tree tree;
static struct function_state *states;

/* ---- configuration mechanism #1 (PCI Local Bus Specification 3.0, 3.2.2.3.2) ---- */

enum { CONFIG_ADDRESS = 0xcf8, CONFIG_DATA = 0xcfc };

static void select_register(uint8_t bus, uint8_t device, uint8_t function, uint32_t offset)
{
    uint32_t address = 0x80000000u | (uint32_t)bus << 16 | (uint32_t)device << 11 |
                       (uint32_t)function << 8 | (offset & ~3u);
    jn_status_t status = jn_port_out(device_rights.ports, CONFIG_ADDRESS, 4, address);

    if (status != JN_OK)
        jn_panic("PCI configuration ports: %s", jn_status_text(status));
}

static uint32_t config_in(void *context, uint8_t bus, uint8_t device, uint8_t function,
                          uint32_t offset, uint32_t bytes)
{
    uint32_t value = 0;

    (void)context;
    select_register(bus, device, function, offset);
    if (jn_port_in(device_rights.ports, CONFIG_DATA + (offset & 3), bytes, &value) != JN_OK)
        jn_panic("PCI configuration cannot be read");
    return value;
}

static void config_out(void *context, uint8_t bus, uint8_t device, uint8_t function,
                       uint32_t offset, uint32_t bytes, uint32_t value)
{
    (void)context;
    select_register(bus, device, function, offset);
    if (jn_port_out(device_rights.ports, CONFIG_DATA + (offset & 3), bytes, value) != JN_OK)
        jn_panic("PCI configuration cannot be written");
}

const struct pci_access device_pci = {config_in, config_out, NULL};

void *device_map_physical(uint64_t physical, uint64_t length)
{
    unsigned order = 12;
    uint64_t base, done = 0;

    while ((1ull << order) < length)
        order++;
    base = jn_reserve(1ull << order, order);
    if (!base)
        return NULL;
    while (done < length) {
        uint64_t mapped = 0;
        unsigned part = 12;
        jn_status_t status;

        /* A receive window is a flexpage: take the largest that fits at this place. */
        while ((2ull << part) <= length - done && !((base + done) & ((2ull << part) - 1)))
            part++;
        status = supervisor_device_memory(JN_CAP_SUPERVISOR, physical + done, 1ull << part, &mapped,
                                          (struct jn_map_window){base + done, part});
        if (status != JN_OK || mapped == 0) {
            jn_log(JN_LOG_ERROR, "device memory %#llx: %s",
                   (unsigned long long)(physical + done), jn_status_text(status));
            return NULL;
        }
        done += mapped;
    }
    return (void *)base;
}

/* ---- the interface ---- */

static struct pci_function *function_of(uint64_t number)
{
    return number >= 1 && number <= tree.count ? &tree.functions[number - 1] : NULL;
}

/* The function, if the caller is its driver. */
static jn_status_t claimed(const struct jn_call *call, uint64_t number,
                           const struct pci_function **function, struct function_state **state)
{
    struct pci_function *f = function_of(number);

    if (!f)
        return JN_BAD_HANDLE;
    *function = f;
    *state = &states[number - 1];
    return (*state)->owner == call->label ? JN_OK : JN_NOT_PERMITTED;
}

static bool matches(uint32_t wanted, uint32_t found)
{
    return wanted == 0xffff || wanted == found;
}

static jn_status_t op_find(struct jn_call *call, uint32_t vendor, uint32_t device_id,
                           uint32_t class_code, uint32_t index, uint64_t *function,
                           uint32_t *found_vendor, uint32_t *found_device, uint32_t *found_class)
{
    (void)call;
    for (size_t i = 0; i < tree.count; i++) {
        const struct pci_function *f = &tree.functions[i];

        if (!matches(vendor, f->vendor) || !matches(device_id, f->device_id) ||
            !matches(class_code, f->class_code) || index-- > 0)
            continue;
        *function = i + 1;
        *found_vendor = f->vendor;
        *found_device = f->device_id;
        *found_class = f->class_code;
        return JN_OK;
    }
    return JN_NOT_FOUND;
}

static jn_status_t op_claim(struct jn_call *call, uint64_t number)
{
    struct pci_function *f = function_of(number);

    if (!f)
        return JN_BAD_HANDLE;
    if (states[number - 1].owner)
        return states[number - 1].owner == call->label ? JN_OK : JN_BUSY;
    states[number - 1].owner = call->label;
    return JN_OK;
}

static bool config_range_ok(uint32_t offset, uint32_t bytes)
{
    return (bytes == 1 || bytes == 2 || bytes == 4) && offset % bytes == 0 &&
           offset <= PCI_CONFIG_SIZE - bytes;
}

static jn_status_t op_config_read(struct jn_call *call, uint64_t number, uint32_t offset,
                                  uint32_t bytes, uint32_t *value)
{
    const struct pci_function *f;
    struct function_state *state;
    jn_status_t status = claimed(call, number, &f, &state);

    if (status != JN_OK)
        return status;
    if (!config_range_ok(offset, bytes))
        return JN_BAD_ARG;
    *value = pci_read(&device_pci, f, offset, bytes);
    return JN_OK;
}

static jn_status_t op_config_write(struct jn_call *call, uint64_t number, uint32_t offset,
                                   uint32_t bytes, uint32_t value)
{
    const struct pci_function *f;
    struct function_state *state;
    jn_status_t status = claimed(call, number, &f, &state);

    if (status != JN_OK)
        return status;
    if (!config_range_ok(offset, bytes))
        return JN_BAD_ARG;
    if (!pci_driver_may_write(&device_pci, f, offset, bytes))
        return JN_NOT_PERMITTED;
    pci_write(&device_pci, f, offset, bytes, value);
    return JN_OK;
}

static jn_status_t op_bar(struct jn_call *call, uint64_t number, uint32_t index,
                          uint64_t *physical, uint64_t *size, uint32_t *kind)
{
    const struct pci_function *f;
    struct function_state *state;
    jn_status_t status = claimed(call, number, &f, &state);

    if (status != JN_OK)
        return status;
    if (index >= PCI_BARS || f->bars[index].size == 0)
        return JN_NOT_FOUND;
    *physical = f->bars[index].address;
    *size = f->bars[index].size;
    *kind = f->bars[index].kind;
    return JN_OK;
}

/* The page or pages of the MSI-X table are never given out. */
static bool holds_msix(const struct pci_function *f, uint32_t index)
{
    return f->msix && (pci_read(&device_pci, f, f->msix + 4u, 4) & 7) == index;
}

static jn_status_t op_map_bar(struct jn_call *call, uint64_t number, uint32_t index,
                              uint64_t offset, uint64_t *mapped, struct jn_pages *pages)
{
    const struct pci_function *f;
    struct function_state *state;
    jn_status_t status = claimed(call, number, &f, &state);
    const struct pci_bar *bar;

    if (status != JN_OK)
        return status;
    if (index >= PCI_BARS || f->bars[index].kind != PCI_BAR_MEMORY)
        return JN_NOT_FOUND;
    bar = &f->bars[index];
    /* Below a page the neighbour's registers would come along. */
    if (bar->address & 4095 || bar->size & 4095 || holds_msix(f, index))
        return JN_NOT_SUPPORTED;
    if (offset & 4095 || offset >= bar->size)
        return JN_RANGE;
    if (!state->bars[index])
        state->bars[index] = device_map_physical(bar->address, bar->size);
    if (!state->bars[index])
        return JN_NO_MEMORY;
    *mapped = bar->size - offset;
    *pages = (struct jn_pages){(char *)state->bars[index] + offset, *mapped, JN_R | JN_W};
    return JN_OK;
}

static jn_status_t op_ports_bar(struct jn_call *call, uint64_t number, uint32_t index, cap_t *ports)
{
    const struct pci_function *f;
    struct function_state *state;
    jn_status_t status = claimed(call, number, &f, &state);

    if (status != JN_OK)
        return status;
    if (index >= PCI_BARS || f->bars[index].kind != PCI_BAR_PORTS)
        return JN_NOT_FOUND;
    return jn_ports_split(device_rights.ports, (uint32_t)f->bars[index].address,
                          (uint32_t)f->bars[index].size, ports);
}

static jn_status_t op_interrupt(struct jn_call *call, uint64_t number, uint32_t vector, cap_t *irq)
{
    const struct pci_function *f;
    struct function_state *state;
    jn_status_t status = claimed(call, number, &f, &state);
    uint64_t address, data;
    uint32_t line;

    if (status != JN_OK)
        return status;
    if (f->msix)
        return msix_interrupt(f, state, vector, irq);
    /* The firmware's routing to the inputs that the interrupt controllers share. */
    line = pci_read(&device_pci, f, PCI_LINE, 1);
    if (vector != 0 || line == 0 || line > 23 || pci_read(&device_pci, f, PCI_PIN, 1) == 0)
        return JN_NOT_FOUND;
    return jn_irq_create(device_rights.irq_control, line, JN_IRQ_LEVEL, irq, &address, &data);
}

static jn_status_t op_legacy(struct jn_call *call, const char *name, size_t length, cap_t *ports,
                             cap_t *irq)
{
    (void)call;
    return legacy_find(name, length, ports, irq);
}

/* A driver's client is gone: its functions must not write memory that others get. */
static void release_client(uint64_t label)
{
    for (size_t i = 0; i < tree.count; i++) {
        const struct pci_function *f = &tree.functions[i];
        uint32_t command;

        if (states[i].owner != label)
            continue;
        command = pci_read(&device_pci, f, PCI_COMMAND, 2);
        pci_write(&device_pci, f, PCI_COMMAND, 2, command & ~(uint32_t)PCI_COMMAND_MASTER);
        msix_disable(f);
        states[i].owner = 0;
    }
}

static jn_status_t kernel_message(struct jn_server *server, struct jn_call *call, uint32_t kind)
{
    (void)server;
    if (kind == JN_KM_LABEL_GONE)
        release_client(call->label);
    return JN_OK;
}

static const struct device_ops ops = {
    .find = op_find, .claim = op_claim, .config_read = op_config_read,
    .config_write = op_config_write, .bar = op_bar, .map_bar = op_map_bar,
    .ports_bar = op_ports_bar, .interrupt = op_interrupt, .legacy = op_legacy,
};

static cap_t granted(const char *name, size_t length)
{
    cap_t object;
    jn_status_t status = supervisor_grant(JN_CAP_SUPERVISOR, name, length, &object);

    if (status != JN_OK)
        jn_panic("the manifest does not grant %s: %s", name, jn_status_text(status));
    return object;
}
#define GRANTED(name) granted(name, sizeof name - 1)

int main(void)
{
    struct jn_interface interfaces[1];
    struct jn_server server = {
        .gate = JN_CAP_SELF_GATE, .interfaces = interfaces, .interface_count = 1,
        .kernel_message = kernel_message,
    };
    jn_status_t status;

    jn_log_set_name("device");
    device_rights.ports = GRANTED("ioports");
    device_rights.irq_control = GRANTED("irq-control");
    if (!pci_enumerate(&tree, &device_pci))
        jn_panic("no memory for the bus tree");
    states = calloc(tree.count + 1, sizeof *states);
    if (!states)
        jn_panic("no memory for the bus tree");
    jn_log(JN_LOG_INFO, "%zu PCI functions", tree.count);
    interfaces[0] = device_interface(&ops);
    status = supervisor_ready(JN_CAP_SUPERVISOR);
    if (status != JN_OK)
        jn_panic("ready: %s", jn_status_text(status));
    jn_server_run(&server);
}

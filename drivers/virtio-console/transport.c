/* Virtio over PCI: the vendor capabilities say where the register groups are (Virtio 1.1, 4.1.4). */
#include "transport.h"

#include "janus/idl/dataspace.h"
#include "janus/idl/device.h"
#include "janus/object.h"
#include "janus/runtime.h"

enum {
    PCI_COMMAND = 4, PCI_COMMAND_MEMORY = 2, PCI_COMMAND_MASTER = 4, PCI_CAPABILITIES = 0x34,
    PCI_CAPABILITY_VENDOR = 9, VIRTIO_VENDOR = 0x1af4,

    CAP_TYPE = 3, CAP_BAR = 4, CAP_OFFSET = 8, CAP_LENGTH = 12, CAP_MULTIPLIER = 16,
    TYPE_COMMON = 1, TYPE_NOTIFY = 2, TYPE_CONFIG = 4,

    COMMON_DEVICE_SELECT = 0, COMMON_DEVICE_FEATURE = 4, COMMON_DRIVER_SELECT = 8,
    COMMON_DRIVER_FEATURE = 12, COMMON_CONFIG_VECTOR = 16, COMMON_QUEUES = 18, COMMON_STATUS = 20,
    COMMON_QUEUE_SELECT = 22, COMMON_QUEUE_SIZE = 24, COMMON_QUEUE_VECTOR = 26,
    COMMON_QUEUE_ENABLE = 28, COMMON_QUEUE_NOTIFY = 30, COMMON_QUEUE_DESCRIPTORS = 32,
    COMMON_QUEUE_DRIVER = 40, COMMON_QUEUE_DEVICE = 48, COMMON_SIZE = 56,

    STATUS_ACKNOWLEDGE = 1, STATUS_DRIVER = 2, STATUS_DRIVER_OK = 4, STATUS_FEATURES_OK = 8,
    FEATURE_VERSION_1_HIGH = 1, /* bit 32 */
    NO_VECTOR = 0xffff, BARS = 6, BAR_MEMORY = 1,
};

static void write8(volatile uint8_t *at, uint8_t value) { *at = value; }
static void write16(volatile uint8_t *at, uint16_t value) { *(volatile uint16_t *)at = value; }
static void write32(volatile uint8_t *at, uint32_t value) { *(volatile uint32_t *)at = value; }
static uint16_t read16(volatile uint8_t *at) { return *(volatile uint16_t *)at; }
static uint32_t read32(volatile uint8_t *at) { return *(volatile uint32_t *)at; }

static void write64(volatile uint8_t *at, uint64_t value)
{
    write32(at, (uint32_t)value);
    write32(at + 4, (uint32_t)(value >> 32));
}

static uint32_t config(const struct transport *t, uint32_t offset, uint32_t bytes)
{
    uint32_t value = 0;
    jn_status_t status = device_config_read(t->device_server, t->function, offset, bytes, &value);

    if (status != JN_OK)
        jn_panic("configuration %#x: %s", offset, jn_status_text(status));
    return value;
}

static jn_status_t map_bar(const struct transport *t, uint32_t index, volatile uint8_t **address,
                           uint64_t *size)
{
    uint64_t physical, mapped, base, done = 0;
    uint32_t kind;
    unsigned order = 12;
    jn_status_t status = device_bar(t->device_server, t->function, index, &physical, size, &kind);

    if (status != JN_OK)
        return status;
    if (kind != BAR_MEMORY)
        return JN_NOT_SUPPORTED;
    while ((1ull << order) < *size)
        order++;
    base = jn_reserve(1ull << order, order);
    if (!base)
        return JN_NO_MEMORY;
    status = device_map_bar(t->device_server, t->function, index, done, &mapped,
                            (struct jn_map_window){base, order});
    *address = (volatile uint8_t *)base;
    return status;
}

/* Walks the vendor capabilities; maps each BAR once. */
static jn_status_t find_registers(struct transport *t)
{
    volatile uint8_t *bars[BARS] = {0};
    uint64_t sizes[BARS] = {0};
    uint32_t at = config(t, PCI_CAPABILITIES, 1) & ~3u;

    for (int i = 0; i < 48 && at >= 0x40; i++, at = config(t, at + 1, 1) & ~3u) {
        uint32_t type, bar, offset, length;
        jn_status_t status;

        if (config(t, at, 1) != PCI_CAPABILITY_VENDOR)
            continue;
        type = config(t, at + CAP_TYPE, 1);
        bar = config(t, at + CAP_BAR, 1);
        offset = config(t, at + CAP_OFFSET, 4);
        length = config(t, at + CAP_LENGTH, 4);
        if ((type != TYPE_COMMON && type != TYPE_NOTIFY && type != TYPE_CONFIG) || bar >= BARS)
            continue;
        if (!bars[bar]) {
            status = map_bar(t, bar, &bars[bar], &sizes[bar]);
            if (status != JN_OK)
                return status;
        }
        if ((uint64_t)offset + length > sizes[bar])
            return JN_IO;
        /* The first capability of a type is the one that the device prefers. */
        if (type == TYPE_COMMON && !t->common && length >= COMMON_SIZE) {
            t->common = bars[bar] + offset;
        } else if (type == TYPE_NOTIFY && !t->notify) {
            t->notify = bars[bar] + offset;
            t->notify_multiplier = config(t, at + CAP_MULTIPLIER, 4);
        } else if (type == TYPE_CONFIG && !t->config) {
            t->config = bars[bar] + offset;
        }
    }
    return t->common && t->notify && t->config ? JN_OK : JN_NO_DEVICE;
}

static void add_status(struct transport *t, uint8_t bits)
{
    write8(t->common + COMMON_STATUS, t->common[COMMON_STATUS] | bits);
}

static jn_status_t negotiate(struct transport *t, uint32_t features)
{
    write8(t->common + COMMON_STATUS, 0);
    while (t->common[COMMON_STATUS] != 0)
        ; /* the reset is done when it reads 0 (4.1.4.3.2) */
    add_status(t, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
    write32(t->common + COMMON_DEVICE_SELECT, 0);
    if ((read32(t->common + COMMON_DEVICE_FEATURE) & features) != features)
        return JN_NOT_SUPPORTED;
    write32(t->common + COMMON_DEVICE_SELECT, 1);
    if (!(read32(t->common + COMMON_DEVICE_FEATURE) & FEATURE_VERSION_1_HIGH))
        return JN_NOT_SUPPORTED;
    write32(t->common + COMMON_DRIVER_SELECT, 0);
    write32(t->common + COMMON_DRIVER_FEATURE, features);
    write32(t->common + COMMON_DRIVER_SELECT, 1);
    write32(t->common + COMMON_DRIVER_FEATURE, FEATURE_VERSION_1_HIGH);
    add_status(t, STATUS_FEATURES_OK);
    return t->common[COMMON_STATUS] & STATUS_FEATURES_OK ? JN_OK : JN_NOT_SUPPORTED;
}

jn_status_t transport_start(struct transport *t, cap_t device_server, uint32_t device_id,
                            uint32_t features, cap_t signal, uint64_t bits)
{
    uint32_t vendor, device, class_code, command;
    jn_status_t status;

    *t = (struct transport){.device_server = device_server};
    status = device_find(device_server, VIRTIO_VENDOR, device_id, 0xffff, 0, &t->function, &vendor,
                         &device, &class_code);
    if (status == JN_OK)
        status = device_claim(device_server, t->function);
    if (status != JN_OK)
        return status;
    command = config(t, PCI_COMMAND, 2) | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
    status = device_config_write(device_server, t->function, PCI_COMMAND, 2, command);
    if (status == JN_OK)
        status = find_registers(t);
    if (status == JN_OK)
        status = negotiate(t, features);
    if (status == JN_OK)
        status = device_interrupt(device_server, t->function, 0, &t->irq);
    if (status == JN_OK)
        status = jn_irq_bind(t->irq, signal, bits);
    if (status == JN_OK)
        write16(t->common + COMMON_CONFIG_VECTOR, NO_VECTOR);
    return status;
}

jn_status_t transport_add_queue(struct transport *t, struct queue *q, uint16_t number,
                                void *memory, uint64_t physical)
{
    uint16_t entries;

    if (number >= read16(t->common + COMMON_QUEUES))
        return JN_NOT_FOUND;
    write16(t->common + COMMON_QUEUE_SELECT, number);
    entries = read16(t->common + COMMON_QUEUE_SIZE);
    if (entries == 0)
        return JN_NOT_FOUND;
    if (entries > QUEUE_ENTRIES) {
        entries = QUEUE_ENTRIES;
        write16(t->common + COMMON_QUEUE_SIZE, entries);
    }
    queue_init(q, memory, number, entries);
    q->doorbell = (volatile uint16_t *)(t->notify + (uint64_t)t->notify_multiplier *
                                                        read16(t->common + COMMON_QUEUE_NOTIFY));
    write64(t->common + COMMON_QUEUE_DESCRIPTORS, physical);
    write64(t->common + COMMON_QUEUE_DRIVER, physical + QUEUE_DRIVER_OFFSET);
    write64(t->common + COMMON_QUEUE_DEVICE, physical + QUEUE_DEVICE_OFFSET);
    write16(t->common + COMMON_QUEUE_VECTOR, 0);
    if (read16(t->common + COMMON_QUEUE_VECTOR) != 0)
        return JN_NO_MEMORY; /* the device cannot have that vector (4.1.5.1.2.1) */
    write16(t->common + COMMON_QUEUE_ENABLE, 1);
    return JN_OK;
}

void transport_go(struct transport *t)
{
    add_status(t, STATUS_DRIVER_OK);
}

uint32_t transport_config32(const struct transport *t, uint32_t offset)
{
    return read32(t->config + offset);
}

void transport_acknowledge(struct transport *t)
{
    jn_status_t status = jn_irq_ack(t->irq);

    (void)status; /* without the interrupt nothing more comes, and the log says who took it */
}

jn_status_t dma_allocate(struct dma_memory *memory, uint64_t length)
{
    uint64_t ds, mapped = 0, base = jn_reserve(length, 21);
    jn_status_t status;

    if (!base)
        return JN_NO_MEMORY;
    status = dataspace_create(JN_CAP_PAGER, length, DS_CONTIGUOUS | DS_PINNED, &ds);
    if (status == JN_OK)
        status = dataspace_pin(JN_CAP_PAGER, ds, 0, length, &memory->physical);
    for (uint64_t done = 0; status == JN_OK && done < length; done += mapped) {
        status = dataspace_map(JN_CAP_PAGER, ds, done, base + done, length - done, JN_R | JN_W, 0,
                               &mapped);
        if (status == JN_OK && mapped == 0)
            status = JN_NO_MEMORY;
    }
    memory->address = (char *)base;
    memory->length = length;
    return status;
}

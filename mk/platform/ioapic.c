#include "platform/ioapic.h"

#include "boot/tables.h"
#include "platform/acpi.h"
#include "platform/ports.h"

#define REGISTER_VERSION     1
#define REGISTER_ROUTE(line) (0x10 + 2 * (line))
#define ROUTE_LOW_ACTIVE     (1u << 13)
#define ROUTE_LEVEL          (1u << 15)
#define ROUTE_MASKED         (1u << 16)

static struct ioapic {
    volatile uint32_t *select, *window;
    uint32_t first_gsi, lines;
} ioapics[ACPI_IOAPICS];
static unsigned ioapic_count;

static uint32_t ioapic_read(const struct ioapic *ioapic, unsigned number)
{
    *ioapic->select = number;
    return *ioapic->window;
}

static void ioapic_write(const struct ioapic *ioapic, unsigned number, uint32_t value)
{
    *ioapic->select = number;
    *ioapic->window = value;
}

void pic_silence(void)
{
    static const uint8_t words[2][4] = {{0x11, 0x20, 4, 1}, {0x11, 0x28, 2, 1}};

    for (unsigned chip = 0; chip < 2; chip++) {
        uint16_t port = chip ? 0xa0 : 0x20;
        port_out8(port, words[chip][0]);
        for (unsigned i = 1; i < 4; i++)
            port_out8(port + 1, words[chip][i]);
        port_out8(port + 1, 0xff);
    }
}

void ioapic_init(void)
{
    for (unsigned i = 0; i < acpi.ioapic_count; i++) {
        struct ioapic *ioapic = &ioapics[ioapic_count++];

        ioapic->select = device_map(acpi.ioapic[i].address);
        ioapic->window = ioapic->select + 4;
        ioapic->first_gsi = acpi.ioapic[i].first_gsi;
        ioapic->lines = (ioapic_read(ioapic, REGISTER_VERSION) >> 16 & 0xff) + 1;
        for (unsigned line = 0; line < ioapic->lines; line++)
            ioapic_write(ioapic, REGISTER_ROUTE(line), ROUTE_MASKED);
    }
}

static const struct ioapic *find(uint32_t gsi)
{
    for (unsigned i = 0; i < ioapic_count; i++)
        if (gsi - ioapics[i].first_gsi < ioapics[i].lines)
            return &ioapics[i];
    return NULL;
}

bool ioapic_has(uint32_t gsi)
{
    return find(gsi) != NULL;
}

void ioapic_route(uint32_t gsi, unsigned vector, unsigned flags, uint32_t lapic_id)
{
    const struct ioapic *ioapic = find(gsi);
    unsigned number = REGISTER_ROUTE(gsi - ioapic->first_gsi);
    uint32_t low = vector | ROUTE_MASKED;

    low |= flags & JN_IRQ_LOW ? ROUTE_LOW_ACTIVE : 0;
    low |= flags & JN_IRQ_LEVEL ? ROUTE_LEVEL : 0;
    ioapic_write(ioapic, number, low);
    ioapic_write(ioapic, number + 1, lapic_id << 24);
}

void ioapic_mask(uint32_t gsi, bool masked)
{
    const struct ioapic *ioapic = find(gsi);
    unsigned number = REGISTER_ROUTE(gsi - ioapic->first_gsi);
    uint32_t low = ioapic_read(ioapic, number);

    ioapic_write(ioapic, number, masked ? low | ROUTE_MASKED : low & ~ROUTE_MASKED);
}

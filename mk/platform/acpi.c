/* Tables are read through the direct map, which shows the firmware's ranges read-only. A table that
 * lies elsewhere, or whose sum is wrong, is passed over with a line in the log. */
#include "platform/acpi.h"

#include "boot/memory_map.h"
#include "lib/print.h"
#include "lib/string.h"
#include "memory/layout.h"

struct acpi acpi = {.lapic = 0xfee00000};

struct rsdp {
    char signature[8];
    uint8_t sum;
    char oem[6];
    uint8_t revision;
    uint32_t rsdt;
    uint32_t length;
    uint64_t xsdt;
} __attribute__((packed));

struct header {
    char signature[4];
    uint32_t length;
    uint8_t revision, sum;
    char oem[6], oem_table[8];
    uint32_t oem_revision, creator, creator_revision;
} __attribute__((packed));

/* Offsets in the FADT, ACPI 6.4 table 5.9. */
#define FADT_DSDT             40
#define FADT_SMI_COMMAND      48
#define FADT_ACPI_ENABLE      52
#define FADT_PM1A_CONTROL     64
#define FADT_PM1B_CONTROL     68
#define FADT_PM_TIMER         76
#define FADT_FLAGS            112
#define FADT_FLAG_TIMER_32BIT (1u << 8)

static bool sum_is_zero(const void *table, size_t bytes)
{
    const uint8_t *at = table;
    uint8_t sum = 0;

    while (bytes--)
        sum = (uint8_t)(sum + *at++);
    return sum == 0;
}

static bool visible(uint64_t base, uint64_t bytes)
{
    const struct memory_ranges *lists[] = {&memory_ram, &memory_reserved};

    for (unsigned l = 0; l < 2; l++)
        for (unsigned i = 0; i < lists[l]->count; i++)
            if (base >= lists[l]->range[i].base && base + bytes <= lists[l]->range[i].end)
                return true;
    return base >= 0xc0000 && base + bytes <= 0x100000;
}

static const struct header *table_at(uint64_t physical)
{
    const struct header *table = phys_to_virt(physical);

    if (!visible(physical, sizeof *table) || !visible(physical, table->length) ||
        table->length < sizeof *table || !sum_is_zero(table, table->length)) {
        print("mk: ACPI table at %lx is unreadable\n", physical);
        return NULL;
    }
    return table;
}

/* ACPI 6.4, 5.2.5.1: on a 16-byte boundary of the BIOS area. */
static const struct rsdp *find_root(void)
{
    for (uint64_t at = 0xe0000; at < 0x100000; at += 16) {
        const struct rsdp *rsdp = phys_to_virt(at);
        if (!memcmp(rsdp->signature, "RSD PTR ", 8) && sum_is_zero(rsdp, 20))
            return rsdp;
    }
    return NULL;
}

static uint32_t read32(const struct header *table, size_t offset)
{
    uint32_t value = 0;

    if (offset + sizeof value <= table->length)
        memcpy(&value, (const char *)table + offset, sizeof value);
    return value;
}

/* MADT entries: type, length, data (ACPI 6.4, 5.2.12). */
static void read_madt(const struct header *madt)
{
    const uint8_t *at = (const uint8_t *)madt + 44, *end = (const uint8_t *)madt + madt->length;

    acpi.lapic = read32(madt, 36);
    for (; at + 2 <= end && at[1] >= 2 && at + at[1] <= end; at += at[1]) {
        uint32_t word[2];

        if (at[0] == 0 && at[1] >= 8 && (at[4] & 1) && acpi.cpu_count < ACPI_CPUS) {
            acpi.cpu_apic_id[acpi.cpu_count++] = at[3];
        } else if (at[0] == 1 && at[1] >= 12 && acpi.ioapic_count < ACPI_IOAPICS) {
            memcpy(word, at + 4, sizeof word);
            acpi.ioapic[acpi.ioapic_count].address = word[0];
            acpi.ioapic[acpi.ioapic_count++].first_gsi = word[1];
        }
    }
}

/* The package of the name \_S5 in the DSDT's bytes: NameOp, "_S5_", PackageOp, length, count,
 * two integers. A full interpreter is a driver's business; this pattern is what firmware writes. */
static void find_s5(const struct header *dsdt)
{
    const uint8_t *at = (const uint8_t *)(dsdt + 1), *end = (const uint8_t *)dsdt + dsdt->length;

    for (; at + 16 <= end; at++) {
        if (memcmp(at, "_S5_\x12", 5))
            continue;
        at += 5;
        at += (*at >> 6) + 2; /* package length, element count */
        uint16_t value[2] = {0, 0};
        for (unsigned i = 0; i < 2; i++) {
            if (*at == 0x0a) /* BytePrefix */
                at++;
            value[i] = *at++;
        }
        acpi.s5_a = value[0] & 7;
        acpi.s5_b = value[1] & 7;
        acpi.s5_known = acpi.pm1a_control != 0;
        return;
    }
}

static void read_fadt(const struct header *fadt)
{
    acpi.pm1a_control = (uint16_t)read32(fadt, FADT_PM1A_CONTROL);
    acpi.pm1b_control = (uint16_t)read32(fadt, FADT_PM1B_CONTROL);
    acpi.pm_timer_port = (uint16_t)read32(fadt, FADT_PM_TIMER);
    acpi.pm_timer_32bit = read32(fadt, FADT_FLAGS) & FADT_FLAG_TIMER_32BIT;
    const struct header *dsdt = table_at(read32(fadt, FADT_DSDT));
    if (dsdt)
        find_s5(dsdt);
}

void acpi_init(void)
{
    const struct rsdp *rsdp = find_root();

    if (!rsdp)
        panic("no ACPI root pointer");
    acpi.rsdp = virt_to_phys(rsdp);
    bool wide = rsdp->revision >= 2 && rsdp->xsdt;
    const struct header *root = table_at(wide ? rsdp->xsdt : rsdp->rsdt);
    if (!root)
        panic("no ACPI root table");
    for (size_t at = sizeof *root; at + (wide ? 8 : 4) <= root->length; at += wide ? 8 : 4) {
        uint64_t address = 0;

        memcpy(&address, (const char *)root + at, wide ? 8 : 4);
        const struct header *table = table_at(address);
        if (table && !memcmp(table->signature, "APIC", 4))
            read_madt(table);
        else if (table && !memcmp(table->signature, "FACP", 4))
            read_fadt(table);
    }
    if (!acpi.ioapic_count)
        panic("no I/O APIC");
}

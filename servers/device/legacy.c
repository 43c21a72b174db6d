/* Devices of the PC that no bus announces. */
#include <string.h>

#include "device.h"
#include "janus/object.h"

static const struct {
    const char *name;
    uint32_t first_port, port_count, gsi, irq_flags;
} resources[] = {
    {"uart0", 0x3f8, 8, 4, JN_IRQ_EDGE},
};

jn_status_t legacy_find(const char *name, size_t length, cap_t *ports, cap_t *irq)
{
    for (size_t i = 0; i < sizeof resources / sizeof resources[0]; i++) {
        uint64_t address, data;
        jn_status_t status;

        if (strlen(resources[i].name) != length || memcmp(resources[i].name, name, length) != 0)
            continue;
        status = jn_ports_split(device_rights.ports, resources[i].first_port,
                                resources[i].port_count, ports);
        if (status != JN_OK)
            return status;
        status = jn_irq_create(device_rights.irq_control, resources[i].gsi, resources[i].irq_flags,
                               irq, &address, &data);
        if (status != JN_OK)
            jn_cap_delete(*ports);
        return status;
    }
    return JN_NOT_FOUND;
}

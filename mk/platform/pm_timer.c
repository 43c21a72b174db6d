#include "platform/pm_timer.h"

#include "platform/acpi.h"
#include "platform/ports.h"

static uint32_t mask(void)
{
    return acpi.pm_timer_32bit ? 0xffffffff : 0xffffff;
}

uint32_t pm_timer_read(void)
{
    return port_in32(acpi.pm_timer_port) & mask();
}

uint32_t pm_timer_since(uint32_t before, uint32_t after)
{
    return (after - before) & mask();
}

uint64_t pm_timer_wrap(void)
{
    return ((uint64_t)mask() + 1) * 1000000000 / PM_TIMER_HZ;
}

#include "platform/ports.h"

#include "memory/pool.h"

static bool in_range(const struct ioports *ports, uint64_t port, uint64_t width)
{
    return (width == 1 || width == 2 || width == 4) && port >= ports->first &&
           port - ports->first < ports->count && width <= ports->count - (port - ports->first);
}

status_t ports_in(const struct ioports *ports, uint64_t port, uint64_t width, uint64_t *value)
{
    if (!in_range(ports, port, width))
        return JN_BAD_ARG;
    switch (width) {
    case 1:
        *value = port_in8((uint16_t)port);
        break;
    case 2:
        *value = port_in16((uint16_t)port);
        break;
    default:
        *value = port_in32((uint16_t)port);
    }
    return JN_OK;
}

status_t ports_out(const struct ioports *ports, uint64_t port, uint64_t width, uint64_t value)
{
    if (!in_range(ports, port, width))
        return JN_BAD_ARG;
    switch (width) {
    case 1:
        port_out8((uint16_t)port, (uint8_t)value);
        break;
    case 2:
        port_out16((uint16_t)port, (uint16_t)value);
        break;
    default:
        port_out32((uint16_t)port, (uint32_t)value);
    }
    return JN_OK;
}

status_t ports_split(struct pool *pool, const struct ioports *whole, uint64_t first, uint64_t count,
                     struct ioports **part)
{
    if (first < whole->first || first - whole->first >= whole->count || !count ||
        count > whole->count - (first - whole->first))
        return JN_BAD_ARG;
    struct ioports *ports = pool_alloc(pool, sizeof *ports);
    if (!ports)
        return JN_NO_MEMORY;
    ports->first = (uint32_t)first;
    ports->count = (uint32_t)count;
    object_init(&ports->object, JN_TYPE_IOPORTS, pool, sizeof *ports);
    *part = ports;
    return JN_OK;
}

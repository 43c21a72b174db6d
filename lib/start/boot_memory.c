/* Memory objects of the boot, from the supervisor. */
#include <string.h>

#include "janus/idl/supervisor.h"
#include "janus/runtime.h"

#define PAGE 4096ull

/* The largest flexpage at `address` with at most `length` bytes: receive windows are flexpages. */
static unsigned order_at(uint64_t address, uint64_t length)
{
    unsigned order = 12;
    while (order < 30 && !(address & ((2ull << order) - 1)) && length >= 2ull << order)
        order++;
    return order;
}

jn_status_t jn_boot_memory(const char *name, const void **address, uint64_t *size)
{
    uint64_t done = 0, mapped, scratch = jn_reserve(PAGE, 12), base = 0;
    *size = 0;
    if (!scratch)
        return JN_NO_MEMORY;
    /* The first page, to learn the size. */
    jn_status_t status = supervisor_memory(JN_CAP_SUPERVISOR, name, strlen(name), 0, PAGE, size,
                                           &mapped, (struct jn_map_window){scratch, 12});
    if (status != JN_OK)
        return status;
    uint64_t bytes = (*size + PAGE - 1) & ~(PAGE - 1);
    base = jn_reserve(bytes, 21);
    if (!base)
        return JN_NO_MEMORY;
    while (done < bytes) {
        unsigned order = order_at(base + done, bytes - done);
        status = supervisor_memory(JN_CAP_SUPERVISOR, name, strlen(name), done, 1ull << order,
                                   size, &mapped, (struct jn_map_window){base + done, order});
        if (status == JN_OK && !mapped)
            status = JN_BAD_MESSAGE;
        if (status != JN_OK)
            return status;
        done += mapped;
    }
    *address = (const void *)base;
    return JN_OK;
}

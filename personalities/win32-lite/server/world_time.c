/* Time, chance, the machine, the log. */
#include <stdarg.h>
#include <stdio.h>

#include "guest.h"
#include "janus/backend/thread.h"
#include "janus/backend/time.h"

uint64_t world_time_monotonic(void)
{
    return backend_time_monotonic();
}

int64_t world_time_real(void)
{
    return backend_time_real();
}

void world_random(void *buffer, size_t length)
{
    backend_random(buffer, length);
}

static const struct backend_machine *machine(void)
{
    static struct backend_machine m;

    if (!m.cpus)
        backend_machine(&m);
    return &m;
}

uint64_t world_cpus(void)
{
    return backend_cpus();
}

uint32_t world_cpu_count(void)
{
    return machine()->cpus ? machine()->cpus : 1;
}

uint64_t world_ram_pages(void)
{
    return machine()->ram_bytes / NT_PAGE;
}

uint64_t world_ram_free_pages(void)
{
    struct world_process *p = guest_process_any();
    uint64_t limit, used, peak;

    if (!p || backend_memory_quota(p->clients.pager, &limit, &used, &peak) != JN_OK ||
        limit > world_ram_pages())
        return world_ram_pages() / 2;
    return limit > used ? limit - used : 0;
}

void world_log(const char *format, ...)
{
    char line[400];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    jn_log(JN_LOG_WARNING, "%s", line);
}

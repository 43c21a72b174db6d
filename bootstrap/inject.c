/* A server that ends at a chosen moment, for tests and `./janus study`: the setting `SERVER.end=NS` takes
 * its thread away when the machine's clock stands at NS nanoseconds, whatever instruction it is at. */
#include <stdio.h>

#include "bootstrap.h"
#include "janus/object.h"
#include "janus/runtime.h"

/* When this server is to end; 0: never. */
static uint64_t end_of(const struct server *server)
{
    char key[sizeof server->name + 4];
    struct text value = {0};
    uint64_t number = 0;
    int length = snprintf(key, sizeof key, "%s.end", server->name);
    if (!manifest_setting(&manifest, key, (size_t)length, &value))
        return 0;
    for (size_t i = 0; i < value.length; i++) {
        if (value.at[i] < '0' || value.at[i] > '9' || number > UINT64_MAX / 16)
            return 0;
        number = number * 10 + (uint64_t)(value.at[i] - '0');
    }
    return number;
}

/* Times up to here have been dealt with. */
static uint64_t passed;

uint64_t inject_next(void)
{
    uint64_t next = 0;
    for (size_t i = 0; i < server_count; i++) {
        uint64_t end = end_of(&servers[i]);
        if (end > passed && (!next || end < next))
            next = end;
    }
    return next;
}

void inject_run(void)
{
    uint64_t now = jn_time_monotonic();
    for (size_t i = 0; i < server_count; i++) {
        struct server *server = &servers[i];
        uint64_t end = end_of(server);
        if (end <= passed || end > now || server->thread == JN_CAP_NULL)
            continue;
        jn_log(JN_LOG_WARNING, "%s is made to end, as the boot's settings ask", server->name);
        if (jn_cap_destroy(server->thread) != JN_OK)
            jn_cap_delete(server->thread);
        server->thread = JN_CAP_NULL;
        server_ended(server);
    }
    passed = now;
}

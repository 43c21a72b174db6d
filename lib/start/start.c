/* Start and end of a native task. */
#include <stdio.h>

#include "janus/idl/name.h"
#include "janus/object.h"
#include "janus/runtime.h"
#include <string.h>

/* Received capabilities land in these slots and are moved on at once (ipc/message.c). */
#define LANDING_SLOTS JN_ITEMS_MAX

_Noreturn void jn_start(void);
int main(void); /* the program's; returning from it ends the task */

static _Noreturn void end_task(void)
{
    /* Destroying the own task also ends this thread. Without the right, an exception ends it. */
    jn_status_t ignored = jn_cap_destroy(JN_CAP_TASK);
    (void)ignored;
    __builtin_trap();
}

_Noreturn void jn_start(void)
{
    struct jn_utcb *utcb = jn_utcb();
    utcb->recv_cap_base = jn_slot_alloc_range(LANDING_SLOTS);
    utcb->recv_cap_count = LANDING_SLOTS;
    (void)main();
    end_task();
}

_Noreturn void jn_panic(const char *format, ...)
{
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    jn_log(JN_LOG_ERROR, "%s", line);
    end_task();
}

jn_status_t jn_name_lookup(const char *path, cap_t *object)
{
    return name_lookup(JN_CAP_NAMES, path, strlen(path), 0, 0, object);
}

jn_status_t jn_name_wait(const char *path, cap_t *object)
{
    return name_lookup(JN_CAP_NAMES, path, strlen(path), NAME_WAIT, 0, object);
}

jn_status_t jn_name_register(const char *path, cap_t object)
{
    return name_publish(JN_CAP_NAMES, path, strlen(path), object);
}

/* A native server that crashes on purpose, three calls deep; the setting `crash` says how. */
#include <string.h>

#include "janus/idl/supervisor.h"
#include "janus/runtime.h"

static __attribute__((noinline)) int inner(const char *how, volatile int *nowhere)
{
    if (!strcmp(how, "write"))
        *nowhere = 1;
    else if (!strcmp(how, "instruction"))
        __asm__ volatile("ud2");
    else if (!strcmp(how, "jump"))
        ((void (*)(void))0x123456)();
    return *nowhere + 1;
}

static __attribute__((noinline)) int middle(const char *how, uintptr_t nowhere)
{
    char copy[64];
    strncpy(copy, how, sizeof copy - 1);
    return inner(copy, (volatile int *)nowhere) + copy[0];
}

int main(void)
{
    char how[32] = "read";
    uint64_t length = 0;
    jn_log_set_name("crash");
    jn_status_t status = supervisor_setting(JN_CAP_SUPERVISOR, "crash", 5, how, sizeof how - 1, &length);
    if (status == JN_OK)
        how[length] = '\0';
    jn_log(JN_LOG_INFO, "ends by %s", how);
    return middle(how, 0xdead000) + 1;
}

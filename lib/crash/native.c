/* What a supervisor of native tasks reports of one that crashed. */
#include "janus/crash.h"
#include "janus/ipc.h"
#include "janus/runtime.h"

static size_t read_caller(void *context, uint64_t address, void *buffer, size_t length)
{
    uint64_t fault[2];
    size_t done = 0;
    (void)context;
    jn_status_t status = jn_space_copy_in(JN_CAP_NULL, address, buffer, length, &done, fault);
    return status == JN_OK || status == JN_FAULT ? done : 0;
}

jn_status_t jn_crash_native(struct jn_call *call, uint32_t kind, const char *name, const char *path,
                            bool *ended)
{
    const uint64_t *words = call->message.words;
    *ended = kind == JN_KM_EXCEPTION;
    if (kind == JN_KM_PAGE_FAULT)
        return JN_FAULT;
    if (kind != JN_KM_EXCEPTION)
        return JN_BAD_CALL;
    const struct jn_state state = jn_utcb()->state; /* log lines go through the UTCB */
    uint64_t vector = words[0], error = words[1], address = words[4];
    if (vector == 14)
        jn_log(JN_LOG_ERROR, "crash: task %s, thread 1: page fault, %s %lx (%s) at rip %lx", name,
               error & JN_ACCESS_EXEC    ? "execution of"
               : error & JN_ACCESS_WRITE ? "write to"
                                         : "read of",
               (unsigned long)address, error & JN_FAULT_PRESENT ? "not allowed" : "nothing there",
               (unsigned long)state.rip);
    else
        jn_log(JN_LOG_ERROR, "crash: task %s, thread 1: %s (vector %lu, error %lx) at rip %lx", name,
               jn_crash_vector(vector), (unsigned long)vector, (unsigned long)error,
               (unsigned long)state.rip);
    jn_crash_registers(&state);
    jn_log(JN_LOG_INFO, "crash: program %s", path);
    jn_crash_end(state.r[JN_REG_RSP], read_caller, NULL);
    return JN_HELD;
}

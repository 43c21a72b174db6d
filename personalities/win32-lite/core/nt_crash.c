/* What the log says of a program that ends by an exception which nobody handled: the report of
 * lib/crash. Wine's ntdll decides that in the program: it unwinds, and ends the process with the
 * exception's code. So the state of the last error is kept until then. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "janus/crash.h"
#include "janus/runtime.h"

struct nt_crash {
    struct nt_exception_record record;
    struct jn_state state; /* registers only */
};

#define IS_ERROR(code) ((code) >> 30 == 3)

void nt_crash_remember(struct nt_thread *t, const struct nt_exception_record *record,
                       const struct jn_state *state)
{
    if (!IS_ERROR(record->code))
        return;
    if (!t->crash)
        t->crash = malloc(sizeof *t->crash);
    if (!t->crash)
        return; /* there will be no report */
    t->crash->record = *record;
    memcpy(&t->crash->state, state, offsetof(struct jn_state, dr));
}

static const char *code_name(uint32_t code)
{
    switch (code) {
    case (uint32_t)NT_ACCESS_VIOLATION: return "access violation";
    case (uint32_t)NT_STACK_OVERFLOW: return "stack overflow";
    case (uint32_t)NT_INTEGER_DIVIDE_BY_ZERO: return "division by zero";
    case (uint32_t)NT_ILLEGAL_INSTRUCTION: return "illegal instruction";
    case (uint32_t)NT_PRIVILEGED_INSTRUCTION: return "privileged instruction";
    case 0xc0000409u: return "fail-fast";
    default: return "exception";
    }
}

static void report_modules(struct nt_process *p)
{
    char path[320];
    for (size_t i = 0; i < p->space.count; i++) {
        const struct nt_view *view = p->space.views[i];
        size_t length = 0;
        if (view->type != NT_MEM_IMAGE || !view->file ||
            world_file_path(p->world, view->file->open, path, sizeof path - 1, &length) != JN_OK ||
            length >= sizeof path)
            continue;
        path[length] = '\0';
        jn_crash_module(view->base, view->base + view->size, 0, path);
    }
}

static size_t read_stack(void *context, uint64_t address, void *buffer, size_t length)
{
    struct nt_thread *t = context;
    size_t done = 0;
    world_status status = world_memory_read(t->process->world, address, buffer, length, &done);
    return status == JN_OK ? length : done;
}

void nt_crash_report(struct nt_thread *t, uint32_t status, bool sure)
{
    const struct nt_crash *crash = t->crash;
    if (!crash || (!sure && (!IS_ERROR(status) || crash->record.code != status)))
        return;
    const struct nt_exception_record *record = &crash->record;
    const char *name = t->process->executable, *slash = name ? strrchr(name, '/') : NULL;
    char where[64] = "";
    if (record->code == (uint32_t)NT_ACCESS_VIOLATION && record->count == 2 &&
        record->information[1] != UINT64_MAX)
        snprintf(where, sizeof where, ", %s %llx",
                 record->information[0] == 8   ? "execution of"
                 : record->information[0] == 1 ? "write to"
                                               : "read of",
                 (unsigned long long)record->information[1]);
    jn_log(JN_LOG_WARNING, "crash: process %u (%s), thread %u: %s (%08x)%s at rip %llx",
           (unsigned)t->process->pid, slash ? slash + 1 : name ? name : "?", (unsigned)t->tid,
           code_name(record->code), record->code, where, (unsigned long long)record->address);
    jn_crash_registers(&crash->state);
    report_modules(t->process);
    jn_crash_end(crash->state.r[JN_REG_RSP], read_stack, t);
}

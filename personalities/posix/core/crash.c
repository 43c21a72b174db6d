/* What the log says of a program that ends by its own fault: the report of lib/crash. */
#include <stdio.h>
#include <string.h>

#include "janus/backend/io.h"
#include "janus/crash.h"
#include "janus/runtime.h"
#include "process.h"
#include "signals.h"
#include "user.h"

static const char *signal_name(uint32_t number)
{
    switch (number) {
    case LX_SIGILL: return "SIGILL";
    case LX_SIGTRAP: return "SIGTRAP";
    case LX_SIGABRT: return "SIGABRT";
    case LX_SIGBUS: return "SIGBUS";
    case LX_SIGFPE: return "SIGFPE";
    case LX_SIGSEGV: return "SIGSEGV";
    case LX_SIGSYS: return "SIGSYS";
    default: return "a signal";
    }
}

/* Which files its code comes from: every executable region of one. */
static void report_modules(struct process *p)
{
    char path[320];
    size_t length;
    uint64_t at = 0;
    for (const struct region *r; (r = region_map_next(p->mm->map, at)); at = r->start + r->length)
        if (r->source && r->source->file == REGION_SOURCE_FILE && r->access & JN_X &&
            backend_fs_path_of(&p->mm->owner->clients, r->source->number, path, sizeof path - 1,
                               &length) == JN_OK && length < sizeof path) {
            path[length] = '\0';
            jn_crash_module(r->start, r->start + r->length, r->offset, path);
        }
}

static size_t read_stack(void *context, uint64_t address, void *buffer, size_t length)
{
    return user_read_partial(context, buffer, address, length);
}

void crash_report(struct thread *t, const struct task_siginfo *info, const struct jn_state *state)
{
    const struct jn_state regs = *state; /* reading the stack may use the scratch states */
    struct process *p = t->process;
    char cause[80];
    uint32_t number = (uint32_t)info->number;
    bool memory = number == LX_SIGSEGV || number == LX_SIGBUS;
    if (memory && t->message == MESSAGE_FAULT)
        snprintf(cause, sizeof cause, "%s %lx (%s)",
                 t->args[1] & JN_ACCESS_EXEC    ? "execution of"
                 : t->args[1] & JN_ACCESS_WRITE ? "write to"
                                                : "read of",
                 (unsigned long)info->address,
                 number == LX_SIGBUS              ? "beyond the file"
                 : info->code == LX_SEGV_MAPERR ? "nothing there"
                                                : "not allowed");
    else
        snprintf(cause, sizeof cause, "code %d, address %lx", info->code,
                 (unsigned long)info->address);
    jn_log(JN_LOG_WARNING, "crash: process %lu (%s), thread %lu: %s, %s at rip %lx",
           (unsigned long)p->pid, t->name, (unsigned long)t->tid, signal_name(number), cause,
           (unsigned long)regs.rip);
    jn_crash_registers(&regs);
    report_modules(p);
    jn_crash_end(regs.r[JN_REG_RSP], read_stack, t);
}

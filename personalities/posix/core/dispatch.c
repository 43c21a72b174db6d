/* Where messages of program threads enter the core. */
#include "janus/runtime.h"
#include "linux/memory.h"
#include "mm.h"
#include "placement.h"
#include "process.h"
#include "signals.h"
#include "syscalls.h"
#include "user.h"
#include "wait.h"

char core_scratch[CORE_SCRATCH];
struct jn_state core_state;
cap_t core_pager_template;

static long (*const handlers[SYSCALL_NUMBERS])(struct thread *, const uint64_t *) = {
#define X(number, name) [number] = sys_##name,
    SYSCALLS(X)
#undef X
};

/* ENOSYS, with one line per process and number. */
static long unknown(struct thread *t)
{
    struct process *p = t->process;
    uint64_t number = t->number;
    uint64_t *word = number < SYSCALL_NUMBERS ? &p->logged[number / 64] : &p->logged[0];
    uint64_t bit = number < SYSCALL_NUMBERS ? 1ull << number % 64 : 1; /* 0 is read: never unknown */
    if (!(*word & bit)) {
        *word |= bit;
        jn_log(JN_LOG_WARNING,
               "unsupported system call %lu(%#lx, %#lx, %#lx, %#lx, %#lx, %#lx) of %s (%lu)",
               (unsigned long)number, (unsigned long)t->args[0], (unsigned long)t->args[1],
               (unsigned long)t->args[2], (unsigned long)t->args[3], (unsigned long)t->args[4],
               (unsigned long)t->args[5], t->name, (unsigned long)p->pid);
    }
    return -LX_ENOSYS;
}

static void trace_call(const struct thread *t)
{
    static const char *const names[SYSCALL_NUMBERS] = {
#define X(number, name) [number] = #name,
        SYSCALLS(X)
#undef X
    };
    const char *name = t->number < SYSCALL_NUMBERS ? names[t->number] : NULL;
    jn_log(JN_LOG_DEBUG, "%lu %s(%lu) %s[%lu](%#lx, %#lx, %#lx, %#lx)",
           (unsigned long)t->handle & 0xffff, t->name, (unsigned long)t->tid, name ? name : "?",
           (unsigned long)t->number, (unsigned long)t->args[0], (unsigned long)t->args[1],
           (unsigned long)t->args[2], (unsigned long)t->args[3]);
}

void syscall_run(struct thread *t)
{
    uint64_t handle = t->handle;
    if (t->process->trace)
        trace_call(t);
    long (*handler)(struct thread *, const uint64_t *) =
        t->number < SYSCALL_NUMBERS ? handlers[t->number] : NULL;
    long result;
    if (handler)
        result = handler(t, t->args);
    else if (!placement_private_call(t, &result))
        result = unknown(t);
    if (result == CORE_GONE)
        return;
    t->tried = false;
    if (t->process->trace)
        jn_log(JN_LOG_DEBUG, "%lu -> %ld", (unsigned long)handle & 0xffff, result);
    if (result != CORE_WAITING)
        thread_leave(t, result);
}

void core_syscall(uint64_t label, const uint64_t words[10])
{
    struct thread *t = core_handle_find(label, CORE_THREAD);
    if (!t)
        return;
    t->message = MESSAGE_SYSCALL;
    t->number = words[4];
    t->args[0] = words[5], t->args[1] = words[6], t->args[2] = words[0];
    t->args[3] = words[1], t->args[4] = words[2], t->args[5] = words[3];
    t->rip = words[7];
    t->rsp = words[8];
    t->wait = (struct wait){0};
    syscall_run(t);
}

void core_page_fault(uint64_t label, const uint64_t words[10])
{
    struct thread *t = core_handle_find(label, CORE_THREAD);
    if (!t)
        return;
    t->message = MESSAGE_FAULT;
    t->args[0] = words[0];
    t->args[1] = words[1];
    uint64_t address = words[0];
    uint32_t access = words[1] & JN_ACCESS_WRITE  ? JN_W
                      : words[1] & JN_ACCESS_EXEC ? JN_X
                                                  : JN_R;
    if (placement_inside(t, words[2], PLACEMENT_FAULT, address, access))
        return;
    jn_status_t status = mm_resolve(t->process->mm, address, access, &t->backend);
    switch (status) {
    case JN_OK:
        break;
    case JN_RANGE:
    case JN_IO:
        jn_log(JN_LOG_DEBUG, "%s (%lu): page at %#lx: status %d", t->name,
               (unsigned long)t->process->pid, (unsigned long)address, status);
        signal_force(t, LX_SIGBUS, LX_BUS_ADRERR, address);
        break;
    case JN_NO_MEMORY:
    case JN_QUOTA:
        jn_log(JN_LOG_WARNING, "out of memory: %s (%lu) ends at address %#lx", t->name,
               (unsigned long)t->process->pid, (unsigned long)address);
        process_terminate(t->process, TASK_SIGNALLED, LX_SIGKILL);
        return;
    case JN_ACCESS:
        signal_force(t, LX_SIGSEGV, LX_SEGV_ACCERR, address);
        break;
    default:
        signal_force(t, LX_SIGSEGV, LX_SEGV_MAPERR, address);
        break;
    }
    thread_leave(t, 0);
}

/* Exceptions as signals, as Linux's traps.c has them. */
void core_exception(uint64_t label, const uint64_t words[10])
{
    struct thread *t = core_handle_find(label, CORE_THREAD);
    if (!t)
        return;
    t->message = MESSAGE_OTHER;
    uint64_t rip = words[2];
    if (placement_inside(t, rip, PLACEMENT_EXCEPTION, 0, 0))
        return;
    switch (words[0]) {
    case 0:
        signal_force(t, LX_SIGFPE, LX_FPE_INTDIV, rip);
        break;
    case 1:
        signal_force(t, LX_SIGTRAP, LX_TRAP_TRACE, rip);
        break;
    case 3:
        signal_force(t, LX_SIGTRAP, LX_SI_KERNEL, 0);
        break;
    case 4:
        signal_force(t, LX_SIGSEGV, LX_SI_KERNEL, 0);
        break;
    case 5:
        signal_force(t, LX_SIGSEGV, LX_SI_KERNEL, 0);
        break;
    case 6:
        signal_force(t, LX_SIGILL, LX_ILL_ILLOPN, rip);
        break;
    case 16:
    case 19:
        signal_force(t, LX_SIGFPE, signal_fpe_code(t, (uint32_t)words[0]), rip);
        break;
    case 17:
        signal_force(t, LX_SIGBUS, LX_BUS_ADRALN, 0);
        break;
    case 12:
        signal_force(t, LX_SIGBUS, LX_SI_KERNEL, 0);
        break;
    case 14:
        signal_force(t, LX_SIGSEGV, LX_SEGV_MAPERR, words[4]);
        break;
    default: /* #GP and what else user mode can raise */
        signal_force(t, LX_SIGSEGV, LX_SI_KERNEL, 0);
        break;
    }
    thread_leave(t, 0);
}

void core_attention(uint64_t label, const uint64_t words[10])
{
    struct thread *t = core_handle_find(label, CORE_THREAD);
    (void)words;
    if (!t)
        return;
    t->message = MESSAGE_OTHER;
    t->attention = false;
    if (!placement_inside(t, 0, PLACEMENT_ATTENTION, 0, 0))
        thread_leave(t, 0);
}

void core_event(uint32_t server, uint64_t cookie, uint32_t events)
{
    struct thread *t = core_handle_find(cookie, CORE_THREAD);
    if (t) {
        if (t->wait.parked) {
            t->wait.events |= events | 1u << 31;
            /* It may have been of an earlier call. Then the handler arms again and notes it, or finds what
             * it waits for, which has taken the arming as well; else a signal ends the call, and what is
             * left armed is such an entry, once. */
            if (t->wait.once && server != WAIT_TASK)
                t->wait.armed = 0;
        }
        wait_wake(t);
        return;
    }
    struct process *p = core_handle_find(cookie, CORE_PROCESS);
    if (p && server == WAIT_TASK) {
        if (events & TASK_EVENT_REQUEST)
            process_show(p);
        if (events & TASK_EVENT_THREAD_SIGNAL && !(events & TASK_EVENT_KILLED))
            signal_thread_event(p);
        if (events & TASK_EVENT_KILLED)
            process_killed(p);
        else if (events & TASK_EVENT_SIGNAL)
            signal_process_event(p);
    }
}

void core_idle(void)
{
    wait_run_woken();
}

/* Entries of the world into the core: system calls, faults, wake-ups, deadlines. */
#include <stdlib.h>
#include <string.h>

#include "nt_job.h"
#include "nt_lease.h"
#include "nt_remote.h"

static struct nt_list ready;     /* threads whose held call runs again */
static struct nt_list deadlines; /* threads by deadline, the next one first */

void nt_core_init(void)
{
    nt_list_init(&ready);
    nt_list_init(&deadlines);
}

/* Here, or where the process is that it acts on. */
static nt_status run_service(struct nt_thread *t)
{
    uint64_t pid, tid;
    nt_status status;

    if (!nt_remote_wanted(t, &pid, &tid))
        return t->call.service->run(t, t->call.arguments);
    status = nt_remote_forward(t, pid, tid);
    /* What ended meanwhile is answered as an ended process is. */
    return status == NT_REMOTE_GONE ? t->call.service->run(t, t->call.arguments) : status;
}

static void run_call(struct nt_thread *t)
{
    if (t->call.again)
        nt_user_begin(t);
    nt_status status = run_service(t);
    nt_user_end();

    if (status == NT_HELD) {
        t->held = true;
        t->call.again = true;
    } else if (status != NT_STATE) { /* after NT_STATE the thread may be gone */
        nt_thread_finish(t, status);
    }
}

void nt_core_syscall(struct nt_thread *t, const struct nt_syscall *call)
{
    struct nt_call *c = &t->call;
    const char *name = NULL;

    t->stop = NT_STOP_CALL;
    memset(c, 0, offsetof(struct nt_call, arguments));
    c->deadline = 0;
    c->progress = 0;
    c->scratch[0] = c->scratch[1] = 0;
    c->active = true;
    c->again = false;
    c->number = (uint32_t)call->rax;
    c->arguments[0] = call->r10;
    c->arguments[1] = call->rdx;
    c->arguments[2] = call->r8;
    c->arguments[3] = call->r9;
    c->service = nt_service_find(c->number, &name);
    if (!c->service) {
        /* win32u answers are values, not statuses: 0 is the harmless one. */
        bool user = (c->number & 0x3000) == 0x1000;
        world_log("win32: pid %u: unknown service %s (0x%x) (%llx, %llx, %llx, %llx)",
                  (unsigned)t->process->pid, name ? name : "?", c->number,
                  (unsigned long long)call->r10, (unsigned long long)call->rdx,
                  (unsigned long long)call->r8, (unsigned long long)call->r9);
        nt_thread_finish(t, user ? 0 : NT_NOT_IMPLEMENTED);
        nt_core_run();
        return;
    }
    nt_user_begin(t);
    if (c->service->count > 4 &&
        NT_FAILED(nt_read(t, call->rsp + 0x28, c->arguments + 4, (c->service->count - 4u) * 8))) {
        nt_user_end();
        nt_thread_finish(t, NT_ACCESS_VIOLATION);
        nt_core_run();
        return;
    }
    run_call(t);
    nt_core_run();
}

/* Before a thread's function is called, ntdll stores zeroes into 0xf0000 bytes of its stack, from the
 * lowest address up (rep stosq). Where the stack was never touched they are zeroes already: the
 * store goes on where the loader has used it (nt_memory_fault keeps stack_low), and no memory is spent
 * on the rest. */
static bool skip_clearing(struct nt_thread *t, uint64_t address)
{
    static const uint8_t stores[3] = {0xf3, 0x48, 0xab};
    struct jn_state state;
    uint8_t code[3];
    uint64_t begin, end;

    if (t->started || address < t->stack_allocation || address >= t->stack_base)
        return false;
    if (world_thread_state(t->world, &state) != JN_OK || state.r[JN_REG_RAX] ||
        (state.rflags & 0x400) || (state.r[JN_REG_RDI] & ~NT_MASK_PAGE) != (address & ~NT_MASK_PAGE) ||
        state.r[JN_REG_RCX] > 0x100000 / 8 || NT_FAILED(nt_read(t, state.rip, code, 3)) ||
        code[0] != stores[0] || code[1] != stores[1] || code[2] != stores[2])
        return false;
    begin = state.r[JN_REG_RDI];
    end = begin + state.r[JN_REG_RCX] * 8;
    if (end > t->stack_base || begin & 7 || begin >= t->stack_low)
        return false;
    begin = end < t->stack_low ? end : t->stack_low;
    state.r[JN_REG_RDI] = begin;
    state.r[JN_REG_RCX] = (end - begin) / 8;
    state.valid = JN_STATE_REGS;
    t->stop = NT_STOP_NONE;
    if (t->suspend_count)
        nt_thread_keep_state(t, &state);
    else
        world_thread_resume_with(t->world, &state);
    return true;
}

void nt_core_fault(struct nt_thread *t, uint64_t address, uint32_t access)
{
    struct nt_exception_record record;
    struct jn_state state;
    nt_status status;

    t->stop = NT_STOP_FAULT;
    if (!t->started && access == JN_ACCESS_WRITE && skip_clearing(t, address)) {
        nt_core_run();
        return;
    }
    status = nt_memory_fault(t->process, t, address, access);
    if (status == NT_SUCCESS) {
        nt_thread_finish(t, 0);
        nt_core_run();
        return;
    }
    if (world_thread_abort_fast(t->world)) {
        t->stop = NT_STOP_NONE; /* the call comes again, to a service that says what is wrong */
        return;
    }
    if (world_thread_state(t->world, &state) != JN_OK) {
        nt_process_end(t->process, status);
        return;
    }
    memset(&record, 0, sizeof record);
    record.code = status;
    record.address = state.rip;
    if (status != NT_STACK_OVERFLOW) {
        record.count = 2;
        record.information[0] = access == JN_ACCESS_WRITE ? 1 : access == JN_ACCESS_EXEC ? 8 : 0;
        record.information[1] = address;
    }
    nt_exception_raise(t, &record, &state);
    nt_core_run();
}

bool nt_core_resolve(struct nt_process *p, struct nt_thread *t, uint64_t address, uint32_t access)
{
    return nt_memory_fault(p, t, address, access) == NT_SUCCESS;
}

void nt_thread_wake(struct nt_thread *t)
{
    if (t->held && nt_list_empty(&t->ready_link))
        nt_list_append(&ready, &t->ready_link);
}

/* Takes a held call out of everything it waits in. */
void nt_thread_unhold(struct nt_thread *t)
{
    for (uint32_t i = 0; i < t->wait_count; i++)
        nt_list_remove(&t->waits[i].link);
    t->wait_count = 0;
    if (t->armed)
        world_disarm(t->process->world, t->cookie);
    t->armed = false;
    nt_list_remove(&t->ready_link);
    if (t->has_deadline) {
        nt_list_remove(&t->deadline_link);
        t->has_deadline = false;
    }
    if (t->keyed_queued) {
        nt_list_remove(&t->keyed_link);
        t->keyed_queued = false;
    }
    t->held = false;
}

void nt_core_run(void)
{
    while (!nt_list_empty(&ready)) {
        struct nt_thread *t = nt_container(ready.next, struct nt_thread, ready_link);
        nt_thread_unhold(t);
        run_call(t);
    }
    nt_lease_renew();
}

void nt_core_woken(uint64_t cookie)
{
    struct nt_thread *t;

    if (cookie & NT_ASYNC_COOKIE) {
        nt_async_woken(cookie);
        nt_core_run();
        return;
    }
    if (cookie & NT_WATCH_COOKIE) {
        nt_watch_woken(cookie);
        nt_core_run();
        return;
    }
    if (cookie & NT_JOB_COOKIE) {
        nt_job_woken(cookie);
        nt_core_run();
        return;
    }
    t = nt_thread_by_cookie(cookie);
    if (t && t->held) {
        nt_thread_wake(t);
        nt_core_run();
    }
}

void nt_thread_set_deadline(struct nt_thread *t, uint64_t deadline)
{
    struct nt_list *place = deadlines.next;

    if (deadline == UINT64_MAX)
        return;
    t->deadline = deadline;
    while (place != &deadlines &&
           nt_container(place, struct nt_thread, deadline_link)->deadline <= deadline)
        place = place->next;
    nt_list_append(place, &t->deadline_link); /* before `place` */
    t->has_deadline = true;
}

uint64_t nt_core_deadline(void)
{
    uint64_t next = nt_timer_next(), limit = nt_signal_next();

    if (limit < next)
        next = limit;

    if (!nt_list_empty(&deadlines)) {
        uint64_t first = nt_container(deadlines.next, struct nt_thread, deadline_link)->deadline;
        if (first < next)
            next = first;
    }
    return next;
}

void nt_core_timeout(void)
{
    uint64_t now = world_time_monotonic();

    nt_timer_run(now);
    nt_signal_run(now);
    while (!nt_list_empty(&deadlines)) {
        struct nt_thread *t = nt_container(deadlines.next, struct nt_thread, deadline_link);
        if (t->deadline > now)
            break;
        nt_list_remove(&t->deadline_link);
        t->has_deadline = false;
        nt_thread_wake(t);
    }
    nt_core_run();
}

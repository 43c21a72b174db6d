/* Threads that are found in the adapter: a fast call met a page that was not there, a bad address, or
 * took too long for somebody who wants the thread. */
#include <string.h>

#include "fast_files.h"
#include "fast_futex.h"
#include "janus/abi/utcb.h"
#include "janus/adapter.h"
#include "janus/runtime.h"
#include "library.h"
#include "mm.h"
#include "placement.h"
#include "process.h"
#include "signals.h"

/* fast.asm */
extern const char fast_begin[], fast_end[], fast_abort[];
extern const char fast_told_begin[], fast_told_end[], fast_finish[];

extern const char fast_c_abort[], fast_return_left[], fast_return_end[];

/* adapter.lds */
extern const char fast_c_begin[], fast_c_end[];

/* entry.asm */
extern const char adapter_redirected[], adapter_inside[];
extern const char adapter_left[], adapter_stop[], adapter_stop_saved[], adapter_leave_end[];

static struct jn_state state;

static bool is_in(uint64_t rip, const char *begin, const char *end)
{
    return rip >= (uint64_t)(uintptr_t)begin && rip < (uint64_t)(uintptr_t)end;
}

static bool read_state(struct thread *t)
{
    return backend_thread_read(&t->backend, JN_STATE_REGS, &state) == JN_OK;
}

static bool go_to(struct thread *t, const char *label)
{
    state.rip = (uint64_t)(uintptr_t)label;
    return backend_thread_write(&t->backend, JN_STATE_REGS, &state) == JN_OK;
}

/* The registers that fast_abort restores are saved before the lock is taken and before anything can
 * fault. `locked`: the file whose lock the thread is to give back there, or NULL. */
static bool abandon(struct thread *t, struct adapter_lease *file, struct adapter_lease *locked)
{
    if (file && file->waiter == (uint32_t)t->backend.utcb)
        file->waiter = 0;
    state.r[JN_REG_RCX] = t->backend.utcb;
    state.r[JN_REG_R11] = (uint64_t)(uintptr_t)locked;
    return go_to(t, fast_abort);
}

bool library_send_away(struct thread *t, struct adapter_lease *file)
{
    return read_state(t) && is_in(state.rip, fast_begin, fast_end) && abandon(t, file, NULL);
}

static bool give_up(struct thread *t, enum placement_event event)
{
    if (is_in(state.rip, fast_told_begin, fast_told_end) && event == PLACEMENT_FAULT)
        return go_to(t, fast_finish);
    if (is_in(state.rip, fast_c_begin, fast_c_end)) {
        if (event == PLACEMENT_ATTENTION)
            return false;
        state.r[JN_REG_RCX] = t->backend.utcb;
        t->futex_owed = !fast_futex_leave(t);
        return go_to(t, fast_c_abort);
    }
    struct adapter_lease *file = fast_files_locked(t, state.r[JN_REG_R11]);
    if (!is_in(state.rip, fast_begin, fast_end) || (event == PLACEMENT_ATTENTION && !file))
        return false;
    return abandon(t, file, file);
}

/* Back into the adapter; what waits for the thread is told when it leaves. */
static void go_on(struct thread *t)
{
    t->message = MESSAGE_NONE;
    if ((signal_deliverable(t) || t->process->stopped) && !t->attention)
        t->attention = backend_thread_attention(&t->backend) == JN_OK;
    backend_thread_answer_resume(&t->backend, false);
}

/* The thread is in the adapter's text, but not yet, or no longer, in a call: then it is brought to the
 * program's next instruction. */
static bool is_outside(struct thread *t)
{
    const struct jn_utcb *utcb = (const struct jn_utcb *)t->backend.utcb;
    if (is_in(state.rip, adapter_redirected, adapter_inside)) {
        state.rip = state.r[JN_REG_RCX] - 2; /* of the stub: its own syscall */
    } else if (is_in(state.rip, fast_return_left, fast_return_end) &&
               !(utcb->in_adapter & JN_ADAPTER_INSIDE)) {
        memcpy(state.r, utcb->state.r, sizeof state.r);
        state.rip = utcb->state.rip;
        state.rflags = utcb->state.rflags;
    } else if (is_in(state.rip, adapter_left, adapter_leave_end) &&
               !(utcb->in_adapter & JN_ADAPTER_INSIDE)) {
        if (is_in(state.rip, adapter_stop_saved, adapter_leave_end))
            memcpy(state.r, utcb->state.r, sizeof state.r);
        else if (is_in(state.rip, adapter_stop + 1, adapter_stop_saved))
            state.r[JN_REG_RAX] = utcb->state.r[JN_REG_RAX];
        state.rip = state.r[JN_REG_RCX] = utcb->door_rip;
        state.r[JN_REG_RSP] = utcb->door_rsp;
        state.rflags = state.r[JN_REG_R11] = utcb->door_rflags;
    } else {
        return false;
    }
    return backend_thread_write(&t->backend, JN_STATE_REGS, &state) == JN_OK;
}

bool placement_inside(struct thread *t, uint64_t rip, enum placement_event event, uint64_t address,
                      uint32_t access)
{
    const struct adapter_header *header = (const struct adapter_header *)ADAPTER_BASE;
    if (event == PLACEMENT_ATTENTION) {
        if (!read_state(t))
            return false;
        rip = state.rip;
    }
    if (rip - ADAPTER_BASE >= header->text_bytes)
        return false;
    if (event == PLACEMENT_ATTENTION && is_outside(t))
        return false;
    bool fine = event == PLACEMENT_ATTENTION;
    if (event == PLACEMENT_FAULT)
        fine = address >= ADAPTER_BASE && address < ADAPTER_END
                   ? fast_files_fault(t, address)
                   : mm_resolve(t->process->mm, address, access, &t->backend) == JN_OK;
    if (event == PLACEMENT_ATTENTION || !fine) {
        bool known = event == PLACEMENT_ATTENTION || read_state(t);
        /* Somebody who wanted its lock may have sent it away since the fault was reported. */
        bool given_up = known && (state.rip != rip || give_up(t, event));
        if (!given_up && !fine) {
            jn_log(JN_LOG_ERROR, "the adapter of %s (%lu) failed at %#lx, address %#lx", t->name,
                   (unsigned long)t->process->pid, (unsigned long)rip, (unsigned long)address);
            process_terminate(t->process, TASK_SIGNALLED, LX_SIGSEGV);
            return true;
        }
    }
    go_on(t);
    return true;
}

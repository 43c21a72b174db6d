/* Faults and exceptions become calls of KiUserExceptionDispatcher, APCs of KiUserApcDispatcher:
 * frames on the thread's own stack (wine's dispatchers say what they expect there). */
#include <stdlib.h>
#include <string.h>

#include "core.h"

#define FLAGS_CLEARED (0x100ull | 0x400ull | 0x40000ull) /* TF, DF, AC */

struct exception_frame {
    struct nt_context context;
    struct {
        int32_t all_offset;
        uint32_t all_length;
        int32_t legacy_offset;
        uint32_t legacy_length;
        int32_t xstate_offset;
        uint32_t xstate_length;
        uint64_t align;
    } extended;
    struct nt_exception_record record;
    uint64_t align;
};
_Static_assert(offsetof(struct exception_frame, record) == 0x4f0, "dispatcher");
_Static_assert(sizeof(struct exception_frame) == 0x590, "dispatcher");

nt_status nt_exception_raise(struct nt_thread *t, const struct nt_exception_record *record,
                             struct jn_state *state)
{
    struct exception_frame frame;
    uint64_t place = ((state->r[JN_REG_RSP] - 0x20 - sizeof frame) & ~63ull) - 0x40;

    nt_crash_remember(t, record, state);
    memset(&frame, 0, sizeof frame);
    nt_context_from_state(&frame.context, state, 0x10001fu);
    if (record->code == (uint32_t)NT_BREAKPOINT)
        frame.context.rip = record->address;
    frame.extended.all_offset = -0x4d0;
    frame.extended.all_length = 0x4f0;
    frame.extended.legacy_offset = -0x4d0;
    frame.extended.legacy_length = 0x4d0;
    frame.extended.xstate_offset = 0x4f0 - 0x4d0;
    frame.record = *record;
    if (NT_FAILED(nt_write(t, place, &frame, sizeof frame))) {
        /* No stack to tell it on. */
        world_log("win32: pid %u: exception %08x at %llx, and no stack at %llx",
                  (unsigned)t->process->pid, record->code, (unsigned long long)record->address,
                  (unsigned long long)place);
        nt_crash_report(t, record->code, true);
        nt_process_end(t->process, record->code);
        return NT_STATE;
    }
    state->r[JN_REG_RSP] = place;
    state->rip = t->process->entry_exception;
    state->rflags &= ~FLAGS_CLEARED;
    state->valid = JN_STATE_REGS;
    t->call.active = false;
    t->stop = NT_STOP_NONE;
    if (t->suspend_count) {
        nt_thread_keep_state(t, state);
        return NT_STATE;
    }
    world_thread_resume_with(t->world, state);
    return NT_STATE;
}

static nt_status fp_code(uint32_t status)
{
    if (status & 1)
        return NT_FLOAT_INVALID_OPERATION;
    if (status & 4)
        return NT_FLOAT_DIVIDE_BY_ZERO;
    if (status & 2)
        return NT_FLOAT_DENORMAL_OPERAND;
    if (status & 8)
        return NT_FLOAT_OVERFLOW;
    if (status & 16)
        return NT_FLOAT_UNDERFLOW;
    return NT_FLOAT_INEXACT_RESULT;
}

/* Whether the instruction at rip is one that only a kernel may execute. */
static bool privileged(struct nt_thread *t, uint64_t rip)
{
    uint8_t code[15] = {0};
    size_t i = 0, length = sizeof code;

    while (length && NT_FAILED(nt_read(t, rip, code, length)))
        length--;
    while (i < length && (code[i] == 0x66 || code[i] == 0xf2 || code[i] == 0xf3 ||
                          code[i] == 0x2e || (code[i] & 0xf0) == 0x40))
        i++;
    if (i >= length)
        return false;
    switch (code[i]) {
    case 0xe4: case 0xe5: case 0xe6: case 0xe7: case 0xec: case 0xed: case 0xee: case 0xef:
    case 0x6c: case 0x6d: case 0x6e: case 0x6f: case 0xfa: case 0xfb: case 0xf4:
        return true;
    case 0x0f:
        if (i + 1 >= length)
            return false;
        switch (code[i + 1]) {
        case 0x06: case 0x08: case 0x09: case 0x20: case 0x21: case 0x22: case 0x23: case 0x30:
        case 0x32: case 0x33:
            return true;
        }
    }
    return false;
}

void nt_core_exception(struct nt_thread *t, uint32_t vector, uint64_t error, uint64_t cr2)
{
    struct nt_exception_record record;
    struct jn_state state;
    uint32_t word;

    t->stop = NT_STOP_FAULT;
    if (world_thread_state(t->world, &state) != JN_OK) {
        nt_process_end(t->process, NT_UNSUCCESSFUL);
        nt_core_run();
        return;
    }
    memset(&record, 0, sizeof record);
    record.address = state.rip;
    switch (vector) {
    case 0: record.code = NT_INTEGER_DIVIDE_BY_ZERO; break;
    case 1: record.code = NT_SINGLE_STEP; break;
    case 3:
        record.code = NT_BREAKPOINT;
        record.address = state.rip - 1;
        record.count = 1;
        break;
    case 4: record.code = NT_INTEGER_OVERFLOW; break;
    case 5: record.code = NT_ARRAY_BOUNDS_EXCEEDED; break;
    case 6: record.code = NT_ILLEGAL_INSTRUCTION; break;
    case 12:
    case 13:
        if ((error & 7) == 2 && error >> 3 == 0x29) { /* __fastfail: no handler sees it */
            world_log("win32: pid %u: fail-fast %llu at %llx", (unsigned)t->process->pid,
                      (unsigned long long)state.r[JN_REG_RCX], (unsigned long long)state.rip);
            record.code = 0xc0000409u; /* STATUS_STACK_BUFFER_OVERRUN */
            nt_crash_remember(t, &record, &state);
            nt_crash_report(t, record.code, true);
            nt_process_end(t->process, record.code);
            nt_core_run();
            return;
        }
        if ((error & 7) == 2 && error >> 3 == 0x2c) {
            record.code = 0xc0000420u; /* STATUS_ASSERTION_FAILURE */
            state.rip += 2;
            break;
        }
        if ((error & 7) == 2 && error >> 3 == 0x2d) {
            record.code = NT_BREAKPOINT;
            record.count = 1;
            record.information[0] = state.r[JN_REG_RAX];
            state.rip += 3;
            record.address = state.rip;
            break;
        }
        if (privileged(t, state.rip)) {
            record.code = NT_PRIVILEGED_INSTRUCTION;
            break;
        }
        record.code = NT_ACCESS_VIOLATION;
        record.count = 2;
        record.information[1] = UINT64_MAX;
        break;
    case 14:
        record.code = NT_ACCESS_VIOLATION;
        record.count = 2;
        record.information[0] = error & 16 ? 8 : error & 2 ? 1 : 0;
        record.information[1] = cr2;
        break;
    case 16:
        word = state.xsave[2] | (uint32_t)state.xsave[3] << 8;
        record.code = fp_code(word);
        break;
    case 17: record.code = NT_DATATYPE_MISALIGNMENT; break;
    case 19:
        memcpy(&word, state.xsave + 24, 4);
        record.code = fp_code(word & ~(word >> 7));
        record.count = 1;
        break;
    default: record.code = NT_ILLEGAL_INSTRUCTION; break;
    }
    nt_exception_raise(t, &record, &state);
    nt_core_run();
}

nt_status NtRaiseException(struct nt_thread *t, const uint64_t *a)
{
    struct nt_exception_record record;
    struct nt_context context;
    struct jn_state state;

    if (NT_FAILED(nt_read(t, a[0], &record, sizeof record)) ||
        NT_FAILED(nt_read(t, a[1], &context, sizeof context)))
        return NT_ACCESS_VIOLATION;
    if (!(uint8_t)a[2]) { /* nobody handled it */
        nt_crash_report(t, record.code, false);
        nt_process_end(t->process, record.code);
        return NT_STATE;
    }
    if (world_thread_state(t->world, &state) != JN_OK)
        return NT_UNSUCCESSFUL;
    nt_context_to_state(&context, &state, context.flags);
    return nt_exception_raise(t, &record, &state);
}

/* ---- APCs ---- */
struct apc_frame {
    uint64_t home[4];
    uint64_t function, align;
    struct nt_context context;
    uint64_t rbp, rip;
};
_Static_assert(sizeof(struct apc_frame) == 0x510, "dispatcher");

void nt_apc_queue(struct nt_thread *t, uint64_t function, uint64_t a, uint64_t b, uint64_t c)
{
    struct nt_apc *apc = malloc(sizeof *apc);

    if (!apc)
        return;
    *apc = (struct nt_apc){.function = function, .arguments = {a, b, c}};
    nt_list_append(&t->apcs, &apc->link);
    nt_thread_wake(t);
}

bool nt_apc_deliver(struct nt_thread *t, struct jn_state *state)
{
    struct apc_frame frame;
    struct nt_apc *apc;
    uint64_t place;

    if (nt_list_empty(&t->apcs))
        return false;
    apc = nt_container(t->apcs.next, struct nt_apc, link);
    place = (state->r[JN_REG_RSP] & ~15ull) - sizeof frame;
    memset(&frame, 0, sizeof frame);
    nt_context_from_state(&frame.context, state, NT_CONTEXT_FULL);
    frame.function = apc->function;
    frame.rbp = state->r[JN_REG_RBP];
    frame.rip = state->rip;
    if (NT_FAILED(nt_write(t, place, &frame, sizeof frame))) {
        nt_process_end(t->process, NT_STACK_OVERFLOW);
        return true;
    }
    state->r[JN_REG_RCX] = place + offsetof(struct apc_frame, context);
    state->r[JN_REG_RDX] = apc->arguments[0];
    state->r[JN_REG_R8] = apc->arguments[1];
    state->r[JN_REG_R9] = apc->arguments[2];
    state->r[JN_REG_RSP] = place - 8;
    state->rip = t->process->entry_apc;
    state->valid |= JN_STATE_REGS;
    nt_list_remove(&apc->link);
    free(apc);
    t->call.active = false;
    t->stop = NT_STOP_NONE;
    if (t->suspend_count) {
        nt_thread_keep_state(t, state);
        return true;
    }
    world_thread_resume_with(t->world, state);
    return true;
}

nt_status NtQueueApcThread(struct nt_thread *t, const uint64_t *a)
{
    struct nt_thread_object *object;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_THREAD, 0x10, &object);

    if (NT_FAILED(status))
        return status;
    if (!object->thread)
        return NT_UNSUCCESSFUL;
    nt_apc_queue(object->thread, a[1], a[2], a[3], a[4]);
    return NT_SUCCESS;
}

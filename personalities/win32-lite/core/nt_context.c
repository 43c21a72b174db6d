/* CONTEXT and the kernel's thread state; NtContinue, NtGetContextThread, NtSetContextThread. */
#include <string.h>

#include "core.h"

#define EFLAGS_USER 0x250fd5u /* what a program may set: status, TF, DF, AC, ID */

void nt_context_from_state(struct nt_context *c, const struct jn_state *s, uint32_t flags)
{
    c->flags = flags | (c->flags & 0xffe00000u);
    if ((flags & NT_CONTEXT_CONTROL) == NT_CONTEXT_CONTROL) {
        c->rbp = s->r[JN_REG_RBP];
        c->rip = s->rip;
        c->rsp = s->r[JN_REG_RSP];
        c->cs = 0x33;
        c->ss = 0x2b;
        c->eflags = (uint32_t)s->rflags;
    }
    if ((flags & NT_CONTEXT_INTEGER) == NT_CONTEXT_INTEGER) {
        c->rax = s->r[JN_REG_RAX];
        c->rcx = s->r[JN_REG_RCX];
        c->rdx = s->r[JN_REG_RDX];
        c->rbx = s->r[JN_REG_RBX];
        c->rsi = s->r[JN_REG_RSI];
        c->rdi = s->r[JN_REG_RDI];
        c->r8 = s->r[JN_REG_R8];
        c->r9 = s->r[JN_REG_R9];
        c->r10 = s->r[JN_REG_R10];
        c->r11 = s->r[JN_REG_R11];
        c->r12 = s->r[JN_REG_R12];
        c->r13 = s->r[JN_REG_R13];
        c->r14 = s->r[JN_REG_R14];
        c->r15 = s->r[JN_REG_R15];
    }
    if ((flags & NT_CONTEXT_SEGMENTS) == NT_CONTEXT_SEGMENTS) {
        c->ds = c->es = c->gs = 0x2b;
        c->fs = 0x53;
    }
    if ((flags & NT_CONTEXT_FLOAT) == NT_CONTEXT_FLOAT) {
        memcpy(&c->fp, s->xsave, sizeof c->fp);
        c->mxcsr = c->fp.mxcsr;
    }
    if ((flags & NT_CONTEXT_DEBUG) == NT_CONTEXT_DEBUG) {
        c->dr0 = s->dr[0];
        c->dr1 = s->dr[1];
        c->dr2 = s->dr[2];
        c->dr3 = s->dr[3];
        c->dr6 = s->dr[4];
        c->dr7 = s->dr[5];
    }
}

void nt_context_to_state(const struct nt_context *c, struct jn_state *s, uint32_t flags)
{
    s->valid |= JN_STATE_REGS;
    if ((flags & NT_CONTEXT_CONTROL) == NT_CONTEXT_CONTROL) {
        s->r[JN_REG_RBP] = c->rbp;
        s->rip = c->rip;
        s->r[JN_REG_RSP] = c->rsp;
        s->rflags = (c->eflags & EFLAGS_USER) | 0x202;
    }
    if ((flags & NT_CONTEXT_INTEGER) == NT_CONTEXT_INTEGER) {
        s->r[JN_REG_RAX] = c->rax;
        s->r[JN_REG_RCX] = c->rcx;
        s->r[JN_REG_RDX] = c->rdx;
        s->r[JN_REG_RBX] = c->rbx;
        s->r[JN_REG_RSI] = c->rsi;
        s->r[JN_REG_RDI] = c->rdi;
        s->r[JN_REG_R8] = c->r8;
        s->r[JN_REG_R9] = c->r9;
        s->r[JN_REG_R10] = c->r10;
        s->r[JN_REG_R11] = c->r11;
        s->r[JN_REG_R12] = c->r12;
        s->r[JN_REG_R13] = c->r13;
        s->r[JN_REG_R14] = c->r14;
        s->r[JN_REG_R15] = c->r15;
    }
    if ((flags & NT_CONTEXT_FLOAT) == NT_CONTEXT_FLOAT) {
        uint64_t present;
        uint32_t mask = 0xffbf;
        memcpy(s->xsave, &c->fp, 512 - 96);
        memcpy(&present, s->xsave + 512, 8);
        present |= 3; /* x87 and SSE state are there (Intel SDM Vol. 1, 13.4.2) */
        memcpy(s->xsave + 512, &present, 8);
        uint32_t mxcsr = c->fp.mxcsr & mask;
        memcpy(s->xsave + 24, &mxcsr, 4);
        s->valid |= JN_STATE_XSAVE;
    }
    if ((flags & NT_CONTEXT_DEBUG) == NT_CONTEXT_DEBUG) {
        s->dr[0] = c->dr0;
        s->dr[1] = c->dr1;
        s->dr[2] = c->dr2;
        s->dr[3] = c->dr3;
        s->dr[4] = c->dr6;
        s->dr[5] = c->dr7;
        s->valid |= JN_STATE_DEBUG;
    }
}

nt_status NtContinue(struct nt_thread *t, const uint64_t *a)
{
    struct nt_context context;
    struct jn_state state;

    if (NT_FAILED(nt_read(t, a[0], &context, sizeof context)))
        return NT_ACCESS_VIOLATION;
    if (world_thread_state(t->world, &state) != JN_OK)
        return NT_UNSUCCESSFUL;
    state.valid = 0;
    nt_context_to_state(&context, &state, context.flags);
    t->started = true;
    if ((uint8_t)a[1] && nt_apc_deliver(t, &state))
        return NT_STATE;
    t->call.active = false;
    t->stop = NT_STOP_NONE;
    if (t->suspend_count) {
        nt_thread_keep_state(t, &state);
        return NT_STATE;
    }
    world_thread_resume_with(t->world, &state);
    return NT_STATE;
}

static nt_status thread_of(struct nt_thread *t, uint64_t handle, uint32_t access,
                           struct nt_thread **target)
{
    struct nt_thread_object *object;
    nt_status status = nt_handle_object(t, handle, NT_TYPE_THREAD, access, &object);

    if (NT_FAILED(status))
        return status;
    *target = object->thread;
    return object->thread ? NT_SUCCESS : NT_UNSUCCESSFUL;
}

nt_status NtGetContextThread(struct nt_thread *t, const uint64_t *a)
{
    struct nt_thread *target;
    struct nt_context context;
    struct jn_state state;
    nt_status status = thread_of(t, a[0], 8, &target);

    if (NT_FAILED(status))
        return status;
    if (NT_FAILED(nt_read(t, a[1], &context, sizeof context)))
        return NT_ACCESS_VIOLATION;
    if (target->state_pending) {
        state = *target->saved_state;
    } else {
        bool stopped = target->stop != NT_STOP_NONE || target->frozen;
        if (!stopped)
            world_thread_freeze(target->world);
        world_status got = world_thread_state(target->world, &state);
        if (!stopped)
            world_thread_thaw(target->world);
        if (got != JN_OK)
            return NT_UNSUCCESSFUL;
        if (target->stop == NT_STOP_CALL)
            state.r[JN_REG_RAX] = target->answer_pending ? target->answer : NT_SUCCESS;
    }
    nt_context_from_state(&context, &state, context.flags & 0x1f001fu);
    return nt_write(t, a[1], &context, sizeof context);
}

nt_status NtSetContextThread(struct nt_thread *t, const uint64_t *a)
{
    struct nt_thread *target;
    struct nt_context context;
    struct jn_state state;
    nt_status status = thread_of(t, a[0], 0x10, &target);

    if (NT_FAILED(status))
        return status;
    if (NT_FAILED(nt_read(t, a[1], &context, sizeof context)))
        return NT_ACCESS_VIOLATION;
    if (target->state_pending)
        state = *target->saved_state;
    else if (world_thread_state(target->world, &state) != JN_OK)
        return NT_UNSUCCESSFUL;
    state.valid = 0;
    if (target == t) {
        state.r[JN_REG_RAX] = NT_SUCCESS;
        nt_context_to_state(&context, &state, context.flags);
        t->call.active = false;
        t->stop = NT_STOP_NONE;
        world_thread_resume_with(t->world, &state);
        return NT_STATE;
    }
    nt_context_to_state(&context, &state, context.flags);
    if (target->stop != NT_STOP_NONE) {
        nt_thread_keep_state(target, &state);
        return NT_SUCCESS;
    }
    if (!target->frozen)
        world_thread_freeze(target->world);
    status = nt_status_from(world_thread_set_state(target->world, &state));
    if (!target->frozen)
        world_thread_thaw(target->world);
    return status;
}

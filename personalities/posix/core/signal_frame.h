/* Where a handler's frame stands, and what stands in it before the floating point image: for the core, which
 * writes a copy of it, and for the adapter's fast calls, which write it where it is. */
#ifndef POSIX_SIGNAL_FRAME_H
#define POSIX_SIGNAL_FRAME_H

#include "core.h"

#define FRAME_RED_ZONE 128
#define FRAME_XSAVE_HEADER 512   /* offset of XSTATE_BV in the image */
#define FRAME_XSAVE_STANDARD 576 /* legacy area and header */
#define FRAME_RFLAGS_TF 0x100u
#define FRAME_RFLAGS_AC 0x40000u
#define FRAME_RFLAGS_CLEARED 0x10500ull /* in a handler: DF RF TF */
/* Flags that sigreturn may set: OF DF TF SF ZF AF PF CF AC */
#define FRAME_RFLAGS_USER 0x40dd5ull
#define FRAME_FEATURES 7ull /* x87, SSE, AVX */

static inline bool signal_on_alternate(const struct thread *t, uint64_t rsp)
{
    return t->alternate.ss_size && rsp > t->alternate.ss_sp &&
           rsp - t->alternate.ss_sp <= t->alternate.ss_size;
}

/* The frame's address; *fp that of an image of `xsave` bytes, 0 if xsave is 0. */
static inline uint64_t signal_frame_place(const struct thread *t, uint64_t rsp,
                                          const struct lx_sigaction *action, uint32_t xsave,
                                          uint64_t *fp)
{
    const struct lx_stack *alternate = &t->alternate;
    if ((action->flags & LX_SA_ONSTACK) && alternate->ss_size && !signal_on_alternate(t, rsp))
        rsp = alternate->ss_sp + alternate->ss_size;
    else
        rsp -= FRAME_RED_ZONE;
    *fp = 0;
    if (xsave)
        *fp = rsp = (rsp - (xsave + 4)) & ~63ull;
    return ((rsp - sizeof(struct lx_sigframe)) & ~15ull) - 8;
}

/* All of the context; r: enum jn_reg. */
static inline void signal_frame_fill(struct lx_ucontext *u, const struct thread *t,
                                     const uint64_t r[16], uint64_t rip, uint64_t rflags,
                                     uint64_t mask, uint64_t fp)
{
    struct lx_sigcontext *c = &u->context;
    u->flags = LX_UC_SIGCONTEXT_SS | LX_UC_STRICT_RESTORE_SS | (fp ? LX_UC_FP_XSTATE : 0);
    u->link = 0;
    u->stack.ss_sp = t->alternate.ss_sp;
    u->stack.ss_size = t->alternate.ss_size;
    u->stack.pad = 0;
    u->stack.ss_flags = !t->alternate.ss_size                      ? LX_SS_DISABLE
                        : signal_on_alternate(t, r[JN_REG_RSP]) ? LX_SS_ONSTACK
                                                                  : 0;
    c->r8 = r[JN_REG_R8], c->r9 = r[JN_REG_R9], c->r10 = r[JN_REG_R10], c->r11 = r[JN_REG_R11];
    c->r12 = r[JN_REG_R12], c->r13 = r[JN_REG_R13], c->r14 = r[JN_REG_R14];
    c->r15 = r[JN_REG_R15], c->rdi = r[JN_REG_RDI], c->rsi = r[JN_REG_RSI];
    c->rbp = r[JN_REG_RBP], c->rbx = r[JN_REG_RBX], c->rdx = r[JN_REG_RDX];
    c->rax = r[JN_REG_RAX], c->rcx = r[JN_REG_RCX], c->rsp = r[JN_REG_RSP];
    c->rip = rip;
    c->eflags = rflags;
    c->cs = 0x33, c->gs = 0, c->fs = 0, c->ss = 0x2b;
    c->err = c->trapno = c->cr2 = 0;
    c->oldmask = mask;
    c->fpstate = fp;
    for (int i = 0; i < 8; i++)
        c->reserved[i] = 0;
    u->sigmask = mask;
}

/* The other way: *rip is what the program says. */
static inline void signal_frame_registers(const struct lx_sigcontext *c, uint64_t r[16])
{
    r[JN_REG_R8] = c->r8, r[JN_REG_R9] = c->r9, r[JN_REG_R10] = c->r10, r[JN_REG_R11] = c->r11;
    r[JN_REG_R12] = c->r12, r[JN_REG_R13] = c->r13, r[JN_REG_R14] = c->r14;
    r[JN_REG_R15] = c->r15, r[JN_REG_RDI] = c->rdi, r[JN_REG_RSI] = c->rsi;
    r[JN_REG_RBP] = c->rbp, r[JN_REG_RBX] = c->rbx, r[JN_REG_RDX] = c->rdx;
    r[JN_REG_RAX] = c->rax, r[JN_REG_RCX] = c->rcx, r[JN_REG_RSP] = c->rsp;
}

/* sigreturn(2) from `rsp` brings the alternate stack back; errors are ignored. */
static inline void signal_frame_stack(struct thread *t, uint64_t rsp, const struct lx_stack *stack)
{
    if (signal_on_alternate(t, rsp))
        return;
    if (stack->ss_flags & LX_SS_DISABLE)
        t->alternate = (struct lx_stack){.ss_flags = LX_SS_DISABLE};
    else if (stack->ss_size >= LX_MINSIGSTKSZ)
        t->alternate = (struct lx_stack){stack->ss_sp, stack->ss_flags & LX_SS_AUTODISARM, 0,
                                         stack->ss_size};
}

/* ---- sigaltstack(2), called with this rsp ---- */

static inline void signal_stack_now(const struct thread *t, uint64_t rsp, struct lx_stack *old)
{
    uint32_t mode = !t->alternate.ss_size            ? LX_SS_DISABLE
                    : signal_on_alternate(t, rsp) ? LX_SS_ONSTACK
                                                    : 0;
    *old = (struct lx_stack){t->alternate.ss_sp, mode | (t->alternate.ss_flags & LX_SS_AUTODISARM),
                             0, t->alternate.ss_size};
}

/* set: does it, too. 0 or -errno. */
static inline long signal_stack_set(struct thread *t, uint64_t rsp, const struct lx_stack *new,
                                    bool set)
{
    uint32_t mode = new->ss_flags & ~LX_SS_AUTODISARM;
    if (signal_on_alternate(t, rsp) && !(t->alternate.ss_flags & LX_SS_AUTODISARM))
        return -LX_EPERM;
    if (mode != LX_SS_DISABLE && mode != LX_SS_ONSTACK && mode != 0)
        return -LX_EINVAL;
    if (mode != LX_SS_DISABLE && new->ss_size < LX_MINSIGSTKSZ)
        return -LX_ENOMEM;
    if (set && mode == LX_SS_DISABLE)
        t->alternate = (struct lx_stack){.ss_flags = LX_SS_DISABLE};
    else if (set)
        t->alternate = (struct lx_stack){new->ss_sp, new->ss_flags & LX_SS_AUTODISARM, 0,
                                         new->ss_size};
    return 0;
}

#endif

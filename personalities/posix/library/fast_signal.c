/* Signals on the program's own thread: actions, the mask, and a signal that a thread sends to itself, with
 * the way into its handler and back.
 *
 * A mask may be changed while the handler looks for a thread that takes a signal: signal_send.c stores what
 * is pending and reads masks then; here the mask is stored first (with a fence) and what is pending is read
 * then. Who finds something pending puts the mask back and leaves the call to the handler, for which
 * nothing has happened yet.
 *
 * Actions, and the sites of redirect.c, are touched in processes of one thread only. */
#include "fast_thread.h"
#include "janus/runtime.h"
#include "library.h"
#include "placement.h"
#include "signal_frame.h"
#include "signals.h"

static inline struct thread *self(struct jn_utcb *utcb)
{
    return fast_ids_of(utcb)->thread;
}

static inline bool alone(const struct thread *t)
{
    return t->process->thread_count == 1 && t->process->mm->users == 1;
}

static inline bool set_mask(struct thread *t, uint64_t mask)
{
    uint64_t old = __atomic_exchange_n(&t->mask, mask & ~SIGNALS_UNBLOCKABLE, __ATOMIC_SEQ_CST);
    if (!signal_pending(t))
        return true;
    __atomic_store_n(&t->mask, old, __ATOMIC_SEQ_CST);
    return false;
}

FAST_CODE long fast_rt_sigprocmask(struct jn_utcb *utcb)
{
    struct thread *t = self(utcb);
    uint64_t new = FAST_ARGUMENT(utcb, RSI), old = FAST_ARGUMENT(utcb, RDX), mask = t->mask;
    if (FAST_ARGUMENT(utcb, R10) != 8 || (new && !fast_range_valid(new, 8)) ||
        (old && !fast_range_valid(old, 8)))
        return FAST_SLOW;
    uint64_t now = mask;
    if (new) {
        uint64_t set = FAST_USER(uint64_t, new);
        switch ((int32_t)FAST_ARGUMENT(utcb, RDI)) {
        case LX_SIG_BLOCK:
            mask |= set;
            break;
        case LX_SIG_UNBLOCK:
            mask &= ~set;
            break;
        case LX_SIG_SETMASK:
            mask = set;
            break;
        default:
            return FAST_SLOW;
        }
    }
    if (old)
        FAST_USER(uint64_t, old) = now;
    return !new || set_mask(t, mask) ? 0 : FAST_SLOW;
}

FAST_CODE long fast_rt_sigpending(struct jn_utcb *utcb)
{
    struct thread *t = self(utcb);
    uint64_t to = FAST_ARGUMENT(utcb, RDI);
    if (FAST_ARGUMENT(utcb, RSI) != 8 || !fast_range_valid(to, 8))
        return FAST_SLOW;
    FAST_USER(uint64_t, to) = signal_pending(t) & t->mask;
    return 0;
}

/* What is ignored from now on drops what is pending: that is the handler's. */
FAST_CODE long fast_rt_sigaction(struct jn_utcb *utcb)
{
    struct thread *t = self(utcb);
    uint64_t number = FAST_ARGUMENT(utcb, RDI), new = FAST_ARGUMENT(utcb, RSI);
    uint64_t old = FAST_ARGUMENT(utcb, RDX);
    struct lx_sigaction action;
    if (FAST_ARGUMENT(utcb, R10) != 8 || number - 1 >= LX_NSIG || number == LX_SIGKILL ||
        number == LX_SIGSTOP || !alone(t) || (new && !fast_range_valid(new, sizeof action)) ||
        (old && !fast_range_valid(old, sizeof action)))
        return FAST_SLOW;
    struct process *p = t->process;
    struct lx_sigaction *own = &p->actions[number - 1];
    if (new) {
        action.handler = FAST_USER(uint64_t, new);
        action.flags = FAST_USER(uint64_t, new + 8);
        action.restorer = FAST_USER(uint64_t, new + 16);
        action.mask = FAST_USER(uint64_t, new + 24);
        if (action.handler <= LX_SIG_IGN)
            return FAST_SLOW;
    }
    if (old) {
        FAST_USER(uint64_t, old) = own->handler;
        FAST_USER(uint64_t, old + 8) = own->flags;
        FAST_USER(uint64_t, old + 16) = own->restorer;
        FAST_USER(uint64_t, old + 24) = own->mask;
    }
    if (new)
        signal_set_action(p, (uint32_t)number, &action);
    return 0;
}

FAST_CODE long fast_sigaltstack(struct jn_utcb *utcb)
{
    struct thread *t = self(utcb);
    uint64_t from = FAST_ARGUMENT(utcb, RDI), to = FAST_ARGUMENT(utcb, RSI);
    struct lx_stack new, old;
    if ((from && !fast_range_valid(from, sizeof new)) || (to && !fast_range_valid(to, sizeof old)))
        return FAST_SLOW;
    if (from) {
        new.ss_sp = FAST_USER(uint64_t, from);
        new.ss_flags = FAST_USER(uint32_t, from + 8);
        new.ss_size = FAST_USER(uint64_t, from + 16);
        long error = signal_stack_set(t, utcb->door_rsp, &new, false);
        if (error)
            return error;
    }
    if (to) {
        signal_stack_now(t, utcb->door_rsp, &old);
        FAST_USER(uint64_t, to) = old.ss_sp;
        FAST_USER(uint64_t, to + 8) = old.ss_flags;
        FAST_USER(uint64_t, to + 16) = old.ss_size;
    }
    return from ? signal_stack_set(t, utcb->door_rsp, &new, true) : 0;
}

/* ---- to oneself, and back ---- */

/* The image as XSAVE has it, by instructions each of which traps while another thread's values are in the
 * registers: the emulator's XSAVE and XRSTOR do not. */
#define FAST_HIGH_HALVES(each)                                                                     \
    each(0) each(1) each(2) each(3) each(4) each(5) each(6) each(7) each(8) each(9) each(10)       \
        each(11) each(12) each(13) each(14) each(15)
#define FAST_AVX 576 /* the upper halves of the YMM registers */

static inline void save_image(uint64_t fp)
{
#define EACH(n) "vextractf128 $1, %%ymm" #n ", 576+16*" #n "(%0)\n"
    __asm__ volatile("fxsave64 (%0)\n" FAST_HIGH_HALVES(EACH) : : "r"(fp) : "memory");
#undef EACH
    FAST_USER(uint64_t, fp + FRAME_XSAVE_HEADER) = FRAME_FEATURES;
    for (int i = 1; i < 8; i++)
        FAST_USER(uint64_t, fp + FRAME_XSAVE_HEADER + 8 * i) = 0;
}

/* features: XSTATE_BV, with SSE in it. */
static inline void load_image(uint64_t fp, uint64_t features)
{
    __asm__ volatile("fxrstor64 (%0)" : : "r"(fp) : "memory");
    if (!(features & 1))
        __asm__ volatile("fninit");
#define EACH(n) "vinsertf128 $1, 576+16*" #n "(%0), %%ymm" #n ", %%ymm" #n "\n"
    if (features & 4)
        __asm__ volatile(FAST_HIGH_HALVES(EACH) : : "r"(fp) : "memory");
    else
        __asm__ volatile("vzeroupper");
#undef EACH
}

#define UNUSUAL                                                                                    \
    (SIGNALS_STOP | LX_SIGBIT(LX_SIGKILL) | LX_SIGBIT(LX_SIGCONT) | LX_SIGBIT(LX_SIGCHLD))

/* The registers with the result 0, as the program has them when it goes on. */
static inline void registers(struct jn_utcb *utcb)
{
    uint64_t *r = utcb->state.r, rip = placement_program_rip(utcb->door_rip);
    r[JN_REG_RAX] = 0;
    r[JN_REG_RCX] = rip;
    r[JN_REG_R11] = utcb->door_rflags;
    r[JN_REG_RDI] = utcb->user[1], r[JN_REG_RSI] = utcb->user[2], r[JN_REG_RDX] = utcb->user[3];
    r[JN_REG_R8] = utcb->user[4], r[JN_REG_R9] = utcb->user[5], r[JN_REG_R10] = utcb->user[6];
    r[JN_REG_RBX] = utcb->user[7], r[JN_REG_RBP] = utcb->user[8], r[JN_REG_R12] = utcb->user[9];
    r[JN_REG_R13] = utcb->user[10], r[JN_REG_R14] = utcb->user[11];
    r[JN_REG_R15] = utcb->user[12];
    r[JN_REG_RSP] = utcb->door_rsp;
    utcb->state.rip = rip;
    utcb->state.rflags = utcb->door_rflags;
}

/* Into the handler of a signal that the thread has sent to itself. */
FAST_CODE static long enter(struct jn_utcb *utcb, struct thread *t, uint32_t number, int32_t code)
{
    struct process *p = t->process;
    const struct lx_sigaction *action = &p->actions[number - 1];
    const struct jn_info *info = jn_info();
    uint64_t bit = LX_SIGBIT(number), mask = t->mask, fp, *r = utcb->state.r;
    uint32_t xsave = info->xsave_size;
    if (bit & (UNUSUAL | mask) || !alone(t) || !library_gs_is_ours || action->handler <= LX_SIG_IGN ||
        action->handler >= LX_TASK_SIZE || !(action->flags & LX_SA_RESTORER) ||
        action->flags & LX_SA_RESETHAND || !p->credentials_known || p->stopped || p->trace ||
        signal_pending(t) || t->alternate.ss_flags & LX_SS_AUTODISARM ||
        xsave < FAST_AVX + 256 || info->xcr0 != FRAME_FEATURES ||
        utcb->door_rflags & (FRAME_RFLAGS_TF | FRAME_RFLAGS_AC))
        return FAST_SLOW;
    uint64_t at = signal_frame_place(t, utcb->door_rsp, action, xsave, &fp);
    if (!fast_range_valid(at, sizeof(struct lx_sigframe)) || !fast_range_valid(fp, xsave + 4))
        return FAST_SLOW;
    registers(utcb);

    save_image(fp);
    struct lx_fpx_sw_bytes *sw = (struct lx_fpx_sw_bytes *)(fp + LX_FP_SW_OFFSET);
    sw->magic1 = LX_FP_XSTATE_MAGIC1;
    sw->extended_size = xsave + 4;
    sw->xfeatures = FRAME_FEATURES;
    sw->xstate_size = xsave;
    for (int i = 0; i < 7; i++)
        sw->padding[i] = 0;
    FAST_USER(uint32_t, fp + xsave) = LX_FP_XSTATE_MAGIC2;

    struct lx_sigframe *frame = (struct lx_sigframe *)at;
    frame->return_address = action->restorer;
    signal_frame_fill(&frame->context, t, r, utcb->state.rip, utcb->state.rflags, mask, fp);
    volatile uint64_t *words = (volatile uint64_t *)&frame->info;
    words[0] = number; /* si_signo, si_errno */
    words[1] = (uint32_t)code;
    words[2] = (uint64_t)p->credentials.uid << 32 | (uint32_t)p->pid;
    for (int i = 3; i < 16; i++)
        words[i] = 0;

    r[JN_REG_RSP] = at;
    utcb->state.rip = action->handler;
    r[JN_REG_RDI] = number;
    r[JN_REG_RSI] = at + offsetof(struct lx_sigframe, info);
    r[JN_REG_RDX] = at + offsetof(struct lx_sigframe, context);
    utcb->state.rflags &= ~FRAME_RFLAGS_CLEARED;
    mask |= action->mask | (action->flags & LX_SA_NODEFER ? 0 : bit);
    return set_mask(t, mask) ? FAST_STATE : FAST_SLOW;
}

FAST_CODE long fast_kill(struct jn_utcb *utcb)
{
    struct thread *t = self(utcb);
    uint64_t number = (uint32_t)FAST_ARGUMENT(utcb, RSI);
    if ((int32_t)FAST_ARGUMENT(utcb, RDI) != (int64_t)t->process->pid || t->tid != t->process->pid ||
        number - 1 >= LX_NSIG)
        return FAST_SLOW;
    return enter(utcb, t, (uint32_t)number, LX_SI_USER);
}

static inline long to_thread(struct jn_utcb *utcb, struct thread *t, uint64_t tid, uint64_t number)
{
    if ((int32_t)tid != (int64_t)t->tid || number - 1 >= LX_NSIG)
        return FAST_SLOW;
    return enter(utcb, t, (uint32_t)number, LX_SI_TKILL);
}

FAST_CODE long fast_tkill(struct jn_utcb *utcb)
{
    return to_thread(utcb, self(utcb), FAST_ARGUMENT(utcb, RDI),
                     (uint32_t)FAST_ARGUMENT(utcb, RSI));
}

FAST_CODE long fast_tgkill(struct jn_utcb *utcb)
{
    struct thread *t = self(utcb);
    if ((int32_t)FAST_ARGUMENT(utcb, RDI) != (int64_t)t->process->pid)
        return FAST_SLOW;
    return to_thread(utcb, t, FAST_ARGUMENT(utcb, RSI), (uint32_t)FAST_ARGUMENT(utcb, RDX));
}

/* A frame as the kernel, or enter(), has made it: whatever a program has changed there so that it has another
 * form is the handler's to judge. A fault on the way leaves
 * registers that the handler loads from the frame again. */
FAST_CODE long fast_rt_sigreturn(struct jn_utcb *utcb)
{
    struct thread *t = self(utcb);
    uint64_t at = utcb->door_rsp - 8, *r = utcb->state.r;
    uint32_t xsave = jn_info()->xsave_size;
    if (!alone(t) || !library_gs_is_ours || t->process->trace || t->process->stopped || signal_pending(t) ||
        jn_info()->xcr0 != FRAME_FEATURES || xsave < FAST_AVX + 256 ||
        !fast_range_valid(at, sizeof(struct lx_sigframe)))
        return FAST_SLOW;
    const volatile struct lx_sigframe *frame = (const volatile struct lx_sigframe *)at;
    const volatile struct lx_sigcontext *c = &frame->context.context;
    uint64_t features, fp = c->fpstate, rip = c->rip, rflags = c->eflags, mask = frame->context.sigmask;
    struct lx_stack stack = {frame->context.stack.ss_sp, frame->context.stack.ss_flags, 0,
                             frame->context.stack.ss_size};
    if (!fp || fp & 63 || !fast_range_valid(fp, xsave + 4) || rip >= LX_TASK_SIZE ||
        rflags & (FRAME_RFLAGS_TF | FRAME_RFLAGS_AC))
        return FAST_SLOW;
    const volatile struct lx_fpx_sw_bytes *sw =
        (const volatile struct lx_fpx_sw_bytes *)(fp + LX_FP_SW_OFFSET);
    if (sw->magic1 != LX_FP_XSTATE_MAGIC1 || sw->xstate_size != xsave ||
        sw->extended_size != xsave + 4 || sw->xfeatures != FRAME_FEATURES ||
        FAST_USER(uint32_t, fp + xsave) != LX_FP_XSTATE_MAGIC2)
        return FAST_SLOW;
    features = FAST_USER(uint64_t, fp + FRAME_XSAVE_HEADER);
    if (features & ~FRAME_FEATURES || !(features & 2))
        return FAST_SLOW;
    signal_frame_registers((const struct lx_sigcontext *)c, r);
    load_image(fp, features);
    if (!set_mask(t, mask))
        return FAST_SLOW;
    utcb->state.rip = placement_resume_rip(rip);
    utcb->state.rflags =
        (utcb->door_rflags & ~FRAME_RFLAGS_USER) | (rflags & FRAME_RFLAGS_USER);
    signal_frame_stack(t, utcb->door_rsp, &stack);
    return FAST_STATE;
}

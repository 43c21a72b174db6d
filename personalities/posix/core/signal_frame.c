/* The frame that a signal handler finds on its stack, as Linux lays it out on x86-64
 * (rt_sigframe, with an XSAVE image; arch/x86 of the kernel is the authority for the layout). */
#include <string.h>

#include "janus/backend/time.h"
#include "placement.h"
#include "signal_frame.h"
#include "signals.h"
#include "user.h"

void siginfo_to_linux(const struct task_siginfo *from, struct lx_siginfo *to)
{
    memset(to, 0, sizeof *to);
    to->si_signo = from->number;
    to->si_errno = from->error;
    to->si_code = from->code;
    bool fault = from->number == LX_SIGSEGV || from->number == LX_SIGBUS ||
                 from->number == LX_SIGILL || from->number == LX_SIGFPE ||
                 from->number == LX_SIGTRAP;
    if (fault && from->code > 0) {
        to->fault.address = from->address;
    } else if (from->code == LX_SI_TIMER) {
        to->timer.id = (int32_t)from->pid;
        to->timer.overrun = from->status;
        to->timer.value = from->value;
    } else {
        to->user.pid = (int32_t)from->pid;
        to->user.uid = from->uid;
        if (from->number == LX_SIGCHLD && from->code > 0 && from->code != LX_SI_KERNEL) {
            to->user.child.status = from->status;
            to->user.child.utime = (int64_t)(from->user_time / 10000000);
            to->user.child.stime = (int64_t)(from->system_time / 10000000);
        } else {
            to->user.value = from->value;
        }
    }
}

void siginfo_from_linux(const struct lx_siginfo *from, struct task_siginfo *to)
{
    *to = (struct task_siginfo){.number = from->si_signo, .code = from->si_code,
                                .error = from->si_errno};
    to->pid = (uint64_t)(int64_t)from->user.pid;
    to->uid = from->user.uid;
    to->value = from->user.value;
}

#define IMAGE_MOST (sizeof(((struct jn_state *)0)->xsave) + 4)
#define GAP 16 /* between the frame and the image that is placed above it */
#define BOTH_MOST (sizeof(struct lx_sigframe) + GAP + IMAGE_MOST)

/* A frame and its image as they stand in the program's memory: one copy takes both. */
union both {
    struct lx_sigframe frame;
    uint8_t bytes[BOTH_MOST];
};

long signal_frame_push(struct thread *t, struct jn_state *s, const struct lx_sigaction *action,
                       const struct task_siginfo *info, uint64_t mask)
{
    struct lx_stack alternate = t->alternate;
    if (!(action->flags & LX_SA_RESTORER))
        return -LX_EFAULT; /* x86-64 has no other way back */
    uint32_t xsave = s->xsave_size >= FRAME_XSAVE_STANDARD ? s->xsave_size : 0;
    uint64_t fp, rsp = signal_frame_place(t, s->r[JN_REG_RSP], action, xsave, &fp);

    union both both;
    struct lx_sigframe *frame = &both.frame;
    size_t length = sizeof *frame;
    frame->return_address = action->restorer;
    signal_frame_fill(&frame->context, t, s->r, s->rip, s->rflags, mask, fp);
    frame->context.context.err = s->trap_error;
    frame->context.context.trapno = s->trap_vector;
    frame->context.context.cr2 = s->trap_cr2;
    siginfo_to_linux(info, &frame->info);

    if (xsave) {
        /* The image carries its size and features where FXSAVE leaves room, and a second magic
         * number behind it (struct _fpx_sw_bytes). */
        uint8_t *image = both.bytes + (fp - rsp);
        memset(both.bytes + length, 0, fp - rsp - length);
        memcpy(image, s->xsave, xsave);
        struct lx_fpx_sw_bytes sw = {LX_FP_XSTATE_MAGIC1, xsave + 4, FRAME_FEATURES, xsave, {0}};
        uint32_t magic2 = LX_FP_XSTATE_MAGIC2;
        memcpy(image + LX_FP_SW_OFFSET, &sw, sizeof sw);
        memcpy(image + xsave, &magic2, sizeof magic2);
        length = fp - rsp + xsave + 4;
    }
    if (user_write(t, rsp, both.bytes, length))
        return -LX_EFAULT;
    if (alternate.ss_flags & LX_SS_AUTODISARM)
        t->alternate = (struct lx_stack){.ss_flags = LX_SS_DISABLE};
    s->r[JN_REG_RSP] = rsp;
    s->rip = action->handler;
    s->r[JN_REG_RDI] = (uint64_t)info->number;
    s->r[JN_REG_RSI] = rsp + offsetof(struct lx_sigframe, info);
    s->r[JN_REG_RDX] = rsp + offsetof(struct lx_sigframe, context);
    s->r[JN_REG_RAX] = 0;
    s->rflags &= ~FRAME_RFLAGS_CLEARED;
    s->trap_error = s->trap_vector = s->trap_cr2 = 0;
    return 0;
}

/* What was read of the program's memory in one copy. */
struct piece {
    uint64_t address;
    size_t length;
    const uint8_t *bytes;
};

static long fetch(struct thread *t, const struct piece *piece, void *to, uint64_t address,
                  size_t length)
{
    uint64_t offset = address - piece->address;
    if (offset > piece->length || length > piece->length - offset)
        return user_read(t, to, address, length);
    memcpy(to, piece->bytes + offset, length);
    return 0;
}

/* s->xsave becomes the image at `fp`, of which `size` bytes at most count. */
static long pop_fp(struct thread *t, struct jn_state *s, uint64_t fp, uint32_t size,
                   const struct piece *piece)
{
    uint8_t *image = s->xsave;
    size_t length = 512;
    if (!fp) { /* the initial state */
        memset(image, 0, sizeof s->xsave);
        uint16_t control = 0x37f;
        uint32_t mxcsr = 0x1f80;
        memcpy(image, &control, 2);
        memcpy(image + 24, &mxcsr, 4);
        return 0;
    }
    struct lx_fpx_sw_bytes sw;
    if (fetch(t, piece, image, fp, 512))
        return -LX_EFAULT;
    memcpy(&sw, image + LX_FP_SW_OFFSET, sizeof sw);
    uint64_t features = 3; /* x87 and SSE: a bare FXSAVE image */
    uint32_t magic2 = 0;
    if (sw.magic1 == LX_FP_XSTATE_MAGIC1 && sw.xstate_size >= FRAME_XSAVE_STANDARD &&
        sw.xstate_size <= size && sw.extended_size >= sw.xstate_size &&
        fetch(t, piece, &magic2, fp + sw.xstate_size, 4) == 0 && magic2 == LX_FP_XSTATE_MAGIC2) {
        length = sw.xstate_size;
        if (fetch(t, piece, image + 512, fp + 512, length - 512))
            return -LX_EFAULT;
        memcpy(&features, image + FRAME_XSAVE_HEADER, 8);
        features &= sw.xfeatures & 7;
    }
    memset(image + length, 0, sizeof s->xsave - length);
    memset(image + FRAME_XSAVE_HEADER, 0, 64);
    memset(image + LX_FP_SW_OFFSET, 0, 48);
    memcpy(image + FRAME_XSAVE_HEADER, &features, 8);
    return 0;
}

/* Bytes of an image that this machine has. */
static uint32_t image_size(void)
{
    static uint32_t size;
    if (!size) {
        struct backend_machine machine;
        backend_machine(&machine);
        size = machine.xsave_size;
    }
    return size;
}

long signal_frame_pop(struct thread *t, struct jn_state *s)
{
    union both both;
    uint64_t at = t->rsp - 8;
    uint32_t size = image_size();
    size_t most = sizeof both.frame + GAP + size + 4;
    /* Our own frames have the image right above; what cannot be read of it may not be meant. */
    struct piece piece = {at, 0, both.bytes};
    if (most <= sizeof both.bytes)
        piece.length = user_read_partial(t, both.bytes, at, most);
    if (piece.length < sizeof both.frame && user_read(t, &both.frame, at, sizeof both.frame))
        return -LX_EFAULT;
    const struct lx_sigcontext *c = &both.frame.context.context;
    if (pop_fp(t, s, c->fpstate, size, &piece))
        return -LX_EFAULT;
    signal_frame_registers(c, s->r);
    s->rip = placement_resume_rip(c->rip);
    s->rflags = (s->rflags & ~FRAME_RFLAGS_USER) | (c->eflags & FRAME_RFLAGS_USER);
    signal_set_mask(t, both.frame.context.sigmask);
    signal_frame_stack(t, t->rsp, &both.frame.context.stack);
    return 0;
}

int32_t signal_fpe_code(struct thread *t, uint32_t vector)
{
    if (backend_thread_read(&t->backend, JN_STATE_XSAVE, &core_state) != JN_OK)
        return LX_SI_KERNEL;
    uint32_t raised;
    if (vector == 16) {
        uint16_t control, status;
        memcpy(&control, core_state.xsave, 2);
        memcpy(&status, core_state.xsave + 2, 2);
        raised = status & ~(uint32_t)control;
    } else {
        uint32_t mxcsr;
        memcpy(&mxcsr, core_state.xsave + 24, 4);
        raised = mxcsr & ~(mxcsr >> 7);
    }
    return raised & 1    ? LX_FPE_FLTINV
           : raised & 4  ? LX_FPE_FLTDIV
           : raised & 8  ? LX_FPE_FLTOVF
           : raised & 18 ? LX_FPE_FLTUND
           : raised & 32 ? LX_FPE_FLTRES
                         : LX_SI_KERNEL;
}

/* Thread control: what the holder of a Thread capability may do to it in any state (KERNEL 17). All
 * of it is carried out by the thread's CPU. */
#include "cpu.h"
#include "ipc/ipc.h"
#include "lib/string.h"
#include "memory/layout.h"
#include "memory/space.h"
#include "platform/ports.h"
#include "signal/signal.h"
#include "smp.h"
#include "task/task.h"
#include "thread/thread.h"

#define FLAG_TRAP      0x100ull
#define DR7_USER       0xffff03ffull /* no GD, no reserved bits */
#define XSAVE_LEGACY   512
#define XSTATE_ALLOWED 7ull

static uint64_t canonical_user(uint64_t address)
{
    return address < USER_END ? address : 0;
}

/* ---- debug registers ---- */

static void debug_load(const uint64_t *dr)
{
    __asm__ volatile("movq %0, %%db0" : : "r"(dr[0]));
    __asm__ volatile("movq %0, %%db1" : : "r"(dr[1]));
    __asm__ volatile("movq %0, %%db2" : : "r"(dr[2]));
    __asm__ volatile("movq %0, %%db3" : : "r"(dr[3]));
    __asm__ volatile("movq %0, %%db6" : : "r"(0xffff0ff0ull));
    __asm__ volatile("movq %0, %%db7" : : "r"(dr[5]));
}

void debug_switch(struct thread *from, struct thread *to)
{
    static const uint64_t none[6] = {0, 0, 0, 0, 0, 0x400};

    (void)from;
    debug_load(to->state & STATE_MARKED ? to->dr : none);
}

void debug_trap(struct thread *thread)
{
    uint64_t dr6;

    __asm__ volatile("movq %%db6, %0" : "=r"(dr6));
    __asm__ volatile("movq %0, %%db6" : : "r"(0xffff0ff0ull));
    thread->dr[4] = dr6;
}

/* Threads with debug registers in use, and those that are stepped, never take the fast path. */
static void debug_mark(struct thread *thread)
{
    bool marked = thread->dr[5] & 0xff || thread->step;

    thread->state = (thread->state & ~STATE_MARKED) | (marked ? STATE_MARKED : 0);
    thread->kind = (thread->kind & ~KIND_MARKED) | (marked ? KIND_MARKED : 0);
    if (thread == cpu_self()->current && !cpu_self()->reload)
        debug_switch(thread, thread);
}

/* ---- state ---- */

void thread_state_get(struct thread *thread, struct jn_state *state, unsigned groups)
{
    if (groups & (JN_STATE_BASES | JN_STATE_XSAVE) && thread->cpu != cpu_self()->id)
        thread_save(thread);
    state->valid = groups & (JN_STATE_REGS | JN_STATE_BASES | JN_STATE_DEBUG | JN_STATE_XSAVE);
    if (groups & JN_STATE_REGS) {
        memcpy(state->r, thread->r, sizeof state->r);
        if (thread->frame == FRAME_SYSCALL) {
            state->r[JN_REG_RCX] = thread->rip;
            state->r[JN_REG_R11] = thread->rflags;
        }
        state->r[JN_REG_RSP] = thread->rsp;
        state->rip = thread->rip;
        state->rflags = thread->frame == FRAME_CALL ? FLAGS_FIXED : thread->rflags;
    }
    if (groups & JN_STATE_BASES) {
        thread_save_bases(thread);
        state->fs_base = thread->fs_base;
        state->gs_base = thread->gs_base;
    }
    if (groups & JN_STATE_DEBUG)
        memcpy(state->dr, thread->dr, sizeof state->dr);
    if (groups & JN_STATE_XSAVE) {
        fpu_save(thread);
        memcpy(state->xsave, thread->xsave, XSAVE_BYTES);
        state->xsave_size = info_page->xsave_size;
    }
    state->trap_vector = thread->message == JN_KM_EXCEPTION ? thread->fault[0] : 0;
    state->trap_error = thread->message == JN_KM_EXCEPTION ? thread->fault[1] : 0;
    state->trap_cr2 = thread->message == JN_KM_EXCEPTION ? thread->fault[4] : 0;
}

/* The image is copied before it is looked at: its owner may change it meanwhile. */
static void xsave_set(struct thread *thread, const uint8_t *image)
{
    uint64_t *header;

    fpu_forget(thread);
    thread->fpu_used = true;
    memcpy(thread->xsave, image, sizeof thread->xsave);
    header = (uint64_t *)&thread->xsave[XSAVE_LEGACY];
    header[0] &= info_page->xcr0 & XSTATE_ALLOWED;
    memset(&header[1], 0, 56);
    *(uint32_t *)&thread->xsave[24] &= 0xffff; /* MXCSR, reserved bits */
    fpu_changed(thread);
}

void thread_return_to(struct thread *thread, uint64_t rip, uint64_t rflags, uint64_t rsp)
{
    thread->rip = canonical_user(rip);
    thread->rflags = (rflags & FLAGS_USER) | FLAGS_FIXED;
    thread->rsp = rsp;
}

void thread_state_set(struct thread *thread, const struct jn_state *state, unsigned groups)
{
    if (thread->cpu != cpu_self()->id)
        thread_save(thread);
    if (groups & JN_STATE_REGS) {
        memcpy(thread->r, state->r, sizeof thread->r);
        thread_return_to(thread, state->rip, state->rflags, thread->r[JN_REG_RSP]);
    }
    if (groups & JN_STATE_BASES) {
        thread_save_bases(thread);
        thread->fs_base = canonical_user(state->fs_base);
        thread->gs_base = canonical_user(state->gs_base);
        thread_load_bases(thread);
    }
    if (groups & JN_STATE_DEBUG) {
        for (unsigned i = 0; i < 4; i++)
            thread->dr[i] = canonical_user(state->dr[i]);
        thread->dr[5] = (state->dr[5] & DR7_USER) | 0x400;
        debug_mark(thread);
    }
    if (groups & JN_STATE_XSAVE)
        xsave_set(thread, state->xsave);
}

/* A stepped thread leaves a native system call with the trap flag, which `sysret` would not set. */
void thread_step_call(struct thread *thread)
{
    thread->r[JN_REG_RCX] = thread->rip;
    thread->r[JN_REG_R11] = FLAGS_FIXED;
    thread->rflags = FLAGS_FIXED | FLAG_TRAP;
    thread->frame = FRAME_FULL;
}

/* ---- trapped port accesses (KERNEL 11) ---- */

/* User `in` and `out` fault; a task that holds the ports at JN_CAP_IOPORTS has them performed. Only
 * the plain forms without prefix but operand size: drivers use no string instructions. */
bool ports_emulate(struct thread *thread)
{
    struct cap *cap = task_slot(thread->task, JN_CAP_IOPORTS);
    uint8_t code[3] = {0};

    if (!cap || cap->type != JN_TYPE_IOPORTS)
        return false;
    for (unsigned i = 0; i < 3; i++) {
        uint8_t *byte = space_access(&thread->task->space, thread->rip + i, JN_ACCESS_EXEC);
        if (!byte)
            break;
        code[i] = *byte;
    }
    unsigned at = code[0] == 0x66, width = at ? 2 : 4;
    uint8_t opcode = code[at];
    bool immediate = (opcode & 0xfc) == 0xe4, out = opcode & 2;
    if (!immediate && (opcode & 0xfc) != 0xec)
        return false;
    if (!(opcode & 1))
        width = 1;
    uint64_t port = immediate ? code[at + 1] : thread->r[JN_REG_RDX] & 0xffff;
    uint64_t *rax = &thread->r[JN_REG_RAX], value = *rax;
    struct ioports *ports = container_of(cap->object, struct ioports, object);
    if (out ? ports_out(ports, port, width, value) : ports_in(ports, port, width, &value))
        return false;
    if (!out)
        *rax = width == 4   ? (uint32_t)value
               : width == 2 ? (*rax & ~0xffffull) | (value & 0xffff)
                            : (*rax & ~0xffull) | (value & 0xff);
    thread->rip += at + 1 + immediate;
    return true;
}

/* ---- operations ---- */

static struct thread *subject(struct object *object)
{
    thread_settle(THREAD_OF(object));
    return THREAD_OF(object);
}

status_t op_thread_resume(struct object *object, uint64_t *words)
{
    struct thread *thread = subject(object);

    (void)words;
    door_resume(thread);
    if (!(thread->state & STATE_SUSPENDED))
        return JN_OK;
    thread->state &= ~STATE_SUSPENDED;
    if (thread_state(thread) == STATE_RUN)
        thread_wake(thread);
    return JN_OK;
}

status_t op_thread_suspend(struct object *object, uint64_t *words)
{
    struct thread *thread = subject(object), *self = current_thread();
    uint64_t until = words[0];

    words[0] = (uint64_t)thread_was(thread);
    if (thread->state & STATE_SUSPENDED)
        return JN_OK;
    if (door_defer(thread, until)) {
        thread->door->suspend = true;
        if (thread != self)
            signal_block(self, &thread->door->stoppers); /* door.c says what it returns with */
        return JN_OK;
    }
    sched_remove(thread);
    thread->state |= STATE_SUSPENDED;
    return JN_OK;
}

status_t op_thread_read(struct object *object, uint64_t *words)
{
    struct jn_utcb *utcb = current_thread()->utcb;

    if (!utcb)
        return JN_BAD_ARG;
    thread_state_get(subject(object), &utcb->state, (unsigned)words[0]);
    words[0] = (uint64_t)thread_was(subject(object));
    return JN_OK;
}

status_t op_thread_write(struct object *object, uint64_t *words)
{
    struct thread *thread = subject(object);
    struct jn_utcb *utcb = current_thread()->utcb;

    if (!utcb)
        return JN_BAD_ARG;
    if (words[0] & JN_STATE_REGS && thread_was(thread) == JN_WAS_NATIVE_CALL)
        return JN_BUSY;
    thread_state_set(thread, &utcb->state, (unsigned)words[0]);
    /* Also in a foreign call: from here on its rcx and r11 are what was written, not what `syscall`
     * left, for whoever reads them before the answer. The own thread goes on with what it wrote. */
    if (words[0] & JN_STATE_REGS)
        thread->frame = FRAME_FULL;
    return JN_OK;
}

static status_t set_gate(struct cap *place, uint64_t handle, uint64_t label)
{
    struct cap *from = own_slot(handle);

    if (handle && (!from || from->type != JN_TYPE_GATE))
        return JN_BAD_CAP;
    if (handle && !(from->rights & (JN_RIGHT_SEND | JN_RIGHT_RECV)))
        return JN_NO_RIGHT;
    cap_delete(place);
    if (!handle)
        return JN_OK;
    cap_copy(from, place, from->rights);
    cap_grant_send(place);
    /* Who may receive there says what he hears; all others are heard under their capability's name. */
    if (from->rights & JN_RIGHT_RECV)
        place->label = label;
    return JN_OK;
}

status_t op_thread_set_gates(struct object *object, uint64_t *words)
{
    struct thread *thread = subject(object);
    status_t status = set_gate(&thread->exception_gate, words[0], words[1]);

    return status ? status : set_gate(&thread->fault_gate, words[2], words[3]);
}

status_t op_thread_set_sched(struct object *object, uint64_t *words)
{
    status_t status;
    struct object *sched = own_object(words[0], JN_TYPE_SCHED, JN_RIGHT_CONTROL, &status);

    if (!sched)
        return status;
    struct thread *thread = subject(object);
    struct sched *base = &container_of(sched, struct sched_object, object)->sched;
    if (base->cpu != thread->cpu) {
        /* A context is one CPU's; one that nobody has used yet becomes this one's. */
        if (!list_empty(&base->bound) || !list_empty(&base->users) || base->queued ||
            base->budget || cpus[base->cpu].sched == base)
            return JN_BUSY;
        base->cpu = (uint8_t)thread->cpu;
    }
    thread_set_base(thread, base);
    return JN_OK;
}

status_t op_thread_set_priority(struct object *object, uint64_t *words)
{
    if (words[0] > current_thread()->base->priority)
        return JN_BAD_ARG;
    sched_set_priority(subject(object)->base, (unsigned)words[0]);
    return JN_OK;
}

status_t op_thread_set_foreign(struct object *object, uint64_t *words)
{
    struct thread *thread = subject(object);
    uint64_t before = thread->kind;

    thread->kind = (before & ~KIND_FOREIGN) | (words[0] & 1 ? KIND_FOREIGN : 0);
    status_t status = door_attach(thread);
    if (status) {
        thread->kind = before;
        return status;
    }
    if (thread->cpu != cpu_self()->id)
        thread_save(thread); /* its CPU looks at it again before it runs */
    fpu_changed(thread);
    return JN_OK;
}

status_t op_thread_bind_signal(struct object *object, uint64_t *words)
{
    return signal_bind(subject(object), words[0]);
}

status_t op_thread_bind_end(struct object *object, uint64_t *words)
{
    return signal_bind_end(&subject(object)->end_signal, &subject(object)->end_bits, words);
}

/* The wait of a thread is to end early: its own at once, one for an answer when the holder of the
 * Reply, which is told, gives it. A foreign call has no status of the kernel's: its server decides.
 */
void cancel_wait(struct thread *thread)
{
    switch (thread_state(thread)) {
    case STATE_RECV:
    case STATE_SIGNAL:
        thread_fail(thread, JN_CANCELLED);
        return;
    case STATE_SEND:
        if (thread_was(thread) == JN_WAS_NATIVE_CALL)
            thread_fail(thread, JN_CANCELLED);
        else if (thread->message == JN_KM_SYSCALL)
            thread->state |= STATE_CANCEL;
        return;
    case STATE_REPLY:
    case STATE_FOREIGN:
        /* The flag also keeps the answer off the fast path. */
        thread->state |= STATE_CANCEL;
        if (thread->state & STATE_PARKED && list_empty(&thread->reply->notice) &&
            thread->reply->gate) {
            thread->reply->flags |= REPLY_CANCEL;
            gate_notify(thread->reply->gate, &thread->reply->notice);
        }
        return;
    }
}

status_t op_thread_attention(struct object *object, uint64_t *words)
{
    struct thread *thread = subject(object);

    if (!(thread->exception_gate.fast & CAP_FAST_CALL))
        return JN_BAD_ARG;
    if (!thread->attention)
        thread->attention_was = (uint8_t)thread_was(thread);
    thread->attention = true;
    bool later = door_defer(thread, words[0]);
    if (thread_state(thread) != STATE_RUN) {
        /* The answer to a fault or exception must look for it, too: not by the fast path. */
        if (thread_was(thread) == JN_WAS_FAULT)
            thread->state |= STATE_CANCEL;
        cancel_wait(thread);
    } else if (!later && !(thread->state & STATE_SUSPENDED)) {
        if (thread == current_thread())
            thread_return(thread, JN_OK);
        sched_remove(thread);
        thread_wake(thread);
    }
    return JN_OK;
}

status_t op_thread_cancel(struct object *object, uint64_t *words)
{
    (void)words;
    cancel_wait(subject(object));
    return JN_OK;
}

status_t op_thread_set_cpu(struct object *object, uint64_t *words)
{
    uint64_t cpu = words[0], allowed = words[1];

    if (allowed >> cpu_count || (cpu == JN_CPU_ANY ? !allowed : cpu >= cpu_count) ||
        (cpu != JN_CPU_ANY && allowed && !(allowed >> cpu & 1)))
        return JN_BAD_ARG;
    return thread_set_cpu(subject(object), (unsigned)cpu, (unsigned)allowed);
}

/* Single step: the trap flag. */
status_t op_thread_step(struct object *object, uint64_t *words)
{
    struct thread *thread = subject(object);

    thread->step = words[0] & 1;
    thread->rflags = (thread->rflags & ~FLAG_TRAP) | (thread->step ? FLAG_TRAP : 0);
    debug_mark(thread);
    return JN_OK;
}

status_t op_thread_info(struct object *object, uint64_t *words)
{
    struct thread *thread = subject(object);

    words[0] = (uint64_t)thread_was(thread);
    words[1] = sched_time(thread->base);
    words[2] = thread->entries + thread->ipcs;
    words[3] = thread->switches;
    words[4] = thread->ipcs;
    words[5] = thread->faults;
    words[6] = thread->cpu;
    return JN_OK;
}

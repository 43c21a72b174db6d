/* Around the C entries, and behind the fast paths, for the time of tracing. */
#include "cpu.h"
#include "ipc/ipc.h"
#include "lib/string.h"
#include "signal/signal.h"
#include "smp.h"
#include "task/task.h"
#include "trace/trace.h"

/* As trace_save in entry.asm pushes them. */
struct trace_frame {
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t return_address, point;
};

#define FRAME_WORDS(f)                                                                             \
    {(f)->rdx, (f)->r10, (f)->r8, (f)->r9, (f)->rbx, (f)->rbp, (f)->r12, (f)->r13, (f)->r14, (f)->r15}

static void write_call(const struct thread *thread, unsigned operation, uint64_t object,
                       uint64_t status, uint64_t tag, const uint64_t words[JN_WORDS_REG])
{
    struct jn_trace_record *record = trace_begin(JN_TRACE_KCALL, thread);

    if (!record)
        return;
    record->detail = (uint8_t)operation;
    record->other = object;
    record->label = status;
    record->tag = tag;
    memcpy(record->words, words, sizeof record->words);
    trace_commit();
}

static void write_foreign(unsigned kind, const struct thread *thread, uint64_t number,
                          uint64_t rdi, uint64_t rsi, const uint64_t words[4])
{
    struct jn_trace_record *record = trace_begin(kind, thread);

    if (!record)
        return;
    memcpy(record->words, words, 4 * sizeof *words);
    record->words[4] = number;
    record->words[5] = rdi;
    record->words[6] = rsi;
    record->words[7] = thread->rip;
    record->words[8] = thread->rsp;
    trace_commit();
}

void trace_fast(const struct trace_frame *frame, const struct thread *thread)
{
    const struct thread *other = (const struct thread *)frame->r11;
    uint64_t words[JN_WORDS_REG] = FRAME_WORDS(frame);
    struct cpu *cpu = cpu_self();
    unsigned flags = 0;

    cpu->trace_entry = true;
    if (frame->point < POINT_SIGNAL && other->cr3 != cpu->cr3)
        flags = JN_TRACE_SPACE;
    switch (frame->point) {
    case POINT_DELIVER:
        trace_message(JN_TRACE_DELIVER, flags, thread, other, frame->rdi, frame->rsi, words);
        break;
    case POINT_ANSWER:
        trace_message(JN_TRACE_ANSWER, flags, thread, other, 0, frame->rsi, words);
        break;
    case POINT_SIGNAL: {
        const struct signal *signal = (const struct signal *)frame->rax;
        struct jn_trace_record *record = trace_begin(JN_TRACE_SIGNAL, thread);
        if (!record)
            break;
        if (other && other->cr3 != cpu->cr3)
            record->flags |= JN_TRACE_SPACE;
        record->other = trace_identity(other);
        record->label = object_identity(&signal->object);
        record->words[0] = signal->bits | frame->rdx;
        trace_commit();
        break;
    }
    case POINT_DOOR:
        write_foreign(JN_TRACE_DOOR, thread, frame->rax, frame->rdi, frame->rsi, words);
        break;
    case POINT_NULL:
        write_call(thread, JN_NULL, 0, JN_OK, frame->rsi, words);
        break;
    }
    cpu->trace_entry = false;
}

/* What the thread's system call has come to, as far as this entry goes. */
static uint64_t result(const struct thread *thread)
{
    bool returned = thread_state(thread) == STATE_RUN && !thread->restarted;

    return returned ? thread->r[JN_REG_RAX] : (uint64_t)JN_TRACE_WAITS;
}

void trace_syscall(struct thread *thread)
{
    unsigned operation = thread->r[JN_REG_RAX] & 0xff;
    uint64_t handle = thread->r[JN_REG_RDI], tag = thread->r[JN_REG_RSI], words[JN_WORDS_REG];
    struct thread *caller = thread->caller;
    uint64_t caller_identity = trace_identity(caller), object = 0;
    unsigned caller_state = thread_state(caller);
    struct cpu *cpu = cpu_self();

    cpu->trace_entry = true;
    for (unsigned i = 0; i < JN_WORDS_REG; i++)
        words[i] = thread->r[word_register[i]];
    const struct cap *cap = handle ? own_slot(handle) : NULL;
    if (cap && !cap_empty(cap) && cap->object)
        object = object_identity(cap->object);

    kernel_syscall(thread);
    if (operation == JN_REPLY_WAIT && cpu->trace_entry && caller_identity &&
        thread->caller == no_thread && thread_state(thread) == STATE_RECV) {
        /* The answer that is a mere swap tells nothing of itself: its path is a measured one. */
        struct jn_trace_record *record = trace_begin(JN_TRACE_ANSWER, thread);
        if (record) {
            static const uint8_t of[] = {JN_TRACE_OF_CALL, JN_TRACE_OF_SYSCALL, JN_TRACE_OF_FAULT,
                                         JN_TRACE_OF_EXCEPTION};
            record->other = caller_identity;
            record->tag = tag;
            record->detail = of[(caller_state - STATE_REPLY) & 3];
            memcpy(record->words, words, sizeof record->words);
            trace_commit();
        }
    } else if (cpu->trace_entry || operation == JN_INVOKE) {
        write_call(thread, operation, object, result(thread), tag, words);
    }
}

int64_t trace_copy_quick(struct thread *thread)
{
    struct thread *whose;
    int64_t done = ipc_copy_quick(thread);

    if (done >= 0) {
        bool in = thread->r[JN_REG_RSI] >> JN_TAG_METHOD_SHIFT & JN_COPY_IN;
        uint64_t address = ipc_copy_where(thread, &whose);
        cpu_self()->trace_entry = true;
        trace_copy(thread, whose, JN_OK, address, (uint64_t)done, in);
        cpu_self()->trace_entry = false;
    }
    return done;
}

void trace_foreign_syscall(struct thread *thread)
{
    struct cpu *cpu = cpu_self();
    const uint64_t words[4] = {thread->r[JN_REG_RDX], thread->r[JN_REG_R10], thread->r[JN_REG_R8],
                               thread->r[JN_REG_R9]};

    cpu->trace_entry = true;
    foreign_syscall(thread);
    if (cpu->trace_entry)
        write_foreign(JN_TRACE_QUEUED, thread, thread->r[JN_REG_RAX], thread->r[JN_REG_RDI],
                      thread->r[JN_REG_RSI], words);
}

void trace_trap(unsigned vector, uint64_t error, struct thread *thread)
{
    struct jn_trace_record *record;
    uint64_t address;

    __asm__ volatile("movq %%cr2, %0" : "=r"(address));
    cpu_self()->trace_entry = true;
    record = trace_begin(JN_TRACE_TRAP, thread);
    if (record) {
        record->detail = (uint8_t)vector;
        record->words[0] = error;
        record->words[1] = thread->rip;
        record->words[2] = vector == 14 ? address : 0;
        trace_commit();
    }
    trap(vector, error, thread);
}

struct thread *trace_leave(void)
{
    struct cpu *cpu = cpu_self();
    uint64_t before = trace_identity(cpu->current), switches = cpu->switches;

    cpu->trace_entry = false;
    if (cpu->trace_wake)
        trace_wake();
    struct thread *next = kernel_leave();
    uint64_t after = trace_identity(next);
    if (after == before)
        return next;
    struct jn_trace_record *record = trace_begin(JN_TRACE_SWITCH, NULL);
    if (record) {
        record->thread = before;
        record->other = after;
        if (switches != cpu->switches)
            record->flags |= JN_TRACE_SPACE;
        trace_commit();
    }
    return next;
}

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

/* Words of a foreign call, in the order of JN_KM_SYSCALL. */
static void write_foreign(unsigned kind, const struct thread *thread,
                          const uint64_t words[7])
{
    struct jn_trace_record record = {.kind = (uint8_t)kind};

    memcpy(record.words, words, 7 * sizeof *words);
    record.words[7] = thread->rip;
    record.words[8] = thread->rsp;
    trace_write(thread, &record);
}

void trace_fast(const struct trace_frame *f, const struct thread *thread)
{
    const struct thread *other = f->point < POINT_DOOR ? (const struct thread *)f->r11 : NULL;
    struct cpu *cpu = cpu_self();
    struct jn_trace_record record = {
        .flags = other && other->cr3 != cpu->cr3 ? JN_TRACE_SPACE : 0,
        .other = trace_identity(other),
        .tag = f->rsi,
        .words = {f->rdx, f->r10, f->r8, f->r9, f->rbx, f->rbp, f->r12, f->r13, f->r14, f->r15},
    };

    cpu->trace_entry = true;
    switch (f->point) {
    case POINT_DELIVER:
        record.kind = JN_TRACE_DELIVER;
        record.label = f->rdi;
        trace_message(record, thread);
        break;
    case POINT_ANSWER:
        record.kind = JN_TRACE_ANSWER;
        record.detail = (uint8_t)trace_answer_of(thread_state(other));
        trace_message(record, thread);
        break;
    case POINT_SIGNAL: {
        const struct signal *signal = (const struct signal *)f->rax;
        record = (struct jn_trace_record){
            .kind = JN_TRACE_SIGNAL,
            .flags = record.flags,
            .other = record.other,
            .label = object_identity(&signal->object),
            .words = {signal->bits | f->rdx},
        };
        trace_write(thread, &record);
        break;
    }
    case POINT_DOOR:
        write_foreign(JN_TRACE_DOOR, thread,
                      (uint64_t[]){f->rdx, f->r10, f->r8, f->r9, f->rax, f->rdi, f->rsi});
        break;
    case POINT_NULL:
        record.kind = JN_TRACE_KCALL;
        record.detail = JN_NULL;
        trace_write(thread, &record);
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
    const struct thread *caller = thread->caller;
    unsigned caller_state = thread_state(caller), operation = thread->r[JN_REG_RAX] & 0xff;
    uint64_t caller_identity = trace_identity(caller), handle = thread->r[JN_REG_RDI];
    const struct cap *cap = handle ? own_slot(handle) : NULL;
    struct jn_trace_record record = {
        .kind = JN_TRACE_KCALL,
        .detail = (uint8_t)operation,
        .other = cap && !cap_empty(cap) && cap->object ? object_identity(cap->object) : 0,
        .tag = thread->r[JN_REG_RSI],
    };
    struct cpu *cpu = cpu_self();

    cpu->trace_entry = true;
    trace_registers(thread, record.words);
    kernel_syscall(thread);
    if (!cpu->trace_entry && operation != JN_INVOKE)
        return;
    record.label = result(thread);
    if (operation == JN_REPLY_WAIT && caller_identity && thread->caller == no_thread &&
        thread_state(thread) == STATE_RECV) {
        /* The answer that is a mere swap tells nothing of itself: its path is a measured one. */
        record.kind = JN_TRACE_ANSWER;
        record.detail = (uint8_t)trace_answer_of(caller_state);
        record.other = caller_identity;
        record.label = 0;
    }
    trace_write(thread, &record);
}

int64_t trace_copy_quick(struct thread *thread)
{
    struct thread *whose;
    int64_t done = ipc_copy_quick(thread);

    if (done >= 0) {
        uint64_t address = ipc_copy_where(thread, &whose);
        cpu_self()->trace_entry = true;
        trace_copy(thread, whose, JN_OK, address, (uint64_t)done,
                   thread->r[JN_REG_RSI] >> JN_TAG_METHOD_SHIFT & JN_COPY_IN);
        cpu_self()->trace_entry = false;
    }
    return done;
}

void trace_foreign_syscall(struct thread *thread)
{
    const uint64_t *r = thread->r;
    const uint64_t words[7] = {r[JN_REG_RDX], r[JN_REG_R10], r[JN_REG_R8], r[JN_REG_R9],
                               r[JN_REG_RAX], r[JN_REG_RDI], r[JN_REG_RSI]};

    cpu_self()->trace_entry = true;
    foreign_syscall(thread);
    if (cpu_self()->trace_entry)
        write_foreign(JN_TRACE_QUEUED, thread, words);
}

void trace_trap(unsigned vector, uint64_t error, struct thread *thread)
{
    uint64_t address;

    __asm__ volatile("movq %%cr2, %0" : "=r"(address));
    cpu_self()->trace_entry = true;
    trace_write(thread, &(struct jn_trace_record){
        .kind = JN_TRACE_TRAP,
        .detail = (uint8_t)vector,
        .words = {error, thread->rip, vector == 14 ? address : 0},
    });
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
    if (after != before)
        trace_write(NULL, &(struct jn_trace_record){
            .kind = JN_TRACE_SWITCH,
            .flags = switches != cpu->switches ? JN_TRACE_SPACE : 0,
            .thread = before,
            .other = after,
        });
    return next;
}

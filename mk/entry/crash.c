/* What is left to say when an invariant is broken, or when a thread ends that nobody looks after:
 * lines that tools/crash turns into a backtrace (docs/debugging.md). */
#include "entry/crash.h"

#include "cpu.h"
#include "lib/string.h"
#include "memory/layout.h"
#include "platform/shutdown.h"
#include "platform/time.h"
#include "task/task.h"
#include "thread/thread.h"

#define STACK_SHOWN      32 /* words of a user's stack */
#define LINES_A_SECOND   10
#define REPORTS_A_SECOND 1

/* The first is the root task. */
static uint64_t task_number(const struct thread *thread)
{
    return thread->task ? (thread->task->captable - TABLE_WINDOW) / TABLE_BYTES : 0;
}

static void print_registers(const uint64_t *r, uint64_t rip, uint64_t flags)
{
    static const char names[JN_REG_COUNT][4] = {"rax", "rbx", "rcx", "rdx", "rsi", "rdi",
                                                "rbp", "rsp", "r8",  "r9",  "r10", "r11",
                                                "r12", "r13", "r14", "r15"};

    for (unsigned i = 0; i < JN_REG_COUNT; i++)
        print("%s%s %016lx%s", i % 4 ? "" : "mk: crash: ", names[i], r[i], i % 4 == 3 ? "\n" : " ");
    print("mk: crash: rip %016lx flags %lx\n", rip, flags);
}

void crash_kernel(const uint64_t *r, uint64_t rip, uint64_t flags)
{
    static bool again;
    const struct thread *thread = current_thread();
    const uint64_t *stack = (const uint64_t *)(r[JN_REG_RSP] & ~7ull);

    if (again) /* while it reported the first one */
        machine_shutdown(0x7f);
    again = true;
    if (thread) /* not in the first steps of the start */
        print("mk: crash: on CPU %u for thread %lx of task %lu, user rip %lx, state %x\n",
              cpu_self()->id, object_identity(&thread->object), task_number(thread), thread->rip,
              thread->state);
    print_registers(r, rip, flags);
    print("mk: crash: program mk");
    for (unsigned i = 0; (uint64_t)stack >= STACK_WINDOW && (uint64_t)stack % STACK_SLOT; i++) {
        if (i % 8 == 0)
            print("\nmk: crash: stack %lx:", (uint64_t)stack);
        print(" %lx", *stack++);
    }
    print("\nmk: crash: end\n");
    machine_shutdown(0x7f);
}

void crash_thread(struct thread *thread, const char *why)
{
    static uint64_t next, lines;
    uint64_t at = thread->rsp & ~7ull;
    const uint64_t *word;

    if (time_now() >= next) {
        next = time_now() + 1000000000;
        lines = 0;
    }
    if (lines++ >= LINES_A_SECOND)
        return;
    bool full = lines <= REPORTS_A_SECOND;
    char name[sizeof thread->task->name + 1] = {0};
    memcpy(name, thread->task->name, sizeof thread->task->name);
    print("mk: %stask %lu %s, thread %lx: %s, message %u, words %lx %lx %lx %lx %lx\n",
          full ? "crash: " : "", task_number(thread), name, object_identity(&thread->object), why,
          thread->message, thread->fault[0], thread->fault[1], thread->fault[2], thread->fault[3],
          thread->fault[4]);
    if (!full)
        return;
    print_registers(thread->r, thread->rip, thread->rflags);
    for (unsigned i = 0; i < STACK_SHOWN; i++, at += 8) {
        if (!(word = space_access(&thread->task->space, at, JN_ACCESS_READ)))
            break;
        if (i % 8 == 0)
            print("%smk: crash: stack %lx:", i ? "\n" : "", at);
        print(" %lx", *word);
    }
    print("\nmk: crash: end\n");
}

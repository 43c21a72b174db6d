/* What happens to a thread in user mode, and becomes a message to one of its gates: a foreign
 * system call that the fast path left, a page fault, an exception. Interrupts begin here, too.
 */
#include "cpu.h"
#include "ipc/ipc.h"
#include "lib/string.h"
#include "platform/irq.h"
#include "platform/lapic.h"
#include "platform/time.h"
#include "smp.h"
#include "task/task.h"
#include "thread/thread.h"

#define VECTOR_DEBUG      1
#define VECTOR_INVALID    6
#define VECTOR_NO_FPU     7
#define VECTOR_PROTECTION 13
#define VECTOR_PAGE_FAULT 14

/* Sends thread->message to the gate that `cap` holds. False: there is none. */
static bool raise(struct thread *thread, struct cap *cap)
{
    if (!(cap->fast & CAP_FAST_CALL))
        return false;
    thread->label = cap->label;
    thread->windows = 0;
    return gate_send(thread, gate_choose(GATE_OF(cap->object)), PHASE_FOREVER) == JN_OK;
}

void thread_raise_syscall(struct thread *thread)
{
    thread->message = JN_KM_SYSCALL;
    if (!raise(thread, &thread->exception_gate))
        thread_kill(thread, "no gate for its system calls");
}

void foreign_syscall(struct thread *thread)
{
    if (!kernel_enter(thread, ENTER_SYSCALL))
        return;
    thread->again = 0;
    thread_raise_syscall(thread);
}

void thread_raise_exception(struct thread *thread, unsigned vector, uint64_t error, uint64_t cr2)
{
    thread->fault[0] = vector;
    thread->fault[1] = error;
    thread->fault[2] = thread->rip;
    thread->fault[3] = thread->rsp;
    thread->fault[4] = cr2;
    thread->message = JN_KM_EXCEPTION;
    thread->again = 0;
    if (!raise(thread, &thread->exception_gate))
        thread_kill(thread, "no handler for its exception");
}

void thread_raise_fault(struct thread *thread, uint64_t address, uint64_t access, bool in_call)
{
    thread->fault[0] = address;
    thread->fault[1] = access;
    thread->fault[2] = thread->rip;
    thread->fault[3] = thread->rsp;
    thread->fault[4] = in_call;
    thread->message = JN_KM_PAGE_FAULT;
    thread->again = 0;
    if (!raise(thread, &thread->fault_gate))
        thread_raise_exception(thread, VECTOR_PAGE_FAULT, access, address);
}

void thread_raise_attention(struct thread *thread)
{
    for (unsigned i = 1; i < 5; i++)
        thread->fault[i] = 0;
    thread->fault[0] = thread->attention_was;
    thread->attention = false;
    thread->message = JN_KM_ATTENTION;
    thread->again = 0;
    /* Without a gate there is nobody to tell: it goes on. */
    if (!raise(thread, &thread->exception_gate))
        thread_wake(thread);
}

void thread_raise_again(struct thread *thread)
{
    struct cap *gate =
        thread->message == JN_KM_PAGE_FAULT ? &thread->fault_gate : &thread->exception_gate;

    thread->again = 1;
    if (!raise(thread, gate))
        thread_kill(thread, "its handler is gone");
}

/* The page-fault error code (Intel SDM Vol. 3A, 4.7) as enum jn_access. */
static uint64_t fault_access(uint64_t error)
{
    uint64_t access = error & 2 ? JN_ACCESS_WRITE : JN_ACCESS_READ;

    if (error & 16)
        access = JN_ACCESS_EXEC;
    return access | (error & 1 ? JN_FAULT_PRESENT : 0);
}

#define ERROR_USER 4
#define USER_CS    0x33
#define USER_SS    0x2b

/* A user `iretq` reads its stack with the kernel's rights in QEMU 7.2, and so faults under SMAP; on
 * a processor it just works. It is done here (KERNEL 18): true if that was it. */
static bool iretq_emulate(struct thread *thread)
{
    static const uint8_t code[2] = {0x48, 0xcf};
    struct space *space = &thread->task->space;
    uint64_t frame[5];

    for (unsigned i = 0; i < 2; i++) {
        const uint8_t *byte = space_access(space, thread->rip + i, JN_ACCESS_EXEC);
        if (!byte || *byte != code[i])
            return false;
    }
    for (unsigned i = 0; i < 5; i++) {
        uint64_t address = thread->rsp + 8 * i;
        if ((address & PAGE_MASK) > PAGE_SIZE - 8)
            return false; /* a misaligned stack at a page's end: the fault is delivered */
        const void *word = space_access(space, address, JN_ACCESS_READ);
        if (!word) {
            thread_raise_fault(thread, address, JN_ACCESS_READ, false);
            return true;
        }
        memcpy(&frame[i], word, 8);
    }
    if (frame[1] != USER_CS || frame[4] != USER_SS)
        return false;
    thread_return_to(thread, frame[0], frame[2], frame[3]);
    return true;
}

static void exception(unsigned vector, uint64_t error, struct thread *thread, uint64_t address)
{
    switch (vector) {
    case VECTOR_INVALID:
        if (cpu_fpu_is_on(cpu_self()))
            break;
        /* OSXSAVE is off: it may be that (fpu.c). */
        fpu_trap(thread);
        return;
    case VECTOR_NO_FPU:
        fpu_trap(thread);
        return;
    case VECTOR_PAGE_FAULT:
        if (!(error & ERROR_USER) && iretq_emulate(thread))
            return;
        thread->faults++;
        cpu_self()->faults++;
        thread_raise_fault(thread, address, fault_access(error), false);
        return;
    case VECTOR_PROTECTION:
        if (ports_emulate(thread))
            return;
        break;
    case VECTOR_DEBUG:
        debug_trap(thread);
        break;
    case 18:
        panic("machine check");
    case 8:
        panic("double fault");
    }
    thread_raise_exception(thread, vector, error, 0);
}

void trap(unsigned vector, uint64_t error, struct thread *thread)
{
    uint64_t address;

    /* Before others run here and fault. */
    __asm__ volatile("movq %%cr2, %0" : "=r"(address));
    bool fault = vector == VECTOR_PAGE_FAULT || vector == VECTOR_NO_FPU || vector == VECTOR_INVALID;
    if (!kernel_enter(thread, vector >= 32 ? ENTER_NOTHING : fault ? ENTER_FAULT : ENTER_OTHER))
        return;
    if (vector < 32) {
        /* It may have ended while this CPU waited for the lock. */
        if (cpu_self()->current == thread)
            exception(vector, error, thread, address);
        return;
    }
    cpu_self()->interrupts++;
    if (vector == VECTOR_TIMER)
        timer_interrupt();
    else if (vector == VECTOR_MAILBOX)
        lapic_acknowledge(); /* kernel_leave() looks */
    else
        irq_interrupt(vector);
}

/* FPU and AVX registers belong to one thread per CPU at a time, their owner (KERNEL 12).
 *
 * A foreign thread never runs with another's registers loaded: whoever switches to it, C or a fast path,
 * changes the owner first. For CR0.TS alone does not keep a program from them: QEMU 7.2 looks at it for
 * neither XSAVE nor XRSTOR, and the dynamic linker of every Linux program uses both.
 *
 * Native threads use them rarely and come and go between two steps of a program: one that is not the
 * owner runs with CR0.TS set and CR4.OSXSAVE clear. Its first vector instruction then traps (#NM), and
 * so does its first XSAVE, XRSTOR or AVX instruction (#UD, which nothing else shares as long as OSXSAVE
 * is clear: with it set the instruction is tried again).
 *
 * thread->fpu says which of these it is, cpu->fpu_on what the control registers are set for: whoever runs in user
 * mode, the two are equal. An owner's registers may be loaded while a native thread runs. */
#include "cpu.h"
#include "lib/string.h"
#include "thread/thread.h"

#define CR0_TS      (1ull << 3)
#define CR4_OSXSAVE (1ull << 18)

static void enable(struct cpu *cpu, bool on)
{
    cpu->fpu_is = on;
    if (cpu->fpu_on != CPU_KEYS)
        cpu->fpu_on = on;
    __asm__ volatile("mov %0, %%cr4" : : "r"(on ? cpu->cr4 : cpu->cr4_off));
    if (on)
        __asm__ volatile("clts");
    else
        __asm__ volatile("mov %0, %%cr0" : : "r"(cpu->cr0_off));
}

void fpu_init_cpu(struct cpu *cpu)
{
    uint64_t cr0;

    __asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
    __asm__ volatile("mov %%cr4, %0" : "=r"(cpu->cr4));
    cpu->cr0_off = cr0 | CR0_TS;
    cpu->cr4_off = cpu->cr4 & ~CR4_OSXSAVE;
    cpu->fpu_owner = no_thread;
    enable(cpu, false);
}

/* What thread->fpu is while it is not the owner. */
static uint8_t when_not_owner(const struct thread *thread)
{
    return thread->kind & KIND_FOREIGN ? FPU_LOAD : FPU_OFF;
}

static void save(struct thread *thread)
{
    __asm__ volatile("xsave64 %0"
                     : "+m"(thread->xsave)
                     : "a"((uint32_t)info_page->xcr0), "d"((uint32_t)(info_page->xcr0 >> 32))
                     : "memory");
}

static void load(struct thread *thread)
{
    __asm__ volatile("xrstor64 %0"
                     :
                     : "m"(thread->xsave), "a"((uint32_t)info_page->xcr0),
                       "d"((uint32_t)(info_page->xcr0 >> 32))
                     : "memory");
}

void fpu_init(struct thread *thread)
{
    /* XSTATE_BV 0: everything initial. MXCSR is loaded all the same (Intel SDM Vol. 1, 13.8). */
    memset(thread->xsave, 0, sizeof thread->xsave);
    *(uint16_t *)&thread->xsave[0] = 0x37f;
    *(uint32_t *)&thread->xsave[24] = 0x1f80;
    thread->fpu = when_not_owner(thread);
}

void fpu_trap(struct thread *thread)
{
    struct cpu *cpu = cpu_self();

    enable(cpu, true);
    if (cpu->fpu_owner == thread)
        return;
    if (cpu->fpu_owner != no_thread) {
        save(cpu->fpu_owner);
        cpu->fpu_owner->fpu = when_not_owner(cpu->fpu_owner);
    }
    cpu->fpu_owner = thread;
    thread->fpu = FPU_ON;
    thread->fpu_used = true;
    load(thread);
}

void fpu_switch(struct thread *thread)
{
    if (thread->fpu == FPU_OFF)
        enable(cpu_self(), false);
    else
        fpu_trap(thread);
}

void fpu_save(struct thread *thread)
{
    struct cpu *cpu = cpu_self();
    bool on = cpu_fpu_is_on(cpu);

    if (cpu->fpu_owner != thread)
        return;
    enable(cpu, true);
    save(thread);
    enable(cpu, on);
}

static void disown(struct cpu *cpu)
{
    cpu->fpu_owner->fpu = when_not_owner(cpu->fpu_owner);
    cpu->fpu_owner = no_thread;
    if (cpu == cpu_self())
        enable(cpu, false);
}

void fpu_flush(struct thread *thread)
{
    struct cpu *cpu = cpu_self();

    if (cpu->fpu_owner != thread)
        return;
    fpu_save(thread);
    disown(cpu);
}

/* On another CPU, which is held: the thread does not run there again before it is switched to. */
void fpu_forget(struct thread *thread)
{
    struct cpu *cpu = &cpus[thread->cpu];

    if (cpu->fpu_owner == thread) {
        disown(cpu);
        if (cpu != cpu_self() && cpu->current == thread)
            cpu->reload = 1;
    }
}

void fpu_changed(struct thread *thread)
{
    if (thread->fpu != FPU_ON)
        thread->fpu = when_not_owner(thread);
    if (thread == cpu_self()->current)
        fpu_switch(thread);
}

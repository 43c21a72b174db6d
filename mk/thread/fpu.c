/* FPU and AVX state is loaded lazily and belongs to one thread per CPU (KERNEL 12). CR0.TS is clear
 * exactly while that thread runs, so anyone else's first use traps here. */
#include "cpu.h"
#include "lib/string.h"
#include "thread/thread.h"

void fpu_enable(bool on)
{
    struct cpu *cpu = cpu_self();

    cpu->fpu_is = on;
    if (cpu->fpu_on != CPU_KEYS)
        cpu->fpu_on = on;
    if (on)
        __asm__ volatile("clts");
    else
        __asm__ volatile("movq %%cr0, %%rax\n\torl $8, %%eax\n\tmovq %%rax, %%cr0" : : : "rax");
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

void fpu_init_area(struct thread *thread)
{
    /* XSTATE_BV 0: everything initial. MXCSR is loaded all the same (Intel SDM Vol. 1, 13.8). */
    memset(thread->xsave, 0, sizeof thread->xsave);
    *(uint16_t *)&thread->xsave[0] = 0x37f;
    *(uint32_t *)&thread->xsave[24] = 0x1f80;
}

void fpu_trap(struct thread *thread)
{
    struct cpu *cpu = cpu_self();

    fpu_enable(true);
    if (cpu->fpu_owner == thread)
        return;
    if (cpu->fpu_owner != no_thread)
        save(cpu->fpu_owner);
    cpu->fpu_owner = thread;
    thread->fpu_used = true;
    load(thread);
}

void fpu_flush(struct thread *thread)
{
    struct cpu *cpu = cpu_self();

    if (cpu->fpu_owner != thread)
        return;
    if (!cpu_fpu_is_on(cpu))
        __asm__ volatile("clts");
    save(thread);
    cpu->fpu_owner = no_thread;
    fpu_enable(false);
}

/* On another CPU, which is held: the thread does not run there again before it is switched to, and
 * with that the trap is on. If it is not the current one there, the trap is on already. */
void fpu_forget(struct thread *thread)
{
    struct cpu *cpu = &cpus[thread->cpu];

    if (cpu->fpu_owner == thread) {
        cpu->fpu_owner = no_thread;
        if (cpu == cpu_self())
            fpu_enable(false);
        else if (cpu->current == thread)
            cpu->reload = 1;
    }
}

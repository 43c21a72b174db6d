/* Protection keys (Intel SDM Vol. 3A, 4.6.2), used for one thing: pages that can be executed and not read.
 * Such a page has key 1, and PKRU allows data accesses by key 0 only.
 *
 * User mode writes PKRU as it likes, once CR4.PKE is set. That is the program's own affair as long as it
 * runs; a switch to another thread puts the value back, so that it is no word between tasks and takes
 * nobody's memory away. Until a task maps a page so, there is no PKRU and no switch knows of any of this. */
#include "boot/features.h"
#include "cpu.h"
#include "smp.h"

#define CR4_PKE   (1ull << 22)
#define CPUID_PKU (1u << 3) /* leaf 7, ecx */

static bool enabled;

void cpu_keys_restore(void)
{
    uint32_t value, zero;

    __asm__ volatile("rdpkru" : "=a"(value), "=d"(zero) : "c"(0));
    if (value != PKRU_VALUE)
        __asm__ volatile("wrpkru" : : "a"(PKRU_VALUE), "c"(0), "d"(0) : "memory");
}

void cpu_keys_here(void)
{
    struct cpu *cpu = cpu_self();

    cpu->cr4 |= CR4_PKE;
    cpu->cr4_off |= CR4_PKE;
    __asm__ volatile("mov %0, %%cr4" : : "r"(cpu->fpu_on ? cpu->cr4 : cpu->cr4_off));
    cpu->fpu_is = cpu->fpu_on;
    cpu->fpu_on = CPU_KEYS;
    cpu_keys_restore();
}

bool cpu_keys_enable(void)
{
    if (enabled)
        return true;
    if (!(cpuid(7, 0).ecx & CPUID_PKU))
        return false;
    for (unsigned i = 0; i < cpu_count; i++)
        if (&cpus[i] != cpu_self())
            cpu_ask(&cpus[i], ASK_KEYS, true);
    cpu_keys_here();
    enabled = true;
    return true;
}

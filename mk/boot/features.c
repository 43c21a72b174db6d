#include "boot/features.h"

#include "lib/print.h"
#include "lib/types.h"

uint32_t xsave_bytes;
bool page_1g;

#define CR0_MP         (1ull << 1)
#define CR0_EM         (1ull << 2)
#define CR0_NE         (1ull << 5)
#define CR0_WP         (1ull << 16)
#define CR0_AM         (1ull << 18)
#define CR0_NW         (1ull << 29)
#define CR0_CD         (1ull << 30)
#define CR4_PAE        (1ull << 5)
#define CR4_PGE        (1ull << 7)
#define CR4_OSFXSR     (1ull << 9)
#define CR4_OSXMMEXCPT (1ull << 10)
#define CR4_UMIP       (1ull << 11)
#define CR4_FSGSBASE   (1ull << 16)
#define CR4_OSXSAVE    (1ull << 18)
#define CR4_SMEP       (1ull << 20)
#define CR4_SMAP       (1ull << 21)

#define XCR0_X87_SSE_AVX 7u

/* Intel SDM Vol. 3A, 12.12.2: entry 1 becomes write-combining, the others stay as after reset. */
#define MSR_PAT   0x277
#define PAT_VALUE 0x0007040600070106ull

static void need(bool present, const char *name)
{
    if (!present)
        panic("this processor has no %s, which Janus needs", name);
}

static void check(void)
{
    struct cpuid one = cpuid(1, 0), seven = cpuid(7, 0), extended = cpuid(0x80000001, 0);

    need(one.edx & 1u << 13, "global pages");
    need(one.edx & 1u << 16, "page attribute table");
    need(one.edx & 1u << 9, "local APIC");
    need(one.ecx & 1u << 26, "XSAVE");
    need(one.ecx & 1u << 28, "AVX");
    need(seven.ebx & 1u << 0, "FSGSBASE");
    need(seven.ebx & 1u << 7, "SMEP");
    need(seven.ebx & 1u << 20, "SMAP");
    need(extended.edx & 1u << 11, "SYSCALL");
    need(extended.edx & 1u << 20, "NX");
    page_1g = extended.edx & 1u << 26;
}

void features_enable(void)
{
    uint64_t cr0, cr4;

    check();
    __asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
    cr0 = (cr0 & ~(CR0_EM | CR0_NW | CR0_CD)) | CR0_MP | CR0_NE | CR0_WP | CR0_AM;
    __asm__ volatile("mov %0, %%cr0" : : "r"(cr0));
    cr4 = CR4_PAE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_FSGSBASE | CR4_OSXSAVE | CR4_SMEP |
          CR4_SMAP;
    if (cpuid(7, 0).ecx & 1u << 2)
        cr4 |= CR4_UMIP;
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4));
    __asm__ volatile("xsetbv" : : "a"(XCR0_X87_SSE_AVX), "d"(0), "c"(0));
    __asm__ volatile("wrmsr"
                     :
                     : "c"(MSR_PAT), "a"((uint32_t)PAT_VALUE), "d"((uint32_t)(PAT_VALUE >> 32)));
    xsave_bytes = cpuid(0xd, 0).ebx;
}

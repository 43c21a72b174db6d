/* Processor features: what the kernel demands, and what it turns on. */
#ifndef MK_BOOT_FEATURES_H
#define MK_BOOT_FEATURES_H

#include <stdbool.h>
#include <stdint.h>

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid r;
    __asm__ volatile("cpuid"
                     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                     : "a"(leaf), "c"(subleaf));
    return r;
}

/* Bytes of an XSAVE area for XCR0 = x87, SSE, AVX (standard format). */
extern uint32_t xsave_bytes;
extern bool page_1g;

/* On every CPU: stops the machine with one line if something needed is missing; then sets CR0, CR4,
 * XCR0 and the page attribute table. */
void features_enable(void);

#endif

/* The kernel information page, mapped read-only in every task, and the boot information that only
 * the root task finds. */
#ifndef JANUS_ABI_INFO_H
#define JANUS_ABI_INFO_H

#include <stdint.h>

#define JN_INFO_MAGIC 0x314f464e494e4a31ull

/* Time: read `sequence` (even), read the rest, read `sequence` again; repeat if it changed.
 *   monotonic ns = mono_ns + (((tsc - tsc_base) * tsc_mult) >> tsc_shift)   (128-bit product)
 *   real ns      = monotonic ns + real_offset_ns */
struct jn_info {
    uint64_t magic;
    uint32_t version;
    uint32_t cpus;
    volatile uint64_t sequence;
    uint64_t tsc_base;
    uint64_t mono_ns;
    uint64_t tsc_mult;
    uint32_t tsc_shift;
    uint32_t reserved0;
    int64_t real_offset_ns;
    uint64_t tsc_hz;
    uint64_t ram_bytes;
    uint64_t xcr0;
    uint32_t xsave_size;
    uint32_t isolated; /* mask of processors that only get what is put there by name */
    uint32_t cpuid1_ecx, cpuid1_edx, cpuid7_ebx, cpuid7_ecx;
    char cpu_vendor[16];
    char cpu_brand[48];
};

#define JN_BOOT_MAGIC 0x31544f4f424e4a31ull
#define JN_BOOT_REGIONS 64
#define JN_BOOT_MODULES 8

enum jn_region_kind {
    JN_REGION_RAM,    /* mapped 1:1 in the root task, free to use */
    JN_REGION_MODULE, /* mapped 1:1, holds a boot module (all rights) */
    JN_REGION_FIRMWARE, /* ACPI tables and reserved memory: mapped 1:1 read-only */
    JN_REGION_DEVICE, /* address space of devices: mapped 1:1, uncached */
};

/* At JN_BOOT_ADDRESS in the root task, read-only. All RAM that the kernel does not hold is mapped
 * there one to one (virtual = physical); the root task's own image lies above JN_ROOT_BASE. */
#define JN_BOOT_ADDRESS 0x7e0000000000ull
#define JN_ROOT_INFO 0x7e0000010000ull /* its information page */
#define JN_ROOT_UTCB 0x7e0000020000ull
#define JN_ROOT_STACK 0x7e0000100000ull /* top of its first stack; 64 KiB below are mapped */
#define JN_ROOT_BASE 0x7f0000000000ull  /* the image is linked from here */

struct jn_boot {
    uint64_t magic;
    uint32_t region_count;
    uint32_t module_count;
    uint64_t rsdp; /* physical address of the ACPI root pointer, or 0 */
    uint64_t kernel_frames; /* in the root Pool at the start */
    struct {
        uint64_t base, size; /* page-aligned */
        uint32_t kind, reserved;
    } regions[JN_BOOT_REGIONS];
    struct {
        uint64_t base, size; /* base page-aligned; size in bytes */
        char name[64];       /* the module's command line, cut to 63 */
    } modules[JN_BOOT_MODULES];
    char command_line[1024];
};

_Static_assert(sizeof(struct jn_boot) <= 4096, "one page");
_Static_assert(sizeof(struct jn_info) <= 4096, "one page");

#endif

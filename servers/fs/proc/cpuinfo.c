/* /proc/cpuinfo, from the information page and the processor itself. */
#include "janus/abi/info.h"
#include "janus/runtime.h"
#include "proc.h"

struct flag {
    uint8_t bit;
    const char *name;
};

/* Linux's names, Intel SDM Vol. 2A, CPUID. */
static const struct flag flags_1_edx[] = {
    {0, "fpu"},   {1, "vme"},    {2, "de"},    {3, "pse"},    {4, "tsc"},   {5, "msr"},
    {6, "pae"},   {7, "mce"},    {8, "cx8"},   {9, "apic"},   {11, "sep"},  {12, "mtrr"},
    {13, "pge"},  {14, "mca"},   {15, "cmov"}, {16, "pat"},   {17, "pse36"}, {19, "clflush"},
    {23, "mmx"},  {24, "fxsr"},  {25, "sse"},  {26, "sse2"},  {27, "ss"},   {28, "ht"},
};
static const struct flag flags_1_ecx[] = {
    {0, "pni"},     {1, "pclmulqdq"}, {3, "monitor"}, {9, "ssse3"},   {12, "fma"},
    {13, "cx16"},   {17, "pcid"},     {19, "sse4_1"}, {20, "sse4_2"}, {21, "x2apic"},
    {22, "movbe"},  {23, "popcnt"},   {25, "aes"},    {26, "xsave"},  {28, "avx"},
    {29, "f16c"},   {30, "rdrand"},   {31, "hypervisor"},
};
static const struct flag flags_7_ebx[] = {
    {0, "fsgsbase"}, {3, "bmi1"},    {5, "avx2"},  {7, "smep"},  {8, "bmi2"},
    {9, "erms"},     {10, "invpcid"}, {18, "rdseed"}, {19, "adx"}, {20, "smap"},
    {23, "clflushopt"}, {24, "clwb"}, {29, "sha_ni"},
};
static const struct flag flags_7_ecx[] = {{2, "umip"}, {3, "pku"}, {22, "rdpid"}};
static const struct flag flags_extended[] = {
    {11, "syscall"}, {20, "nx"}, {26, "pdpe1gb"}, {27, "rdtscp"}, {29, "lm"},
};

static void cpuid(uint32_t leaf, uint32_t out[4])
{
    __asm__("cpuid"
            : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
            : "a"(leaf), "c"(0));
}

static void print_flags(struct text *text, const struct flag *flags, size_t count, uint32_t word)
{
    for (size_t i = 0; i < count; i++)
        if (word >> flags[i].bit & 1)
            text_print(text, " %s", flags[i].name);
}
#define PRINT_FLAGS(table, word) print_flags(text, table, sizeof(table) / sizeof(table[0]), word)

static void print_cpu(struct text *text, const struct jn_info *info, uint32_t number)
{
    uint32_t leaf1[4], extended[4], sizes[4];
    cpuid(1, leaf1);
    cpuid(0x80000001, extended);
    cpuid(0x80000008, sizes);
    uint32_t family = leaf1[0] >> 8 & 15, model = leaf1[0] >> 4 & 15;
    if (family == 15)
        family += leaf1[0] >> 20 & 255;
    if (family == 6 || family >= 15)
        model += (leaf1[0] >> 16 & 15) << 4;
    unsigned long long khz = info->tsc_hz / 1000;
    const char *brand = info->cpu_brand;
    while (*brand == ' ')
        brand++;
    text_print(text, "processor\t: %u\nvendor_id\t: %.15s\ncpu family\t: %u\nmodel\t\t: %u\n",
               number, info->cpu_vendor, family, model);
    text_print(text, "model name\t: %.47s\nstepping\t: %u\ncpu MHz\t\t: %llu.%03llu\n", brand,
               leaf1[0] & 15, khz / 1000, khz % 1000);
    text_print(text, "cache size\t: 512 KB\nphysical id\t: 0\nsiblings\t: %u\ncore id\t\t: %u\n",
               info->cpus, number);
    text_print(text, "cpu cores\t: %u\napicid\t\t: %u\ninitial apicid\t: %u\nfpu\t\t: yes\n",
               info->cpus, number, number);
    text_print(text, "fpu_exception\t: yes\ncpuid level\t: 13\nwp\t\t: yes\nflags\t\t:");
    PRINT_FLAGS(flags_1_edx, info->cpuid1_edx);
    PRINT_FLAGS(flags_extended, extended[3]);
    PRINT_FLAGS(flags_1_ecx, info->cpuid1_ecx);
    PRINT_FLAGS(flags_7_ebx, info->cpuid7_ebx);
    PRINT_FLAGS(flags_7_ecx, info->cpuid7_ecx);
    text_print(text, "\nbugs\t\t:\nbogomips\t: %llu.%02llu\nclflush size\t: 64\n", khz * 2 / 1000,
               khz * 2 / 10 % 100);
    text_print(text, "cache_alignment\t: 64\naddress sizes\t: %u bits physical, %u bits virtual\n",
               sizes[0] & 255, sizes[0] >> 8 & 255);
    text_print(text, "power management:\n\n");
}

PROC_TEXT(proc_cpuinfo)
{
    (void)client;
    (void)tag;
    const struct jn_info *info = jn_info();
    for (uint32_t i = 0; i < (info->cpus ? info->cpus : 1); i++)
        print_cpu(text, info, i);
    return JN_OK;
}

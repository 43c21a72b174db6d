/* A CPU's descriptor tables, task state segment and control registers. */
#include "cpu.h"

#include "entry/crash.h"
#include "ipc/ipc.h"
#include "memory/layout.h"
#include "memory/space.h"
#include "thread/thread.h"

struct cpu cpus[CPU_MAX];
uint32_t cpu_count = 1; /* that run */
uint64_t nmi_count;

/* Selectors: user CS and SS are 0x33 and 0x2b (KERNEL 23). `sysret` takes SS at STAR + 8 and CS at
 * STAR + 16, `syscall` CS and SS at STAR and STAR + 8 (Intel SDM Vol. 2, SYSRET). */
#define KERNEL_CS    0x08
#define SYSRET_BASE  0x23
#define TSS_SELECTOR 0x38
#define GDT_ENTRIES  9

/* Intel SDM Vol. 3A, 8.7. */
struct tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t io_map; /* beyond the limit: every user port access traps (KERNEL 11) */
} __attribute__((packed));

struct idt_gate {
    uint16_t offset0, selector;
    uint8_t ist, type;
    uint16_t offset1;
    uint32_t offset2, reserved;
};

struct table_register {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

static uint64_t gdt[CPU_MAX][GDT_ENTRIES];
static struct tss tss[CPU_MAX];
static struct idt_gate idt[2][256] __attribute__((aligned(64))); /* plain, traced */

extern const char vectors[], vector_nmi[], entry_syscall[], traced_vectors[], traced_syscall[];

#define MSR_EFER           0xc0000080
#define EFER_SYSCALL       1
#define MSR_STAR           0xc0000081
#define MSR_LSTAR          0xc0000082
#define MSR_FMASK          0xc0000084
#define MSR_GS_BASE        0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_TSC_AUX        0xc0000103
/* AC NT IOPL DF IF TF RF (KERNEL 23) */
#define FMASK 0x57700u

static void write_msr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

static uint64_t read_msr(uint32_t msr)
{
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

static bool has_rdtscp(void)
{
    uint32_t eax = 0x80000001, ebx, ecx, edx;
    __asm__("cpuid" : "+a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx));
    return edx & 1u << 27;
}

static void idt_set(struct idt_gate *table, unsigned vector, const void *target, unsigned privilege, unsigned stack)
{
    uint64_t address = (uint64_t)target;

    table[vector] = (struct idt_gate){
        .offset0 = (uint16_t)address,
        .selector = KERNEL_CS,
        .ist = (uint8_t)stack,
        .type = (uint8_t)(0x8e | privilege << 5),
        .offset1 = (uint16_t)(address >> 16),
        .offset2 = (uint32_t)(address >> 32),
    };
}

static void idt_init(struct idt_gate *table, const char *stubs)
{
    for (unsigned vector = 0; vector < 256; vector++)
        idt_set(table, vector, stubs + 16 * vector, vector == 3 || vector == 4 ? 3 : 0, 0);
    idt_set(table, 1, stubs + 16 * 1, 0, STACK_DEBUG);
    idt_set(table, 2, vector_nmi, 0, STACK_NMI);
    idt_set(table, 8, stubs + 16 * 8, 0, STACK_DOUBLE_FAULT);
    idt_set(table, 18, stubs + 16 * 18, 0, STACK_MACHINE_CHECK);
}

void cpu_set_entries(bool traced)
{
    struct table_register idt_register = {sizeof idt[0] - 1, (uint64_t)idt[traced]};

    __asm__ volatile("lidt %0" : : "m"(idt_register));
    write_msr(MSR_LSTAR, (uint64_t)(traced ? traced_syscall : entry_syscall));
}

static void load_tables(uint32_t id)
{
    struct table_register gdt_register = {sizeof gdt[id] - 1, (uint64_t)gdt[id]};

    __asm__ volatile("lgdt %0\n\t"
                     "pushq %1\n\t"
                     "leaq 1f(%%rip), %%rax\n\t"
                     "pushq %%rax\n\t"
                     "lretq\n"
                     "1:\n\t"
                     "movl %2, %%eax\n\t"
                     "movl %%eax, %%ss\n\t"
                     "xorl %%eax, %%eax\n\t"
                     "movl %%eax, %%ds\n\t"
                     "movl %%eax, %%es\n\t"
                     "movl %%eax, %%fs\n\t"
                     "movl %%eax, %%gs\n\t"
                     "ltr %w3"
                     :
                     : "m"(gdt_register), "i"(KERNEL_CS), "i"(KERNEL_CS + 8), "r"((uint32_t)TSS_SELECTOR)
                     : "rax", "memory");
}

void cpu_init(uint32_t id, uint64_t stack)
{
    struct cpu *cpu = &cpus[id];
    uint64_t segment = (uint64_t)&tss[id];

    gdt[id][1] = 0x00af9b000000ffff; /* kernel code */
    gdt[id][2] = 0x00cf93000000ffff; /* kernel data */
    gdt[id][5] = 0x00cff3000000ffff; /* 0x28: user data */
    gdt[id][6] = 0x00affb000000ffff; /* 0x30: user code */
    gdt[id][7] = (sizeof(struct tss) - 1) | (segment & 0xffffff) << 16 | 0x89ull << 40 |
                 (segment >> 24 & 0xff) << 56;
    gdt[id][8] = segment >> 32;
    tss[id].rsp[0] = stack;
    tss[id].io_map = sizeof(struct tss);
    for (unsigned i = STACK_NMI; i <= STACK_DOUBLE_FAULT; i++)
        tss[id].ist[i - 1] = stack_top(id, i);
    if (id == 0) {
        idt_init(idt[0], vectors);
        idt_init(idt[1], traced_vectors);
    }
    load_tables(id);

    cpu->self = cpu;
    cpu->id = id;
    cpu->kernel_stack = stack;
    cpu->cr3 = kernel_cr3;
    cpu->gate_offset = offsetof(struct gate, part) + id * sizeof(struct gate_part);
    sched_init_cpu(cpu);
    write_msr(MSR_GS_BASE, (uint64_t)cpu);
    write_msr(MSR_KERNEL_GS_BASE, 0);
    write_msr(MSR_EFER, read_msr(MSR_EFER) | EFER_SYSCALL);
    write_msr(MSR_STAR, (uint64_t)SYSRET_BASE << 48 | (uint64_t)KERNEL_CS << 32);
    cpu_set_entries(false);
    write_msr(MSR_FMASK, FMASK);
    if (has_rdtscp())
        write_msr(MSR_TSC_AUX, id); /* which RDTSCP and RDPID give user mode: getcpu(2) */
    fpu_init_cpu(cpu);
}

/* What the assembly pushed for an exception in kernel mode. */
struct kernel_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector, error, rip, cs, rflags, rsp, ss;
};

_Noreturn void trap_kernel(const struct kernel_frame *frame);
_Noreturn void trap_kernel(const struct kernel_frame *frame)
{
    const uint64_t r[JN_REG_COUNT] = {
        frame->rax, frame->rbx, frame->rcx, frame->rdx, frame->rsi, frame->rdi,
        frame->rbp, frame->rsp, frame->r8,  frame->r9,  frame->r10, frame->r11,
        frame->r12, frame->r13, frame->r14, frame->r15,
    };
    uint64_t cr2;

    __asm__("movq %%cr2, %0" : "=r"(cr2));
    print("\nmk: panic: exception %lu, error %lx, in the kernel at %016lx, address %016lx\n",
          frame->vector, frame->error, frame->rip, cr2);
    crash_kernel(r, frame->rip, frame->rflags);
}

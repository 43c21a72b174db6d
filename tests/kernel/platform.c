/* Clock, timers, interrupts and ports. */
#include "harness.h"

#define PM_TIMER_HZ 3579545ull
#define PIT_HZ      1193182ull
#define PIT_GSI     2 /* ISA interrupt 0, as every MADT overrides it */
#define RTC_GSI     8

static uint64_t port_in(uint64_t port, unsigned width)
{
    uint64_t out[10];

    CHECK_OK(op(JN_CAP_IOPORTS, JN_OP_PORT_IN, port, width, 0, 0, 0, out));
    return out[0];
}

static void port_out(uint64_t port, unsigned width, uint64_t value)
{
    CHECK_OK(OP3(JN_CAP_IOPORTS, JN_OP_PORT_OUT, port, width, value));
}

/* Its bits, or 0 after `nanoseconds`. */
static uint64_t wait_for(cap_t signal, uint64_t nanoseconds)
{
    regs_t regs = {0};

    jn_utcb()->recv_deadline = now() + nanoseconds;
    int64_t status = sys(JN_WAIT | JN_RECV_UNTIL, signal, &regs);
    CHECK(status == JN_SIGNALLED || status == JN_TIMEOUT);
    return status == JN_SIGNALLED ? regs.label : 0;
}

static void information_page(void)
{
    const struct jn_info *info = (const void *)JN_ROOT_INFO;
    const struct jn_boot *boot = (const void *)JN_BOOT_ADDRESS;
    uint64_t before = now(), ram = 0;

    CHECK_IS(info->magic, JN_INFO_MAGIC);
    CHECK_IS(info->sequence & 1, 0);
    CHECK_IS(info->xcr0, 7);
    CHECK(info->xsave_size >= 832 && info->xsave_size <= 1024);
    CHECK(info->cpus >= 1);
    for (unsigned i = 0; i < 10000; i++) {
        uint64_t after = now();
        if (after < before)
            CHECK_IS(after, before);
        before = after;
    }
    uint64_t real = (now() + (uint64_t)info->real_offset_ns) / 1000000000;
    CHECK(real > 1700000000 && real < 4000000000);
    for (unsigned i = 0; i < boot->region_count; i++)
        if (boot->regions[i].kind == JN_REGION_RAM)
            ram += boot->regions[i].size;
    CHECK(ram < info->ram_bytes && ram > info->ram_bytes / 2);
}

/* The clock against the ACPI timer, whose port the FADT names: 0x608 on QEMU's pc. */
static void clock_rate(void)
{
    uint32_t pm = (uint32_t)port_in(0x608, 4);
    uint64_t begin = now();
    cap_t never = make_signal();

    CHECK_IS(wait_for(never, 200000000), 0);
    uint64_t pm_ns = (((uint32_t)port_in(0x608, 4) - pm) & 0xffffff) * 1000000000ull / PM_TIMER_HZ;
    uint64_t ns = now() - begin;
    uint64_t difference = ns > pm_ns ? ns - pm_ns : pm_ns - ns;
    CHECK(pm_ns > 190000000);
    CHECK(difference < 2000000);
}

/* Never early; late by what the host makes of it. */
static void deadlines(void)
{
    cap_t never = make_signal();

    for (unsigned i = 0; i < 50; i++) {
        uint64_t length = 20000ull << (i % 8), begin = now();
        CHECK_IS(wait_for(never, length), 0);
        CHECK(now() - begin >= length);
        CHECK(now() - begin < length + 200000000);
    }
    CHECK_IS(wait_for(never, 0), 0);
}

static volatile uint64_t woken[3];

static void sleeper(uint64_t index)
{
    regs_t regs = {0};

    jn_utcb()->recv_deadline = woken[index];
    sys(JN_WAIT | JN_RECV_UNTIL, 30 * JN_CAP_STEP, &regs);
    woken[index] = now();
    sys(JN_WAIT, 30 * JN_CAP_STEP, &regs);
}

/* Several at once, armed in an order that is not theirs. */
static void many_deadlines(void)
{
    uint64_t begin = now(), should[3] = {begin + 60000000, begin + 20000000, begin + 40000000};

    for (unsigned i = 0; i < 3; i++) {
        woken[i] = should[i];
        start_thread(&root, sleeper, i);
    }
    CHECK_IS(wait_for(make_signal(), 100000000), 0);
    for (unsigned i = 0; i < 3; i++) {
        CHECK(woken[i] >= should[i]);
        CHECK(woken[i] < should[i] + 50000000);
    }
}

static void pit_one_shot(uint64_t nanoseconds)
{
    uint64_t count = nanoseconds * PIT_HZ / 1000000000;

    port_out(0x43, 1, 0x30); /* channel 0, both bytes, mode 0: high when done */
    port_out(0x40, 1, count & 0xff);
    port_out(0x40, 1, count >> 8);
}

static void interrupt_by_edge(void)
{
    cap_t irq = slot(), other = slot(), signal = make_signal();

    pit_one_shot(1000000);
    CHECK_OK(OP3(JN_CAP_IRQ_CONTROL, JN_OP_IRQ_CREATE, irq, PIT_GSI, JN_IRQ_EDGE));
    CHECK_IS(OP3(JN_CAP_IRQ_CONTROL, JN_OP_IRQ_CREATE, other, PIT_GSI, JN_IRQ_EDGE), JN_EXISTS);
    CHECK_IS(OP3(JN_CAP_IRQ_CONTROL, JN_OP_IRQ_CREATE, other, 9999, JN_IRQ_EDGE), JN_BAD_ARG);
    CHECK_IS(OP3(JN_CAP_IRQ_CONTROL, JN_OP_IRQ_CREATE, other, 5, 0x40), JN_BAD_ARG);
    CHECK_IS(OP3(JN_CAP_IRQ_CONTROL, JN_OP_IRQ_CREATE, irq, 5, 0), JN_EXISTS);
    CHECK_OK(OP2(irq, JN_OP_IRQ_BIND, signal, 0x10));
    for (unsigned i = 0; i < 5; i++) {
        pit_one_shot(2000000);
        CHECK_IS(wait_for(signal, 500000000), 0x10);
        CHECK_OK(OP0(irq, JN_OP_IRQ_ACK));
    }
    /* Without a Signal it stays silent, and its death frees the line. */
    CHECK_OK(OP2(irq, JN_OP_IRQ_BIND, 0, 0));
    pit_one_shot(1000000);
    CHECK_IS(wait_for(signal, 10000000), 0);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, irq));
    settle();
    CHECK_OK(OP3(JN_CAP_IRQ_CONTROL, JN_OP_IRQ_CREATE, other, PIT_GSI, JN_IRQ_EDGE));
    CHECK_OK(OP2(other, JN_OP_IRQ_BIND, signal, 1));
    pit_one_shot(1000000);
    CHECK_IS(wait_for(signal, 500000000), 1);
    /* The Signal's death leaves an Irq without one. */
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, signal));
    pit_one_shot(1000000);
    settle();
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, other));
}

static uint8_t cmos(uint8_t number)
{
    port_out(0x70, 1, number);
    return (uint8_t)port_in(0x71, 1);
}

/* The clock chip holds its line until register C is read: taken as level, one interrupt comes for
 * each acknowledgement, however long the line is held. */
static void interrupt_by_level(void)
{
    cap_t irq = slot(), signal = make_signal();

    CHECK_OK(OP3(JN_CAP_IRQ_CONTROL, JN_OP_IRQ_CREATE, irq, RTC_GSI, JN_IRQ_LEVEL));
    cmos(0x0c);
    CHECK_OK(OP2(irq, JN_OP_IRQ_BIND, signal, 2));
    uint8_t a = cmos(0x0a), b = cmos(0x0b);
    port_out(0x70, 1, 0x0a);
    port_out(0x71, 1, (a & 0xf0) | 6); /* 1024 Hz */
    port_out(0x70, 1, 0x0b);
    port_out(0x71, 1, b | 0x40);
    CHECK_IS(wait_for(signal, 500000000), 2);
    CHECK_IS(wait_for(signal, 20000000), 0); /* masked: nobody acknowledged */
    CHECK_OK(OP0(irq, JN_OP_IRQ_ACK));
    CHECK_IS(wait_for(signal, 500000000), 2); /* the line was still held */
    cmos(0x0c);
    CHECK_OK(OP0(irq, JN_OP_IRQ_ACK));
    CHECK_IS(wait_for(signal, 500000000), 2); /* the next period */
    port_out(0x70, 1, 0x0b);
    port_out(0x71, 1, b);
    cmos(0x0c);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, irq));
}

static void message_signalled(void)
{
    cap_t irq = slot();
    uint64_t out[10];

    CHECK_OK(op(JN_CAP_IRQ_CONTROL, JN_OP_IRQ_CREATE, irq, 0, JN_IRQ_MSI, 0, 0, out));
    CHECK_IS(out[0] >> 20, 0xfee);
    CHECK(out[1] >= 0x20 && out[1] < 0x100);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, irq));
    CHECK_IS(
        op(JN_CAP_IRQ_CONTROL, JN_OP_IRQ_CREATE, slot(), 0, JN_IRQ_MSI | JN_IRQ_LEVEL, 0, 0, out),
        JN_BAD_ARG);
}

static void port_ranges(void)
{
    cap_t part = slot(), smaller = slot();
    uint64_t out[10];

    CHECK_OK(OP3(JN_CAP_IOPORTS, JN_OP_PORTS_SPLIT, part, 0x3f8, 8));
    CHECK_OK(op(part, JN_OP_PORT_IN, 0x3fd, 1, 0, 0, 0, out));
    CHECK_OK(op(part, JN_OP_PORT_IN, 0x3fe, 2, 0, 0, 0, out));
    static const struct {
        uint64_t port, width;
    } bad[] = {{0x3f7, 1}, {0x400, 1}, {0x3ff, 2},      {0x3fd, 4},     {0x3f8, 3},
               {0x3f8, 0}, {0x3f8, 8}, {UINT64_MAX, 1}, {0x100003f8, 1}};
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_IS(op(part, JN_OP_PORT_IN, bad[i].port, bad[i].width, 0, 0, 0, out), JN_BAD_ARG);
        CHECK_IS(OP3(part, JN_OP_PORT_OUT, bad[i].port, bad[i].width, 0), JN_BAD_ARG);
    }
    CHECK_OK(OP3(part, JN_OP_PORTS_SPLIT, smaller, 0x3fc, 4));
    CHECK_IS(op(smaller, JN_OP_PORT_IN, 0x3f8, 1, 0, 0, 0, out), JN_BAD_ARG);
    CHECK_IS(OP3(part, JN_OP_PORTS_SPLIT, slot(), 0x3f7, 2), JN_BAD_ARG);
    CHECK_IS(OP3(part, JN_OP_PORTS_SPLIT, slot(), 0x3ff, 2), JN_BAD_ARG);
    CHECK_IS(OP3(part, JN_OP_PORTS_SPLIT, slot(), 0x3f8, 0), JN_BAD_ARG);
    CHECK_IS(OP3(JN_CAP_IOPORTS, JN_OP_PORTS_SPLIT, slot(), 0, UINT64_MAX), JN_BAD_ARG);
    CHECK_IS(OP3(JN_CAP_IOPORTS, JN_OP_PORTS_SPLIT, slot(), 0, 0x10001), JN_BAD_ARG);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, part));
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, smaller));
}

const struct test platform_tests[] = {
    TEST(information_page),  TEST(clock_rate),        TEST(deadlines),
    TEST(many_deadlines),    TEST(interrupt_by_edge), TEST(interrupt_by_level),
    TEST(message_signalled), TEST(port_ranges),       {0}};

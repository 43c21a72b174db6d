#include "platform/lapic.h"

#include "boot/tables.h"
#include "platform/irq.h"

/* Register offsets, Intel SDM Vol. 3A, table 11-1. */
#define REGISTER_ID            0x20
#define REGISTER_TASK_PRIORITY 0x80
#define REGISTER_EOI           0xb0
#define REGISTER_SPURIOUS      0xf0
#define REGISTER_REQUESTS      0x200 /* 32 vectors every 16 bytes */
#define REGISTER_COMMAND       0x300
#define REGISTER_COMMAND_HIGH  0x310
#define REGISTER_LVT_TIMER     0x320
#define REGISTER_LVT_LINT0     0x350
#define REGISTER_LVT_LINT1     0x360
#define REGISTER_LVT_ERROR     0x370
#define REGISTER_TIMER_INITIAL 0x380
#define REGISTER_TIMER_CURRENT 0x390
#define REGISTER_TIMER_DIVIDE  0x3e0

#define LVT_MASKED      0x10000
#define LVT_NMI         0x400
#define SPURIOUS_ENABLE 0x100
#define COMMAND_PENDING 0x1000
#define COMMAND_INIT    0x4500
#define COMMAND_STARTUP 0x4600
#define DIVIDE_BY_16    3

static volatile uint32_t *registers;

static uint32_t lapic_read(unsigned offset)
{
    return registers[offset / 4];
}

static void lapic_write(unsigned offset, uint32_t value)
{
    registers[offset / 4] = value;
}

void lapic_init(uint64_t physical)
{
    registers = device_map(physical);
    lapic_enable();
}

void lapic_enable(void)
{
    lapic_write(REGISTER_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
    lapic_write(REGISTER_TASK_PRIORITY, 0);
    lapic_write(REGISTER_LVT_LINT0, LVT_MASKED);
    lapic_write(REGISTER_LVT_LINT1, LVT_NMI);
    lapic_write(REGISTER_LVT_ERROR, LVT_MASKED);
    lapic_write(REGISTER_TIMER_DIVIDE, DIVIDE_BY_16);
    lapic_write(REGISTER_LVT_TIMER, VECTOR_TIMER);
    lapic_acknowledge();
}

uint32_t lapic_id(void)
{
    return lapic_read(REGISTER_ID) >> 24;
}

void lapic_acknowledge(void)
{
    lapic_write(REGISTER_EOI, 0);
}

bool lapic_pending(void)
{
    for (unsigned word = VECTOR_IRQ_FIRST / 32; word < 8; word++)
        if (lapic_read(REGISTER_REQUESTS + 16 * word))
            return true;
    return false;
}

static void command(uint32_t target, uint32_t value)
{
    while (lapic_read(REGISTER_COMMAND) & COMMAND_PENDING)
        __asm__ volatile("pause");
    lapic_write(REGISTER_COMMAND_HIGH, target << 24);
    lapic_write(REGISTER_COMMAND, value);
}

void lapic_send(uint32_t target, unsigned vector)
{
    command(target, vector);
}

void lapic_send_init(uint32_t target)
{
    command(target, COMMAND_INIT);
}

void lapic_send_startup(uint32_t target, unsigned page)
{
    command(target, COMMAND_STARTUP | page);
}

void lapic_timer(uint32_t count)
{
    lapic_write(REGISTER_TIMER_INITIAL, count);
}

uint32_t lapic_timer_left(void)
{
    return lapic_read(REGISTER_TIMER_CURRENT);
}

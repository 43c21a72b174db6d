/* 16550 UART at the address of COM1, polled. Several CPUs may interleave lines, never lose them. */
#include "platform/serial.h"

#include "platform/ports.h"

#define COM1              0x3f8
#define LINE_STATUS       (COM1 + 5)
#define TRANSMITTER_EMPTY 0x20

void serial_init(void)
{
    port_out8(COM1 + 1, 0);    /* no interrupts */
    port_out8(COM1 + 3, 0x80); /* divisor latch */
    port_out8(COM1 + 0, 1);    /* 115200 */
    port_out8(COM1 + 1, 0);
    port_out8(COM1 + 3, 3);    /* 8N1 */
    port_out8(COM1 + 2, 0xc7); /* FIFOs on and cleared */
    port_out8(COM1 + 4, 3);    /* DTR, RTS */
}

static void write_byte(uint8_t byte)
{
    /* A line that is not there answers 0xff and never blocks; one that is stuck is given up. */
    for (unsigned tries = 0; tries < 100000; tries++)
        if (port_in8(LINE_STATUS) & TRANSMITTER_EMPTY)
            break;
    port_out8(COM1, byte);
}

void serial_write(const char *text, size_t bytes)
{
    for (; bytes; bytes--, text++) {
        if (*text == '\n')
            write_byte('\r');
        write_byte((uint8_t)*text);
    }
}

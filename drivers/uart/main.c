/* The serial log: a 16550 (TI TL16C550C, SLLS177) driven by its transmitter-empty interrupt. */
#include "janus/idl/device.h"
#include "janus/idl/log.h"
#include "janus/idl/supervisor.h"
#include "janus/object.h"
#include "janus/runtime.h"
#include "janus/server.h"
#include "ring.h"

enum {
    UART_BASE = 0x3f8, UART_DATA = 0, UART_INTERRUPT_ENABLE = 1, UART_INTERRUPT_ID = 2,
    UART_FIFO = 2, UART_LINE_CONTROL = 3, UART_MODEM_CONTROL = 4, UART_LINE_STATUS = 5,
    ENABLE_TRANSMITTER = 2, FIFO_ON = 1, LINE_8N1 = 3, MODEM_DTR_RTS_OUT2 = 0xb,
    STATUS_TRANSMITTER_EMPTY = 0x20, FIFO_DEPTH = 16,
};

static struct log_ring ring;
static cap_t ports, irq;

static void out(uint32_t port, uint8_t value)
{
    jn_status_t status = jn_port_out(ports, UART_BASE + port, 1, value);

    (void)status; /* without ports there is nowhere to say so */
}

static uint8_t in(uint32_t port)
{
    uint32_t value = 0;

    return jn_port_in(ports, UART_BASE + port, 1, &value) == JN_OK ? (uint8_t)value : 0;
}

/* Fills the FIFO if it is empty; its next interrupt comes when that has been sent. */
static void transmit(void)
{
    char bytes[FIFO_DEPTH];
    size_t n;

    if (log_ring_empty(&ring) || !(in(UART_LINE_STATUS) & STATUS_TRANSMITTER_EMPTY))
        return;
    n = log_ring_take(&ring, bytes, sizeof bytes);
    for (size_t i = 0; i < n; i++)
        out(UART_DATA, (uint8_t)bytes[i]);
}

static void on_interrupt(struct jn_server *server, uint64_t bits)
{
    jn_status_t status;

    (void)server;
    (void)bits;
    in(UART_INTERRUPT_ID); /* reading it takes a transmitter interrupt back */
    transmit();
    status = jn_irq_ack(irq);
    (void)status;
}

static jn_status_t op_write(struct jn_call *call, uint32_t level, const char *text, size_t length)
{
    (void)call;
    (void)level;
    log_ring_add(&ring, text, length);
    transmit();
    return JN_OK;
}

static const struct log_ops ops = {.write = op_write};

static void check(jn_status_t status, const char *what)
{
    if (status != JN_OK)
        jn_panic("%s: %s", what, jn_status_text(status));
}

int main(void)
{
    struct jn_interface interfaces[1] = {log_interface(&ops)};
    struct jn_server server = {
        .gate = JN_CAP_SELF_GATE, .interfaces = interfaces, .interface_count = 1,
        .on_signal = on_interrupt,
    };
    cap_t device;

    jn_log_set_name("uart");
    check(jn_name_wait("svc/device", &device), "svc/device");
    check(device_legacy(device, "uart0", 5, &ports, &irq), "uart0");
    check(jn_signal_create(JN_CAP_POOL, &server.signal), "signal");
    check(jn_irq_bind(irq, server.signal, 1), "interrupt");
    out(UART_LINE_CONTROL, LINE_8N1);
    out(UART_FIFO, FIFO_ON); /* not cleared: the kernel may have put something there */
    out(UART_MODEM_CONTROL, MODEM_DTR_RTS_OUT2);
    out(UART_INTERRUPT_ENABLE, ENABLE_TRANSMITTER);
    check(supervisor_ready(JN_CAP_SUPERVISOR), "ready");
    jn_server_run(&server);
}

/* The driver of the byte channel: start-up, and interface io on the one port for one client. */
#include "control.h"
#include "janus/channel.h"
#include "janus/idl/client.h"
#include "janus/idl/io.h"
#include "janus/idl/supervisor.h"
#include "janus/object.h"
#include "janus/ring.h"
#include "janus/runtime.h"
#include "janus/server.h"
#include "stream.h"
#include "transport.h"

enum {
    VIRTIO_CONSOLE = 0x1043, /* PCI device number of a modern console: 0x1040 + 3 */
    FEATURE_MULTIPORT = 1 << 1,
    CONFIG_MAX_PORTS = 4,
    CONTROL_RECEIVE = 2, CONTROL_SEND = 3,
    PORTS_MAX = 4, /* the channel's port must be one of the first */
    INTERRUPT_BIT = 1,
    COOKIES_MAX = 16,
};

struct port_queues {
    struct queue receive, send;
    bool present;
};

/* A waiter of the client. */
struct waiter {
    uint64_t cookie;
    uint32_t events;
};

static struct transport transport;
static struct control control;
static struct stream stream;
static struct port_queues ports[PORTS_MAX];
static struct dma_memory rings, receive_memory, send_memory;
static struct jn_ring ring;
static uint64_t owner; /* label of the client, 0: none yet */
static struct waiter waiters[COOKIES_MAX];
static uint32_t waiter_count;

/* Port 0 has queues 0 and 1, port n > 0 has 2n + 2 and 2n + 3; between them are the control queues
 * (5.3.2). */
static uint16_t port_queue(uint32_t port)
{
    return (uint16_t)(port == 0 ? 0 : 2 * port + 2);
}

/* ---- waiting ---- */

static uint32_t ready_now(uint32_t events)
{
    uint32_t ready = 0;

    if ((events & IO_READABLE) && stream_readable(&stream))
        ready |= IO_READABLE;
    if ((events & IO_WRITABLE) && stream_writable(&stream))
        ready |= IO_WRITABLE;
    return ready;
}

static void want_interrupts(void)
{
    uint32_t events = 0;

    for (uint32_t i = 0; i < waiter_count; i++)
        events |= waiters[i].events;
    stream_want(&stream, events & IO_READABLE, events & IO_WRITABLE);
}

/* Tells every waiter whose wait is over. The device may make progress between the look and the
 * request for interrupts, so it is looked at again after that. */
static void wake(void)
{
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < waiter_count;) {
            uint32_t ready = ready_now(waiters[i].events);

            if (!ready) {
                i++;
                continue;
            }
            jn_ring_post(&ring, waiters[i].cookie, ready);
            waiters[i] = waiters[--waiter_count];
        }
        want_interrupts();
    }
}

static jn_status_t arm(uint64_t cookie, uint32_t events)
{
    jn_status_t status;

    for (uint32_t i = 0; i < waiter_count; i++)
        if (waiters[i].cookie == cookie) {
            waiters[i].events |= events;
            wake();
            return JN_OK;
        }
    if (waiter_count == COOKIES_MAX)
        return JN_NO_MEMORY;
    status = jn_ring_arm(&ring);
    if (status != JN_OK)
        return status;
    waiters[waiter_count++] = (struct waiter){cookie, events};
    wake();
    return JN_OK;
}

/* ---- interface io ---- */

static jn_status_t check_open(const struct jn_call *call, uint64_t open)
{
    if (owner != call->label)
        return JN_NOT_PERMITTED;
    return open == 0 ? JN_OK : JN_BAD_HANDLE;
}

static jn_status_t blocked(jn_status_t status, uint64_t cookie, uint32_t events)
{
    jn_status_t armed;

    if (status != JN_WOULD_BLOCK || cookie == 0)
        return status;
    armed = arm(cookie, events);
    return armed == JN_OK ? JN_WOULD_BLOCK : armed;
}

static jn_status_t op_read(struct jn_call *call, uint64_t open, int64_t offset, uint64_t length,
                           uint32_t flags, uint64_t cookie, uint64_t *done)
{
    jn_status_t status = check_open(call, open);

    if (status != JN_OK)
        return status;
    if (offset != -1)
        return JN_NOT_SEEKABLE;
    if (flags)
        return JN_NOT_SUPPORTED;
    return blocked(stream_read(&stream, call, length, done), cookie, IO_READABLE);
}

static jn_status_t op_write(struct jn_call *call, uint64_t open, int64_t offset, uint64_t length,
                            uint32_t flags, uint64_t cookie, uint64_t *done)
{
    jn_status_t status = check_open(call, open);

    if (status != JN_OK)
        return status;
    if (offset != -1)
        return JN_NOT_SEEKABLE;
    if (flags)
        return JN_NOT_SUPPORTED;
    return blocked(stream_write(&stream, call, length, done), cookie, IO_WRITABLE);
}

static jn_status_t op_poll(struct jn_call *call, uint64_t open, uint32_t events, uint64_t cookie,
                           uint32_t *ready)
{
    jn_status_t status = check_open(call, open);

    if (status != JN_OK)
        return status;
    *ready = ready_now(events);
    return *ready || cookie == 0 ? JN_OK : arm(cookie, events);
}

static jn_status_t op_disarm(struct jn_call *call, uint64_t cookie)
{
    if (owner != call->label)
        return JN_NOT_PERMITTED;
    for (uint32_t i = 0; i < waiter_count; i++)
        if (waiters[i].cookie == cookie) {
            waiters[i] = waiters[--waiter_count];
            jn_ring_disarm(&ring);
            break;
        }
    want_interrupts();
    return JN_OK;
}

static const struct io_ops io_operations = {
    .read = op_read, .write = op_write, .poll = op_poll, .disarm = op_disarm,
};

/* ---- interface client: one client owns the port ---- */

static jn_status_t op_open_ring(struct jn_call *call, uint32_t entries, uint64_t bits, cap_t signal,
                                struct jn_pages *pages, uint32_t *new_entries)
{
    jn_status_t status;

    if (owner != 0) {
        jn_cap_delete(signal);
        return JN_BUSY;
    }
    status = jn_ring_create(&ring, entries, signal, bits, pages);
    if (status != JN_OK) {
        jn_cap_delete(signal);
        return status;
    }
    owner = call->label;
    *new_entries = ring.count;
    return JN_OK;
}

static void release(uint64_t label)
{
    if (owner == 0 || owner != label)
        return;
    owner = 0;
    waiter_count = 0;
    jn_ring_destroy(&ring);
    want_interrupts();
}

static jn_status_t op_end(struct jn_call *call)
{
    release(call->label);
    return JN_OK;
}

static const struct client_ops client_operations = {.open_ring = op_open_ring, .end = op_end};

static jn_status_t kernel_message(struct jn_server *server, struct jn_call *call, uint32_t kind)
{
    (void)server;
    if (kind == JN_KM_LABEL_GONE)
        release(call->label);
    return JN_OK;
}

/* ---- start ---- */

static void open_stream(void)
{
    struct port_queues *port;

    if (control.port >= PORTS_MAX || !ports[control.port].present)
        jn_panic("port %d: only the first %d ports are supported", control.port, PORTS_MAX);
    port = &ports[control.port];
    stream.receive = port->receive;
    stream.send = port->send;
    stream_start(&stream, receive_memory.address, receive_memory.physical, send_memory.address,
                 send_memory.physical);
    jn_log(JN_LOG_INFO, "%s is port %d", CHANNEL_PORT_NAME, control.port);
}

static void on_interrupt(struct jn_server *server, uint64_t bits)
{
    (void)server;
    (void)bits;
    transport_acknowledge(&transport);
    if (control_serve(&control))
        open_stream();
    wake();
}

static void check(jn_status_t status, const char *what)
{
    if (status != JN_OK)
        jn_panic("%s: %s", what, jn_status_text(status));
}

static void add_queue(struct queue *queue, uint16_t number, uint32_t page)
{
    uint64_t offset = (uint64_t)page * QUEUE_BYTES;

    check(transport_add_queue(&transport, queue, number, rings.address + offset,
                              rings.physical + offset), "queue");
}

static void start_device(void)
{
    uint64_t control_offset = (2 + 2 * PORTS_MAX) * QUEUE_BYTES;
    uint32_t count = transport_config32(&transport, CONFIG_MAX_PORTS);

    check(dma_allocate(&rings, control_offset + CONTROL_MEMORY), "ring memory");
    check(dma_allocate(&receive_memory, STREAM_RECEIVE_MEMORY), "receive memory");
    check(dma_allocate(&send_memory, STREAM_SEND_MEMORY), "send memory");
    add_queue(&control.receive, CONTROL_RECEIVE, 0);
    add_queue(&control.send, CONTROL_SEND, 1);
    for (uint32_t i = 0; i < PORTS_MAX && i < count; i++) {
        add_queue(&ports[i].receive, port_queue(i), 2 + 2 * i);
        add_queue(&ports[i].send, (uint16_t)(port_queue(i) + 1), 3 + 2 * i);
        ports[i].present = true;
    }
    transport_go(&transport);
    control_start(&control, rings.address + control_offset, rings.physical + control_offset,
                  CHANNEL_PORT_NAME);
}

int main(void)
{
    struct jn_interface interfaces[] = {io_interface(&io_operations),
                                        client_interface(&client_operations)};
    struct jn_server server = {
        .gate = JN_CAP_SELF_GATE, .interfaces = interfaces, .interface_count = 2,
        .on_signal = on_interrupt, .kernel_message = kernel_message,
    };
    cap_t device;

    jn_log_set_name("channel");
    check(jn_name_wait("svc/device", &device), "svc/device");
    check(jn_signal_create(JN_CAP_POOL, &server.signal), "signal");
    check(transport_start(&transport, device, VIRTIO_CONSOLE, FEATURE_MULTIPORT, server.signal,
                          INTERRUPT_BIT), "virtio console");
    start_device();
    check(supervisor_ready(JN_CAP_SUPERVISOR), "ready");
    jn_server_run(&server);
}

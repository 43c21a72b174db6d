/* Opens: interface io, terminals, and what a waiting thread armed. */
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "janus/idl/console.h"
#include "janus/idl/fs.h"
#include "janus/idl/object.h"
#include "loop.h"
#include "placement.h"

#define SMALL 4096u

/* What an operation with a cookie has answered. */
static jn_status_t armed(struct world_open open, uint64_t cookie, jn_status_t status)
{
    if (cookie && status == JN_WOULD_BLOCK)
        guest_armed(cookie, open.server == WORLD_CONSOLE ? RING_CONSOLE : RING_FS);
    return status;
}

static jn_status_t transfer_at(struct world_process *p, struct world_open open, int64_t offset,
                               uint64_t address, uint64_t length, uint32_t flags, uint64_t cookie,
                               bool write, uint64_t *done)
{
    struct world_thread *lender = guest_lender(p);
    uint8_t buffer[SMALL];
    size_t copied;
    jn_status_t status;

    *done = 0;
    /* What is read goes straight to where it belongs: what cannot be stored there has not been taken. */
    if (!lender || (write && length <= SMALL)) {
        if (length > SMALL)
            length = SMALL;
        if (write) {
            status = world_memory_read(p, address, buffer, length, &copied);
            return status == JN_OK
                       ? backend_io_write(&p->clients, guest_open(open), offset, length, flags,
                                          cookie, backend_window(buffer, length), done)
                       : JN_FAULT;
        }
        status = backend_io_read(&p->clients, guest_open(open), offset, length, flags, cookie,
                                 backend_window(buffer, length), done);
        if (status != JN_OK)
            return status;
        return world_memory_write(p, address, buffer, *done, &copied) == JN_OK ? JN_OK : JN_FAULT;
    }
    for (unsigned tries = 0;; tries++) {
        struct jn_window window;
        status = backend_thread_lend(&lender->thread, address, length, &window);
        if (status != JN_OK)
            return status;
        status = write ? backend_io_write(&p->clients, guest_open(open), offset, length, flags,
                                          cookie, window, done)
                       : backend_io_read(&p->clients, guest_open(open), offset, length, flags,
                                         cookie, window, done);
        if (status != JN_FAULT_AT)
            return status;
        /* The page is brought in as a touch by the program would bring it in. */
        uint64_t fault = *done;
        uint8_t byte;
        *done = 0;
        if (tries > length / 4096 + 8 || fault < address || fault >= address + length)
            return JN_FAULT;
        status = world_memory_read(p, fault, &byte, 1, &copied);
        if (status == JN_OK && !write)
            status = world_memory_write(p, fault, &byte, 1, &copied);
        if (status != JN_OK)
            return JN_FAULT;
    }
}

static jn_status_t transfer(struct world_process *p, struct world_open open, int64_t offset,
                            uint64_t address, uint64_t length, uint32_t flags, uint64_t cookie,
                            bool write, uint64_t *done)
{
    jn_status_t status;

    if (open.server != WORLD_FS)
        return transfer_at(p, open, offset, address, length, flags, cookie, write, done);
    placement_open_lock(open.number);
    status = transfer_at(p, open, offset, address, length, flags, cookie, write, done);
    placement_open_unlock(open.number);
    return status;
}

world_status world_io_read(struct world_process *p, struct world_open open, int64_t offset,
                           uint64_t address, uint64_t length, bool peek, uint64_t cookie,
                           uint64_t *done)
{
    return armed(open, cookie,
                 transfer(p, open, offset, address, length, peek ? IO_PEEK : 0, cookie, false, done));
}

world_status world_io_write(struct world_process *p, struct world_open open, int64_t offset,
                            uint64_t address, uint64_t length, bool append, uint64_t cookie,
                            uint64_t *done)
{
    return armed(open, cookie,
                 transfer(p, open, offset, address, length, append ? IO_APPEND : 0, cookie, true, done));
}

world_status world_io_get(struct world_process *p, struct world_open open, int64_t offset,
                          void *buffer, uint64_t length, bool peek, uint64_t cookie,
                          uint64_t *done)
{
    *done = 0;
    return armed(open, cookie,
                 backend_io_read(&p->clients, guest_open(open), offset, length, peek ? IO_PEEK : 0,
                                 cookie, backend_window(buffer, length), done));
}

world_status world_io_get_message(struct world_process *p, struct world_open open, void *buffer,
                                  uint64_t length, bool peek, uint64_t cookie, uint64_t *done,
                                  bool *more)
{
    jn_status_t status;

    *done = 0;
    status = backend_io_read(&p->clients, guest_open(open), -1, length,
                             IO_MESSAGE | (peek ? IO_PEEK : 0), cookie,
                             backend_window(buffer, length), done);
    status = armed(open, cookie, status);
    *more = status == JN_OK && (*done & IO_MESSAGE_MORE);
    *done &= ~IO_MESSAGE_MORE;
    return status;
}

world_status world_io_message_bytes(struct world_process *p, struct world_open open,
                                    uint64_t *bytes)
{
    return backend_io_control(&p->clients, guest_open(open), IO_CONTROL_MESSAGE_BYTES, 0, 0,
                              backend_window(NULL, 0), backend_window(NULL, 0), bytes);
}

world_status world_io_put(struct world_process *p, struct world_open open, int64_t offset,
                          const void *buffer, uint64_t length, uint64_t cookie, uint64_t *done)
{
    *done = 0;
    return armed(open, cookie,
                 backend_io_write(&p->clients, guest_open(open), offset, length, 0, cookie,
                                  backend_window(buffer, length), done));
}

world_status world_io_seek(struct world_process *p, struct world_open open, int64_t offset,
                           uint32_t whence, int64_t *position)
{
    jn_status_t status;

    if (open.server == WORLD_FS)
        placement_open_lock(open.number);
    status = backend_io_seek(&p->clients, guest_open(open), offset, whence, position);
    if (open.server == WORLD_FS)
        placement_open_unlock(open.number);
    return status;
}

world_status world_io_truncate(struct world_process *p, struct world_open open, uint64_t size)
{
    return backend_io_truncate(&p->clients, guest_open(open), size);
}

world_status world_io_sync(struct world_process *p, struct world_open open)
{
    return backend_io_sync(&p->clients, guest_open(open));
}

world_status world_io_poll(struct world_process *p, struct world_open open, uint32_t events,
                           uint64_t cookie, uint32_t *ready)
{
    jn_status_t status = backend_io_poll(&p->clients, guest_open(open), events, cookie, ready);

    if (cookie) /* what is ready is not armed */
        guest_armed(cookie, open.server == WORLD_CONSOLE ? RING_CONSOLE : RING_FS);
    return status;
}

world_status world_io_lock(struct world_process *p, struct world_open open, uint32_t kind,
                           uint64_t start, uint64_t length, uint64_t cookie)
{
    return armed(open, cookie,
                 backend_io_lock(&p->clients, guest_open(open), kind, IO_LOCK_MANDATORY, start,
                                 length, cookie));
}

world_status world_io_duplicate(struct world_process *p, struct world_open open,
                                struct world_open *copy)
{
    struct backend_open result;
    jn_status_t status = backend_io_duplicate(&p->clients, guest_open(open), &result);

    if (status == JN_OK)
        *copy = (struct world_open){result.server, open.access, result.number};
    return status;
}

void world_io_close(struct world_process *p, struct world_open open)
{
    if (open.server == WORLD_FS) {
        placement_open_closed(open.number);
        guest_source_forget(p, REGION_SOURCE_FILE, open.number);
    }
    backend_io_close(&p->clients, guest_open(open));
}

world_status world_io_transfer(struct world_process *p, struct world_open open,
                               struct world_process *target, struct world_open *copy)
{
    struct backend_open result;
    jn_status_t status =
        backend_io_transfer(&p->clients, guest_open(open), &target->clients, &result);

    if (status == JN_OK)
        *copy = (struct world_open){result.server, open.access, result.number};
    return status;
}

world_status world_io_readable_bytes(struct world_process *p, struct world_open open,
                                     uint64_t *bytes)
{
    return backend_io_control(&p->clients, guest_open(open), IO_CONTROL_READABLE_BYTES, 0, 0,
                              backend_window(NULL, 0), backend_window(NULL, 0), bytes);
}

world_status world_console_control(struct world_process *p, struct world_open open, uint32_t code,
                                   const void *input, uint32_t input_length, void *output,
                                   uint32_t capacity, uint64_t cookie, uint32_t *output_length)
{
    uint64_t result = 0;
    jn_status_t status = backend_io_control(
        &p->clients, guest_open(open), code, input_length | (uint64_t)capacity << 32, cookie,
        backend_window(input, input_length), backend_window(output, capacity), &result);

    *output_length = (uint32_t)result;
    return armed(open, cookie, status);
}

world_status world_console_open(struct world_process *p, struct world_open *input,
                                struct world_open *output)
{
    jn_status_t status =
        p->clients.console
            ? console_open_console(p->clients.console, &input->number, &output->number)
            : JN_NO_DEVICE;

    if (status == JN_OK) {
        input->server = output->server = WORLD_CONSOLE;
        input->access = output->access = WORLD_READ | WORLD_WRITE;
    }
    return status;
}

static struct world_thread *thread_of(uint64_t cookie)
{
    struct nt_thread *t = nt_thread_by_cookie(cookie);

    return t ? t->world : NULL;
}

void guest_armed(uint64_t cookie, unsigned ring)
{
    struct world_thread *t = thread_of(cookie);

    if (t && t->armed[ring] < UINT8_MAX)
        t->armed[ring]++;
}

/* The file server arms once a call. A wait for several objects or processes may leave others armed. */
void guest_unarmed(uint64_t cookie, unsigned ring)
{
    struct world_thread *t = ring == RING_FS ? thread_of(cookie) : NULL;

    if (t && t->armed[ring] == 1)
        t->armed[ring] = 0;
}

void world_disarm(struct world_process *p, uint64_t cookie)
{
    struct world_thread *t = thread_of(cookie);
    const cap_t clients[RING_COUNT] = {p->clients.fs, p->clients.console, p->clients.object,
                                       p->clients.task};

    for (unsigned ring = 0; ring < RING_COUNT; ring++) {
        jn_status_t status = JN_OK;
        if (!clients[ring] || (t && !t->armed[ring]))
            continue;
        if (t)
            t->armed[ring] = 0;
        if (ring == RING_OBJECT)
            status = object_disarm(clients[ring], cookie);
        else if (ring == RING_TASK)
            backend_process_disarm(clients[ring], cookie);
        else
            backend_io_disarm(&p->clients, ring == RING_FS ? BACKEND_FS : BACKEND_CONSOLE, cookie);
        (void)status;
    }
}

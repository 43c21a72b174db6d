#include "janus/backend/io.h"

#include "janus/object.h"
#include "janus/runtime.h"

#define SERVER(c, open) backend_client(c, (open).server)
#define ARMED(c, open, cookie, call) BACKEND_ARMED((open).server, SERVER(c, open), cookie, call)

/* Polling arms many at once and says of none that it was not: the ring is there before. */
static void open_ring(const struct backend_clients *c, uint32_t server, uint64_t cookie)
{
    if (cookie && backend_ring_missing)
        (void)backend_ring_missing(server, backend_client(c, server));
}

jn_status_t backend_io_read(const struct backend_clients *c, struct backend_open open,
                            int64_t offset, uint64_t length, uint32_t flags, uint64_t cookie,
                            struct jn_window data, uint64_t *done)
{
    return ARMED(c, open, cookie, io_read(SERVER(c, open), open.number, offset, length, flags,
                                          cookie, data, done));
}

jn_status_t backend_io_write(const struct backend_clients *c, struct backend_open open,
                             int64_t offset, uint64_t length, uint32_t flags, uint64_t cookie,
                             struct jn_window data, uint64_t *done)
{
    return ARMED(c, open, cookie, io_write(SERVER(c, open), open.number, offset, length, flags,
                                           cookie, data, done));
}

jn_status_t backend_io_seek(const struct backend_clients *c, struct backend_open open,
                            int64_t offset, uint32_t whence, int64_t *position)
{
    return io_seek(SERVER(c, open), open.number, offset, whence, position);
}

jn_status_t backend_io_stat(const struct backend_clients *c, struct backend_open open,
                            struct io_stat *stat)
{
    return io_stat(SERVER(c, open), open.number, stat);
}

jn_status_t backend_io_poll(const struct backend_clients *c, struct backend_open open,
                            uint32_t events, uint64_t cookie, uint32_t *ready)
{
    open_ring(c, open.server, cookie);
    return ARMED(c, open, cookie,
                 io_poll(SERVER(c, open), open.number, events, cookie, ready));
}

jn_status_t backend_io_poll_many(const struct backend_clients *c, uint32_t server, uint64_t cookie,
                                 const uint64_t *items, size_t count, uint16_t *ready)
{
    size_t length;
    open_ring(c, server, cookie);
    jn_status_t status =
        BACKEND_ARMED(server, backend_client(c, server), cookie,
                      io_poll_many(backend_client(c, server), cookie, (const char *)items,
                                   count * sizeof *items, (char *)ready, count * sizeof *ready,
                                   &length));
    return status == JN_OK && length != count * sizeof *ready ? JN_BAD_MESSAGE : status;
}

void backend_io_disarm(const struct backend_clients *c, uint32_t server, uint64_t cookie)
{
    cap_t client = backend_client(c, server);
    jn_status_t status = client ? io_disarm(client, cookie) : JN_OK;
    if (status != JN_OK)
        jn_log(JN_LOG_WARNING, "backend: disarm at server %u: %s", server, jn_status_text(status));
}

jn_status_t backend_io_control(const struct backend_clients *c, struct backend_open open,
                               uint32_t code, uint64_t argument, uint64_t cookie,
                               struct jn_window input, struct jn_window output, uint64_t *result)
{
    return ARMED(c, open, cookie, io_control(SERVER(c, open), open.number, code, argument, cookie,
                                             input, output, result));
}

jn_status_t backend_io_duplicate(const struct backend_clients *c, struct backend_open open,
                                 struct backend_open *copy)
{
    copy->server = open.server;
    return io_duplicate(SERVER(c, open), open.number, &copy->number);
}

void backend_io_close(const struct backend_clients *c, struct backend_open open)
{
    jn_status_t status = io_close(SERVER(c, open), open.number);
    if (status != JN_OK)
        jn_log(JN_LOG_WARNING, "backend: close of %lu at server %u: %s",
               (unsigned long)open.number, open.server, jn_status_text(status));
}

jn_status_t backend_io_truncate(const struct backend_clients *c, struct backend_open open,
                                uint64_t size)
{
    return io_truncate(SERVER(c, open), open.number, size);
}

jn_status_t backend_io_allocate(const struct backend_clients *c, struct backend_open open,
                                uint32_t mode, int64_t offset, int64_t length)
{
    return io_allocate(SERVER(c, open), open.number, mode, offset, length);
}

jn_status_t backend_io_sync(const struct backend_clients *c, struct backend_open open)
{
    return io_sync(SERVER(c, open), open.number);
}

jn_status_t backend_io_get_flags(const struct backend_clients *c, struct backend_open open,
                                 uint32_t *flags, uint32_t *access)
{
    return io_get_flags(SERVER(c, open), open.number, flags, access);
}

jn_status_t backend_io_set_flags(const struct backend_clients *c, struct backend_open open,
                                 uint32_t flags)
{
    return io_set_flags(SERVER(c, open), open.number, flags);
}

jn_status_t backend_io_lock(const struct backend_clients *c, struct backend_open open,
                            uint32_t kind, uint32_t scope, uint64_t start, uint64_t length,
                            uint64_t cookie)
{
    return ARMED(c, open, cookie,
                 io_lock(SERVER(c, open), open.number, kind, scope, start, length, cookie));
}

jn_status_t backend_io_test_lock(const struct backend_clients *c, struct backend_open open,
                                 uint32_t *kind, uint32_t scope, uint64_t *start,
                                 uint64_t *length, uint64_t *pid)
{
    return io_test_lock(SERVER(c, open), open.number, *kind, scope, *start, *length, kind, start,
                        length, pid);
}

jn_status_t backend_io_transfer(const struct backend_clients *c, struct backend_open open,
                                const struct backend_clients *target,
                                struct backend_open *target_open)
{
    target_open->server = open.server;
    return io_transfer(SERVER(c, open), open.number, SERVER(target, open), &target_open->number);
}

jn_status_t backend_console_open_peer(const struct backend_clients *c, struct backend_open open,
                                      uint32_t access, struct backend_open *peer)
{
    peer->server = BACKEND_CONSOLE;
    return console_open_peer(c->console, open.number, access, &peer->number);
}

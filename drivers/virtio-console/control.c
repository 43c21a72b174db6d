/* The hand-shake by which a port with a name is found: every port that the device announces is
 * answered PORT_READY, then its name comes; the wanted one is opened. */
#include "control.h"

#include <string.h>

enum {
    EVENT_DEVICE_READY = 0, EVENT_PORT_ADD = 1, EVENT_PORT_REMOVE = 2, EVENT_PORT_READY = 3,
    EVENT_PORT_OPEN = 6, EVENT_PORT_NAME = 7,
};

struct control_message {
    uint32_t port;
    uint16_t event, value;
};

static char *send_buffer(struct control *c, uint16_t id)
{
    return c->memory + (CONTROL_BUFFERS + id) * CONTROL_BUFFER_BYTES;
}

/* At most three messages a port are sent, long after the buffer's last use: the device takes
 * control messages at the doorbell. */
static void send(struct control *c, uint32_t port, uint16_t event, uint16_t value)
{
    struct control_message message = {port, event, value};
    uint16_t id = c->next_send++ % CONTROL_BUFFERS;

    queue_take(&c->send, queue_used_count(&c->send));
    memcpy(send_buffer(c, id), &message, sizeof message);
    queue_submit(&c->send, id, sizeof message);
    queue_publish(&c->send);
    queue_notify(&c->send);
}

void control_start(struct control *c, char *memory, uint64_t physical, const char *wanted)
{
    c->memory = memory;
    c->wanted = wanted;
    c->port = CONTROL_NO_PORT;
    for (uint16_t id = 0; id < CONTROL_BUFFERS; id++) {
        uint64_t send_at = physical + (CONTROL_BUFFERS + id) * CONTROL_BUFFER_BYTES;

        queue_set_buffer(&c->send, id, send_at, 0, false);
        queue_set_buffer(&c->receive, id, physical + id * CONTROL_BUFFER_BYTES,
                         CONTROL_BUFFER_BYTES, true);
        queue_submit(&c->receive, id, CONTROL_BUFFER_BYTES);
    }
    queue_want_interrupt(&c->receive, true);
    queue_publish(&c->receive);
    queue_notify(&c->receive);
    send(c, 0, EVENT_DEVICE_READY, 1);
}

static bool handle(struct control *c, const char *bytes, uint32_t length)
{
    struct control_message message;
    size_t name_length;

    if (length < sizeof message)
        return false;
    memcpy(&message, bytes, sizeof message);
    switch (message.event) {
    case EVENT_PORT_ADD:
        send(c, message.port, EVENT_PORT_READY, 1);
        return false;
    case EVENT_PORT_NAME:
        name_length = strnlen(bytes + sizeof message, length - sizeof message);
        if (name_length != strlen(c->wanted) ||
            memcmp(bytes + sizeof message, c->wanted, name_length) != 0 ||
            c->port != CONTROL_NO_PORT)
            return false;
        c->port = (int32_t)message.port;
        send(c, message.port, EVENT_PORT_OPEN, 1);
        return true;
    default: /* size of a console, opening of the host's end: nothing follows from them here */
        return false;
    }
}

bool control_serve(struct control *c)
{
    bool found = false;
    bool again = false;

    while (queue_used_count(&c->receive) > 0) {
        struct queue_used used = queue_used_peek(&c->receive, 0);
        uint32_t length = used.length < CONTROL_BUFFER_BYTES ? used.length : CONTROL_BUFFER_BYTES;

        found |= handle(c, c->memory + used.id * CONTROL_BUFFER_BYTES, length);
        queue_take(&c->receive, 1);
        queue_submit(&c->receive, (uint16_t)used.id, CONTROL_BUFFER_BYTES);
        again = true;
    }
    if (again) {
        queue_publish(&c->receive);
        queue_notify(&c->receive);
    }
    return found;
}

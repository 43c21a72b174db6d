/* Settings of a terminal: the control codes of idl/console.idl, which POSIX cores make of ioctl_tty(2).
 * Codes act on the terminal, whichever side they come through; what differs is said at each. */
#include <string.h>

#include "condrv.h"
#include "console.h"
#include "janus/runtime.h"

_Static_assert(sizeof(struct attributes) == sizeof(struct console_attributes), "same layout");

static jn_status_t copy_in_whole(struct jn_call *call, void *to, size_t size, uint64_t *result)
{
    size_t done = 0;
    jn_status_t status = jn_copy_in(call, 0, 0, to, size, &done);

    if (status != JN_FAULT)
        return status;
    *result = call->fault_address;
    return JN_FAULT_AT;
}

static jn_status_t copy_out_whole(struct jn_call *call, const void *from, size_t size,
                                  uint64_t *result)
{
    size_t done = 0;
    jn_status_t status = jn_copy_out(call, 1, 0, from, size, &done);

    if (status != JN_FAULT)
        return status;
    *result = call->fault_address;
    return JN_FAULT_AT;
}

static jn_status_t set_attributes(struct jn_call *call, struct terminal *t, uint64_t how,
                                  uint64_t *result)
{
    struct attributes attributes;
    jn_status_t status = copy_in_whole(call, &attributes, sizeof attributes, result);

    if (status != JN_OK)
        return status;
    if (how > 2)
        return JN_BAD_ARG;
    /* Draining needs no wait: what was written is already at the master. */
    if (how == 2)
        discipline_flush_input(&t->discipline);
    terminal_set_attributes(t, &attributes);
    return JN_OK;
}

static jn_status_t set_size(struct jn_call *call, struct terminal *t, uint64_t *result)
{
    struct console_size size;
    jn_status_t status = copy_in_whole(call, &size, sizeof size, result);

    if (status != JN_OK)
        return status;
    if (size.rows > UINT16_MAX || size.columns > UINT16_MAX)
        return JN_BAD_ARG;
    terminal_set_size(t, &size);
    return JN_OK;
}

static jn_status_t flush(struct terminal *t, enum side side, uint64_t what)
{
    if (what > 2)
        return JN_BAD_ARG;
    if (what != 1) {
        if (side == SIDE_MASTER)
            terminal_screen_take(t, terminal_screen_count(t));
        else
            discipline_flush_input(&t->discipline);
    }
    if (what != 0) {
        if (side == SIDE_MASTER)
            terminal_flush_typed(t);
        else
            terminal_flush_screen(t);
    }
    terminal_pump(t);
    return JN_OK;
}

static jn_status_t flow(struct terminal *t, enum side side, uint64_t what)
{
    enum { OUTPUT_OFF, OUTPUT_ON, INPUT_OFF, INPUT_ON };
    uint8_t key;

    if (what > INPUT_ON)
        return JN_BAD_ARG;
    if (side == SIDE_MASTER)
        return JN_OK; /* the master's own output is never held */
    if (what == OUTPUT_OFF || what == OUTPUT_ON) {
        discipline_hold(&t->discipline, what == OUTPUT_OFF);
        terminal_changed(t);
        return JN_OK;
    }
    key = t->discipline.attributes.cc[what == INPUT_OFF ? CC_STOP : CC_START];
    if (key != ATTR_DISABLED && t->discipline.sink->room(t) > 0)
        t->discipline.sink->put(t, &key, 1);
    return JN_OK;
}

static jn_status_t get_group(const struct client *client, const struct description *d,
                             uint64_t value, uint64_t *result)
{
    if (d->kind != OPEN_MASTER && job_terminal(client) != d->terminal)
        return JN_NOT_TERMINAL;
    *result = value;
    return JN_OK;
}

/* Codes that only a master has. */
static jn_status_t control_master(struct jn_call *call, struct terminal *t, uint32_t code,
                                  uint64_t argument, uint64_t *result)
{
    (void)call;
    switch (code) {
    case CONSOLE_GET_NUMBER:
        *result = t->number;
        return JN_OK;
    case CONSOLE_SET_LOCK:
        t->locked = argument != 0;
        return JN_OK;
    case CONSOLE_GET_LOCK:
        *result = t->locked;
        return JN_OK;
    case CONSOLE_SET_PACKET:
        if (argument && !t->packet)
            t->packet_status = 0;
        t->packet = argument != 0;
        return JN_OK;
    default: /* CONSOLE_GET_PACKET */
        *result = t->packet;
        return JN_OK;
    }
}

static bool needs_foreground(uint32_t code)
{
    switch (code) {
    case CONSOLE_SET_ATTRIBUTES:
    case CONSOLE_SET_GROUP:
    case CONSOLE_FLUSH:
    case CONSOLE_FLOW:
    case CONSOLE_DRAIN:
    case CONSOLE_BREAK:
        return true;
    default:
        return false;
    }
}

static jn_status_t control_terminal(struct jn_call *call, struct client *client,
                                    struct description *d, uint32_t code, uint64_t argument,
                                    uint64_t *result)
{
    struct terminal *t = d->terminal;
    enum side side = description_side(d);

    switch (code) {
    case CONSOLE_GET_ATTRIBUTES:
        return copy_out_whole(call, &t->discipline.attributes, sizeof(struct attributes), result);
    case CONSOLE_SET_ATTRIBUTES:
        return set_attributes(call, t, argument, result);
    case CONSOLE_GET_SIZE:
        return copy_out_whole(call, &t->size, sizeof t->size, result);
    case CONSOLE_SET_SIZE:
        return set_size(call, t, result);
    case CONSOLE_GET_GROUP:
        return get_group(client, d, t->foreground, result);
    case CONSOLE_SET_GROUP:
        return job_set_foreground(client, t, argument);
    case CONSOLE_GET_SESSION:
        return t->session ? get_group(client, d, t->session, result) : JN_NOT_TERMINAL;
    case CONSOLE_SET_CONTROLLING:
        return side == SIDE_SLAVE ? job_set_controlling(client, t, argument == 1)
                                  : JN_NOT_PERMITTED;
    case CONSOLE_DROP_CONTROLLING:
        return job_drop_controlling(client, t);
    case CONSOLE_FLUSH:
        return flush(t, side, argument);
    case CONSOLE_FLOW:
        return flow(t, side, argument);
    case CONSOLE_DRAIN: /* nothing is ever on its way */
    case CONSOLE_BREAK: /* a pseudo-terminal has no line */
        return JN_OK;
    case CONSOLE_GET_NUMBER:
    case CONSOLE_SET_LOCK:
    case CONSOLE_GET_LOCK:
    case CONSOLE_SET_PACKET:
    case CONSOLE_GET_PACKET:
        return side == SIDE_MASTER ? control_master(call, t, code, argument, result)
                                   : JN_NOT_TERMINAL;
    case CONSOLE_OUTPUT_BYTES:
        *result = 0;
        return JN_OK;
    case CONSOLE_INJECT:
        return JN_IO;
    case CONSOLE_SET_EXCLUSIVE:
        t->exclusive = argument != 0;
        return JN_OK;
    case CONSOLE_GET_EXCLUSIVE:
        *result = t->exclusive;
        return JN_OK;
    case IO_CONTROL_READABLE_BYTES:
        *result = side == SIDE_MASTER ? terminal_screen_count(t)
                                      : discipline_input_bytes(&t->discipline);
        return JN_OK;
    default:
        jn_log(JN_LOG_INFO, "terminal control %#x(%#llx) is not supported", code,
               (unsigned long long)argument);
        return JN_NOT_TERMINAL;
    }
}

jn_status_t control_open(struct jn_call *call, struct client *client, struct description *d,
                         uint32_t code, uint64_t argument, uint64_t cookie, uint64_t *result)
{
    bool force = code & CONSOLE_FORCE;
    jn_status_t status;

    *result = 0;
    if (d->kind == OPEN_CONDRV_INPUT || d->kind == OPEN_CONDRV_OUTPUT)
        return condrv_control(call, client, d, code, argument, cookie, result);
    code &= ~(uint32_t)CONSOLE_FORCE;
    if (d->hung_up)
        return code == CONSOLE_SET_GROUP ? JN_NOT_TERMINAL : JN_IO;
    if (!force && d->kind == OPEN_SLAVE && needs_foreground(code)) {
        status = job_check(client, d->terminal);
        if (status != JN_OK)
            return status;
    }
    status = control_terminal(call, client, d, code, argument, result);
    if (status == JN_OK)
        discipline_echo_pending(&d->terminal->discipline);
    return status;
}

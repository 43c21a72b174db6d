/* Pairs: the bytes on their way both ways, packet mode, hang-up, and the table of /dev/pts. */
#include <stdlib.h>
#include <string.h>

#include "condrv.h"
#include "console.h"
#include "janus/runtime.h"

static struct terminal **table;
static size_t table_size;

/* ---- what the discipline asks of its terminal ---- */

static size_t sink_room(void *context)
{
    struct terminal *t = context;

    return TERMINAL_SCREEN - terminal_screen_count(t);
}

static void sink_put(void *context, const uint8_t *bytes, size_t count)
{
    struct terminal *t = context;
    uint32_t at = t->screen_head % TERMINAL_SCREEN;
    size_t first = TERMINAL_SCREEN - at < count ? TERMINAL_SCREEN - at : count;

    memcpy(t->screen + at, bytes, first);
    memcpy(t->screen, bytes + first, count - first);
    t->screen_head += (uint32_t)count;
    terminal_changed(t);
}

static void sink_signal(void *context, int number)
{
    job_signal(context, (uint32_t)number);
}

static void sink_flush_output(void *context)
{
    terminal_flush_screen(context);
}

static void sink_input_flushed(void *context)
{
    struct terminal *t = context;

    terminal_packet(t, PACKET_FLUSH_READ, 0);
    terminal_changed(t);
}

static void sink_flow(void *context, bool stopped)
{
    struct terminal *t = context;

    if (stopped)
        terminal_packet(t, PACKET_STOP, PACKET_START);
    else
        terminal_packet(t, PACKET_START, PACKET_STOP);
    terminal_changed(t);
}

static const struct discipline_sink sink = {
    .room = sink_room, .put = sink_put, .signal = sink_signal, .flush_output = sink_flush_output,
    .input_flushed = sink_input_flushed, .flow = sink_flow,
};

/* ---- the table ---- */

struct terminal *terminal_find(uint64_t number)
{
    return number < table_size ? table[number] : NULL;
}

struct terminal *terminal_next(uint64_t from)
{
    for (uint64_t n = from; n < table_size; n++)
        if (table[n])
            return table[n];
    return NULL;
}

struct terminal *terminal_of_session(uint64_t session)
{
    struct terminal *t;

    if (session == 0)
        return NULL;
    for (uint64_t n = 0; (t = terminal_next(n)); n = t->number + 1)
        if (t->session == session)
            return t;
    return NULL;
}

static jn_status_t take_number(struct terminal *t)
{
    size_t n = 0;

    while (n < table_size && table[n])
        n++;
    if (n >= TERMINALS_MAX)
        return JN_TOO_MANY;
    if (n == table_size) {
        size_t size = table_size ? 2 * table_size : 16;
        struct terminal **grown = realloc(table, size * sizeof *table);

        if (!grown)
            return JN_NO_MEMORY;
        memset(grown + table_size, 0, (size - table_size) * sizeof *table);
        table = grown;
        table_size = size;
    }
    table[n] = t;
    t->number = (uint32_t)n;
    return JN_OK;
}

jn_status_t terminal_create(struct terminal **out)
{
    struct terminal *t = calloc(1, sizeof *t);
    jn_status_t status = JN_NO_MEMORY;

    if (t)
        t->screen = malloc(TERMINAL_SCREEN);
    if (t && t->screen)
        status = take_number(t);
    if (status != JN_OK) {
        if (t)
            free(t->screen);
        free(t);
        return status;
    }
    discipline_init(&t->discipline, &sink, t);
    list_init(&t->waiters[SIDE_MASTER]);
    list_init(&t->waiters[SIDE_SLAVE]);
    list_init(&t->descriptions);
    t->locked = true;
    t->mode = 0620;
    t->gid = 5; /* the group tty */
    t->access_ns = t->modify_ns = jn_time_real();
    *out = t;
    return JN_OK;
}

void terminal_release(struct terminal *t)
{
    if (--t->references > 0)
        return;
    table[t->number] = NULL;
    condrv_free(t->condrv);
    free(t->screen);
    free(t);
}

/* ---- bytes ---- */

size_t terminal_screen_count(const struct terminal *t)
{
    return t->screen_head - t->screen_tail;
}

size_t terminal_screen_peek(const struct terminal *t, const uint8_t **bytes)
{
    uint32_t at = t->screen_tail % TERMINAL_SCREEN;
    size_t count = terminal_screen_count(t);

    *bytes = t->screen + at;
    return count < TERMINAL_SCREEN - at ? count : TERMINAL_SCREEN - at;
}

void terminal_screen_take(struct terminal *t, size_t count)
{
    t->screen_tail += (uint32_t)count;
    discipline_echo_pending(&t->discipline);
    terminal_changed(t);
}

/* Linux drops what is on its way to the master, and leaves what the master's own queue holds. */
void terminal_flush_screen(struct terminal *t)
{
    if (terminal_screen_count(t) > TERMINAL_KEPT)
        t->screen_head = t->screen_tail + TERMINAL_KEPT;
    terminal_packet(t, PACKET_FLUSH_WRITE, 0);
    terminal_changed(t);
}

void terminal_flush_typed(struct terminal *t)
{
    t->typed_tail = t->typed_head;
    terminal_changed(t);
}

void terminal_pump(struct terminal *t)
{
    while (t->typed_tail != t->typed_head) {
        uint32_t at = t->typed_tail % TERMINAL_TYPED;
        size_t run = t->typed_head - t->typed_tail;
        size_t done;

        if (run > TERMINAL_TYPED - at)
            run = TERMINAL_TYPED - at;
        done = discipline_receive(&t->discipline, t->typed + at, run);
        if (done == 0)
            break;
        t->typed_tail += (uint32_t)done;
        t->last_key_ns = jn_time_monotonic();
        terminal_changed(t);
    }
}

size_t terminal_type(struct terminal *t, const uint8_t *bytes, size_t count)
{
    size_t done = 0;

    while (done < count) {
        uint32_t at = t->typed_head % TERMINAL_TYPED;
        size_t room = TERMINAL_TYPED - (t->typed_head - t->typed_tail);
        size_t run = count - done;

        if (run > room)
            run = room;
        if (run > TERMINAL_TYPED - at)
            run = TERMINAL_TYPED - at;
        if (run == 0)
            break;
        memcpy(t->typed + at, bytes + done, run);
        t->typed_head += (uint32_t)run;
        done += run;
        terminal_pump(t);
    }
    return done;
}

void terminal_packet(struct terminal *t, uint32_t set, uint32_t clear)
{
    if (!t->packet)
        return;
    t->packet_status = (t->packet_status & ~clear) | set;
    terminal_changed(t);
}

/* ---- settings ---- */

static bool usual_flow(const struct attributes *a)
{
    return (a->input & IN_IXON) && a->cc[CC_STOP] == ('S' & 31) && a->cc[CC_START] == ('Q' & 31);
}

void terminal_set_attributes(struct terminal *t, const struct attributes *attributes)
{
    struct attributes *old = &t->discipline.attributes;
    struct attributes new = *attributes;
    bool had_flow = usual_flow(old), has_flow;

    /* A pseudo-terminal has eight bits and no parity, whatever is asked. */
    new.control = (new.control & ~(uint32_t)(CTL_CSIZE | CTL_PARENB)) | CTL_CS8 | CTL_CREAD;
    has_flow = usual_flow(&new);
    if (had_flow != has_flow)
        terminal_packet(t, has_flow ? PACKET_DO_STOP : PACKET_NO_STOP,
                        PACKET_DO_STOP | PACKET_NO_STOP);
    if ((old->local | new.local) & LOC_EXTPROC)
        terminal_packet(t, PACKET_IOCTL, 0);
    discipline_set_attributes(&t->discipline, &new);
    terminal_pump(t);
    terminal_changed(t);
}

void terminal_set_size(struct terminal *t, const struct console_size *size)
{
    enum { WINDOW_CHANGED = 28 };

    if (memcmp(&t->size, size, sizeof *size) == 0)
        return;
    t->size = *size;
    condrv_resized(t);
    job_signal(t, WINDOW_CHANGED);
}

/* ---- hang-up ---- */

void terminal_hang_up(struct terminal *t)
{
    enum { HANG_UP = 1, CONTINUE = 18 };
    uint64_t leader_group = t->session; /* a leader is in the group of its own number */
    uint64_t foreground = t->foreground;
    bool locked = t->locked;

    t->session = t->foreground = 0;
    list_for_each(at, &t->descriptions) {
        struct description *d = list_entry(at, struct description, link);

        if (description_side(d) == SIDE_SLAVE && !d->hung_up) {
            d->hung_up = true;
            t->opens[SIDE_SLAVE]--;
        }
    }
    discipline_init(&t->discipline, &sink, t);
    t->locked = locked;
    terminal_flush_typed(t);
    if (leader_group) {
        job_signal_group(leader_group, HANG_UP);
        job_signal_group(leader_group, CONTINUE);
    }
    if (foreground && foreground != leader_group) {
        job_signal_group(foreground, HANG_UP);
        job_signal_group(foreground, CONTINUE);
    }
    terminal_changed(t);
}

/* ---- readiness ---- */

static bool slave_readable(const struct terminal *t, size_t need)
{
    return discipline_readable(&t->discipline, need);
}

static bool screen_writable(const struct terminal *t)
{
    return !t->discipline.stopped && TERMINAL_SCREEN - terminal_screen_count(t) >= WAKE_ROOM;
}

uint32_t terminal_ready(const struct description *d, uint32_t events, size_t need)
{
    const struct terminal *t = d->terminal;
    uint32_t ready = 0;

    if (d->hung_up)
        return (events & (IO_READABLE | IO_WRITABLE)) | IO_ERROR | IO_HANGUP;
    switch (d->kind) {
    case OPEN_MASTER:
        if (terminal_screen_count(t) > 0)
            ready |= IO_READABLE;
        if (t->packet && t->packet_status)
            ready |= IO_READABLE | IO_PRIORITY;
        if (t->slave_seen && t->opens[SIDE_SLAVE] == 0)
            ready |= IO_HANGUP;
        if (t->typed_head - t->typed_tail < TERMINAL_TYPED)
            ready |= IO_WRITABLE;
        break;
    case OPEN_SLAVE:
        if (slave_readable(t, need))
            ready |= IO_READABLE;
        if (screen_writable(t))
            ready |= IO_WRITABLE;
        break;
    case OPEN_CONDRV_INPUT:
        if (condrv_readable(t))
            ready |= IO_READABLE;
        break;
    case OPEN_CONDRV_OUTPUT:
        if (screen_writable(t))
            ready |= IO_WRITABLE;
        break;
    }
    return ready & (events | IO_ERROR | IO_HANGUP);
}

void terminal_changed(struct terminal *t)
{
    t->dirty = true;
}

void terminals_wake(void)
{
    struct terminal *t;

    for (uint64_t n = 0; (t = terminal_next(n)); n = t->number + 1)
        if (t->dirty) {
            t->dirty = false;
            wait_wake(t);
        }
}

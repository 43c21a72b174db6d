/* Input of a terminal: settings, and what each arriving byte does. */
#include "discipline.h"

#include <string.h>

#include "character.h"

/* Settings without which an arriving byte is simply queued. */
enum {
    INPUT_COOKED = IN_ISTRIP | IN_IUCLC | IN_IGNCR | IN_ICRNL | IN_INLCR | IN_IXON | IN_PARMRK,
    LOCAL_COOKED = LOC_ICANON | LOC_ISIG | LOC_ECHO,
};

static bool input_has(const struct discipline *d, uint32_t bit)
{
    return (d->attributes.input & bit) != 0;
}

static bool is_key(const struct discipline *d, uint8_t c, enum attributes_cc which)
{
    return c == d->attributes.cc[which];
}

bool discipline_canonical(const struct discipline *d)
{
    return discipline_has(d, LOC_ICANON) && !discipline_has(d, LOC_EXTPROC);
}

static void mark_special(struct discipline *d, uint8_t c)
{
    d->special[c / 64] |= 1ull << c % 64;
}

static void mark_special_keys(struct discipline *d, const uint8_t *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        mark_special(d, d->attributes.cc[keys[i]]);
}

static void find_special(struct discipline *d)
{
    memset(d->special, 0, sizeof d->special);
    if (input_has(d, IN_IGNCR | IN_ICRNL))
        mark_special(d, '\r');
    if (input_has(d, IN_INLCR))
        mark_special(d, '\n');
    if (discipline_has(d, LOC_ICANON)) {
        mark_special_keys(d, (uint8_t[]){CC_ERASE, CC_KILL, CC_EOF, CC_EOL}, 4);
        mark_special(d, '\n');
        if (discipline_has(d, LOC_IEXTEN)) {
            mark_special_keys(d, (uint8_t[]){CC_WERASE, CC_LNEXT, CC_EOL2}, 3);
            if (discipline_has(d, LOC_ECHO))
                mark_special_keys(d, (uint8_t[]){CC_REPRINT}, 1);
        }
    }
    if (input_has(d, IN_IXON))
        mark_special_keys(d, (uint8_t[]){CC_START, CC_STOP}, 2);
    if (discipline_has(d, LOC_ISIG))
        mark_special_keys(d, (uint8_t[]){CC_INTR, CC_QUIT, CC_SUSP}, 3);
    d->special[ATTR_DISABLED / 64] &= ~(1ull << ATTR_DISABLED % 64);
}

void discipline_set_attributes(struct discipline *d, const struct attributes *attributes)
{
    uint32_t changed = d->attributes.local ^ attributes->local;
    bool had_flow = input_has(d, IN_IXON);

    d->attributes = *attributes;
    if (changed & (LOC_ICANON | LOC_EXTPROC)) {
        memset(d->line_mark, 0, sizeof d->line_mark);
        if (discipline_has(d, LOC_ICANON) && d->head != d->tail) {
            /* What was typed so far reads as one line, although nothing ended it. */
            uint32_t last = (d->head - 1) % DISCIPLINE_QUEUE;

            d->line_mark[last / 64] |= 1ull << last % 64;
            d->line_end = d->head;
        } else {
            d->line_end = d->tail;
        }
        d->erasing = false;
        d->literal = false;
    }
    find_special(d);
    if (had_flow && !input_has(d, IN_IXON)) {
        discipline_start(d);
        discipline_echo_pending(d);
    }
}

void discipline_init(struct discipline *d, const struct discipline_sink *sink, void *context)
{
    memset(d, 0, sizeof *d);
    d->sink = sink;
    d->context = context;
    attributes_default(&d->attributes);
    find_special(d);
}

/* ---- one byte ---- */

static void queue_byte(struct discipline *d, uint8_t c)
{
    uint32_t at = d->head % DISCIPLINE_QUEUE;

    d->queue[at] = c;
    d->line_mark[at / 64] &= ~(1ull << at % 64);
    d->head++;
}

/* PARMRK tells a typed 0xff from the mark of a bad byte by doubling it. */
static void queue_input(struct discipline *d, uint8_t c)
{
    if (c == 0xff && input_has(d, IN_PARMRK))
        queue_byte(d, c);
    queue_byte(d, c);
}

static void end_line(struct discipline *d, uint8_t c)
{
    uint32_t at = d->head % DISCIPLINE_QUEUE;

    queue_byte(d, c);
    d->line_mark[at / 64] |= 1ull << at % 64;
    d->line_end = d->head;
}

static void echo_typed(struct discipline *d, uint8_t c)
{
    if (d->line_end == d->head)
        discipline_echo_add(d, ECHO_LINE_START, 0);
    discipline_echo(d, c);
}

static void restart_by_any(struct discipline *d)
{
    if (d->stopped && !d->held && input_has(d, IN_IXON) && input_has(d, IN_IXANY)) {
        discipline_start(d);
        discipline_echo_pending(d);
    }
}

static void receive_plain(struct discipline *d, uint8_t c)
{
    restart_by_any(d);
    if (discipline_has(d, LOC_ECHO)) {
        discipline_finish_erasing(d);
        echo_typed(d, c);
    }
    queue_input(d, c);
}

static void receive_signal(struct discipline *d, uint8_t c, int number)
{
    d->sink->signal(d->context, number);
    if (!discipline_has(d, LOC_NOFLSH)) {
        d->echo_tail = d->echo_head;
        d->sink->flush_output(d->context);
        discipline_flush_input(d);
    }
    if (input_has(d, IN_IXON))
        discipline_start(d);
    if (discipline_has(d, LOC_ECHO))
        discipline_echo(d, c);
    discipline_echo_pending(d);
}

static void reprint(struct discipline *d, uint8_t c)
{
    discipline_finish_erasing(d);
    discipline_echo(d, c);
    discipline_echo_add(d, ECHO_BYTE, '\n');
    for (uint32_t at = d->line_end; at != d->head; at++)
        discipline_echo(d, discipline_byte(d, at));
}

/* The editing keys of canonical mode. False: the byte is none of them. */
static bool receive_editing(struct discipline *d, uint8_t c)
{
    bool extended = discipline_has(d, LOC_IEXTEN);
    bool echo = discipline_has(d, LOC_ECHO);

    if (is_key(d, c, CC_ERASE) || is_key(d, c, CC_KILL) || (extended && is_key(d, c, CC_WERASE))) {
        discipline_erase(d, c);
    } else if (extended && is_key(d, c, CC_LNEXT)) {
        d->literal = true;
        if (echo) {
            discipline_finish_erasing(d);
            if (discipline_has(d, LOC_ECHOCTL)) {
                discipline_echo_add(d, ECHO_BYTE, '^');
                discipline_echo_add(d, ECHO_BYTE, '\b');
            }
        }
    } else if (extended && echo && is_key(d, c, CC_REPRINT)) {
        reprint(d, c);
    } else if (c == '\n') {
        if (echo || discipline_has(d, LOC_ECHONL))
            discipline_echo_add(d, ECHO_BYTE, '\n');
        end_line(d, c);
    } else if (is_key(d, c, CC_EOF)) {
        end_line(d, ATTR_DISABLED);
    } else if (is_key(d, c, CC_EOL) || (extended && is_key(d, c, CC_EOL2))) {
        if (echo)
            echo_typed(d, c);
        if (c == 0xff && input_has(d, IN_PARMRK))
            queue_byte(d, c);
        end_line(d, c);
    } else {
        return false;
    }
    return true;
}

static int signal_of_key(const struct discipline *d, uint8_t c)
{
    enum { INTERRUPT = 2, QUIT = 3, STOP_BY_KEY = 20 }; /* signal(7), x86 */

    if (!discipline_has(d, LOC_ISIG))
        return 0;
    if (is_key(d, c, CC_INTR))
        return INTERRUPT;
    if (is_key(d, c, CC_QUIT))
        return QUIT;
    return is_key(d, c, CC_SUSP) ? STOP_BY_KEY : 0;
}

static void receive_special(struct discipline *d, uint8_t c)
{
    int number;

    if (input_has(d, IN_IXON) && is_key(d, c, CC_START)) {
        discipline_start(d);
        discipline_echo_pending(d);
        return;
    }
    if (input_has(d, IN_IXON) && is_key(d, c, CC_STOP)) {
        discipline_stop(d);
        return;
    }
    number = signal_of_key(d, c);
    if (number) {
        receive_signal(d, c, number);
        return;
    }
    restart_by_any(d);
    if (c == '\r') {
        if (input_has(d, IN_IGNCR))
            return;
        if (input_has(d, IN_ICRNL))
            c = '\n';
    } else if (c == '\n' && input_has(d, IN_INLCR)) {
        c = '\r';
    }
    if (discipline_has(d, LOC_ICANON) && receive_editing(d, c))
        return;
    if (discipline_has(d, LOC_ECHO)) {
        discipline_finish_erasing(d);
        if (c == '\n')
            discipline_echo_add(d, ECHO_BYTE, '\n');
        else
            echo_typed(d, c);
    }
    queue_input(d, c);
}

static void receive_cooked(struct discipline *d, uint8_t c)
{
    if (input_has(d, IN_ISTRIP))
        c &= 0x7f;
    if (input_has(d, IN_IUCLC) && discipline_has(d, LOC_IEXTEN))
        c = character_to_lower(c);
    if (discipline_has(d, LOC_EXTPROC)) {
        queue_byte(d, c);
    } else if (d->literal) {
        d->literal = false;
        receive_plain(d, c);
    } else if (d->special[c / 64] >> c % 64 & 1) {
        receive_special(d, c);
    } else {
        receive_plain(d, c);
    }
}

static bool is_raw(const struct discipline *d)
{
    if (discipline_has(d, LOC_EXTPROC) && !input_has(d, IN_ISTRIP | IN_IUCLC))
        return true;
    return !input_has(d, INPUT_COOKED) && !(d->attributes.local & LOCAL_COOKED);
}

/* How many bytes may come in now. A line that fills the queue before it ends goes on arriving, so
 * that erasing and ending it stay possible, but its last byte is overwritten. */
static size_t receive_room(struct discipline *d)
{
    int32_t room = DISCIPLINE_QUEUE - (int32_t)(d->head - d->tail);

    if (input_has(d, IN_PARMRK))
        room = (room + 2) / 3;
    room--;
    if (room > 0)
        return (size_t)room;
    if (!discipline_has(d, LOC_ICANON) || d->line_end != d->tail)
        return 0;
    if (room < 0)
        d->head--;
    return 1;
}

size_t discipline_receive(struct discipline *d, const uint8_t *bytes, size_t count)
{
    size_t done = 0;

    while (done < count) {
        size_t n = receive_room(d);

        if (n == 0)
            break;
        if (n > count - done)
            n = count - done;
        if (is_raw(d)) {
            for (size_t i = 0; i < n; i++)
                queue_byte(d, bytes[done + i]);
        } else {
            for (size_t i = 0; i < n; i++)
                receive_cooked(d, bytes[done + i]);
            discipline_echo_pending(d);
        }
        done += n;
    }
    return done;
}

/* ---- reading ---- */

void discipline_flush_input(struct discipline *d)
{
    d->tail = d->line_end = d->head = 0;
    d->erasing = false;
    memset(d->line_mark, 0, sizeof d->line_mark);
    d->sink->input_flushed(d->context);
}

bool discipline_readable(const struct discipline *d, size_t count)
{
    if (discipline_canonical(d))
        return d->line_end != d->tail;
    return d->head - d->tail >= (count ? count : 1);
}

static bool ends_line(const struct discipline *d, uint32_t position)
{
    uint32_t at = position % DISCIPLINE_QUEUE;

    return d->line_mark[at / 64] >> at % 64 & 1;
}

static bool is_end_of_file(const struct discipline *d, uint32_t position)
{
    return ends_line(d, position) && discipline_byte(d, position) == ATTR_DISABLED;
}

size_t discipline_peek(const struct discipline *d, uint8_t *bytes, size_t capacity, size_t *spent)
{
    bool canonical = discipline_canonical(d);
    uint32_t end = canonical ? d->line_end : d->head;
    uint32_t at = d->tail;
    size_t n = 0;
    bool ended = false;

    while (at != end && n < capacity && !ended) {
        ended = canonical && ends_line(d, at);
        if (!ended || !is_end_of_file(d, at))
            bytes[n++] = discipline_byte(d, at);
        at++;
    }
    /* A read that was filled just before the end of file takes that with it. */
    if (canonical && !ended && n > 0 && at != end && is_end_of_file(d, at))
        at++;
    *spent = at - d->tail;
    return n;
}

void discipline_take(struct discipline *d, size_t spent)
{
    for (size_t i = 0; i < spent; i++, d->tail++)
        d->line_mark[d->tail % DISCIPLINE_QUEUE / 64] &= ~(1ull << d->tail % 64);
}

size_t discipline_input_bytes(const struct discipline *d)
{
    size_t count = 0;

    if (!discipline_canonical(d))
        return d->head - d->tail;
    for (uint32_t at = d->tail; at != d->line_end; at++)
        count += !is_end_of_file(d, at);
    return count;
}

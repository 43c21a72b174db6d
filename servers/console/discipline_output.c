/* Output of a terminal: processing of what programs write (OPOST ...), the queue of echoes, and
 * stopping and starting. Echo goes through the same processing, so it knows the cursor's column. */
#include "character.h"
#include "discipline.h"

static bool output_has(const struct discipline *d, uint32_t bit)
{
    return (d->attributes.output & bit) != 0;
}

static size_t output_room(const struct discipline *d)
{
    return d->stopped ? 0 : d->sink->room(d->context);
}

static void output_put(struct discipline *d, const void *bytes, size_t count)
{
    d->sink->put(d->context, bytes, count);
}

static void column_back(struct discipline *d)
{
    if (d->column > 0)
        d->column--;
}

static bool continues_character(const struct discipline *d, uint8_t c)
{
    return (d->attributes.input & IN_IUTF8) && character_continues(c);
}

/* One byte through output processing. False: not enough room, nothing happened. */
static bool output_process(struct discipline *d, uint8_t c)
{
    size_t room = output_room(d);

    if (room == 0)
        return false;
    switch (c) {
    case '\n':
        if (output_has(d, OUT_ONLRET))
            d->column = 0;
        if (output_has(d, OUT_ONLCR)) {
            if (room < 2)
                return false;
            d->column = d->line_column = 0;
            output_put(d, "\r\n", 2);
            return true;
        }
        d->line_column = d->column;
        break;
    case '\r':
        if (output_has(d, OUT_ONOCR) && d->column == 0)
            return true;
        if (output_has(d, OUT_OCRNL)) {
            c = '\n';
            if (output_has(d, OUT_ONLRET))
                d->column = d->line_column = 0;
            break;
        }
        d->column = d->line_column = 0;
        break;
    case '\t': {
        uint32_t spaces = 8 - (d->column & 7);

        if ((d->attributes.output & OUT_TABDLY) == OUT_XTABS) {
            if (room < spaces)
                return false;
            d->column += spaces;
            output_put(d, "        ", spaces);
            return true;
        }
        d->column += spaces;
        break;
    }
    case '\b':
        column_back(d);
        break;
    default:
        if (character_is_control(c))
            break;
        if (output_has(d, OUT_OLCUC))
            c = character_to_upper(c);
        if (!continues_character(d, c))
            d->column++;
    }
    output_put(d, &c, 1);
    return true;
}

/* The length of the run at the start of `bytes` that needs no processing but counting columns. */
static size_t plain_run(const struct discipline *d, const uint8_t *bytes, size_t count)
{
    size_t n = 0;

    if (output_has(d, OUT_OLCUC))
        return 0;
    while (n < count && !character_is_control(bytes[n]))
        n++;
    return n;
}

size_t discipline_write(struct discipline *d, const uint8_t *bytes, size_t count)
{
    size_t done = 0;

    discipline_echo_pending(d);
    if (!output_has(d, OUT_OPOST)) {
        size_t room = output_room(d);

        done = count < room ? count : room;
        if (done)
            output_put(d, bytes, done);
        return done;
    }
    while (done < count) {
        size_t run = plain_run(d, bytes + done, count - done);

        if (run) {
            size_t room = output_room(d);

            if (run > room)
                run = room;
            if (run == 0)
                break;
            output_put(d, bytes + done, run);
            for (size_t i = 0; i < run; i++)
                d->column += !continues_character(d, bytes[done + i]);
            done += run;
        } else {
            if (!output_process(d, bytes[done]))
                break;
            done++;
        }
    }
    return done;
}

/* ---- echo ---- */

void discipline_echo_add(struct discipline *d, enum echo_kind kind, uint8_t byte)
{
    if (kind == ECHO_BYTE && byte == 0xff)
        kind = ECHO_PLAIN;
    /* Nobody reads the screen: the oldest echo is worth least. */
    if (d->echo_head - d->echo_tail == DISCIPLINE_ECHOES)
        d->echo_tail++;
    d->echoes[d->echo_head++ % DISCIPLINE_ECHOES] = (struct echo){(uint8_t)kind, byte};
}

void discipline_echo(struct discipline *d, uint8_t byte)
{
    bool caret = discipline_has(d, LOC_ECHOCTL) && character_is_control(byte) && byte != '\t';

    discipline_echo_add(d, caret ? ECHO_CARET : ECHO_BYTE, byte);
}

static bool echo_out(struct discipline *d, struct echo echo)
{
    switch (echo.kind) {
    case ECHO_BYTE:
        if (output_has(d, OUT_OPOST))
            return output_process(d, echo.byte);
        if (output_room(d) == 0)
            return false;
        output_put(d, &echo.byte, 1);
        return true;
    case ECHO_PLAIN:
        if (output_room(d) == 0)
            return false;
        output_put(d, &echo.byte, 1);
        d->column++;
        return true;
    case ECHO_CARET:
        if (output_room(d) < 2)
            return false;
        output_put(d, (uint8_t[]){'^', echo.byte ^ 0x40}, 2);
        d->column += 2;
        return true;
    case ECHO_BACK:
        column_back(d);
        return true;
    case ECHO_LINE_START:
        d->line_column = d->column;
        return true;
    default: { /* ECHO_ERASE_TAB: as many steps back as the tab had gone forward */
        uint32_t columns = echo.byte;
        uint32_t steps;

        if (!(columns & 0x80))
            columns += d->line_column;
        steps = 8 - (columns & 7);
        if (output_room(d) < steps)
            return false;
        output_put(d, "\b\b\b\b\b\b\b\b", steps);
        d->column -= d->column < steps ? d->column : steps;
        return true;
    }
    }
}

void discipline_echo_pending(struct discipline *d)
{
    while (d->echo_tail != d->echo_head) {
        if (!echo_out(d, d->echoes[d->echo_tail % DISCIPLINE_ECHOES]))
            return;
        d->echo_tail++;
    }
}

/* ---- flow ---- */

void discipline_start(struct discipline *d)
{
    if (!d->stopped || d->held)
        return;
    d->stopped = false;
    d->sink->flow(d->context, false);
}

void discipline_stop(struct discipline *d)
{
    if (d->stopped)
        return;
    d->stopped = true;
    d->sink->flow(d->context, true);
}

void discipline_hold(struct discipline *d, bool hold)
{
    if (d->held == hold)
        return;
    d->held = hold;
    if (hold) {
        discipline_stop(d);
    } else {
        discipline_start(d);
        discipline_echo_pending(d);
    }
}

/* Reading from the Win32 console. A cooked read is a canonical line of the terminal, so that editing,
 * echo, Ctrl-C, Ctrl-Z and Ctrl-D are the same for both kinds of programs; everything else takes the
 * terminal out of canonical mode and makes characters or key records of what is typed. */
#include <string.h>

#include "condrv.h"
#include "text.h"

/* ---- modes ---- */

uint32_t condrv_input_mode(const struct terminal *t)
{
    uint32_t local = t->discipline.attributes.local;
    uint32_t mode = t->condrv->input_mode;

    if (t->condrv->reads_records)
        return mode;
    mode &= ~(uint32_t)INPUT_TERMINAL;
    return mode | (local & LOC_ISIG ? INPUT_PROCESSED : 0) | (local & LOC_ICANON ? INPUT_LINE : 0) |
           (local & LOC_ECHO ? INPUT_ECHO : 0);
}

/* Makes the terminal what the mode wants it to be. */
static void apply(struct terminal *t, uint32_t mode)
{
    struct attributes a = t->discipline.attributes;
    bool line = mode & INPUT_LINE;

    a.local &= ~(uint32_t)(LOC_ICANON | LOC_ECHO | LOC_ISIG);
    a.local |= (line ? LOC_ICANON : 0) | (line && mode & INPUT_ECHO ? LOC_ECHO : 0) |
               (mode & INPUT_PROCESSED ? LOC_ISIG : 0);
    a.input = line ? a.input | IN_ICRNL : a.input & ~(uint32_t)IN_ICRNL;
    if (!line) {
        a.cc[CC_MIN] = 1;
        a.cc[CC_TIME] = 0;
    }
    if (memcmp(&a, &t->discipline.attributes, sizeof a) != 0)
        terminal_set_attributes(t, &a);
}

void condrv_set_input_mode(struct terminal *t, uint32_t mode)
{
    t->condrv->input_mode = mode;
    t->condrv->reads_records = false;
    apply(t, mode);
}

/* Key records are read: no echo, no editing, until a character read or a change of mode. */
static void begin_records(struct terminal *t)
{
    struct condrv *c = t->condrv;

    if (c->reads_records)
        return;
    c->input_mode = condrv_input_mode(t);
    c->reads_records = true;
    apply(t, c->input_mode & ~(uint32_t)(INPUT_LINE | INPUT_ECHO));
}

static void end_records(struct terminal *t)
{
    struct condrv *c = t->condrv;

    if (!c->reads_records)
        return;
    c->reads_records = false;
    apply(t, c->input_mode);
}

/* ---- what was typed ---- */

static void add_unit(struct condrv *c, uint16_t unit)
{
    if (c->line_start + c->line_count < CONDRV_LINE)
        c->line[c->line_start + c->line_count++] = unit;
}

static void add_character(struct condrv *c, uint32_t character)
{
    uint16_t units[2];
    size_t n = text_put_utf16(character, units);

    for (size_t i = 0; i < n; i++)
        add_unit(c, units[i]);
}

/* Key records that were made and not read are characters again. */
static void records_to_line(struct condrv *c)
{
    for (uint32_t i = 0; i < c->record_count; i++)
        if (c->records[i].down && c->records[i].unit)
            add_unit(c, c->records[i].unit);
    c->record_count = 0;
}

static void take_line(struct terminal *t, const uint8_t *bytes, size_t count)
{
    for (size_t at = 0, used; at < count; at += used) {
        uint32_t character = text_get_utf8(bytes + at, count - at, &used);

        if (used == 0) {
            character = 0xdc00u + bytes[at];
            used = 1;
        }
        if (character == '\n')
            add_unit(t->condrv, '\r');
        add_character(t->condrv, character);
    }
}

static void take_raw(struct terminal *t, const uint8_t *bytes, size_t count)
{
    for (size_t at = 0, used; at < count; at += used) {
        struct key_record records[4];
        size_t n = keys_parse(bytes + at, count - at, false, records, &used);

        for (size_t i = 0; i < n; i++)
            if (records[i].down && records[i].unit)
                add_unit(t->condrv, records[i].unit);
    }
}

/* Fills line[] from the terminal. WOULD_BLOCK: nothing there. An end of file leaves it empty. */
static jn_status_t fill_line(struct condrv_call *call)
{
    struct condrv *c = call->c;
    struct terminal *t = call->t;
    uint8_t bytes[DISCIPLINE_QUEUE];
    size_t count, spent;

    end_records(t);
    records_to_line(c);
    while (c->line_count == 0) {
        jn_status_t status = job_check(call->client, t);

        if (status != JN_OK)
            return status;
        if (!discipline_readable(&t->discipline, 1))
            return wait_arm(call->client, call->d, call->cookie, IO_READABLE, 1, 0);
        c->line_start = 0;
        count = discipline_peek(&t->discipline, bytes, sizeof bytes, &spent);
        discipline_take(&t->discipline, spent);
        if (discipline_canonical(&t->discipline))
            take_line(t, bytes, count);
        else
            take_raw(t, bytes, count);
        terminal_pump(t);
        terminal_changed(t);
        if (count == 0)
            return JN_OK;
    }
    return JN_OK;
}

static void spend_line(struct condrv *c, uint32_t count)
{
    c->line_start += count;
    c->line_count -= count;
    if (c->line_count == 0)
        c->line_start = 0;
}

/* ---- reads ---- */

static jn_status_t read_units(struct condrv_call *call, uint32_t offset)
{
    struct condrv *c = call->c;
    uint32_t room = (call->capacity - offset) / 2;
    jn_status_t status = room ? fill_line(call) : JN_OK;
    uint32_t count;

    if (status != JN_OK)
        return status;
    count = c->line_count < room ? c->line_count : room;
    call->result = offset;
    status = count ? condrv_put(call, offset, c->line + c->line_start, count * 2) : JN_OK;
    if (status == JN_OK)
        spend_line(c, count);
    return status;
}

jn_status_t condrv_read_console(struct condrv_call *call)
{
    return read_units(call, 0);
}

/* ReadConsoleW with a CONSOLE_READCONSOLE_CONTROL: the state of the keys stands before the text. The
 * characters that end such a read early are not offered: a line ends at its end. */
jn_status_t condrv_read_control(struct condrv_call *call)
{
    uint32_t key_state = 0;
    jn_status_t status;

    if (call->capacity < sizeof key_state)
        return JN_BAD_ARG;
    status = read_units(call, sizeof key_state);
    if (status == JN_OK) {
        uint64_t length = call->result;

        status = condrv_put(call, 0, &key_state, sizeof key_state);
        if (status == JN_OK)
            call->result = length;
    }
    return status;
}

/* Units of line[] as bytes of the input code page; *units were used. */
static size_t encode(const struct condrv *c, uint8_t *bytes, size_t capacity, uint32_t *units)
{
    size_t n = 0;
    uint32_t at = 0;

    while (at < c->line_count) {
        const uint16_t *unit = &c->line[c->line_start + at];
        bool pair = (unit[0] & 0xfc00) == 0xd800 && at + 1 < c->line_count &&
                    (unit[1] & 0xfc00) == 0xdc00;
        uint32_t character =
            pair ? 0x10000u + ((unit[0] & 0x3ffu) << 10) + (unit[1] & 0x3ffu) : unit[0];
        uint8_t encoded[4];
        size_t length = 1;

        if (c->input_codepage == TEXT_UTF8)
            length = text_put_utf8(character, encoded);
        else
            encoded[0] = text_to_codepage(c->input_codepage, character);
        if (n + length > capacity)
            break;
        memcpy(bytes + n, encoded, length);
        n += length;
        at += pair ? 2 : 1;
    }
    *units = at;
    return n;
}

jn_status_t condrv_read_file(struct condrv_call *call)
{
    uint8_t bytes[4096];
    uint32_t units;
    size_t n;
    jn_status_t status = call->capacity ? fill_line(call) : JN_OK;

    if (status != JN_OK)
        return status;
    n = encode(call->c, bytes, call->capacity < sizeof bytes ? call->capacity : sizeof bytes, &units);
    status = n ? condrv_put(call, 0, bytes, n) : JN_OK;
    if (status == JN_OK)
        spend_line(call->c, units);
    return status;
}

jn_status_t condrv_read(struct jn_call *call, struct client *client, struct description *d,
                        uint64_t length, uint64_t cookie, uint64_t *done)
{
    struct condrv_call c = {.call = call, .client = client, .d = d, .t = d->terminal,
                            .c = d->terminal->condrv, .cookie = cookie};
    uint8_t bytes[4096];
    uint32_t units;
    size_t n, copied = 0;
    jn_status_t status;

    if (d->hung_up || !c.c || length == 0)
        return JN_OK;
    status = fill_line(&c);
    if (status != JN_OK)
        return status;
    n = encode(c.c, bytes, length < sizeof bytes ? length : sizeof bytes, &units);
    if (n) {
        status = jn_copy_out(call, 0, 0, bytes, n, &copied);
        if (status == JN_FAULT) { /* nothing is lost: the line is still there */
            *done = call->fault_address;
            return JN_FAULT_AT;
        }
        if (status != JN_OK)
            return status;
    }
    spend_line(c.c, units);
    *done = n;
    return JN_OK;
}

/* ---- key records ---- */

/* Makes records of what the terminal has, as many as there is room for. */
static void fill_records(struct terminal *t)
{
    struct condrv *c = t->condrv;
    uint8_t bytes[DISCIPLINE_QUEUE];
    size_t spent, at = 0;
    size_t count = discipline_peek(&t->discipline, bytes, sizeof bytes, &spent);

    while (at < count && c->record_count + 4 <= CONDRV_RECORDS) {
        size_t used;

        c->record_count += (uint32_t)keys_parse(bytes + at, count - at, false,
                                                c->records + c->record_count, &used);
        at += used;
    }
    if (at == 0)
        return;
    discipline_take(&t->discipline, at);
    terminal_pump(t);
    terminal_changed(t);
}

jn_status_t condrv_read_input(struct condrv_call *call)
{
    struct condrv *c = call->c;
    uint32_t room = call->capacity / sizeof(struct key_record);
    uint32_t count;
    jn_status_t status = job_check(call->client, call->t);

    if (status != JN_OK || room == 0)
        return status;
    begin_records(call->t);
    fill_records(call->t);
    if (c->record_count == 0)
        return wait_arm(call->client, call->d, call->cookie, IO_READABLE, 1, 0);
    count = c->record_count < room ? c->record_count : room;
    status = condrv_put(call, 0, c->records, count * sizeof c->records[0]);
    if (status != JN_OK)
        return status;
    c->record_count -= count;
    memmove(c->records, c->records + count, c->record_count * sizeof c->records[0]);
    return JN_OK;
}

/* Records of what a canonical line in the making holds, without taking it: who polls for a key sees
 * that one was pressed. */
static uint32_t look_at_records(struct terminal *t, struct key_record *records, uint32_t capacity)
{
    struct discipline *d = &t->discipline;
    struct condrv *c = t->condrv;
    uint8_t bytes[DISCIPLINE_QUEUE];
    uint32_t n = c->record_count < capacity ? c->record_count : capacity;
    size_t count = 0;

    memcpy(records, c->records, n * sizeof *records);
    for (uint32_t at = d->tail; at != d->head; at++)
        bytes[count++] = discipline_byte(d, at);
    for (size_t at = 0, used; at < count && n + 4 <= capacity; at += used)
        n += (uint32_t)keys_parse(bytes + at, count - at, false, records + n, &used);
    return n;
}

jn_status_t condrv_peek(struct condrv_call *call)
{
    struct key_record records[CONDRV_RECORDS + 4];
    uint32_t room = call->capacity / sizeof records[0];
    uint32_t n = look_at_records(call->t, records, CONDRV_RECORDS + 4);

    if (n > room)
        n = room;
    return n ? condrv_put(call, 0, records, n * sizeof records[0]) : JN_OK;
}

uint32_t condrv_record_count(struct terminal *t)
{
    struct key_record records[CONDRV_RECORDS + 4];

    return look_at_records(t, records, CONDRV_RECORDS + 4);
}

void condrv_flush(struct terminal *t)
{
    t->condrv->line_start = t->condrv->line_count = t->condrv->record_count = 0;
    discipline_flush_input(&t->discipline);
    terminal_pump(t);
}

bool condrv_readable(const struct terminal *t)
{
    return t->condrv && (t->condrv->line_count || t->condrv->record_count ||
                         discipline_readable(&t->discipline, 1));
}

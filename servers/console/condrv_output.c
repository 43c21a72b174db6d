/* Writing to the Win32 console: text becomes UTF-8 and goes through the terminal's output. A line
 * feed begins a new line at its start, with or without a \r before it. */
#include <string.h>

#include "condrv.h"
#include "text.h"

enum { CHARACTER_MAX = 8 }; /* bytes that one character may need: four, or a tab's spaces */

static void next_row(struct terminal *t)
{
    uint32_t columns, rows;

    condrv_screen_size(t, &columns, &rows);
    if (t->condrv->row + 1 < rows)
        t->condrv->row++;
}

/* One character to the screen. False: no room. */
static bool put_character(struct terminal *t, uint32_t character)
{
    struct discipline *d = &t->discipline;
    struct condrv *c = t->condrv;
    uint8_t bytes[4];

    if (d->stopped || d->sink->room(d->context) < CHARACTER_MAX)
        return false;
    if (character == '\n') {
        if (c->after_return || c->output_mode & OUTPUT_NO_AUTO_RETURN) {
            d->sink->put(d->context, (const uint8_t *)"\n", 1);
        } else {
            d->sink->put(d->context, (const uint8_t *)"\r\n", 2);
            d->column = 0;
        }
        d->line_column = d->column;
        next_row(t);
    } else {
        size_t n = text_put_utf8(character, bytes);

        if (discipline_write(d, bytes, n) != n)
            return false;
    }
    c->after_return = character == '\r';
    return true;
}

/* Takes units as far as there is room; surrogate pairs may be split over two calls. */
static size_t put_units(struct terminal *t, const uint16_t *units, size_t count)
{
    struct condrv *c = t->condrv;

    for (size_t i = 0; i < count; i++) {
        uint16_t unit = units[i];
        uint32_t character = unit;

        if ((unit & 0xfc00) == 0xd800) {
            c->half = unit;
            continue;
        }
        if ((unit & 0xfc00) == 0xdc00 && c->half)
            character = 0x10000u + ((c->half & 0x3ffu) << 10) + (unit & 0x3ffu);
        else if ((unit & 0xfc00) == 0xdc00 && !(unit >= 0xdc80 && unit <= 0xdcff))
            character = 0xfffd;
        if (!put_character(t, character))
            return i;
        c->half = 0;
    }
    return count;
}

static size_t put_bytes(struct terminal *t, const uint8_t *bytes, size_t count)
{
    struct condrv *c = t->condrv;

    for (size_t i = 0; i < count; i++) {
        /* UTF-8 goes through as it is, however it is cut: 0xdc80 + stands for a byte. */
        uint32_t character = bytes[i] < 0x80                       ? bytes[i]
                             : c->output_codepage == TEXT_UTF8     ? 0xdc00u + bytes[i]
                                                                   : text_from_codepage(
                                                                         c->output_codepage, bytes[i]);

        if (!put_character(t, character))
            return i;
    }
    return count;
}

static jn_status_t blocked(struct client *client, struct description *d, uint64_t cookie)
{
    return wait_arm(client, d, cookie, IO_WRITABLE, 1, 0);
}

static jn_status_t check_foreground(struct client *client, struct terminal *t)
{
    return discipline_has(&t->discipline, LOC_TOSTOP) ? job_check(client, t) : JN_OK;
}

jn_status_t condrv_write_console(struct condrv_call *call)
{
    uint16_t units[2048];
    uint32_t done = 0;
    jn_status_t status = call->input_length % 2 ? JN_BAD_ARG
                                                : check_foreground(call->client, call->t);

    while (status == JN_OK && done < call->input_length) {
        uint32_t n = call->input_length - done;
        size_t taken;

        if (n > sizeof units)
            n = sizeof units;
        status = condrv_get(call, done, units, n);
        if (status != JN_OK)
            break;
        taken = put_units(call->t, units, n / 2) * 2;
        done += (uint32_t)taken;
        if (taken < n)
            break;
    }
    if (done == 0 && call->input_length && status == JN_OK)
        return blocked(call->client, call->d, call->cookie);
    if (done == 0)
        return status;
    call->result = done;
    return JN_OK;
}

jn_status_t condrv_write_file(struct condrv_call *call)
{
    uint8_t bytes[4096];
    uint32_t done = 0;
    jn_status_t status = check_foreground(call->client, call->t);

    while (status == JN_OK && done < call->input_length) {
        uint32_t n = call->input_length - done;
        size_t taken;

        if (n > sizeof bytes)
            n = sizeof bytes;
        status = condrv_get(call, done, bytes, n);
        if (status != JN_OK)
            break;
        taken = put_bytes(call->t, bytes, n);
        done += (uint32_t)taken;
        if (taken < n)
            break;
    }
    if (done == 0 && call->input_length && status == JN_OK)
        return blocked(call->client, call->d, call->cookie);
    if (done == 0)
        return status;
    call->result = done;
    return JN_OK;
}

jn_status_t condrv_write(struct jn_call *call, struct client *client, struct description *d,
                         uint64_t length, uint64_t cookie, uint64_t *done)
{
    struct condrv_call c = {.call = call, .client = client, .d = d, .t = d->terminal,
                            .c = d->terminal->condrv, .cookie = cookie,
                            .input_length = length > UINT32_MAX ? UINT32_MAX : (uint32_t)length};
    jn_status_t status;

    if (d->hung_up || !c.c || c.t->opens[SIDE_MASTER] == 0)
        return JN_IO;
    status = condrv_write_file(&c);
    *done = c.result;
    return status;
}

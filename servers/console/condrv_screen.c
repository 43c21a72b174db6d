/* The Win32 console's screen buffer: exactly the terminal's window. Positions, colours and fills are
 * sent as control sequences (ECMA-48); contents are not kept, so they cannot be read back. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "condrv.h"
#include "janus/runtime.h"
#include "text.h"

enum { DEFAULT_COLUMNS = 80, DEFAULT_ROWS = 25, SEQUENCE_MAX = 64, CELLS_MAX = 512 * 512 };

void condrv_screen_size(const struct terminal *t, uint32_t *columns, uint32_t *rows)
{
    *columns = t->size.columns ? t->size.columns : DEFAULT_COLUMNS;
    *rows = t->size.rows ? t->size.rows : DEFAULT_ROWS;
}

bool condrv_emit(struct terminal *t, const char *format, ...)
{
    struct discipline *d = &t->discipline;
    char text[SEQUENCE_MAX];
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof text || d->sink->room(d->context) < (size_t)length)
        return false;
    d->sink->put(d->context, (const uint8_t *)text, (size_t)length);
    return true;
}

/* struct condrv_output_info, in 16-bit words, then sixteen colours. */
enum info_word {
    INFO_CURSOR_SIZE, INFO_CURSOR_VISIBLE, INFO_CURSOR_X, INFO_CURSOR_Y, INFO_WIDTH, INFO_HEIGHT,
    INFO_ATTRIBUTE, INFO_POPUP, INFO_LEFT, INFO_TOP, INFO_RIGHT, INFO_BOTTOM, INFO_MAX_WIDTH,
    INFO_MAX_HEIGHT, INFO_FONT_WIDTH, INFO_FONT_HEIGHT, INFO_FONT_WEIGHT, INFO_FONT_PITCH,
    INFO_WORDS,
};

struct output_info {
    int16_t words[INFO_WORDS];
    uint32_t colors[16];
};
_Static_assert(sizeof(struct output_info) == 100, "struct condrv_output_info");

static void fill_info(const struct terminal *t, struct output_info *info)
{
    static const uint32_t colors[16] = {
        0x000000, 0x800000, 0x008000, 0x808000, 0x000080, 0x800080, 0x008080, 0xc0c0c0,
        0x808080, 0xff0000, 0x00ff00, 0xffff00, 0x0000ff, 0xff00ff, 0x00ffff, 0xffffff,
    };
    const struct condrv *c = t->condrv;
    uint32_t columns, rows;

    condrv_screen_size(t, &columns, &rows);
    memset(info, 0, sizeof *info);
    info->words[INFO_CURSOR_SIZE] = (int16_t)c->cursor_size;
    info->words[INFO_CURSOR_VISIBLE] = (int16_t)c->cursor_visible;
    info->words[INFO_CURSOR_X] = (int16_t)(t->discipline.column % columns);
    info->words[INFO_CURSOR_Y] = (int16_t)c->row;
    info->words[INFO_WIDTH] = info->words[INFO_MAX_WIDTH] = (int16_t)columns;
    info->words[INFO_HEIGHT] = info->words[INFO_MAX_HEIGHT] = (int16_t)rows;
    info->words[INFO_ATTRIBUTE] = (int16_t)c->attribute;
    info->words[INFO_POPUP] = (int16_t)c->popup_attribute;
    info->words[INFO_RIGHT] = (int16_t)(columns - 1);
    info->words[INFO_BOTTOM] = (int16_t)(rows - 1);
    info->words[INFO_FONT_WIDTH] = 8;
    info->words[INFO_FONT_HEIGHT] = 16;
    info->words[INFO_FONT_WEIGHT] = 400;
    info->words[INFO_FONT_PITCH] = 0x36; /* FF_MODERN, true type, fixed */
    memcpy(info->colors, colors, sizeof colors);
}

jn_status_t condrv_get_output_info(struct condrv_call *call)
{
    struct output_info info;

    fill_info(call->t, &info);
    return condrv_put(call, 0, &info, sizeof info);
}

/* ---- settings ---- */

/* A Win32 colour has blue in bit 0 and red in bit 2, ECMA-48 the other way round. */
static unsigned color(uint16_t bits)
{
    return (bits & 1 ? 4 : 0) | (bits & 2) | (bits & 4 ? 1 : 0);
}

static bool emit_attribute(struct terminal *t, uint16_t attribute)
{
    unsigned front = color(attribute & 7) + (attribute & 8 ? 90 : 30);
    unsigned back = color(attribute >> 4 & 7) + (attribute & 0x80 ? 100 : 40);

    if ((attribute & 0xff) == 7)
        return condrv_emit(t, "\033[0m");
    if ((attribute & 0xf0) == 0)
        return condrv_emit(t, "\033[0;%um", front);
    return condrv_emit(t, "\033[0;%u;%um", front, back);
}

static jn_status_t set_position(struct condrv_call *call, const struct output_info *info)
{
    int16_t x = info->words[INFO_CURSOR_X], y = info->words[INFO_CURSOR_Y];
    uint32_t columns, rows;

    condrv_screen_size(call->t, &columns, &rows);
    if (x < 0 || y < 0 || (uint32_t)x >= columns || (uint32_t)y >= rows)
        return JN_BAD_ARG;
    if (!condrv_emit(call->t, "\033[%d;%dH", y + 1, x + 1))
        return JN_WOULD_BLOCK;
    call->t->discipline.column = (uint32_t)x;
    call->c->row = (uint32_t)y;
    return JN_OK;
}

jn_status_t condrv_set_output_info(struct condrv_call *call)
{
    enum {
        CURSOR_SHAPE = 1, CURSOR_POSITION = 2, SIZE = 4, ATTRIBUTE = 8, WINDOW = 0x10,
        MAX_SIZE = 0x20, POPUP = 0x40, FONT = 0x80,
    };
    struct output_info now, info;
    uint32_t mask;
    jn_status_t status = condrv_get(call, 0, &mask, sizeof mask);

    if (status == JN_OK)
        status = condrv_get(call, sizeof mask, &info, sizeof info);
    if (status != JN_OK)
        return status;
    fill_info(call->t, &now);
    if (mask & FONT) {
        jn_log(JN_LOG_INFO, "the font of a terminal cannot be set");
        return JN_NOT_SUPPORTED;
    }
    /* The buffer is the window, whose size is the terminal owner's. */
    if (mask & SIZE && (info.words[INFO_WIDTH] != now.words[INFO_WIDTH] ||
                        info.words[INFO_HEIGHT] != now.words[INFO_HEIGHT]))
        return JN_BAD_ARG;
    if (mask & (WINDOW | MAX_SIZE) &&
        memcmp(&info.words[INFO_LEFT], &now.words[INFO_LEFT], 4 * sizeof now.words[0]) != 0)
        return JN_BAD_ARG;
    if (mask & POPUP)
        call->c->popup_attribute = (uint16_t)info.words[INFO_POPUP];
    if (mask & ATTRIBUTE) {
        if (!emit_attribute(call->t, (uint16_t)info.words[INFO_ATTRIBUTE]))
            return JN_WOULD_BLOCK;
        call->c->attribute = (uint16_t)info.words[INFO_ATTRIBUTE];
    }
    if (mask & CURSOR_SHAPE) {
        bool visible = info.words[INFO_CURSOR_VISIBLE] != 0;

        if (visible != (call->c->cursor_visible != 0) &&
            !condrv_emit(call->t, "\033[?25%c", visible ? 'h' : 'l'))
            return JN_WOULD_BLOCK;
        call->c->cursor_visible = visible;
        call->c->cursor_size = (uint16_t)info.words[INFO_CURSOR_SIZE];
    }
    return mask & CURSOR_POSITION ? set_position(call, &info) : JN_OK;
}

/* ---- rectangles and runs ---- */

enum cell_mode { CELL_TEXT, CELL_ATTRIBUTE, CELL_BOTH };

static bool emit_unit(struct terminal *t, uint16_t unit)
{
    uint8_t bytes[5] = {0};

    text_put_utf8(unit < 0x20 || unit == 0x7f ? ' ' : unit, bytes);
    return condrv_emit(t, "%s", (const char *)bytes);
}

/* Draws cells from (x, y) on; `next` gives the n-th. The cursor stays where it is. A screen without
 * room loses the rest of a drawing: it would be drawn over an older picture anyhow. */
static uint32_t draw(struct condrv_call *call, uint32_t x, uint32_t y, uint32_t count,
                     uint32_t width, uint16_t (*next)(void *context, uint32_t n), void *context)
{
    uint32_t columns, rows, n = 0;
    uint32_t left = x;

    condrv_screen_size(call->t, &columns, &rows);
    if (x >= columns || y >= rows || count > CELLS_MAX || !condrv_emit(call->t, "\0337"))
        return 0;
    while (n < count && y < rows) {
        uint32_t end = width ? left + width : columns;

        if (!condrv_emit(call->t, "\033[%u;%uH", y + 1, x + 1))
            break;
        for (; x < end && n < count; x++, n++)
            if (x < columns && !emit_unit(call->t, next(context, n)))
                goto out;
        x = width ? left : 0;
        y++;
    }
out:
    if (!condrv_emit(call->t, "\0338"))
        jn_log(JN_LOG_DEBUG, "no room on the screen to go back");
    return n;
}

static uint16_t same_unit(void *context, uint32_t n)
{
    (void)n;
    return *(uint16_t *)context;
}

jn_status_t condrv_fill_output(struct condrv_call *call)
{
    struct {
        int32_t x, y, mode, count, wrap;
        uint16_t unit, attribute;
    } params;
    uint32_t columns, rows, done;
    jn_status_t status = condrv_get(call, 0, &params, sizeof params);

    if (status != JN_OK)
        return status;
    condrv_screen_size(call->t, &columns, &rows);
    if (params.x < 0 || params.y < 0 || params.count < 0 || params.mode > CELL_BOTH)
        return JN_BAD_ARG;
    done = (uint32_t)params.count;
    if (done > columns * rows)
        done = columns * rows;
    if (params.mode == CELL_ATTRIBUTE) {
        /* Colours without characters cannot be sent; blanks that follow a fill have their own. */
    } else if (params.x == 0 && params.y == 0 && done == columns * rows && params.unit == ' ') {
        if (!condrv_emit(call->t, "\033[2J"))
            return JN_WOULD_BLOCK;
    } else {
        if (!params.wrap && done > columns - (uint32_t)params.x)
            done = columns - (uint32_t)params.x;
        done = draw(call, (uint32_t)params.x, (uint32_t)params.y, done, 0, same_unit,
                    &params.unit);
    }
    return condrv_put(call, 0, &done, sizeof done);
}

struct cells {
    struct condrv_call *call;
    uint32_t mode;
};

static uint16_t read_cell(void *context, uint32_t n)
{
    struct cells *cells = context;
    uint32_t size = cells->mode == CELL_BOTH ? 4 : 2;
    uint16_t unit = ' ';

    if (condrv_get(cells->call, 16 + n * size, &unit, sizeof unit) != JN_OK)
        return ' ';
    return unit;
}

jn_status_t condrv_write_output(struct condrv_call *call)
{
    struct {
        uint32_t x, y, mode, width; /* width 0: a run that goes on in the next row */
    } params;
    struct cells cells = {.call = call};
    uint32_t count, done = 0;
    jn_status_t status = condrv_get(call, 0, &params, sizeof params);

    if (status != JN_OK)
        return status;
    if (params.mode > CELL_BOTH)
        return JN_BAD_ARG;
    cells.mode = params.mode;
    count = (call->input_length - (uint32_t)sizeof params) / (params.mode == CELL_BOTH ? 4 : 2);
    if (params.mode == CELL_ATTRIBUTE) {
        jn_log(JN_LOG_INFO, "colours of a terminal's cells cannot be set without characters");
        return JN_NOT_SUPPORTED;
    }
    done = draw(call, params.x, params.y, count, params.width, read_cell, &cells);
    if (call->capacity == 8 && params.width) { /* SMALL_RECT of what was drawn */
        int16_t region[4] = {(int16_t)params.x, (int16_t)params.y,
                             (int16_t)(params.x + params.width - 1),
                             (int16_t)(params.y + count / params.width - 1)};

        return condrv_put(call, 0, region, sizeof region);
    }
    return condrv_put(call, 0, &done, sizeof done);
}

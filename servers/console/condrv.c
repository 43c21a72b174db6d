/* The Win32 console view: attaching, modes, code pages, title, and which code goes where. */
#include "condrv.h"

#include <stdlib.h>
#include <string.h>

#include "janus/runtime.h"
#include "text.h"

/* CTL_CODE(FILE_DEVICE_CONSOLE 0x50, function, METHOD_BUFFERED, access): the function is in bits 2
 * to 13. */
enum function {
    GET_MODE = 0, SET_MODE = 1, IS_UNIX = 2,
    READ_CONSOLE = 10, READ_FILE = 11, READ_INPUT = 12, WRITE_INPUT = 13, PEEK = 14,
    GET_INPUT_INFO = 15, SET_INPUT_INFO = 16, GET_TITLE = 17, SET_TITLE = 18, CTRL_EVENT = 19,
    BEEP = 20, FLUSH = 21, GET_WINDOW = 22, GET_PROCESS_LIST = 23, READ_CONSOLE_CONTROL = 24,
    WRITE_CONSOLE = 30, WRITE_FILE = 31, READ_OUTPUT = 32, WRITE_OUTPUT = 33,
    GET_OUTPUT_INFO = 34, SET_OUTPUT_INFO = 35, ACTIVATE = 36, FILL_OUTPUT = 37, SCROLL = 38,
    BIND_PID = 51,
};

enum { CODEPAGE_OEM = 437 }; /* GetOEMCP of the en-US locale, Wine's default for both */

jn_status_t condrv_attach(struct terminal *t)
{
    struct condrv *c;

    if (t->condrv)
        return JN_OK;
    c = calloc(1, sizeof *c);
    if (!c)
        return JN_NO_MEMORY;
    c->input_mode = INPUT_DEFAULT;
    c->output_mode = OUTPUT_DEFAULT;
    c->input_codepage = c->output_codepage = CODEPAGE_OEM;
    c->attribute = 7;
    c->popup_attribute = 0xf5;
    c->cursor_size = 25;
    c->cursor_visible = 1;
    t->condrv = c;
    return JN_OK;
}

void condrv_free(struct condrv *c)
{
    free(c);
}

void condrv_resized(struct terminal *t)
{
    uint32_t columns, rows;

    if (!t->condrv)
        return;
    condrv_screen_size(t, &columns, &rows);
    if (t->condrv->row >= rows)
        t->condrv->row = rows - 1;
}

jn_status_t condrv_get(struct condrv_call *c, uint32_t offset, void *to, size_t size)
{
    size_t done;
    jn_status_t status;

    if (offset + size > c->input_length)
        return JN_BAD_ARG;
    status = jn_copy_in(c->call, 0, offset, to, size, &done);
    if (status != JN_FAULT)
        return status;
    c->result = c->call->fault_address;
    return JN_FAULT_AT;
}

jn_status_t condrv_put(struct condrv_call *c, uint32_t offset, const void *from, size_t size)
{
    size_t done;
    jn_status_t status;

    if (offset + size > c->capacity)
        return JN_BAD_ARG;
    status = jn_copy_out(c->call, 1, offset, from, size, &done);
    if (status == JN_FAULT) {
        c->result = c->call->fault_address;
        return JN_FAULT_AT;
    }
    if (status == JN_OK)
        c->result = offset + size;
    return status;
}

/* ---- codes of both sides ---- */

static jn_status_t get_mode(struct condrv_call *c)
{
    uint32_t mode = c->d->kind == OPEN_CONDRV_INPUT ? condrv_input_mode(c->t) : c->c->output_mode;

    return condrv_put(c, 0, &mode, sizeof mode);
}

static jn_status_t set_mode(struct condrv_call *c)
{
    uint32_t mode;
    jn_status_t status = c->input_length == sizeof mode ? condrv_get(c, 0, &mode, sizeof mode)
                                                        : JN_BAD_ARG;

    if (status != JN_OK)
        return status;
    if (c->d->kind == OPEN_CONDRV_INPUT)
        condrv_set_input_mode(c->t, mode);
    else
        c->c->output_mode = mode;
    return JN_OK;
}

static jn_status_t get_input_info(struct condrv_call *c)
{
    uint32_t info[3] = {c->c->input_codepage, c->c->output_codepage, condrv_record_count(c->t)};

    return condrv_put(c, 0, info, sizeof info);
}

static jn_status_t set_input_info(struct condrv_call *c)
{
    enum { MASK_INPUT = 1, MASK_OUTPUT = 2 };
    uint32_t params[4]; /* mask, input code page, output code page, unused */
    jn_status_t status = condrv_get(c, 0, params, sizeof params);

    if (status != JN_OK)
        return status;
    if ((params[0] & MASK_INPUT && !text_codepage_known(params[1])) ||
        (params[0] & MASK_OUTPUT && !text_codepage_known(params[2])))
        return JN_BAD_ARG;
    if (params[0] & MASK_INPUT)
        c->c->input_codepage = params[1];
    if (params[0] & MASK_OUTPUT)
        c->c->output_codepage = params[2];
    return JN_OK;
}

/* struct condrv_title_params: a length in units, then the title; its size is 8. */
static jn_status_t get_title(struct condrv_call *c)
{
    enum { HEADER = 8, TEXT = 4 };
    uint32_t length = c->c->title_length;
    uint32_t bytes = 2 * length;
    jn_status_t status;

    if (c->capacity < HEADER)
        return JN_BAD_ARG;
    if (bytes > c->capacity - HEADER)
        bytes = c->capacity - HEADER;
    status = condrv_put(c, 0, &length, sizeof length);
    if (status == JN_OK)
        status = condrv_put(c, TEXT, c->c->title, bytes);
    if (status == JN_OK)
        c->result = HEADER + bytes;
    return status;
}

/* The title is kept, not shown: a terminal's title belongs to whoever owns the terminal. */
static jn_status_t set_title(struct condrv_call *c)
{
    uint32_t bytes = c->input_length;
    jn_status_t status;

    if (bytes % 2)
        return JN_BAD_ARG;
    if (bytes > sizeof c->c->title)
        bytes = sizeof c->c->title;
    status = bytes ? condrv_get(c, 0, c->c->title, bytes) : JN_OK;
    if (status == JN_OK)
        c->c->title_length = bytes / 2;
    return status;
}

/* GenerateConsoleCtrlEvent: to a group, or (0) to whoever is in the foreground. PERSONALITIES 16 says
 * which signal is which event. */
static jn_status_t control_event(struct condrv_call *c)
{
    enum { CTRL_C = 0, CTRL_BREAK = 1, INTERRUPT = 2, QUIT = 3 };
    struct {
        int32_t event;
        uint32_t group;
    } params;
    jn_status_t status = condrv_get(c, 0, &params, sizeof params);
    uint32_t number;

    if (status != JN_OK)
        return status;
    if (params.event != CTRL_C && params.event != CTRL_BREAK)
        return JN_BAD_ARG;
    number = params.event == CTRL_C ? INTERRUPT : QUIT;
    if (params.group)
        job_signal_group(params.group, number);
    else
        job_signal(c->t, number);
    return JN_OK;
}

/* A list that is too long for the caller is answered by its count. */
static jn_status_t process_list(struct condrv_call *c)
{
    uint32_t pids[256];
    uint32_t count = job_processes(c->t, pids, sizeof pids / sizeof pids[0]);
    jn_status_t status;

    if (count * sizeof pids[0] <= c->capacity && count <= sizeof pids / sizeof pids[0])
        return condrv_put(c, 0, pids, count * sizeof pids[0]);
    status = condrv_put(c, 0, &count, sizeof count);
    return status == JN_OK ? JN_TRUNCATED : status;
}

static jn_status_t get_window(struct condrv_call *c)
{
    uint32_t none = 0;

    return condrv_put(c, 0, &none, sizeof none);
}

static jn_status_t unsupported(const struct condrv_call *c)
{
    jn_log(JN_LOG_INFO, "console control %#x (%u bytes in, %u out) is not supported", c->code,
           c->input_length, c->capacity);
    return JN_NOT_SUPPORTED;
}

static jn_status_t control_input(struct condrv_call *c, enum function function)
{
    switch (function) {
    case READ_CONSOLE:
        return condrv_read_console(c);
    case READ_FILE:
        return condrv_read_file(c);
    case READ_INPUT:
        return condrv_read_input(c);
    case READ_CONSOLE_CONTROL:
        return condrv_read_control(c);
    case PEEK:
        return condrv_peek(c);
    case FLUSH:
        condrv_flush(c->t);
        return JN_OK;
    default:
        return unsupported(c);
    }
}

static jn_status_t control_output(struct condrv_call *c, enum function function)
{
    switch (function) {
    case WRITE_CONSOLE:
        return condrv_write_console(c);
    case WRITE_FILE:
        return condrv_write_file(c);
    case WRITE_OUTPUT:
        return condrv_write_output(c);
    case FILL_OUTPUT:
        return condrv_fill_output(c);
    case GET_OUTPUT_INFO:
        return condrv_get_output_info(c);
    case SET_OUTPUT_INFO:
        return condrv_set_output_info(c);
    case ACTIVATE: /* there is one screen buffer, and it is active */
        return JN_OK;
    default:
        return unsupported(c);
    }
}

/* Codes that the connection, too, answers. */
static jn_status_t control_any(struct condrv_call *c, enum function function)
{
    switch (function) {
    case GET_MODE:
        return get_mode(c);
    case SET_MODE:
        return set_mode(c);
    case IS_UNIX:
    case BIND_PID:
        return JN_OK;
    case GET_INPUT_INFO:
        return get_input_info(c);
    case SET_INPUT_INFO:
        return set_input_info(c);
    case GET_TITLE:
        return get_title(c);
    case SET_TITLE:
        return set_title(c);
    case CTRL_EVENT:
        return control_event(c);
    case BEEP:
        return condrv_emit(c->t, "\a") ? JN_OK : JN_WOULD_BLOCK;
    case GET_WINDOW:
        return get_window(c);
    case GET_PROCESS_LIST:
        return process_list(c);
    default:
        return c->d->kind == OPEN_CONDRV_INPUT ? control_input(c, function)
                                               : control_output(c, function);
    }
}

jn_status_t condrv_control(struct jn_call *call, struct client *client, struct description *d,
                           uint32_t code, uint64_t argument, uint64_t cookie, uint64_t *result)
{
    struct condrv_call c = {
        .call = call, .client = client, .d = d, .t = d->terminal, .c = d->terminal->condrv,
        .code = code, .input_length = (uint32_t)argument, .capacity = (uint32_t)(argument >> 32),
        .cookie = cookie,
    };
    jn_status_t status;

    if (d->hung_up || !c.c)
        return JN_HANGUP;
    if (code >> 16 != CONSOLE_CONDRV >> 16)
        return JN_NOT_SUPPORTED;
    status = control_any(&c, (enum function)(code >> 2 & 0xfff));
    *result = c.result;
    return status;
}

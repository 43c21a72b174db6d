/* The Win32 console view of a terminal (PERSONALITIES 15): what Wine's console device answers.
 * Layouts and codes are those of wine/condrv.h and wincon.h; only offsets are used here, because
 * everything is copied field by field from the caller's buffer. */
#ifndef CONSOLE_CONDRV_H
#define CONSOLE_CONDRV_H

#include "console.h"
#include "keys.h"

/* SetConsoleMode's bits, wincon.h. */
enum condrv_input_mode {
    INPUT_PROCESSED = 1, INPUT_LINE = 2, INPUT_ECHO = 4,
    INPUT_TERMINAL = INPUT_PROCESSED | INPUT_LINE | INPUT_ECHO, /* those that termios has as well */
    INPUT_DEFAULT = 0x1f7, /* Wine's: all that plus mouse, insert, quick edit, extended, position */
};
enum condrv_output_mode { OUTPUT_NO_AUTO_RETURN = 8, OUTPUT_DEFAULT = 3 };

enum { CONDRV_LINE = 2 * DISCIPLINE_QUEUE, CONDRV_RECORDS = 64, CONDRV_TITLE = 1024 };

struct condrv {
    uint32_t input_mode, output_mode;
    bool reads_records; /* the terminal is raw for READ_INPUT, whatever input_mode says */
    uint32_t input_codepage, output_codepage;
    /* Units of a line, or of raw characters, that a read has not taken. */
    uint16_t line[CONDRV_LINE];
    uint32_t line_start, line_count;
    struct key_record records[CONDRV_RECORDS];
    uint32_t record_count;
    uint16_t half;       /* the first half of a surrogate pair that was written */
    bool after_return;   /* the last character written was \r */
    uint16_t attribute, popup_attribute;
    uint16_t cursor_size, cursor_visible;
    uint32_t row;        /* of the cursor, as far as it is known */
    uint16_t title[CONDRV_TITLE];
    uint32_t title_length;
};

/* A PE program opens the console of this terminal. */
JN_CHECKED jn_status_t condrv_attach(struct terminal *terminal);
void condrv_free(struct condrv *condrv);
void condrv_resized(struct terminal *terminal);
bool condrv_readable(const struct terminal *terminal);

/* Interface io on the console's opens: bytes in the console's code pages. */
JN_CHECKED jn_status_t condrv_read(struct jn_call *call, struct client *client,
                                   struct description *d, uint64_t length, uint64_t cookie,
                                   uint64_t *done);
JN_CHECKED jn_status_t condrv_write(struct jn_call *call, struct client *client,
                                    struct description *d, uint64_t length, uint64_t cookie,
                                    uint64_t *done);

/* One control code and its buffers. */
struct condrv_call {
    struct jn_call *call;
    struct client *client;
    struct description *d;
    struct terminal *t;
    struct condrv *c;
    uint32_t code;
    uint32_t input_length, capacity;
    uint64_t cookie;
    uint64_t result; /* bytes of output; of input that was taken, for writes */
};
JN_CHECKED jn_status_t condrv_control(struct jn_call *call, struct client *client,
                                      struct description *d, uint32_t code, uint64_t argument,
                                      uint64_t cookie, uint64_t *result);

/* ---- between the files ---- */

/* Copies between the caller's buffers and own memory; FAULT_AT with the address in result. */
JN_CHECKED jn_status_t condrv_get(struct condrv_call *c, uint32_t offset, void *to, size_t size);
JN_CHECKED jn_status_t condrv_put(struct condrv_call *c, uint32_t offset, const void *from,
                                  size_t size);

/* condrv_input.c */
uint32_t condrv_input_mode(const struct terminal *t);
void condrv_set_input_mode(struct terminal *t, uint32_t mode);
JN_CHECKED jn_status_t condrv_read_console(struct condrv_call *c); /* units */
JN_CHECKED jn_status_t condrv_read_control(struct condrv_call *c);
JN_CHECKED jn_status_t condrv_read_file(struct condrv_call *c);    /* bytes */
JN_CHECKED jn_status_t condrv_read_input(struct condrv_call *c);
JN_CHECKED jn_status_t condrv_peek(struct condrv_call *c);
uint32_t condrv_record_count(struct terminal *t);
void condrv_flush(struct terminal *t);

/* condrv_output.c */
JN_CHECKED jn_status_t condrv_write_console(struct condrv_call *c);
JN_CHECKED jn_status_t condrv_write_file(struct condrv_call *c);

/* condrv_screen.c: what needs positions */
JN_CHECKED jn_status_t condrv_get_output_info(struct condrv_call *c);
JN_CHECKED jn_status_t condrv_set_output_info(struct condrv_call *c);
JN_CHECKED jn_status_t condrv_fill_output(struct condrv_call *c);
JN_CHECKED jn_status_t condrv_write_output(struct condrv_call *c);
/* Text for the terminal itself, past output processing; all of it or nothing. */
bool condrv_emit(struct terminal *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void condrv_screen_size(const struct terminal *t, uint32_t *columns, uint32_t *rows);

#endif

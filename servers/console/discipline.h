/* The line discipline of a terminal: what happens between the keys that arrive and the bytes that
 * a program reads, and between the bytes that it writes and those that reach the screen.
 *
 * Pure logic. It behaves as Linux's N_TTY does on a pseudo-terminal; tests/host/console runs both
 * with the same bytes and settings. It calls nothing but its sink, and only from the functions
 * below. Positions in the queue count up for ever; `% DISCIPLINE_QUEUE` is where the byte stands.
 *
 *        tail            line_end                head
 *    ----|###############|-----------------------|---->   keys arrive at head
 *         complete lines   the line being edited
 *
 * In non-canonical mode line_end has no meaning and everything up to head may be read.
 */
#ifndef CONSOLE_DISCIPLINE_H
#define CONSOLE_DISCIPLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attributes.h"

enum {
    DISCIPLINE_QUEUE = 4096,
    DISCIPLINE_ECHOES = 4096,
};

/* Where output goes and what input causes. */
struct discipline_sink {
    size_t (*room)(void *context); /* bytes that `put` takes now */
    void (*put)(void *context, const uint8_t *bytes, size_t count); /* at most room */
    void (*signal)(void *context, int number); /* to the foreground group */
    void (*flush_output)(void *context); /* what was put and is not delivered may be dropped */
    void (*input_flushed)(void *context);
    void (*flow)(void *context, bool stopped); /* output was stopped or started */
};

/* Echo waits here while output is stopped or full. */
enum echo_kind {
    ECHO_BYTE,       /* the byte, through output processing */
    ECHO_CARET,      /* a control character as ^X */
    ECHO_PLAIN,      /* 0xff: as it is, one column wide (Linux uses it as an escape) */
    ECHO_BACK,       /* the next byte will not move the cursor: take one column back */
    ECHO_LINE_START, /* the edited line begins at this column */
    ECHO_ERASE_TAB,  /* byte: columns since the tab before (bit 7) or since the line's start */
};

struct echo {
    uint8_t kind, byte;
};

struct discipline {
    struct attributes attributes; /* changed by discipline_set_attributes only */
    const struct discipline_sink *sink;
    void *context;

    uint32_t tail, line_end, head;
    bool literal;  /* LNEXT: the next byte is taken as it is */
    bool erasing;  /* between the \ and / of ECHOPRT */
    bool stopped;  /* output stands: STOP character or TCOOFF */
    bool held;     /* ... by TCOOFF: the START character does not undo it */
    uint32_t column;      /* of the cursor, modulo nothing: tabs need it */
    uint32_t line_column; /* at which the edited line begins */
    uint32_t echo_head, echo_tail;
    uint64_t special[4];  /* bytes that are not simply queued and echoed */
    uint64_t line_mark[DISCIPLINE_QUEUE / 64]; /* the byte there ends a line */
    uint8_t queue[DISCIPLINE_QUEUE];
    struct echo echoes[DISCIPLINE_ECHOES];
};

void discipline_init(struct discipline *d, const struct discipline_sink *sink, void *context);

/* New settings; what is queued is kept and becomes a line or raw bytes as on Linux. */
void discipline_set_attributes(struct discipline *d, const struct attributes *attributes);

/* Keys arrive. Answers how many were taken; the rest waits for room. */
size_t discipline_receive(struct discipline *d, const uint8_t *bytes, size_t count);

/* Bytes that a read could have now is at least `count`; count 0 counts as 1. In canonical mode:
 * whether a line (or end of file) is there. */
bool discipline_readable(const struct discipline *d, size_t count);

/* What a read of at most `capacity` bytes gets, without taking it: up to the end of a line in
 * canonical mode. *spent: queue positions that go with it (an EOF mark counts and is not copied).
 * Then discipline_take(spent), or discipline_take of the bytes that could be delivered. */
size_t discipline_peek(const struct discipline *d, uint8_t *bytes, size_t capacity,
                       size_t *spent);
void discipline_take(struct discipline *d, size_t spent);

/* A program writes. Answers how many of its bytes were taken. */
size_t discipline_write(struct discipline *d, const uint8_t *bytes, size_t count);

/* Output has room again, or goes on. */
void discipline_echo_pending(struct discipline *d);

/* TCOOFF and TCOON (held), or a change by the terminal's own logic. */
void discipline_hold(struct discipline *d, bool hold);

void discipline_flush_input(struct discipline *d);

/* TIOCINQ. */
size_t discipline_input_bytes(const struct discipline *d);

/* The queue has no room although a complete line waits in it: keys must wait. */
bool discipline_canonical(const struct discipline *d);

/* ---- between the files of the discipline ---- */

static inline uint8_t discipline_byte(const struct discipline *d, uint32_t position)
{
    return d->queue[position % DISCIPLINE_QUEUE];
}

static inline bool discipline_has(const struct discipline *d, uint32_t local_bit)
{
    return (d->attributes.local & local_bit) != 0;
}

void discipline_start(struct discipline *d);
void discipline_stop(struct discipline *d);
void discipline_erase(struct discipline *d, uint8_t key);
void discipline_finish_erasing(struct discipline *d);
void discipline_echo(struct discipline *d, uint8_t byte); /* control characters as ECHOCTL says */
void discipline_echo_add(struct discipline *d, enum echo_kind kind, uint8_t byte);

#endif

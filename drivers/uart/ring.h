/* The bytes that wait for the serial line. */
#ifndef UART_RING_H
#define UART_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOG_RING_SIZE = 65536 };

struct log_ring {
    uint32_t head, tail; /* count up for ever */
    uint32_t dropped;    /* lines since the last that was taken */
    char bytes[LOG_RING_SIZE];
};

/* Adds a line; control characters but tab become '?', so that no client can write a line in the
 * name of another or move the cursor. False: no room, the line is counted as dropped. */
bool log_ring_add(struct log_ring *ring, const char *text, size_t length);

/* Takes at most `capacity` bytes out. */
size_t log_ring_take(struct log_ring *ring, char *bytes, size_t capacity);

bool log_ring_empty(const struct log_ring *ring);

#endif

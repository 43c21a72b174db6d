/* The log's ring buffer: whole lines in, bytes out. */
#include "ring.h"

enum { NOTE_MAX = 64 };

static void put(struct log_ring *ring, char c)
{
    ring->bytes[ring->head++ % LOG_RING_SIZE] = c;
}

static void put_text(struct log_ring *ring, const char *text)
{
    while (*text)
        put(ring, *text++);
}

static void put_number(struct log_ring *ring, uint32_t value)
{
    if (value >= 10)
        put_number(ring, value / 10);
    put(ring, (char)('0' + value % 10));
}

bool log_ring_add(struct log_ring *ring, const char *text, size_t length)
{
    size_t room = LOG_RING_SIZE - (ring->head - ring->tail);

    /* Each byte may become two (line ends are \r\n), and a note may stand before the line. */
    if (length > LOG_RING_SIZE || room < length + 2 + NOTE_MAX) {
        ring->dropped++;
        return false;
    }
    if (ring->dropped) {
        put_text(ring, "log: ");
        put_number(ring, ring->dropped);
        put_text(ring, " lines lost\r\n");
        ring->dropped = 0;
    }
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];

        put(ring, (c < 0x20 && c != '\t') || c == 0x7f ? '?' : (char)c);
    }
    put_text(ring, "\r\n");
    return true;
}

size_t log_ring_take(struct log_ring *ring, char *bytes, size_t capacity)
{
    size_t n = 0;

    while (n < capacity && ring->tail != ring->head)
        bytes[n++] = ring->bytes[ring->tail++ % LOG_RING_SIZE];
    return n;
}

bool log_ring_empty(const struct log_ring *ring)
{
    return ring->tail == ring->head;
}

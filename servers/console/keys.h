/* What was typed, as the key records of the Win32 console (wincon.h, INPUT_RECORD). Pure logic. */
#ifndef CONSOLE_KEYS_H
#define CONSOLE_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    KEY_EVENT_TYPE = 1,
    KEY_STATE_RIGHT_ALT = 1, KEY_STATE_LEFT_ALT = 2, KEY_STATE_LEFT_CONTROL = 8,
    KEY_STATE_SHIFT = 0x10, KEY_STATE_ENHANCED = 0x100,
};

/* INPUT_RECORD with a KEY_EVENT_RECORD, 20 bytes. */
struct key_record {
    uint16_t type, unused;
    int32_t down;
    uint16_t repeat, key, scan, unit;
    uint32_t state;
};
_Static_assert(sizeof(struct key_record) == 20, "INPUT_RECORD");

/* Turns the bytes at the start of `bytes` into the records of one key going down and up: at most
 * four (a character beyond 16 bits has two units). *used: the bytes, 0 if the sequence may go on and
 * `more` says that waiting for the rest is right. */
size_t keys_parse(const uint8_t *bytes, size_t count, bool more, struct key_record records[4],
                  size_t *used);

#endif

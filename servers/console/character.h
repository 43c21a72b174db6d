/* Classes of bytes as Linux's terminals see them: ASCII with the upper half of Latin-1. */
#ifndef CONSOLE_CHARACTER_H
#define CONSOLE_CHARACTER_H

#include <stdbool.h>
#include <stdint.h>

static inline bool character_is_control(uint8_t c)
{
    return c < 0x20 || c == 0x7f;
}

static inline bool character_is_upper(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7);
}

static inline bool character_is_lower(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 0xdf && c != 0xf7);
}

static inline uint8_t character_to_lower(uint8_t c)
{
    return character_is_upper(c) ? (uint8_t)(c + 0x20) : c;
}

static inline uint8_t character_to_upper(uint8_t c)
{
    return character_is_lower(c) ? (uint8_t)(c - 0x20) : c;
}

/* What word erase takes for part of a word. */
static inline bool character_is_word(uint8_t c)
{
    return character_is_upper(c) || character_is_lower(c) || (c >= '0' && c <= '9') || c == '_';
}

/* A byte of a UTF-8 sequence after its first. */
static inline bool character_continues(uint8_t c)
{
    return (c & 0xc0) == 0x80;
}

#endif

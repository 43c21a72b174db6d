/* Text between the Win32 console (UTF-16, code pages) and the terminal (UTF-8). Pure logic. */
#ifndef CONSOLE_TEXT_H
#define CONSOLE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TEXT_UTF8 = 65001, TEXT_ASCII = 20127 };

/* One character as UTF-8; the bytes written (at most 4). */
size_t text_put_utf8(uint32_t character, uint8_t *bytes);

/* Takes the next character from UTF-8; an invalid byte counts as one character U+DC80 + low bits, so
 * that text_put_utf8 gives the byte back. *used is 0 when the sequence is not complete yet. */
uint32_t text_get_utf8(const uint8_t *bytes, size_t count, size_t *used);

/* One character as UTF-16; the units written (1 or 2). */
size_t text_put_utf16(uint32_t character, uint16_t *units);

bool text_codepage_known(uint32_t codepage);
/* The character of a byte above 0x7f; codepage is known and not UTF-8. */
uint32_t text_from_codepage(uint32_t codepage, uint8_t byte);
/* The byte of a character, '?' if the code page has none. */
uint8_t text_to_codepage(uint32_t codepage, uint32_t character);

#endif

/* UTF-16 and UTF-8, both ways without loss; case by the upper-case table of l_intl.nls. */
#include <stdlib.h>
#include <string.h>

#include "core.h"

static const uint16_t *upper_table; /* of l_intl.nls: three levels, 8-4-4 bits */
static size_t upper_units;

/* The file: a word, the length of the upper-case table in units, that table, the lower-case one. */
void nt_text_set_upper_table(const void *l_intl, size_t length)
{
    const uint16_t *file = l_intl;

    if (upper_table || length < 4 || (size_t)file[1] * 2 + 4 > length)
        return;
    uint16_t *copy = malloc(file[1] * 2u);
    if (!copy)
        return;
    memcpy(copy, file + 2, file[1] * 2u);
    upper_units = file[1];
    upper_table = copy;
}

static bool table_at(size_t index, uint16_t *value)
{
    if (index >= upper_units)
        return false;
    *value = upper_table[index];
    return true;
}

uint16_t nt_text_upper(uint16_t unit)
{
    uint16_t first, second, delta;

    if (unit < 0x80)
        return unit >= 'a' && unit <= 'z' ? unit - 32 : unit;
    if (!upper_table) { /* before the tables are read, Latin 1 */
        return (unit >= 0xe0 && unit <= 0xfe && unit != 0xf7) ? unit - 32 : unit;
    }
    if (!table_at(unit >> 8, &first) || !table_at(first + ((unit >> 4) & 15), &second) ||
        !table_at(second + (unit & 15), &delta))
        return unit;
    return unit + delta;
}

int nt_text_compare_caseless(const uint16_t *a, size_t a_length, const uint16_t *b,
                             size_t b_length)
{
    size_t length = a_length < b_length ? a_length : b_length;

    for (size_t i = 0; i < length; i++) {
        int difference = nt_text_upper(a[i]) - nt_text_upper(b[i]);
        if (difference)
            return difference;
    }
    return a_length < b_length ? -1 : a_length > b_length;
}

bool nt_text_equal_ascii(const uint16_t *units, size_t length, const char *ascii)
{
    for (size_t i = 0; i < length; i++)
        if (!ascii[i] || (units[i] != (uint8_t)ascii[i] &&
                          nt_text_upper(units[i]) != nt_text_upper((uint8_t)ascii[i])))
            return false;
    return !ascii[length];
}

uint16_t *nt_text_dup(const uint16_t *units, size_t length)
{
    uint16_t *copy = malloc((length + 1) * 2);

    if (copy) {
        if (length)
            memcpy(copy, units, length * 2);
        copy[length] = 0;
    }
    return copy;
}

size_t nt_text_encode(const uint16_t *units, size_t left, char *to, size_t *at)
{
    uint8_t *out = (uint8_t *)to + *at;
    uint32_t c = units[0];

    if (c >= 0xd800 && c < 0xdc00 && left > 1 && units[1] >= 0xdc00 && units[1] < 0xe000) {
        c = 0x10000 + ((c - 0xd800) << 10) + (units[1] - 0xdc00);
        out[0] = 0xf0 | c >> 18;
        out[1] = 0x80 | (c >> 12 & 63);
        out[2] = 0x80 | (c >> 6 & 63);
        out[3] = 0x80 | (c & 63);
        *at += 4;
        return 2;
    }
    if (c < 0x80 || (c >= 0xdc80 && c <= 0xdcff)) { /* the second: an escaped byte */
        out[0] = c & 0xff;
        *at += 1;
    } else if (c < 0x800) {
        out[0] = 0xc0 | c >> 6;
        out[1] = 0x80 | (c & 63);
        *at += 2;
    } else {
        out[0] = 0xe0 | c >> 12;
        out[1] = 0x80 | (c >> 6 & 63);
        out[2] = 0x80 | (c & 63);
        *at += 3;
    }
    return 1;
}

char *nt_text_to_utf8(const uint16_t *units, size_t length, size_t *bytes)
{
    char *out = malloc(length * 3 + 1);
    size_t at = 0;

    if (!out)
        return NULL;
    for (size_t i = 0; i < length;) {
        if (units[i] < 0x80)
            out[at++] = (char)units[i++];
        else
            i += nt_text_encode(units + i, length - i, out, &at);
    }
    out[at] = 0;
    if (bytes)
        *bytes = at;
    return out;
}

/* Length of the well-formed sequence at s and its code point; 0: not well-formed. Three-byte
 * surrogates count as well-formed unless they would collide with the escape of bytes. */
static size_t decode(const uint8_t *s, size_t left, uint32_t *c)
{
    if (s[0] < 0x80) {
        *c = s[0];
        return 1;
    }
    if (s[0] >= 0xc2 && s[0] < 0xe0 && left >= 2 && (s[1] & 0xc0) == 0x80) {
        *c = (s[0] & 31u) << 6 | (s[1] & 63);
        return 2;
    }
    if ((s[0] & 0xf0) == 0xe0 && left >= 3 && (s[1] & 0xc0) == 0x80 && (s[2] & 0xc0) == 0x80) {
        *c = (s[0] & 15u) << 12 | (s[1] & 63u) << 6 | (s[2] & 63);
        if (*c < 0x800 || (*c >= 0xdc80 && *c <= 0xdcff))
            return 0;
        return 3;
    }
    if ((s[0] & 0xf8) == 0xf0 && left >= 4 && (s[1] & 0xc0) == 0x80 && (s[2] & 0xc0) == 0x80 &&
        (s[3] & 0xc0) == 0x80) {
        *c = (s[0] & 7u) << 18 | (s[1] & 63u) << 12 | (s[2] & 63u) << 6 | (s[3] & 63);
        return *c >= 0x10000 && *c < 0x110000 ? 4 : 0;
    }
    return 0;
}

/* Whether a high surrogate that is spelt in three bytes may stand as one unit: not before anything
 * that becomes a low surrogate, which would make a pair of the two on the way back. */
static bool high_may_stand(const uint8_t *next, size_t left)
{
    uint32_t c;

    return !left || (decode(next, left, &c) && (c < 0xd800 || c >= 0xe000));
}

uint16_t *nt_text_from_utf8(const char *text, size_t length, size_t *units)
{
    const uint8_t *s = (const uint8_t *)text;
    uint16_t *out = malloc((length + 1) * 2);
    size_t at = 0;

    if (!out)
        return NULL;
    for (size_t i = 0; i < length;) {
        uint32_t c;
        size_t used = decode(s + i, length - i, &c);
        if (used == 3 && c >= 0xd800 && c < 0xdc00 &&
            !high_may_stand(s + i + 3, length - i - 3))
            used = 0;
        if (!used) {
            out[at++] = 0xdc00 + s[i++];
            continue;
        }
        i += used;
        if (c >= 0x10000) {
            out[at++] = 0xd800 + ((c - 0x10000) >> 10);
            out[at++] = 0xdc00 + (c & 0x3ff);
        } else {
            out[at++] = c;
        }
    }
    out[at] = 0;
    if (units)
        *units = at;
    return out;
}

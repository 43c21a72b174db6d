/* Comparing names without regard to case. Bytes that are not UTF-8 stand for themselves. */
#include "fold.h"

/* Takes one character off the front; broken sequences give 0x110000 + the byte. */
static uint32_t next_folded(const char **at, const char *end)
{
    const uint8_t *p = (const uint8_t *)*at;
    uint32_t c = *p;
    if (c < 0x80) {
        ++*at;
        return c - 'a' < 26 ? c - 32 : c;
    }
    unsigned more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
    static const uint32_t least[4] = {0, 0x80, 0x800, 0x10000};
    uint32_t value = c & (0x3f >> more);
    if (c < 0xc2 || c > 0xf4 || (size_t)(end - *at) <= more)
        goto broken;
    for (unsigned i = 1; i <= more; i++) {
        if ((p[i] & 0xc0) != 0x80)
            goto broken;
        value = value << 6 | (p[i] & 0x3f);
    }
    if (value < least[more] || value > 0x10ffff)
        goto broken;
    *at += more + 1;
    if (value < 0x10000)
        value = (value + upcase_deltas[upcase_pages[value >> 8] * 256u + (value & 255)]) & 0xffff;
    return value;
broken:
    ++*at;
    return 0x110000 + c;
}

uint32_t fold_hash(const char *name, size_t length)
{
    const char *end = name + length;
    uint32_t hash = 2166136261u;
    while (name < end)
        hash = (hash ^ next_folded(&name, end)) * 16777619u;
    return hash ^ hash >> 15;
}

bool fold_equal(const char *a, size_t a_length, const char *b, size_t b_length)
{
    const char *a_end = a + a_length, *b_end = b + b_length;
    while (a < a_end && b < b_end)
        if (next_folded(&a, a_end) != next_folded(&b, b_end))
            return false;
    return a == a_end && b == b_end;
}

/* UTF-8, UTF-16 and single-byte code pages. */
#include "text.h"

static const struct codepage {
    uint32_t number;
    uint16_t upper[128];
} codepages[] = {
#include "codepages.inc"
};

size_t text_put_utf8(uint32_t c, uint8_t *bytes)
{
    if (c < 0x80) {
        bytes[0] = (uint8_t)c;
        return 1;
    }
    if (c >= 0xdc80 && c <= 0xdcff) { /* a byte that was no UTF-8 */
        bytes[0] = (uint8_t)(c - 0xdc00);
        return 1;
    }
    if (c < 0x800) {
        bytes[0] = (uint8_t)(0xc0 | c >> 6);
        bytes[1] = (uint8_t)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        bytes[0] = (uint8_t)(0xe0 | c >> 12);
        bytes[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        bytes[2] = (uint8_t)(0x80 | (c & 0x3f));
        return 3;
    }
    bytes[0] = (uint8_t)(0xf0 | c >> 18);
    bytes[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
    bytes[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    bytes[3] = (uint8_t)(0x80 | (c & 0x3f));
    return 4;
}

uint32_t text_get_utf8(const uint8_t *bytes, size_t count, size_t *used)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = bytes[0];
    size_t length = first < 0x80             ? 1
                    : (first & 0xe0) == 0xc0 ? 2
                    : (first & 0xf0) == 0xe0 ? 3
                    : (first & 0xf8) == 0xf0 ? 4
                                             : 0;
    uint32_t c = length == 1 ? first : first & (0xff >> (length + 1));

    *used = 1;
    if (length == 1)
        return c;
    for (size_t i = 1; i < length; i++) {
        if (i == count) {
            *used = 0;
            return 0;
        }
        if ((bytes[i] & 0xc0) != 0x80) {
            length = 0;
            break;
        }
        c = c << 6 | (bytes[i] & 0x3f);
    }
    if (length == 0 || c < least[length] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0xdc00u + first;
    *used = length;
    return c;
}

size_t text_put_utf16(uint32_t c, uint16_t *units)
{
    if (c < 0x10000) {
        units[0] = (uint16_t)c;
        return 1;
    }
    c -= 0x10000;
    units[0] = (uint16_t)(0xd800 | c >> 10);
    units[1] = (uint16_t)(0xdc00 | (c & 0x3ff));
    return 2;
}

static const struct codepage *find(uint32_t number)
{
    for (size_t i = 0; i < sizeof codepages / sizeof codepages[0]; i++)
        if (codepages[i].number == number)
            return &codepages[i];
    return NULL;
}

bool text_codepage_known(uint32_t number)
{
    return number == TEXT_UTF8 || number == TEXT_ASCII || find(number);
}

uint32_t text_from_codepage(uint32_t number, uint8_t byte)
{
    const struct codepage *codepage = find(number);

    if (byte < 0x80)
        return byte;
    return codepage ? codepage->upper[byte - 0x80] : 0xfffd;
}

uint8_t text_to_codepage(uint32_t number, uint32_t c)
{
    const struct codepage *codepage = find(number);

    if (c < 0x80)
        return (uint8_t)c;
    for (unsigned i = 0; codepage && i < 128; i++)
        if (codepage->upper[i] == c)
            return (uint8_t)(0x80 + i);
    return '?';
}

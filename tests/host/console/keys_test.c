/* What was typed as Win32 key records, and text between UTF-8, UTF-16 and code pages. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../servers/console/keys.h"
#include "../../../servers/console/text.h"

static struct key_record records[4];

static size_t parse(const char *bytes, size_t expected_used)
{
    size_t used, n = keys_parse((const uint8_t *)bytes, strlen(bytes), false, records, &used);

    assert(used == expected_used);
    return n;
}

static void is_key(const char *bytes, uint16_t key, uint16_t unit, uint32_t state)
{
    assert(parse(bytes, strlen(bytes)) == 2);
    assert(records[0].down && !records[1].down && records[0].type == KEY_EVENT_TYPE);
    assert(records[0].key == key && records[0].unit == unit && records[0].state == state);
}

static void test_keys(void)
{
    size_t used;

    is_key("a", 'A', 'a', 0);
    is_key("A", 'A', 'A', KEY_STATE_SHIFT);
    is_key("\r", 0x0d, '\r', 0);
    is_key("\n", 0x0d, '\r', 0);
    is_key("\x7f", 0x08, '\b', 0);
    is_key("\x03", 'C', 3, KEY_STATE_LEFT_CONTROL);
    is_key("\033", 0x1b, 0x1b, 0);
    is_key("\033x", 'X', 'x', KEY_STATE_LEFT_ALT);
    is_key("\033[A", 0x26, 0, KEY_STATE_ENHANCED);
    is_key("\033OD", 0x25, 0, KEY_STATE_ENHANCED);
    is_key("\033[3~", 0x2e, 0, KEY_STATE_ENHANCED);
    is_key("\033[1;5C", 0x27, 0, KEY_STATE_ENHANCED | KEY_STATE_LEFT_CONTROL);
    is_key("\033OP", 0x70, 0, 0);
    is_key("\033[15~", 0x74, 0, 0);
    is_key("\033[[A", 0x70, 0, 0);
    is_key("\xc3\xa4", 0, 0xe4, 0);
    assert(parse("\033[99~", 5) == 0); /* a key that has no virtual key */
    assert(parse("\xf0\x9f\x98\x80", 4) == 4 && records[0].unit == 0xd83d && records[2].unit == 0xde00);
    assert(keys_parse((const uint8_t *)"\033", 1, true, records, &used) == 0 && used == 0);
    assert(keys_parse((const uint8_t *)"\033[", 2, true, records, &used) == 0 && used == 0);
    assert(keys_parse((const uint8_t *)"\xc3", 1, true, records, &used) == 0 && used == 0);
    for (int i = 0; i < 200000; i++) { /* anything is eaten, and some of it each time */
        uint8_t bytes[12];
        size_t n = 1 + (size_t)rand() % sizeof bytes;

        for (size_t k = 0; k < n; k++)
            bytes[k] = (uint8_t)(rand() % 3 ? "\033[O;1~A5\xc3\xf0"[rand() % 10] : rand());
        assert(keys_parse(bytes, n, false, records, &used) <= 4 && used >= 1 && used <= n);
    }
}

static void test_text(void)
{
    uint8_t bytes[4];
    size_t used;

    for (uint32_t c = 0; c < 0x110000; c++) {
        size_t n;

        if (c >= 0xd800 && c < 0xe000)
            continue;
        n = text_put_utf8(c, bytes);
        assert(text_get_utf8(bytes, n, &used) == c && used == n);
        if (n > 1)
            assert((text_get_utf8(bytes, n - 1, &used), used == 0));
    }
    for (unsigned b = 0x80; b < 0x100; b++) { /* what is no UTF-8 comes back as it was */
        uint8_t pair[2] = {(uint8_t)b, 'x'};
        uint32_t c = text_get_utf8(pair, 2, &used);

        assert(used == 1 && text_put_utf8(c, bytes) == 1 && bytes[0] == b);
    }
    assert(text_from_codepage(437, 0x84) == 0xe4 && text_to_codepage(437, 0xe4) == 0x84);
    assert(text_from_codepage(1252, 0x80) == 0x20ac && text_to_codepage(1252, 0x4e00) == '?');
    assert(text_codepage_known(65001) && text_codepage_known(850) && !text_codepage_known(12345));
}

int main(void)
{
    test_keys();
    test_text();
    puts("keys: ok");
    return 0;
}

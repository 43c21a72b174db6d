/* Terminal bytes to key records: characters, control characters, and the sequences that xterm and
 * the Linux console send for the other keys (console_codes(4), xterm's ctlseqs). */
#include "keys.h"

#include "text.h"

enum {
    VK_BACK = 0x08, VK_TAB = 0x09, VK_RETURN = 0x0d, VK_ESCAPE = 0x1b, VK_SPACE = 0x20,
    VK_PRIOR = 0x21, VK_NEXT = 0x22, VK_END = 0x23, VK_HOME = 0x24, VK_LEFT = 0x25, VK_UP = 0x26,
    VK_RIGHT = 0x27, VK_DOWN = 0x28, VK_INSERT = 0x2d, VK_DELETE = 0x2e, VK_F1 = 0x70,
    ESCAPE = 0x1b,
};

struct key {
    uint16_t virtual_key, scan, unit;
    uint32_t state;
};

/* Scan codes of an AT keyboard, set 1, for the keys that have a virtual key. */
static uint16_t scan_of(uint16_t key)
{
    static const uint8_t letters[] = {30, 48, 46, 32, 18, 33, 34, 35, 23, 36, 37, 38, 50,
                                      49, 24, 25, 16, 19, 31, 20, 22, 47, 17, 45, 21, 44};

    if (key >= 'A' && key <= 'Z')
        return letters[key - 'A'];
    if (key >= '1' && key <= '9')
        return (uint16_t)(key - '1' + 2);
    if (key >= VK_F1 && key <= VK_F1 + 9)
        return (uint16_t)(key - VK_F1 + 59);
    switch (key) {
    case '0': return 11;
    case VK_BACK: return 14;
    case VK_TAB: return 15;
    case VK_RETURN: return 28;
    case VK_ESCAPE: return 1;
    case VK_SPACE: return 57;
    case VK_HOME: return 71;
    case VK_UP: return 72;
    case VK_PRIOR: return 73;
    case VK_LEFT: return 75;
    case VK_RIGHT: return 77;
    case VK_END: return 79;
    case VK_DOWN: return 80;
    case VK_NEXT: return 81;
    case VK_INSERT: return 82;
    case VK_DELETE: return 83;
    case VK_F1 + 10: return 87;
    case VK_F1 + 11: return 88;
    default: return 0;
    }
}

static struct key character_key(uint32_t c)
{
    struct key key = {.unit = (uint16_t)c};

    if (c >= 'a' && c <= 'z')
        key.virtual_key = (uint16_t)(c - 'a' + 'A');
    else if ((c >= '0' && c <= '9') || c == ' ')
        key.virtual_key = (uint16_t)c;
    else if (c >= 'A' && c <= 'Z')
        key = (struct key){.virtual_key = (uint16_t)c, .unit = (uint16_t)c, .state = KEY_STATE_SHIFT};
    else if (c == 0x7f || c == '\b')
        key = (struct key){.virtual_key = VK_BACK, .unit = '\b'};
    else if (c == '\t')
        key.virtual_key = VK_TAB;
    else if (c == '\r' || c == '\n')
        key = (struct key){.virtual_key = VK_RETURN, .unit = '\r'};
    else if (c == ESCAPE)
        key.virtual_key = VK_ESCAPE;
    else if (c < 0x20) {
        key.virtual_key = c >= 1 && c <= 26 ? (uint16_t)(c - 1 + 'A') : 0;
        key.state = KEY_STATE_LEFT_CONTROL;
    }
    return key;
}

/* xterm's modifier parameter: 1 + shift 1 + alt 2 + control 4. */
static uint32_t modifiers(uint32_t parameter)
{
    uint32_t bits = parameter ? parameter - 1 : 0;

    return (bits & 1 ? KEY_STATE_SHIFT : 0) | (bits & 2 ? KEY_STATE_LEFT_ALT : 0) |
           (bits & 4 ? KEY_STATE_LEFT_CONTROL : 0);
}

static uint16_t numbered_key(uint32_t number)
{
    static const uint16_t keys[] = {
        [1] = VK_HOME, [2] = VK_INSERT, [3] = VK_DELETE, [4] = VK_END, [5] = VK_PRIOR,
        [6] = VK_NEXT, [7] = VK_HOME, [8] = VK_END, [11] = VK_F1, [12] = VK_F1 + 1,
        [13] = VK_F1 + 2, [14] = VK_F1 + 3, [15] = VK_F1 + 4, [17] = VK_F1 + 5, [18] = VK_F1 + 6,
        [19] = VK_F1 + 7, [20] = VK_F1 + 8, [21] = VK_F1 + 9, [23] = VK_F1 + 10, [24] = VK_F1 + 11,
    };

    return number < sizeof keys / sizeof keys[0] ? keys[number] : 0;
}

static uint16_t lettered_key(uint8_t letter)
{
    switch (letter) {
    case 'A': return VK_UP;
    case 'B': return VK_DOWN;
    case 'C': return VK_RIGHT;
    case 'D': return VK_LEFT;
    case 'F': return VK_END;
    case 'H': return VK_HOME;
    case 'P': case 'Q': case 'R': case 'S': return (uint16_t)(VK_F1 + letter - 'P');
    default: return 0;
    }
}

/* ESC [ parameters letter, or ESC O letter. *used 0: it is not complete. */
static struct key sequence_key(const uint8_t *bytes, size_t count, size_t *used)
{
    uint32_t parameters[2] = {0, 0};
    unsigned which = 0;
    size_t at = 2;
    struct key key = {0};

    if (bytes[1] == '[' && count > 2 && bytes[2] == '[')
        at = 3; /* the Linux console's F1 to F5: ESC [ [ A .. */
    while (at < count && bytes[1] == '[' && bytes[at] >= 0x20 && bytes[at] < 0x40) {
        if (bytes[at] == ';' && which == 0)
            which = 1;
        else if (bytes[at] >= '0' && bytes[at] <= '9' && parameters[which] < 1000)
            parameters[which] = parameters[which] * 10 + bytes[at] - '0';
        at++;
    }
    *used = 0;
    if (at >= count)
        return key;
    *used = at + 1;
    if (bytes[1] == '[' && bytes[2] == '[')
        key.virtual_key = bytes[at] >= 'A' && bytes[at] <= 'E' ? (uint16_t)(VK_F1 + bytes[at] - 'A')
                                                               : 0;
    else if (bytes[at] == '~')
        key.virtual_key = numbered_key(parameters[0]);
    else
        key.virtual_key = lettered_key(bytes[at]);
    key.state = modifiers(parameters[1]);
    if (key.virtual_key >= VK_PRIOR && key.virtual_key <= VK_DELETE)
        key.state |= KEY_STATE_ENHANCED;
    return key;
}

static size_t put_key(struct key_record records[4], size_t at, struct key key)
{
    for (int down = 1; down >= 0; down--)
        records[at++] = (struct key_record){
            .type = KEY_EVENT_TYPE, .down = down, .repeat = 1, .key = key.virtual_key,
            .scan = scan_of(key.virtual_key), .unit = key.unit, .state = key.state,
        };
    return at;
}

size_t keys_parse(const uint8_t *bytes, size_t count, bool more, struct key_record records[4],
                  size_t *used)
{
    uint16_t units[2];
    uint32_t c;
    size_t n;

    if (bytes[0] == ESCAPE && count > 1 && (bytes[1] == '[' || bytes[1] == 'O')) {
        struct key key = sequence_key(bytes, count, used);

        if (*used > 0)
            return key.virtual_key ? put_key(records, 0, key) : 0;
        if (more)
            return 0;
    } else if (bytes[0] == ESCAPE && count == 1 && more) {
        *used = 0;
        return 0;
    } else if (bytes[0] == ESCAPE && count > 1 && bytes[1] != ESCAPE) { /* Alt and a key */
        struct key key = character_key(bytes[1]);

        key.state |= KEY_STATE_LEFT_ALT;
        *used = 2;
        return put_key(records, 0, key);
    }
    c = text_get_utf8(bytes, count, used);
    if (*used == 0) {
        if (more)
            return 0;
        c = 0xdc00u + bytes[0];
        *used = 1;
    }
    if (c < 0x80)
        return put_key(records, 0, character_key(c));
    n = text_put_utf16(c, units);
    for (size_t i = 0, at = 0; i < n; i++)
        at = put_key(records, at, (struct key){.unit = units[i]});
    return 2 * n;
}

/* Which personality a program file belongs to, by its first bytes, as the manifest says. */
#include <string.h>

#include "janus/handover.h"

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Whether `head` begins with the bytes that `hex` writes. */
static bool begins(const char *hex, size_t digits, const uint8_t *head, size_t length)
{
    if (!digits || digits % 2 || digits / 2 > length)
        return false;
    for (size_t i = 0; i < digits; i += 2) {
        int high = digit(hex[i]), low = digit(hex[i + 1]);
        if (high < 0 || low < 0 || head[i / 2] != (high << 4 | low))
            return false;
    }
    return true;
}

bool handover_program_of(const char *setting, size_t setting_length, const void *head,
                         size_t head_length, char *name, size_t capacity)
{
    const char *end = setting + setting_length;
    while (setting < end) {
        const char *comma = memchr(setting, ',', (size_t)(end - setting));
        const char *stop = comma ? comma : end;
        const char *sign = memchr(setting, '=', (size_t)(stop - setting));
        size_t length = sign ? (size_t)(stop - sign - 1) : 0;
        if (length && length < capacity &&
            begins(setting, (size_t)(sign - setting), head, head_length)) {
            memcpy(name, sign + 1, length);
            name[length] = 0;
            return true;
        }
        setting = stop + 1;
    }
    return false;
}

bool handover_program_name(const char *setting, size_t setting_length, unsigned index, char *name,
                           size_t capacity)
{
    const char *end = setting + setting_length;
    for (; setting < end; index--) {
        const char *comma = memchr(setting, ',', (size_t)(end - setting));
        const char *stop = comma ? comma : end;
        const char *sign = memchr(setting, '=', (size_t)(stop - setting));
        size_t length = sign ? (size_t)(stop - sign - 1) : 0;
        if (!index) {
            if (!length || length >= capacity)
                return false;
            memcpy(name, sign + 1, length);
            name[length] = 0;
            return true;
        }
        setting = stop + 1;
    }
    return false;
}

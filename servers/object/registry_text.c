/* The text form of the registry:
 *
 *   ; comment
 *   [Registry\Machine\Software\...]
 *   "name"="text"              REG_SZ, kept as UTF-16 with its terminator
 *   "name"=expand:"text"       REG_EXPAND_SZ
 *   "name"=multi:"a","b"       REG_MULTI_SZ
 *   "name"=dword:0000000a      REG_DWORD
 *   "name"=hex:01,02           REG_BINARY, hex(n): type n
 *   @=...                      the default value
 *
 * \\ and \" in quotes stand for themselves. The file is UTF-8.
 */
#include <stdlib.h>
#include <string.h>

#include "janus/runtime.h"
#include "registry.h"

enum { REG_SZ = 1, REG_EXPAND_SZ = 2, REG_BINARY = 3, REG_DWORD = 4, REG_MULTI_SZ = 7 };

struct line {
    const char *at, *end;
};

static bool take(struct line *line, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(line->end - line->at) < length || memcmp(line->at, word, length))
        return false;
    line->at += length;
    return true;
}

/* A quoted text without its quotes and escapes, into `out` (as large as the line). */
static bool take_quoted(struct line *line, char *out, size_t *length)
{
    *length = 0;
    if (!take(line, "\""))
        return false;
    while (line->at < line->end && *line->at != '"') {
        if (*line->at == '\\' && line->at + 1 < line->end)
            line->at++;
        out[(*length)++] = *line->at++;
    }
    return take(line, "\"");
}

static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static bool take_hex(struct line *line, uint32_t *value, int most)
{
    int count = 0;
    *value = 0;
    while (count < most && line->at < line->end && digit(*line->at) >= 0) {
        *value = *value << 4 | (uint32_t)digit(*line->at++);
        count++;
    }
    return count > 0;
}

/* UTF-8 to UTF-16LE; a byte that is not UTF-8 becomes U+FFFD. Returns bytes written (at most twice
 * the length of the text). */
static size_t to_utf16(const char *text, size_t length, unsigned char *out)
{
    size_t written = 0;
    for (size_t i = 0; i < length;) {
        unsigned char c = (unsigned char)text[i++];
        int more = c < 0x80 ? 0 : c >= 0xc2 && c < 0xe0 ? 1 : c >= 0xe0 && c < 0xf0 ? 2
                 : c >= 0xf0 && c < 0xf5 ? 3 : -1;
        uint32_t point = more <= 0 ? c : more == 1 ? c & 0x1f : more == 2 ? c & 0xf : c & 7;
        while (more > 0 && i < length && ((unsigned char)text[i] & 0xc0) == 0x80) {
            point = point << 6 | ((unsigned char)text[i++] & 0x3f);
            more--;
        }
        if (more)
            point = 0xfffd;
        uint16_t units[2] = {(uint16_t)point, 0};
        int count = 1;
        if (point >= 0x10000) {
            units[0] = (uint16_t)(0xd7c0 + (point >> 10));
            units[1] = (uint16_t)(0xdc00 | (point & 0x3ff));
            count = 2;
        }
        memcpy(out + written, units, (size_t)count * 2);
        written += (size_t)count * 2;
    }
    return written;
}

static bool take_texts(struct line *line, uint32_t type, char *scratch, unsigned char *data,
                       size_t *size)
{
    size_t length;
    *size = 0;
    do {
        if (!take_quoted(line, scratch, &length))
            return false;
        *size += to_utf16(scratch, length, data + *size);
        memset(data + *size, 0, 2);
        *size += 2;
    } while (type == REG_MULTI_SZ && take(line, ","));
    if (type == REG_MULTI_SZ) {
        memset(data + *size, 0, 2);
        *size += 2;
    }
    return true;
}

/* What stands behind '='. data has room for four bytes a character of the line and eight more. */
static bool take_data(struct line *line, char *scratch, uint32_t *type, unsigned char *data,
                      size_t *size)
{
    uint32_t value;
    if (take(line, "dword:")) {
        *type = REG_DWORD;
        *size = 4;
        if (!take_hex(line, &value, 8))
            return false;
        memcpy(data, &value, 4);
        return true;
    }
    if (take(line, "hex")) {
        *type = REG_BINARY;
        if (take(line, "(") && (!take_hex(line, type, 8) || !take(line, ")")))
            return false;
        if (!take(line, ":"))
            return false;
        for (*size = 0; take_hex(line, &value, 2); take(line, ","))
            data[(*size)++] = (unsigned char)value;
        return true;
    }
    *type = take(line, "multi:") ? REG_MULTI_SZ : take(line, "expand:") ? REG_EXPAND_SZ : REG_SZ;
    return take_texts(line, *type, scratch, data, size);
}

static bool load_line(struct line line, struct registry_key **key, char *scratch,
                      unsigned char *data)
{
    size_t name_length, size;
    uint32_t type;
    bool created;
    while (line.end > line.at && (line.end[-1] == ' ' || line.end[-1] == '\r' || line.end[-1] == '\t'))
        line.end--;
    if (line.at == line.end || *line.at == ';')
        return true;
    if (take(&line, "["))
        return line.end > line.at && line.end[-1] == ']' &&
               registry_walk(registry_root(), line.at, (size_t)(line.end - line.at) - 1, true, key,
                             &created) == JN_OK;
    if (!*key)
        return false;
    char *name = scratch + (line.end - line.at) + 1;
    if (take(&line, "@"))
        name_length = 0;
    else if (!take_quoted(&line, name, &name_length))
        return false;
    return take(&line, "=") && take_data(&line, scratch, &type, data, &size) &&
           line.at == line.end &&
           registry_value_set(*key, name, name_length, type, data, size) == JN_OK;
}

void registry_load(const char *text, size_t length)
{
    struct registry_key *key = NULL;
    const char *end = text + length;
    for (unsigned number = 1; text < end; number++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        if (!stop)
            stop = end;
        size_t size = (size_t)(stop - text);
        char *scratch = malloc(size * 2 + 8);
        unsigned char *data = malloc(size * 4 + 8);
        if (!scratch || !data || !load_line((struct line){text, stop}, &key, scratch, data))
            jn_log(JN_LOG_WARNING, "registry: line %u cannot be read", number);
        free(scratch);
        free(data);
        text = stop + 1;
    }
}

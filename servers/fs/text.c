/* Growing text. */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(struct text *text, size_t more)
{
    if (text->capacity - text->length >= more)
        return true;
    size_t capacity = text->capacity ? text->capacity * 2 : 512;
    while (capacity - text->length < more)
        capacity *= 2;
    char *bytes = realloc(text->bytes, capacity);
    if (!bytes) {
        text->failed = true;
        return false;
    }
    text->bytes = bytes;
    text->capacity = capacity;
    return true;
}

void text_append(struct text *text, const void *bytes, size_t length)
{
    if (length && reserve(text, length)) {
        memcpy(text->bytes + text->length, bytes, length);
        text->length += length;
    }
}

void text_print(struct text *text, const char *format, ...)
{
    va_list arguments;
    char line[256];
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    if (length < (int)sizeof(line)) {
        text_append(text, line, length > 0 ? (size_t)length : 0);
        return;
    }
    if (!reserve(text, (size_t)length + 1))
        return;
    va_start(arguments, format);
    vsnprintf(text->bytes + text->length, (size_t)length + 1, format, arguments);
    va_end(arguments);
    text->length += (size_t)length;
}

void text_destroy(struct text *text)
{
    if (text) {
        free(text->bytes);
        free(text);
    }
}

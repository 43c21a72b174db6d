/* snprintf without floating point (servers do not touch vector registers, which musl's needs):
 * flags - 0 + space #, width, precision, * for both, hh h l ll z j t, conversions d i u x X o c s p %. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct output {
    char *at, *end;
    size_t total;
};

static void put(struct output *out, char c)
{
    if (out->at < out->end)
        *out->at++ = c;
    out->total++;
}

static void pad(struct output *out, char c, int count)
{
    while (count-- > 0)
        put(out, c);
}

struct spec {
    bool left, zero, alternate;
    char sign; /* ' ', '+' or 0 */
    int width, precision; /* precision -1: none */
};

static void put_text(struct output *out, const struct spec *spec, const char *text, size_t length)
{
    int fill = spec->width - (int)length;
    if (!spec->left)
        pad(out, ' ', fill);
    for (size_t i = 0; i < length; i++)
        put(out, text[i]);
    if (spec->left)
        pad(out, ' ', fill);
}

static void put_number(struct output *out, const struct spec *spec, uint64_t value, unsigned base,
                       bool upper, bool negative)
{
    char digits[24], prefix[3];
    int count = 0, prefix_count = 0;
    const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    if (spec->alternate && base == 16 && value) {
        prefix[prefix_count++] = '0';
        prefix[prefix_count++] = upper ? 'X' : 'x';
    } else if (negative) {
        prefix[prefix_count++] = '-';
    } else if (spec->sign) {
        prefix[prefix_count++] = spec->sign;
    }
    for (; value; value /= base)
        digits[count++] = set[value % base];
    if (!count && spec->precision != 0)
        digits[count++] = '0';
    if (spec->alternate && base == 8 && (!count || digits[count - 1] != '0'))
        digits[count++] = '0';
    int zeroes = spec->precision > count ? spec->precision - count : 0;
    int fill = spec->width - prefix_count - zeroes - count;
    if (spec->zero && !spec->left && spec->precision < 0 && fill > 0) {
        zeroes += fill;
        fill = 0;
    }
    if (!spec->left)
        pad(out, ' ', fill);
    for (int i = 0; i < prefix_count; i++)
        put(out, prefix[i]);
    pad(out, '0', zeroes);
    while (count)
        put(out, digits[--count]);
    if (spec->left)
        pad(out, ' ', fill);
}

static int64_t signed_argument(va_list *arguments, int size)
{
    switch (size) {
    case -2: return (signed char)va_arg(*arguments, int);
    case -1: return (short)va_arg(*arguments, int);
    case 0: return va_arg(*arguments, int);
    default: return va_arg(*arguments, long);
    }
}

static uint64_t unsigned_argument(va_list *arguments, int size)
{
    switch (size) {
    case -2: return (unsigned char)va_arg(*arguments, int);
    case -1: return (unsigned short)va_arg(*arguments, int);
    case 0: return va_arg(*arguments, unsigned);
    default: return va_arg(*arguments, unsigned long);
    }
}

int vsnprintf(char *buffer, size_t size, const char *format, va_list arguments_in)
{
    struct output out = {buffer, size ? buffer + size - 1 : buffer, 0};
    va_list arguments;
    va_copy(arguments, arguments_in);
    for (; *format; format++) {
        if (*format != '%') {
            put(&out, *format);
            continue;
        }
        struct spec spec = {.precision = -1};
        for (format++;; format++) {
            if (*format == '-')
                spec.left = true;
            else if (*format == '0')
                spec.zero = true;
            else if (*format == '#')
                spec.alternate = true;
            else if (*format == '+' || (*format == ' ' && spec.sign != '+'))
                spec.sign = *format;
            else if (*format != ' ')
                break;
        }
        if (*format == '*') {
            spec.width = va_arg(arguments, int);
            if (spec.width < 0) {
                spec.left = true;
                spec.width = -spec.width;
            }
            format++;
        }
        for (; *format >= '0' && *format <= '9'; format++)
            spec.width = spec.width * 10 + (*format - '0');
        if (*format == '.') {
            spec.precision = 0;
            if (*++format == '*') {
                spec.precision = va_arg(arguments, int);
                format++;
            }
            for (; *format >= '0' && *format <= '9'; format++)
                spec.precision = spec.precision * 10 + (*format - '0');
        }
        int length = 0;
        for (;; format++) {
            if (*format == 'h')
                length--;
            else if (*format == 'l' || *format == 'z' || *format == 'j' || *format == 't')
                length++;
            else
                break;
        }
        char c;
        switch (*format) {
        case 'd':
        case 'i': {
            int64_t value = signed_argument(&arguments, length);
            put_number(&out, &spec, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, false,
                       value < 0);
            break;
        }
        case 'u':
        case 'x':
        case 'X':
        case 'o':
            spec.sign = 0;
            put_number(&out, &spec, unsigned_argument(&arguments, length),
                       *format == 'u' ? 10 : *format == 'o' ? 8 : 16, *format == 'X', false);
            break;
        case 'p':
            spec.alternate = true;
            put_number(&out, &spec, (uintptr_t)va_arg(arguments, void *), 16, false, false);
            break;
        case 'c':
            c = (char)va_arg(arguments, int);
            put_text(&out, &spec, &c, 1);
            break;
        case 's': {
            const char *text = va_arg(arguments, const char *);
            if (!text)
                text = "(null)";
            put_text(&out, &spec, text,
                     spec.precision < 0 ? strlen(text) : strnlen(text, (size_t)spec.precision));
            break;
        }
        case '%':
            put(&out, '%');
            break;
        default: /* unknown: shown as it stands */
            put(&out, '%');
            if (!*format)
                format--;
            else
                put(&out, *format);
        }
    }
    va_end(arguments);
    if (size)
        *out.at = 0;
    return (int)out.total;
}

int snprintf(char *buffer, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(buffer, size, format, arguments);
    va_end(arguments);
    return length;
}

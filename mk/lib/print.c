/* Formatting for the log line, straight into the serial port: no buffer, no state. */
#include "lib/print.h"

#include <stdbool.h>
#include <stdint.h>

#include "entry/crash.h"
#include "lib/string.h"
#include "platform/serial.h"

struct format {
    unsigned width;
    bool zero, left, wide;
};

static void pad(char with, unsigned width, size_t length)
{
    for (; length < width; length++)
        serial_write(&with, 1);
}

static void print_field(const struct format *format, const char *text, size_t length)
{
    if (!format->left)
        pad(' ', format->width, length);
    serial_write(text, length);
    if (format->left)
        pad(' ', format->width, length);
}

static void print_number(const struct format *format, uint64_t value, unsigned base, bool negative)
{
    char digits[24];
    size_t at = sizeof digits;

    do
        digits[--at] = "0123456789abcdef"[value % base];
    while (value /= base);
    if (format->zero)
        while (sizeof digits - at < format->width && at > 1)
            digits[--at] = '0';
    if (negative)
        digits[--at] = '-';
    print_field(format, digits + at, sizeof digits - at);
}

static void print_one(const struct format *format, char kind, va_list *arguments)
{
    switch (kind) {
    case 's': {
        const char *text = va_arg(*arguments, const char *);
        print_field(format, text, strlen(text));
        return;
    }
    case 'c': {
        char one = (char)va_arg(*arguments, int);
        print_field(format, &one, 1);
        return;
    }
    case 'd': {
        int64_t value = format->wide ? va_arg(*arguments, int64_t) : va_arg(*arguments, int);
        print_number(format, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, value < 0);
        return;
    }
    case 'u':
    case 'x': {
        uint64_t value = format->wide ? va_arg(*arguments, uint64_t) : va_arg(*arguments, unsigned);
        print_number(format, value, kind == 'x' ? 16 : 10, false);
        return;
    }
    case 'p':
        print_number(format, (uint64_t)va_arg(*arguments, void *), 16, false);
        return;
    default:
        serial_write(&kind, 1);
    }
}

static void print_list(const char *text, va_list *arguments)
{
    for (;;) {
        const char *begin = text;
        struct format format = {0};

        while (*text && *text != '%')
            text++;
        serial_write(begin, (size_t)(text - begin));
        if (!*text++)
            return;
        for (; *text == '0' || *text == '-'; text++)
            *(*text == '0' ? &format.zero : &format.left) = true;
        for (; *text >= '0' && *text <= '9'; text++)
            format.width = format.width * 10 + (unsigned)(*text - '0');
        for (; *text == 'l' || *text == 'z'; text++)
            format.wide = true;
        if (!*text)
            return;
        print_one(&format, *text++, arguments);
    }
}

void print(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_list(format, &arguments);
    va_end(arguments);
}

void print_text(const char *text, size_t bytes)
{
    serial_write(text, bytes);
}

void panic(const char *format, ...)
{
    uint64_t r[16] = {0}, rip, flags; /* enum jn_reg; what calls preserve is enough to unwind them */
    va_list arguments;

    __asm__ volatile("pushfq\n\tpopq %0\n\tcli" : "=r"(flags));
    print("\nmk: panic: ");
    va_start(arguments, format);
    print_list(format, &arguments);
    va_end(arguments);
    print("\n");
    __asm__ volatile("movq %%rbx, 8(%1)\n\tmovq %%rbp, 48(%1)\n\tmovq %%rsp, 56(%1)\n\t"
                     "movq %%r12, 96(%1)\n\tmovq %%r13, 104(%1)\n\tmovq %%r14, 112(%1)\n\t"
                     "movq %%r15, 120(%1)\n\tleaq 1f(%%rip), %0\n1:"
                     : "=r"(rip)
                     : "r"(r)
                     : "memory");
    crash_kernel(r, rip, flags);
}

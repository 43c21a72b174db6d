/* The kernel's log line. Boot text and panics; nothing that a user can cause prints unbounded. */
#ifndef MK_LIB_PRINT_H
#define MK_LIB_PRINT_H

#include <stdarg.h>
#include <stddef.h>

/* %s %c %d %u %x %p %%, widths, zero padding, l and ll. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void print_text(const char *text, size_t bytes);

/* Prints the text and leaves the machine with a failure code. Only for broken invariants. */
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

/* The first serial line, polled: boot text, panics and the Console object. */
#ifndef MK_PLATFORM_SERIAL_H
#define MK_PLATFORM_SERIAL_H

#include <stddef.h>

void serial_init(void);
void serial_write(const char *text, size_t bytes);

#endif

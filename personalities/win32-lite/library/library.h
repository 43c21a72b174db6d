/* The library placement's own parts. */
#ifndef WIN32_LIBRARY_H
#define WIN32_LIBRARY_H

#include <stdint.h>

/* enum handover_placement by this boot, of POSIX and of Win32. */
extern uint32_t library_defaults[2];
/* What lies at 0x7ffe1000: begins with the address of win32_dispatcher. */
extern void *library_dispatcher_page;
/* dispatcher.asm: not to be called from C. */
extern const char win32_dispatcher[], win32_dispatcher_slow[];

#endif

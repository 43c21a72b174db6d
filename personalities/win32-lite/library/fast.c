/* Services that the adapter answers on the program's own thread: the door's table by number. Numbers are
 * known when ntdll.dll is loaded; until then everything goes to the handler. */
#include <stdint.h>

#define NUMBERS 1024u

__attribute__((visibility("hidden"))) uint32_t adapter_fast_count;
__attribute__((visibility("hidden"))) uint64_t adapter_fast[NUMBERS];

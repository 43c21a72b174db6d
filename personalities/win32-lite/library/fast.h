/* Services without the handler (fast.c, fast.asm). */
#ifndef WIN32_FAST_H
#define WIN32_FAST_H

#include "janus/abi/utcb.h"

/* From now on they are served; number_of: of a service by its name, UINT32_MAX: none. */
void fast_begin(uint32_t (*number_of)(const char *name));
/* A thread of this id has the UTCB. */
void fast_thread(struct jn_utcb *utcb, uint64_t tid);
/* fast.asm: not to be called from C. */
extern const char win32_fast_enter[], win32_fast_abort[];

#endif

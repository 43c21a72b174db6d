#ifndef ADAPTER_MEMORY_H
#define ADAPTER_MEMORY_H

#include "janus/adapter_runtime.h"

/* Maps all memory that this adapter has in the space of `pager`, a clone of its client. */
JN_CHECKED jn_status_t adapter_map_memory(cap_t pager);
void adapter_settings_keep(uint64_t settings);
/* In a child: no thread has a UTCB but the handler, and no window shows anything. */
void adapter_utcb_reset(void);
void adapter_windows_reset(void);
/* The first heap is mapped: the launcher does that. A fork's child has what its parent had. */
void adapter_heap_begin(void);

#endif

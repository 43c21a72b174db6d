/* Reads and writes without the handler: as the other services of fast.c. */
#ifndef WIN32_FAST_IO_H
#define WIN32_FAST_IO_H

#include "fast.h"

uint64_t fast_read_file(struct jn_utcb *utcb, uint64_t handle, uint64_t event, uint64_t apc,
                        uint64_t context);
uint64_t fast_write_file(struct jn_utcb *utcb, uint64_t handle, uint64_t event, uint64_t apc,
                         uint64_t context);

#endif

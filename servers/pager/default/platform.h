/* What the pager's logic needs of the world: the kernel and the root pager in the guest
 * (platform_guest.c), arrays on the host. */
#ifndef PAGER_PLATFORM_H
#define PAGER_PLATFORM_H

#include "janus/types.h"

#define PAGE_BYTES 4096ull
#define PAGE_BITS 12

struct frame;

/* A frame's contents, and its record. Valid for frames that were obtained. */
uint8_t *platform_contents(uint32_t frame);
struct frame *platform_record(uint32_t frame);
void platform_zero(uint32_t frame, uint64_t pages);

/* 2^order frames from the root pager, aligned; their records are there and zero. `used`: frames at the
 * begin that the records themselves took. NO_MEMORY. */
JN_CHECKED jn_status_t platform_obtain(unsigned order, uint32_t *frame, uint32_t *used);
/* Gives them back; their records stay. */
void platform_return(uint32_t frame, unsigned order);

/* Maps frames into the space of a Task. *done: pages. NO_MEMORY: its Pool is empty. */
JN_CHECKED jn_status_t platform_map(cap_t space, uint32_t frame, uint64_t address, uint64_t pages,
                                    uint32_t access, uint64_t *done);
/* Takes rights away from everything that was mapped from these frames (JN_R: the mappings go). */
void platform_revoke(uint32_t frame, uint64_t pages, uint32_t rights);
/* RAM that the root pager still has, in pages. */
uint64_t platform_untouched(void);
/* Does the Task still exist? */
bool platform_space_alive(cap_t space);
void platform_forget_space(cap_t space);

#endif

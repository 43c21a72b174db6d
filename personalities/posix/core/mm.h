/* Address spaces of processes. */
#ifndef POSIX_MM_H
#define POSIX_MM_H

#include "core.h"

/* Above it: the information page and the vDSO (lib/backend/memory.c). */
#define MM_STACK_TOP 0x7fffffffc000ull

/* An empty address space over a fresh kernel Task and Pool, which it takes over with `pager`, on
 * success only. `owner` lends its file client. */
JN_CHECKED jn_status_t mm_create(struct process *owner, cap_t kernel_task, cap_t pool, cap_t pager,
                                 struct mm **mm);
/* The same for the owner's next image, in the same Task with the same clients, beside `before`. */
JN_CHECKED jn_status_t mm_again(const struct mm *before, struct mm **mm);
/* The end of one of two such, whose only user gives it up: the one that was seen (false: something of it is
 * still mapped), or one of which nothing was mapped yet. */
bool mm_vacate(struct mm *mm);
void mm_drop_unseen(struct mm *mm);
/* For fork: the child's clients are clones already. Takes over kernel_task, pool, pager. */
JN_CHECKED jn_status_t mm_clone(const struct mm *mm, struct process *owner, cap_t kernel_task,
                                cap_t pool, cap_t pager, struct mm **clone);
/* One process less; the last one gives the memory back. close_files: the file client of the owner
 * lives on (exec), so the opens behind mappings must be closed one by one. */
void mm_release(struct mm *mm, bool close_files);
/* After a failed exec: the servers map into this space's Task again. */
void mm_reattach(struct mm *mm);
/* region_map_resolve, with more kernel memory and repetition where that helps. `thread` may be NULL. */
JN_CHECKED jn_status_t mm_resolve(struct mm *mm, uint64_t address, uint32_t access,
                                  struct backend_thread *thread);

#endif

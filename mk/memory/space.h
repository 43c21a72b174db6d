/* Address spaces: page tables, rights and the operations of JN_OP_TASK_MAP, _UNMAP and _PAGE.
 * All functions need the kernel lock, unless they say otherwise. */
#ifndef MK_MEMORY_SPACE_H
#define MK_MEMORY_SPACE_H

#include "lib/types.h"
#include "list.h"

struct pool;

/* Embedded in struct task. */
struct space {
    uint64_t cr3;       /* physical address of the top table: the word that a switch loads */
    uint64_t *top;      /* the same through the direct map */
    struct pool *pool;  /* pays for tables and mapping nodes */
    uint64_t pages;     /* mapped 4 KiB pages of the mapping database */
    uint64_t destroyed; /* pages that space_destroy() has behind it */
    bool dying;         /* maps into and out of it are refused: DEAD */
    /* Invalidations to be done by tlb_flush() (tlb.h). */
    struct list stale_link;
    uint32_t stale_count; /* more than TLB_PAGES: all */
    uint32_t dead_tables; /* first of the empty tables that are freed afterwards, or 0 */
    uint64_t stale_page[8];
    struct list interrupted; /* struct range_operation with this target */
};

/* NO_MEMORY. */
MUST_CHECK status_t space_init(struct space *space, struct pool *pool);

/* Takes everything derived from it away, then frees its tables. No CPU may have it loaded at the
 * end: the last step switches this CPU to the kernel's own space if it is this one.
 * STATUS_RESTART: call again. */
MUST_CHECK status_t space_destroy(struct space *space);

/* Maps [source_address, + pages) of `source` at `address` of `space`; rights are at most those of
 * the source (JN_X alone: pages that only execution reaches; NOT_SUPPORTED without protection keys); pages that the source does not have are left out. What stood there is replaced.
 * `grant`: the source loses them. `*done` counts pages passed over, starts at 0, and is kept across
 * STATUS_RESTART. BAD_ARG, NO_MEMORY, RETRY (a revocation is under way), DEAD, BUSY (a page that
 * the kernel holds stands at the destination; or, granting, others hold a superpage around the
 * page), NOT_SUPPORTED (granting a part of a superpage that was received as a whole). */
MUST_CHECK status_t space_map(struct space *source, uint64_t source_address, struct space *space,
                              uint64_t address, uint64_t pages, unsigned rights, bool grant,
                              uint64_t *done);

/* The same for one page of 4 KiB that is nothing special on either side, which is what nearly every
 * answer to a fault is. False: it is not that simple, and nothing was done. Never preempted. */
bool space_map_page(const struct space *source, uint64_t source_address, struct space *space,
                    uint64_t address, unsigned rights);

/* State of an unmap that is kept across STATUS_RESTART: zero at the start. */
struct unmap_progress {
    uint64_t done;  /* pages passed over */
    uint64_t seen;  /* pages that were mapped in the space itself */
    uint64_t bits;  /* JN_PAGE_ACCESSED | JN_PAGE_DIRTY of all of them and of what was derived */
    uint64_t epoch; /* marks what a traversal that cannot shrink has behind it; 0: between pages */
};

/* Takes `rights` (JN_R: the mapping) away from pages and all that is derived from them; with
 * rights 0 it reads and clears their accessed and dirty bits. Where only a part of a derived
 * superpage is meant and its account cannot pay for splitting it, all of it loses the rights.
 * BAD_ARG, NO_MEMORY (a superpage of the space itself had to be split). */
MUST_CHECK status_t space_unmap(struct space *space, uint64_t address, uint64_t pages,
                                unsigned rights, unsigned flags, struct unmap_progress *progress);

/* Ends the mark of a revocation that was given up in the middle. */
void space_unmap_abandon(struct space *space, uint64_t address,
                         const struct unmap_progress *progress);

/* JN_OP_TASK_MAP or _UNMAP as a thread began it and has to repeat it: in struct thread, zero at
 * first. The progress is not in the thread's registers, where what a sloppy caller left in them
 * would make it skip pages. */
struct range_operation {
    struct list link;    /* member of space->interrupted */
    struct space *space; /* the target; NULL: none was interrupted */
    uint64_t words[5];
    struct unmap_progress progress;
};

/* The interrupted operation if it is this one, else a fresh one. `operation->space` stays set only
 * until range_operation_end(). */
void range_operation_begin(struct range_operation *operation, struct space *space,
                           const uint64_t words[5]);
/* Done, failed, or the thread dies. */
void range_operation_end(struct range_operation *operation);

/* Rights (0: nothing there), log2 of the page's size, JN_PAGE_.. bits. */
void space_page(struct space *space, uint64_t address, unsigned *rights, unsigned *order,
                unsigned *bits);

/* Maps one frame outside the mapping database: users can neither map it on nor unmap it. For
 * UTCBs, the information page and the boot page. NO_MEMORY, BUSY: something stands there. */
MUST_CHECK status_t space_map_kernel_page(struct space *space, uint64_t address, void *frame,
                                          unsigned rights);
void space_unmap_kernel_page(struct space *space, uint64_t address);

/* A mapping without parent: the root task's. `virtual` and `physical` are page-aligned; `kind` is
 * enum jn_region_kind and gives rights and memory type. */
MUST_CHECK status_t space_map_root(struct space *space, uint64_t virtual, uint64_t physical,
                                   uint64_t size, unsigned kind);

/* The byte at `address` through the direct map if the user may access it so (one of enum
 * jn_access), else NULL; sets accessed and dirty as the processor would. Valid to the end of the
 * 4 KiB page and until the next preemption point. */
void *space_access(struct space *space, uint64_t address, unsigned access);

/* The root Pool's frames and the root task's (JN_OP_POOL_ADD, _TAKE). BAD_ARG, BUSY; NO_MEMORY. */
MUST_CHECK status_t space_give_frames(struct space *space, uint64_t address, unsigned order);
MUST_CHECK status_t space_take_frames(struct space *space, unsigned order, uint64_t *address);

/* Page tables of the kernel alone: for idle CPUs and the end of a space. */
extern uint64_t kernel_cr3;

#endif

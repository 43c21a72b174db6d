/* Region maps: what stands where in one address space, and how its faults are resolved.
 *
 * A region is {address, length, access, kind, source + offset}. All private memory of an address
 * space, anonymous pages as well as the changed pages of private file mappings, lies in *one*
 * dataspace of the default pager, the page of address A at offset A. So regions split, merge, shrink
 * and move without any bookkeeping at the pager, fork is one client.clone, and a reservation of
 * terabytes costs one record. Shared memory and files are `sources`, counted by the regions that
 * show them.
 *
 * The map makes no system call itself: it goes through a table of operations (region_guest.h for the
 * real ones; fakes on the host). Not thread-safe. Addresses and lengths are multiples of 4096 unless
 * said otherwise (BAD_ARG); lengths are rounded up where POSIX does so by the caller. */
#ifndef JANUS_REGION_H
#define JANUS_REGION_H

#include "janus/types.h"

#define REGION_PAGE 4096ull

enum region_kind {
    REGION_RESERVED = 1, /* addresses only: every access is a violation (NT MEM_RESERVE) */
    REGION_PRIVATE,      /* anonymous memory; contents survive access 0 */
    REGION_SHARED,       /* shared memory: a dataspace of the pager */
    REGION_FILE,         /* a file of the file server, shared */
    REGION_FILE_PRIVATE, /* a file, copied page by page when written */
    REGION_SPECIAL,      /* pages that the personality itself maps: vDSO, shared user data */
};

/* Flags of regions: they split, merge and are cloned with it. */
#define REGION_NO_FORK 1u   /* absent after clone (MADV_DONTFORK) */
#define REGION_WIPE 2u      /* zeroes after clone (MADV_WIPEONFORK); REGION_PRIVATE only */
#define REGION_CHARGED 4u   /* counted through ops->charge (NT commit); REGION_PRIVATE only */
#define REGION_LOCKED 8u    /* no unmap, protect or replacement by this library: ACCESS */
#define REGION_HIDDEN 16u   /* REGION_FILE_PRIVATE: what is only executed there is mapped so that it cannot be
                            * read, and the first read of a page is a fault */
#define REGION_USER 0x100u  /* from here on the personality's own */

/* What a region shows. Made by region_source_create with one use that belongs to the caller; each
 * region adds its own. With the last use the number is closed through the ops. */
struct region_source {
    uint64_t number;   /* REGION_SHARED: ds at the pager; file kinds: open at the file server */
    uint64_t identity; /* same for all who share it: key of shared futexes */
    uint64_t tag;      /* the personality's */
    uint32_t file;     /* 1: number is the file server's; 0: the pager's; 2: special, no number */
    uint32_t maximum;  /* JN_R|W|X that a shared mapping of it may ever have */
    uint64_t users;
    /* the library's own */
    struct region_source *next, **link, *copy;
};
#define REGION_SOURCE_MEMORY 0u
#define REGION_SOURCE_FILE 1u
#define REGION_SOURCE_SPECIAL 2u

struct region {
    uint64_t start;
    uint64_t length;
    enum region_kind kind;
    uint32_t access;  /* JN_R|W|X; W and X imply R as on x86 */
    uint32_t flags;
    uint32_t user;    /* the personality's word (NT page protection ...) */
    uint64_t tag;     /* the personality's; regions with unequal tags never merge (NT allocation base) */
    struct region_source *source; /* NULL for RESERVED and PRIVATE */
    uint64_t offset;  /* in the source, of `start` */
    /* the library's own */
    bool touched;  /* something of it may be mapped or resident */
    bool overlaid; /* FILE_PRIVATE: it may have changed pages in the private dataspace, */
    uint64_t overlay_begin, overlay_end; /* but only from here to here */
    uint64_t fault_next; /* where the last resolved faults would go on, upward; and downward */
    uint64_t fault_below;
    uint32_t fault_run;
    uint32_t priority;
    struct region *left, *right;
    uint64_t lowest, highest, gap; /* of the subtree: start, end, largest hole inside */
};

/* Operations of the world. ctx is the map's context. Statuses pass through to the caller. */
struct region_ops {
    /* The private dataspace of the address space, 2^47 bytes large. */
    jn_status_t (*memory_create)(void *ctx, uint64_t *ds);
    /* dataspace.map at the pager; flags DS_MAP_.. */
    jn_status_t (*memory_map)(void *ctx, uint64_t ds, uint64_t offset, uint64_t address,
                              uint64_t length, uint32_t access, uint32_t flags, uint64_t *mapped);
    /* dataspace.overlay with the page at `address` of the caller of `reply` as its contents. */
    jn_status_t (*memory_overlay)(void *ctx, uint64_t ds, uint64_t offset, uint64_t address,
                                  uint32_t access, cap_t reply);
    jn_status_t (*memory_fill)(void *ctx, uint64_t ds, uint64_t offset, const void *data,
                               uint64_t length);
    jn_status_t (*memory_extract)(void *ctx, uint64_t ds, uint64_t offset, void *data,
                                  uint64_t length);
    jn_status_t (*memory_discard)(void *ctx, uint64_t ds, uint64_t offset, uint64_t length);
    /* dataspace.release: discards, and unmaps; *left: the caller must unmap as well. */
    jn_status_t (*memory_release)(void *ctx, uint64_t ds, uint64_t offset, uint64_t length,
                                  bool *left);
    jn_status_t (*memory_move)(void *ctx, uint64_t ds, uint64_t from, uint64_t to, uint64_t length);
    jn_status_t (*memory_close)(void *ctx, uint64_t ds);
    /* Optional: NT commit charge in pages, may refuse (QUOTA) when positive. */
    jn_status_t (*charge)(void *ctx, int64_t pages);
    jn_status_t (*file_map)(void *ctx, uint64_t open, uint64_t offset, uint64_t address,
                            uint64_t length, uint32_t access, uint64_t *mapped);
    /* Whole pages of a file; bytes beyond its end are zeroes, RANGE if nothing is there at all. */
    jn_status_t (*file_read)(void *ctx, uint64_t open, uint64_t offset, void *data, uint64_t length);
    jn_status_t (*file_close)(void *ctx, uint64_t open);
    /* Optional: maps one page of a REGION_SPECIAL (TASK_MAP from the personality's own memory). */
    jn_status_t (*special_map)(void *ctx, const struct region *region, uint64_t address,
                               uint32_t access);
    /* JN_OP_TASK_UNMAP on the process's Task: takes `rights` away. */
    jn_status_t (*unmap)(void *ctx, uint64_t address, uint64_t length, uint32_t rights);
};

struct region_map;

/* An empty map of [low, high). NULL: no memory. `ops` and `ctx` must outlive it. */
struct region_map *region_map_create(const struct region_ops *ops, void *ctx, uint64_t low,
                                     uint64_t high);
/* The address space has ended: frees the records. What is mapped goes with the Task, memory with the
 * pager's client. close_files: the file server's client goes on existing (exec), so the numbers of all
 * file sources are closed, whoever has uses of them. */
void region_map_destroy(struct region_map *map, bool close_files);
/* Fork: the records for the child, whose clients are clones of the parent's (equal numbers). Call it
 * after client.clone. NO_MEMORY. */
JN_CHECKED jn_status_t region_map_clone(const struct region_map *map, void *ctx,
                                        struct region_map **clone);
void region_map_set_context(struct region_map *map, void *ctx);

/* A source with one use that the caller owns; the number is closed with the last use. NULL: no
 * memory (the number is not closed then). */
struct region_source *region_source_create(struct region_map *map, uint32_t file, uint64_t number,
                                           uint64_t identity, uint32_t maximum);
void region_source_release(struct region_map *map, struct region_source *source);

enum region_place {
    REGION_ANYWHERE,        /* the highest free range */
    REGION_ANYWHERE_LOW,    /* the lowest free range (NT) */
    REGION_HINT,            /* at `address` if it is free there, else ANYWHERE */
    REGION_FIXED,           /* at `address`; what is there goes away */
    REGION_FIXED_NOREPLACE, /* at `address`; EXISTS if something is there */
};

struct region_request {
    enum region_place place;
    uint64_t address;
    uint64_t length;
    uint64_t alignment; /* power of two >= 4096; 0: 4096 */
    uint64_t low, high; /* bounds for ANYWHERE; 0, 0: the map's */
    enum region_kind kind;
    uint32_t access;
    uint32_t flags;
    uint32_t user;
    uint64_t tag;
    struct region_source *source; /* its use is added; the caller keeps its own */
    uint64_t offset;
};

/* Makes a region; nothing is mapped yet. *address: where. Errors: BAD_ARG; NO_MEMORY no records;
 * NO_SPACE no free range; EXISTS; ACCESS over a locked region, or beyond the source's maximum; QUOTA. */
JN_CHECKED jn_status_t region_map_add(struct region_map *map, const struct region_request *request,
                                      uint64_t *address);
/* Removes all that is in the range; holes are no error. NO_MEMORY; ACCESS a locked region. */
JN_CHECKED jn_status_t region_map_remove(struct region_map *map, uint64_t address, uint64_t length);

/* What to set on a range: only the members named in mask. */
struct region_change {
    uint32_t mask;
    uint32_t access;
    uint32_t user;
    uint32_t set_flags, clear_flags;
    enum region_kind kind; /* RESERVED <-> PRIVATE: commit, decommit (which frees the pages) */
};
#define REGION_SET_ACCESS 1u
#define REGION_SET_USER 2u
#define REGION_SET_FLAGS 4u
#define REGION_SET_KIND 8u

/* Errors: NOT_FOUND a hole (what stands before it was changed, as in mprotect(2)); ACCESS beyond the
 * source's maximum, or locked; NO_MEMORY; QUOTA (nothing changed). */
JN_CHECKED jn_status_t region_map_change(struct region_map *map, uint64_t address, uint64_t length,
                                         const struct region_change *change);
static inline jn_status_t region_map_protect(struct region_map *map, uint64_t address,
                                             uint64_t length, uint32_t access)
{
    struct region_change change = {.mask = REGION_SET_ACCESS, .access = access};
    return region_map_change(map, address, length, &change);
}

/* MADV_DONTNEED, NT MEM_RESET: private pages become zeroes or the file's again; others are unmapped
 * only. NOT_FOUND: there was a hole (the rest was done). */
JN_CHECKED jn_status_t region_map_discard(struct region_map *map, uint64_t address, uint64_t length);

#define REGION_MOVE_MAY 1u  /* may go elsewhere */
#define REGION_MOVE_FIXED 2u /* goes to new_address, replacing what is there */
#define REGION_MOVE_KEEP 4u /* MREMAP_DONTUNMAP: the old range stays, empty */
/* mremap(2). Errors: FAULT [address, +old_length) is not one region; NO_SPACE; BAD_ARG; NO_MEMORY. */
JN_CHECKED jn_status_t region_map_move(struct region_map *map, uint64_t address,
                                       uint64_t old_length, uint64_t new_length, uint32_t flags,
                                       uint64_t new_address, uint64_t *result);

/* The region that contains address, or NULL. Valid until the next change of the map. */
const struct region *region_map_find(const struct region_map *map, uint64_t address);
/* The first region that ends above address, or NULL: iterate with address = start + length. */
const struct region *region_map_next(const struct region_map *map, uint64_t address);
/* The last region that starts below address, or NULL. */
const struct region *region_map_previous(const struct region_map *map, uint64_t address);

struct region_totals {
    uint64_t regions;
    uint64_t pages;   /* all kinds but RESERVED */
    uint64_t charged; /* pages of REGION_CHARGED regions */
};
void region_map_totals(const struct region_map *map, struct region_totals *totals);

/* Makes the page with `address` (any byte) accessible; access: JN_R, JN_W or JN_X bits. reply: the
 * held Reply of a foreign thread of this address space, or JN_CAP_NULL if there is none.
 * Errors: NOT_FOUND nothing is there (SEGV_MAPERR); ACCESS not allowed (SEGV_ACCERR); RANGE beyond
 * the end of the file (SIGBUS); NO_MEMORY the process's Pool (fund it and repeat) or the machine's
 * memory is used up; QUOTA; RETRY a revocation is under way (repeat later); IO. */
JN_CHECKED jn_status_t region_map_resolve(struct region_map *map, uint64_t address, uint32_t access,
                                          cap_t reply);

/* Private memory that will be written at once: its pages are made and mapped now, as far as that is possible.
 * REGION_SMALL: so little that it is done for every new mapping, and saves its first fault. */
void region_map_populate(struct region_map *map, uint64_t address, uint64_t length);
#define REGION_SMALL (4 * REGION_PAGE)

/* Reads or writes memory of the address space from outside (image start, ptrace, remote writes):
 * through the dataspaces, whatever is mapped. force: ignores missing write access (as ptrace does).
 * Works on PRIVATE, SHARED and FILE_PRIVATE regions; others: ACCESS. Any bytes. *done: bytes. */
JN_CHECKED jn_status_t region_map_write(struct region_map *map, uint64_t address, const void *data,
                                        uint64_t length, bool force, uint64_t *done);
JN_CHECKED jn_status_t region_map_read(struct region_map *map, uint64_t address, void *data,
                                       uint64_t length, uint64_t *done);

/* Whole pages of one private file region, of which nothing was mapped or written yet, become the process's
 * own with these contents, as if it had written all of them. BAD_ARG, NO_MEMORY, QUOTA. */
JN_CHECKED jn_status_t region_map_replace(struct region_map *map, uint64_t address, const void *data,
                                          uint64_t length);

/* The map finds itself in the child of a fork, with a clone of all that stands behind it. True: it is the
 * child's as it is. False: some regions are not for a child; region_map_clone makes its map. */
bool region_map_forked(struct region_map *map);
/* exec in the same Task: unmaps what the regions show (but special pages, which the next map shows as well).
 * An error: something stays mapped. */
JN_CHECKED jn_status_t region_map_vacate(struct region_map *map);
/* Closes the private memory of a map of which nothing is mapped. It is good for region_map_destroy only then. */
void region_map_close_memory(struct region_map *map);

/* Key of a futex word: for shared memory {source identity, offset} and shared = true, for private
 * memory {0, address}. NOT_FOUND. */
JN_CHECKED jn_status_t region_map_key(const struct region_map *map, uint64_t address,
                                      uint64_t *identity, uint64_t *offset, bool *shared);

#endif

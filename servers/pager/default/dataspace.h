/* Anonymous memory with contents.
 *
 * Private dataspaces belong to one client. A clone has frames in common with the original
 * (frame.users > 1) and nobody maps a frame writable while it is common: at the clone the pager takes W
 * from all that was mapped from it. Whoever writes first gets a copy; the last user keeps the frame.
 * Shared dataspaces have several opens and never a frame in common with another dataspace. */
#ifndef PAGER_DATASPACE_H
#define PAGER_DATASPACE_H

#include "frame.h"
#include "janus/offers.h"
#include "page_tree.h"

struct client;
struct dataspace;

/* A number of a client: one use of a dataspace. */
struct open {
    struct dataspace *ds;
    struct client *client;
    uint32_t access;
    struct open *next, **link; /* the others of ds */
};

#define DS_REWRITTEN 8 /* a power of two */

struct dataspace {
    uint64_t size; /* bytes, whole pages */
    uint64_t identity;
    uint32_t flags; /* DS_SHARED .. */
    uint32_t block_noted; /* map_block(): FRAME_.. that all frames have */
    /* Pages (+ 1; 0: none) that were last written for the first time after a clone: a stack's end, a library's
     * variables. The next clone will see the same ones written, so it gets copies of these at once. */
    uint64_t rewritten[DS_REWRITTEN];
    uint32_t rewritten_next;
    bool zeroes_seen; /* the page of zeroes was mapped for absent pages */
    struct page_tree pages;
    struct open *opens;
    struct client *payer;
    uint64_t token; /* of client.offer; 0: never offered */
};

extern struct jn_offers ds_offers;

void ds_init(uint32_t zero_frame);

/* A new dataspace without pages and without opens. NULL: no memory. */
struct dataspace *ds_make(struct client *payer, uint64_t size, uint32_t flags);
/* All pages now. DS_CONTIGUOUS: in one block. NO_MEMORY, QUOTA. */
JN_CHECKED jn_status_t ds_populate(struct dataspace *ds);
/* Copy-on-write copy; of DS_EAGER: of every page at once. NO_MEMORY, QUOTA. */
JN_CHECKED jn_status_t ds_copy(struct dataspace *ds, struct client *payer,
                                      struct dataspace **copy);
/* Nobody has it open any more. alive: the Task of its last client may still have it mapped. */
void ds_drop(struct dataspace *ds, bool alive);
/* Its payer goes: another client pays. */
void ds_change_payer(struct dataspace *ds, struct client *payer);

/* Numbers of frames and pages here; `page` < size / 4096. */
enum page_need {
    PAGE_LOOK,  /* what is there, or FRAME_NONE */
    PAGE_READ,  /* what is there; absent pages of shared dataspaces are made */
    PAGE_WRITE, /* a frame of its own */
    PAGE_WHOLE, /* the same, and the caller overwrites all of it: an absent page is not zeroed */
};
/* *frame: FRAME_NONE for an absent page that reads as zeroes. NO_MEMORY, QUOTA. */
JN_CHECKED jn_status_t ds_page(struct dataspace *ds, uint64_t page, enum page_need need,
                                      uint32_t *frame);
/* Absent pages from `page` on, as many as are easily had and at most `most`, get frames of their own, *count
 * contiguous ones from *first on. The page itself is absent. NO_MEMORY, QUOTA: none. */
JN_CHECKED jn_status_t ds_make_run(struct dataspace *ds, uint64_t page, uint64_t most, bool zero,
                                   uint32_t *first, uint64_t *count);
/* A page to be written by the pager itself: what its client has mapped there instead goes. whole: an
 * absent page is not zeroed. NO_MEMORY, QUOTA. */
JN_CHECKED jn_status_t ds_fill_page(struct dataspace *ds, uint64_t page, bool whole,
                                           uint32_t *frame);
/* Is a write possible without allocating? */
bool ds_page_own(struct dataspace *ds, uint64_t page);
/* Of how many pages from this one on, at most `most`, is that so and the frames are *first, *first + 1 ..? */
uint64_t ds_own_run(struct dataspace *ds, uint64_t page, uint64_t most, uint32_t *first);

/* Forgets pages [page, + count). True: nothing of them is mapped anywhere any more; false: its client may have
 * the page of zeroes, or a frame that others use as well. */
bool ds_discard(struct dataspace *ds, uint64_t page, uint64_t count, bool alive);
/* Moves pages; the ranges do not overlap. NO_MEMORY: part of them moved. */
JN_CHECKED jn_status_t ds_move(struct dataspace *ds, uint64_t from, uint64_t to,
                                      uint64_t count);

void map_init(uint32_t zero_frame);
/* Maps [offset, + length) at address of the open's client. flags DS_MAP_... All page-aligned and
 * inside the dataspace. */
JN_CHECKED jn_status_t ds_map(struct open *open, uint64_t offset, uint64_t address,
                                     uint64_t length, uint32_t access, uint32_t flags,
                                     uint64_t *mapped);

#endif

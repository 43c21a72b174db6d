/* Leases of files: position and size in a cell of memory that the client shares (idl/lease.idl). */
#ifndef FS_LEASE_H
#define FS_LEASE_H

#include "janus/lease.h"
#include "janus/types.h"
#include "page_cache.h"

struct client;
struct description;
struct node;

/* A client's cells: pages of 64, in the order in which the client was shown them. */
struct lease_cells {
    struct lease_page {
        page_t page;
        uint64_t used; /* bit n: cell n of the page */
    } *pages;
    uint32_t count, capacity;
    uint32_t hint; /* no page before it has a free cell */
};

/* The description gets a cell; *added: its page is new and was mapped at `address`. BUSY, NO_MEMORY, or what
 * mapping answers. */
JN_CHECKED jn_status_t lease_grant(struct client *client, struct description *description,
                                  uint64_t address, uint32_t *cell, bool *added);
/* Ends the lease of a file or a pipe's end, if there is one: the description is closed, or is going to be
 * meant by a second number. */
void lease_drop(struct description *description);
/* Ends those of all descriptions of a file, whose reads need the server from now on. */
void lease_drop_all(struct node *node);
/* Another size for all who have the file leased. */
void lease_set_size(struct node *node);
/* The client goes, its descriptions are closed. */
void lease_cells_free(struct lease_cells *cells);

/* The position of a description, wherever it is kept. */
uint64_t lease_position(const struct description *description);
void lease_set_position(struct description *description, uint64_t position);

#endif

/* What a client may know of its opens without asking: one byte for each of its first numbers, in a page that
 * it can read (lease.idle). A bit that is set in it, IO_READABLE .., says that a poll for it finds nothing.
 *
 * Only "nothing" is told so, for what ends it is an event that whoever is armed would hear of: pipe_wake() clears
 * the bytes of a pipe and tells the armed ones in one step, before the operation that did it is answered. */
#ifndef FS_IDLE_H
#define FS_IDLE_H

#include "janus/list.h"
#include "janus/types.h"
#include "page_cache.h"

#define IDLE_NUMBERS 4096u

struct client;
struct pipe;

struct idle_page {
    page_t page;
    uint32_t count;
    struct idle **of; /* by number, NULL: nothing was ever told */
};

/* Gives the client its page, mapped read-only at `address`. BUSY: it has one. */
JN_CHECKED jn_status_t idle_open(struct client *client, uint64_t address);
/* A poll of the number of a client that has a page, which is an end of the pipe, found none of `events`. */
void idle_note(struct client *client, uint64_t number, struct pipe *pipe, uint32_t events);
/* The number is closed. */
void idle_forget(struct client *client, uint64_t number);
/* The client, which may have one, loses its page. */
void idle_close(struct client *client);
/* What was told of this list's numbers no longer holds. */
void idle_clear(struct list *idles);

#endif

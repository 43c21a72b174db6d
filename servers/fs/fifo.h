/* Opening FIFOs: each end waits for the other (fifo(7)). */
#ifndef FS_FIFO_H
#define FS_FIFO_H

#include "janus/types.h"

struct client;
struct node;

/* Counts the end as open. WOULD_BLOCK: the other end is missing, the cookie is armed. NO_DEVICE: no
 * reader and nonblock. */
JN_CHECKED jn_status_t fifo_open(struct client *client, struct node *node, uint32_t access,
                                 bool nonblock, uint64_t cookie);
/* Gives up what was kept for a waiter that does not come back; cookie 0: for all of the client. */
void fifo_drop_tickets(struct client *client, uint64_t cookie);

#endif

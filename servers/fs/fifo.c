/* Opening FIFOs.
 *
 * An open that must wait answers WOULD_BLOCK and is repeated. In between, the other end may be opened,
 * written and closed, and on Linux the waiting open would have succeeded all the same. So when
 * the other end comes, each waiter gets a ticket: from then on its end counts as open, and the
 * repeated open takes the ticket over. A ticket that nobody fetches goes with disarm or the client. */
#include "fifo.h"

#include <stdlib.h>

#include "client.h"
#include "janus/idl/io.h"
#include "node.h"
#include "pipe.h"

struct ticket {
    struct list in_ring;
    struct client *client;
    uint64_t cookie;
    struct node *node; /* referenced */
    uint32_t access;
};

static struct ticket *find_ticket(struct client *client, struct node *node, uint64_t cookie)
{
    if (!client->ring || !cookie)
        return NULL;
    struct list *tickets = &client->ring->tickets;
    for (struct list *link = tickets->next; link != tickets; link = link->next) {
        struct ticket *ticket = list_entry(link, struct ticket, in_ring);
        if (ticket->client == client && ticket->cookie == cookie && ticket->node == node)
            return ticket;
    }
    return NULL;
}

void fifo_drop_tickets(struct client *client, uint64_t cookie)
{
    if (!client->ring)
        return;
    struct list *tickets = &client->ring->tickets;
    struct list *link = tickets->next;
    while (link != tickets) {
        struct ticket *ticket = list_entry(link, struct ticket, in_ring);
        link = link->next;
        if (cookie ? ticket->cookie != cookie : ticket->client != client)
            continue;
        list_remove(&ticket->in_ring);
        pipe_close(ticket->node, ticket->access);
        node_put(ticket->node);
        free(ticket);
    }
}

/* The waiters for this event get tickets with `access` and are woken. */
static void admit(struct node *node, uint32_t event, uint32_t access)
{
    struct list *waiters = &node->pipe->openers.waiters;
    for (struct list *link = waiters->next; link != waiters; link = link->next) {
        struct waiter *waiter = list_entry(link, struct waiter, in_queue);
        struct ticket *ticket = waiter->events & event ? malloc(sizeof(*ticket)) : NULL;
        if (!ticket)
            continue;
        *ticket = (struct ticket){.client = waiter->client,
                                  .cookie = waiter->cookie,
                                  .node = node_get(node),
                                  .access = access};
        list_append(&waiter->ring->tickets, &ticket->in_ring);
        pipe_open(node->pipe, access);
    }
    wait_wake(&node->pipe->openers, event);
}

jn_status_t fifo_open(struct client *client, struct node *node, uint32_t access, bool nonblock,
                      uint64_t cookie)
{
    struct pipe *pipe = pipe_of(node);
    if (!pipe)
        return JN_NO_MEMORY;
    struct ticket *ticket = find_ticket(client, node, cookie);
    if (ticket && ticket->access == access) {
        list_remove(&ticket->in_ring);
        node_put(node);
        free(ticket);
        return JN_OK;
    }
    /* The new end counts before the others are admitted, so that theirs never is the only one. */
    pipe_open(pipe, access);
    if (access & IO_ACCESS_READ)
        admit(node, IO_WRITABLE, IO_ACCESS_WRITE);
    if (access & IO_ACCESS_WRITE)
        admit(node, IO_READABLE, IO_ACCESS_READ);
    bool whole = (access & IO_ACCESS_READ) ? pipe->writers || nonblock : pipe->readers != 0;
    if (whole)
        return JN_OK;
    bool waits = (access & IO_ACCESS_READ) || !nonblock;
    pipe_close(node, access);
    if (access & IO_ACCESS_WRITE)
        pipe->writers_come--; /* it has not come after all */
    if (!waits)
        return JN_NO_DEVICE;
    uint32_t event = (access & IO_ACCESS_READ) ? IO_READABLE : IO_WRITABLE;
    jn_status_t status = wait_arm(&pipe->openers, client, cookie, event, NULL);
    return status == JN_OK ? JN_WOULD_BLOCK : status;
}

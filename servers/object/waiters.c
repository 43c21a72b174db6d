/* Armed cookies. */
#include <stdlib.h>

#include "object.h"

jn_status_t waiter_arm(struct client *client, struct list *list, uint64_t cookie, uint32_t bitset,
                       uint32_t events)
{
    if (!cookie)
        return JN_WOULD_BLOCK;
    if (!client->ring)
        return JN_BUSY;
    struct waiter *waiter = malloc(sizeof *waiter);
    if (!waiter)
        return JN_NO_MEMORY;
    jn_status_t status = jn_ring_arm(&client->ring->ring);
    if (status != JN_OK) {
        free(waiter);
        return status;
    }
    *waiter = (struct waiter){
        .owner = client, .cookie = cookie, .bitset = bitset, .events = events};
    list_append(list, &waiter->link);
    list_append(&client->armed, &waiter->client);
    return JN_WOULD_BLOCK;
}

void waiter_finish(struct waiter *waiter, bool post, uint32_t events)
{
    struct ring *ring = waiter->owner->ring;
    if (ring && post)
        jn_ring_post(&ring->ring, waiter->cookie, events);
    else if (ring)
        jn_ring_disarm(&ring->ring);
    list_remove(&waiter->link);
    list_remove(&waiter->client);
    free(waiter);
}

/* All are told: each tries again, and those that come too late arm again. */
void waiter_wake_all(struct object *object, uint32_t events)
{
    list_for_each_safe(at, &object->waiters) {
        struct waiter *waiter = list_entry(at, struct waiter, link);
        if (!waiter->events || waiter->events & events)
            waiter_finish(waiter, true, events);
    }
}

void waiter_disarm(struct client *client, uint64_t cookie)
{
    list_for_each_safe(at, &client->armed) {
        struct waiter *waiter = list_entry(at, struct waiter, client);
        if (waiter->cookie == cookie)
            waiter_finish(waiter, false, 0);
    }
}

void waiter_disarm_all(struct client *client)
{
    list_for_each_safe(at, &client->armed)
        waiter_finish(list_entry(at, struct waiter, client), false, 0);
}

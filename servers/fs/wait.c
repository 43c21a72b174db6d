/* Arming, waking and dropping waiters. */
#include "wait.h"

#include <stdlib.h>

#include "client.h"
#include "fifo.h"

jn_status_t wait_ring_create(uint32_t entries, cap_t signal, uint64_t bits, struct jn_pages *pages,
                             struct wait_ring **out)
{
    struct wait_ring *ring = calloc(1, sizeof(*ring));
    if (!ring)
        return JN_NO_MEMORY;
    jn_status_t status = jn_ring_create(&ring->ring, entries, signal, bits, pages);
    if (status != JN_OK) {
        free(ring);
        return status;
    }
    uint32_t buckets = 16;
    while (buckets < ring->ring.count)
        buckets *= 2;
    ring->buckets = malloc(buckets * sizeof(*ring->buckets));
    if (!ring->buckets) {
        jn_ring_destroy(&ring->ring);
        free(ring);
        return JN_NO_MEMORY;
    }
    for (uint32_t i = 0; i < buckets; i++)
        list_init(&ring->buckets[i]);
    ring->mask = buckets - 1;
    list_init(&ring->tickets);
    ring->references = 1;
    *out = ring;
    return JN_OK;
}

void wait_ring_put(struct wait_ring *ring)
{
    if (!ring || --ring->references)
        return;
    jn_ring_destroy(&ring->ring);
    free(ring->buckets);
    free(ring);
}

static struct list *bucket_of(struct wait_ring *ring, uint64_t cookie)
{
    return &ring->buckets[(cookie * 0x9e3779b97f4a7c15ull >> 32) & ring->mask];
}

jn_status_t wait_ring_grow(struct wait_ring *ring, uint64_t label, uint32_t entries,
                           struct jn_pages *pages, uint32_t *count)
{
    jn_status_t status = jn_ring_grow(&ring->ring, label, entries, pages, count);
    struct list *old = ring->buckets, *buckets;
    uint32_t old_mask = ring->mask;
    if (status != JN_OK)
        return status;
    buckets = malloc(*count * sizeof(*buckets));
    if (!buckets) /* longer lists are no error */
        return JN_OK;
    for (uint32_t i = 0; i < *count; i++)
        list_init(&buckets[i]);
    ring->buckets = buckets;
    ring->mask = *count - 1;
    for (uint32_t i = 0; i <= old_mask; i++)
        while (!list_empty(&old[i])) {
            struct waiter *waiter = list_entry(old[i].next, struct waiter, in_bucket);
            list_remove(&waiter->in_bucket);
            list_append(bucket_of(ring, waiter->cookie), &waiter->in_bucket);
        }
    free(old);
    return JN_OK;
}

struct waiter *wait_find(struct wait_queue *queue, struct client *client, uint64_t cookie)
{
    if (!client->ring || !cookie)
        return NULL;
    struct list *bucket = bucket_of(client->ring, cookie);
    for (struct list *link = bucket->next; link != bucket; link = link->next) {
        struct waiter *waiter = list_entry(link, struct waiter, in_bucket);
        if (waiter->cookie == cookie && waiter->queue == queue)
            return waiter;
    }
    return NULL;
}

static void unlink_waiter(struct waiter *waiter)
{
    list_remove(&waiter->in_queue);
    list_remove(&waiter->in_client);
    list_remove(&waiter->in_bucket);
    if (waiter->gone)
        waiter->gone(waiter);
    free(waiter);
}

void wait_drop(struct waiter *waiter)
{
    jn_ring_disarm(&waiter->ring->ring);
    unlink_waiter(waiter);
}

jn_status_t wait_arm(struct wait_queue *queue, struct client *client, uint64_t cookie,
                     uint32_t events, struct waiter **out)
{
    if (out)
        *out = NULL;
    if (!cookie)
        return JN_OK;
    if (!client->ring)
        return JN_BUSY;
    struct waiter *waiter = wait_find(queue, client, cookie);
    if (waiter) {
        waiter->events |= events;
    } else {
        waiter = calloc(1, sizeof(*waiter));
        if (!waiter)
            return JN_NO_MEMORY;
        jn_status_t status = jn_ring_arm(&client->ring->ring);
        if (status != JN_OK) {
            free(waiter);
            return status;
        }
        waiter->client = client;
        waiter->ring = client->ring;
        waiter->queue = queue;
        waiter->cookie = cookie;
        waiter->events = events;
        list_append(&queue->waiters, &waiter->in_queue);
        list_append(&client->waiters, &waiter->in_client);
        list_append(bucket_of(client->ring, cookie), &waiter->in_bucket);
    }
    if (out)
        *out = waiter;
    return JN_OK;
}

void wait_wake(struct wait_queue *queue, uint32_t events)
{
    struct list *link = queue->waiters.next;
    while (link != &queue->waiters) {
        struct waiter *waiter = list_entry(link, struct waiter, in_queue);
        link = link->next;
        if (waiter->events & events) {
            jn_ring_post(&waiter->ring->ring, waiter->cookie, waiter->events & events);
            unlink_waiter(waiter);
        }
    }
}

void wait_disarm(struct client *client, uint64_t cookie)
{
    if (!client->ring)
        return;
    struct list *bucket = bucket_of(client->ring, cookie);
    struct list *link = bucket->next;
    while (link != bucket) {
        struct waiter *waiter = list_entry(link, struct waiter, in_bucket);
        link = link->next;
        if (waiter->cookie == cookie)
            wait_drop(waiter);
    }
    fifo_drop_tickets(client, cookie);
}

void wait_drop_client(struct client *client)
{
    while (!list_empty(&client->waiters))
        wait_drop(list_entry(client->waiters.next, struct waiter, in_client));
    fifo_drop_tickets(client, 0);
}

/* Who is armed for what. A waiter belongs to a client (whose ring it has an entry in) and to a side
 * of a terminal; it goes when it was told, when the client takes it back, or with either of them.
 * A reader whose VTIME ran out stays, without its ring entry, until it asks again. */
#include <stdlib.h>

#include "console.h"
#include "janus/runtime.h"

struct waiter {
    struct list client_link, terminal_link, cookie_link;
    struct client *client;
    struct description *description;
    uint64_t cookie;
    uint32_t events;
    bool expired;
    size_t need;
    uint64_t deadline; /* 0: none */
};

enum { BUCKETS = 256 };
static struct list buckets[BUCKETS];
static uint32_t timed; /* waiters with a deadline that has not passed */

static struct list *bucket_of(const struct client *client, uint64_t cookie)
{
    uint64_t key = (cookie ^ (uintptr_t)client->ring >> 4) * 0x9e3779b97f4a7c15ull;
    struct list *bucket = &buckets[key >> 56];

    if (!bucket->next)
        list_init(bucket);
    return bucket;
}

static void waiter_free(struct waiter *w)
{
    if (!w->expired && w->deadline)
        timed--;
    list_remove(&w->client_link);
    list_remove(&w->terminal_link);
    list_remove(&w->cookie_link);
    free(w);
}

/* Takes the armed waiter back. */
static void waiter_disarm(struct waiter *w)
{
    if (!w->expired)
        jn_ring_disarm(&w->client->ring->ring);
    waiter_free(w);
}

jn_status_t wait_arm(struct client *client, struct description *d, uint64_t cookie,
                     uint32_t events, size_t need, uint64_t deadline)
{
    struct list *bucket;
    struct waiter *w;
    jn_status_t status;

    if (cookie == 0)
        return JN_WOULD_BLOCK;
    if (!client->ring)
        return JN_BUSY;
    bucket = bucket_of(client, cookie);
    list_for_each(at, bucket) {
        w = list_entry(at, struct waiter, cookie_link);
        if (w->cookie == cookie && w->client == client && w->description == d && !w->expired) {
            w->events |= events;
            w->need = need;
            return JN_WOULD_BLOCK;
        }
    }
    w = calloc(1, sizeof *w);
    if (!w)
        return JN_NO_MEMORY;
    status = jn_ring_arm(&client->ring->ring);
    if (status != JN_OK) {
        free(w);
        return status;
    }
    *w = (struct waiter){.client = client, .description = d, .cookie = cookie, .events = events,
                         .need = need, .deadline = deadline};
    list_append(&client->armed, &w->client_link);
    list_append(&d->terminal->waiters[description_side(d)], &w->terminal_link);
    list_append(bucket, &w->cookie_link);
    timed += deadline != 0;
    return JN_WOULD_BLOCK;
}

bool wait_expired(struct client *client, const struct description *d, uint64_t cookie)
{
    if (cookie == 0 || !client->ring)
        return false;
    list_for_each(at, bucket_of(client, cookie)) {
        struct waiter *w = list_entry(at, struct waiter, cookie_link);

        if (w->cookie == cookie && w->client == client && w->description == d && w->expired) {
            waiter_free(w);
            return true;
        }
    }
    return false;
}

void wait_disarm(struct client *client, uint64_t cookie)
{
    if (cookie == 0 || !client->ring)
        return;
    list_for_each_safe(at, bucket_of(client, cookie)) {
        struct waiter *w = list_entry(at, struct waiter, cookie_link);

        /* Cookies are the ring's user's: a waiting thread is known by one over all its processes. */
        if (w->cookie == cookie && w->client->ring == client->ring)
            waiter_disarm(w);
    }
}

void wait_disarm_client(struct client *client)
{
    list_for_each_safe(at, &client->armed)
        waiter_disarm(list_entry(at, struct waiter, client_link));
}

/* The client's last open of the description goes: nobody else's waits on it. */
void wait_disarm_description(struct client *client, struct description *d)
{
    list_for_each_safe(at, &client->armed) {
        struct waiter *w = list_entry(at, struct waiter, client_link);

        if (w->description == d)
            waiter_disarm(w);
    }
}

void wait_wake(struct terminal *t)
{
    for (int side = 0; side < SIDES; side++)
        list_for_each_safe(at, &t->waiters[side]) {
            struct waiter *w = list_entry(at, struct waiter, terminal_link);
            uint32_t ready;

            if (w->expired)
                continue;
            ready = terminal_ready(w->description, w->events, w->need);
            if (!ready)
                continue;
            jn_ring_post(&w->client->ring->ring, w->cookie, ready);
            waiter_free(w);
        }
}

/* ---- time ---- */

uint64_t wait_deadline(void)
{
    uint64_t first = 0;
    struct terminal *t;

    if (timed == 0)
        return 0;
    for (uint64_t n = 0; (t = terminal_next(n)); n = t->number + 1)
        list_for_each(at, &t->waiters[SIDE_SLAVE]) {
            struct waiter *w = list_entry(at, struct waiter, terminal_link);

            if (w->deadline && !w->expired && (!first || w->deadline < first))
                first = w->deadline;
        }
    return first;
}

void wait_timeout(void)
{
    uint64_t now = jn_time_monotonic();
    struct terminal *t;

    for (uint64_t n = 0; (t = terminal_next(n)); n = t->number + 1)
        list_for_each_safe(at, &t->waiters[SIDE_SLAVE]) {
            struct waiter *w = list_entry(at, struct waiter, terminal_link);

            if (!w->deadline || w->expired || w->deadline > now)
                continue;
            w->expired = true;
            timed--;
            jn_ring_post(&w->client->ring->ring, w->cookie, IO_READABLE);
        }
}

/* Shared futexes: queues by (identity of the dataspace, offset). The core has compared the value
 * before it arms here; between its look and the arming it looks once more (futex(2)). */
#include <stdlib.h>

#include "object.h"

#define BUCKETS 1024

struct futex {
    struct list hash, waiters;
    uint64_t identity, offset;
};

static struct list buckets[BUCKETS];
static bool ready;

static struct list *bucket(uint64_t identity, uint64_t offset)
{
    if (!ready) {
        for (size_t i = 0; i < BUCKETS; i++)
            list_init(&buckets[i]);
        ready = true;
    }
    uint64_t hash = (identity * 31 + offset) * 0x9e3779b97f4a7c15ull;
    return &buckets[hash >> 54];
}

static struct futex *find(uint64_t identity, uint64_t offset, bool create)
{
    struct list *head = bucket(identity, offset);
    list_for_each(at, head) {
        struct futex *futex = list_entry(at, struct futex, hash);
        if (futex->identity == identity && futex->offset == offset)
            return futex;
    }
    struct futex *futex = create ? malloc(sizeof *futex) : NULL;
    if (!futex)
        return NULL;
    futex->identity = identity;
    futex->offset = offset;
    list_init(&futex->waiters);
    list_append(head, &futex->hash);
    return futex;
}

static void drop_if_empty(struct futex *futex)
{
    if (!list_empty(&futex->waiters))
        return;
    list_remove(&futex->hash);
    free(futex);
}

jn_status_t futex_wait(struct client *client, uint64_t identity, uint64_t offset, uint32_t bitset,
                       uint64_t cookie)
{
    if (!cookie || !bitset)
        return JN_BAD_ARG;
    struct futex *futex = find(identity, offset, true);
    if (!futex)
        return JN_NO_MEMORY;
    jn_status_t status = waiter_arm(client, &futex->waiters, cookie, bitset, 0);
    drop_if_empty(futex);
    return status;
}

uint32_t futex_wake(uint64_t identity, uint64_t offset, uint32_t bitset, uint32_t count)
{
    struct futex *futex = find(identity, offset, false);
    uint32_t woken = 0;
    if (!futex)
        return 0;
    list_for_each_safe(at, &futex->waiters) {
        struct waiter *waiter = list_entry(at, struct waiter, link);
        if (woken == count)
            break;
        if (!(waiter->bitset & bitset))
            continue;
        waiter_finish(waiter, true, 1);
        woken++;
    }
    drop_if_empty(futex);
    return woken;
}

jn_status_t futex_requeue(uint64_t identity, uint64_t offset, uint64_t to_identity,
                          uint64_t to_offset, uint32_t wake, uint32_t requeue, uint32_t *woken,
                          uint32_t *requeued)
{
    *woken = futex_wake(identity, offset, ~0u, wake);
    struct futex *from = find(identity, offset, false);
    if (!from || !requeue)
        return JN_OK;
    struct futex *to = find(to_identity, to_offset, true);
    if (!to)
        return JN_NO_MEMORY;
    if (to != from) {
        list_for_each_safe(at, &from->waiters) {
            if (*requeued == requeue)
                break;
            list_remove(at);
            list_append(&to->waiters, at);
            ++*requeued;
        }
        drop_if_empty(from);
    }
    drop_if_empty(to);
    return JN_OK;
}

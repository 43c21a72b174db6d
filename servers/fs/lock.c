/* Locks. Families do not see one another: flock; record locks (of processes and of descriptions);
 * NT's ranges. Within record locks an owner's ranges are cut and joined, NT's stay as they are. */
#include "lock.h"

#include <stdlib.h>

#include "client.h"
#include "description.h"
#include "janus/idl/io.h"
#include "node.h"
#include "sharing.h"

#define DEADLOCK_DEPTH 64

struct lock {
    struct list in_node, in_owner;
    struct node *node;
    struct client *client;           /* whose process; IO_LOCK_CLIENT: the owner */
    struct description *description; /* the owner in the other scopes */
    uint32_t kind, scope;
    struct lock_range range;
};

static uint32_t family(uint32_t scope)
{
    return scope == IO_LOCK_OPEN ? IO_LOCK_CLIENT : scope;
}

static bool overlaps(struct lock_range a, struct lock_range b)
{
    return a.start <= b.end && b.start <= a.end;
}

static bool owns(const struct lock *lock, const struct client *client,
                 const struct description *description, uint32_t scope)
{
    if (lock->scope != scope)
        return false;
    return scope == IO_LOCK_CLIENT ? lock->client == client : lock->description == description;
}

static void remove_lock(struct lock *lock)
{
    if (lock->scope == IO_LOCK_MANDATORY)
        lock->node->sharing->mandatory--;
    list_remove(&lock->in_node);
    list_remove(&lock->in_owner);
    free(lock);
}

static struct lock *add_lock(struct client *client, struct description *description, uint32_t kind,
                             uint32_t scope, struct lock_range range)
{
    struct lock *lock = calloc(1, sizeof(*lock));
    if (!lock)
        return NULL;
    *lock = (struct lock){.node = description->node,
                          .client = client,
                          .description = description,
                          .kind = kind,
                          .scope = scope,
                          .range = range};
    list_append(&description->node->sharing->locks, &lock->in_node);
    if (scope == IO_LOCK_CLIENT)
        list_append(&client->locks, &lock->in_owner);
    else
        list_append(&description->locks, &lock->in_owner);
    if (scope == IO_LOCK_MANDATORY)
        description->node->sharing->mandatory++;
    return lock;
}

#define LOCK_OF(link) list_entry(link, struct lock, in_node)

static struct lock *find_conflict(const struct node *node, const struct client *client,
                                  const struct description *description, uint32_t kind,
                                  uint32_t scope, struct lock_range range)
{
    if (!node->sharing)
        return NULL;
    struct list *locks = &node->sharing->locks;
    for (struct list *link = locks->next; link != locks; link = link->next) {
        struct lock *lock = LOCK_OF(link);
        if (family(lock->scope) != family(scope) || !overlaps(lock->range, range) ||
            (kind != IO_LOCK_EXCLUSIVE && lock->kind != IO_LOCK_EXCLUSIVE))
            continue;
        /* NT: even the own lock is in the way of an exclusive one. */
        if (scope != IO_LOCK_MANDATORY && owns(lock, client, description, scope))
            continue;
        return lock;
    }
    return NULL;
}

static void wake(struct node *node)
{
    if (node->sharing)
        wait_wake(&node->sharing->lock_waits, IO_READABLE);
}

/* Whether `client` would wait for itself through waiters of record locks of processes. */
static bool is_deadlock(const struct client *client, const struct client *owner)
{
    for (unsigned depth = 0; owner && depth < DEADLOCK_DEPTH; depth++) {
        if (owner == client)
            return true;
        const struct client *next = NULL;
        const struct list *waiters = &owner->waiters;
        for (const struct list *link = waiters->next; link != waiters && !next; link = link->next)
            next = list_entry(link, struct waiter, in_client)->subject;
        owner = next;
    }
    return false;
}

/* A waiter whose subject is a client names who blocks it; that client may end first. */
static void forget_client(struct client *gone)
{
    for (struct client *client = client_next(NULL); client; client = client_next(client))
        for (struct list *link = client->waiters.next; link != &client->waiters; link = link->next) {
            struct waiter *waiter = list_entry(link, struct waiter, in_client);
            if (waiter->subject == gone)
                waiter->subject = NULL;
        }
}

static jn_status_t wait_for(struct client *client, struct node *node, const struct lock *conflict,
                            uint32_t scope, uint64_t cookie)
{
    struct client *owner = NULL;
    if (scope == IO_LOCK_CLIENT && conflict->scope == IO_LOCK_CLIENT && cookie) {
        owner = conflict->client;
        if (is_deadlock(client, owner))
            return JN_DEADLOCK;
    }
    struct waiter *waiter;
    jn_status_t status =
        wait_arm(&node->sharing->lock_waits, client, cookie, IO_READABLE, &waiter);
    if (status != JN_OK)
        return status;
    if (waiter)
        waiter->subject = owner;
    return JN_WOULD_BLOCK;
}

/* Cuts the range out of the owner's locks. A lock that it splits needs a new one: false, memory. */
static bool cut(struct client *client, struct description *description, uint32_t scope,
                struct lock_range range)
{
    struct list *locks = &description->node->sharing->locks;
    for (struct list *link = locks->next; link != locks;) {
        struct lock *lock = LOCK_OF(link);
        link = link->next;
        if (!owns(lock, client, description, scope) || !overlaps(lock->range, range))
            continue;
        if (lock->range.start < range.start && lock->range.end > range.end) {
            struct lock_range rest = {range.end + 1, lock->range.end};
            if (!add_lock(client, lock->description, lock->kind, scope, rest))
                return false;
            lock->range.end = range.start - 1;
        } else if (lock->range.start < range.start) {
            lock->range.end = range.start - 1;
        } else if (lock->range.end > range.end) {
            lock->range.start = range.end + 1;
        } else {
            remove_lock(lock);
        }
    }
    return true;
}

/* Joins the new range with the owner's neighbours of the same kind. */
static void join(struct lock *lock)
{
    struct list *locks = &lock->node->sharing->locks;
    for (struct list *link = locks->next; link != locks;) {
        struct lock *other = LOCK_OF(link);
        link = link->next;
        if (other == lock || other->kind != lock->kind ||
            !owns(other, lock->client, lock->description, lock->scope))
            continue;
        if (other->range.end != UINT64_MAX && other->range.end + 1 == lock->range.start)
            lock->range.start = other->range.start;
        else if (lock->range.end != UINT64_MAX && lock->range.end + 1 == other->range.start)
            lock->range.end = other->range.end;
        else
            continue;
        remove_lock(other);
    }
}

static jn_status_t unlock_mandatory(struct description *description, struct lock_range range)
{
    struct list *locks = &description->locks;
    for (struct list *link = locks->next; link != locks; link = link->next) {
        struct lock *lock = list_entry(link, struct lock, in_owner);
        if (lock->scope == IO_LOCK_MANDATORY && lock->range.start == range.start &&
            lock->range.end == range.end) {
            remove_lock(lock);
            return JN_OK;
        }
    }
    return JN_NOT_FOUND;
}

jn_status_t lock_set(struct client *client, struct description *description, uint32_t kind,
                     uint32_t scope, struct lock_range range, uint64_t cookie)
{
    struct node *node = description->node;
    if (!sharing_of(node))
        return JN_NO_MEMORY;
    if (kind == IO_LOCK_NONE) {
        jn_status_t status = JN_OK;
        if (scope == IO_LOCK_MANDATORY)
            status = unlock_mandatory(description, range);
        else if (!cut(client, description, scope, range))
            status = JN_NO_MEMORY;
        wake(node);
        return status;
    }
    if (scope == IO_LOCK_DESCRIPTION) {
        /* flock(2): converting a lock is not atomic; the old one goes even if the new one fails. */
        struct list *locks = &description->locks;
        for (struct list *link = locks->next; link != locks; link = link->next) {
            struct lock *lock = list_entry(link, struct lock, in_owner);
            if (lock->scope != scope)
                continue;
            if (lock->kind == kind)
                return JN_OK;
            remove_lock(lock);
            wake(node);
            break;
        }
    }
    struct lock *conflict = find_conflict(node, client, description, kind, scope, range);
    if (conflict)
        return wait_for(client, node, conflict, scope, cookie);
    if (scope == IO_LOCK_CLIENT || scope == IO_LOCK_OPEN) {
        if (!cut(client, description, scope, range))
            return JN_NO_MEMORY;
    }
    struct lock *lock = add_lock(client, description, kind, scope, range);
    if (!lock)
        return JN_NO_MEMORY;
    if (scope == IO_LOCK_CLIENT || scope == IO_LOCK_OPEN) {
        join(lock);
        wake(node); /* an exclusive lock may have become a shared one */
    }
    return JN_OK;
}

void lock_test(struct client *client, struct description *description, uint32_t *kind,
               uint32_t scope, struct lock_range *range, uint64_t *pid)
{
    struct lock *lock =
        find_conflict(description->node, client, description, *kind, scope, *range);
    *pid = 0;
    if (!lock) {
        *kind = IO_LOCK_NONE;
        return;
    }
    *kind = lock->kind;
    *range = lock->range;
    if (lock->scope == IO_LOCK_CLIENT)
        *pid = lock->client->pid;
}

jn_status_t lock_permit(const struct description *description, bool write, uint64_t start,
                        uint64_t length)
{
    const struct node_sharing *sharing = description->node->sharing;
    if (!sharing || !sharing->mandatory || !description->share_modes || !length)
        return JN_OK;
    struct lock_range range = {start, length > UINT64_MAX - start ? UINT64_MAX : start + length - 1};
    for (const struct list *link = sharing->locks.next; link != &sharing->locks; link = link->next) {
        const struct lock *lock = LOCK_OF(link);
        if (lock->scope == IO_LOCK_MANDATORY && overlaps(lock->range, range) &&
            (write || lock->kind == IO_LOCK_EXCLUSIVE) &&
            (lock->description != description || (write && lock->kind == IO_LOCK_SHARED)))
            return JN_LOCKED;
    }
    return JN_OK;
}

void lock_drop_process(struct client *client, struct node *node)
{
    if (!node->sharing)
        return;
    bool dropped = false;
    for (struct list *link = client->locks.next; link != &client->locks;) {
        struct lock *lock = list_entry(link, struct lock, in_owner);
        link = link->next;
        if (lock->node == node) {
            remove_lock(lock);
            dropped = true;
        }
    }
    if (dropped)
        wake(node);
}

void lock_drop_client(struct client *client)
{
    bool any = !list_empty(&client->locks);
    while (!list_empty(&client->locks)) {
        struct lock *lock = list_entry(client->locks.next, struct lock, in_owner);
        struct node *node = lock->node;
        remove_lock(lock);
        wake(node);
    }
    if (any)
        forget_client(client);
}

void lock_drop_description(struct description *description)
{
    while (!list_empty(&description->locks)) {
        remove_lock(list_entry(description->locks.next, struct lock, in_owner));
        wake(description->node);
    }
}

void lock_drop_node(struct node *node)
{
    struct list *locks = &node->sharing->locks;
    while (!list_empty(locks))
        remove_lock(LOCK_OF(locks->next));
}

/* Interface object. */
#include <string.h>

#include "object.h"

#define WAIT_MAX 256 /* objects of one wait; NT allows 64 */

static jn_status_t op_create(struct jn_call *call, uint32_t kind, uint32_t flags, uint64_t initial,
                             uint64_t limit, uint64_t owner_tid, const char *name,
                             size_t name_length, uint64_t *number, uint32_t *existed)
{
    struct client *client = client_find(call->label);
    if (!client)
        return JN_NO_RIGHT;
    if ((kind < OBJECT_EVENT || kind > OBJECT_TIMER) && kind != OBJECT_COMPLETION)
        return JN_NOT_SUPPORTED;
    struct object *object =
        name_length ? name_find(name, name_length, flags & OBJECT_CASELESS) : NULL;
    if (object) {
        if (object->kind != kind)
            return JN_BAD_ARG;
        if (!(flags & (OBJECT_OPEN_EXISTING | OBJECT_MUST_EXIST)))
            return JN_EXISTS;
        *existed = 1;
        return table_add(client, object, number);
    }
    if (flags & OBJECT_MUST_EXIST)
        return JN_NOT_FOUND;
    if (kind == OBJECT_SEMAPHORE && (!limit || initial > limit))
        return JN_BAD_ARG;
    object = object_new(kind);
    if (!object)
        return JN_NO_MEMORY;
    object->manual = flags & OBJECT_MANUAL;
    object->limit = limit;
    object->references = 1; /* ours, until it stands in the table */
    jn_status_t status = name_length ? name_add(object, name, name_length) : JN_OK;
    if (status == JN_OK)
        status = table_add(client, object, number);
    if (status == JN_OK) {
        if (kind == OBJECT_MUTEX && initial)
            status = object_take(object, client, owner_tid);
        else if (kind == OBJECT_EVENT)
            object->value = initial != 0;
        else if (kind == OBJECT_SEMAPHORE)
            object->value = initial;
    }
    object_release(object);
    return status;
}

static jn_status_t op_close(struct jn_call *call, uint64_t number)
{
    struct client *client = client_find(call->label);
    return client ? table_close(client, number) : JN_NO_RIGHT;
}

static jn_status_t op_duplicate(struct jn_call *call, uint64_t number, uint64_t *copy)
{
    struct client *client = client_find(call->label);
    struct object *object = table_get(client, number);
    return object ? table_add(client, object, copy) : JN_BAD_HANDLE;
}

static jn_status_t op_transfer(struct jn_call *call, uint64_t number, cap_t target, uint64_t *copy)
{
    void *to;
    jn_status_t status = jn_labels_identify(&server_labels, target, &to);
    struct object *object = table_get(client_find(call->label), number);
    if (status != JN_OK)
        return status;
    return object ? table_add(to, object, copy) : JN_BAD_HANDLE;
}

/* A thread of the client ended: every mutex that it owns is abandoned. */
static jn_status_t abandon_all(struct client *client, uint64_t tid)
{
    if (!client)
        return JN_NO_RIGHT;
    list_for_each_safe(at, &client->mutexes)
    {
        struct object *object = list_entry(at, struct object, owned);
        if (object->owner_tid == tid)
            mutex_abandon(object);
    }
    return JN_OK;
}

/* operation: event 1 set, 0 reset; semaphore: release by value; mutex: 0 release, 3 abandon (the
 * thread `tid` ended; object 0: all of its mutexes). Pulse (2) needs the waiters' own state, which their core has. */
static jn_status_t op_operate(struct jn_call *call, uint64_t number, uint32_t operation,
                              uint64_t value, uint64_t tid, uint64_t *previous)
{
    struct client *client = client_find(call->label);
    struct object *object = table_get(client, number);
    *previous = 0;
    if (!number && operation == OBJECT_ABANDON)
        return abandon_all(client, tid);
    if (!object)
        return JN_BAD_HANDLE;
    *previous = object->value;
    switch (object->kind) {
    case OBJECT_EVENT:
        if (operation > 1)
            return JN_NOT_SUPPORTED;
        object->value = operation;
        if (operation)
            waiter_wake_all(object, 1);
        return JN_OK;
    case OBJECT_SEMAPHORE:
        if (value > object->limit - object->value)
            return JN_OVERFLOW;
        object->value += value;
        if (value)
            waiter_wake_all(object, 1);
        return JN_OK;
    case OBJECT_MUTEX:
        if (object->owner != client || object->owner_tid != tid)
            return JN_NOT_OWNER;
        if (operation == 3) {
            mutex_abandon(object);
        } else if (--object->value == 0) {
            object->owner = NULL;
            object->owner_tid = 0;
            list_remove(&object->owned);
            waiter_wake_all(object, 1);
        }
        return JN_OK;
    default:
        return JN_NOT_SUPPORTED;
    }
}

static jn_status_t op_wait(struct jn_call *call, uint32_t all, uint64_t tid, uint64_t cookie,
                           uint32_t count, uint32_t *index)
{
    struct client *client = client_find(call->label);
    uint64_t numbers[WAIT_MAX];
    struct object *objects[WAIT_MAX];
    size_t done;
    if (!client)
        return JN_NO_RIGHT;
    if (!count || count > WAIT_MAX)
        return JN_BAD_ARG;
    jn_status_t status = jn_copy_in(call, 0, 0, numbers, count * sizeof *numbers, &done);
    if (status != JN_OK)
        return status;
    uint32_t ready = 0;
    for (uint32_t i = 0; i < count; i++) {
        objects[i] = table_get(client, numbers[i]);
        if (!objects[i])
            return JN_BAD_HANDLE;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!object_ready(objects[i], client, tid))
            continue;
        ready++;
        if (!all) {
            *index = i;
            return object_take(objects[i], client, tid);
        }
    }
    if (all && ready == count) {
        for (uint32_t i = 0; i < count; i++) {
            jn_status_t taken = object_take(objects[i], client, tid);
            if (taken == JN_ABANDONED) {
                status = taken;
                *index = i;
            }
        }
        return status;
    }
    for (uint32_t i = 0; i < count; i++) {
        status = waiter_arm(client, &objects[i]->waiters, cookie, 0, 0);
        if (status != JN_WOULD_BLOCK) {
            waiter_disarm(client, cookie);
            return status;
        }
    }
    return JN_WOULD_BLOCK;
}

static jn_status_t op_disarm(struct jn_call *call, uint64_t cookie)
{
    struct client *client = client_find(call->label);
    if (!client)
        return JN_NO_RIGHT;
    waiter_disarm(client, cookie);
    return JN_OK;
}

static jn_status_t op_query(struct jn_call *call, uint64_t number, uint32_t *kind, uint64_t *value,
                            uint64_t *limit, uint64_t *owner_tid, uint64_t *count)
{
    struct object *object = table_get(client_find(call->label), number);
    if (!object)
        return JN_BAD_HANDLE;
    *kind = object->kind;
    *value = object->value;
    *limit = object->kind == OBJECT_SEMAPHORE ? object->limit : object->manual;
    *owner_tid = object->owner_tid;
    *count = object->references;
    return JN_OK;
}

static jn_status_t op_futex_wait(struct jn_call *call, uint64_t identity, uint64_t offset,
                                 uint32_t bitset, uint64_t cookie)
{
    struct client *client = client_find(call->label);
    return client ? futex_wait(client, identity, offset, bitset, cookie) : JN_NO_RIGHT;
}

static jn_status_t op_futex_wake(struct jn_call *call, uint64_t identity, uint64_t offset,
                                 uint32_t bitset, uint32_t count, uint32_t *woken)
{
    if (!client_find(call->label))
        return JN_NO_RIGHT;
    *woken = futex_wake(identity, offset, bitset, count);
    return JN_OK;
}

static jn_status_t op_futex_requeue(struct jn_call *call, uint64_t identity, uint64_t offset,
                                    uint64_t identity2, uint64_t offset2, uint32_t wake,
                                    uint32_t requeue, uint32_t *woken, uint32_t *requeued)
{
    if (!client_find(call->label))
        return JN_NO_RIGHT;
    return futex_requeue(identity, offset, identity2, offset2, wake, requeue, woken, requeued);
}

/* flags: the description's (IO_FLAG_..), and EVENTFD_SEMAPHORE. */
static jn_status_t op_make_descriptor(struct jn_call *call, uint32_t kind, uint64_t initial,
                                      uint32_t flags, uint64_t *open)
{
    struct client *client = client_find(call->label);
    if (!client)
        return JN_NO_RIGHT;
    if (kind != OBJECT_EVENTFD && kind != OBJECT_TIMERFD)
        return JN_NOT_SUPPORTED;
    struct object *object = object_new(kind);
    if (!object)
        return JN_NO_MEMORY;
    object->references = 1;
    object->value = kind == OBJECT_EVENTFD ? initial : 0;
    object->io_flags = flags;
    jn_status_t status = table_add(client, object, open);
    object_release(object);
    return status;
}

static jn_status_t op_set_timer(struct jn_call *call, uint64_t number, uint64_t deadline,
                                uint64_t interval, uint64_t *old_deadline, uint64_t *old_interval)
{
    struct object *object = table_get(client_find(call->label), number);
    if (!object)
        return JN_BAD_HANDLE;
    if (object->kind != OBJECT_TIMER && object->kind != OBJECT_TIMERFD)
        return JN_NOT_SUPPORTED;
    *old_deadline = object->heap_place ? object->deadline : 0;
    *old_interval = object->interval;
    object->value = 0;
    return timer_set(object, deadline, interval);
}

#define TAKE_MAX 14 /* entries of one answer (idl) */

static struct object *port_of(struct jn_call *call, uint64_t number, jn_status_t *status)
{
    struct object *object = table_get(client_find(call->label), number);
    *status = !object                              ? JN_BAD_HANDLE
              : object->kind != OBJECT_COMPLETION ? JN_NOT_SUPPORTED
                                                   : JN_OK;
    return object;
}

static jn_status_t op_post(struct jn_call *call, uint64_t number, uint64_t key, uint64_t value,
                           uint64_t result, uint64_t information)
{
    const uint64_t words[4] = {key, value, result, information};
    jn_status_t status;
    struct object *object = port_of(call, number, &status);
    return status == JN_OK ? port_post(object, words) : status;
}

static jn_status_t op_take(struct jn_call *call, uint64_t number, uint64_t cookie, uint32_t most,
                           char *entries, size_t *length)
{
    uint64_t words[TAKE_MAX][4];
    jn_status_t status;
    struct object *object = port_of(call, number, &status);
    if (status != JN_OK)
        return status;
    if (!most)
        return JN_BAD_ARG;
    uint32_t count = port_take(object, most < TAKE_MAX ? most : TAKE_MAX, words);
    if (!count)
        return waiter_arm(client_find(call->label), &object->waiters, cookie, 0, 0);
    *length = count * sizeof *words;
    memcpy(entries, words, *length);
    return JN_OK;
}

#define DATA_MAX 128 /* bytes of what is published with a name (idl) */

static jn_status_t op_publish(struct jn_call *call, uint32_t kind, uint32_t flags,
                              const char *data, size_t data_length, const char *name,
                              size_t name_length, uint64_t *number, uint32_t *existed, char *found,
                              size_t *found_length)
{
    struct client *client = client_find(call->label);
    struct object *object = NULL;
    if (!client)
        return JN_NO_RIGHT;
    jn_status_t status = publish(client, kind, flags, data, data_length, name, name_length,
                                 number, existed, &object);
    if (status == JN_OK && object->data_length) {
        memcpy(found, object->data, object->data_length);
        *found_length = object->data_length;
    }
    return status;
}

static jn_status_t op_claim(struct jn_call *call, uint32_t look, uint64_t word, const char *name,
                            size_t name_length, char *found, size_t *found_length)
{
    uint32_t any;
    if (!client_find(call->label))
        return JN_NO_RIGHT;
    struct object *object = name_find_free(name, name_length, word, &any);
    if (!object || object->kind != OBJECT_PIPE)
        return any ? JN_BUSY : JN_NOT_FOUND;
    if (object->data_length)
        memcpy(found, object->data, object->data_length);
    *found_length = object->data_length;
    if (look)
        return JN_OK;
    object->value = 1;
    waiter_wake_all(object, WAITER_TAKEN);
    return JN_OK;
}

static jn_status_t op_await(struct jn_call *call, uint64_t cookie, const char *name,
                            size_t name_length, uint32_t *free, char *found, size_t *found_length)
{
    struct client *client = client_find(call->label);
    struct object *object;
    if (!client)
        return JN_NO_RIGHT;
    jn_status_t status = publish_await(client, cookie, name, name_length, &object);
    *free = status == JN_OK;
    if (status != JN_OK && status != JN_WOULD_BLOCK)
        return status;
    if (object->data_length)
        memcpy(found, object->data, object->data_length);
    *found_length = object->data_length;
    return JN_OK;
}

static jn_status_t op_republish(struct jn_call *call, uint64_t number, const char *data,
                                size_t data_length)
{
    struct object *object = table_get(client_find(call->label), number);
    return object ? publish_again(object, data, data_length) : JN_BAD_HANDLE;
}

static jn_status_t op_next_name(struct jn_call *call, const char *after, size_t after_length,
                                const char *directory, size_t directory_length, uint32_t *kind,
                                char *rest, size_t *rest_length)
{
    struct object *object = NULL;
    size_t length = 0;
    if (!client_find(call->label))
        return JN_NO_RIGHT;
    const char *part = name_next(directory, directory_length, after, after_length, &length,
                                 &object);
    if (!part)
        return JN_NOT_FOUND;
    bool leaf = part + length == object->name + object->name_length;
    *kind = leaf ? object->kind : OBJECT_DIRECTORY;
    *rest_length = length < DATA_MAX ? length : DATA_MAX;
    memcpy(rest, part, *rest_length);
    return JN_OK;
}

const struct object_ops object_operations = {
    .create = op_create,
    .close = op_close,
    .duplicate = op_duplicate,
    .transfer = op_transfer,
    .operate = op_operate,
    .wait = op_wait,
    .disarm = op_disarm,
    .query = op_query,
    .futex_wait = op_futex_wait,
    .futex_wake = op_futex_wake,
    .futex_requeue = op_futex_requeue,
    .make_descriptor = op_make_descriptor,
    .set_timer = op_set_timer,
    .put_entry = op_post,
    .take_entries = op_take,
    .publish = op_publish,
    .claim = op_claim,
    .await = op_await,
    .republish = op_republish,
    .next_name = op_next_name,
};

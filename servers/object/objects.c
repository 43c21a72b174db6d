/* Dispatcher objects: when a wait succeeds, and what it takes (NT semantics of events, semaphores,
 * mutexes and timers). */
#include <stdlib.h>

#include "janus/runtime.h"
#include "object.h"

struct object *object_new(uint32_t kind)
{
    struct object *object = calloc(1, sizeof *object);
    if (!object)
        return NULL;
    object->kind = kind;
    list_init(&object->owned);
    list_init(&object->waiters);
    list_init(&object->hash);
    list_init(&object->entries);
    return object;
}

void object_release(struct object *object)
{
    if (--object->references)
        return;
    list_for_each_safe(at, &object->waiters) /* their numbers are closed: nothing will come */
        waiter_finish(list_entry(at, struct waiter, link), true, 0);
    timer_stop(object);
    list_remove(&object->owned);
    name_remove(object);
    if (object->token)
        jn_offers_remove(&server_offers, object->token);
    port_clear(object);
    free(object->data);
    free(object);
}

bool object_ready(const struct object *object, const struct client *client, uint64_t tid)
{
    switch (object->kind) {
    case OBJECT_EVENT:
    case OBJECT_TIMER:
    case OBJECT_SEMAPHORE:
    case OBJECT_PIPE: /* taken */
    case OBJECT_COMPLETION:
        return object->value != 0;
    case OBJECT_MUTEX:
        return !object->owner || (object->owner == client && object->owner_tid == tid);
    default:
        return false;
    }
}

jn_status_t object_take(struct object *object, struct client *client, uint64_t tid)
{
    switch (object->kind) {
    case OBJECT_EVENT:
    case OBJECT_TIMER:
        if (!object->manual)
            object->value = 0;
        return JN_OK;
    case OBJECT_SEMAPHORE:
        object->value--;
        return JN_OK;
    case OBJECT_MUTEX: {
        bool abandoned = object->abandoned;
        object->value++;
        object->abandoned = false;
        if (!object->owner) {
            object->owner = client;
            object->owner_tid = tid;
            list_append(&client->mutexes, &object->owned);
        }
        return abandoned ? JN_ABANDONED : JN_OK;
    }
    case OBJECT_PIPE:
    case OBJECT_COMPLETION:
        return JN_OK;
    default:
        return JN_NOT_SUPPORTED;
    }
}

void mutex_abandon(struct object *object)
{
    object->owner = NULL;
    object->owner_tid = 0;
    object->value = 0;
    object->abandoned = true;
    list_remove(&object->owned);
    waiter_wake_all(object, 1);
}

/* Names for what lives in other servers or in a process: sections, pipes, links, jobs. */
#include <stdlib.h>
#include <string.h>

#include "object.h"

static jn_status_t set_data(struct object *object, const void *data, size_t length)
{
    void *copy = NULL;

    if (length) {
        copy = malloc(length);
        if (!copy)
            return JN_NO_MEMORY;
        memcpy(copy, data, length);
    }
    free(object->data);
    object->data = copy;
    object->data_length = length;
    return JN_OK;
}

static bool kind_is_published(uint32_t kind)
{
    return kind >= OBJECT_SECTION && kind <= OBJECT_PIPE;
}

jn_status_t publish(struct client *client, uint32_t kind, uint32_t flags, const void *data,
                    size_t length, const char *name, size_t name_length, uint64_t *number,
                    uint32_t *existed, struct object **found)
{
    struct object *object =
        name_length ? name_find(name, name_length, flags & OBJECT_CASELESS) : NULL;
    jn_status_t status;

    if (!kind_is_published(kind))
        return JN_NOT_SUPPORTED;
    if (object && object->kind != kind)
        return JN_BAD_ARG;
    if (object && !(flags & OBJECT_INSTANCE)) {
        if (!(flags & (OBJECT_OPEN_EXISTING | OBJECT_MUST_EXIST)))
            return JN_EXISTS;
        *existed = 1;
        *found = object;
        return table_add(client, object, number);
    }
    if (flags & OBJECT_MUST_EXIST)
        return JN_NOT_FOUND;
    if (object && flags >> OBJECT_INSTANCES_SHIFT) {
        uint32_t count = name_instances(name, name_length);
        if (count >= flags >> OBJECT_INSTANCES_SHIFT)
            return JN_BUSY;
    }
    object = object_new(kind);
    if (!object)
        return JN_NO_MEMORY;
    object->references = 1; /* ours, until it stands in the table */
    status = set_data(object, data, length);
    if (status == JN_OK && name_length)
        status = name_add(object, name, name_length);
    if (status == JN_OK)
        status = table_add(client, object, number);
    *found = status == JN_OK ? object : NULL;
    if (status == JN_OK && kind == OBJECT_PIPE && name_length)
        name_freed(name, name_length);
    object_release(object);
    return status;
}

jn_status_t publish_again(struct object *object, const void *data, size_t length)
{
    jn_status_t status;

    if (!kind_is_published(object->kind))
        return JN_NOT_SUPPORTED;
    status = set_data(object, data, length);
    if (status == JN_OK) {
        object->value = 0;
        if (object->kind == OBJECT_PIPE && object->name)
            name_freed(object->name, object->name_length);
    }
    return status;
}

jn_status_t publish_await(struct client *client, uint64_t cookie, const char *name, size_t length,
                          struct object **found)
{
    uint32_t count;

    *found = name_find_free(name, length, 0, &count);
    if (*found)
        return (*found)->kind == OBJECT_PIPE ? JN_OK : JN_NOT_FOUND;
    *found = count ? name_find(name, length, true) : NULL;
    if (!*found || (*found)->kind != OBJECT_PIPE)
        return JN_NOT_FOUND;
    return waiter_arm(client, &(*found)->waiters, cookie, 0, WAITER_FREE);
}

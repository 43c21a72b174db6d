/* Objects and the registry of servers/object. */
#include <string.h>

#include "guest.h"
#include "janus/idl/object.h"
#include "janus/idl/registry.h"
#include "loop.h"

static void ignore(jn_status_t status)
{
    (void)status; /* a number that is gone is closed */
}

world_status world_object_create(struct world_process *p, uint32_t kind, uint32_t flags,
                                 uint64_t initial, uint64_t limit, uint64_t owner,
                                 const char *name, size_t length, uint64_t *object, bool *existed)
{
    uint32_t found = 0;
    jn_status_t status = object_create(p->clients.object, kind, flags, initial, limit, owner, name,
                                       length, object, &found);

    *existed = found != 0;
    return status;
}

void world_object_close(struct world_process *p, uint64_t object)
{
    ignore(object_close(p->clients.object, object));
}

world_status world_object_duplicate(struct world_process *p, uint64_t object, uint64_t *copy)
{
    return object_duplicate(p->clients.object, object, copy);
}

world_status world_object_transfer(struct world_process *p, uint64_t object,
                                   struct world_process *target, uint64_t *copy)
{
    return object_transfer(p->clients.object, object, target->clients.object, copy);
}

world_status world_object_operate(struct world_process *p, uint64_t object, uint32_t operation,
                                  uint64_t value, uint64_t tid, uint64_t *previous)
{
    return object_operate(p->clients.object, object, operation, value, tid, previous);
}

world_status world_object_wait(struct world_process *p, bool all, uint64_t tid, uint64_t cookie,
                               const uint64_t *objects, uint32_t count, uint32_t *index)
{
    jn_status_t status = object_wait(p->clients.object, all, tid, cookie, count,
                                     backend_window(objects, count * sizeof *objects), index);

    if (cookie && status == JN_WOULD_BLOCK)
        guest_armed(cookie, RING_OBJECT);
    return status;
}

world_status world_object_query(struct world_process *p, uint64_t object, uint32_t *kind,
                                uint64_t *value, uint64_t *limit, uint64_t *owner, uint64_t *count)
{
    return object_query(p->clients.object, object, kind, value, limit, owner, count);
}

world_status world_object_set_timer(struct world_process *p, uint64_t object, uint64_t deadline,
                                    uint64_t interval)
{
    uint64_t old_deadline, old_interval;

    return object_set_timer(p->clients.object, object, deadline, interval, &old_deadline,
                            &old_interval);
}

world_status world_completion_post(struct world_process *p, uint64_t object,
                                   const struct world_completion *record)
{
    return object_put_entry(p->clients.object, object, record->key, record->value, record->status,
                       record->information);
}

world_status world_completion_take(struct world_process *p, uint64_t object, uint64_t cookie,
                                   struct world_completion *records, uint32_t most,
                                   uint32_t *count)
{
    char data[WORLD_COMPLETIONS_MOST * sizeof *records];
    size_t length = 0;
    jn_status_t status = object_take_entries(p->clients.object, object, cookie, most, data, sizeof data,
                                     &length);

    if (cookie && status == JN_WOULD_BLOCK)
        guest_armed(cookie, RING_OBJECT);
    *count = status == JN_OK ? (uint32_t)(length / sizeof *records) : 0;
    memcpy(records, data, *count * sizeof *records);
    return status;
}

world_status world_publish(struct world_process *p, uint32_t kind, uint32_t flags,
                           const void *data, size_t length, const char *name, size_t name_length,
                           uint64_t *object, bool *existed, void *found, size_t *found_length)
{
    uint32_t was = 0;
    jn_status_t status = object_publish(p->clients.object, kind, flags, data, length, name,
                                        name_length, object, &was, found, WORLD_DATA_MAX,
                                        found_length);

    *existed = was != 0;
    return status;
}

world_status world_claim(struct world_process *p, bool look, uint64_t word, const char *name,
                         size_t name_length, void *found, size_t *found_length)
{
    return object_claim(p->clients.object, look, word, name, name_length, found, WORLD_DATA_MAX,
                        found_length);
}

world_status world_await(struct world_process *p, const char *name, size_t name_length,
                         uint64_t cookie, bool *free, void *found, size_t *found_length)
{
    uint32_t is = 0;
    jn_status_t status = object_await(p->clients.object, cookie, name, name_length, &is, found,
                                      WORLD_DATA_MAX, found_length);

    if (cookie)
        guest_armed(cookie, RING_OBJECT);
    *free = is != 0;
    if (cookie && status == JN_OK && !is)
        guest_armed(cookie, RING_OBJECT);
    return status;
}

world_status world_republish(struct world_process *p, uint64_t object, const void *data,
                             size_t length)
{
    return object_republish(p->clients.object, object, data, length);
}

world_status world_next_name(struct world_process *p, const char *directory,
                             size_t directory_length, const char *after, size_t after_length,
                             uint32_t *kind, char *part, size_t *part_length)
{
    return object_next_name(p->clients.object, after, after_length, directory, directory_length,
                            kind, part, WORLD_DATA_MAX, part_length);
}

/* ---- the registry ---- */
world_status world_key_open(struct world_process *p, uint64_t key, bool create, const char *path,
                            size_t length, uint64_t *result, bool *created)
{
    uint32_t made = 0;
    jn_status_t status;

    if (length > 380)
        return JN_NAME_TOO_LONG;
    status = registry_open(p->clients.object, key, create ? REGISTRY_CREATE : 0, path, length,
                           result, &made);
    *created = made != 0;
    return status;
}

void world_key_close(struct world_process *p, uint64_t key)
{
    ignore(registry_close(p->clients.object, key));
}

world_status world_key_duplicate(struct world_process *p, uint64_t key, uint64_t *copy)
{
    return registry_duplicate(p->clients.object, key, copy);
}

world_status world_key_query_value(struct world_process *p, uint64_t key, const char *name,
                                   size_t name_length, void *data, size_t capacity, uint32_t *type,
                                   uint64_t *length)
{
    if (name_length > 256)
        return JN_NOT_FOUND;
    return registry_query_value(p->clients.object, key, capacity, name, name_length,
                                backend_window(data, capacity), type, length);
}

world_status world_key_set_value(struct world_process *p, uint64_t key, const char *name,
                                 size_t name_length, uint32_t type, const void *data,
                                 size_t length)
{
    if (name_length > 256)
        return JN_NAME_TOO_LONG;
    return registry_set_value(p->clients.object, key, type, length, name, name_length,
                              backend_window(data, length));
}

world_status world_key_delete_value(struct world_process *p, uint64_t key, const char *name,
                                    size_t name_length)
{
    return name_length > 256
               ? JN_NOT_FOUND
               : registry_delete_value(p->clients.object, key, name, name_length);
}

world_status world_key_enumerate_value(struct world_process *p, uint64_t key, uint32_t index,
                                       void *data, size_t capacity, uint32_t *type,
                                       uint64_t *length, char *name, size_t name_capacity,
                                       size_t *name_length)
{
    return registry_enumerate_value(p->clients.object, key, index, capacity,
                                    backend_window(data, capacity), type, length, name,
                                    name_capacity, name_length);
}

world_status world_key_enumerate(struct world_process *p, uint64_t key, uint32_t index, char *name,
                                 size_t name_capacity, size_t *name_length, int64_t *write_time)
{
    return registry_enumerate_key(p->clients.object, key, index, write_time, name, name_capacity,
                                  name_length);
}

world_status world_key_delete(struct world_process *p, uint64_t key)
{
    return registry_delete_key(p->clients.object, key);
}

world_status world_key_query(struct world_process *p, uint64_t key, struct world_key_info *info,
                             char *name, size_t name_capacity, size_t *name_length)
{
    return registry_query_key(p->clients.object, key, &info->subkeys, &info->values,
                              &info->longest_name, &info->longest_value_name,
                              &info->longest_value, &info->write_time, name, name_capacity,
                              name_length);
}

world_status world_key_path(struct world_process *p, uint64_t key, char *path, size_t capacity,
                            size_t *length)
{
    uint64_t bytes = 0;
    jn_status_t status = registry_path_of(p->clients.object, key, capacity,
                                          backend_window(path, capacity), &bytes);

    *length = bytes;
    return status;
}

/* Another client opens the same path; the open number goes no further than its client. */
world_status world_key_transfer(struct world_process *p, uint64_t key,
                                struct world_process *target, uint64_t *copy)
{
    char path[384];
    size_t length;
    bool created;
    jn_status_t status = world_key_path(p, key, path, sizeof path, &length);

    return status == JN_OK ? world_key_open(target, 0, false, path, length, copy, &created)
                           : status;
}

/* The registry of servers/object, linked in; objects that several processes share do not exist. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "janus/runtime.h"
#include "registry.h"

/* The world's own types without its header: the two sides name some things alike. */
typedef int32_t world_status;
struct world_process;
struct world_key_info {
    uint32_t subkeys, values, longest_name, longest_value_name;
    uint64_t longest_value;
    int64_t write_time;
};

void jn_log(enum jn_log_level level, const char *format, ...)
{
    va_list arguments;

    (void)level;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

int64_t jn_time_real(void)
{
    return 0;
}

static struct registry_key *key_of(uint64_t number)
{
    return number ? (struct registry_key *)(uintptr_t)number : registry_root();
}

world_status world_key_open(struct world_process *p, uint64_t key, bool create, const char *path,
                            size_t length, uint64_t *result, bool *created)
{
    struct registry_key *found;
    jn_status_t status = registry_walk(key_of(key), path, length, create, &found, created);

    (void)p;
    if (status == JN_OK) {
        found->references++;
        *result = (uint64_t)(uintptr_t)found;
    }
    return status;
}

void world_key_close(struct world_process *p, uint64_t key)
{
    (void)p;
    registry_release(key_of(key));
}

world_status world_key_duplicate(struct world_process *p, uint64_t key, uint64_t *copy)
{
    (void)p;
    key_of(key)->references++;
    *copy = key;
    return JN_OK;
}

world_status world_key_transfer(struct world_process *p, uint64_t key,
                                struct world_process *target, uint64_t *copy)
{
    (void)target;
    return world_key_duplicate(p, key, copy);
}

world_status world_key_query_value(struct world_process *p, uint64_t key, const char *name,
                                   size_t length, void *data, size_t capacity, uint32_t *type,
                                   uint64_t *data_length)
{
    struct registry_value *value = registry_value_find(key_of(key), name, length);

    (void)p;
    if (!value)
        return JN_NOT_FOUND;
    *type = value->type;
    *data_length = value->length;
    memcpy(data, value->data, value->length < capacity ? value->length : capacity);
    return JN_OK;
}

world_status world_key_set_value(struct world_process *p, uint64_t key, const char *name,
                                 size_t name_length, uint32_t type, const void *data,
                                 size_t length)
{
    (void)p;
    return registry_value_set(key_of(key), name, name_length, type, data, length);
}

world_status world_key_delete_value(struct world_process *p, uint64_t key, const char *name,
                                    size_t length)
{
    struct registry_value *value = registry_value_find(key_of(key), name, length);

    (void)p;
    if (!value)
        return JN_NOT_FOUND;
    registry_value_delete(key_of(key), value);
    return JN_OK;
}

world_status world_key_enumerate_value(struct world_process *p, uint64_t key, uint32_t index,
                                       void *data, size_t capacity, uint32_t *type,
                                       uint64_t *length, char *name, size_t name_capacity,
                                       size_t *name_length)
{
    struct registry_key *k = key_of(key);

    (void)p;
    if (index >= k->value_count)
        return JN_NOT_FOUND;
    struct registry_value *value = &k->values[index];
    *name_length = value->name_length < name_capacity ? value->name_length : name_capacity;
    memcpy(name, value->name, *name_length);
    *type = value->type;
    *length = value->length;
    memcpy(data, value->data, value->length < capacity ? value->length : capacity);
    return JN_OK;
}

world_status world_key_enumerate(struct world_process *p, uint64_t key, uint32_t index, char *name,
                                 size_t capacity, size_t *length, int64_t *write_time)
{
    struct registry_key *k = key_of(key);

    (void)p;
    if (index >= k->subkey_count)
        return JN_NOT_FOUND;
    *length = k->subkeys[index]->name_length < capacity ? k->subkeys[index]->name_length : capacity;
    memcpy(name, k->subkeys[index]->name, *length);
    *write_time = 0;
    return JN_OK;
}

world_status world_key_delete(struct world_process *p, uint64_t key)
{
    (void)p;
    return registry_delete(key_of(key));
}

world_status world_key_query(struct world_process *p, uint64_t key, struct world_key_info *info,
                             char *name, size_t capacity, size_t *length)
{
    struct registry_key *k = key_of(key);

    (void)p;
    memset(info, 0, sizeof *info);
    info->subkeys = (uint32_t)k->subkey_count;
    info->values = (uint32_t)k->value_count;
    for (size_t i = 0; i < k->subkey_count; i++)
        if (k->subkeys[i]->name_length > info->longest_name)
            info->longest_name = (uint32_t)k->subkeys[i]->name_length;
    for (size_t i = 0; i < k->value_count; i++) {
        if (k->values[i].name_length > info->longest_value_name)
            info->longest_value_name = (uint32_t)k->values[i].name_length;
        if (k->values[i].length > info->longest_value)
            info->longest_value = k->values[i].length;
    }
    *length = k->name_length < capacity ? k->name_length : capacity;
    if (*length)
        memcpy(name, k->name, *length);
    return JN_OK;
}

world_status world_key_path(struct world_process *p, uint64_t key, char *path, size_t capacity,
                            size_t *length)
{
    const struct registry_key *chain[64];
    size_t depth = 0, at = 0;

    (void)p;
    for (const struct registry_key *k = key_of(key); k && k->parent && depth < 64; k = k->parent)
        chain[depth++] = k;
    while (depth--) {
        const struct registry_key *k = chain[depth];
        if (at + 1 + k->name_length > capacity)
            return JN_RANGE;
        if (at)
            path[at++] = '\\';
        memcpy(path + at, k->name, k->name_length);
        at += k->name_length;
    }
    *length = at;
    return JN_OK;
}

void world_registry_load(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = malloc(1 << 20);
    size_t length = file && text ? fread(text, 1, 1 << 20, file) : 0;

    if (file)
        fclose(file);
    registry_load(text, length);
    free(text);
}

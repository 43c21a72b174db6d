/* The tree of keys: sorted arrays, found by bisection, enumerated by index. */
#include <stdlib.h>
#include <string.h>

#include "janus/runtime.h"
#include "registry.h"

#define NAME_MAX_BYTES 768 /* 256 UTF-16 units */
#define DEPTH_MAX 512

static struct registry_key root;

struct registry_key *registry_root(void)
{
    return &root;
}

static int fold(unsigned char c)
{
    return c >= 'a' && c <= 'z' ? c - 32 : c;
}

static int compare(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t common = a_length < b_length ? a_length : b_length;
    for (size_t i = 0; i < common; i++) {
        int difference = fold((unsigned char)a[i]) - fold((unsigned char)b[i]);
        if (difference)
            return difference;
    }
    return a_length < b_length ? -1 : a_length > b_length;
}

static bool find_key(const struct registry_key *key, const char *name, size_t length, size_t *place)
{
    size_t low = 0, high = key->subkey_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct registry_key *at = key->subkeys[middle];
        int order = compare(name, length, at->name, at->name_length);
        if (!order) {
            *place = middle;
            return true;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    *place = low;
    return false;
}

static bool find_value(const struct registry_key *key, const char *name, size_t length,
                       size_t *place)
{
    size_t low = 0, high = key->value_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = compare(name, length, key->values[middle].name, key->values[middle].name_length);
        if (!order) {
            *place = middle;
            return true;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    *place = low;
    return false;
}

static char *copy_name(const char *name, size_t length)
{
    char *copy = malloc(length + 1);
    if (copy) {
        memcpy(copy, name, length);
        copy[length] = 0;
    }
    return copy;
}

/* Makes room for one more element of `size` bytes at `place` of an array. */
static bool open_gap(void **array, size_t *count, size_t *allocated, size_t size, size_t place)
{
    if (*count == *allocated) {
        size_t bigger = *allocated ? *allocated * 2 : 4;
        void *moved = realloc(*array, bigger * size);
        if (!moved)
            return false;
        *array = moved;
        *allocated = bigger;
    }
    char *at = (char *)*array + place * size;
    memmove(at + size, at, (*count - place) * size);
    ++*count;
    return true;
}

static jn_status_t add_key(struct registry_key *parent, const char *name, size_t length,
                           size_t place, struct registry_key **out)
{
    struct registry_key *key = calloc(1, sizeof *key);
    char *copy = copy_name(name, length);
    if (!key || !copy ||
        !open_gap((void **)&parent->subkeys, &parent->subkey_count, &parent->subkey_size,
                  sizeof *parent->subkeys, place)) {
        free(key);
        free(copy);
        return JN_NO_MEMORY;
    }
    key->parent = parent;
    key->name = copy;
    key->name_length = length;
    key->write_time = parent->write_time = jn_time_real();
    parent->subkeys[place] = key;
    *out = key;
    return JN_OK;
}

jn_status_t registry_walk(struct registry_key *key, const char *path, size_t length, bool create,
                          struct registry_key **out, bool *created)
{
    size_t at = 0, depth = 0;
    *created = false;
    for (struct registry_key *up = key; up->parent; up = up->parent)
        depth++;
    while (at < length) {
        size_t end = at;
        while (end < length && path[end] != '\\')
            end++;
        if (end > at) {
            size_t place;
            if (key->deleted)
                return JN_NOT_FOUND;
            if (end - at > NAME_MAX_BYTES || ++depth > DEPTH_MAX)
                return JN_NAME_TOO_LONG;
            if (find_key(key, path + at, end - at, &place)) {
                key = key->subkeys[place];
            } else {
                if (!create)
                    return JN_NOT_FOUND;
                jn_status_t status = add_key(key, path + at, end - at, place, &key);
                if (status != JN_OK)
                    return status;
                *created = true;
            }
        }
        at = end + 1;
    }
    *out = key;
    return JN_OK;
}

struct registry_value *registry_value_find(struct registry_key *key, const char *name,
                                           size_t length)
{
    size_t place;
    return find_value(key, name, length, &place) ? &key->values[place] : NULL;
}

jn_status_t registry_value_set(struct registry_key *key, const char *name, size_t length,
                               uint32_t type, const void *data, size_t size)
{
    size_t place;
    unsigned char *copy = malloc(size ? size : 1);
    if (!copy)
        return JN_NO_MEMORY;
    memcpy(copy, data, size);
    if (find_value(key, name, length, &place)) {
        free(key->values[place].data);
    } else {
        char *name_copy = copy_name(name, length);
        if (!name_copy || !open_gap((void **)&key->values, &key->value_count, &key->value_size,
                                    sizeof *key->values, place)) {
            free(copy);
            free(name_copy);
            return JN_NO_MEMORY;
        }
        key->values[place] = (struct registry_value){.name = name_copy, .name_length = length};
    }
    key->values[place].type = type;
    key->values[place].data = copy;
    key->values[place].length = size;
    key->write_time = jn_time_real();
    return JN_OK;
}

void registry_value_delete(struct registry_key *key, struct registry_value *value)
{
    free(value->name);
    free(value->data);
    size_t place = (size_t)(value - key->values);
    memmove(value, value + 1, (--key->value_count - place) * sizeof *value);
    key->write_time = jn_time_real();
}

/* The memory of a deleted key lives as long as somebody has it open. */
static void free_if_unused(struct registry_key *key)
{
    if (!key->deleted || key->references)
        return;
    while (key->value_count)
        registry_value_delete(key, &key->values[key->value_count - 1]);
    free(key->values);
    free(key->subkeys);
    free(key->name);
    free(key);
}

jn_status_t registry_delete(struct registry_key *key)
{
    size_t place;
    if (key == &root || key->subkey_count)
        return JN_NOT_EMPTY;
    if (key->deleted)
        return JN_DELETE_PENDING;
    struct registry_key *parent = key->parent;
    if (find_key(parent, key->name, key->name_length, &place)) {
        memmove(&parent->subkeys[place], &parent->subkeys[place + 1],
                (--parent->subkey_count - place) * sizeof *parent->subkeys);
        parent->write_time = jn_time_real();
    }
    key->deleted = true;
    key->parent = NULL;
    free_if_unused(key);
    return JN_OK;
}

void registry_release(struct registry_key *key)
{
    key->references--;
    free_if_unused(key);
}

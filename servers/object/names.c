/* Names of objects: one flat table of full NT paths (\BaseNamedObjects\x); the personality resolves
 * directories and its session's prefix. Lookup ignores the case of ASCII letters when asked to. */
#include <stdlib.h>
#include <string.h>

#include "object.h"

static struct list *buckets;
static size_t bucket_count, name_count;

static unsigned char fold(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

static uint64_t hash_of(const char *name, size_t length)
{
    uint64_t hash = 0xcbf29ce484222325ull;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ fold(name[i])) * 0x100000001b3ull;
    return hash;
}

static bool equal(const char *a, const char *b, size_t length, bool caseless)
{
    if (!caseless)
        return !memcmp(a, b, length);
    for (size_t i = 0; i < length; i++)
        if (fold(a[i]) != fold(b[i]))
            return false;
    return true;
}

struct object *name_find(const char *name, size_t length, bool caseless)
{
    if (!bucket_count)
        return NULL;
    uint64_t hash = hash_of(name, length);
    struct list *bucket = &buckets[hash & (bucket_count - 1)];
    list_for_each(at, bucket) {
        struct object *object = list_entry(at, struct object, hash);
        if (object->hash_value == hash && object->name_length == length &&
            equal(object->name, name, length, caseless))
            return object;
    }
    return NULL;
}

static bool begins_with(const struct object *object, uint64_t word)
{
    return !word ||
           (object->data_length >= sizeof word && !memcmp(object->data, &word, sizeof word));
}

struct object *name_find_free(const char *name, size_t length, uint64_t word, uint32_t *count)
{
    *count = 0;
    if (!bucket_count)
        return NULL;
    uint64_t hash = hash_of(name, length);
    list_for_each(at, &buckets[hash & (bucket_count - 1)]) {
        struct object *object = list_entry(at, struct object, hash);
        if (object->hash_value != hash || object->name_length != length ||
            !equal(object->name, name, length, true))
            continue;
        ++*count;
        if (!object->value && begins_with(object, word))
            return object;
    }
    return NULL;
}

uint32_t name_instances(const char *name, size_t length)
{
    uint32_t count = 0;
    uint64_t hash = hash_of(name, length);
    list_for_each(at, &buckets[hash & (bucket_count - 1)]) {
        struct object *object = list_entry(at, struct object, hash);
        count += object->hash_value == hash && object->name_length == length &&
                 equal(object->name, name, length, true);
    }
    return count;
}

void name_freed(const char *name, size_t length)
{
    uint64_t hash = hash_of(name, length);
    list_for_each(at, &buckets[hash & (bucket_count - 1)]) {
        struct object *object = list_entry(at, struct object, hash);
        if (object->hash_value == hash && object->name_length == length &&
            equal(object->name, name, length, true))
            waiter_wake_all(object, WAITER_FREE);
    }
}

/* Order of names without case. */
static int order(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t n = a_length < b_length ? a_length : b_length;
    for (size_t i = 0; i < n; i++)
        if (fold(a[i]) != fold(b[i]))
            return fold(a[i]) < fold(b[i]) ? -1 : 1;
    return a_length == b_length ? 0 : a_length < b_length ? -1 : 1;
}

const char *name_next(const char *directory, size_t directory_length, const char *after,
                      size_t after_length, size_t *length, struct object **found)
{
    const char *best = NULL;
    for (size_t i = 0; i < bucket_count; i++)
        list_for_each(at, &buckets[i]) {
            struct object *object = list_entry(at, struct object, hash);
            if (object->name_length <= directory_length ||
                !equal(object->name, directory, directory_length, true))
                continue;
            const char *rest = object->name + directory_length;
            size_t n = 0;
            while (n < object->name_length - directory_length && rest[n] != '\\')
                n++;
            if (!n || (after_length && order(rest, n, after, after_length) <= 0) ||
                (best && order(rest, n, best, *length) >= 0))
                continue;
            best = rest;
            *length = n;
            *found = object;
        }
    return best;
}

static jn_status_t grow(void)
{
    size_t count = bucket_count ? bucket_count * 2 : 64;
    struct list *bigger = malloc(count * sizeof *bigger);
    if (!bigger)
        return bucket_count ? JN_OK : JN_NO_MEMORY; /* a fuller table is slower, not wrong */
    for (size_t i = 0; i < count; i++)
        list_init(&bigger[i]);
    for (size_t i = 0; i < bucket_count; i++)
        list_for_each_safe(at, &buckets[i]) {
            struct object *object = list_entry(at, struct object, hash);
            list_remove(at);
            list_append(&bigger[object->hash_value & (count - 1)], at);
        }
    free(buckets);
    buckets = bigger;
    bucket_count = count;
    return JN_OK;
}

jn_status_t name_add(struct object *object, const char *name, size_t length)
{
    if (name_count >= bucket_count && grow() != JN_OK)
        return JN_NO_MEMORY;
    object->name = malloc(length);
    if (!object->name)
        return JN_NO_MEMORY;
    memcpy(object->name, name, length);
    object->name_length = length;
    object->hash_value = hash_of(name, length);
    list_append(&buckets[object->hash_value & (bucket_count - 1)], &object->hash);
    name_count++;
    return JN_OK;
}

void name_remove(struct object *object)
{
    if (!object->name)
        return;
    list_remove(&object->hash);
    free(object->name);
    object->name = NULL;
    name_count--;
}

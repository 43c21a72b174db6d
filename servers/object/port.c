/* Completion ports: entries of four words, first in, first out. */
#include <stdlib.h>
#include <string.h>

#include "object.h"

struct entry {
    struct list link;
    uint64_t words[4];
};

jn_status_t port_post(struct object *object, const uint64_t words[4])
{
    struct entry *entry;

    if (object->value >= OBJECT_COMPLETIONS_MOST)
        return JN_QUOTA;
    entry = malloc(sizeof *entry);
    if (!entry)
        return JN_NO_MEMORY;
    memcpy(entry->words, words, sizeof entry->words);
    list_append(&object->entries, &entry->link);
    object->value++;
    waiter_wake_all(object, 1);
    return JN_OK;
}

uint32_t port_take(struct object *object, uint32_t most, uint64_t (*words)[4])
{
    uint32_t count = 0;

    for (; count < most && !list_empty(&object->entries); count++) {
        struct entry *entry = list_entry(object->entries.next, struct entry, link);
        memcpy(words[count], entry->words, sizeof entry->words);
        list_remove(&entry->link);
        free(entry);
        object->value--;
    }
    return count;
}

void port_clear(struct object *object)
{
    list_for_each_safe(at, &object->entries)
        free(list_entry(at, struct entry, link));
    list_init(&object->entries);
}

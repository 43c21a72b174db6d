/* Names of a directory: hash tables by exact and by upper-case name, and the order of positions. */
#include "directory.h"

#include <stdlib.h>
#include <string.h>

#include "fold.h"
#include "node.h"
#include "watch.h"

#define FIRST_POSITION 2 /* after "." and ".." */

uint32_t name_hash(const char *name, size_t length)
{
    uint32_t hash = NAME_HASH_START;
    for (size_t i = 0; i < length; i++)
        hash = name_hash_step(hash, name[i]);
    return name_hash_end(hash);
}

void directory_init(struct directory *directory)
{
    *directory = (struct directory){.next_position = FIRST_POSITION};
}

void directory_clear(struct directory *directory)
{
    free(directory->buckets);
    free(directory->folded);
    free(directory->slots);
    *directory = (struct directory){0};
}

void entry_take_name(struct entry *entry, const char *name, size_t length, char *spare)
{
    if (entry->name != entry->inline_name)
        free(entry->name);
    entry->name = length > ENTRY_INLINE_NAME ? spare : entry->inline_name;
    memcpy(entry->name, name, length);
    entry->name_length = (uint16_t)length;
    entry->hash = name_hash(name, length);
}

void entry_set_parent(struct entry *entry, struct entry *parent)
{
    struct entry *old = entry->parent;
    entry->parent = parent ? entry_get(parent) : NULL;
    if (old)
        entry_put(old);
}

struct entry *entry_create(struct entry *parent, struct node *node, const char *name,
                           size_t length)
{
    struct entry *entry = calloc(1, sizeof(*entry));
    if (!entry)
        return NULL;
    char *spare = length > ENTRY_INLINE_NAME ? malloc(length) : NULL;
    if (length > ENTRY_INLINE_NAME && !spare) {
        free(entry);
        return NULL;
    }
    entry_take_name(entry, name, length, spare);
    entry->references = 1;
    entry->parent = parent ? entry_get(parent) : NULL;
    entry->node = node_get(node);
    return entry;
}

void entry_free(struct entry *entry)
{
    /* A loop, not a recursion: the chain of removed parents may be long. */
    do {
        struct entry *parent = entry->parent;
        node_put(entry->node);
        if (entry->name != entry->inline_name)
            free(entry->name);
        free(entry);
        entry = parent;
    } while (entry && --entry->references == 0);
}

static void folded_insert(struct directory *directory, struct entry *entry)
{
    struct entry **head = &directory->folded[entry->folded_hash & directory->mask];
    entry->folded_chain = *head;
    *head = entry;
}

static bool folded_build(struct directory *directory)
{
    directory->folded = calloc(directory->mask + 1, sizeof(*directory->folded));
    if (!directory->folded)
        return false;
    for (uint32_t i = 0; i < directory->slot_count; i++) {
        struct entry *entry = directory->slots[i].entry;
        if (entry) {
            entry->folded_hash = fold_hash(entry->name, entry->name_length);
            folded_insert(directory, entry);
        }
    }
    return true;
}

struct entry *directory_find_caseless(struct directory *directory, const char *name,
                                      size_t length)
{
    if (!directory->buckets)
        return NULL;
    if (!directory->folded && !folded_build(directory))
        return NULL;
    uint32_t folded_hash = fold_hash(name, length);
    struct entry *best = NULL;
    struct entry *entry = directory->folded[folded_hash & directory->mask];
    for (; entry; entry = entry->folded_chain)
        if (entry->folded_hash == folded_hash && (!best || entry->position < best->position) &&
            fold_equal(entry->name, entry->name_length, name, length))
            best = entry;
    return best;
}

/* Twice the buckets; both tables are made anew. */
static bool grow_buckets(struct directory *directory)
{
    uint32_t size = directory->buckets ? (directory->mask + 1) * 2 : 4;
    struct entry **buckets = calloc(size, sizeof(*buckets));
    if (!buckets)
        return false;
    uint32_t mask = size - 1;
    for (uint32_t i = 0; i < directory->slot_count; i++) {
        struct entry *entry = directory->slots[i].entry;
        if (entry) {
            entry->chain = buckets[entry->hash & mask];
            buckets[entry->hash & mask] = entry;
        }
    }
    free(directory->buckets);
    free(directory->folded); /* built again when it is wanted */
    directory->folded = NULL;
    directory->buckets = buckets;
    directory->mask = mask;
    return true;
}

static bool grow_slots(struct directory *directory)
{
    if (directory->slot_count > 8 && directory->count < directory->slot_count / 2) {
        uint32_t to = 0;
        for (uint32_t i = 0; i < directory->slot_count; i++)
            if (directory->slots[i].entry)
                directory->slots[to++] = directory->slots[i];
        directory->slot_count = to;
        return true;
    }
    uint32_t capacity = directory->slot_capacity ? directory->slot_capacity * 2 : 4;
    struct directory_slot *slots = realloc(directory->slots, capacity * sizeof(*slots));
    if (!slots)
        return false;
    directory->slots = slots;
    directory->slot_capacity = capacity;
    return true;
}

bool directory_reserve(struct directory *directory, uint32_t more)
{
    while (directory->slot_capacity - directory->slot_count < more)
        if (!grow_slots(directory))
            return false;
    if (!directory->buckets)
        return grow_buckets(directory);
    /* Longer chains are only slower: a table that cannot grow is no error. */
    if (directory->count > directory->mask)
        (void)!grow_buckets(directory);
    return true;
}

bool directory_attach(struct directory *directory, struct entry *entry)
{
    if (!directory_reserve(directory, 1))
        return false;
    entry->position = directory->next_position++;
    entry->attached = true;
    entry_get(entry);
    entry->chain = directory->buckets[entry->hash & directory->mask];
    directory->buckets[entry->hash & directory->mask] = entry;
    if (directory->folded) {
        entry->folded_hash = fold_hash(entry->name, entry->name_length);
        folded_insert(directory, entry);
    }
    directory->slots[directory->slot_count++] =
        (struct directory_slot){entry->position, entry};
    directory->count++;
    return true;
}

/* Index of the first slot with a position >= `position`. */
static uint32_t slot_at(const struct directory *directory, uint64_t position)
{
    uint32_t low = 0, high = directory->slot_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (directory->slots[middle].position < position)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void directory_detach(struct directory *directory, struct entry *entry)
{
    struct entry **link = &directory->buckets[entry->hash & directory->mask];
    while (*link != entry)
        link = &(*link)->chain;
    *link = entry->chain;
    if (directory->folded) {
        link = &directory->folded[entry->folded_hash & directory->mask];
        while (*link != entry)
            link = &(*link)->folded_chain;
        *link = entry->folded_chain;
    }
    uint32_t slot = slot_at(directory, entry->position);
    directory->slots[slot].entry = NULL;
    while (directory->slot_count && !directory->slots[directory->slot_count - 1].entry)
        directory->slot_count--;
    directory->count--;
    entry->attached = false;
    if (entry->watched)
        watch_names_changed();
    entry->watched = false;
    entry_put(entry);
}

struct entry *directory_next(struct directory *directory, uint64_t position)
{
    for (uint32_t i = slot_at(directory, position); i < directory->slot_count; i++)
        if (directory->slots[i].entry)
            return directory->slots[i].entry;
    return NULL;
}

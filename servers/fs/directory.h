/* Names. An entry is one name of a node, or the place of a directory that is open though its name
 * is gone. It stands in its parent's hash table while it is attached; descriptions and walks hold
 * references, so it outlives the name. A directory has one entry, hence one parent.
 *
 * Every entry has a position that never changes and is never used again in its directory: readers
 * that stopped in the middle go on at the next greater position, whatever came or went meanwhile. */
#ifndef FS_DIRECTORY_H
#define FS_DIRECTORY_H

#include "janus/types.h"

struct node;

#define ENTRY_INLINE_NAME 24

struct entry {
    uint32_t references; /* one of them the directory's, while attached */
    uint32_t hash;
    uint32_t folded_hash;
    uint16_t name_length;
    bool attached : 1;
    bool mount : 1;   /* neither removed nor renamed */
    bool watched : 1; /* somebody has kept where it leads (watch.h) */
    struct entry *parent; /* referenced; NULL: the root */
    struct node *node;    /* referenced */
    struct entry *chain, *folded_chain;
    uint64_t position;
    char *name; /* not terminated; inline_name when it fits */
    char inline_name[ENTRY_INLINE_NAME];
};

struct directory_slot {
    uint64_t position;
    struct entry *entry; /* NULL: removed */
};

struct directory {
    struct entry **buckets; /* by hash; NULL while empty */
    struct entry **folded;  /* by folded_hash; NULL until the first caseless look-up */
    uint32_t mask;          /* of both */
    uint32_t count;
    struct directory_slot *slots; /* by position, ascending, with gaps */
    uint32_t slot_count, slot_capacity;
    uint64_t next_position;
};

void directory_init(struct directory *directory);
void directory_clear(struct directory *directory);

/* FNV-1a, with its high bits mixed into those that choose the bucket. */
#define NAME_HASH_START 2166136261u
static inline uint32_t name_hash_step(uint32_t hash, char c)
{
    return (hash ^ (uint8_t)c) * 16777619u;
}
static inline uint32_t name_hash_end(uint32_t hash)
{
    return hash ^ hash >> 15;
}
uint32_t name_hash(const char *name, size_t length);

/* An unattached entry with one reference; it takes references to parent and node. NULL: memory. */
struct entry *entry_create(struct entry *parent, struct node *node, const char *name,
                           size_t length);
static inline struct entry *entry_get(struct entry *entry)
{
    entry->references++;
    return entry;
}
void entry_free(struct entry *entry);
static inline void entry_put(struct entry *entry)
{
    if (--entry->references == 0)
        entry_free(entry);
}
void entry_set_parent(struct entry *entry, struct entry *parent);

/* memcmp costs a call and more; names are short. */
static inline bool name_equal(const char *a, const char *b, size_t length)
{
    for (; length >= 8; a += 8, b += 8, length -= 8) {
        uint64_t x, y;
        __builtin_memcpy(&x, a, 8);
        __builtin_memcpy(&y, b, 8);
        if (x != y)
            return false;
    }
    for (size_t i = 0; i < length; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

/* Not referenced; NULL: not there. */
static inline struct entry *directory_find(struct directory *directory, const char *name,
                                           size_t length, uint32_t hash)
{
    if (!directory->buckets)
        return NULL;
    struct entry *entry = directory->buckets[hash & directory->mask];
    while (entry && (entry->hash != hash || entry->name_length != length ||
                     !name_equal(entry->name, name, length)))
        entry = entry->chain;
    return entry;
}
/* The first in order whose upper-case form is the same; for names that are not there exactly. */
struct entry *directory_find_caseless(struct directory *directory, const char *name,
                                      size_t length);
/* Adds an entry whose parent is this directory; takes a reference to it. false: no memory. */
JN_CHECKED bool directory_attach(struct directory *directory, struct entry *entry);
/* Gives the reference back: the entry may be gone afterwards. */
void directory_detach(struct directory *directory, struct entry *entry);
/* The attached entry with the least position >= `position`; NULL: none. */
struct entry *directory_next(struct directory *directory, uint64_t position);
/* Makes sure that `more` attaches cannot fail. */
JN_CHECKED bool directory_reserve(struct directory *directory, uint32_t more);
/* Gives an unattached entry a new name; `spare` is a buffer for it from malloc, needed (and taken
 * over) when it is longer than ENTRY_INLINE_NAME. Cannot fail. */
void entry_take_name(struct entry *entry, const char *name, size_t length, char *spare);

#endif

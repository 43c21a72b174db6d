/* Handles: numbers that name waiters to servers and threads to the kernel. From the low end: index, kind,
 * generation, so that a late ring entry never reaches a newcomer. The table is one that the server loop
 * can read (janus/server.h). */
#include <stdlib.h>

#include "core.h"
#include "quick.h"

#define KIND_SHIFT 28
#define KIND_MASK 15u
#define GENERATION_SHIFT 32
#define GENERATION_MASK 0x1fffffffu /* the kernel's label words have 62 bits */

_Static_assert(KIND_SHIFT == JN_QUICK_INDEX_BITS, "the index");

/* A free place has label 0 and its last generation, and the next free one, in `object`. */
static struct jn_quick_entry *table;
static uint32_t size, first_free;

static uint32_t index_of(uint64_t value)
{
    return (uint32_t)value & ((1u << KIND_SHIFT) - 1);
}

static void *free_object(uint32_t generation, uint32_t next)
{
    return (void *)((uint64_t)generation << GENERATION_SHIFT | next);
}

static bool grow(void)
{
    uint32_t wanted = size ? size * 2 : 16;
    if (wanted > 1u << KIND_SHIFT)
        return false;
    struct jn_quick_entry *larger = realloc(table, wanted * sizeof *table);
    if (!larger)
        return false;
    table = larger;
    for (uint32_t i = size; i < wanted; i++)
        table[i] = (struct jn_quick_entry){free_object(1, i + 1 < wanted ? i + 1 : 0), 0};
    first_free = size ? size : 1; /* index 0 stays unused: it ends the free list */
    size = wanted;
    core_quick.table = table;
    core_quick.size = size;
    return true;
}

uint64_t core_handle_create(enum core_kind kind, void *object)
{
    if (!first_free && !grow())
        return 0;
    uint32_t index = first_free;
    struct jn_quick_entry *entry = &table[index];
    uint64_t was = (uint64_t)entry->object;
    first_free = (uint32_t)was;
    entry->object = object;
    entry->label = was >> GENERATION_SHIFT << GENERATION_SHIFT | (uint32_t)kind << KIND_SHIFT | index;
    return entry->label;
}

void core_handle_destroy(uint64_t value)
{
    uint32_t index = index_of(value);
    uint32_t generation = ((uint32_t)(table[index].label >> GENERATION_SHIFT) + 1) & GENERATION_MASK;
    table[index] = (struct jn_quick_entry){free_object(generation ? generation : 1, first_free), 0};
    first_free = index;
}

void *core_handle_find(uint64_t value, enum core_kind kind)
{
    uint32_t index = index_of(value);
    if (!value || index >= size || table[index].label != value ||
        ((uint32_t)value >> KIND_SHIFT & KIND_MASK) != kind)
        return NULL;
    return table[index].object;
}

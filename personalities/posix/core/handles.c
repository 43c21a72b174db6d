/* Handles: numbers that name waiters to servers and threads to the kernel. Index in the low half,
 * generation in the high half, so that a late ring entry never reaches a newcomer. */
#include <stdlib.h>

#include "core.h"

struct handle {
    void *object;
    uint32_t generation;
    uint32_t kind; /* 0: free */
    uint32_t next_free;
};

static struct handle *table;
static uint32_t size, first_free;

static bool grow(void)
{
    uint32_t wanted = size ? size * 2 : 256;
    struct handle *larger = realloc(table, wanted * sizeof *table);
    if (!larger)
        return false;
    table = larger;
    for (uint32_t i = size; i < wanted; i++)
        table[i] = (struct handle){NULL, 1, 0, i + 1 < wanted ? i + 1 : 0};
    first_free = size ? size : 1; /* index 0 stays unused: it ends the free list */
    size = wanted;
    return true;
}

uint64_t core_handle_create(enum core_kind kind, void *object)
{
    if (!first_free && !grow())
        return 0;
    uint32_t index = first_free;
    struct handle *handle = &table[index];
    first_free = handle->next_free;
    handle->object = object;
    handle->kind = kind;
    return (uint64_t)handle->generation << 32 | index;
}

void core_handle_destroy(uint64_t value)
{
    uint32_t index = (uint32_t)value;
    struct handle *handle = &table[index];
    handle->kind = 0;
    handle->object = NULL;
    /* 29 bits: the kernel's label words have 62. */
    handle->generation = (handle->generation + 1) & 0x1fffffff;
    if (!handle->generation)
        handle->generation = 1;
    handle->next_free = first_free;
    first_free = index;
}

void *core_handle_find(uint64_t value, enum core_kind kind)
{
    uint32_t index = (uint32_t)value;
    if (index >= size)
        return NULL;
    struct handle *handle = &table[index];
    if (handle->kind != kind || handle->generation != value >> 32)
        return NULL;
    return handle->object;
}

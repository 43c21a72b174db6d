#include "kernel.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"
#include "memory/frame.h"
#include "memory/layout.h"
#include "memory/pool.h"
#include "memory/tlb.h"
#include "object.h"

char *host_memory;
uint64_t kernel_cr3 = 0x1000;
unsigned preempt_one_in;

static uint64_t random_state = 1;
static struct frame table[HOST_MEMORY >> 12];

void random_seed(uint64_t seed)
{
    random_state = seed * 2 + 1;
}

uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state * 0x2545f4914f6cdd1dull >> 16;
}

static _Noreturn void die(const char *format, va_list *arguments)
{
    vfprintf(stderr, format, *arguments);
    fprintf(stderr, "\n");
    abort();
}

void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    die(format, &arguments);
}

void panic(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    die(format, &arguments);
}

bool cpu_keys_enable(void)
{
    return true;
}

bool preempt_point(void)
{
    return preempt_one_in && random_next() % preempt_one_in == 0;
}

void kernel_reset(void)
{
    free(host_memory);
    host_memory = aligned_alloc(4096, HOST_MEMORY);
    memset(host_memory, 0, HOST_MEMORY);
    memset(table, 0, sizeof table);
    memset(&root_pool, 0, sizeof root_pool);
    frame_init(table, HOST_MEMORY >> 12);
    frame_add(POOL_FIRST, (HOST_MEMORY >> 12) - POOL_FIRST);
    pool_init_root();
}

void kernel_check_empty(void)
{
    const uint64_t *word = phys_to_virt(POOL_FIRST << 12), *end = phys_to_virt(HOST_MEMORY);

    pool_trim(&root_pool);
    CHECK(frame_free_count() == root_pool.owned);
    CHECK(root_pool.used == 0);
    for (; word < end; word++)
        CHECK(*word == 0);
}

/* ---- the other half of the kernel ---- */

void object_init(struct object *object, enum jn_cap_type type, struct pool *pool, uint32_t size)
{
    object->type = (uint8_t)type;
    object->pool = pool;
    object->size = size;
    list_init(&object->in_pool);
    if (pool)
        list_insert(&pool->objects, &object->in_pool);
}

void object_destroy(struct object *object)
{
    object->dying = 1;
    while (object->type == JN_TYPE_POOL && !pool_destroy(container_of(object, struct pool, object)))
        ;
    object_free(object);
}

void object_free(struct object *object)
{
    list_remove(&object->in_pool);
    pool_free(object->pool, object, object->size);
}

/* ---- no processor: nothing to invalidate ---- */

void tlb_init(struct space *space)
{
    list_init(&space->stale_link);
}

void tlb_changed(struct space *space, uint64_t address, unsigned level)
{
    (void)space, (void)address, (void)level;
}

static struct space *with_dead_tables[64];
static unsigned dead_spaces;

/* As on a loaded space: tables stay until the flush. */
void tlb_table_dead(struct space *space, uint32_t number)
{
    if (!space->dead_tables) {
        CHECK(dead_spaces < 64);
        with_dead_tables[dead_spaces++] = space;
    }
    frame_at(number)->previous = space->dead_tables;
    space->dead_tables = number;
}

void tlb_flush(void)
{
    while (dead_spaces) {
        struct space *space = with_dead_tables[--dead_spaces];

        while (space->dead_tables) {
            uint32_t number = space->dead_tables;
            struct frame *frame = frame_at(number);

            space->dead_tables = frame->previous;
            if (frame->next)
                pool_free_zero_frames(space->pool, phys_to_virt((uint64_t)frame->next << 12), 0);
            frame->next = frame->previous = 0;
            pool_free_zero_frames(space->pool, phys_to_virt((uint64_t)number << 12), 0);
        }
    }
}

void tlb_leave(struct space *space)
{
    (void)space;
}

/* Frames, slabs and the tree of Pools: random allocations in random Pools; contents are zero,
 * blocks do not overlap, accounts add up, and destroying a Pool gives all back.
 *
 * usage: pool_test [steps] [seed] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel.h"
#include "memory/frame.h"
#include "memory/layout.h"
#include "memory/pool.h"
#include "object.h"

#define POOLS  8
#define BLOCKS 3000

static struct block {
    unsigned char *memory;
    unsigned pool, order;
    size_t bytes; /* 0: frames of `order` */
    unsigned char mark;
} blocks[BLOCKS];
static struct pool *pools[POOLS];

static size_t size_of(const struct block *block)
{
    return block->bytes ? block->bytes : 4096u << block->order;
}

static void allocate(struct block *block)
{
    block->pool = (unsigned)(random_next() % POOLS);
    block->bytes = random_next() % 4 ? 1 + random_next() % 4096 : 0;
    if (random_next() % 2 && block->bytes)
        block->bytes = block->bytes % 640 + 1;
    block->order = (unsigned)(random_next() % 4);
    struct pool *pool = pools[block->pool];
    uint64_t free = pool->owned - pool->used;
    block->memory =
        block->bytes ? pool_alloc(pool, block->bytes) : pool_alloc_frames(pool, block->order);
    if (!block->memory) {
        /* One frame is always there within the account; more may be lost to fragmentation. */
        CHECK(free < (block->bytes ? 1u : 1u << block->order) || (!block->bytes && block->order));
        return;
    }
    CHECK(((uintptr_t)block->memory - (uintptr_t)host_memory) % 64 == 0);
    for (size_t i = 0; i < size_of(block); i++)
        CHECK(block->memory[i] == 0);
    block->mark = (unsigned char)(1 + random_next() % 255);
    memset(block->memory, block->mark, size_of(block));
}

static void release(struct block *block)
{
    for (size_t i = 0; i < size_of(block); i++)
        CHECK(block->memory[i] == block->mark);
    if (block->bytes)
        pool_free(pools[block->pool], block->memory, block->bytes);
    else
        pool_free_frames(pools[block->pool], block->memory, block->order);
    block->memory = NULL;
}

int main(int argc, char **argv)
{
    unsigned long steps = argc > 1 ? strtoul(argv[1], NULL, 0) : 100000;

    random_seed(argc > 2 ? strtoul(argv[2], NULL, 0) : 1);
    kernel_reset();
    uint64_t all = root_pool.owned;
    /* A chain: each is the child of the one before or of the root. */
    for (unsigned i = 0; i < POOLS; i++)
        CHECK(pool_create(i % 2 ? pools[i - 1] : &root_pool, i % 2 ? 300 : 900, &pools[i]) ==
              JN_OK);
    CHECK(pool_create(&root_pool, all, &(struct pool *){0}) == JN_NO_MEMORY);
    for (unsigned long step = 0; step < steps; step++) {
        struct block *block = &blocks[random_next() % BLOCKS];

        if (block->memory)
            release(block);
        else
            allocate(block);
        if (random_next() % 16 == 0) {
            struct pool *pool = pools[random_next() % POOLS];
            struct pool *parent = pool->object.pool;
            int64_t frames = (int64_t)(random_next() % 200) - 100;
            uint64_t owned = pool->owned, used = parent->used;
            status_t status = pool_fund(pool, frames);
            CHECK(status == JN_OK ? pool->owned == owned + (uint64_t)frames
                                  : pool->owned == owned && parent->used == used);
            CHECK(pool->used <= pool->owned && parent->used <= parent->owned);
        }
        CHECK(frame_free_count() <= all);
    }
    for (unsigned i = 0; i < BLOCKS; i++)
        if (blocks[i].memory)
            release(&blocks[i]);
    for (unsigned i = 0; i < POOLS; i += 2)
        object_destroy(&pools[i]->object); /* takes its child along */
    CHECK(root_pool.owned == all);
    kernel_check_empty();
    /* All came together again. */
    CHECK(frame_alloc(12) && frame_alloc(11) && !frame_alloc(13));
    printf("%lu steps\n", steps);
    return 0;
}

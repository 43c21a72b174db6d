/* Pools: accounts of kernel memory, and the slabs in them.
 *
 * A Pool's number of frames is a promise on the one buddy allocator: the sum of what all Pools own
 * never exceeds what the root Pool owns, which is what the allocator holds or has given out. So a
 * single frame within an account is always there; larger blocks may fail by fragmentation.
 *
 * Slabs: one frame holds objects of one size class of one Pool. Its state stands in the frame
 * table, so objects fill the frame and 64-byte alignment costs nothing. A free object begins with
 * the index + 1 of the next. Objects from `fresh` on were never used and are zero as they are. */
#include "memory/pool.h"

#include "cpu.h"
#include "lib/string.h"
#include "memory/frame.h"
#include "memory/layout.h"

struct pool root_pool;

static const uint16_t class_bytes[POOL_CLASSES] = {64,  128, 192, 256,  320,  384,  448,  512,
                                                   576, 640, 768, 1024, 1344, 2048, 4096, 4096};

static unsigned class_of(size_t bytes)
{
    if (bytes <= 640)
        return bytes ? (unsigned)((bytes - 1) / 64) : 0;
    unsigned class = 10;
    while (class_bytes[class] < bytes)
        class ++;
    return class;
}

void pool_init_root(void)
{
    root_pool.owned = frame_free_count();
    list_init(&root_pool.objects);
    object_init(&root_pool.object, JN_TYPE_POOL, NULL, 0);
}

static uint64_t take_frames(struct pool *pool, unsigned order)
{
    if (pool->owned - pool->used < 1ull << order)
        pool_trim(pool);
    if (pool->owned - pool->used < 1ull << order)
        return 0;
    uint64_t number = frame_alloc(order);
    if (number)
        pool->used += 1ull << order;
    return number;
}

static void give_frames(struct pool *pool, uint64_t number, unsigned order)
{
    frame_free(number, order);
    pool->used -= 1ull << order;
}

void *pool_alloc_frames(struct pool *pool, unsigned order)
{
    uint64_t number = order < FRAME_ORDERS ? take_frames(pool, order) : 0;

    return number ? phys_to_virt(number << PAGE_SHIFT) : NULL;
}

void pool_free_zero_frames(struct pool *pool, void *memory, unsigned order)
{
    give_frames(pool, virt_to_phys(memory) >> PAGE_SHIFT, order);
}

void pool_free_frames(struct pool *pool, void *memory, unsigned order)
{
    memset(memory, 0, PAGE_SIZE << order);
    pool_free_zero_frames(pool, memory, order);
}

/* ---- slabs ---- */

static void partial_push(struct pool *pool, unsigned class, uint32_t number)
{
    struct frame *frame = frame_at(number);

    frame->previous = 0;
    frame->next = pool->partial[class];
    if (frame->next)
        frame_at(frame->next)->previous = number;
    pool->partial[class] = number;
}

static void partial_remove(struct pool *pool, unsigned class, struct frame *frame)
{
    if (frame->previous)
        frame_at(frame->previous)->next = frame->next;
    else
        pool->partial[class] = frame->next;
    if (frame->next)
        frame_at(frame->next)->previous = frame->previous;
    frame->next = frame->previous = 0;
}

static bool slab_full(const struct frame *frame, unsigned bytes)
{
    return !frame->first_free && (frame->fresh + 1u) * bytes > PAGE_SIZE;
}

static uint32_t slab_grow(struct pool *pool, unsigned class)
{
    uint32_t number = (uint32_t)take_frames(pool, 0);

    if (!number)
        return 0;
    struct frame *frame = frame_at(number);
    frame->kind = FRAME_SLAB;
    frame->order = (uint8_t) class;
    frame->used = frame->first_free = frame->fresh = 0;
    partial_push(pool, class, number);
    return number;
}

/* Object sizes are multiples of a line: small ones cost less so than by `rep stos`. */
static inline void clear_lines(void *memory, unsigned bytes)
{
    uint64_t *word = memory;

    for (; bytes; bytes -= 64, word += 8)
        word[0] = word[1] = word[2] = word[3] = word[4] = word[5] = word[6] = word[7] = 0;
}

void *pool_alloc(struct pool *pool, size_t bytes)
{
    if (bytes > PAGE_SIZE)
        return NULL;
    unsigned class = class_of(bytes), size = class_bytes[class];
    uint32_t number = pool->partial[class];

    if (!number && !(number = slab_grow(pool, class)))
        return NULL;

    struct frame *frame = frame_at(number);
    char *base = phys_to_virt((uint64_t)number << PAGE_SHIFT), *object;
    if (frame->first_free) {
        object = base + (frame->first_free - 1u) * size;
        frame->first_free = *(uint16_t *)object;
        clear_lines(object, size);
    } else {
        object = base + frame->fresh++ * size;
    }
    frame->used++;
    pool->bytes += size;
    if (slab_full(frame, size))
        partial_remove(pool, class, frame);
    return object;
}

void *pool_alloc_line_slow(struct pool *pool)
{
    return pool_alloc(pool, 64);
}

void pool_free(struct pool *pool, void *memory, size_t bytes)
{
    uint64_t physical = virt_to_phys(memory);
    uint32_t number = (uint32_t)(physical >> PAGE_SHIFT);
    struct frame *frame = frame_at(number);
    unsigned class = class_of(bytes), size = class_bytes[class];

    assert(frame->kind == FRAME_SLAB && frame->order == class);
    bool was_full = slab_full(frame, size);
    *(uint16_t *)memory = frame->first_free;
    frame->first_free = (uint16_t)((physical & PAGE_MASK) / size + 1);
    frame->used--;
    pool->bytes -= size;
    if (was_full)
        partial_push(pool, class, number);
    /* One empty slab stays, so that a single object made and freed in turn costs no frame. */
    if (frame->used || (!frame->next && !frame->previous))
        return;
    partial_remove(pool, class, frame);
    memset(phys_to_virt((uint64_t)number << PAGE_SHIFT), 0, PAGE_SIZE);
    give_frames(pool, number, 0);
}

void pool_trim(struct pool *pool)
{
    for (unsigned class = 0; class < POOL_CLASSES; class ++) {
        uint32_t number = pool->partial[class];

        while (number) {
            struct frame *frame = frame_at(number);
            uint32_t next = frame->next;

            if (!frame->used) {
                partial_remove(pool, class, frame);
                memset(phys_to_virt((uint64_t)number << PAGE_SHIFT), 0, PAGE_SIZE);
                give_frames(pool, number, 0);
            }
            number = next;
        }
    }
}

/* ---- the tree ---- */

status_t pool_create(struct pool *parent, uint64_t frames, struct pool **child)
{
    struct pool *pool = pool_alloc(parent, sizeof *pool);

    if (!pool)
        return JN_NO_MEMORY;
    if (frames > parent->owned - parent->used) {
        pool_free(parent, pool, sizeof *pool);
        return JN_NO_MEMORY;
    }
    parent->used += frames;
    pool->owned = frames;
    list_init(&pool->objects);
    object_init(&pool->object, JN_TYPE_POOL, parent, sizeof *pool);
    *child = pool;
    return JN_OK;
}

status_t pool_fund(struct pool *child, int64_t frames)
{
    struct pool *parent = child->object.pool;

    if (!parent)
        return JN_BAD_ARG;
    if (frames >= 0) {
        if ((uint64_t)frames > parent->owned - parent->used)
            return JN_NO_MEMORY;
    } else {
        pool_trim(child);
        if (-(uint64_t)frames > child->owned - child->used)
            return JN_BUSY;
    }
    parent->used += (uint64_t)frames;
    child->owned += (uint64_t)frames;
    return JN_OK;
}

bool pool_destroy(struct pool *pool)
{
    struct pool *parent = pool->object.pool;

    if (!list_empty(&pool->objects)) {
        struct object *object = container_of(pool->objects.next, struct object, in_pool);

        /* One that is dying already is on the work list itself: behind it we get our turn. */
        if (!object->dying) {
            object_destroy(object);
            return false;
        }
        list_remove(&object->in_pool);
        list_insert(&pool->objects, &object->in_pool);
        return false;
    }
    pool_trim(pool);
    assert(!pool->used);
    parent->used -= pool->owned;
    pool->owned = 0;
    return true;
}

void pool_info(const struct pool *pool, uint64_t words[3])
{
    words[0] = pool->owned;
    words[1] = pool->owned - pool->used;
    words[2] = pool->bytes;
}

/* Timers: a binary heap by deadline. */
#include <stdlib.h>

#include "janus/idl/io.h"
#include "object.h"

static struct object **heap;
static size_t heap_size, heap_used;

static void place(size_t at, struct object *object)
{
    heap[at] = object;
    object->heap_place = at + 1;
}

static void sift_up(size_t at)
{
    struct object *object = heap[at];
    for (; at && heap[(at - 1) / 2]->deadline > object->deadline; at = (at - 1) / 2)
        place(at, heap[(at - 1) / 2]);
    place(at, object);
}

static void sift_down(size_t at)
{
    struct object *object = heap[at];
    for (;;) {
        size_t child = at * 2 + 1;
        if (child + 1 < heap_used && heap[child + 1]->deadline < heap[child]->deadline)
            child++;
        if (child >= heap_used || heap[child]->deadline >= object->deadline)
            break;
        place(at, heap[child]);
        at = child;
    }
    place(at, object);
}

void timer_stop(struct object *object)
{
    if (!object->heap_place)
        return;
    size_t at = object->heap_place - 1;
    object->heap_place = 0;
    heap_used--;
    if (at == heap_used)
        return;
    place(at, heap[heap_used]);
    sift_up(at);
    sift_down(heap[at]->heap_place - 1);
}

jn_status_t timer_set(struct object *object, uint64_t deadline, uint64_t interval)
{
    timer_stop(object);
    object->deadline = deadline;
    object->interval = interval;
    if (!deadline)
        return JN_OK;
    if (heap_used == heap_size) {
        size_t size = heap_size ? heap_size * 2 : 64;
        struct object **bigger = realloc(heap, size * sizeof *heap);
        if (!bigger)
            return JN_NO_MEMORY;
        heap = bigger;
        heap_size = size;
    }
    place(heap_used, object);
    sift_up(heap_used++);
    return JN_OK;
}

uint64_t timer_next(void)
{
    return heap_used ? heap[0]->deadline : 0;
}

void timer_expire(uint64_t now)
{
    while (heap_used && heap[0]->deadline <= now) {
        struct object *object = heap[0];
        uint64_t times = 1, deadline = 0;
        if (object->interval) {
            times += (now - object->deadline) / object->interval;
            deadline = object->deadline + times * object->interval;
        }
        object->value = object->kind == OBJECT_TIMERFD ? object->value + times : 1;
        /* The heap has the room that the timer leaves: this cannot fail. */
        jn_status_t ignored = timer_set(object, deadline, object->interval);
        (void)ignored;
        waiter_wake_all(object, IO_READABLE);
    }
}

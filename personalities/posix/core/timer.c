/* All deadlines of the core in one binary heap. */
#include <stdlib.h>

#include "core.h"

static struct timer **heap; /* heap[1] is the earliest */
static size_t count, capacity;

static void put(size_t place, struct timer *timer)
{
    heap[place] = timer;
    timer->place = place;
}

static void sift_up(size_t place, struct timer *timer)
{
    while (place > 1 && heap[place / 2]->deadline > timer->deadline) {
        put(place, heap[place / 2]);
        place /= 2;
    }
    put(place, timer);
}

static void sift_down(size_t place, struct timer *timer)
{
    for (;;) {
        size_t child = place * 2;
        if (child > count)
            break;
        if (child < count && heap[child + 1]->deadline < heap[child]->deadline)
            child++;
        if (heap[child]->deadline >= timer->deadline)
            break;
        put(place, heap[child]);
        place = child;
    }
    put(place, timer);
}

int timer_set(struct timer *timer, uint64_t deadline)
{
    timer_clear(timer);
    if (count + 2 > capacity) {
        size_t wanted = capacity ? capacity * 2 : 64;
        struct timer **larger = realloc(heap, wanted * sizeof *heap);
        if (!larger)
            return -LX_ENOMEM;
        heap = larger;
        capacity = wanted;
    }
    timer->deadline = deadline;
    sift_up(++count, timer);
    return 0;
}

void timer_clear(struct timer *timer)
{
    size_t place = timer->place;
    if (!place)
        return;
    timer->place = 0;
    struct timer *last = heap[count--];
    if (last == timer)
        return;
    if (place > 1 && heap[place / 2]->deadline > last->deadline)
        sift_up(place, last);
    else
        sift_down(place, last);
}

uint64_t timer_next(void)
{
    /* 0 means none, and time 0 is long past. */
    return count ? (heap[1]->deadline ? heap[1]->deadline : 1) : 0;
}

void timer_run(uint64_t now)
{
    while (count && heap[1]->deadline <= now) {
        struct timer *timer = heap[1];
        timer_clear(timer);
        timer->fire(timer);
    }
}

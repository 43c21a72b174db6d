/* One-shot timers: a heap per CPU on its LAPIC, and no tick (KERNEL 22). The LAPIC is written only
 * when the first deadline moves before the armed one; an interrupt that comes too early, because
 * its timer was cancelled, finds nothing due and arms for what is left. */
#include "cpu.h"
#include "platform/lapic.h"
#include "platform/time.h"
#include "platform/time_source.h"

static struct queue {
    struct timer *root;
    uint64_t armed_until; /* the interrupt will come then; 0: none is armed */
} __attribute__((aligned(64))) queues[CPU_MAX];

static void program(struct queue *queue, uint64_t deadline)
{
    if (queue->armed_until && queue->armed_until <= deadline)
        return;
    uint64_t now = time_now();
    queue->armed_until = deadline;
    lapic_timer(time_lapic_ticks(deadline > now ? deadline - now : 0));
}

void timer_arm(struct timer *timer, uint64_t deadline_ns)
{
    struct queue *queue = &queues[cpu_self()->id];

    timer_cancel(timer);
    timer->cpu = (uint8_t)cpu_self()->id;
    timer->deadline = deadline_ns;
    timer->armed = true;
    queue->root = timer_heap_insert(queue->root, timer);
    if (queue->root == timer && deadline_ns != TIME_FOREVER)
        program(queue, deadline_ns);
}

void timer_cancel(struct timer *timer)
{
    struct queue *queue = &queues[timer->cpu];

    if (!timer->armed)
        return;
    timer->armed = false;
    queue->root = timer_heap_remove(queue->root, timer);
}

void timer_interrupt(void)
{
    struct queue *queue = &queues[cpu_self()->id];

    lapic_acknowledge();
    queue->armed_until = 0;
    time_correct();
    uint64_t now = time_now();
    while (queue->root && queue->root->deadline <= now) {
        struct timer *due = queue->root;

        queue->root = timer_heap_remove(queue->root, due);
        due->armed = false;
        due->expire(due);
    }
    if (queue->root && queue->root->deadline != TIME_FOREVER)
        program(queue, queue->root->deadline);
}

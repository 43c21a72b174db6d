/* The central placement, and the host's tests: no thread of a program does anything without the core. */
#include "placement.h"

void placement_lock(struct process *p, const struct descriptor *d)
{
    (void)p, (void)d;
}

void placement_unlock(struct process *p, const struct descriptor *d)
{
    (void)p, (void)d;
}

void placement_used(struct process *p, const struct descriptor *d, uint64_t length)
{
    (void)p, (void)d, (void)length;
}

void placement_release(struct process *p, const struct descriptor *d)
{
    (void)p, (void)d;
}

void placement_take_back(struct process *p, const struct descriptor *d)
{
    (void)p, (void)d;
}

void placement_take_back_all(struct process *p)
{
    (void)p;
}

bool placement_inside(struct thread *t, uint64_t rip, enum placement_event event, uint64_t address,
                      uint32_t access)
{
    (void)t, (void)rip, (void)event, (void)address, (void)access;
    return false;
}

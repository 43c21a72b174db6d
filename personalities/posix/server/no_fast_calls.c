/* The central placement, and the host's tests: no thread of a program does anything without the core. */
#include "placement.h"

bool placement_keeps_task(const struct thread *t)
{
    (void)t;
    return false;
}

void placement_image_gone(void)
{
}

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

void placement_polled(struct process *p, const uint32_t *fds, const uint64_t *items, uint32_t count)
{
    (void)p, (void)fds, (void)items, (void)count;
}

void placement_futex_count(uint64_t place, int32_t more)
{
    (void)place, (void)more;
}

uint32_t placement_futex_wake(uint64_t place, uint32_t count)
{
    (void)place, (void)count;
    return 0;
}

void placement_futex_waits(struct thread *t)
{
    (void)t;
}

void placement_thread_gone(struct thread *t)
{
    (void)t;
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

bool placement_private_call(struct thread *t, long *result)
{
    (void)t, (void)result;
    return false;
}

uint64_t placement_program_rip(uint64_t rip)
{
    return rip;
}

uint64_t placement_resume_rip(uint64_t rip)
{
    return rip;
}

void placement_memory_changes(struct process *p, uint64_t address, uint64_t length)
{
    (void)p, (void)address, (void)length;
}

void placement_memory_shown(struct process *p, uint64_t address)
{
    (void)p, (void)address;
}

void placement_gs_changes(struct process *p)
{
    (void)p;
}

void placement_thread(struct thread *t)
{
    (void)t;
}

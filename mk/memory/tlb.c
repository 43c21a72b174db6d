#include "memory/tlb.h"

#include "cpu.h"
#include "memory/frame.h"
#include "memory/layout.h"
#include "memory/pool.h"

static struct list stale_spaces = {&stale_spaces, &stale_spaces}; /* under the kernel lock */

void tlb_init(struct space *space)
{
    list_init(&space->stale_link);
}

static void note(struct space *space)
{
    if (list_empty(&space->stale_link))
        list_insert(&stale_spaces, &space->stale_link);
}

void tlb_note(struct space *space, uint64_t address, unsigned level)
{
    note(space);
    if (level)
        space->stale_count = TLB_PAGES + 1;
    else if (space->stale_count < TLB_PAGES)
        space->stale_page[space->stale_count++] = address;
    else
        space->stale_count = TLB_PAGES + 1;
}

static void free_table(struct space *space, uint32_t number)
{
    struct frame *frame = frame_at(number);

    if (frame->next)
        pool_free_zero_frames(space->pool, phys_to_virt((uint64_t)frame->next << PAGE_SHIFT), 0);
    frame->next = frame->previous = 0;
    frame->kind = FRAME_USED;
    pool_free_zero_frames(space->pool, phys_to_virt((uint64_t)number << PAGE_SHIFT), 0);
}

void tlb_table_dead(struct space *space, uint32_t number)
{
    if (!tlb_loaded(space)) {
        free_table(space, number);
        return;
    }
    /* Paging-structure caches may still lead there (Intel SDM Vol. 3A, 4.10.3). */
    note(space);
    space->stale_count = TLB_PAGES + 1;
    frame_at(number)->previous = space->dead_tables;
    space->dead_tables = number;
}

static void flush_local(const struct space *space)
{
    if (space->stale_count > TLB_PAGES) {
        __asm__ volatile("mov %0, %%cr3" : : "r"(space->cr3) : "memory");
        return;
    }
    for (uint32_t i = 0; i < space->stale_count; i++)
        __asm__ volatile("invlpg (%0)" : : "r"(space->stale_page[i]) : "memory");
}

void tlb_flush(void)
{
    while (!list_empty(&stale_spaces)) {
        struct space *space = container_of(stale_spaces.next, struct space, stale_link);

        list_remove(&space->stale_link);
        if (tlb_loaded_here(space))
            flush_local(space);
        if (cpu_count > 1)
            cpu_shoot_down(space->cr3, ASK_FLUSH, space->dead_tables);
        space->stale_count = 0;
        while (space->dead_tables) {
            uint32_t number = space->dead_tables;

            space->dead_tables = frame_at(number)->previous;
            free_table(space, number);
        }
    }
}

void tlb_leave(struct space *space)
{
    if (cpu_count > 1)
        cpu_shoot_down(space->cr3, ASK_LEAVE, true);
    if (tlb_loaded_here(space)) {
        __asm__ volatile("mov %0, %%cr3" : : "r"(kernel_cr3) : "memory");
        cpu_self()->cr3 = kernel_cr3;
    }
}

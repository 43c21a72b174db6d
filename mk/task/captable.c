/* Capability tables: where slots are, and how a table grows.
 *
 * Slots that were never used cost nothing: their page is one page of zeroes that all tables share,
 * mapped read-only, so the fast path needs no bound but the mask on the handle. C reaches slots
 * through the direct map, so links between slots stay valid whatever is mapped, and a stale
 * translation on another CPU only shows an empty slot for a while.
 */
#include "cpu.h"
#include "lib/string.h"
#include "memory/layout.h"
#include "memory/pool.h"
#include "memory/pte.h"
#include "smp.h"
#include "task/task.h"
#include "thread/thread.h"

#define SLOTS_PER_PAGE (PAGE_SIZE / JN_CAP_STEP)
#define SLOTS_PER_HALF (SLOTS_PER_PAGE * 512)
#define SLOT_PAGE_BITS (PTE_PRESENT | PTE_WRITE | PTE_NX | PTE_ACCESSED | PTE_DIRTY)

static uint8_t zero_page[PAGE_SIZE] __attribute__((aligned(4096)));
static uint64_t zero_table[512] __attribute__((aligned(4096)));
static uint64_t *window; /* the page directory pointer table of which it is a part */
static uint64_t used[TASKS_MAX / 64];
static unsigned first_word; /* of `used`: all before it are full */

static uint64_t zero_entry(void)
{
    return image_to_phys(zero_page) | PTE_PRESENT | PTE_NX | PTE_ACCESSED;
}

void captable_init(void)
{
    const uint64_t *top = phys_to_virt(kernel_cr3);

    window = phys_to_virt(top[TABLE_WINDOW >> 39 & 511] & PTE_ADDRESS);
    for (unsigned i = 0; i < 512; i++)
        zero_table[i] = zero_entry();
}

/* The page directory entry of one half of a table; NULL when there is no memory. Directories cover
 * 256 tables and stay for ever: at most 256 frames of the root Pool. */
static uint64_t *directory_entry(uint64_t address)
{
    uint64_t *entry = &window[address >> 30 & 511];

    if (!*entry) {
        uint64_t *directory = pool_alloc_frames(&root_pool, 0);
        if (!directory)
            return NULL;
        *entry = virt_to_phys(directory) | PTE_PRESENT | PTE_WRITE | PTE_NX;
    }
    uint64_t *directory = phys_to_virt(*entry & PTE_ADDRESS);
    return &directory[address >> 21 & 511];
}

static void set_half(struct task *task, unsigned half, uint64_t physical)
{
    *directory_entry(task->captable + half * (TABLE_BYTES / TABLE_HALVES)) =
        physical | PTE_PRESENT | PTE_WRITE | PTE_NX;
}

status_t captable_create(struct task *task)
{
    /* The lowest place: directories are made for what is used at once. A CPU that has translations of
     * what was there loads CR3 before it runs the new task. */
    while (first_word < TASKS_MAX / 64 && !~used[first_word])
        first_word++;
    if (first_word == TASKS_MAX / 64)
        return JN_NO_MEMORY;
    unsigned place = first_word * 64 + (unsigned)__builtin_ctzll(~used[first_word]);
    task->captable = TABLE_WINDOW + place * TABLE_BYTES;
    if (!directory_entry(task->captable))
        return JN_NO_MEMORY;
    used[place / 64] |= 1ull << place % 64;
    for (unsigned half = 0; half < TABLE_HALVES; half++)
        set_half(task, half, image_to_phys(zero_table));
    return JN_OK;
}

/* The page that holds a slot, or NULL if that is the page of zeroes. */
static struct cap *slot_page(struct task *task, uint64_t number)
{
    uint64_t *half = task->halves[number / SLOTS_PER_HALF];

    if (!half)
        return NULL;
    uint64_t entry = half[number / SLOTS_PER_PAGE % 512];
    return entry & PTE_WRITE ? phys_to_virt(entry & PTE_ADDRESS) : NULL;
}

struct cap *task_slot(struct task *task, uint64_t handle)
{
    uint64_t number = handle / JN_CAP_STEP;

    if (handle % JN_CAP_STEP || !number || number >= JN_CAP_HANDLES)
        return NULL;
    struct cap *page = slot_page(task, number);
    return page ? &page[number % SLOTS_PER_PAGE] : (struct cap *)zero_page;
}

static status_t grow(struct task *task, uint64_t number)
{
    uint64_t **half = &task->halves[number / SLOTS_PER_HALF];

    if (!*half) {
        uint64_t *table = pool_alloc_frames(task->object.pool, 0);
        if (!table)
            return JN_NO_MEMORY;
        memcpy(table, zero_table, sizeof zero_table);
        *half = table;
        set_half(task, (unsigned)(number / SLOTS_PER_HALF), virt_to_phys(table));
    }
    void *page = pool_alloc_frames(task->object.pool, 0);
    if (!page)
        return JN_NO_MEMORY;
    (*half)[number / SLOTS_PER_PAGE % 512] = virt_to_phys(page) | SLOT_PAGE_BITS;
    task->table_pages++;
    __asm__ volatile("invlpg (%0)" : : "r"(task->captable + number * JN_CAP_STEP) : "memory");
    return JN_OK;
}

status_t task_slot_empty(struct task *task, uint64_t handle, struct cap **slot)
{
    struct cap *found = task_slot(task, handle);

    if (!found)
        return JN_BAD_ARG;
    if (!cap_empty(found))
        return JN_EXISTS;
    if (found == (struct cap *)zero_page) {
        status_t status = grow(task, handle / JN_CAP_STEP);
        if (status)
            return status;
        found = task_slot(task, handle);
    }
    /* A fast path may still be at what stood here. */
    quiesce(found->killed);
    *slot = found;
    return JN_OK;
}

/* Empties the slots of one page after the other, then frees pages and page tables. */
bool captable_finish(struct task *task)
{
    while (task->table_pages && task->sweep < JN_CAP_HANDLES) {
        uint64_t number = task->sweep;
        uint64_t *half = task->halves[number / SLOTS_PER_HALF];
        if (!half) {
            task->sweep += SLOTS_PER_HALF;
            continue;
        }
        struct cap *page = slot_page(task, number);
        task->sweep += SLOTS_PER_PAGE;
        if (!page)
            continue;
        for (unsigned i = 0; i < SLOTS_PER_PAGE; i++)
            if (!cap_empty(&page[i]))
                cap_delete(&page[i]);
        half[number / SLOTS_PER_PAGE % 512] = zero_entry();
        __asm__ volatile("invlpg (%0)" : : "r"(task->captable + number * JN_CAP_STEP) : "memory");
        pool_free_frames(task->object.pool, page, 0);
        task->table_pages--;
        return false;
    }
    for (unsigned half = 0; half < TABLE_HALVES; half++) {
        set_half(task, half, image_to_phys(zero_table));
        if (task->halves[half])
            pool_free_frames(task->object.pool, task->halves[half], 0);
        task->halves[half] = NULL;
    }
    /* The window's entries are not global: reloading CR3 forgets the page tables. */
    __asm__ volatile("movq %%cr3, %%rax\n\tmovq %%rax, %%cr3" : : : "rax", "memory");
    uint64_t place = (task->captable - TABLE_WINDOW) / TABLE_BYTES;
    used[place / 64] &= ~(1ull << place % 64);
    if (place / 64 < first_word)
        first_word = (unsigned)(place / 64);
    return true;
}

/* ---- lookups ---- */

struct object *cap_object(const struct cap *cap, unsigned type, unsigned rights, status_t *status)
{
    if (!cap || cap->type != type) {
        *status = JN_BAD_CAP;
        return NULL;
    }
    if (rights & ~(unsigned)cap->rights) {
        *status = JN_NO_RIGHT;
        return NULL;
    }
    *status = JN_OK;
    return cap->object;
}

struct cap *own_slot(uint64_t handle)
{
    return task_slot(current_thread()->task, handle);
}

status_t own_slot_empty(uint64_t handle, struct cap **slot)
{
    return task_slot_empty(current_thread()->task, handle, slot);
}

struct object *own_object(uint64_t handle, unsigned type, unsigned rights, status_t *status)
{
    return cap_object(own_slot(handle), type, rights, status);
}

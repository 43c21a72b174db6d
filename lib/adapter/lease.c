/* Leases: what they take of the adapter's address space, and who may use them. */
#include "janus/adapter_lease.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "janus/adapter.h"
#include "janus/idl/dataspace.h"
#include "janus/idl/lease.h"
#include "janus/ipc.h"
#include "janus/lease.h"
#include "janus/object.h"
#include "janus/runtime.h"

#define PAGE 4096ull
#define FAULT_BYTES (256u << 10) /* of a file, mapped at once */
#define CELLS_BYTES (64u << 10) /* of cells: 1,024 leases */

_Static_assert(sizeof(struct adapter_lease) == 64 && offsetof(struct adapter_lease, cell) == 8 &&
                   offsetof(struct adapter_lease, data) == 16 &&
                   offsetof(struct adapter_lease, limit) == 24 &&
                   offsetof(struct adapter_lease, wait) == 32 &&
                   offsetof(struct adapter_lease, wake) == 40 &&
                   offsetof(struct adapter_lease, flags) == 48 &&
                   offsetof(struct adapter_lease, waiter) == 52 &&
                   offsetof(struct adapter_lease, number) == 56,
               "lease.inc");
_Static_assert(offsetof(struct jn_pipe_ring, reader_waits) == 8 &&
                   offsetof(struct jn_pipe_ring, tail) == 64 &&
                   offsetof(struct jn_pipe_ring, writer_waits) == 72 &&
                   offsetof(struct jn_pipe_ring, ends) == 128,
               "lease.inc");

static uint64_t cells; /* address of the cells' pages */
static uint32_t cell_pages;

/* ---- windows: powers of two from 64 KiB on ---- */

#define SMALLEST 16 /* log2 */
#define LARGEST 26
static uint64_t free_windows[LARGEST + 1]; /* chains through window_next */
static struct window {
    uint64_t address, next;
    uint32_t order;
} *windows;
static uint32_t window_count, window_capacity;

static uint64_t window_get(uint64_t bytes, uint32_t *order)
{
    for (*order = SMALLEST; 1ull << *order < bytes; ++*order)
        if (*order == LARGEST)
            return 0;
    uint64_t *first = &free_windows[*order];
    if (*first) { /* an index from 1 */
        struct window *window = &windows[*first - 1];
        *first = window->next;
        return window->address;
    }
    if (window_count == window_capacity) {
        uint32_t capacity = window_capacity ? window_capacity * 2 : 16;
        struct window *more = realloc(windows, capacity * sizeof *more);
        if (!more)
            return 0;
        windows = more;
        window_capacity = capacity;
    }
    uint64_t address = jn_reserve(1ull << *order, *order);
    if (address)
        windows[window_count++] = (struct window){address, 0, *order};
    return address;
}

static struct window *window_find(uint64_t address)
{
    for (uint32_t i = 0; i < window_count; i++)
        if (address - windows[i].address < 1ull << windows[i].order)
            return &windows[i];
    return NULL;
}

static void window_give(uint64_t address)
{
    struct window *window = window_find(address);
    uint64_t seen, bits;
    jn_status_t status = jn_task_unmap(JN_CAP_TASK, address, (1ull << window->order) / PAGE,
                                       JN_R | JN_W | JN_X, 0, &seen, &bits);
    if (status != JN_OK)
        jn_log(JN_LOG_ERROR, "a window stays mapped: %s", jn_status_text(status));
    window->next = free_windows[window->order];
    free_windows[window->order] = (uint64_t)(window - windows) + 1;
}

/* ---- the lock ---- */

void adapter_lease_lock(struct adapter_lease *lease,
                        bool (*evict)(void *context, struct adapter_lease *lease, uint32_t lock),
                        void *context)
{
    for (;;) {
        uint32_t lock = 0;
        if (__atomic_compare_exchange_n(&lease->lock, &lock, ADAPTER_LEASE_HANDLER, false,
                                        __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            return;
        if (evict(context, lease, lock)) {
            /* Of one that is gone, or was sent away; unless it was given back on that way. */
            if (__atomic_compare_exchange_n(&lease->lock, &lock, ADAPTER_LEASE_HANDLER, false,
                                            __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
                return;
            continue;
        }
        (void)jn_syscall(JN_YIELD, JN_CAP_NULL, &(struct jn_registers){0});
    }
}

void adapter_lease_unlock(struct adapter_lease *lease)
{
    __atomic_store_n(&lease->lock, 0, __ATOMIC_RELEASE);
}

/* ---- leases ---- */

static jn_status_t take_file(struct adapter_lease *lease, uint64_t number)
{
    cap_t fs = ADAPTER_CAP_CLIENT_FS;
    uint32_t kind, cell, added;
    if (!cells)
        cells = jn_reserve(CELLS_BYTES, 12);
    if (!cells || cell_pages == CELLS_BYTES / PAGE)
        return JN_NO_MEMORY;
    jn_status_t status =
        lease_file(fs, number, cells + cell_pages * PAGE, &kind, &cell, &added);
    if (status != JN_OK)
        return status;
    cell_pages += added != 0;
    if (kind != LEASE_FILE) {
        lease->kind = kind;
        return JN_OK;
    }
    struct jn_lease_cell *at = (struct jn_lease_cell *)cells + cell;
    uint32_t order;
    uint64_t window = cell < cell_pages * (PAGE / sizeof *at) ? window_get(at->size + 1, &order) : 0;
    if (!window) {
        status = lease_end(fs, number);
        return status == JN_OK ? JN_NO_MEMORY : status;
    }
    lease->cell = at;
    lease->data = window;
    lease->limit = 1ull << order;
    __atomic_store_n(&lease->kind, LEASE_FILE, __ATOMIC_RELEASE);
    return JN_OK;
}

static jn_status_t take_pipe(struct adapter_lease *lease, uint64_t number)
{
    uint32_t kind, order;
    uint64_t window = window_get(LEASE_PIPE_PAGES * PAGE, &order);
    if (!window)
        return JN_NO_MEMORY;
    jn_status_t status =
        lease_pipe(ADAPTER_CAP_CLIENT_FS, number, window, &kind, &lease->wait, &lease->wake);
    if (status != JN_OK) {
        window_give(window);
        return status;
    }
    lease->cell = (void *)window;
    lease->data = window + PAGE;
    lease->waiter = 0;
    __atomic_store_n(&lease->kind, kind, __ATOMIC_RELEASE);
    return JN_OK;
}

bool adapter_lease_has_ended(const struct adapter_lease *lease)
{
    return lease->kind == LEASE_FILE && ((struct jn_lease_cell *)lease->cell)->state != JN_LEASE_HELD;
}

bool adapter_lease_has_outgrown(const struct adapter_lease *lease)
{
    return lease->kind == LEASE_FILE && ((struct jn_lease_cell *)lease->cell)->size > lease->limit;
}

jn_status_t adapter_lease_take(struct adapter_lease *lease, uint64_t number)
{
    lease->number = number;
    jn_status_t status = take_file(lease, number);
    return status == JN_NOT_SUPPORTED ? take_pipe(lease, number) : status;
}

void adapter_lease_drop(struct adapter_lease *lease)
{
    uint32_t kind = lease->kind;
    lease->kind = 0;
    if (kind == LEASE_PIPE_READ || kind == LEASE_PIPE_WRITE) {
        jn_cap_delete(lease->wait);
        jn_cap_delete(lease->wake);
        window_give((uint64_t)(uintptr_t)lease->cell);
    } else if (kind == LEASE_FILE) {
        window_give(lease->data);
    }
}

enum adapter_lease_fault adapter_lease_resolve(const struct adapter_lease *lease, uint64_t address)
{
    if (lease->kind == LEASE_FILE && address - lease->data < lease->limit) {
        uint64_t offset = (address - lease->data) & ~(uint64_t)(FAULT_BYTES - 1), mapped;
        if (dataspace_map(ADAPTER_CAP_CLIENT_FS, lease->number, offset, lease->data + offset,
                          FAULT_BYTES, JN_R, 0, &mapped) == JN_OK &&
            offset + mapped > address - lease->data)
            return ADAPTER_LEASE_MAPPED;
        offset = (address - lease->data) & ~(PAGE - 1);
        return dataspace_map(ADAPTER_CAP_CLIENT_FS, lease->number, offset, lease->data + offset,
                             PAGE, JN_R, 0, &mapped) == JN_OK &&
                       mapped
                   ? ADAPTER_LEASE_MAPPED
                   : ADAPTER_LEASE_UNMAPPABLE;
    }
    if ((lease->kind == LEASE_PIPE_READ || lease->kind == LEASE_PIPE_WRITE) &&
        address - (uint64_t)(uintptr_t)lease->cell < LEASE_PIPE_PAGES * PAGE)
        return ADAPTER_LEASE_RING_GONE;
    return ADAPTER_LEASE_ELSEWHERE;
}

void adapter_leases_child(void)
{
    cells = 0;
    cell_pages = 0;
    window_count = 0;
    memset(free_windows, 0, sizeof free_windows);
}

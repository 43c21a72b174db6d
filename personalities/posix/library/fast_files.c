/* Which descriptors are leased. A lease is asked for once a descriptor was used a few times in small
 * pieces, for a lease costs more than one call, and given up before anybody else can mean the open. */
#include "fast_files.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "descriptors.h"
#include "janus/adapter.h"
#include "janus/idl/dataspace.h"
#include "janus/idl/lease.h"
#include "janus/ipc.h"
#include "janus/lease.h"
#include "janus/object.h"
#include "janus/runtime.h"
#include "library.h"
#include "mm.h"
#include "placement.h"

#define PAGE 4096ull
#define FILES 128          /* descriptor numbers from here on are the handler's only */
#define USES 4             /* before a lease is asked for */
#define REFUSED (-256)     /* uses, after it was refused */
#define SMALL_BYTES 65536u /* larger transfers are as cheap by the server; COPY_MOST */
#define FAULT_BYTES (256u << 10) /* of a file, mapped at once */
#define CELLS_BYTES (64u << 10) /* of cells: 1,024 leases */

_Static_assert(sizeof(struct fast_file) == 64 && offsetof(struct fast_file, cell) == 8 &&
                   offsetof(struct fast_file, data) == 16 &&
                   offsetof(struct fast_file, limit) == 24 &&
                   offsetof(struct fast_file, wait) == 32 &&
                   offsetof(struct fast_file, wake) == 40 &&
                   offsetof(struct fast_file, flags) == 48 &&
                   offsetof(struct fast_file, waiter) == 52 &&
                   offsetof(struct fast_file, number) == 56,
               "fast.inc");
_Static_assert(offsetof(struct jn_pipe_ring, reader_waits) == 8 &&
                   offsetof(struct jn_pipe_ring, tail) == 64 &&
                   offsetof(struct jn_pipe_ring, writer_waits) == 72 &&
                   offsetof(struct jn_pipe_ring, ends) == 128,
               "fast.inc");
_Static_assert(offsetof(struct jn_utcb, user) == 1056 && ADAPTER_CAP_CLIENT_FS == 13 * 64 &&
                   LEASE_METHOD_KICK == (15 << 8 | 2),
               "fast.inc");

struct fast_file *fast_files;
uint32_t fast_file_count;

static int16_t uses[FILES];
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

static struct thread *owner_of(struct process *p, uint32_t lock)
{
    struct thread *t;
    list_for_each(t, struct thread, &p->threads, link)
        if ((uint32_t)t->backend.utcb == lock)
            return t;
    return NULL;
}

/* Takes the lock from whoever has it: a thread in the middle of its call is sent to the handler. */
static void take(struct process *p, struct fast_file *file)
{
    for (;;) {
        uint32_t lock = 0;
        if (__atomic_compare_exchange_n(&file->lock, &lock, FAST_LOCK_HANDLER, false,
                                        __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            return;
        struct thread *t = owner_of(p, lock);
        enum jn_was was;
        if (t && jn_thread_suspend(t->backend.thread, &was) == JN_OK) {
            bool sent = file->lock == lock && library_send_away(t, file);
            jn_status_t status = jn_thread_resume(t->backend.thread);
            if (status != JN_OK)
                jn_log(JN_LOG_ERROR, "a thread stays suspended: %s", jn_status_text(status));
            if (!sent) { /* it is a few instructions before giving the lock back */
                (void)jn_syscall(JN_YIELD, JN_CAP_NULL, &(struct jn_registers){0});
                continue;
            }
        }
        file->lock = FAST_LOCK_HANDLER; /* of one that is gone, or was sent away */
        return;
    }
}

static void give(struct fast_file *file)
{
    __atomic_store_n(&file->lock, 0, __ATOMIC_RELEASE);
}

struct fast_file *fast_files_locked(struct thread *t, uint64_t file)
{
    uint64_t at = file - (uint64_t)(uintptr_t)fast_files;
    if (!fast_files || at >= fast_file_count * sizeof *fast_files || at % sizeof *fast_files)
        return NULL;
    struct fast_file *found = (struct fast_file *)file;
    return found->lock == (uint32_t)t->backend.utcb ? found : NULL;
}

/* ---- leases ---- */

static jn_status_t lease_as_file(const struct descriptor *d, struct fast_file *file)
{
    cap_t fs = ADAPTER_CAP_CLIENT_FS;
    uint32_t kind, cell, added;
    if (!cells)
        cells = jn_reserve(CELLS_BYTES, 12);
    if (!cells || cell_pages == CELLS_BYTES / PAGE)
        return JN_NO_MEMORY;
    jn_status_t status =
        lease_file(fs, d->open.number, cells + cell_pages * PAGE, &kind, &cell, &added);
    if (status != JN_OK)
        return status;
    cell_pages += added != 0;
    if (kind != LEASE_FILE) {
        file->kind = kind;
        return JN_OK;
    }
    struct jn_lease_cell *at = (struct jn_lease_cell *)cells + cell;
    uint32_t order;
    uint64_t window = cell < cell_pages * (PAGE / sizeof *at) ? window_get(at->size + 1, &order) : 0;
    if (!window) {
        status = lease_end(fs, d->open.number);
        return status == JN_OK ? JN_NO_MEMORY : status;
    }
    file->cell = at;
    file->data = window;
    file->limit = 1ull << order;
    __atomic_store_n(&file->kind, LEASE_FILE, __ATOMIC_RELEASE);
    return JN_OK;
}

static jn_status_t lease_as_pipe(struct process *p, const struct descriptor *d, struct fast_file *file)
{
    uint32_t kind, order;
    uint64_t window = window_get(LEASE_PIPE_PAGES * PAGE, &order);
    if (!window)
        return JN_NO_MEMORY;
    jn_status_t status =
        lease_pipe(ADAPTER_CAP_CLIENT_FS, d->open.number, window, &kind, &file->wait, &file->wake);
    if (status != JN_OK) {
        window_give(window);
        return status;
    }
    file->cell = (void *)window;
    file->data = window + PAGE;
    file->waiter = 0;
    file->flags = descriptor_nonblocking(p, d) ? FAST_NONBLOCK : 0;
    __atomic_store_n(&file->kind, kind, __ATOMIC_RELEASE);
    return JN_OK;
}

static bool has_ended(const struct fast_file *file)
{
    return file->kind == LEASE_FILE && ((struct jn_lease_cell *)file->cell)->state != JN_LEASE_HELD;
}

/* The file has become larger than its window: reads of what is behind it are the handler's. */
static bool has_outgrown(const struct fast_file *file)
{
    return file->kind == LEASE_FILE && ((struct jn_lease_cell *)file->cell)->size > file->limit;
}

static uint32_t number_of(const struct process *p, const struct descriptor *d)
{
    return (uint32_t)(d - p->descriptors.table);
}

void placement_used(struct process *p, const struct descriptor *d, uint64_t length)
{
    uint32_t fd = number_of(p, d);
    if (fd >= FILES || length > SMALL_BYTES)
        return;
    struct fast_file *file = fd < fast_file_count ? &fast_files[fd] : NULL;
    if (file && has_ended(file))
        fast_files_release(p, fd);
    if (++uses[fd] < USES)
        return;
    if (file && file->kind && !has_outgrown(file)) {
        uses[fd] = 0;
        return;
    }
    placement_take_back(p, d);
    uses[fd] = REFUSED;
    /* A vfork child's numbers are others', and edges are seen by the handler. */
    if (d->kind != DESCRIPTOR_OPEN || d->open.server != BACKEND_FS || d->watched ||
        p->trace || p->mm->users != 1)
        return;
    if (!fast_files) {
        fast_files = calloc(FILES, sizeof *fast_files);
        if (!fast_files)
            return;
        fast_file_count = FILES;
    }
    file = &fast_files[fd];
    take(p, file);
    file->number = d->open.number;
    jn_status_t status = lease_as_file(d, file);
    if (status == JN_NOT_SUPPORTED)
        status = lease_as_pipe(p, d, file);
    if (status != JN_OK)
        file->kind = 0;
    else
        uses[fd] = 0;
    give(file);
}

void fast_files_release(struct process *p, uint32_t fd)
{
    struct fast_file *file = &fast_files[fd];
    take(p, file);
    uint32_t kind = file->kind;
    file->kind = 0;
    if (kind == LEASE_PIPE_READ || kind == LEASE_PIPE_WRITE) {
        jn_cap_delete(file->wait);
        jn_cap_delete(file->wake);
        window_give((uint64_t)(uintptr_t)file->cell);
    } else if (kind == LEASE_FILE) {
        window_give(file->data);
    }
    give(file);
}

void placement_lock(struct process *p, const struct descriptor *d)
{
    uint32_t fd = number_of(p, d);
    if (fd < fast_file_count && fast_files[fd].kind)
        take(p, &fast_files[fd]);
}

void placement_unlock(struct process *p, const struct descriptor *d)
{
    uint32_t fd = number_of(p, d);
    if (fd < fast_file_count && fast_files[fd].lock == FAST_LOCK_HANDLER)
        give(&fast_files[fd]);
}

void placement_release(struct process *p, const struct descriptor *d)
{
    uint32_t fd = number_of(p, d);
    if (fd < FILES)
        uses[fd] = 0;
    fast_poll_release(fd);
    if (fd < fast_file_count && fast_files[fd].kind)
        fast_files_release(p, fd);
}

void placement_take_back(struct process *p, const struct descriptor *d)
{
    uint32_t fd = number_of(p, d);
    if (fd >= fast_file_count || !fast_files[fd].kind)
        return;
    uint64_t number = fast_files[fd].number;
    placement_release(p, d);
    jn_status_t status = lease_end(ADAPTER_CAP_CLIENT_FS, number);
    if (status != JN_OK)
        jn_log(JN_LOG_WARNING, "the end of a lease: %s", jn_status_text(status));
}

void placement_take_back_all(struct process *p)
{
    for (uint32_t fd = 0; fd < fast_file_count && fd < p->descriptors.size; fd++)
        placement_take_back(p, &p->descriptors.table[fd]);
}

void fast_files_child(void)
{
    fast_poll_child();
    cells = 0;
    cell_pages = 0;
    window_count = 0;
    memset(free_windows, 0, sizeof free_windows);
}

bool fast_files_fault(struct thread *t, uint64_t address)
{
    for (uint32_t fd = 0; fd < fast_file_count; fd++) {
        struct fast_file *file = &fast_files[fd];
        if (file->kind == LEASE_FILE && address - file->data < file->limit) {
            uint64_t offset = (address - file->data) & ~(uint64_t)(FAULT_BYTES - 1), mapped;
            if (dataspace_map(ADAPTER_CAP_CLIENT_FS, file->number, offset, file->data + offset,
                              FAULT_BYTES, JN_R, 0, &mapped) == JN_OK &&
                offset + mapped > address - file->data)
                return true;
            offset = (address - file->data) & ~(PAGE - 1);
            return dataspace_map(ADAPTER_CAP_CLIENT_FS, file->number, offset, file->data + offset,
                                 PAGE, JN_R, 0, &mapped) == JN_OK &&
                   mapped;
        }
        if ((file->kind == LEASE_PIPE_READ || file->kind == LEASE_PIPE_WRITE) &&
            address - (uint64_t)(uintptr_t)file->cell < LEASE_PIPE_PAGES * PAGE) {
            /* The server has taken the ring away. */
            if (file->lock == (uint32_t)t->backend.utcb)
                file->lock = 0;
            fast_files_release(t->process, fd);
            return false;
        }
    }
    return false;
}

/* Which handles are leased. A lease is asked for once a handle was used a few times in small pieces, for a lease costs
 * more than one call, and given up when the handle goes or what it means changes. */
#include "leases.h"

#include <stdlib.h>
#include <string.h>

#include "janus/adapter.h"
#include "janus/idl/lease.h"
#include "janus/object.h"
#include "nt_lease.h"
#include "nt_pipe.h"
#include "placement.h"

#define USES 4         /* before a lease is asked for */
#define REFUSED (-256) /* uses, after it was refused */

_Static_assert(offsetof(struct fast_block, wake) == 152 && offsetof(struct fast_block, open) == 160,
               "fast_move.asm");

struct adapter_lease *fast_leases;
static struct use {
    uint64_t number; /* of the open that was used */
    int16_t count;
} uses[NT_LEASES];
static uint16_t *places; /* by number: the place that it is leased at, from 1; 0: none */
static uint64_t place_count;

/* ---- who is in the middle of something ---- */

static struct world_thread *thread_of(uint32_t lock)
{
    struct world_process *p = guest_process_any();

    for (struct world_thread *t = p ? p->threads : NULL; t; t = t->next)
        if (t->thread.utcb && (uint32_t)t->thread.utcb == lock)
            return t;
    return NULL;
}

static bool is_in(uint64_t rip, const char *begin, const char *end)
{
    return rip >= (uint64_t)(uintptr_t)begin && rip < (uint64_t)(uintptr_t)end;
}

/* Of a stopped thread: back to before its transfer, and to the handler. */
static bool send_away(struct world_thread *t)
{
    struct jn_state state;

    if (park_leave_ring(t, false, 0))
        return true;
    if (backend_thread_read(&t->thread, JN_STATE_REGS, &state) != JN_OK ||
        !is_in(state.rip, win32_move_begin, win32_move_end))
        return false;
    state.rip = (uint64_t)(uintptr_t)win32_fast_abort;
    state.r[JN_REG_RCX] = t->thread.utcb;
    fast_block_of(t->thread.utcb)->moving = NULL;
    return backend_thread_write(&t->thread, JN_STATE_REGS, &state) == JN_OK;
}

static void go_on(struct world_thread *t, enum jn_was was)
{
    jn_status_t status = was == JN_WAS_SUSPENDED ? JN_OK : jn_thread_resume(t->thread.thread);

    if (status != JN_OK)
        jn_log(JN_LOG_ERROR, "a thread stays suspended: %s", jn_status_text(status));
}

static bool evict(void *context, struct adapter_lease *lease, uint32_t lock)
{
    struct world_thread *t = thread_of(lock);
    enum jn_was was;

    (void)context;
    if (!t || jn_thread_suspend(t->thread.thread, &was) != JN_OK)
        return true;
    bool sent = lease->lock == lock && send_away(t);
    go_on(t, was);
    return sent;
}

void leases_left(struct fast_block *block)
{
    struct adapter_lease *lease = block->moving;
    uint32_t own = (uint32_t)((uint64_t)block - FAST_BLOCK);

    if (!lease)
        return;
    block->moving = NULL;
    atomic_store(&block->wait, FAST_RUNS); /* it has met a fault on its way to waiting at the ring */
    if (lease->lock == own) {
        adapter_lease_unlock(lease);
        return;
    }
    /* It may have moved something, and not have said so. */
    if (block->wake) {
        jn_status_t status = jn_signal_raise(block->wake, 1);
        (void)status;
        status = lease_kick(ADAPTER_CAP_CLIENT_FS, block->open);
        (void)status;
    }
}

/* ---- leases ---- */

static void release(uint32_t place)
{
    struct adapter_lease *lease = &fast_leases[place];
    struct world_thread *waiter;
    enum jn_was was;

    if (!lease->kind)
        return;
    adapter_lease_lock(lease, evict, NULL);
    /* Its Signal's capability goes. */
    waiter = lease->waiter ? thread_of(lease->waiter) : NULL;
    if (waiter && jn_thread_suspend(waiter->thread.thread, &was) == JN_OK) {
        (void)park_leave_ring(waiter, false, 0);
        go_on(waiter, was);
    }
    lease->flags = 0;
    if (lease->number < place_count)
        places[lease->number] = 0;
    adapter_lease_drop(lease);
    adapter_lease_unlock(lease);
}

/* The place where the open is leased, or NT_LEASES. */
static uint32_t place_of(uint64_t number)
{
    return number < place_count && places[number] ? places[number] - 1u : NT_LEASES;
}

static bool remember(uint64_t number, uint32_t place)
{
    if (number >= place_count) {
        uint64_t count = number + 64;
        uint16_t *more = number < 1u << 20 ? realloc(places, count * sizeof *more) : NULL;
        if (!more)
            return false;
        memset(more + place_count, 0, (count - place_count) * sizeof *more);
        places = more;
        place_count = count;
    }
    places[number] = (uint16_t)(place + 1);
    return true;
}

static void unlease(uint64_t number, bool closing)
{
    uint32_t place = place_of(number);

    if (place == NT_LEASES)
        return;
    release(place);
    jn_status_t status = closing ? JN_OK : lease_end(ADAPTER_CAP_CLIENT_FS, number);
    if (status != JN_OK)
        jn_log(JN_LOG_WARNING, "the end of a lease: %s", jn_status_text(status));
}

static uint32_t rights(const struct nt_file *file, uint32_t access)
{
    bool pipe = file->kind == NT_FILE_PIPE;

    if (file->open.server != WORLD_FS || file->write_open.server ||
        !(file->options & NT_FILE_SYNC) || (!pipe && file->kind != NT_FILE_DISK) ||
        file->pipe_mode & (NT_PIPE_READ_MESSAGES | NT_PIPE_NOWAIT | NT_PIPE_TYPE_MESSAGE))
        return 0;
    return (access & NT_FILE_READ_DATA ? FAST_READS : 0) |
           (pipe && access & NT_FILE_WRITE_DATA ? FAST_WRITES : 0);
}

/* nt_open_used: the core has carried out a read or write of `length` bytes. */
static void used(struct nt_thread *t, uint64_t handle, const struct nt_file *file, bool write,
                 uint64_t length)
{
    uint64_t place = (uint32_t)handle / 4 - 1, number = file->open.number;
    struct nt_handle *entry = nt_handle_entry(t->process, handle);
    uint32_t flags;

    if (place >= NT_LEASES || length > MOVE_MOST || !entry)
        return;
    flags = rights(file, entry->access);
    if (!(flags & (write ? FAST_WRITES : FAST_READS)))
        return;
    struct adapter_lease *lease = fast_leases ? &fast_leases[place] : NULL;
    if (lease && adapter_lease_has_ended(lease))
        release((uint32_t)place);
    struct use *use = &uses[place];
    if (use->number != number)
        *use = (struct use){number, 0};
    if (++use->count < USES)
        return;
    if (lease && lease->kind && !adapter_lease_has_outgrown(lease)) {
        use->count = 0;
        return;
    }
    use->count = REFUSED;
    if (place_of(number) != NT_LEASES && place_of(number) != place)
        return; /* by another handle */
    unlease(number, false);
    if (!fast_leases) {
        struct adapter_lease *made = aligned_alloc(64, NT_LEASES * sizeof *made);
        if (!made)
            return;
        memset(made, 0, NT_LEASES * sizeof *made);
        __atomic_store_n(&fast_leases, made, __ATOMIC_RELEASE);
    }
    lease = &fast_leases[place];
    if (lease->kind || !remember(number, (uint32_t)place))
        return;
    adapter_lease_lock(lease, evict, NULL);
    if (adapter_lease_take(lease, number) == JN_OK) {
        use->count = 0;
        lease->flags = flags;
    } else {
        places[number] = 0;
    }
    adapter_lease_unlock(lease);
}

/* nt_open_cancel: a thread that waits at a ring has its call end as cancelled. */
static bool cancel(struct nt_thread *target)
{
    enum jn_was was;

    if (!target->world || jn_thread_suspend(target->world->thread.thread, &was) != JN_OK)
        return false;
    bool waited = park_leave_ring(target->world, true, NT_CANCELLED);
    go_on(target->world, was);
    return waited;
}

void leases_begin(void)
{
    nt_open_used = used;
    nt_open_unlease = unlease;
    nt_open_cancel = cancel;
}

/* ---- what the world does at the server meanwhile ---- */

void placement_open_lock(uint64_t number)
{
    uint32_t place = place_of(number);

    if (place < NT_LEASES)
        adapter_lease_lock(&fast_leases[place], evict, NULL);
}

void placement_open_unlock(uint64_t number)
{
    uint32_t place = place_of(number);

    if (place < NT_LEASES)
        adapter_lease_unlock(&fast_leases[place]);
}

void placement_open_closed(uint64_t number)
{
    unlease(number, true);
}

bool leases_fault(struct world_thread *t, uint64_t address)
{
    struct jn_state state;

    for (uint32_t place = 0; fast_leases && place < NT_LEASES; place++) {
        enum adapter_lease_fault fault = adapter_lease_resolve(&fast_leases[place], address);
        if (fault == ADAPTER_LEASE_ELSEWHERE)
            continue;
        if (fault == ADAPTER_LEASE_MAPPED) {
            world_thread_resume(t);
            return true;
        }
        if (world_thread_state(t, &state) != JN_OK)
            return false;
        bool told = is_in(state.rip, win32_move_end, win32_told_end);
        if (!told)
            leases_left(fast_block_of(t->thread.utcb));
        if (fault == ADAPTER_LEASE_RING_GONE)
            release(place);
        if (!told)
            return placement_abort_fast(t);
        state.rip = (uint64_t)(uintptr_t)win32_told_over;
        state.valid = JN_STATE_REGS;
        world_thread_resume_with(t, &state);
        return true;
    }
    return false;
}

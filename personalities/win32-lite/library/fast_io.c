/* NtReadFile and NtWriteFile of leased opens, and writes to NUL, on the program's own thread: synchronous handles,
 * without event, APC and context, up to 64 KiB. All else is the handler's. */
#include "fast_io.h"

#include "janus/adapter.h"
#include "janus/idl/lease.h"
#include "janus/lease.h"
#include "janus/object.h"
#include "leases.h"
#include "nt_lease.h"
#include "nt_status.h"

#define SLOW FAST_SLOW

/* The arguments from the fifth on, as they stand on the program's stack. */
struct transfer {
    uint64_t iosb, buffer, length, offset;
};

static struct transfer transfer_of(struct jn_utcb *utcb)
{
    const volatile uint64_t *stack = (const volatile uint64_t *)utcb->door_rsp;

    return (struct transfer){stack[5], stack[6], (uint32_t)stack[7], stack[8]};
}

static struct adapter_lease *lease_of(uint64_t handle, uint32_t right)
{
    uint64_t place = (uint32_t)handle / 4 - 1;
    struct adapter_lease *all = __atomic_load_n(&fast_leases, __ATOMIC_ACQUIRE);

    return all && place < NT_LEASES && all[place].flags & right ? &all[place] : NULL;
}

/* The other end of a ring waits. It must hear it, whatever becomes of this thread meanwhile (leases_left). */
static void wake(struct fast_block *block, uint32_t waits)
{
    if (waits & JN_WAITS_SERVER)
        while (lease_kick(ADAPTER_CAP_CLIENT_FS, block->open) == JN_CANCELLED)
            ; /* by attention, before it was received */
    if (waits & JN_WAITS_CLIENT) {
        jn_status_t status = jn_signal_raise(block->wake, 1);
        (void)status; /* the lease may have ended */
    }
}

typedef uint64_t mover(struct adapter_lease *, uint64_t, uint64_t, uint64_t, int64_t,
                       struct fast_block *);

static uint64_t move(struct fast_block *block, mover *mover, struct adapter_lease *lease,
                     const struct transfer *transfer, int64_t offset)
{
    block->moving = lease;
    uint64_t moved =
        mover(lease, transfer->buffer, transfer->length, transfer->iosb, offset, block);
    if (moved < MOVE_EMPTY && moved >> 32)
        wake(block, (uint32_t)(moved >> 32));
    block->moving = NULL;
    return moved;
}

uint64_t fast_read_file(struct jn_utcb *utcb, uint64_t handle, uint64_t event, uint64_t apc,
                        uint64_t context)
{
    struct fast_block *block = fast_block_of((uint64_t)utcb);
    struct adapter_lease *lease = lease_of(handle, FAST_READS);
    int64_t offset = -1;

    if (!lease || event || apc || context)
        return SLOW;
    struct transfer transfer = transfer_of(utcb);
    if (!transfer.length || transfer.length > MOVE_MOST)
        return SLOW;
    if (transfer.offset)
        offset = *(const volatile int64_t *)transfer.offset;
    if (lease->kind == LEASE_FILE) {
        if (offset < 0 && transfer.offset && offset != -2) /* FILE_USE_FILE_POINTER_POSITION */
            return SLOW;
        return move(block, win32_move_file, lease, &transfer, offset < 0 ? -1 : offset) == MOVE_SLOW
                   ? SLOW
                   : NT_SUCCESS;
    }
    for (;;) {
        uint64_t moved = move(block, win32_move_in, lease, &transfer, -1);
        if (moved != MOVE_EMPTY)
            return moved == MOVE_SLOW ? SLOW : NT_SUCCESS;
        if (park_at_ring(utcb, lease))
            return SLOW;
    }
}

/* NUL takes everything. */
static bool goes_nowhere(uint64_t handle)
{
    uint64_t place = (uint32_t)handle / 4 - 1;
    uint64_t word = place < NT_LEASES ? atomic_load(&nt_leases[place]) : 0;

    return NT_LEASE_KIND(word) == NT_LEASE_NULL && word & NT_LEASE_MODIFY;
}

uint64_t fast_write_file(struct jn_utcb *utcb, uint64_t handle, uint64_t event, uint64_t apc,
                         uint64_t context)
{
    bool nowhere = goes_nowhere(handle);
    struct adapter_lease *lease = nowhere ? NULL : lease_of(handle, FAST_WRITES);

    if ((!nowhere && !lease) || event || apc || context)
        return SLOW;
    struct transfer transfer = transfer_of(utcb);
    if (nowhere) {
        volatile uint64_t *iosb = (volatile uint64_t *)transfer.iosb;
        if (transfer.offset)
            return SLOW;
        iosb[1] = transfer.length;
        *(volatile uint32_t *)iosb = NT_SUCCESS;
        return NT_SUCCESS;
    }
    if (!transfer.length || transfer.length > MOVE_MOST)
        return SLOW;
    if (transfer.offset) /* of no meaning for a pipe, but looked at */
        (void)*(const volatile int64_t *)transfer.offset;
    return move(fast_block_of((uint64_t)utcb), win32_move_out, lease, &transfer, -1) == MOVE_SLOW
               ? SLOW
               : NT_SUCCESS;
}

/* Typed items: flexpages and capabilities that a message carries. They are done one by one, before
 * the words. After an error the sender has its capabilities back, the receiver waits on with an
 * empty landing window, and sent_items tells which item it was; pages that were mapped into the
 * receive window stay until something else is. At a preemption capabilities are taken back as well,
 * and how far the flexpages got is kept in the sender, which sends the message again: to the same
 * receiver, if that still waits, or from the start.
 */
#include "cpu.h"
#include "ipc/ipc.h"
#include "task/task.h"

static status_t map_item(struct thread *sender, struct thread *receiver, uint64_t what,
                         uint64_t where, uint64_t offset, bool whole_space)
{
    unsigned order = what >> JN_ITEM_ORDER_SHIFT & 63;
    unsigned rights = what >> JN_ITEM_RIGHTS_SHIFT & (JN_R | JN_W | JN_X);
    bool grant = (what & JN_ITEM_TYPE) == JN_ITEM_GRANT;
    uint64_t size = 1ull << order, base = 0;

    if (order < 12 || order > 30 || where & (size - 1) || offset & (size - 1))
        return JN_BAD_ARG;
    if (!whole_space) {
        const volatile struct jn_utcb *utcb = receiver->utcb;
        uint64_t window_order = utcb ? utcb->recv_order : 0;
        if (window_order < order || window_order > 47)
            return JN_WINDOW;
        base = utcb->recv_base & ~((1ull << window_order) - 1);
        if (offset + size > 1ull << window_order || offset + size < offset)
            return JN_WINDOW;
    }
    status_t status = space_map(&sender->task->space, where, &receiver->task->space, base + offset,
                                size >> PAGE_SHIFT, rights, grant, &sender->item_done);
    if (status != STATUS_RESTART)
        sender->item_done = 0;
    return status;
}

static status_t cap_item(struct thread *sender, struct thread *receiver, uint64_t what,
                         uint64_t where, unsigned number, uint64_t *landed)
{
    const volatile struct jn_utcb *utcb = receiver->utcb;
    struct cap *from = task_slot(sender->task, where), *to;

    if (!from || cap_empty(from))
        return JN_BAD_CAP;
    if (!utcb || number >= utcb->recv_cap_count)
        return JN_WINDOW;
    *landed = utcb->recv_cap_base + (uint64_t)number * JN_CAP_STEP;
    status_t status = task_slot_empty(receiver->task, *landed, &to);
    if (status)
        return status == JN_NO_MEMORY ? status : JN_WINDOW;
    if ((what & JN_ITEM_TYPE) == JN_ITEM_CAP_MOVE) {
        cap_move(from, to);
        if (to->type == JN_TYPE_REPLY)
            to->flags = (uint32_t)*landed | (to->flags & REPLY_FLAGS);
        return JN_OK;
    }
    if (!(from->rights & JN_RIGHT_COPY) || from->type == JN_TYPE_REPLY)
        return JN_NO_RIGHT;
    cap_copy(from, to, what >> JN_ITEM_CAP_RIGHTS_SHIFT & 0xffff);
    return JN_OK;
}

/* Takes back the capabilities among the first `count` items. */
static void undo_caps(struct thread *sender, struct thread *receiver, unsigned count)
{
    const volatile struct jn_utcb *utcb = sender->utcb;
    uint64_t handle = ((volatile struct jn_utcb *)receiver->utcb)->recv_cap_base;

    for (unsigned i = 0; i < count; i++) {
        uint64_t type = utcb->items[i].what & JN_ITEM_TYPE;
        struct cap *landed, *from;

        if (type != JN_ITEM_CAP && type != JN_ITEM_CAP_MOVE)
            continue;
        landed = task_slot(receiver->task, handle);
        handle += JN_CAP_STEP;
        if (!landed || cap_empty(landed))
            continue;
        from = task_slot(sender->task, utcb->items[i].where);
        if (type == JN_ITEM_CAP_MOVE && from && cap_empty(from)) {
            cap_move(landed, from);
            if (from->type == JN_TYPE_REPLY)
                from->flags = (uint32_t)utcb->items[i].where | (from->flags & REPLY_FLAGS);
        } else {
            cap_delete(landed);
        }
    }
}

/* `whole_space`: the answer to a page fault, whose receive window is all of the address space. */
status_t items_transfer(struct thread *sender, struct thread *receiver, uint64_t tag,
                        bool whole_space)
{
    unsigned count = (tag & JN_TAG_ITEMS) >> JN_TAG_ITEMS_SHIFT, caps = 0, i;
    const volatile struct jn_utcb *utcb = sender->utcb;
    status_t status = JN_OK;

    if (sender->item_receiver != receiver)
        sender->item = sender->item_done = 0;
    sender->item_receiver = receiver;
    for (i = 0; i < count; i++) {
        uint64_t what = utcb->items[i].what, where = utcb->items[i].where;
        uint64_t offset = utcb->item_offset[i], landed = offset;

        switch (what & JN_ITEM_TYPE) {
        case JN_ITEM_MAP:
        case JN_ITEM_GRANT:
            if (i >= sender->item)
                status = map_item(sender, receiver, what, where, offset, whole_space);
            break;
        case JN_ITEM_CAP:
        case JN_ITEM_CAP_MOVE:
            status = cap_item(sender, receiver, what, where, caps, &landed);
            caps += !status;
            break;
        default:
            status = JN_BAD_ARG;
        }
        if (status)
            break;
        if (!whole_space && receiver->utcb) {
            receiver->utcb->items[i].what = what;
            receiver->utcb->items[i].where = landed;
        }
    }
    if (status && caps)
        undo_caps(sender, receiver, i);
    sender->item = status == STATUS_RESTART ? (uint8_t)i : 0;
    sender->utcb->sent_items = i;
    if (!whole_space && receiver->utcb) {
        receiver->utcb->got_items = i;
        receiver->utcb->got_caps = caps;
    }
    return status;
}

/* Capabilities: the derivation tree of an object, and operations on the tables of tasks.
 * object.h explains the tree. */
#include "cpu.h"
#include "ipc/ipc.h"
#include "smp.h"
#include "task/task.h"
#include "thread/thread.h"

static bool tagged(const struct cap_links *link)
{
    return (uint64_t)link & 1;
}

static struct cap_links *tag(struct cap_links *parent)
{
    return (struct cap_links *)((uint64_t)parent | 1);
}

static struct cap_links *untag(struct cap_links *link)
{
    return (struct cap_links *)((uint64_t)link & ~1ull);
}

/* What stands to the left (right) now has `node` beside it. */
static void join_left(struct cap_links *left, struct cap_links *node)
{
    if (tagged(left))
        untag(left)->first = node;
    else
        left->next = node;
}

static void join_right(struct cap_links *right, struct cap_links *node)
{
    if (tagged(right))
        untag(right)->last = node;
    else
        right->prev = node;
}

static void tree_add(struct cap_links *parent, struct cap_links *child)
{
    child->first = child->last = NULL;
    child->prev = parent->last ? parent->last : tag(parent);
    child->next = tag(parent);
    join_left(child->prev, child);
    parent->last = child;
}

/* The children of `node` take its place. */
static void tree_remove(struct cap_links *node)
{
    if (node->first) {
        node->first->prev = node->prev;
        node->last->next = node->next;
        join_left(node->prev, node->first);
        join_right(node->next, node->last);
    } else if (tagged(node->prev) && tagged(node->next)) {
        untag(node->prev)->first = untag(node->prev)->last = NULL;
    } else {
        /* At an end, the neighbour inherits the tagged parent. */
        if (tagged(node->prev)) {
            node->next->prev = node->prev;
            untag(node->prev)->first = node->next;
        } else if (tagged(node->next)) {
            node->prev->next = node->next;
            untag(node->next)->last = node->prev;
        } else {
            node->prev->next = node->next;
            node->next->prev = node->prev;
        }
    }
}

static void tree_replace(struct cap_links *old, struct cap_links *new)
{
    *new = *old;
    if (new->first) {
        new->first->prev = tag(new);
        new->last->next = tag(new);
    }
    join_left(new->prev, new);
    join_right(new->next, new);
}

static uint8_t fast_bits(unsigned type, unsigned rights)
{
    if (type == JN_TYPE_SIGNAL)
        return rights & JN_RIGHT_SEND && cpu_count == 1 ? CAP_FAST_RAISE : 0;
    if (type != JN_TYPE_GATE)
        return 0;
    return (rights & JN_RIGHT_SEND ? CAP_FAST_CALL : 0) |
           (rights & JN_RIGHT_RECV ? CAP_FAST_WAIT : 0);
}

static void set_key(struct cap *cap, unsigned type, unsigned rights)
{
    struct cap key = {
        .fast = fast_bits(type, rights), .type = (uint8_t)type, .rights = (uint16_t)rights};

    cap->key = key.key;
}

void cap_create(struct cap *cap, struct object *object, unsigned rights)
{
    cap->object = object;
    cap->label = 0;
    cap->label_of = NULL;
    tree_add(&object->caps, &cap->links);
    set_key(cap, object->type, rights);
}

void cap_copy(struct cap *from, struct cap *to, unsigned rights)
{
    to->object = from->object;
    to->label = from->label;
    to->label_of = from->label_of;
    if (to->label_of)
        to->label_of->count++;
    tree_add(&from->links, &to->links);
    set_key(to, from->type, rights & from->rights);
}

void cap_copy_minted(struct cap *from, struct cap *to, struct label *label, unsigned rights)
{
    to->object = from->object;
    to->label = label->value;
    to->label_of = label;
    tree_add(&from->links, &to->links);
    set_key(to, from->type, rights);
}

void cap_grant_send(struct cap *cap)
{
    set_key(cap, cap->type, JN_RIGHT_SEND);
}

void cap_move(struct cap *from, struct cap *to)
{
    to->object = from->object;
    to->label = from->label;
    to->label_of = from->label_of;
    if (from->type == JN_TYPE_REPLY)
        reply_moved(from, to);
    else
        tree_replace(&from->links, &to->links);
    to->key = from->key;
    from->key = 0;
    from->killed = quiesce_epoch();
}

/* Empties a slot that is in a tree. */
static void cap_kill(struct cap *cap)
{
    struct label *label = cap->label_of;

    cap->key = 0;
    tree_remove(&cap->links);
    cap->killed = quiesce_epoch();
    if (label && --label->count == 0)
        label_unused(label);
}

#define CAPS_AT_ONCE 64 /* that an object's end kills before it looks for something more urgent */

void cap_delete(struct cap *cap)
{
    struct object *object = cap->object;

    if (cap_empty(cap))
        return;
    if (cap->type == JN_TYPE_REPLY) {
        reply_drop(cap);
        return;
    }
    cap_kill(cap);
    if (!object->caps.first)
        object_destroy(object);
}

bool caps_kill(struct object *object)
{
    for (unsigned count = 0; object->caps.first; count++) {
        if (count == CAPS_AT_ONCE)
            return false;
        cap_kill(CAP_OF(object->caps.first));
    }
    return true;
}

/* ---- operations; their subject is the Task whose table is meant ---- */

/* Source in the own table, destination in the subject's. */
static status_t source_and_slot(struct object *object, uint64_t *words, struct cap **from,
                                struct cap **to)
{
    *from = own_slot(words[0]);
    if (!*from || cap_empty(*from))
        return JN_BAD_CAP;
    return task_slot_empty(TASK_OF(object), words[1], to);
}

status_t op_cap_copy(struct object *object, uint64_t *words)
{
    struct cap *from, *to;
    status_t status = source_and_slot(object, words, &from, &to);

    if (status)
        return status;
    if (!(from->rights & JN_RIGHT_COPY) || from->type == JN_TYPE_REPLY)
        return JN_NO_RIGHT;
    cap_copy(from, to, (unsigned)words[2]);
    return JN_OK;
}

status_t op_cap_move(struct object *object, uint64_t *words)
{
    struct cap *from, *to;
    status_t status = source_and_slot(object, words, &from, &to);

    if (status)
        return status;
    cap_move(from, to);
    if (to->type == JN_TYPE_REPLY)
        to->flags = (uint32_t)words[1] | (to->flags & REPLY_FLAGS);
    else
        set_key(to, to->type, to->rights & (unsigned)words[2]);
    return JN_OK;
}

status_t op_cap_delete(struct object *object, uint64_t *words)
{
    struct cap *cap = task_slot(TASK_OF(object), words[0]);

    if (!cap)
        return JN_BAD_ARG;
    cap_delete(cap);
    return JN_OK;
}

/* Leaves go first; after a preemption it starts again from the root, whose subtree has shrunk. */
status_t op_cap_revoke(struct object *object, uint64_t *words)
{
    struct cap *root = task_slot(TASK_OF(object), words[0]);
    unsigned count = 0;

    if (!root || cap_empty(root))
        return JN_BAD_CAP;
    if (root->type == JN_TYPE_REPLY)
        return JN_OK;
    while (root->links.first) {
        struct cap_links *leaf = root->links.first;
        while (leaf->first)
            leaf = leaf->first;
        cap_kill(CAP_OF(leaf));
        if (++count % 16 == 0 && preempt_point())
            return STATUS_RESTART;
    }
    return JN_OK;
}

status_t op_cap_info(struct object *object, uint64_t *words)
{
    struct cap *cap = task_slot(TASK_OF(object), words[0]);

    if (!cap)
        return JN_BAD_ARG;
    bool empty = cap_empty(cap);
    words[0] = cap->type;
    words[1] = cap->rights;
    words[2] = empty ? 0 : object_identity(cap->object);
    words[3] = empty ? 0 : cap->label;
    return JN_OK;
}

status_t op_cap_destroy(struct object *object, uint64_t *words)
{
    struct cap *cap = task_slot(TASK_OF(object), words[0]);

    if (!cap || cap_empty(cap) || cap->type == JN_TYPE_REPLY)
        return JN_BAD_CAP;
    if (!(cap->rights & JN_RIGHT_DESTROY))
        return JN_NO_RIGHT;
    if (!cap->object->pool)
        return JN_BUSY; /* part of the kernel: root Pool, Console */
    object_destroy(cap->object);
    return JN_OK;
}

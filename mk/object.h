/* Kernel objects, capabilities to them, and how both end.
 *
 * Every object begins with `struct object` and is reached only through capabilities: 64-byte slots
 * that stand in a task's table or, for what one object holds of another (a thread its gates, an Irq
 * its Signal), inside that object. All slots of one object form its derivation tree, whose root is
 * in the object; so destroying an object finds and kills every reference to it, and nothing needs a
 * reference count.
 *
 * The tree is threaded: the first child's `prev` and the last child's `next` point to the parent
 * with bit 0 set. A slot in the middle of the tree is removed in constant time (its children take
 * its place), and the parent is found from either end.
 *
 * Lock: the kernel lock guards trees and slots. The fast path reads slots of its own task without
 * it: a slot is killed by one store to `key`, and what it named stays until every CPU has passed a
 * quiescent point.
 */
#ifndef MK_OBJECT_H
#define MK_OBJECT_H

#include "lib/types.h"
#include "list.h"

struct pool;
struct task;

struct cap_links {
    struct cap_links *first, *last, *next, *prev;
};

struct object {
    uint8_t type;  /* enum jn_cap_type, or a kernel-internal one below */
    uint8_t dying; /* on the work list: DOOMED, or detached and DYING */
    uint16_t reserved;
    uint32_t size;       /* bytes that object_free() gives back to the pool */
    struct pool *pool;   /* who pays; NULL for objects that are part of the kernel image */
    struct list in_pool; /* member of pool->objects */
    union {
        struct cap_links caps; /* root of the derivation tree: first and last child */
        struct {
            struct cap_links *caps_first, *caps_last;
            struct list work; /* member of the work list */
        };
    };
};

_Static_assert(sizeof(struct object) == 64, "one line");

enum { TYPE_LABEL = JN_TYPE_COUNT, TYPE_COUNT };

/* What the fast path tests, beside the type that it thereby implies. */
#define CAP_FAST_CALL  1 /* a Gate, SEND right */
#define CAP_FAST_WAIT  2 /* a Gate, RECV right */
#define CAP_FAST_RAISE 4 /* a Signal, SEND right */

struct cap {
    struct object *object;
    union {
        uint64_t key; /* 0: empty */
        struct {
            uint8_t fast, type;
            uint16_t rights;
            uint32_t flags;
        };
    };
    uint64_t label; /* Gate: what the receiver sees. Reply: what it saw with the call */
    union {
        struct label *label_of; /* minted Gate capability: the label that counts it, or NULL */
        struct gate *gate;      /* Reply: where the call came in; NULL: that is gone */
        uint64_t killed;        /* empty: since which epoch (smp.h) */
    };
    union {
        struct cap_links links;
        struct {                /* a Reply is in no derivation tree, only here: */
            struct list notice; /* gate->notices: something is to be told of the caller */
            struct list parked; /* gate->parked */
        };
    };
};

_Static_assert(sizeof(struct cap) == JN_CAP_STEP, "ABI: a handle is a slot's offset");

#define CAP_OF(links_) container_of(links_, struct cap, links)

/* Begins an object in memory from pool_alloc(pool, size) (zeroed, 64-byte aligned) and enters it
 * into the pool's list. The first capability is made with cap_create(). */
void object_init(struct object *object, unsigned type, struct pool *pool, uint32_t size);

/* Detaches the object at once: all its capabilities are dead when this returns, unless they are many.
 * The rest is done by the work list (object_work()) at the destroyer's priority. */
void object_destroy(struct object *object);

/* The same, but it is detached by the work list, too: for what a death leads to in turn, where the
 * depth of recursion would be the user's choice. */
void object_doom(struct object *object);
enum { DOOMED = 1, DYING = 2 };

extern struct list object_work_list;
/* Is there work on the list that goes before threads of this priority? */
bool object_work_waits(unsigned priority);
/* Does a bounded piece of it. */
void object_work(void);

/* Out of the pool's list, and its memory back to the pool. The last act of a type's finisher. */
void object_free(struct object *object);

/* ---- capabilities (mk/task/captable.c) ---- */

/* Fills the empty slot `cap` with the object's root capability. */
void cap_create(struct cap *cap, struct object *object, unsigned rights);
/* Fills the empty slot `to` as a child of `from` with the rights that both have. */
void cap_copy(struct cap *from, struct cap *to, unsigned rights);
/* The same for a capability that carries a label. */
void cap_copy_minted(struct cap *from, struct cap *to, struct label *label, unsigned rights);
/* A thread's gate slot: it sends, whatever the capability it was copied from could do. */
void cap_grant_send(struct cap *cap);
/* Opaque: equal iff it is the same object. No kernel address reaches a user. */
uint64_t object_identity(const struct object *object);
/* Puts `from` into the empty slot `to`; the tree does not notice. `from` is empty then. */
void cap_move(struct cap *from, struct cap *to);
/* Empties the slot; its children take its place. The object whose last capability goes is
 * destroyed; a label's end is told to its gate. */
void cap_delete(struct cap *cap);
/* Kills capabilities of an object, so many at a time. True: none is left. */
MUST_CHECK bool caps_kill(struct object *object);

static inline bool cap_empty(const struct cap *cap)
{
    return cap->key == 0;
}

/* The object if the slot holds a capability of the type with all of `rights`, else NULL and
 * *status is BAD_CAP or NO_RIGHT. */
struct object *cap_object(const struct cap *cap, unsigned type, unsigned rights, status_t *status);

/* The slot of a handle in a task's table, or NULL if the handle is no multiple of JN_CAP_STEP, 0 or
 * too large. The slot may be empty; writing to it needs task_slot_empty(), which makes the table as
 * long as it must be: EXISTS, NO_MEMORY, BAD_ARG. */
struct cap *task_slot(struct task *task, uint64_t handle);
MUST_CHECK status_t task_slot_empty(struct task *task, uint64_t handle, struct cap **slot);

/* The same in the table of the thread that runs. own_object() returns NULL and says why. */
struct cap *own_slot(uint64_t handle);
MUST_CHECK status_t own_slot_empty(uint64_t handle, struct cap **slot);
struct object *own_object(uint64_t handle, unsigned type, unsigned rights, status_t *status);

/* An invocation: `object` is its subject, held with the rights that the dispatch table asks for;
 * words[0..9] are arguments and results. */
typedef status_t operation_t(struct object *object, uint64_t *words);

/* Returned by an operation that stopped at a preemption point: the thread executes its system call
 * again, with its words as the operation left them. */
enum { STATUS_RESTART = 1 };

#endif

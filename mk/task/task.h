/* Tasks: an address space and a capability table. */
#ifndef MK_TASK_TASK_H
#define MK_TASK_TASK_H

#include "memory/space.h"
#include "object.h"

/* All capability tables stand in TABLE_WINDOW of the kernel's address space, each in a place of
 * JN_CAP_HANDLES slots, so that a slot is found by an addition and a table grows without moving. */
#define TABLE_BYTES  ((uint64_t)JN_CAP_HANDLES * JN_CAP_STEP)
#define TASKS_MAX    65536
#define TABLE_HALVES 2 /* page tables that one capability table needs when it is full */

struct task {
    struct object object;
    struct space space;
    uint64_t captable;              /* address of slot 0 in the window */
    uint64_t *halves[TABLE_HALVES]; /* page tables, through the direct map; NULL: nothing there */
    uint32_t table_pages;
    uint32_t thread_count;
    struct list threads;
    struct cap end_signal;
    uint64_t end_bits;
    uint64_t time;  /* TSC ticks of threads that are gone */
    uint64_t sweep; /* next slot that captable_finish() empties */
    bool table_done;
    uint64_t info_address;
    struct list all;        /* member of all_tasks */
    uint64_t name[JN_NAME_WORDS]; /* for traces and reports; no meaning here */
    uint64_t door_begin, door_end, door_entry; /* the adapter; end 0: none */
};

extern struct list all_tasks;

#define TASK_OF(object_) container_of(object_, struct task, object)

/* Once, before the first table. */
void captable_init(void);
MUST_CHECK status_t captable_create(struct task *task);
/* A bounded piece of emptying and freeing it; true when done. */
bool captable_finish(struct task *task);

MUST_CHECK status_t task_create(struct pool *pool, uint64_t info_address, struct task **task);
bool task_finish(struct task *task);

operation_t op_cap_copy, op_cap_move, op_cap_delete, op_cap_revoke, op_cap_info, op_cap_destroy;
operation_t op_task_map, op_task_unmap, op_task_page, op_task_bind_end, op_task_info;

#endif

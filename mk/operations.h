/* Invocations: the dispatch of JN_INVOKE, and the operations that are not their module's own. */
#ifndef MK_OPERATIONS_H
#define MK_OPERATIONS_H

#include "object.h"
#include "thread/thread.h"

/* memory/operations.c */
operation_t op_pool_create, op_pool_fund, op_pool_info, op_pool_add, op_pool_take;

/* The running thread's JN_INVOKE. */
status_t invoke(struct thread *thread);

#endif

/* See struct range_operation in space.h. */
#ifndef MK_MEMORY_RANGE_OPERATION_H
#define MK_MEMORY_RANGE_OPERATION_H

#include "memory/space.h"

/* The space is going: nothing is to be taken up again in it. */
void range_operations_forget(struct space *space);

#endif

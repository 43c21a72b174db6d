/* The Console object's invocations. */
#ifndef MK_PLATFORM_CONSOLE_H
#define MK_PLATFORM_CONSOLE_H

#include "object.h"

operation_t op_console_write, op_console_shutdown, op_counters;

#endif

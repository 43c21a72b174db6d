/* Reports of crashes in the log: who, why, registers, and what the host's end needs to show a
 * backtrace with names (tools/crash; docs/debugging.md has the lines). */
#ifndef JANUS_CRASH_H
#define JANUS_CRASH_H

#include <stddef.h>

#include "janus/abi/utcb.h"
#include "janus/server.h"

/* What the supervisor of a native task does with a page fault or exception of its thread (kernel_message
 * of its loop): BAD_CALL for other kinds. A page fault, which nobody resolves, comes again as an exception;
 * *ended is then false. With an exception the report is made and *ended is true: the caller ends the
 * task. `name` and `path` are the task's and its program file's. */
jn_status_t jn_crash_native(struct jn_call *call, uint32_t kind, const char *name, const char *path,
                            bool *ended);

/* The name of a processor exception, "exception" for one that has none. */
const char *jn_crash_vector(uint64_t vector);

/* The registers of a thread that crashed. The caller has logged a first line that begins with
 * "crash: " and says who and why. */
void jn_crash_registers(const struct jn_state *state);

/* [begin, end) shows the program file `path` from byte `offset` of it. Once for each. */
void jn_crash_module(uint64_t begin, uint64_t end, uint64_t offset, const char *path);

/* The stack from `rsp` upward, as far as `read` (which says how many bytes it could have) gives it and
 * the report's limit goes; and the report's last line. */
void jn_crash_end(uint64_t rsp,
                  size_t (*read)(void *context, uint64_t address, void *buffer, size_t length),
                  void *context);

#endif

/* The example personality's core: semantics only, against janus/backend/. One program is one thread. */
#ifndef EXAMPLE_CORE_H
#define EXAMPLE_CORE_H

#include "janus/backend/clients.h"
#include "janus/backend/memory.h"
#include "janus/backend/thread.h"
#include "janus/personality.h"

/* Everything about one program. Where it may be found: by its handle, which is the label of its
 * thread's messages and the cookie of its waits. */
struct program {
    uint64_t handle, pid;
    struct backend_clients clients; /* clients.pager: the memory of this image */
    struct personality_task place; /* its Task, Pool and memory */
    struct backend_space space;
    struct region_map *map;
    struct backend_thread thread;
    struct backend_open input, output;
    uint64_t call[3]; /* the call being worked on: number, arguments */
    bool waiting;     /* its message is held until core_event */
};

struct program *program_find(uint64_t handle);
/* The program is over: kind and code as servers/task has them; kind 0: it knows already. */
void program_end(struct program *program, uint32_t kind, uint32_t code);
/* Makes the page at `address` accessible, with more kernel memory if that is what lacks. */
jn_status_t program_resolve(struct program *program, uint64_t address, uint32_t access);
/* Runs program->call and answers it, or leaves it waiting. */
void call_run(struct program *program);

/* ---- what differs between builds (grow_*.c) ---- */

extern const char build_name[];
/* New memory was added: it may be made present now. */
void build_grown(struct program *program, uint64_t address, uint64_t length);

#endif

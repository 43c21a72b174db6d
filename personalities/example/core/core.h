/* The example personality's core: semantics only, against janus/backend/. One program is one thread. */
#ifndef EXAMPLE_CORE_H
#define EXAMPLE_CORE_H

#include "janus/backend/clients.h"
#include "janus/backend/memory.h"
#include "janus/backend/thread.h"
#include "janus/handover.h"

/* Everything about one program. Where it may be found: by its handle, which is the label of its
 * thread's messages and the cookie of its waits. */
struct program {
    uint64_t handle, pid;
    struct backend_clients clients; /* clients.pager: the memory of this image */
    cap_t kernel_task, pool;
    struct backend_space space;
    struct region_map *map;
    struct backend_thread thread;
    struct backend_open input, output;
    uint64_t call[3]; /* the call being worked on: number, arguments */
    bool waiting;     /* its message is held until core_event */
};

/* ---- for the server or adapter that holds the core ---- */

/* An empty client of the pager, of which those of programs are made. Before the first take. */
extern cap_t core_pager_template;
/* Whether the program that is handed over can be run. Changes nothing: the caller may have to go on. */
jn_status_t core_check(const struct handover *h, const struct backend_clients *clients);
/* The process goes on here, with the clients. Failure changes nothing; what cannot be undone any more
 * ends the process with status 126 and is no failure. */
jn_status_t core_take(const struct handover *h, const struct backend_clients *clients);
/* A message of the kernel (docs/kernel-abi.md: a call, a fault or an exception) of the thread with
 * `label`, between backend_call_begin and _end. */
void core_message(uint64_t label, uint32_t kind, const uint64_t words[10]);
/* A ring entry; process: of servers/task. */
void core_event(bool process, uint64_t cookie, uint32_t events);

/* ---- inside the core ---- */

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

/* Foreign processes for tests: a Task whose memory is a region map of this task's, and one thread that
 * reads and writes words where it is told. */
#ifndef TESTS_SERVERS_PROCESS_H
#define TESTS_SERVERS_PROCESS_H

#include "janus/region_guest.h"

#define CODE 0x10000ull /* where the thread's loop stands */

struct process {
    cap_t pool, task, thread, pager;
    struct region_guest guest;
    struct region_map *map;
    cap_t waiting; /* the parked Reply of its system call */
    uint64_t faults;
};

extern cap_t pager_admin, process_gate;

/* A process with its code; `frames` of kernel memory. */
bool process_make(struct process *p, uint64_t frames);
/* fork(2): memory copied on write, the thread starts anew. */
bool process_fork(struct process *parent, struct process *child, uint64_t frames);
void process_end(struct process *p);
/* The thread's access: false if the region map did not resolve it (*status says why). */
bool process_read(struct process *p, uint64_t address, uint64_t *value, jn_status_t *status);
bool process_write(struct process *p, uint64_t address, uint64_t value, jn_status_t *status);
/* A private mapping; 0 on failure. */
uint64_t process_map(struct process *p, uint64_t address, uint64_t length, uint32_t access);

#endif

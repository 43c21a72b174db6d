/* Leased descriptors (PERSONALITIES 2, idl/lease.idl): what fast.asm needs to read, write and seek on the
 * program's own thread. The handler makes and ends the entries, one for each small descriptor number;
 * whoever works on one, thread or handler, has its lock. */
#ifndef POSIX_FAST_FILES_H
#define POSIX_FAST_FILES_H

#include "core.h"
#include "janus/adapter_lease.h"

/* adapter_lease.flags */
#define FAST_NONBLOCK 1

extern struct adapter_lease *fast_files;
extern uint32_t fast_file_count; /* 0: none yet */

/* Ends what the entry holds; the descriptor's open itself is left alone. */
void fast_files_release(struct process *p, uint32_t fd);
/* A fault of the thread at an address of a window: brings in what should be there. False: nothing should,
 * and if it was a ring, its lease has ended. */
bool fast_files_fault(struct thread *t, uint64_t address);
/* fast_poll.c: the descriptor's number means another open, or none; and in the child of a fork. */
void fast_poll_release(uint32_t fd);
void fast_poll_child(void);
/* In the child of a fork: nothing of the parent's windows is here. */
void fast_files_child(void);
/* The entry whose lock the thread has, if `file` is one; NULL. */
struct adapter_lease *fast_files_locked(struct thread *t, uint64_t file);

#endif

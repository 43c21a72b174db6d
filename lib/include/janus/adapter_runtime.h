/* What lib/adapter offers to an adapter's code: start, own memory, fork (docs/library.md). */
#ifndef JANUS_ADAPTER_RUNTIME_H
#define JANUS_ADAPTER_RUNTIME_H

#include "janus/adapter.h"
#include "janus/backend/clients.h"
#include "janus/types.h"

/* The personality's: never returns. */
_Noreturn void adapter_main(enum adapter_kind kind, uint64_t length, uint64_t settings);

/* The process's clients in the fixed slots. */
struct backend_clients adapter_clients(void);
/* Start of a take: the record, in memory from malloc. Errors: of copying, NO_MEMORY. */
JN_CHECKED jn_status_t adapter_take_record(uint64_t length, void **record);
/* Answers the take, if there is still somebody to answer. After an error the process is the asker's
 * again, and this Task ends: does not return then. */
void adapter_answer(jn_status_t status);

/* The setting `programs`; empty: there are no other personalities. */
extern char adapter_programs[ADAPTER_PROGRAMS_MAX];
/* enum handover_placement of a personality ("posix", ..), by this boot's manifest; 0: it is off or unknown. */
uint32_t adapter_default_place(const char *personality);

/* Addresses for UTCBs of threads of the own Task; 0: none left. */
uint64_t adapter_utcb_alloc(void);
void adapter_utcb_free(uint64_t utcb);

/* More kernel memory for the Task's Pool when it runs low. */
void adapter_keep_pool(void);

/* Makes the child of `pid` (task: its new client at servers/task): its Task with a copy of this
 * adapter, whose adapter_main(ADAPTER_FORKED, `word`, settings) runs after adapter_fork_start. All
 * that the child needs is in memory before. On failure the child has nothing but its pid. */
struct adapter_child {
    uint64_t pid;
    struct backend_clients clients; /* all five, after success: they can be dropped */
    cap_t task, pool, thread;
};
JN_CHECKED jn_status_t adapter_fork(const struct backend_clients *parent, uint64_t pid, cap_t task,
                                    uint64_t word, struct adapter_child *child);
/* Commits the child as `personality` and lets it run. */
JN_CHECKED jn_status_t adapter_fork_start(struct adapter_child *child, uint32_t personality);
/* Drops the own capabilities of the child. */
void adapter_fork_end(struct adapter_child *child);

/* Shared with the launcher (memory.c): maps the adapter's memory in the space of `pager`. */
struct adapter_range {
    uint64_t begin, end;
};
JN_CHECKED jn_status_t adapter_map_range(cap_t pager, struct adapter_range range);
JN_CHECKED jn_status_t adapter_map_text(cap_t pager);

#endif

/* What a personality has around its core, in either placement: rings, the kernel's messages, the take. For
 * personalities that need nothing special there (personalities/example); a core gives `personality_core`
 * and is linked with lib/personality/central.c into a server, or with library.c into an adapter. */
#ifndef JANUS_PERSONALITY_H
#define JANUS_PERSONALITY_H

#include "janus/backend/clients.h"
#include "janus/handover.h"

struct personality_core {
    const char *name; /* in the log */
    /* Whether the program that is handed over can be run. Changes nothing: the caller may have to go
     * on with the process. */
    jn_status_t (*check)(const struct handover *h, const struct backend_clients *clients);
    /* The process goes on here, with the clients. Failure changes nothing; what cannot be undone any
     * more ends the process with status 126 and is no failure. */
    jn_status_t (*take)(const struct handover *h, const struct backend_clients *clients);
    /* A call, fault, exception or attention of the thread with `label` (enum jn_kernel_message). */
    void (*message)(uint64_t label, uint32_t kind, const uint64_t words[10]);
    /* A ring entry; process: of servers/task, else of files and terminals. */
    void (*event)(bool process, uint64_t cookie, uint32_t events);
};
extern const struct personality_core personality_core;

/* Where an image of the process is to be built: a fresh Task, the Pool that pays for its threads, and the
 * pager's client that has its memory. The caller's to drop with backend_cap_drop; on failure before the
 * commit also personality_abandon. */
struct personality_task {
    cap_t task, pool, pager;
};
JN_CHECKED jn_status_t personality_prepare(const struct backend_clients *clients, uint64_t pid,
                                           struct personality_task *task);
void personality_abandon(const struct backend_clients *clients);

#endif

/* What the fast calls of fast_ids.asm answer from: a few words at the end of the thread's UTCB page, which
 * are this file's (struct jn_utcb ends before). */
#include "core.h"
#include "placement.h"

struct fast_ids {
    uint64_t pid, tid;
    const struct task_credentials *credentials;
    const bool *known; /* are they? */
    uint32_t *umask;
    const uint64_t *names; /* the process's names_serial: fast_stat.inc */
};
#define PLACE 4032 /* fast_ids.asm */

_Static_assert(sizeof(struct jn_utcb) <= PLACE && sizeof(struct fast_ids) <= JN_UTCB_SIZE - PLACE,
               "behind the UTCB");
_Static_assert(PLACE + offsetof(struct fast_ids, names) == 4072, "fast_stat.inc");
_Static_assert(STAT_RECORD_BITS == 6, "fast_stat.inc");
_Static_assert(offsetof(struct task_credentials, uid) == 0 &&
                   offsetof(struct task_credentials, euid) == 4 &&
                   offsetof(struct task_credentials, gid) == 16 &&
                   offsetof(struct task_credentials, egid) == 20,
               "fast_ids.asm");

void placement_thread(struct thread *t)
{
    struct process *p = t->process;
    struct fast_ids *ids = (struct fast_ids *)(t->backend.utcb + PLACE);
    *ids = (struct fast_ids){p->pid, t->tid, &p->credentials, &p->credentials_known, &p->umask,
                             &p->names_serial};
}

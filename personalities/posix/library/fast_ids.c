/* What fast calls know of their thread: a few words at the end of its UTCB page (fast_thread.h). */
#include "fast_thread.h"
#include "placement.h"

_Static_assert(FAST_IDS + offsetof(struct fast_ids, names) == 4072, "fast_stat.inc");
_Static_assert(STAT_RECORD_BITS == 6, "fast_stat.inc");
_Static_assert(offsetof(struct task_credentials, uid) == 0 &&
                   offsetof(struct task_credentials, euid) == 4 &&
                   offsetof(struct task_credentials, gid) == 16 &&
                   offsetof(struct task_credentials, egid) == 20,
               "fast_ids.asm");

void placement_thread(struct thread *t)
{
    struct process *p = t->process;
    *fast_ids_of((struct jn_utcb *)t->backend.utcb) = (struct fast_ids){
        p->pid, t->tid, &p->credentials, &p->credentials_known, &p->umask,
        &p->names_serial, t};
}
